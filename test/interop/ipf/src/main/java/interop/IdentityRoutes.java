package interop;

import org.apache.camel.builder.RouteBuilder;

final class IdentityRoutes extends RouteBuilder {
  IdentityRoutes(People people) {}

  @Override
  public void configure() {}
}
