package interop;

import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.cxf.BusFactory;
import org.apache.cxf.transport.servlet.CXFNonSpringServlet;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;

/** The listener: Tomcat with CXF's servlet on mutual TLS. */
final class Web implements AutoCloseable {
  private final Tomcat tomcat = new Tomcat();

  Web(int port, String bundle, Keys keys) {
    tomcat.setBaseDir(System.getProperty("java.io.tmpdir"));
    Connector connector = new Connector();
    connector.setPort(port);
    connector.setSecure(true);
    connector.setScheme("https");
    connector.setProperty("address", "127.0.0.1");
    connector.setProperty("SSLEnabled", "true");
    connector.setProperty("maxSwallowSize", "-1");
    // Tomcat would close every connection after a hundred requests.
    connector.setProperty("maxKeepAliveRequests", "-1");
    SSLHostConfig tls = new SSLHostConfig();
    tls.setCertificateVerification("required");
    tls.setTruststoreFile(keys.anchors());
    tls.setTruststorePassword(keys.password());
    tls.setTruststoreType("PKCS12");
    tls.setProtocols("TLSv1.3,TLSv1.2");
    SSLHostConfigCertificate own =
        new SSLHostConfigCertificate(tls, SSLHostConfigCertificate.Type.UNDEFINED);
    own.setCertificateKeystoreFile(bundle);
    own.setCertificateKeystorePassword(keys.password());
    own.setCertificateKeystoreType("PKCS12");
    tls.addCertificate(own);
    connector.addSslHostConfig(tls);
    tomcat.setConnector(connector);

    CXFNonSpringServlet servlet = new CXFNonSpringServlet();
    servlet.setBus(BusFactory.getDefaultBus());
    var context = tomcat.addContext("", System.getProperty("java.io.tmpdir"));
    Tomcat.addServlet(context, "cxf", servlet).setLoadOnStartup(1);
    context.addServletMappingDecoded("/*", "cxf");
  }

  void start() throws Exception {
    tomcat.start();
    if (tomcat.getConnector().getState() != org.apache.catalina.LifecycleState.STARTED) {
      throw new IllegalStateException("the listener did not start");
    }
  }

  @Override
  public void close() throws Exception {
    tomcat.stop();
    tomcat.destroy();
  }
}
