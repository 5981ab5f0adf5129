package interop;

import static org.openehealth.ipf.platform.camel.ihe.hl7v3.PixPdqV3CamelValidators.*;

import ca.uhn.hl7v2.model.Message;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.Processor;
import org.apache.camel.support.DefaultExchange;
import org.openehealth.ipf.commons.ihe.hl7v2.PIX;
import org.openehealth.ipf.commons.ihe.hl7v3.translation.AbstractHl7TranslatorV2toV3;
import org.openehealth.ipf.commons.ihe.hl7v3.translation.PixFeedRequest2to3Translator;
import org.openehealth.ipf.commons.ihe.hl7v3.translation.PixUpdateNotification2to3Translator;

/** IPF as the asker of patient identity. The feed is written by IPF from V2; the queries are written here. */
final class IdentityClient {
  private record Way(String component, Function<Case, String> request, Processor requestValidator, Processor responseValidator) {}

  private static final Map<String, Way> WAYS =
      Map.of(
          "ITI-44", new Way("pixv3-iti44", IdentityClient::feed, iti44RequestValidator(), iti44ResponseValidator()),
          "ITI-45", new Way("pixv3-iti45", IdentityClient::crossReference, iti45RequestValidator(), iti45ResponseValidator()),
          "ITI-46", new Way("pixv3-iti46", IdentityClient::notification, iti46RequestValidator(), iti46ResponseValidator()),
          "ITI-47", new Way("pdqv3-iti47", IdentityClient::demographics, iti47RequestValidator(), iti47ResponseValidator()),
          "ITI-56", new Way("xcpd-iti56", Locations::query, iti56RequestValidator(), iti56ResponseValidator()),
          "ITI-55", new Way("xcpd-iti55", IdentityClient::discovery, iti55RequestValidator(), iti55ResponseValidator()));

  private final CamelContext camel;

  IdentityClient(CamelContext camel) {
    this.camel = camel;
  }

  ObjectNode ask(Case asked) {
    ObjectNode answer = Events.JSON.createObjectNode().put("id", asked.id());
    Way way = WAYS.get(asked.transaction());
    if (way == null) return answer.put("fault", "no such transaction");
    try {
      String request = way.request().apply(asked);
      answer.put("requestValid", verdict(way.requestValidator(), request));
      Judge.putWords(answer, "sentWords", request);
      if (Replies.receives(asked)) {
        Exception failed = Replies.ask(camel, asked, asked.endpoint(way.component()), request, each -> put(way, each, answer));
        if (failed == null) return answer;
        Judge.putFaultCodes(answer, failed);
        return answer.put("fault", Judge.why(failed));
      }
      Exchange sent = camel.createProducerTemplate().request(asked.endpoint(way.component()), each -> each.getIn().setBody(request));
      if (sent.getException() != null) {
        Judge.putFaultCodes(answer, sent.getException());
        return answer.put("fault", Judge.why(sent.getException()));
      }
      put(way, sent, answer);
    } catch (Exception | LinkageError fault) {
      answer.put("fault", Judge.why(fault));
    }
    return answer;
  }

  private void put(Way way, Exchange answered, ObjectNode answer) {
    String body = answered.getMessage().getBody(String.class);
    answer.put("responseValid", verdict(way.responseValidator(), body));
    describe(V3.of(body), answer);
    Judge.putWords(answer, "words", body);
  }

  private String verdict(Processor validator, String body) {
    Exchange exchange = new DefaultExchange(camel, ExchangePattern.InOut);
    exchange.getIn().setBody(body);
    try {
      validator.process(exchange);
      return "valid";
    } catch (Exception fault) {
      return Judge.why(fault);
    }
  }

  private static void describe(V3 body, ObjectNode answer) {
    answer.put("acknowledgement", body.value("acknowledgement", "typeCode", "code"));
    answer.put("queryResponseCode", body.value("queryAck", "queryResponseCode", "code"));
    ArrayNode ids = answer.putArray("ids");
    for (V3 each : body.all("patient", "id")) {
      ids.add(each.attribute("extension") + "^^^&" + each.attribute("root") + "&ISO");
    }
    // ITI-56: community and id there; ITI-55: what would tell the candidates apart.
    ArrayNode locations = answer.putArray("locations");
    for (V3 each : body.all(null, "PatientLocationResponse")) {
      V3 there = each.first(null, "CorrespondingPatientId");
      locations.add(each.first(null, "HomeCommunityId").text() + " " + there.attribute("extension") + "^^^&" + there.attribute("root") + "&ISO");
    }
    ArrayNode wanted = answer.putArray("wanted");
    for (V3 each : body.all("actOrderRequired", "code")) wanted.add(each.attribute("code"));
    ArrayNode details = answer.putArray("details");
    for (V3 each : body.all("acknowledgementDetail", "code")) details.add(each.attribute("code"));
  }

  /** Who sends to whom, as the case asks for it. */
  private static <Writer extends AbstractHl7TranslatorV2toV3> Writer addressed(Writer writer, Case asked) {
    writer.setMessageIdRoot(asked.text("sender"));
    writer.setSenderIdRoot(asked.text("sender"));
    writer.setSenderIdAssigningAuthority(null);
    writer.setSenderAgentIdRoot(asked.text("sender"));
    writer.setSenderAgentIdAssigningAuthority(null);
    writer.setReceiverIdRoot(asked.text("receiver"));
    writer.setReceiverIdAssigningAuthority(null);
    writer.setReceiverAgentIdRoot(asked.text("receiver"));
    writer.setReceiverAgentIdAssigningAuthority(null);
    writer.setProviderOrganizationIdRoot(asked.text("authority"));
    writer.setMpiSystemIdRoot(asked.text("sender"));
    return writer;
  }

