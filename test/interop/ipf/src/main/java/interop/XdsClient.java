package interop;

import static org.openehealth.ipf.platform.camel.ihe.xds.XdsCamelValidators.*;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import jakarta.activation.DataHandler;
import jakarta.activation.FileDataSource;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.camel.CamelContext;
import org.apache.camel.Exchange;
import org.apache.camel.ExchangePattern;
import org.apache.camel.Processor;
import org.apache.camel.support.DefaultExchange;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.AvailabilityStatus;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Document;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.DocumentEntryType;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.ObjectReference;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.XDSMetaClass;
import org.openehealth.ipf.commons.ihe.xds.core.requests.DocumentReference;
import org.openehealth.ipf.commons.ihe.xds.core.requests.ProvideAndRegisterDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.requests.QueryRegistry;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RegisterDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RemoveDocuments;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RemoveMetadata;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RetrieveDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.FindDocumentsForMultiplePatientsQuery;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.FindDocumentsQuery;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.GetAllQuery;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.GetDocumentsQuery;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.QueryReturnType;
import org.openehealth.ipf.commons.ihe.xds.core.responses.ErrorInfo;
import org.openehealth.ipf.commons.ihe.xds.core.responses.QueryResponse;
import org.openehealth.ipf.commons.ihe.xds.core.responses.Response;
import org.openehealth.ipf.commons.ihe.xds.core.responses.RetrievedDocument;
import org.openehealth.ipf.commons.ihe.xds.core.responses.RetrievedDocumentSet;
import org.openehealth.ipf.platform.camel.ihe.xds.core.converters.XdsRenderingUtils;

/** IPF as the asker of document sharing. */
final class XdsClient {
  /** A transaction of this client: its component, the request that a case means, the validators and the answer's type. */
  private record Way(
      String component,
      Function<Case, Object> request,
      Processor requestValidator,
      Processor responseValidator,
      Class<? extends Response> answer) {}

  private static final Map<String, Way> WAYS =
      Map.ofEntries(
          way("ITI-18", "xds-iti18", XdsClient::query, iti18RequestValidator(), iti18ResponseValidator(), QueryResponse.class),
          way("ITI-51", "xds-iti51", XdsClient::query, iti51RequestValidator(), iti51ResponseValidator(), QueryResponse.class),
          way("ITI-38", "xca-iti38", XdsClient::query, iti38RequestValidator(), iti38ResponseValidator(), QueryResponse.class),
          way("ITI-42", "xds-iti42", Submissions::submission, iti42RequestValidator(), iti42ResponseValidator(), Response.class),
          way("ITI-61", "xds-iti61", Submissions::submission, iti61RequestValidator(), iti61ResponseValidator(), Response.class),
          way("ITI-57", "xds-iti57", Submissions::submission, iti57RequestValidator(), iti57ResponseValidator(), Response.class),
          way("ITI-92", "rmu-iti92", Submissions::submission, iti92RequestValidator(), iti92ResponseValidator(), Response.class),
          way("ITI-41", "xds-iti41", XdsClient::provision, iti41RequestValidator(), iti41ResponseValidator(), Response.class),
          way("ITI-43", "xds-iti43", XdsClient::retrieval, iti43RequestValidator(), iti43ResponseValidator(), RetrievedDocumentSet.class),
          way("ITI-39", "xca-iti39", XdsClient::retrieval, iti39RequestValidator(), iti39ResponseValidator(), RetrievedDocumentSet.class),
          way("ITI-62", "rmd-iti62", XdsClient::removal, iti62RequestValidator(), iti62ResponseValidator(), Response.class),
          way("ITI-86", "rmd-iti86", XdsClient::documentRemoval, iti86RequestValidator(), iti86ResponseValidator(), Response.class));

  private static Map.Entry<String, Way> way(
      String transaction,
      String component,
      Function<Case, Object> request,
      Processor requestValidator,
      Processor responseValidator,
      Class<? extends Response> answer) {
    return Map.entry(transaction, new Way(component, request, requestValidator, responseValidator, answer));
  }

  private final CamelContext camel;

  XdsClient(CamelContext camel) {
    this.camel = camel;
  }

