package interop;

import com.fasterxml.jackson.databind.node.ObjectNode;
import org.apache.camel.CamelContext;

final class IdentityClient {
  IdentityClient(CamelContext camel) {}

  ObjectNode ask(Case asked) {
    return Events.JSON.createObjectNode().put("id", asked.id()).put("fault", "no such transaction");
  }
}
