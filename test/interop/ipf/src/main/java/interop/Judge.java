package interop;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.xml.ws.soap.SOAPFaultException;
import java.io.StringReader;
import java.util.Collection;
import java.util.TreeSet;
import java.util.function.Function;
import javax.xml.parsers.DocumentBuilderFactory;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.cxf.binding.soap.SoapFault;
import org.apache.cxf.message.Message;
import org.apache.cxf.phase.PhaseInterceptorChain;
import org.apache.cxf.ws.addressing.AddressingProperties;
import org.apache.cxf.ws.addressing.ContextUtils;
import org.apache.cxf.ws.addressing.JAXWSAConstants;
import org.w3c.dom.Element;
import org.w3c.dom.Node;
import org.xml.sax.InputSource;

/** What IPF's validators say, and which Japanese words IPF reads out of a message. */
final class Judge {
  /** With {@code -Dinterop.judge=off} no validator stands in any route: for measuring, with nothing but IPF itself. */
  private static final boolean JUDGES = !"off".equals(System.getProperty("interop.judge"));

  private Judge() {}

  /** Wraps one of IPF's validators: its verdict becomes an event, and what it refuses stays refused. */
  static Processor reporting(
      String transaction, String message, Processor validator, Function<Exchange, String> xml) {
    if (!JUDGES) return exchange -> {};
    return exchange -> {
      Exception refused = null;
      try {
        validator.process(exchange);
      } catch (Exception fault) {
        refused = fault;
      }
      ObjectNode judged = Events.JSON.createObjectNode();
      judged.put("transaction", transaction).put("message", message).put("valid", refused == null);
      if (refused != null) judged.put("why", why(refused));
      String replyTo = replyTo();
      if (replyTo != null) judged.put("replyTo", replyTo);
      putWords(judged, "words", xml.apply(exchange));
      Events.emit("judged", judged);
      if (refused != null) throw refused;
    };
  }

  /** Where the message that is served wants its answer; nothing where that is its own connection. */
  private static String replyTo() {
    Message served = PhaseInterceptorChain.getCurrentMessage();
    if (served == null || !(served.get(JAXWSAConstants.ADDRESSING_PROPERTIES_INBOUND) instanceof AddressingProperties read)) return null;
    return ContextUtils.isGenericAddress(read.getReplyTo()) ? null : read.getReplyTo().getAddress().getValue();
  }

  static String why(Throwable fault) {
    Throwable root = fault;
    while (root.getCause() != null && root.getCause() != root) root = root.getCause();
    String message = root.getClass().getSimpleName() + ": " + root.getMessage();
    return message.length() > 2_000 ? message.substring(0, 2_000) : message;
  }

  /** The code of a SOAP fault and its subcodes, from the outside in; nothing where CXF has read no fault. */
  static void putFaultCodes(ObjectNode answer, Throwable thrown) {
    for (Throwable each = thrown; each != null; each = each.getCause()) {
      SoapFault read = null;
      if (each instanceof SoapFault fault) read = fault;
      if (each instanceof SOAPFaultException fault && fault.getCause() instanceof SoapFault cause) read = cause;
      if (read == null) continue;
      ArrayNode codes = answer.putArray("faultCodes");
      codes.add(read.getFaultCode().getLocalPart());
      if (read.getSubCodes() != null) read.getSubCodes().forEach(code -> codes.add(code.getLocalPart()));
      return;
    }
  }

  /** Every text and attribute that is more than ASCII, taken apart at HL7's separators. */
  static Collection<String> words(String xml) {
    TreeSet<String> found = new TreeSet<>();
    if (xml == null) return found;
    try {
      DocumentBuilderFactory factory = DocumentBuilderFactory.newInstance();
      factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
      collect(
          factory.newDocumentBuilder().parse(new InputSource(new StringReader(xml))).getDocumentElement(),
          found);
    } catch (Exception fault) {
      found.add("unreadable: " + fault.getMessage());
    }
    return found;
  }

  static void putWords(ObjectNode event, String name, String xml) {
    ArrayNode list = event.putArray(name);
    words(xml).forEach(list::add);
  }

  private static void collect(Element element, TreeSet<String> found) {
    for (int i = 0; i < element.getAttributes().getLength(); i += 1) {
      split(element.getAttributes().item(i).getNodeValue(), found);
    }
    for (Node child = element.getFirstChild(); child != null; child = child.getNextSibling()) {
      if (child instanceof Element inner) collect(inner, found);
      else split(child.getNodeValue(), found);
    }
  }

  private static void split(String text, TreeSet<String> found) {
    if (text == null) return;
    for (String part : text.split("[\\^&|]")) {
      if (part.chars().anyMatch(each -> each > 0x7f)) found.add(part.trim());
    }
  }
}
