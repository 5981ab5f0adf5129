package interop;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/** One case of the work list, with what it says. */
record Case(JsonNode fields) {
  String text(String name) {
    return fields.hasNonNull(name) ? fields.get(name).asText() : null;
  }

  String text(String name, String otherwise) {
    return fields.hasNonNull(name) ? fields.get(name).asText() : otherwise;
  }

  long number(String name) {
    return fields.get(name).asLong();
  }

  boolean has(String name) {
    return fields.hasNonNull(name);
  }

  List<String> texts(String name) {
    List<String> found = new ArrayList<>();
    fields.path(name).forEach(each -> found.add(each.asText()));
    return found;
  }

  List<Case> cases(String name) {
    List<Case> found = new ArrayList<>();
    fields.path(name).forEach(each -> found.add(new Case(each)));
    return found;
  }

  String id() {
    return text("id");
  }

  /** {@code ITI-18}. */
  String transaction() {
    return text("transaction");
  }

  /** The Camel endpoint of this case: the component of the transaction, the address, and whose certificate is shown. */
  String endpoint(String component) {
    String address = text("url").replaceFirst("^https://", "");
    String options = "sslContextParameters=#tls-" + text("as") + "&httpClientPolicy=#patient";
    if (has("decoupled")) options += "&" + Replies.decoupled(this);
    // As CXF is shipped, it reads a fault from HTTP 500 alone.
    else if (!has("asShipped")) options += "&properties=#faults";
    return component + "://" + address + "?" + options;
  }
}
