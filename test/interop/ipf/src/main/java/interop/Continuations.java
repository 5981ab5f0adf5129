package interop;

import ca.uhn.hl7v2.model.Message;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.openehealth.ipf.commons.ihe.hl7v2.storage.InteractiveContinuationStorage;

/** Where IPF keeps the rest of an answer. */
final class Continuations implements InteractiveContinuationStorage {
  private final Map<String, Map<String, Message>> chains = new ConcurrentHashMap<>();

  @Override
  public void put(String pointer, String chain, Message fragment) {
    chains.computeIfAbsent(chain, each -> new ConcurrentHashMap<>()).put(String.valueOf(pointer), fragment);
  }

  @Override
  public Message get(String pointer, String chain) {
    return chains.getOrDefault(chain, Map.of()).get(String.valueOf(pointer));
  }

  @Override
  public boolean delete(String chain) {
    return chains.remove(chain) != null;
  }
}
