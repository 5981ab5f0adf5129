package interop;

import java.util.List;
import java.util.Map;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Address;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.AssigningAuthority;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Association;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.AssociationLabel;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.AssociationType;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Author;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.AvailabilityStatus;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Code;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.CXiAssigningAuthority;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.DocumentEntry;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.DocumentEntryType;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Folder;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Identifiable;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.LocalizedString;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Organization;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.PatientInfo;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Person;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Recipient;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.ReferenceId;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.SubmissionSet;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.Version;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.XcnName;
import org.openehealth.ipf.commons.ihe.xds.core.metadata.XpnName;
import org.openehealth.ipf.commons.ihe.xds.core.requests.RegisterDocumentSet;

/** Submissions in IPF's own model, with Japanese text in every attribute that may carry it. */
final class Submissions {
  private static final String SET = "SubmissionSet01";

  private Submissions() {}

  static Identifiable patient(Case one) {
    return new Identifiable(one.text("patient"), new AssigningAuthority(one.text("authority")));
  }

  /** SubmissionSet, entries, a folder where the case names one, and the associations between them. */
  static RegisterDocumentSet submission(Case asked) {
    RegisterDocumentSet made = new RegisterDocumentSet();
    made.setSubmissionSet(set(asked));
    for (Case document : asked.cases("documents")) {
      DocumentEntry entry = entry(asked, document);
      made.getDocumentEntries().add(entry);
      Association held = member("in-set-" + entry.getEntryUuid(), SET, entry.getEntryUuid());
      held.setLabel(AssociationLabel.ORIGINAL);
      if (document.has("previousVersion")) held.setPreviousVersion(document.text("previousVersion"));
      made.getAssociations().add(held);
    }
    if (asked.has("folder")) {
      made.getFolders().add(folder(asked));
      made.getAssociations().add(member("folder-in-set", SET, "Folder01"));
      for (DocumentEntry entry : List.copyOf(made.getDocumentEntries())) {
        String filing = "filing-" + entry.getEntryUuid();
        made.getAssociations().add(member(filing, "Folder01", entry.getEntryUuid()));
        made.getAssociations().add(member("in-set-" + filing, SET, filing));
      }
    }
    for (Case status : asked.cases("statuses")) {
      Association set = new Association(AssociationType.UPDATE_AVAILABILITY_STATUS, "status", SET, status.text("target"));
      set.setOriginalStatus(AvailabilityStatus.APPROVED);
      set.setNewStatus(AvailabilityStatus.DEPRECATED);
      made.getAssociations().add(set);
    }
    return made;
  }

  private static Association member(String uuid, String source, String target) {
    return new Association(AssociationType.HAS_MEMBER, uuid, source, target);
  }

  private static SubmissionSet set(Case asked) {
    SubmissionSet set = new SubmissionSet();
    set.setEntryUuid(SET);
    set.setPatientId(patient(asked));
    set.setUniqueId(asked.text("setId"));
    set.setSourceId(asked.text("sourceId"));
    set.setSubmissionTime("20250102030500");
    set.setTitle(japanese("提出一式"));
    set.setComments(japanese("紹介に伴う提出"));
    set.setContentTypeCode(code("57133-1", "2.16.840.1.113883.6.1", "診療情報提供"));
    set.getAuthors().add(author());
    set.getIntendedRecipients().add(
        new Recipient(new Organization("受取病院", "2.999.1.3", null), person("22222", "受取", "花子"), null));
    set.setHomeCommunityId(asked.text("home"));
    return set;
  }

  private static Folder folder(Case asked) {
    Folder folder = new Folder();
    folder.setEntryUuid("Folder01");
    folder.setPatientId(patient(asked));
    folder.setUniqueId(asked.text("folder"));
    folder.setTitle(japanese("入院一回目"));
    folder.setComments(japanese("入院の記録"));
    folder.getCodeList().add(code("EPI", "2.999.5.2", "入院"));
    return folder;
  }

