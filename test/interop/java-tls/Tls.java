import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * Java's own TLS at either end of the wire. Run as one file, without any library.
 *
 * <p>{@code client URL ANCHORS REQUEST (PROTOCOL CERTIFICATE KEY)...} posts the file once for each triple, {@code -} for no
 * certificate, and prints a line each: {@code PROTOCOL SUITE STATUS}, or {@code closed} and why. {@code server ANCHORS
 * ANSWER (PROTOCOL CERTIFICATE KEY)...} takes one connection for each triple, on a port that it prints, and prints
 * {@code read} and the first line of HTTP, or {@code refused}.
 */
public final class Tls {
  private static final char[] PASSWORD = "memory".toCharArray();

  private Tls() {}

  public static void main(String[] words) throws Exception {
    boolean isClient = words[0].equals("client");
    int first = isClient ? 4 : 3;
    for (int i = first; i + 2 < words.length; i += 3) {
      SSLContext tls = context(isClient ? words[2] : words[1], words[i + 1], words[i + 2]);
      if (isClient) ask(tls, words[i], URI.create(words[1]), Path.of(words[3]));
      else serve(tls, words[i], Path.of(words[2]));
    }
  }

  private static void ask(SSLContext tls, String protocol, URI url, Path file) throws Exception {
    byte[] body = Files.readAllBytes(file);
    try (SSLSocket socket = (SSLSocket) tls.getSocketFactory().createSocket(url.getHost(), url.getPort())) {
      socket.setSoTimeout(30_000);
      socket.setEnabledProtocols(new String[] {protocol});
      socket.startHandshake();
      String head =
          "POST " + url.getPath() + " HTTP/1.1\r\nHost: " + url.getAuthority()
              + "\r\nContent-Type: application/soap+xml; charset=UTF-8\r\nConnection: close\r\nContent-Length: "
              + body.length + "\r\n\r\n";
      socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
      socket.getOutputStream().write(body);
      socket.getOutputStream().flush();
      String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (answer.isEmpty()) throw new java.io.EOFException("nothing came back");
      String status = answer.split(" ", 3)[1];
      System.out.println(socket.getSession().getProtocol() + " " + socket.getSession().getCipherSuite() + " " + status);
    } catch (java.io.IOException closed) {
      System.out.println("closed " + closed.getClass().getSimpleName());
    }
  }

  private static void serve(SSLContext tls, String protocol, Path answer) throws Exception {
    try (SSLServerSocket listener =
        (SSLServerSocket) tls.getServerSocketFactory().createServerSocket(0, 1, java.net.InetAddress.getLoopbackAddress())) {
      listener.setNeedClientAuth(true);
      listener.setEnabledProtocols(new String[] {protocol});
      System.out.println("port " + listener.getLocalPort());
      try (SSLSocket socket = (SSLSocket) listener.accept()) {
        socket.setSoTimeout(30_000);
        String line = firstLine(socket.getInputStream());
        if (line.isEmpty()) throw new java.io.EOFException("no byte of HTTP");
        OutputStream out = socket.getOutputStream();
        byte[] body = Files.readAllBytes(answer);
        out.write(("HTTP/1.1 200 OK\r\nContent-Type: application/soap+xml; charset=UTF-8\r\nContent-Length: "
            + body.length + "\r\nConnection: close\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
        out.write(body);
        out.flush();
        System.out.println("read " + line);
        socket.getInputStream().readAllBytes();
      } catch (java.io.IOException closed) {
        System.out.println("refused " + closed.getClass().getSimpleName());
      }
    }
  }

  private static String firstLine(InputStream in) throws java.io.IOException {
    StringBuilder line = new StringBuilder();
    for (int next = in.read(); next != -1 && next != '\r'; next = in.read()) line.append((char) next);
    return line.toString();
  }

  private static SSLContext context(String anchors, String certificate, String key) throws Exception {
    CertificateFactory reader = CertificateFactory.getInstance("X.509");
    KeyStore trusted = empty();
    int count = 0;
    for (Certificate anchor : read(reader, anchors)) trusted.setCertificateEntry("a" + count++, anchor);
    TrustManagerFactory trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    KeyStore own = empty();
    if (!certificate.equals("-")) {
      own.setKeyEntry("own", keyOf(key), PASSWORD, read(reader, certificate).toArray(new Certificate[0]));
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(own, PASSWORD);
    SSLContext tls = SSLContext.getInstance("TLS");
    tls.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return tls;
  }

  private static java.util.Collection<? extends Certificate> read(CertificateFactory reader, String file) throws Exception {
    try (InputStream pem = Files.newInputStream(Path.of(file))) {
      return reader.generateCertificates(pem);
    }
  }

  private static PrivateKey keyOf(String file) throws Exception {
    String text = Files.readString(Path.of(file)).replaceAll("-----[^-]+-----|\\s", "");
    return KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(Base64.getDecoder().decode(text)));
  }

  private static KeyStore empty() throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    return store;
  }
}