  boolean knows(Case asked) {
    return WAYS.containsKey(asked.transaction());
  }

  /** Sends the case's request and says what came back, and what IPF's validators hold of both. */
  ObjectNode ask(Case asked) {
    Way way = WAYS.get(asked.transaction());
    ObjectNode answer = Events.JSON.createObjectNode().put("id", asked.id());
    try {
      Object request = way.request().apply(asked);
      answer.put("requestValid", verdict(way.requestValidator(), request));
      Judge.putWords(answer, "sentWords", XdsRenderingUtils.doRender(new DefaultExchange(camel), request));
      if (Replies.receives(asked)) {
        Exception failed = Replies.ask(camel, asked, asked.endpoint(way.component()), request, each -> put(way, each, answer));
        if (failed == null) return answer;
        Judge.putFaultCodes(answer, failed);
        return answer.put("fault", Judge.why(failed));
      }
      Exchange sent = camel.createProducerTemplate().request(asked.endpoint(way.component()), each -> each.getIn().setBody(request));
      if (sent.getException() != null) {
        Judge.putFaultCodes(answer, sent.getException());
        return answer.put("fault", Judge.why(sent.getException()));
      }
      put(way, sent, answer);
    } catch (Exception | LinkageError fault) {
      answer.put("fault", Judge.why(fault));
    }
    return answer;
  }

  private void put(Way way, Exchange answered, ObjectNode answer) throws Exception {
    answer.put("responseValid", verdict(way.responseValidator(), answered.getMessage().getBody()));
    describe(answered.getMessage().getBody(way.answer()), answer);
    Judge.putWords(answer, "words", XdsRenderingUtils.doRender(answered, answered.getMessage().getBody(way.answer())));
  }

  /** {@code valid}, or what IPF's validator says against it. */
  private String verdict(Processor validator, Object body) {
    Exchange exchange = new DefaultExchange(camel, ExchangePattern.InOut);
    exchange.getIn().setBody(body);
    try {
      validator.process(exchange);
      return "valid";
    } catch (Exception fault) {
      return Judge.why(fault);
    }
  }

  private static void describe(Response response, ObjectNode answer) throws Exception {
    answer.put("status", response.getStatus().name());
    ArrayNode errors = answer.putArray("errors");
    for (ErrorInfo each : response.getErrors()) {
      String custom = each.getCustomErrorCode();
      errors.addObject()
          .put("code", custom != null ? custom : each.getErrorCode().getOpcode())
          .put("severity", each.getSeverity().name())
          .put("context", each.getCodeContext());
    }
    if (response instanceof QueryResponse found) {
      ArrayNode objects = answer.putArray("objects");
      List<XDSMetaClass> all = new ArrayList<>(found.getDocumentEntries());
      all.addAll(found.getFolders());
      all.addAll(found.getSubmissionSets());
      for (XDSMetaClass each : all) {
        objects.addObject()
            .put("kind", each.getClass().getSimpleName())
            .put("uuid", each.getEntryUuid())
            .put("logicalUuid", each.getLogicalUuid())
            .put("uniqueId", each.getUniqueId())
            .put("status", String.valueOf(each.getAvailabilityStatus()))
            .put("home", each.getHomeCommunityId());
      }
      ArrayNode associations = answer.putArray("associations");
      found.getAssociations().forEach(each -> associations.add(each.getEntryUuid()));
      ArrayNode references = answer.putArray("references");
      for (ObjectReference each : found.getReferences()) references.add(each.getId());
    }
    if (response instanceof RetrievedDocumentSet found) {
      ArrayNode documents = answer.putArray("documents");
      for (RetrievedDocument each : found.getDocuments()) {
        MessageDigest sha1 = MessageDigest.getInstance("SHA-1");
        long size;
        try (InputStream octets = new DigestInputStream(each.getDataHandler().getInputStream(), sha1)) {
          size = octets.transferTo(java.io.OutputStream.nullOutputStream());
        }
        documents.addObject()
            .put("uniqueId", each.getRequestData().getDocumentUniqueId())
            .put("home", each.getRequestData().getHomeCommunityId())
            .put("mimeType", each.getMimeType())
            .put("size", size)
            .put("sha1", HexFormat.of().formatHex(sha1.digest()));
      }
    }
  }

