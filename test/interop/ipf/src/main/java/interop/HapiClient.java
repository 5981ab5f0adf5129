package interop;

import ca.uhn.hl7v2.DefaultHapiContext;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.Connection;
import ca.uhn.hl7v2.llp.HL7Reader;
import ca.uhn.hl7v2.llp.HL7Writer;
import ca.uhn.hl7v2.llp.MinLowerLayerProtocol;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.parser.CanonicalModelClassFactory;
import ca.uhn.hl7v2.parser.UnexpectedSegmentBehaviourEnum;
import ca.uhn.hl7v2.validation.builder.support.DefaultValidationWithoutTNBuilder;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.net.URI;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.apache.camel.CamelContext;
import org.apache.camel.support.jsse.SSLContextParameters;

/**
 * HAPI alone, without IPF, as the one who asks: its own connection for one message, its writer and its reader on a bare TLS
 * socket where several messages come in one piece, or one octet after the other. Each answer is parsed by HAPI's rules.
 */
final class HapiClient {
  private final CamelContext camel;

  HapiClient(CamelContext camel) {
    this.camel = camel;
  }

  boolean knows(Case asked) {
    return asked.has("hapi");
  }

  /** HAPI with its default validation but for telephone numbers, which it wants from the USA; a segment that nobody expects is an error, too. */
  static HapiContext context(String charset) {
    HapiContext context = new DefaultHapiContext();
    context.setValidationRuleBuilder(new DefaultValidationWithoutTNBuilder());
    context.getParserConfiguration().setUnexpectedSegmentBehaviour(UnexpectedSegmentBehaviourEnum.THROW_HL7_EXCEPTION);
    MinLowerLayerProtocol framing = new MinLowerLayerProtocol(true);
    framing.setCharset(V2.charset(charset));
    context.setLowerLayerProtocol(framing);
    return context;
  }

  ObjectNode ask(Case asked) {
    ObjectNode answer = Events.JSON.createObjectNode().put("id", asked.id());
    String charset = asked.text("charset", V2.UTF_8);
    // Not closed: what closes with it is shared by every context, the servers’ too.
    HapiContext context = context(charset);
    try {
      List<Message> requests = new ArrayList<>();
      for (Case each : asked.cases("messages")) requests.add(written(context, each, charset));
      ArrayNode answers = answer.putArray("answers");
      for (Message each : answersOf(asked, context, requests)) {
        ObjectNode one = answers.addObject();
        V2.describe(each, one);
        V2.putWords(one, "words", each);
      }
    } catch (Exception | LinkageError fault) {
      answer.put("fault", Judge.why(fault));
    }
    return answer;
  }

  private static Message written(HapiContext context, Case asked, String charset) throws Exception {
    String[] event = asked.text("event").split("\\^");
    String structure = event[0] + "_" + event[1];
    var factory = new CanonicalModelClassFactory(asked.text("version"));
    String name = factory.getMessageStructureForEvent(structure, ca.uhn.hl7v2.Version.versionOf(asked.text("version")));
    Message message = factory.getMessageClass(name == null ? structure : name, asked.text("version"), true)
        .getConstructor().newInstance();
    message.setParser(context.getPipeParser());
    ((ca.uhn.hl7v2.model.AbstractMessage) message).initQuickstart(event[0], event[1], "P");
    V2.declare(message, charset);
    V2Client.fill(message, asked);
    return message;
  }

  private List<Message> answersOf(Case asked, HapiContext context, List<Message> requests) throws Exception {
    URI to = URI.create(asked.text("url"));
    SSLContext tls =
        camel.getRegistry().lookupByNameAndType("tls-" + asked.text("as"), SSLContextParameters.class).createSSLContext(camel);
    if (asked.text("hapi").equals("single")) {
      context.setSocketFactory(new HapiSockets(tls));
      Connection connection = context.newClient(to.getHost(), to.getPort(), true);
      List<Message> answers = new ArrayList<>();
      connection.getInitiator().setTimeout(300, TimeUnit.SECONDS);
      try {
        for (Message each : requests) answers.add(connection.getInitiator().sendAndReceive(each));
      } finally {
        connection.close();
      }
      return answers;
    }
    try (SSLSocket socket = (SSLSocket) tls.getSocketFactory().createSocket(to.getHost(), to.getPort())) {
      socket.setTcpNoDelay(true);
      socket.setSoTimeout(300_000);
      send(asked.text("hapi"), framed(context, requests), socket.getOutputStream());
      HL7Reader reader = context.getLowerLayerProtocol().getReader(socket.getInputStream());
      List<Message> answers = new ArrayList<>();
      for (int i = 0; i < requests.size(); i += 1) answers.add(context.getPipeParser().parse(reader.getMessage()));
      return answers;
    }
  }

  /** As HAPI writes them to the wire, one behind the other. */
  static byte[] framed(HapiContext context, List<Message> messages) throws Exception {
    ByteArrayOutputStream octets = new ByteArrayOutputStream();
    HL7Writer writer = context.getLowerLayerProtocol().getWriter(octets);
    for (Message each : messages) writer.writeMessage(context.getPipeParser().encode(each));
    return octets.toByteArray();
  }

  /** {@code batched}: all at once; {@code split}: each octet in a TLS record of its own. */
  static void send(String how, byte[] octets, OutputStream out) throws Exception {
    if (how.equals("batched")) out.write(octets);
    else for (byte each : octets) {
      out.write(each);
      out.flush();
    }
    out.flush();
  }
}
