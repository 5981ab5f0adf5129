package interop;

import static org.openehealth.ipf.platform.camel.ihe.xds.XdsCamelValidators.*;

import java.util.function.Function;
import org.apache.camel.Exchange;
import org.apache.camel.Processor;
import org.apache.camel.builder.RouteBuilder;
import org.openehealth.ipf.commons.ihe.xds.core.requests.ProvideAndRegisterDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.requests.QueryRegistry;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RegisterDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RemoveDocuments;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RemoveMetadata;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RetrieveDocumentSet;
import org.openehealth.ipf.platform.camel.ihe.xds.core.converters.XdsRenderingUtils;

/** The servers of document sharing: validator, store, validator. */
final class XdsRoutes extends RouteBuilder {
  private final Store store;

  XdsRoutes(Store store) {
    this.store = store;
  }

  @Override
  public void configure() {
    Function<QueryRegistry, Object> queried = store::query;
    serve("ITI-18", "xds-iti18:iti18", iti18RequestValidator(), QueryRegistry.class, queried, iti18ResponseValidator());
    serve("ITI-51", "xds-iti51:iti51", iti51RequestValidator(), QueryRegistry.class, queried, iti51ResponseValidator());
    serve("ITI-38", "xca-iti38:iti38", iti38RequestValidator(), QueryRegistry.class, store::queryAsCommunity, iti38ResponseValidator());
    serve("ITI-42", "xds-iti42:iti42", iti42RequestValidator(), RegisterDocumentSet.class, store::register, iti42ResponseValidator());
    serve("ITI-61", "xds-iti61:iti61", iti61RequestValidator(), RegisterDocumentSet.class, store::register, iti61ResponseValidator());
    serve("ITI-57", "xds-iti57:iti57", iti57RequestValidator(), RegisterDocumentSet.class, store::update, iti57ResponseValidator());
    serve("ITI-92", "rmu-iti92:iti92", iti92RequestValidator(), RegisterDocumentSet.class, store::update, iti92ResponseValidator());
    serve("ITI-41", "xds-iti41:iti41", iti41RequestValidator(), ProvideAndRegisterDocumentSet.class, store::provide, iti41ResponseValidator());
    serve("ITI-43", "xds-iti43:iti43", iti43RequestValidator(), RetrieveDocumentSet.class, store::retrieve, iti43ResponseValidator());
    serve("ITI-39", "xca-iti39:iti39", iti39RequestValidator(), RetrieveDocumentSet.class, store::retrieve, iti39ResponseValidator());
    serve("ITI-62", "rmd-iti62:iti62", iti62RequestValidator(), RemoveMetadata.class, store::removeMetadata, iti62ResponseValidator());
    serve("ITI-86", "rmd-iti86:iti86", iti86RequestValidator(), RemoveDocuments.class, store::removeDocuments, iti86ResponseValidator());
  }

  private <T> void serve(
      String transaction,
      String endpoint,
      Processor requestValidator,
      Class<T> type,
      Function<T, Object> act,
      Processor responseValidator) {
    from(endpoint)
        .routeId(transaction)
        .process(Judge.reporting(transaction, "request", requestValidator, each -> rendered(each, type)))
        .process(exchange -> exchange.getMessage().setBody(act.apply(exchange.getIn().getBody(type))))
        .process(Judge.reporting(transaction, "response", responseValidator, each -> null));
  }

  /** The message as IPF writes it after it has read it into its own model. */
  private static String rendered(Exchange exchange, Class<?> type) {
    return XdsRenderingUtils.doRender(exchange, exchange.getIn().getBody(type));
  }
}
