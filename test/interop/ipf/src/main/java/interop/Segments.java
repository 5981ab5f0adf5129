package interop;

import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.model.Group;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.Segment;
import ca.uhn.hl7v2.model.Structure;
import java.util.ArrayList;
import java.util.List;

/** The segments of a message in its order, whatever groups they are in. */
final class Segments {
  private final List<Segment> found = new ArrayList<>();

  Segments(Message message) throws HL7Exception {
    walk(message);
  }

  List<Segment> all() {
    return found;
  }

  private void walk(Group group) throws HL7Exception {
    for (String name : group.getNames()) {
      for (Structure each : group.getAll(name)) {
        if (each instanceof Segment segment) {
          if (!segment.isEmpty()) found.add(segment);
        } else walk((Group) each);
      }
    }
  }
}
