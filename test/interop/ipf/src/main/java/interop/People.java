package interop;

import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.util.Terser;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.openehealth.ipf.commons.ihe.hl7v2.PDQ;
import org.openehealth.ipf.commons.ihe.hl7v2.PIX;
import org.openehealth.ipf.commons.ihe.hl7v3.Hl7v3Exception;

/**
 * Patients in memory, in the words of HL7 V2: IPF translates each V3 message to V2 and each V2 answer to V3.
 *
 * <p>An id or a family name that begins with {@code REFUSE} is refused.
 */
final class People {
  /** One person: every id as {@code id^^^&oid&ISO}, and PID from the name on. */
  private record Person(List<String> ids, String family, String given, String birth, String rest) {}

  private final Map<String, Person> people = new LinkedHashMap<>();
  private final Map<String, String> namespaces = new LinkedHashMap<>(Map.of(World.AUTHORITY, "IPF"));

  /** How the feeds call an authority. */
  synchronized String namespaceOf(String oid) {
    return namespaces.getOrDefault(oid, "NS");
  }

  /** ITI-44: a person becomes known under her ids, and under an id of this affinity domain. */
  synchronized Message feed(Message adt) {
    try {
      Terser told = new Terser(adt);
      String event = told.get("/MSH-9-2");
      String group = event.equals("A40") ? "/PATIENT(0)" : "";
      List<String> ids = idsOf(told, group);
      if (ids.stream().anyMatch(each -> each.startsWith("REFUSE"))) {
        throw Hl7v3Exception.make("この番号は登録できません");
      }
      if (event.equals("A40")) merge(told, ids.get(0));
      else keep(told, ids);
      return acknowledged(told);
    } catch (HL7Exception fault) {
      throw new IllegalStateException(fault);
    }
  }

  private void keep(Terser told, List<String> ids) throws HL7Exception {
    List<String> all = new ArrayList<>(ids);
    all.add("R-" + (people.size() + 1) + "^^^&" + World.AUTHORITY + "&ISO");
    String birth = told.get("/PID-7-1");
    String address = String.join("^",
        blank(told.get("/PID-11-1")), "", blank(told.get("/PID-11-3")), blank(told.get("/PID-11-4")),
        blank(told.get("/PID-11-5")), blank(told.get("/PID-11-6")));
    StringBuilder names = new StringBuilder();
    for (int i = 0; i < 3; i += 1) {
      String family = told.get("/PID-5(" + i + ")-1");
      String given = told.get("/PID-5(" + i + ")-2");
      if (family == null && given == null) break;
      if (i > 0) names.append('~');
      names.append(blank(family)).append('^').append(blank(given)).append("^^^^^L");
    }
    String rest = names + "||" + blank(birth) + "|" + blank(told.get("/PID-8")) + "|||" + address;
    Person person = new Person(all, told.get("/PID-5(0)-1"), told.get("/PID-5(0)-2"), birth, rest);
    for (String each : all) people.put(each, person);
  }

  private void merge(Terser told, String surviving) throws HL7Exception {
    String gone = told.get("/PATIENT(0)/MRG-1-1") + "^^^&" + told.get("/PATIENT(0)/MRG-1-4-2") + "&ISO";
    Person person = people.get(surviving);
    if (person == null || people.remove(gone) == null) throw Hl7v3Exception.make("no such patient");
  }

  /** ITI-10 and ITI-46: ids of a person, which nobody here has to keep. */
  synchronized Message notified(Message adt) {
    try {
      if (idsOf(new Terser(adt), "").stream().anyMatch(each -> each.startsWith("REFUSE"))) {
        throw Hl7v3Exception.make("この番号は知られていません");
      }
      return acknowledged(new Terser(adt));
    } catch (HL7Exception fault) {
      throw new IllegalStateException(fault);
    }
  }

  /** ITI-30: ADT of v2.5; what is linked or unlinked is only looked up. */
  synchronized void manage(Message adt) throws HL7Exception {
    Terser told = new Terser(adt);
    switch (told.get("/MSH-9-2")) {
      case "A24", "A37" -> {
        for (String pid : List.of("/PID-3", "/PID2-3")) {
          if (!people.containsKey(told.get(pid + "-1") + "^^^&" + told.get(pid + "-4-2") + "&ISO")) {
            throw Hl7v3Exception.make("no such patient");
          }
        }
      }
      case "A47" -> {
        Person person = people.remove(told.get("/MRG-1-1") + "^^^&" + told.get("/MRG-1-4-2") + "&ISO");
        if (person == null) throw Hl7v3Exception.make("no such patient");
        people.put(idsOf(told, "").get(0), person);
      }
      default -> feed(adt);
    }
  }

  private static Message acknowledged(Terser told) throws HL7Exception {
    String text = header("ACK^" + told.get("/MSH-9-2"), "2.3.1") + "MSA|AA|" + told.get("/MSH-10") + "\r";
    return PIX.FeedInteractions.ITI_8_PIX.getHl7v2TransactionConfiguration().getParser().parse(text);
  }

