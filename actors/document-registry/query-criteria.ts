import { lowerBound } from '../../profiles/formats/datatypes.ts';
import type { AvailabilityStatus, Code } from '../../profiles/xds/metadata.ts';
import {
  documentAvailabilitiesOf,
  documentEntryTypesOf,
  parameterCodes,
  type StoredQuery,
  parameterValue,
  parameterValues,
} from '../../profiles/xds/stored-query-reading.ts';
import { DOCUMENT_AVAILABILITY, nameOfUrn, STATUS_TYPE } from '../../profiles/xds/vocabulary.ts';
import type { ObjectCriteria, TimeSpan, Versions } from './registry-store.ts';

/**
 * What FindDocuments and FindDocumentsByReferenceId ask for, of one patient or of several: of each document the most
 * recent version. Source: ITI TF-2: 3.18.4.1.2.3.7.1, 3.18.4.1.2.3.7.14, 3.51.4.1.2.
 */
export function findDocumentsCriteria(query: StoredQuery): ObjectCriteria {
  // The spreads stand last in all of these: V8 gives a literal that goes on after one a new shape each time it is made.
  return {
    versions: 'latest',
    documentAvailability: documentAvailabilitiesOf(query)?.map(
      (name) => DOCUMENT_AVAILABILITY[name],
    ),
    availabilityStatus: statusesOf(query, '$XDSDocumentEntryStatus'),
    classCode: anyCodeOf(query, '$XDSDocumentEntryClassCode'),
    typeCode: anyCodeOf(query, '$XDSDocumentEntryTypeCode'),
    practiceSettingCode: anyCodeOf(query, '$XDSDocumentEntryPracticeSettingCode'),
    healthcareFacilityTypeCode: anyCodeOf(query, '$XDSDocumentEntryHealthcareFacilityTypeCode'),
    eventCodeList: parameterCodes(query, '$XDSDocumentEntryEventCodeList'),
    referenceIdList: query.parameters.get('$XDSDocumentEntryReferenceIdList'),
    authorPerson: parameterValues(query, '$XDSDocumentEntryAuthorPerson'),
    creationTime: spanOf(query, '$XDSDocumentEntryCreationTime'),
    serviceStartTime: spanOf(query, '$XDSDocumentEntryServiceStartTime'),
    serviceStopTime: spanOf(query, '$XDSDocumentEntryServiceStopTime'),
    ...documentFilters(query),
    ...patientsIn(query),
  };
}

/** What FindSubmissionSets asks for. Source: ITI TF-2: 3.18.4.1.2.3.7.2. */
export function findSubmissionSetsCriteria(query: StoredQuery): ObjectCriteria {
  return {
    kind: 'SubmissionSet',
    availabilityStatus: statusesOf(query, '$XDSSubmissionSetStatus'),
    sourceId: parameterValues(query, '$XDSSubmissionSetSourceId'),
    submissionTime: spanOf(query, '$XDSSubmissionSetSubmissionTime'),
    authorPerson: parameterValues(query, '$XDSSubmissionSetAuthorPerson'),
    contentTypeCode: anyCodeOf(query, '$XDSSubmissionSetContentType'),
    ...patientsIn(query),
  };
}

/** What FindFolders asks for, of one patient or of several. Source: ITI TF-2: 3.18.4.1.2.3.7.3, 3.51.4.1.2. */
export function findFoldersCriteria(query: StoredQuery): ObjectCriteria {
  return {
    kind: 'Folder',
    versions: 'latest',
    availabilityStatus: statusesOf(query, '$XDSFolderStatus'),
    lastUpdateTime: spanOf(query, '$XDSFolderLastUpdateTime'),
    codeList: parameterCodes(query, '$XDSFolderCodeList'),
    ...patientsIn(query),
  };
}

/** What GetAll asks for, one kind after the other. Source: ITI TF-2: 3.18.4.1.2.3.7.4. */
export function getAllCriteria(query: StoredQuery): readonly ObjectCriteria[] {
  const of = (status: string) => ({
    versions: versionsShown(query),
    availabilityStatus: statusesOf(query, status),
    ...patientsIn(query),
  });
  return [
    { kind: 'SubmissionSet', ...of('$XDSSubmissionSetStatus') },
    { ...documentFilters(query), ...of('$XDSDocumentEntryStatus') },
    { kind: 'Folder', ...of('$XDSFolderStatus') },
  ];
}

/** At level 1 a registry looks as if it knew no versions. Source: XDS Metadata Update, 3.18.4.1.2.3.5.1. */
export function versionsShown({ metadataLevel }: StoredQuery): Versions | undefined {
  return metadataLevel === 1 ? 'latest' : undefined;
}

/** The one patient of a query, or the several of a multi-patient query that names any. */
function patientsIn({ patientIds }: StoredQuery): Pick<ObjectCriteria, 'patientId' | 'patientIds'> {
  const [patientId, ...others] = patientIds;
  return others.length === 0 ? { patientId } : { patientIds };
}

/** The filters on DocumentEntries that several queries share: type, formatCode, confidentialityCode. */
export function documentFilters(query: StoredQuery): ObjectCriteria {
  return {
    kind: 'DocumentEntry',
    objectType: documentEntryTypesOf(query),
    formatCode: anyCodeOf(query, '$XDSDocumentEntryFormatCode'),
    confidentialityCode: parameterCodes(query, '$XDSDocumentEntryConfidentialityCode'),
  };
}

function anyCodeOf(query: StoredQuery, name: string): readonly Code[] | undefined {
  return parameterCodes(query, name)[0];
}

function statusesOf(query: StoredQuery, name: string): readonly AvailabilityStatus[] {
  return (parameterValues(query, name) ?? []).flatMap((urn) => nameOfUrn(STATUS_TYPE, urn) ?? []);
}

/** Missing parts of a time count as their lowest value at both ends. Source: ITI TF-2: 3.18.4.1.2.3.3. */
function spanOf(query: StoredQuery, name: string): TimeSpan | undefined {
  const from = parameterValue(query, `${name}From`);
  const to = parameterValue(query, `${name}To`);
  if (from === undefined && to === undefined) return undefined;
  return { from: from && lowerBound(from), to: to && lowerBound(to) };
}
