package interop;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.openehealth.ipf.commons.ihe.ws.correlation.AsynchronyCorrelator;
import org.openehealth.ipf.commons.ihe.ws.cxf.audit.WsAuditDataset;

/** What IPF keeps of a request whose answer comes later, in memory: by its MessageID, and by other keys that lead to it. */
final class Correlations implements AsynchronyCorrelator<WsAuditDataset> {
  private final Map<String, String> endpoints = new ConcurrentHashMap<>();
  private final Map<String, String> keys = new ConcurrentHashMap<>();
  private final Map<String, String> messages = new ConcurrentHashMap<>();
  private final Map<String, WsAuditDataset> audits = new ConcurrentHashMap<>();

  @Override
  public void storeServiceEndpointUri(String messageId, String uri) {
    endpoints.put(messageId, uri);
  }

  @Override
  public void storeCorrelationKey(String messageId, String key) {
    keys.put(messageId, key);
  }

  @Override
  public void storeAuditDataset(String messageId, WsAuditDataset audit) {
    audits.put(messageId, audit);
  }

  @Override
  public void storeAlternativeKeys(String messageId, String... others) {
    for (String each : others) messages.put(each, messageId);
  }

  @Override
  public String getServiceEndpointUri(String messageId) {
    return endpoints.get(messageId);
  }

  @Override
  public String getCorrelationKey(String messageId) {
    return keys.get(messageId);
  }

  @Override
  public WsAuditDataset getAuditDataset(String messageId) {
    return audits.get(messageId);
  }

  @Override
  public String getMessageId(String other) {
    return messages.get(other);
  }

  @Override
  public boolean delete(String messageId) {
    messages.values().removeIf(messageId::equals);
    keys.remove(messageId);
    audits.remove(messageId);
    return endpoints.remove(messageId) != null;
  }
}
