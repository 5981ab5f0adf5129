package interop;

import java.util.Map;
import org.apache.camel.CamelContext;
import org.apache.cxf.transports.http.configuration.HTTPClientPolicy;

/**
 * How the clients use HTTP: with patience, and a document that is not counted beforehand; a fault that comes with HTTP 400 is
 * read, which SOAP 1.2 asks for and CXF does only where it is told.
 */
final class Wire {
  private Wire() {}

  static void bind(CamelContext camel) {
    HTTPClientPolicy policy = new HTTPClientPolicy();
    policy.setConnectionTimeout(30_000);
    policy.setReceiveTimeout(300_000);
    policy.setAllowChunking(true);
    camel.getRegistry().bind("patient", policy);
    camel.getRegistry().bind("faults", Map.of("org.apache.cxf.transport.process_fault_on_http_400", true));
  }
}