  private static DocumentEntry entry(Case asked, Case document) {
    boolean onDemand = document.has("onDemand");
    DocumentEntry entry = new DocumentEntry();
    entry.setEntryUuid(document.text("uuid"));
    entry.setUniqueId(document.text("uniqueId"));
    entry.setPatientId(patient(asked));
    entry.setType(onDemand ? DocumentEntryType.ON_DEMAND : DocumentEntryType.STABLE);
    entry.setMimeType(document.text("mimeType", "text/plain"));
    entry.setTitle(japanese(document.text("title", "診療情報提供書")));
    entry.setComments(japanese("担当医より"));
    entry.getAuthors().add(author());
    if (!onDemand) entry.setLegalAuthenticator(person("33333", "確認", "次郎"));
    entry.setClassCode(code("57133-1", "2.16.840.1.113883.6.1", "紹介状"));
    entry.setTypeCode(code("57133-1", "2.16.840.1.113883.6.1", "紹介状"));
    entry.getConfidentialityCodes().add(code("N", "2.16.840.1.113883.5.25", "通常"));
    entry.getEventCodeList().add(code("EV-1", "2.999.5.3", "検査"));
    entry.setFormatCode(code("urn:ihe:iti:xds:2017:mimeTypeSufficient", "1.3.6.1.4.1.19376.1.2.3", "種別で足りる"));
    entry.setHealthcareFacilityTypeCode(code("HOSP", "2.16.840.1.113883.5.111", "病院"));
    entry.setPracticeSettingCode(code("394802001", "2.16.840.1.113883.6.96", "総合診療"));
    entry.setLanguageCode("ja-JP");
    entry.setSourcePatientId(new Identifiable("0001234", new AssigningAuthority("2.999.1.10.1")));
    entry.setSourcePatientInfo(patientInfo());
    entry.getReferenceIdList().add(
        new ReferenceId("REF-1", new CXiAssigningAuthority(null, "2.999.5.4", "ISO"), ReferenceId.ID_TYPE_CODE_ORDER));
    entry.setServiceStartTime("20250101");
    entry.setServiceStopTime("20250102");
    if (!onDemand) entry.setCreationTime("20250102030405");
    if (document.has("hash")) entry.setHash(document.text("hash"));
    if (document.has("size")) entry.setSize(document.number("size"));
    entry.setRepositoryUniqueId(document.text("repository"));
    if (document.has("logicalUuid")) entry.setLogicalUuid(document.text("logicalUuid"));
    if (document.has("status")) entry.setAvailabilityStatus(AvailabilityStatus.valueOfOpcode(document.text("status")));
    if (document.has("version")) entry.setVersion(new Version(document.text("version")));
    entry.setHomeCommunityId(asked.text("home"));
    if (document.has("extra")) entry.setExtraMetadata(Map.of("urn:2.999:所見", List.of("特記なし")));
    return entry;
  }

  private static PatientInfo patientInfo() {
    PatientInfo info = new PatientInfo();
    info.getIds().add(new Identifiable("0001234", new AssigningAuthority("2.999.1.10.1")));
    info.getNames().add(new XpnName("試験", "太郎", null, null, null, null));
    info.setDateOfBirth("19700101");
    info.setGender("M");
    Address home = new Address();
    home.setStreetAddress("試験町1-2-3");
    home.setCity("松江市");
    home.setStateOrProvince("島根県");
    home.setZipOrPostalCode("690-0000");
    home.setCountry("JPN");
    info.getAddresses().add(home);
    return info;
  }

  private static Author author() {
    Author author = new Author();
    author.setAuthorPerson(person("11111", "試験", "医師"));
    author.getAuthorInstitution().add(new Organization("試験病院", "2.999.1.2", null));
    author.getAuthorRole().add(new Identifiable("主治医"));
    author.getAuthorSpecialty().add(new Identifiable("内科"));
    return author;
  }

  private static Person person(String id, String family, String given) {
    return new Person(
        new Identifiable(id, new AssigningAuthority("2.999.6.197")),
        new XcnName(family, given, null, null, null, null));
  }

  private static Code code(String code, String scheme, String display) {
    return new Code(code, japanese(display), scheme);
  }

  private static LocalizedString japanese(String text) {
    return new LocalizedString(text, "ja-JP", "UTF-8");
  }
}
