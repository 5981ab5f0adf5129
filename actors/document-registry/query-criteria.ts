import { lowerBound } from '../../profiles/formats/datatypes.ts';
import type { AvailabilityStatus, Code } from '../../profiles/xds/metadata.ts';
import {
  parameterCodes,
  documentEntryTypesOf,
  type StoredQuery,
  parameterValue,
  parameterValues,
} from '../../profiles/xds/stored-query-reading.ts';
import { nameOfUrn, STATUS_TYPE } from '../../profiles/xds/vocabulary.ts';
import type { ObjectCriteria, TimeSpan } from './registry-store.ts';

/** What FindDocuments and FindDocumentsByReferenceId ask for. Source: ITI TF-2: 3.18.4.1.2.3.7.1, 3.18.4.1.2.3.7.14. */
export function findDocumentsCriteria(query: StoredQuery): ObjectCriteria {
  return {
    ...documentFilters(query),
    patientId: query.patientId,
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
  };
}

/** What FindSubmissionSets asks for. Source: ITI TF-2: 3.18.4.1.2.3.7.2. */
export function findSubmissionSetsCriteria(query: StoredQuery): ObjectCriteria {
  return {
    kind: 'SubmissionSet',
    patientId: query.patientId,
    availabilityStatus: statusesOf(query, '$XDSSubmissionSetStatus'),
    sourceId: parameterValues(query, '$XDSSubmissionSetSourceId'),
    submissionTime: spanOf(query, '$XDSSubmissionSetSubmissionTime'),
    authorPerson: parameterValues(query, '$XDSSubmissionSetAuthorPerson'),
    contentTypeCode: anyCodeOf(query, '$XDSSubmissionSetContentType'),
  };
}

/** What FindFolders asks for. Source: ITI TF-2: 3.18.4.1.2.3.7.3. */
export function findFoldersCriteria(query: StoredQuery): ObjectCriteria {
  return {
    kind: 'Folder',
    patientId: query.patientId,
    availabilityStatus: statusesOf(query, '$XDSFolderStatus'),
    lastUpdateTime: spanOf(query, '$XDSFolderLastUpdateTime'),
    codeList: parameterCodes(query, '$XDSFolderCodeList'),
  };
}

/** What GetAll asks for, one kind after the other. Source: ITI TF-2: 3.18.4.1.2.3.7.4. */
export function getAllCriteria(query: StoredQuery): readonly ObjectCriteria[] {
  const { patientId } = query;
  const of = (kind: 'SubmissionSet' | 'Folder', status: string) => ({
    kind,
    patientId,
    availabilityStatus: statusesOf(query, status),
  });
  const availabilityStatus = statusesOf(query, '$XDSDocumentEntryStatus');
  return [
    of('SubmissionSet', '$XDSSubmissionSetStatus'),
    { ...documentFilters(query), patientId, availabilityStatus },
    of('Folder', '$XDSFolderStatus'),
  ];
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
