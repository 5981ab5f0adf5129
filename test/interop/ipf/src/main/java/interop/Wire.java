package interop;

import java.util.Map;
import javax.net.ssl.SSLContext;
import org.apache.camel.CamelContext;
import org.apache.cxf.BusFactory;
import org.apache.cxf.configuration.jsse.TLSClientParameters;
import org.apache.cxf.transport.http.HTTPConduitConfigurer;
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

  /** CXF’s own connection to a ReplyTo, of which a Camel endpoint knows nothing: it shows the server’s certificate. */
  static void sendAnswersWith(SSLContext tls) {
    HTTPConduitConfigurer configurer = (name, address, conduit) -> {
      if (conduit.getTlsClientParameters() != null) return;
      TLSClientParameters parameters = new TLSClientParameters();
      parameters.setSSLSocketFactory(tls.getSocketFactory());
      conduit.setTlsClientParameters(parameters);
    };
    BusFactory.getDefaultBus().setExtension(configurer, HTTPConduitConfigurer.class);
  }
}
