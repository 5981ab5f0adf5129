package interop;

import java.io.StringReader;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.w3c.dom.Document;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;

/** Reading of HL7 V3 by local names, and the pieces that every message of ours shares. */
final class V3 {
  private final Element root;

  private V3(Element root) {
    this.root = root;
  }

  static V3 of(String xml) {
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setNamespaceAware(true);
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      Document document = factory.newDocumentBuilder().parse(new InputSource(new StringReader(xml)));
      return new V3(document.getDocumentElement());
    } catch (Exception fault) {
      throw new IllegalArgumentException("no XML", fault);
    }
  }

  /** Elements of that name below this one, each of whose parent is called so. */
  List<V3> all(String parent, String name) {
    List<V3> found = new ArrayList<>();
    NodeList named = root.getElementsByTagNameNS("*", name);
    for (int i = 0; i < named.getLength(); i += 1) {
      Element each = (Element) named.item(i);
      if (parent == null || parent.equals(each.getParentNode().getLocalName())) found.add(new V3(each));
    }
    return found;
  }

  V3 first(String parent, String name) {
    return all(parent, name).stream().findFirst().orElse(null);
  }

  String attribute(String name) {
    return root.getAttribute(name);
  }

  String text() {
    return root.getTextContent().trim();
  }

  /** An attribute of the first such element; null where there is none. */
  String value(String parent, String name, String attribute) {
    V3 found = first(parent, name);
    return found == null ? null : found.attribute(attribute);
  }

  static String escape(String text) {
    return text.replace("&", "&amp;").replace("<", "&lt;").replace("\"", "&quot;");
  }

  /** The root element with its wrapper; {@code parties} are device and organisation of receiver and sender. */
  static String message(String interaction, String acknowledges, Parties parties, String content) {
    String id = java.util.UUID.randomUUID().toString();
    return "<" + interaction + " xmlns=\"urn:hl7-org:v3\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" ITSVersion=\"XML_1.0\">\n"
        + "  <id root=\"" + World.DEVICE + "\" extension=\"" + id + "\"/>\n"
        + "  <creationTime value=\"20250102030405\"/>\n"
        + "  <interactionId root=\"2.16.840.1.113883.1.6\" extension=\"" + interaction + "\"/>\n"
        + "  <processingCode code=\"P\"/>\n  <processingModeCode code=\"T\"/>\n"
        + "  <acceptAckCode code=\"" + acknowledges + "\"/>\n"
        + party("receiver", "RCV", parties.receiver(), parties.receiverOrganization())
        + party("sender", "SND", parties.sender(), parties.senderOrganization())
        + content
        + "</" + interaction + ">";
  }

  /** OIDs; an organisation may be null. */
  record Parties(String receiver, String receiverOrganization, String sender, String senderOrganization) {}

  private static String party(String name, String type, String device, String organization) {
    String agent = organization == null ? ""
        : "<asAgent classCode=\"AGNT\"><representedOrganization classCode=\"ORG\" determinerCode=\"INSTANCE\"><id root=\""
            + organization + "\"/></representedOrganization></asAgent>";
    return "  <" + name + " typeCode=\"" + type + "\"><device classCode=\"DEV\" determinerCode=\"INSTANCE\"><id root=\""
        + device + "\"/>" + agent + "</device></" + name + ">\n";
  }
}
