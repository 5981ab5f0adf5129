package interop;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.builder.RouteBuilder;
import org.apache.cxf.ws.addressing.WSAContextUtils;
import org.openehealth.ipf.platform.camel.ihe.ws.AbstractWsEndpoint;

/**
 * Asynchronous answers to IPF’s client. For ITI-38, 39 and 55 IPF has receivers, which correlate by RelatesTo; for ITI-18 and 43
 * it has none and keeps no ReplyTo: there Apache CXF below it opens a place for the answer and wakes the caller.
 */
final class Replies extends RouteBuilder {
  static final String CORRELATOR = "correlations";

  /** By the transaction: the component that receives. */
  private static final Map<String, String> RECEIVERS = Map.of(
      "ITI-38", "xca-iti38-async-response",
      "ITI-39", "xca-iti39-async-response",
      "ITI-55", "xcpd-iti55-async-response");

  /** What is done with an answer while its connection stands. */
  interface Taking {
    void take(Exchange arrived) throws Exception;
  }

  private record Waiting(Taking taking, CompletableFuture<Void> done) {}

  private static final Map<String, Waiting> WAITING = new ConcurrentHashMap<>();

  /** @param origin of this process: {@code https://host:port} */
  static void bind(CamelContext camel, String origin) {
    camel.getRegistry().bind(CORRELATOR, new Correlations());
    for (String each : List.of("ITI-18", "ITI-43", "ITI-55")) {
      camel.getRegistry().bind("decoupled-" + each, Map.of(
          WSAContextUtils.REPLYTO_PROPERTY, "/decoupled/" + each,
          WSAContextUtils.DECOUPLED_ENDPOINT_BASE_PROPERTY, origin,
          "org.apache.cxf.transport.process_fault_on_http_400", true));
    }
  }

  /** Whether one of IPF’s receivers shall have the answer. */
  static boolean receives(Case asked) {
    return asked.has("replyTo") && !asked.has("decoupled");
  }

  /** The options of an endpoint whose answers Apache CXF shall take, below IPF. */
  static String decoupled(Case asked) {
    return "properties=#decoupled-" + asked.transaction();
  }

  @Override
  public void configure() {
    RECEIVERS.forEach((transaction, component) ->
        from(component + ":replies/" + transaction + "?correlator=#" + CORRELATOR)
            .routeId("replies-" + transaction)
            .process(Replies::arrived));
  }

  private static void arrived(Exchange exchange) {
    String key = exchange.getIn().getHeader(AbstractWsEndpoint.CORRELATION_KEY_HEADER_NAME, String.class);
    Waiting waiting = key == null ? null : WAITING.remove(key);
    if (waiting == null) throw new IllegalStateException("nobody waits for this answer");
    try {
      waiting.taking().take(exchange);
      waiting.done().complete(null);
    } catch (Exception | LinkageError fault) {
      waiting.done().completeExceptionally(fault);
    }
  }

  /** Asks with the case’s ReplyTo and returns when the answer has been taken; or with what went wrong in asking. */
  static Exception ask(CamelContext camel, Case asked, String endpoint, Object request, Taking taking) throws Exception {
    CompletableFuture<Void> done = new CompletableFuture<>();
    WAITING.put(asked.id(), new Waiting(taking, done));
    try {
      Exchange sent = camel.createProducerTemplate().request(endpoint + "&correlator=#" + CORRELATOR, each -> {
        each.getIn().setBody(request);
        each.getIn().setHeader(AbstractWsEndpoint.WSA_REPLYTO_HEADER_NAME, asked.text("replyTo"));
        each.getIn().setHeader(AbstractWsEndpoint.CORRELATION_KEY_HEADER_NAME, asked.id());
      });
      if (sent.getException() != null) return sent.getException();
      done.get(asked.has("patience") ? asked.number("patience") : 120, TimeUnit.SECONDS);
      return null;
    } finally {
      WAITING.remove(asked.id());
    }
  }
}
