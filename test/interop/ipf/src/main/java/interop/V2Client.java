package interop;

import static org.openehealth.ipf.platform.camel.ihe.mllp.PamCamelValidators.iti30RequestValidator;
import static org.openehealth.ipf.platform.camel.ihe.mllp.PamCamelValidators.iti30ResponseValidator;
import static org.openehealth.ipf.platform.camel.ihe.mllp.PixPdqCamelValidators.*;

import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.util.Terser;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.Processor;
import org.apache.camel.ProducerTemplate;
import org.apache.camel.support.DefaultExchange;
import org.openehealth.ipf.commons.ihe.hl7v2.Hl7v2TransactionConfiguration;
import org.openehealth.ipf.commons.ihe.hl7v2.PAM;
import org.openehealth.ipf.commons.ihe.hl7v2.PDQ;
import org.openehealth.ipf.commons.ihe.hl7v2.PIX;
import org.openehealth.ipf.commons.ihe.hl7v2.options.Iti30Options;
import org.openehealth.ipf.commons.ihe.hl7v2.options.Iti30OptionsProvider;

/**
 * IPF as the one who asks by HL7 v2. A case names the event and what stands where ({@code fields}: places in Terser's
 * language); the message is written by HAPI, and IPF sends it, reads the answer, and asks on where there is more of it.
 */
final class V2Client {
  private record Way(Hl7v2TransactionConfiguration<?> configuration, Processor requestValidator, Processor responseValidator) {}

  private final CamelContext camel;
  private final ProducerTemplate template;
  private final Map<String, Way> ways;

  V2Client(CamelContext camel) {
    this.camel = camel;
    this.template = camel.createProducerTemplate();
    PAM.Interactions.ITI_30.init(new Iti30OptionsProvider(), List.of(Iti30Options.MERGE, Iti30Options.LINK_UNLINK));
    Way feed = new Way(PIX.FeedInteractions.ITI_8_PIX.getHl7v2TransactionConfiguration(), iti8RequestValidator(), iti8ResponseValidator());
    ways = Map.of(
        "pix-iti8", feed,
        "xds-iti8", feed,
        "pix-iti9", new Way(PIX.QueryInteractions.ITI_9.getHl7v2TransactionConfiguration(), iti9RequestValidator(), iti9ResponseValidator()),
        "pdq-iti21", new Way(PDQ.Interactions.ITI_21.getHl7v2TransactionConfiguration(), iti21RequestValidator(), iti21ResponseValidator()),
        "pam-iti30", new Way(PAM.Interactions.ITI_30.getHl7v2TransactionConfiguration(), iti30RequestValidator(), iti30ResponseValidator()));
  }

  boolean knows(Case asked) {
    return asked.has("component");
  }

  ObjectNode ask(Case asked) {
    ObjectNode answer = Events.JSON.createObjectNode().put("id", asked.id());
    Way way = ways.get(asked.text("component"));
    String charset = asked.text("charset", V2.UTF_8);
    try {
      Message request = written(asked, way.configuration(), charset);
      // There is no profile of a cancellation.
      boolean isCancel = request.getName().startsWith("QCN");
      answer.put("requestValid", isCancel ? "valid" : verdict(way.requestValidator(), request));
      V2.putWords(answer, "sentWords", request);
      String endpoint = asked.text("component") + asked.text("url").replaceFirst("^mllps", "")
          + "?sslContextParameters=#tls-" + asked.text("as") + "&requestTimeout=300000&" + V2.codec(charset)
          + (asked.has("continues") ? "&supportInteractiveContinuation=true&autoCancel=true" : "")
          + (asked.text("component").equals("pam-iti30") ? "&iheOptions=MERGE,LINK_UNLINK" : "");
      Exchange sent = template.request(endpoint, each -> each.getIn().setBody(request));
      if (sent.getException() != null) return answer.put("fault", Judge.why(sent.getException()));
      Message response = sent.getMessage().getBody(Message.class);
      answer.put("responseValid", isCancel ? "valid" : verdict(way.responseValidator(), response));
      V2.describe(response, answer);
      V2.putWords(answer, "words", response);
    } catch (Exception | LinkageError fault) {
      answer.put("fault", Judge.why(fault));
    }
    return answer;
  }

  private static Message written(Case asked, Hl7v2TransactionConfiguration<?> configuration, String charset) throws HL7Exception {
    String[] event = asked.text("event").split("\\^");
    Message request = configuration.request(event[0], event[1]);
    V2.declare(request, charset, !asked.text("component").equals("pam-iti30"));
    fill(request, asked);
    return request;
  }

  /** Puts what the case says where it says. */
  static void fill(Message request, Case asked) throws HL7Exception {
    Terser terser = new Terser(request);
    for (var field : asked.fields().get("fields").properties()) {
      terser.set(field.getKey(), field.getValue().asText());
    }
  }

  private String verdict(Processor validator, Message body) {
    Exchange exchange = new DefaultExchange(camel, ExchangePattern.InOut);
    exchange.getIn().setBody(body);
    try {
      validator.process(exchange);
      return "valid";
    } catch (Exception fault) {
      return Judge.why(fault);
    }
  }
}
