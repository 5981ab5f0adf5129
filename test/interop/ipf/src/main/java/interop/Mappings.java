package interop;

import java.util.Map;
import org.openehealth.ipf.commons.audit.AuditContext;
import org.openehealth.ipf.commons.core.config.ContextFacade;
import org.openehealth.ipf.commons.core.config.Registry;
import org.openehealth.ipf.commons.map.BidiMappingService;

/** The beans that IPF looks for: its code mappings between HL7 V2 and V3, and an audit that is off. */
final class Mappings implements Registry {
  private final Map<String, Object> beans;

  private Mappings(Map<String, Object> beans) {
    this.beans = beans;
  }

  static void register() {
    BidiMappingService mappings = new BidiMappingService();
    mappings.setMappingScript(Mappings.class.getResource("/META-INF/map/hl7-v2-v3-translation.map"));
    ContextFacade.setRegistry(new Mappings(Map.of("mappings", mappings, "audit", AuditContext.noAudit())));
  }

  @Override
  public Object bean(String name) {
    return beans.get(name);
  }

  @Override
  public <T> T bean(Class<T> type) {
    return beans(type).values().stream().findFirst().orElseThrow();
  }

  @Override
  public <T> Map<String, T> beans(Class<T> type) {
    Map<String, T> found = new java.util.HashMap<>();
    beans.forEach((name, bean) -> {
      if (type.isInstance(bean)) found.put(name, type.cast(bean));
    });
    return found;
  }
}
