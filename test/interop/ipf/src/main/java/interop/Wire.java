package interop;

import org.apache.camel.CamelContext;
import org.apache.cxf.transports.http.configuration.HTTPClientPolicy;

/** How the clients use HTTP: with patience, and a document that is not counted beforehand. */
final class Wire {
  private Wire() {}

  static void bind(CamelContext camel) {
    HTTPClientPolicy policy = new HTTPClientPolicy();
    policy.setConnectionTimeout(30_000);
    policy.setReceiveTimeout(300_000);
    policy.setAllowChunking(true);
    camel.getRegistry().bind("patient", policy);
  }
}
