package interop;

/** Identifiers of the community that IPF plays, all under the example arc. */
final class World {
  static final String HOME = "urn:oid:2.999.40";
  static final String REPOSITORY = "2.999.40.7";
  static final String AUTHORITY = "2.999.40.1";
  static final String DEVICE = "2.999.40.2";

  private World() {}
}
