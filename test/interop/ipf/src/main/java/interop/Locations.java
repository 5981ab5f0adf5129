package interop;

/** ITI-56 by hand: IPF carries and validates it. A patient whose id begins with {@code REFUSE} is refused. */
final class Locations {
  static final String ELSEWHERE = "2.999.41";

  private Locations() {}

  static String query(Case asked) {
    return root("PatientLocationQueryRequest", id("RequestedPatientId", asked.text("authority"), asked.text("patient")));
  }

  /** Whom IPF knows has data in one more community. */
  static String answer(String request) {
    V3 asked = V3.of(request).first(null, "RequestedPatientId");
    String id = asked.attribute("extension");
    if (id.startsWith("REFUSE")) throw new IllegalStateException("the patient's locations are not told");
    String location = "<PatientLocationResponse><HomeCommunityId>urn:oid:" + ELSEWHERE + "</HomeCommunityId>"
        + id("CorrespondingPatientId", ELSEWHERE + ".1", "E-" + id)
        + id("RequestedPatientId", asked.attribute("root"), id) + "</PatientLocationResponse>";
    return root("PatientLocationQueryResponse", location);
  }

  private static String id(String name, String root, String extension) {
    return "<" + name + " root=\"" + root + "\" extension=\"" + V3.escape(extension) + "\"/>";
  }

  private static String root(String name, String content) {
    return "<" + name + " xmlns=\"urn:ihe:iti:xcpd:2009\">" + content + "</" + name + ">";
  }
}
