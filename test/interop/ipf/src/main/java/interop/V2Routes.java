package interop;

import static org.openehealth.ipf.platform.camel.ihe.mllp.PamCamelValidators.iti30RequestValidator;
import static org.openehealth.ipf.platform.camel.ihe.mllp.PamCamelValidators.iti30ResponseValidator;
import static org.openehealth.ipf.platform.camel.ihe.mllp.PixPdqCamelValidators.*;

import ca.uhn.hl7v2.ErrorCode;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.model.Message;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.builder.RouteBuilder;
import org.openehealth.ipf.commons.ihe.hl7v2.Constants;
import org.openehealth.ipf.commons.ihe.hl7v3.Hl7v3Exception;

/** The servers of HL7 v2 over MLLP and mutual TLS, each on a port of its own; acknowledgements are written by IPF. */
final class V2Routes extends RouteBuilder {
  /** What a route does with a message, be it that it throws. */
  private interface Act {
    Message answer(Message request) throws Exception;
  }

  private static final Pattern BARE = Pattern.compile("\\^\\^\\^&([0-9.]+)&ISO");

  private final People people;
  private final JsonNode ports;

  V2Routes(People people, JsonNode ports) {
    this.people = people;
    this.ports = ports;
  }

  @Override
  public void configure() {
    // Camel would say each refusal again.
    errorHandler(noErrorHandler());
    serve("ITI-8", "pix-iti8", iti8RequestValidator(), this::feed, iti8ResponseValidator());
    serve("ITI-8", "xds-iti8", iti8RequestValidator(), this::feed, iti8ResponseValidator());
    serve("ITI-9", "pix-iti9", iti9RequestValidator(), this::crossReference, iti9ResponseValidator());
    serve("ITI-10", "pix-iti10", iti10RequestValidator(), this::notified, iti10ResponseValidator());
    serve("ITI-21", "pdq-iti21", iti21RequestValidator(), this::demographics, iti21ResponseValidator());
    serve("ITI-30", "pam-iti30", iti30RequestValidator(), this::manage, iti30ResponseValidator());
  }

  private void serve(
      String transaction, String component, Processor requestValidator, Act act, Processor responseValidator) {
    for (String charset : new String[] {V2.UTF_8, V2.ISO_2022_JP}) {
      JsonNode port = ports.get(component + "-" + charset);
      if (port == null) continue;
      from(component + "://127.0.0.1:" + port.asInt() + "?sslContextParameters=#tls-v2-server&" + V2.codec(charset) + more(component))
          .routeId(component + "-" + charset)
          .process(judging(transaction, "request", requestValidator))
          .process(each -> answer(each, act, charset, !component.equals("pam-iti30")))
          .process(judging(transaction, "response", responseValidator));
    }
  }

  private static String more(String component) {
    return switch (component) {
      case "pdq-iti21" -> "&supportInteractiveContinuation=true&interactiveContinuationStorage=#continuations";
      case "pam-iti30" -> "&iheOptions=MERGE,LINK_UNLINK";
      default -> "";
    };
  }

  private static void answer(Exchange exchange, Act act, String charset, boolean hasHandling) throws Exception {
    Message request = exchange.getIn().getBody(Message.class);
    try {
      Message answer = act.answer(request);
      V2.declare(answer, charset, hasHandling);
      exchange.getMessage().setBody(answer);
    } catch (Hl7v3Exception refused) {
      throw new HL7Exception(refused.getMessage(), ErrorCode.UNKNOWN_KEY_IDENTIFIER);
    }
  }

  private Message feed(Message adt) throws Exception {
    people.feed(adt);
    return adt.generateACK();
  }

  private Message notified(Message adt) throws Exception {
    people.notified(adt);
    return adt.generateACK();
  }

  private Message manage(Message adt) throws Exception {
    people.manage(adt);
    return adt.generateACK();
  }

  private Message demographics(Message query) throws Exception {
    // Where there is nothing to drop, IPF leaves a cancellation to the route.
    return query.getName().startsWith("QCN") ? query.generateACK() : inFull(people.demographics(query), query);
  }

  private Message crossReference(Message query) throws Exception {
    return inFull(people.crossReference(query), query);
  }

  /** What V3 has no use for: the whole query again, the namespaces of authorities, and no number of a PID in ITI-9. */
  private Message inFull(Message answer, Message query) throws HL7Exception {
    StringBuilder text = new StringBuilder();
    for (String segment : answer.encode().split("\r")) {
      String written = segment.startsWith("QPD") ? qpdOf(query) : segment.replaceFirst("^PID\\|\\d+", "PID|");
      Matcher authority = BARE.matcher(written);
      text.append(authority.replaceAll(each -> "^^^" + people.namespaceOf(each.group(1)) + "&" + each.group(1) + "&ISO")).append('\r');
    }
    return answer.getParser().parse(text.toString());
  }

  private static String qpdOf(Message query) throws HL7Exception {
    return query.encode().lines().flatMap(each -> java.util.Arrays.stream(each.split("\r"))).filter(each -> each.startsWith("QPD")).findFirst().orElseThrow();
  }

  /**
   * ITI TF-2: 3.10.4.1.2 has a single space in PID-5, and nothing else; the profile wants the type of the name beside it. That,
   * and nothing more, is borne.
   */
  private static boolean isBorne(String transaction, Exception fault) {
    return transaction.equals("ITI-10")
        && fault.getMessage().strip().endsWith("failed\nRequired element 'name type code' is missing at PID-5(0)");
  }

  /** As for SOAP; an exception that a route has thrown is IPF's to answer. */
  private static Processor judging(String transaction, String kind, Processor validator) {
    return exchange -> {
      Exception refused = null;
      try {
        // There is no profile of a cancellation, nor of what IPF answers to it.
        if (!exchange.getIn().getHeader(Constants.ORIGINAL_MESSAGE_ADAPTER_HEADER_NAME, Message.class).getName().startsWith("QCN")) {
          validator.process(exchange);
        }
      } catch (Exception fault) {
        if (!isBorne(transaction, fault)) refused = fault;
      }
      ObjectNode judged = Events.JSON.createObjectNode();
      judged.put("transaction", transaction).put("message", kind).put("valid", refused == null);
      if (refused != null) judged.put("why", Judge.why(refused));
      V2.putWords(judged, "words", exchange.getIn().getBody(Message.class));
      Events.emit("judged", judged);
      if (refused != null) throw refused;
    };
  }
}