  private static QueryRegistry query(Case asked) {
    QueryRegistry request = new QueryRegistry(storedQuery(asked));
    request.setReturnType(asked.has("references") ? QueryReturnType.OBJECT_REF : QueryReturnType.LEAF_CLASS);
    return request;
  }

  private static org.openehealth.ipf.commons.ihe.xds.core.requests.query.Query storedQuery(Case asked) {
    switch (asked.text("query")) {
      case "FindDocuments": {
        FindDocumentsQuery query = new FindDocumentsQuery();
        query.setPatientId(Submissions.patient(asked));
        query.setStatus(List.of(AvailabilityStatus.APPROVED));
        query.setDocumentEntryTypes(List.of(DocumentEntryType.STABLE, DocumentEntryType.ON_DEMAND));
        if (asked.has("author")) query.setAuthorPersons(List.of(asked.text("author")));
        query.setHomeCommunityId(asked.text("home"));
        return query;
      }
      case "FindDocumentsForMultiplePatients": {
        FindDocumentsForMultiplePatientsQuery query = new FindDocumentsForMultiplePatientsQuery();
        query.setPatientIds(asked.cases("patients").stream().map(Submissions::patient).toList());
        query.setStatus(List.of(AvailabilityStatus.APPROVED));
        query.setClassCodes(List.of());
        return query;
      }
      case "GetAll": {
        GetAllQuery query = new GetAllQuery();
        query.setPatientId(Submissions.patient(asked));
        query.setDocumentEntryTypes(List.of(DocumentEntryType.STABLE, DocumentEntryType.ON_DEMAND));
        query.setStatusDocuments(List.of(AvailabilityStatus.APPROVED));
        query.setStatusFolders(List.of(AvailabilityStatus.APPROVED));
        query.setStatusSubmissionSets(List.of(AvailabilityStatus.APPROVED));
        query.setHomeCommunityId(asked.text("home"));
        return query;
      }
      case "GetDocuments": {
        GetDocumentsQuery query = new GetDocumentsQuery();
        query.setUniqueIds(asked.texts("uniqueIds"));
        query.setHomeCommunityId(asked.text("home"));
        return query;
      }
      default:
        throw new IllegalArgumentException("no such query: " + asked.text("query"));
    }
  }

  private static ProvideAndRegisterDocumentSet provision(Case asked) {
    RegisterDocumentSet described = Submissions.submission(asked);
    ProvideAndRegisterDocumentSet made = new ProvideAndRegisterDocumentSet();
    made.setSubmissionSet(described.getSubmissionSet());
    made.getFolders().addAll(described.getFolders());
    made.getAssociations().addAll(described.getAssociations());
    for (int i = 0; i < described.getDocumentEntries().size(); i += 1) {
      Case document = asked.cases("documents").get(i);
      String mimeType = described.getDocumentEntries().get(i).getMimeType();
      FileDataSource octets = new FileDataSource(Path.of(document.text("file")).toFile()) {
        @Override
        public String getContentType() {
          return mimeType;
        }
      };
      made.getDocuments().add(new Document(described.getDocumentEntries().get(i), new DataHandler(octets)));
    }
    return made;
  }

  private static List<DocumentReference> references(Case asked) {
    return asked.cases("documents").stream()
        .map(each -> new DocumentReference(each.text("repository"), each.text("uniqueId"), each.text("home")))
        .toList();
  }

  private static RetrieveDocumentSet retrieval(Case asked) {
    RetrieveDocumentSet request = new RetrieveDocumentSet();
    request.getDocuments().addAll(references(asked));
    return request;
  }

  private static RemoveDocuments documentRemoval(Case asked) {
    RemoveDocuments request = new RemoveDocuments();
    request.getDocuments().addAll(references(asked));
    return request;
  }

  private static RemoveMetadata removal(Case asked) {
    RemoveMetadata request = new RemoveMetadata();
    asked.texts("uuids").forEach(each -> request.getReferences().add(new ObjectReference(each)));
    return request;
  }
}