  /** ITI-44 by IPF's translator of ADT: A01 or A08 of a person, A40 of two chart numbers. */
  private static String feed(Case asked) {
    PixFeedRequest2to3Translator writer = addressed(new PixFeedRequest2to3Translator(), asked);
    String event = asked.text("event", "A01");
    String id = asked.text("patient") + "^^^&" + asked.text("authority") + "&ISO";
    String person = asked.text("family") + "^" + asked.text("given") + "^^^^^L~シケン^タロウ^^^^^L";
    String text = "MSH|^~\\&|IPF|IPF|K|K|20250101000000||ADT^" + event + "|" + UUID.randomUUID() + "|P|2.3.1\r"
        + "EVN|" + event + "|20250101000000\r"
        + "PID|1||" + id + "||" + person + "||" + asked.text("birth") + "|M|||試験町1-2-3^^松江市^島根県^690-0000^JPN"
        + "||0852-00-0000^PRN^PH||jpn||||||||松江市\r"
        + (event.equals("A40") ? "MRG|" + asked.text("subsumed") + "^^^&" + asked.text("authority") + "&ISO\r" : "PV1||O\r");
    try {
      Message adt = PIX.FeedInteractions.ITI_8_PIX.getHl7v2TransactionConfiguration().getParser().parse(text);
      return writer.translateV2toV3(adt, null, "UTF-8");
    } catch (ca.uhn.hl7v2.HL7Exception fault) {
      throw new IllegalArgumentException(fault);
    }
  }

  /** ITI-46 by IPF's translator of ADT^A31, as ITI-10 has it: an id and nothing else. */
  private static String notification(Case asked) {
    PixUpdateNotification2to3Translator writer = addressed(new PixUpdateNotification2to3Translator(), asked);
    String text = "MSH|^~\\&|IPF|IPF|K|K|20250101000000||ADT^A31^ADT_A05|" + UUID.randomUUID() + "|P|2.5\r"
        + "EVN||20250101000000\rPID|||" + asked.text("patient") + "^^^&" + asked.text("authority") + "&ISO|| \rPV1||N\r";
    try {
      Message adt = PIX.QueryInteractions.ITI_10.getHl7v2TransactionConfiguration().getParser().parse(text);
      return writer.translateV2toV3(adt, null, "UTF-8");
    } catch (ca.uhn.hl7v2.HL7Exception fault) {
      throw new IllegalArgumentException(fault);
    }
  }

  private static String crossReference(Case asked) {
    String source = asked.has("wanted") ? "<dataSource><value root=\"" + asked.text("wanted") + "\"/><semanticsText>DataSource.id</semanticsText></dataSource>" : "";
    return query("PRPA_IN201309UV02", asked, "",
        "<parameterList>" + source + "<patientIdentifier><value root=\"" + asked.text("authority") + "\" extension=\""
            + asked.text("patient") + "\"/><semanticsText>Patient.id</semanticsText></patientIdentifier></parameterList>");
  }

  private static String demographics(Case asked) {
    return query("PRPA_IN201305UV02", asked, "", subject(asked));
  }

  private static String discovery(Case asked) {
    String author = "<authorOrPerformer typeCode=\"AUT\"><assignedDevice classCode=\"ASSIGNED\"><id root=\""
        + asked.text("reverseAuthority") + "\"/></assignedDevice></authorOrPerformer>";
    return query("PRPA_IN201305UV02", asked, author, subject(asked));
  }

  private static String subject(Case asked) {
    String birth = asked.has("birth")
        ? "<livingSubjectBirthTime><value value=\"" + asked.text("birth") + "\"/><semanticsText>LivingSubject.birthTime</semanticsText></livingSubjectBirthTime>"
        : "";
    String id = asked.has("patient")
        ? "<livingSubjectId><value root=\"" + asked.text("authority") + "\" extension=\"" + asked.text("patient") + "\"/><semanticsText>LivingSubject.id</semanticsText></livingSubjectId>"
        : "";
    String name = asked.has("family")
        ? "<livingSubjectName><value><family>" + V3.escape(asked.text("family")) + "</family><given>" + V3.escape(asked.text("given"))
            + "</given></value><semanticsText>LivingSubject.name</semanticsText></livingSubjectName>"
        : "";
    String scope = asked.has("wanted")
        ? "<otherIDsScopingOrganization><value root=\"" + asked.text("wanted") + "\"/><semanticsText>OtherIDs.scopingOrganization.id</semanticsText></otherIDsScopingOrganization>"
        : "";
    return "<parameterList><livingSubjectAdministrativeGender><value code=\"M\"/><semanticsText>LivingSubject.administrativeGender</semanticsText>"
        + "</livingSubjectAdministrativeGender>" + birth + id + name + scope + "</parameterList>";
  }

  private static String query(String interaction, Case asked, String author, String parameters) {
    String content = "  <controlActProcess classCode=\"CACT\" moodCode=\"EVN\">\n    <code code=\"" + interaction.replace("_IN", "_TE")
        + "\" codeSystem=\"2.16.840.1.113883.1.6\"/>\n    " + author + "\n    <queryByParameter><queryId root=\"" + asked.text("sender")
        + "\" extension=\"" + UUID.randomUUID() + "\"/><statusCode code=\"new\"/>"
        + (interaction.equals("PRPA_IN201305UV02") ? "<responseModalityCode code=\"R\"/>" : "") + "<responsePriorityCode code=\"I\"/>" + parameters + "</queryByParameter>\n  </controlActProcess>\n";
    return V3.message(interaction, "AL",
        new V3.Parties(asked.text("receiver"), asked.text("receiverOrganization"), asked.text("sender"), asked.text("senderOrganization")), content);
  }
}
