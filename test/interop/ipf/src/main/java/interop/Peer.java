package interop;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.camel.CamelContext;
import org.apache.camel.impl.DefaultCamelContext;
import org.apache.camel.support.jsse.SSLContextParameters;

/**
 * Open eHealth IPF as the other end: one process that serves every transaction and, line by line, asks what it is told.
 *
 * <p>Its argument is a JSON object: {@code port}, {@code folder} (for documents), {@code anchors} (PEM), {@code server} and
 * {@code clients} (PKCS#12 files, the clients by name), {@code passwordFile}; for HL7 v2 {@code v2Server} and {@code
 * ports}, without which none is served. Each line of standard input is one case, each line of standard output one event:
 * {@code ready}, {@code judged} (what a validator of IPF said of a message), {@code answer}.
 */
public final class Peer {
  private Peer() {}

  public static void main(String[] arguments) {
    try {
      run(arguments);
      System.exit(0);
    } catch (Throwable fault) {
      // Threads of the listener would keep the process alive without anybody who answers.
      fault.printStackTrace();
      System.exit(1);
    }
  }

  private static void run(String[] arguments) throws Exception {
    System.setProperty("org.apache.cxf.ws.addressing.decoupled.enabled", "true");
    JsonNode options = Events.JSON.readTree(arguments[0]);
    Keys keys = Keys.of(options);
    Path folder = Path.of(options.get("folder").asText());

    CamelContext camel = new DefaultCamelContext();
    for (var client : options.get("clients").properties()) {
      SSLContextParameters tls = keys.client(client.getValue().asText());
      camel.getRegistry().bind("tls-" + client.getKey(), tls);
    }
    Mappings.register();
    Wire.bind(camel);
    V2.bind(camel);
    Replies.bind(camel, "https://127.0.0.1:" + options.get("port").asInt());
    camel.getRegistry().bind("continuations", new Continuations());
    JsonNode ports = options.get("ports");
    String v2Key = ports == null ? "server" : "v2Server";
    SSLContextParameters v2Server = keys.server(options.get(v2Key).asText());
    camel.getRegistry().bind("tls-v2-server", v2Server);
    People people = new People();
    Wire.sendAnswersWith(keys.client(options.get("server").asText()).createSSLContext(camel));
    try (Web web = new Web(options.get("port").asInt(), options.get("server").asText(), keys);
        HapiServer hapi = new HapiServer(v2Server.createSSLContext(camel))) {
      if (ports != null) hapi.start(ports);
      web.start();
      camel.addRoutes(new XdsRoutes(new Store(folder)));
      camel.addRoutes(new IdentityRoutes(people));
      camel.addRoutes(new Replies());
      if (ports != null) camel.addRoutes(new V2Routes(people, ports));
      camel.start();
      Events.emit("ready", Events.JSON.createObjectNode());
      serve(camel);
      camel.stop();
    }
  }

  private static void serve(CamelContext camel) throws Exception {
    XdsClient xds = new XdsClient(camel);
    IdentityClient identity = new IdentityClient(camel);
    V2Client v2 = new V2Client(camel);
    HapiClient hapi = new HapiClient(camel);
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      if (line.isBlank()) continue;
      Case asked = new Case(Events.JSON.readTree(line));
      if (hapi.knows(asked)) Events.emit("answer", hapi.ask(asked));
      else if (v2.knows(asked)) Events.emit("answer", v2.ask(asked));
      else Events.emit("answer", xds.knows(asked) ? xds.ask(asked) : identity.ask(asked));
    }
  }
}
