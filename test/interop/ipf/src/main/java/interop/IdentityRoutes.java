package interop;

import static org.openehealth.ipf.platform.camel.ihe.hl7v3.PixPdqV3CamelTranslators.translatorHL7v2toHL7v3;
import static org.openehealth.ipf.platform.camel.ihe.hl7v3.PixPdqV3CamelTranslators.translatorHL7v3toHL7v2;
import static org.openehealth.ipf.platform.camel.ihe.hl7v3.PixPdqV3CamelValidators.*;

import ca.uhn.hl7v2.model.Message;
import java.util.function.Function;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.builder.RouteBuilder;
import org.openehealth.ipf.commons.ihe.hl7v3.translation.Hl7TranslatorV2toV3;
import org.openehealth.ipf.commons.ihe.hl7v3.translation.Hl7TranslatorV3toV2;
import org.openehealth.ipf.commons.ihe.hl7v3.translation.PdqRequest3to2Translator;
import org.openehealth.ipf.commons.ihe.hl7v3.translation.PdqResponse2to3Translator;
import org.openehealth.ipf.commons.ihe.hl7v3.translation.PixFeedAck2to3Translator;
import org.openehealth.ipf.commons.ihe.hl7v3.translation.PixFeedRequest3to2Translator;
import org.openehealth.ipf.commons.ihe.hl7v3.translation.PixQueryRequest3to2Translator;
import org.openehealth.ipf.commons.ihe.hl7v3.translation.PixQueryResponse2to3Translator;

/** The servers of patient identity. IPF reads V3 into V2 and writes V3 from V2; ITI-55 it only validates. */
final class IdentityRoutes extends RouteBuilder {
  private final People people;

  IdentityRoutes(People people) {
    this.people = people;
  }

  @Override
  public void configure() {
    PixFeedAck2to3Translator acknowledgement = new PixFeedAck2to3Translator();
    acknowledgement.setAckCodeFirstCharacter("C");
    acknowledgement.setMessageIdRoot(World.DEVICE);
    translated("ITI-44", "pixv3-iti44:iti44", iti44RequestValidator(), new PixFeedRequest3to2Translator(), people::feed, acknowledgement, iti44ResponseValidator());

    PixQueryResponse2to3Translator crossReference = new PixQueryResponse2to3Translator();
    crossReference.setMpiSystemIdRoot(World.DEVICE);
    crossReference.setMessageIdRoot(World.DEVICE);
    translated("ITI-45", "pixv3-iti45:iti45", iti45RequestValidator(), new PixQueryRequest3to2Translator(), people::crossReference, crossReference, iti45ResponseValidator());

    PdqResponse2to3Translator demographics = new PdqResponse2to3Translator();
    demographics.setMpiSystemIdRoot(World.DEVICE);
    demographics.setMpiOrganizationIdRoot(World.AUTHORITY);
    demographics.setMessageIdRoot(World.DEVICE);
    demographics.setDefaultMatchQuality("100");
    translated("ITI-47", "pdqv3-iti47:iti47", iti47RequestValidator(), new PdqRequest3to2Translator(), people::demographics, demographics, iti47ResponseValidator());

    translated("ITI-46", "pixv3-iti46:iti46", iti46RequestValidator(), new PixFeedRequest3to2Translator(), people::notified, acknowledgement, iti46ResponseValidator());

    from("xcpd-iti56:iti56")
        .routeId("ITI-56")
        .process(Judge.reporting("ITI-56", "request", iti56RequestValidator(), IdentityRoutes::text))
        .process(each -> each.getMessage().setBody(Locations.answer(text(each))))
        .process(Judge.reporting("ITI-56", "response", iti56ResponseValidator(), each -> null));

    Discovery discovery = new Discovery(people);
    from("xcpd-iti55:iti55")
        .routeId("ITI-55")
        .process(Judge.reporting("ITI-55", "request", iti55RequestValidator(), IdentityRoutes::text))
        .process(each -> each.getMessage().setBody(discovery.answer(text(each))))
        .process(Judge.reporting("ITI-55", "response", iti55ResponseValidator(), each -> null));
  }

  private void translated(
      String transaction,
      String endpoint,
      Processor requestValidator,
      Hl7TranslatorV3toV2 reads,
      Function<Message, Message> act,
      Hl7TranslatorV2toV3 writes,
      Processor responseValidator) {
    from(endpoint)
        .routeId(transaction)
        .process(Judge.reporting(transaction, "request", requestValidator, IdentityRoutes::text))
        .process(translatorHL7v3toHL7v2(reads))
        .process(each -> each.getMessage().setBody(act.apply(each.getIn().getBody(Message.class))))
        .process(translatorHL7v2toHL7v3(writes))
        .process(Judge.reporting(transaction, "response", responseValidator, each -> null));
  }

  private static String text(Exchange exchange) {
    return exchange.getIn().getBody(String.class);
  }
}
