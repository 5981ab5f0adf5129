package interop;

import jakarta.activation.DataHandler;
import jakarta.activation.FileDataSource;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Association;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.AssociationType;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.AvailabilityStatus;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Document;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.DocumentEntry;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Folder;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Identifiable;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.ObjectReference;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.SubmissionSet;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Version;
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
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.FindFoldersQuery;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.GetAllQuery;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.GetDocumentsQuery;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.Query;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.QueryReturnType;
import org.openehealth.ipf.commons.ihe.xds.core.requests.query.StoredQuery;
import org.openehealth.ipf.commons.ihe.xds.core.responses.ErrorCode;
import org.openehealth.ipf.commons.ihe.xds.core.responses.ErrorInfo;
import org.openehealth.ipf.commons.ihe.xds.core.responses.QueryResponse;
import org.openehealth.ipf.commons.ihe.xds.core.responses.Response;
import org.openehealth.ipf.commons.ihe.xds.core.responses.RetrievedDocument;
import org.openehealth.ipf.commons.ihe.xds.core.responses.RetrievedDocumentSet;
import org.openehealth.ipf.commons.ihe.xds.core.responses.Severity;
import org.openehealth.ipf.commons.ihe.xds.core.responses.Status;

/**
 * Registry and repository in memory; the documents' octets lie in a folder.
 *
 * <p>A patient whose id begins with {@code REFUSE} is refused, one with {@code PARTIAL} is answered in part.
 */
final class Store {
  private final Path folder;
  private final Map<String, DocumentEntry> entries = new LinkedHashMap<>();
  private final Map<String, SubmissionSet> sets = new LinkedHashMap<>();
  private final Map<String, Folder> folders = new LinkedHashMap<>();
  private final Map<String, Association> associations = new LinkedHashMap<>();
  private final Map<String, Path> documents = new LinkedHashMap<>();

  Store(Path folder) {
    this.folder = folder;
  }

  synchronized Object query(QueryRegistry asked) {
    return answer(asked, null);
  }

  /** ITI-38: everything carries the home of this community. */
  synchronized Object queryAsCommunity(QueryRegistry asked) {
    return answer(asked, World.HOME);
  }

  private QueryResponse answer(QueryRegistry asked, String home) {
    List<String> patients = patientsOf(asked.getQuery());
    if (patients.stream().anyMatch(each -> each.startsWith("REFUSE"))) {
      QueryResponse refused = new QueryResponse(Status.FAILURE);
      refused.getErrors().add(error("XDSUnknownPatientId", "この患者は登録されていません", home));
      return refused;
    }
    QueryResponse found = new QueryResponse(Status.SUCCESS);
    select(asked.getQuery(), found);
    for (XDSMetaClass each : found.getDocumentEntries()) each.setHomeCommunityId(home);
    for (XDSMetaClass each : found.getFolders()) each.setHomeCommunityId(home);
    for (XDSMetaClass each : found.getSubmissionSets()) each.setHomeCommunityId(home);
    if (patients.stream().anyMatch(each -> each.startsWith("PARTIAL"))) {
      found.setStatus(Status.PARTIAL_SUCCESS);
      found.getErrors().add(error("XDSRegistryBusy", "登録簿が混み合っています", home));
    }
    if (asked.getReturnType() == QueryReturnType.OBJECT_REF) referenced(found, home);
    return found;
  }

  private static List<String> patientsOf(Query query) {
    if (query instanceof FindDocumentsQuery one) return List.of(one.getPatientId().getId());
    if (query instanceof FindFoldersQuery one) return List.of(one.getPatientId().getId());
    if (query instanceof GetAllQuery one) return List.of(one.getPatientId().getId());
    if (query instanceof FindDocumentsForMultiplePatientsQuery many) {
      return many.getPatientIds().stream().map(Identifiable::getId).toList();
    }
    return List.of();
  }

