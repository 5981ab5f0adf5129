package interop;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.FileInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import org.apache.camel.support.jsse.KeyManagersParameters;
import org.apache.camel.support.jsse.KeyStoreParameters;
import org.apache.camel.support.jsse.SSLContextParameters;
import org.apache.camel.support.jsse.SSLContextServerParameters;
import org.apache.camel.support.jsse.TrustManagersParameters;

/** Keys and anchors of this process: PKCS#12 bundles under one password, and the anchors beside them. */
final class Keys {
  private final String password;
  private final Path anchors;

  private Keys(String password, Path anchors) {
    this.password = password;
    this.anchors = anchors;
  }

  static Keys of(JsonNode options) throws IOException, GeneralSecurityException {
    String password = Files.readAllLines(Path.of(options.get("passwordFile").asText())).get(0);
    Path bundle = Path.of(options.get("folder").asText(), "anchors.p12");
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    int count = 0;
    try (InputStream pem = new FileInputStream(options.get("anchors").asText())) {
      for (Certificate anchor : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
        count += 1;
        store.setCertificateEntry("anchor-" + count, anchor);
      }
    }
    try (var out = Files.newOutputStream(bundle)) {
      store.store(out, password.toCharArray());
    }
    return new Keys(password, bundle);
  }

  String password() {
    return password;
  }

  String anchors() {
    return anchors.toString();
  }

  SSLContextParameters client(String bundle) {
    KeyManagersParameters own = new KeyManagersParameters();
    own.setKeyStore(storeOf(bundle));
    own.setKeyPassword(password);
    TrustManagersParameters trusted = new TrustManagersParameters();
    trusted.setKeyStore(storeOf(anchors()));
    SSLContextParameters tls = new SSLContextParameters();
    tls.setKeyManagers(own);
    tls.setTrustManagers(trusted);
    return tls;
  }

  /** A listener that wants a certificate of whoever comes. */
  SSLContextParameters server(String bundle) {
    SSLContextParameters tls = client(bundle);
    SSLContextServerParameters clients = new SSLContextServerParameters();
    clients.setClientAuthentication("REQUIRE");
    tls.setServerParameters(clients);
    return tls;
  }

  private KeyStoreParameters storeOf(String file) {
    KeyStoreParameters store = new KeyStoreParameters();
    store.setType("PKCS12");
    store.setResource("file:" + file);
    store.setPassword(password);
    return store;
  }
}
