package interop;

import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.Segment;
import ca.uhn.hl7v2.util.Terser;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeSet;
import org.apache.camel.CamelContext;
import org.apache.camel.component.hl7.HL7MLLPNettyDecoderFactory;
import org.apache.camel.component.hl7.HL7MLLPNettyEncoderFactory;

/** HL7 v2 as IPF and HAPI read it. */
final class V2 {
  static final String UTF_8 = "utf8";
  static final String ISO_2022_JP = "iso2022jp";

  private static final Map<String, Charset> CHARSETS =
      Map.of(UTF_8, StandardCharsets.UTF_8, ISO_2022_JP, Charset.forName("ISO-2022-JP"));

  private V2() {}

  static Charset charset(String name) {
    return CHARSETS.get(name);
  }

  /** IPF takes the first repetition of MSH-18 alone: what it reads as ISO-2022-JP its codec has to be told. */
  static void bind(CamelContext camel) {
    CHARSETS.forEach(
        (name, charset) -> {
          HL7MLLPNettyDecoderFactory decoder = new HL7MLLPNettyDecoderFactory();
          decoder.setCharset(charset);
          decoder.setProduceString(false);
          HL7MLLPNettyEncoderFactory encoder = new HL7MLLPNettyEncoderFactory();
          encoder.setCharset(charset);
          camel.getRegistry().bind("decoder-" + name, decoder);
          camel.getRegistry().bind("encoder-" + name, encoder);
        });
  }

  static String codec(String charset) {
    return "decoders=#decoder-" + charset + "&encoders=#encoder-" + charset;
  }

  /** Says in MSH how a message is written. */
  static void declare(Message message, String charset) throws HL7Exception {
    declare(message, charset, true);
  }

  /** The definition of MSH in PAM has no room for MSH-20. */
  static void declare(Message message, String charset, boolean hasHandling) throws HL7Exception {
    Terser terser = new Terser(message);
    if (charset.equals(UTF_8)) {
      terser.set("/MSH-18(0)", "UNICODE UTF-8");
      return;
    }
    // An empty first repetition is ASCII; it has to be there before the second.
    ((Segment) message.get("MSH")).getField(18, 0);
    terser.set("/MSH-18(1)", "ISO IR87");
    if (hasHandling) terser.set("/MSH-20", "ISO 2022-1994");
  }

  /** Every text that is more than ASCII, taken apart at the delimiters. */
  static TreeSet<String> words(Message message) {
    TreeSet<String> found = new TreeSet<>();
    try {
      for (String part : message.encode().split("[\\r|^&~]")) {
        if (part.chars().anyMatch(each -> each > 0x7f)) found.add(part.trim());
      }
    } catch (HL7Exception fault) {
      found.add("unreadable: " + fault.getMessage());
    }
    return found;
  }

  static void putWords(ObjectNode event, String name, Message message) {
    ArrayNode list = event.putArray(name);
    words(message).forEach(list::add);
  }

  /** What an answer says, in the words of {@code PeerAnswer}. */
  static void describe(Message message, ObjectNode answer) throws HL7Exception {
    Terser said = new Terser(message);
    answer.put("messageType", said.get("/MSH-9-1") + "^" + said.get("/MSH-9-2"));
    answer.put("acknowledgement", said.get("/MSA-1"));
    answer.put("answered", said.get("/MSA-2"));
    ArrayNode details = answer.putArray("details");
    ArrayNode places = answer.putArray("places");
    ArrayNode ids = answer.putArray("ids");
    ArrayNode persons = answer.putArray("persons");
    boolean isOld = message.getVersion().startsWith("2.3");
    for (Segment segment : new Segments(message).all()) {
      switch (segment.getName()) {
        case "ERR" -> {
          for (int i = 0; i < (isOld ? Math.max(1, segment.getField(1).length) : 1); i += 1) {
            details.add(isOld ? Terser.get(segment, 1, i, 4, 1) : Terser.get(segment, 3, 0, 1, 1));
            places.add(place(segment, isOld ? 1 : 2, i, isOld ? 3 : 6));
          }
        }
        case "QAK" -> {
          answer.put("queryResponseCode", Terser.get(segment, 2, 0, 1, 1));
          answer.put("hits", Terser.get(segment, 4, 0, 1, 1));
          answer.put("remaining", Terser.get(segment, 6, 0, 1, 1));
        }
        case "DSC" -> answer.put("pointer", Terser.get(segment, 1, 0, 1, 1));
        case "PID" -> {
          persons.add(Terser.get(segment, 5, 0, 1, 1) + "^" + Terser.get(segment, 5, 0, 2, 1));
          for (int i = 0; i < segment.getField(3).length; i += 1) {
            ids.add(Terser.get(segment, 3, i, 1, 1) + "^^^&" + Terser.get(segment, 3, i, 4, 2) + "&ISO");
          }
        }
        default -> {}
      }
    }
  }

  private static String place(Segment err, int field, int repetition, int components) throws HL7Exception {
    StringBuilder place = new StringBuilder();
    for (int i = 1; i <= components; i += 1) {
      String part = Terser.get(err, field, repetition, i, 1);
      if (part == null) break;
      if (i > 1) place.append('^');
      place.append(part);
    }
    return place.toString();
  }
}