  private void select(Query query, QueryResponse into) {
    List<String> patients = patientsOf(query);
    if (query instanceof FindDocumentsQuery one) {
      List<AvailabilityStatus> status = one.getStatus();
      of(entries.values(), patients).filter(each -> status.contains(each.getAvailabilityStatus())).forEach(into.getDocumentEntries()::add);
    } else if (query instanceof FindDocumentsForMultiplePatientsQuery) {
      of(entries.values(), patients).forEach(into.getDocumentEntries()::add);
    } else if (query instanceof FindFoldersQuery) {
      of(folders.values(), patients).forEach(into.getFolders()::add);
    } else if (query instanceof GetAllQuery) {
      of(entries.values(), patients).forEach(into.getDocumentEntries()::add);
      of(folders.values(), patients).forEach(into.getFolders()::add);
      of(sets.values(), patients).forEach(into.getSubmissionSets()::add);
      into.getAssociations().addAll(associations.values());
    } else if (query instanceof GetDocumentsQuery byId) {
      for (DocumentEntry each : entries.values()) {
        boolean named = byId.getUuids() != null && byId.getUuids().contains(each.getEntryUuid());
        boolean unique = byId.getUniqueIds() != null && byId.getUniqueIds().contains(each.getUniqueId());
        if (named || unique) into.getDocumentEntries().add(each);
      }
    } else {
      throw new IllegalArgumentException("no such query here: " + ((StoredQuery) query).getType());
    }
  }

  private static <T extends XDSMetaClass> java.util.stream.Stream<T> of(Collection<T> all, List<String> patients) {
    return all.stream().filter(each -> patients.contains(each.getPatientId().getId()));
  }

  private static void referenced(QueryResponse found, String home) {
    List<XDSMetaClass> all = new ArrayList<>(found.getDocumentEntries());
    all.addAll(found.getFolders());
    all.addAll(found.getSubmissionSets());
    all.forEach(each -> found.getReferences().add(new ObjectReference(each.getEntryUuid(), home)));
    found.getDocumentEntries().clear();
    found.getFolders().clear();
    found.getSubmissionSets().clear();
    found.getAssociations().clear();
  }

  synchronized Object register(RegisterDocumentSet submitted) {
    return keep(submitted.getSubmissionSet(), submitted.getDocumentEntries(), submitted.getFolders(), submitted.getAssociations());
  }

  synchronized Object provide(ProvideAndRegisterDocumentSet provided) {
    List<DocumentEntry> described = new ArrayList<>();
    for (Document each : provided.getDocuments()) {
      DocumentEntry entry = each.getDocumentEntry();
      if (entry.getPatientId().getId().startsWith("REFUSE")) break;
      Path file = folder.resolve(UUID.randomUUID().toString());
      try (InputStream octets = each.getDataHandler().getInputStream();
          DigestInputStream digested = new DigestInputStream(octets, MessageDigest.getInstance("SHA-1"))) {
        Files.copy(digested, file, StandardCopyOption.REPLACE_EXISTING);
        entry.setSize(Files.size(file));
        entry.setHash(HexFormat.of().formatHex(digested.getMessageDigest().digest()));
      } catch (IOException fault) {
        throw new UncheckedIOException(fault);
      } catch (NoSuchAlgorithmException fault) {
        throw new IllegalStateException(fault);
      }
      entry.setRepositoryUniqueId(World.REPOSITORY);
      documents.put(entry.getUniqueId(), file);
      described.add(entry);
    }
    return keep(provided.getSubmissionSet(), described, provided.getFolders(), provided.getAssociations());
  }

  private Response keep(SubmissionSet set, List<DocumentEntry> described, List<Folder> filed, List<Association> related) {
    if (set.getPatientId().getId().startsWith("REFUSE")) {
      return refusing("XDSUnknownPatientId", "この患者は登録されていません");
    }
    Map<String, String> assigned = new LinkedHashMap<>();
    for (DocumentEntry each : described) entries.put(approve(each, assigned), each);
    for (Folder each : filed) {
      folders.put(approve(each, assigned), each);
      each.setLastUpdateTime("20250101000000");
    }
    sets.put(approve(set, assigned), set);
    for (Association each : related) {
      each.setEntryUuid(assigned.computeIfAbsent(String.valueOf(each.getEntryUuid()), Store::urn));
      each.setSourceUuid(assigned.getOrDefault(each.getSourceUuid(), each.getSourceUuid()));
      each.setTargetUuid(assigned.getOrDefault(each.getTargetUuid(), each.getTargetUuid()));
      each.setAvailabilityStatus(AvailabilityStatus.APPROVED);
      associations.put(each.getEntryUuid(), each);
    }
    return new Response(Status.SUCCESS);
  }

