package interop;

import java.io.StringReader;
import java.io.StringWriter;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.transform.OutputKeys;
import javax.xml.transform.TransformerFactory;
import javax.xml.transform.dom.DOMSource;
import javax.xml.transform.stream.StreamResult;
import org.w3c.dom.Document;
import org.xml.sax.InputSource;

/** Answers to ITI-55; IPF writes none itself, so that they are written here and held against its validators. */
final class Discovery {
  private final People people;

  Discovery(People people) {
    this.people = people;
  }

  String answer(String request) {
    V3 asked = V3.of(request);
    V3 name = asked.first("livingSubjectName", "value");
    String family = name == null ? null : textOf(name, "family");
    String given = name == null ? null : textOf(name, "given");
    String birth = asked.value("livingSubjectBirthTime", "value", "value");
    java.util.List<People.Discovered> found = people.discover(family, given, birth);

    String subject = found.stream().map(Discovery::subject).collect(java.util.stream.Collectors.joining());
    String content = "  <acknowledgement><typeCode code=\"AA\"/><targetMessage>" + id("id", asked.first("PRPA_IN201305UV02", "id"))
        + "</targetMessage></acknowledgement>\n"
        + "  <controlActProcess classCode=\"CACT\" moodCode=\"EVN\"><code code=\"PRPA_TE201306UV02\" codeSystem=\"2.16.840.1.113883.1.6\"/>\n"
        + subject
        + "    <queryAck>" + id("queryId", asked.first("queryByParameter", "queryId"))
        + "<statusCode code=\"deliveredResponse\"/><queryResponseCode code=\"" + (found.isEmpty() ? "NF" : "OK") + "\"/></queryAck>\n"
        + queryOf(request)
        + "  </controlActProcess>\n";
    String sender = asked.first("representedOrganization", "id") == null ? null : organization(asked, "sender");
    return V3.message("PRPA_IN201306UV02", "NE",
        new V3.Parties(device(asked, "sender"), sender, World.DEVICE, World.HOME.replace("urn:oid:", "")), content);
  }

  private static String textOf(V3 name, String part) {
    V3 found = name.first(null, part);
    return found == null ? null : found.text();
  }

  private static String device(V3 asked, String party) {
    return asked.first(null, party).value("device", "id", "root");
  }

  private static String organization(V3 asked, String party) {
    return asked.first(null, party).value("representedOrganization", "id", "root");
  }

  private static String id(String element, V3 from) {
    String extension = from.attribute("extension");
    return "<" + element + " root=\"" + from.attribute("root") + "\""
        + (extension.isEmpty() ? "" : " extension=\"" + V3.escape(extension) + "\"") + "/>";
  }

  private static String subject(People.Discovered found) {
    return "    <subject typeCode=\"SUBJ\" contextConductionInd=\"false\"><registrationEvent classCode=\"REG\" moodCode=\"EVN\">"
        + "<id nullFlavor=\"NA\"/><statusCode code=\"active\"/><subject1 typeCode=\"SBJ\"><patient classCode=\"PAT\">"
        + "<id root=\"" + World.AUTHORITY + "\" extension=\"" + found.id() + "\"/><statusCode code=\"active\"/>"
        + "<patientPerson classCode=\"PSN\" determinerCode=\"INSTANCE\"><name><family>" + V3.escape(found.family())
        + "</family><given>" + V3.escape(found.given()) + "</given></name><administrativeGenderCode code=\"M\"/>"
        + "<birthTime value=\"" + found.birth() + "\"/></patientPerson>"
        + "<providerOrganization classCode=\"ORG\" determinerCode=\"INSTANCE\"><id root=\"" + World.AUTHORITY
        + "\"/><name>試験地域</name><contactParty classCode=\"CON\"/></providerOrganization>"
        + "<subjectOf1><queryMatchObservation classCode=\"COND\" moodCode=\"EVN\"><code code=\"IHE_PDQ\"/>"
        + "<value xsi:type=\"INT\" value=\"100\"/></queryMatchObservation></subjectOf1></patient></subject1>"
        + "<custodian typeCode=\"CST\"><assignedEntity classCode=\"ASSIGNED\"><id root=\"" + World.HOME.replace("urn:oid:", "")
        + "\"/><code code=\"NotHealthDataLocator\" codeSystem=\"1.3.6.1.4.1.19376.1.2.27.2\"/></assignedEntity></custodian>"
        + "</registrationEvent></subject>\n";
  }

  /** The query as it was asked. */
  private static String queryOf(String request) {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setNamespaceAware(true);
      Document document = factory.newDocumentBuilder().parse(new InputSource(new StringReader(request)));
      var transformer = TransformerFactory.newInstance("com.sun.org.apache.xalan.internal.xsltc.trax.TransformerFactoryImpl", null).newTransformer();
      transformer.setOutputProperty(OutputKeys.OMIT_XML_DECLARATION, "yes");
      StringWriter out = new StringWriter();
      transformer.transform(
          new DOMSource(document.getElementsByTagNameNS("*", "queryByParameter").item(0)), new StreamResult(out));
      return out.toString();
    } catch (Exception fault) {
      throw new IllegalStateException(fault);
    }
  }
}
