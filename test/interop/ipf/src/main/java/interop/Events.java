package interop;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** What this process tells the one that started it: a JSON object a line. */
final class Events {
  static final ObjectMapper JSON = new ObjectMapper();

  private static final PrintStream OUT =
      new PrintStream(new FileOutputStream(FileDescriptor.out), true, StandardCharsets.UTF_8);

  private Events() {}

  static synchronized void emit(String event, ObjectNode fields) {
    OUT.println(fields.put("event", event));
  }
}
