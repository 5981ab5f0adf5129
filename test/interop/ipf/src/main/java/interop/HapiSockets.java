package interop;

import ca.uhn.hl7v2.util.SocketFactory;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.Socket;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;

/** The sockets of HAPI: mutual TLS alone. */
final class HapiSockets implements SocketFactory {
  private final SSLContext tls;

  HapiSockets(SSLContext tls) {
    this.tls = tls;
  }

  @Override
  public Socket createSocket() throws IOException {
    throw new IOException("no socket without TLS");
  }

  @Override
  public Socket createTlsSocket() throws IOException {
    return tls.getSocketFactory().createSocket();
  }

  @Override
  public ServerSocket createServerSocket() throws IOException {
    throw new IOException("no socket without TLS");
  }

  @Override
  public ServerSocket createTlsServerSocket() throws IOException {
    SSLServerSocket socket = (SSLServerSocket) tls.getServerSocketFactory().createServerSocket();
    socket.setNeedClientAuth(true);
    return socket;
  }

  @Override
  public void configureNewAcceptedSocket(Socket socket) {}
}