  private static String approve(XDSMetaClass object, Map<String, String> assigned) {
    object.setEntryUuid(assigned.computeIfAbsent(object.getEntryUuid(), Store::urn));
    if (object.getLogicalUuid() == null) object.setLogicalUuid(object.getEntryUuid());
    if (object.getVersion() == null) object.setVersion(new Version("1"));
    object.setAvailabilityStatus(AvailabilityStatus.APPROVED);
    return object.getEntryUuid();
  }

  private static String urn(String symbol) {
    return symbol.startsWith("urn:uuid:") ? symbol : "urn:uuid:" + UUID.randomUUID();
  }

  /** ITI-57 and ITI-92: a new version deprecates the one that it follows; a status is set as asked. */
  synchronized Object update(RegisterDocumentSet submitted) {
    for (Association each : submitted.getAssociations()) {
      if (each.getAssociationType() == AssociationType.UPDATE_AVAILABILITY_STATUS) {
        XDSMetaClass target = entries.get(each.getTargetUuid());
        if (target == null) return refusing("XDSMetadataUpdateError", "no such object: " + each.getTargetUuid());
        target.setAvailabilityStatus(each.getNewStatus());
      }
    }
    for (DocumentEntry each : submitted.getDocumentEntries()) {
      DocumentEntry before = entries.get(each.getLogicalUuid());
      if (before == null) return refusing("XDSMetadataUpdateError", "no such object: " + each.getLogicalUuid());
      before.setAvailabilityStatus(AvailabilityStatus.DEPRECATED);
      each.setVersion(new Version("2"));
    }
    return keep(submitted.getSubmissionSet(), submitted.getDocumentEntries(), List.of(), List.of());
  }

  synchronized Object removeMetadata(RemoveMetadata asked) {
    for (ObjectReference each : asked.getReferences()) {
      String id = each.getId();
      if (!entries.containsKey(id) && !associations.containsKey(id) && !sets.containsKey(id)) {
        return refusing("UnresolvedReferenceException", "no such object: " + id);
      }
    }
    for (ObjectReference each : asked.getReferences()) {
      entries.remove(each.getId());
      associations.remove(each.getId());
      sets.remove(each.getId());
    }
    return new Response(Status.SUCCESS);
  }

  synchronized Object removeDocuments(RemoveDocuments asked) {
    Response answer = new Response(Status.SUCCESS);
    int removed = 0;
    for (DocumentReference each : asked.getDocuments()) {
      if (documents.remove(each.getDocumentUniqueId()) != null) removed += 1;
      else answer.getErrors().add(error("XDSDocumentUniqueIdError", each.getDocumentUniqueId(), null));
    }
    if (!answer.getErrors().isEmpty()) {
      answer.setStatus(removed == 0 ? Status.FAILURE : Status.PARTIAL_SUCCESS);
    }
    return answer;
  }

  synchronized Object retrieve(RetrieveDocumentSet asked) {
    RetrievedDocumentSet answer = new RetrievedDocumentSet(Status.SUCCESS);
    for (DocumentReference each : asked.getDocuments()) {
      Path file = documents.get(each.getDocumentUniqueId());
      if (file == null) {
        answer.getErrors().add(error("XDSDocumentUniqueIdError", each.getDocumentUniqueId(), each.getHomeCommunityId()));
        continue;
      }
      DocumentEntry entry = entries.values().stream().filter(one -> one.getUniqueId().equals(each.getDocumentUniqueId())).findFirst().orElseThrow();
      RetrievedDocument document = new RetrievedDocument();
      document.setRequestData(each);
      document.setMimeType(entry.getMimeType());
      document.setDataHandler(new DataHandler(new FileDataSource(file.toFile()) {
        @Override
        public String getContentType() {
          return entry.getMimeType();
        }
      }));
      answer.getDocuments().add(document);
    }
    if (!answer.getErrors().isEmpty()) {
      answer.setStatus(answer.getDocuments().isEmpty() ? Status.FAILURE : Status.PARTIAL_SUCCESS);
    }
    return answer;
  }

  private static Response refusing(String code, String context) {
    Response refused = new Response(Status.FAILURE);
    refused.getErrors().add(error(code, context, null));
    return refused;
  }

  private static ErrorInfo error(String code, String context, String location) {
    ErrorCode known = ErrorCode.valueOfOpcode(code);
    return new ErrorInfo(known, context, Severity.ERROR, location, known == ErrorCode._USER_DEFINED ? code : null);
  }
}
