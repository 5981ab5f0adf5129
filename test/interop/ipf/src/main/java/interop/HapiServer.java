package interop;

import ca.uhn.hl7v2.AcknowledgmentCode;
import ca.uhn.hl7v2.ErrorCode;
import ca.uhn.hl7v2.HL7Exception;
import ca.uhn.hl7v2.HapiContext;
import ca.uhn.hl7v2.app.HL7Service;
import ca.uhn.hl7v2.llp.HL7Reader;
import ca.uhn.hl7v2.model.Message;
import ca.uhn.hl7v2.model.Segment;
import ca.uhn.hl7v2.protocol.ReceivingApplication;
import ca.uhn.hl7v2.util.Terser;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/**
 * HAPI alone as the one who answers: its own service on mutual TLS, for each character set; and one that writes its answers
 * octet by octet. A message that HAPI's parser does not take it answers itself. An id that begins with {@code REFUSE} is refused.
 */
final class HapiServer implements AutoCloseable {
  private static final Map<String, String> TRANSACTIONS =
      Map.of("A31", "ITI-10", "Q23", "ITI-9", "Q22", "ITI-21", "A28", "ITI-30", "A24", "ITI-30", "A37", "ITI-30", "A47", "ITI-30");

  private final SSLContext tls;
  private HL7Service service;
  private HL7Service japanese;
  private SSLServerSocket bare;

  HapiServer(SSLContext tls) {
    this.tls = tls;
  }

  void start(JsonNode ports) throws Exception {
    service = serve(ports.get("hapi-" + V2.UTF_8), V2.UTF_8);
    japanese = serve(ports.get("hapi-" + V2.ISO_2022_JP), V2.ISO_2022_JP);
    bare = (SSLServerSocket) tls.getServerSocketFactory().createServerSocket();
    bare.setNeedClientAuth(true);
    bare.bind(new InetSocketAddress("127.0.0.1", ports.get("hapi-split").asInt()));
    Thread thread = new Thread(this::acceptAll, "hapi-split");
    thread.setDaemon(true);
    thread.start();
  }

  private HL7Service serve(JsonNode port, String charset) throws Exception {
    HapiContext context = HapiClient.context(charset);
    context.setSocketFactory(new HapiSockets(tls));
    HL7Service started = context.newServer(port.asInt(), true);
    started.registerApplication(new ReceivingApplication<Message>() {
      @Override
      public Message processMessage(Message message, Map<String, Object> metadata) throws HL7Exception {
        return answer(message, charset);
      }

      @Override
      public boolean canProcess(Message message) {
        return true;
      }
    });
    started.setExceptionHandler((incoming, metadata, outgoing, fault) -> {
      judge("unknown", fault, null);
      return outgoing;
    });
    started.startAndWait();
    return started;
  }

  private static Message answer(Message message, String charset) throws HL7Exception {
    Terser told = new Terser(message);
    String trigger = told.get("/MSH-9-2");
    judge(message.getVersion().equals("2.3.1") ? "ITI-8" : TRANSACTIONS.getOrDefault(trigger, trigger), null, message);
    String id = null;
    for (Segment each : new Segments(message).all()) {
      if (each.getName().equals("PID")) id = Terser.get(each, 3, 0, 1, 1);
    }
    try {
      HL7Exception refused = new HL7Exception("この番号は知られていません", ErrorCode.UNKNOWN_KEY_IDENTIFIER);
      Message answer = id != null && id.startsWith("REFUSE")
          ? message.generateACK(AcknowledgmentCode.AE, refused) : message.generateACK();
      V2.declare(answer, charset);
      return answer;
    } catch (java.io.IOException fault) {
      throw new HL7Exception(fault);
    }
  }

  private static void judge(String transaction, Exception refused, Message message) {
    ObjectNode judged = Events.JSON.createObjectNode();
    judged.put("transaction", transaction).put("message", "request").put("valid", refused == null);
    if (refused != null) judged.put("why", Judge.why(refused));
    if (message == null) judged.putArray("words");
    else V2.putWords(judged, "words", message);
    Events.emit("judged", judged);
  }

  private void acceptAll() {
    while (!bare.isClosed()) {
      HapiContext context = HapiClient.context(V2.UTF_8);
      try (Socket socket = bare.accept()) {
        socket.setTcpNoDelay(true);
        HL7Reader reader = context.getLowerLayerProtocol().getReader(socket.getInputStream());
        for (String text = reader.getMessage(); text != null; text = reader.getMessage()) {
          Message answer = answer(context.getPipeParser().parse(text), V2.UTF_8);
          HapiClient.send("split", HapiClient.framed(context, List.of(answer)), socket.getOutputStream());
        }
      } catch (Exception gone) {
        // The connection has ended; the next one is accepted.
      }
    }
  }

  @Override
  public void close() throws Exception {
    if (service == null) return;
    service.stop();
    japanese.stop();
    bare.close();
  }
}