  private List<String> idsOf(Terser told, String group) throws HL7Exception {
    List<String> ids = new ArrayList<>();
    for (int i = 0; told.get(group + "/PID-3(" + i + ")-1") != null; i += 1) {
      String authority = told.get(group + "/PID-3(" + i + ")-4-2");
      String namespace = told.get(group + "/PID-3(" + i + ")-4-1");
      // What a feed by V2 calls it; V3 has other names, which are no namespace.
      if (namespace != null && namespace.matches("[A-Z]{1,20}")) namespaces.put(authority, namespace);
      ids.add(told.get(group + "/PID-3(" + i + ")-1") + "^^^&" + authority + "&ISO");
    }
    return ids;
  }

  /** ITI-45: the other ids of whom the query names. */
  synchronized Message crossReference(Message query) {
    try {
      Terser told = new Terser(query);
      String asked = told.get("/QPD-3-1") + "^^^&" + told.get("/QPD-3-4-2") + "&ISO";
      String wanted = told.get("/QPD-4-4-2");
      String tag = told.get("/QPD-2");
      Person person = people.get(asked);
      String head = header("RSP^K23^RSP_K23", "2.5");
      String message = told.get("/MSH-10");
      String parameters = "QPD|IHE PIX Query|" + tag + "|" + asked + "\r";
      String text;
      if (person == null) {
        text = head + "MSA|AE|" + message + "\rERR||QPD^1^3^1^1|204|E|||この番号は知られていません\rQAK|" + tag + "|AE\r" + parameters;
      } else {
        List<String> found = person.ids().stream()
            .filter(each -> !each.equals(asked))
            .filter(each -> wanted == null || each.contains("&" + wanted + "&"))
            .toList();
        text = head + "MSA|AA|" + message + "\rQAK|" + tag + (found.isEmpty() ? "|NF\r" : "|OK\r") + parameters;
        if (!found.isEmpty()) text += "PID|1||" + String.join("~", found) + "||~^^^^^^S\r";
      }
      return PIX.QueryInteractions.ITI_9.getHl7v2TransactionConfiguration().getParser().parse(text);
    } catch (HL7Exception fault) {
      throw new IllegalStateException(fault);
    }
  }

  /** ITI-47: everybody of that name, and birth date where it is said. */
  synchronized Message demographics(Message query) {
    try {
      Terser told = new Terser(query);
      Map<String, String> facets = new LinkedHashMap<>();
      for (int i = 0; told.get("/QPD-3(" + i + ")-1") != null; i += 1) {
        // A first component or subcomponent may be named or not.
        String place = told.get("/QPD-3(" + i + ")-1").replaceFirst("^(@PID\\.5\\.\\d+|@PID\\.7)\\.1$", "$1");
        facets.putIfAbsent(place, told.get("/QPD-3(" + i + ")-2"));
      }
      List<Person> found = matching(facets.get("@PID.5.1"), facets.get("@PID.5.2"), facets.get("@PID.7"));
      StringBuilder text = new StringBuilder(header("RSP^K22^RSP_K21", "2.5"));
      text.append("MSA|AA|").append(told.get("/MSH-10")).append("\rQAK|").append(told.get("/QPD-2"));
      text.append(found.isEmpty() ? "|NF\r" : "|OK\r").append("QPD|IHE PDQ Query|").append(told.get("/QPD-2")).append("|\r");
      int count = 0;
      for (Person each : found) {
        count += 1;
        text.append("PID|").append(count).append("||").append(String.join("~", each.ids())).append("||").append(each.rest()).append("\r");
      }
      return PDQ.Interactions.ITI_21.getHl7v2TransactionConfiguration().getParser().parse(text.toString());
    } catch (HL7Exception fault) {
      throw new IllegalStateException(fault);
    }
  }

  /** ITI-55: the id and the PID of each whom the words fit. */
  synchronized List<Discovered> discover(String family, String given, String birth) {
    return matching(family, given, birth).stream().map(one -> {
      String regional = one.ids().stream().filter(each -> each.contains("&" + World.AUTHORITY + "&")).findFirst().orElseThrow();
      return new Discovered(regional.substring(0, regional.indexOf('^')), one.family(), one.given(), one.birth());
    }).toList();
  }

  /** Whom another community may learn of. */
  record Discovered(String id, String family, String given, String birth) {}

  private List<Person> matching(String family, String given, String birth) {
    if (family != null && family.startsWith("REFUSE")) throw Hl7v3Exception.make("この問い合わせは受けられません");
    return people.values().stream()
        .distinct()
        .filter(each -> family == null || family.equals(each.family()))
        .filter(each -> given == null || given.equals(each.given()))
        .filter(each -> birth == null || birth.equals(each.birth()))
        .toList();
  }

  private static String header(String type, String version) {
    return "MSH|^~\\&|IPF|IPF|ASKER|ASKER|20250101000000||" + type + "|" + java.util.UUID.randomUUID() + "|P|" + version + "\r";
  }

  private static String blank(String text) {
    return text == null ? "" : text;
  }
}
