import { encodeCX } from '../formats/datatypes.ts';
import type { PatientId } from '../patient.ts';
import type { AvailabilityStatus, Code } from './metadata.ts';
import { type AdhocQueryRequest, STORED_QUERIES } from './stored-queries.ts';
import {
  allOf,
  type DocumentCriteria,
  documentSlots,
  list,
  type QueryOptions,
  request,
  statuses,
  time,
} from './stored-query-slots.ts';

/** Several patients, or none for any. */
export interface OfPatients {
  readonly patientIds?: readonly PatientId[];
}

/**
 * FindDocumentsForMultiplePatients: needs patients, classCode, eventCodeList or healthcareFacilityTypeCode.
 *
 * @see ITI TF-2: 3.51.4.1.2.3
 */
export function findDocumentsForMultiplePatients(
  asked: QueryOptions & DocumentCriteria & OfPatients,
): AdhocQueryRequest {
  return request(STORED_QUERIES.FindDocumentsForMultiplePatients, asked, [
    ...list('$XDSDocumentEntryPatientId', asked.patientIds?.map(encodeCX)),
    ...documentSlots(asked),
  ]);
}

/** FindDocumentsByReferenceIdForMultiplePatients: each inner list of CXi must fit by any of its values. */
export function findDocumentsByReferenceIdForMultiplePatients(
  asked: QueryOptions &
    DocumentCriteria &
    OfPatients & { readonly referenceIdList: readonly (readonly string[])[] },
): AdhocQueryRequest {
  return request(STORED_QUERIES.FindDocumentsByReferenceIdForMultiplePatients, asked, [
    ...list('$XDSDocumentEntryPatientId', asked.patientIds?.map(encodeCX)),
    ...documentSlots(asked),
    ...asked.referenceIdList.flatMap((any) => list('$XDSDocumentEntryReferenceIdList', any)),
  ]);
}

/** FindFoldersForMultiplePatients: needs patients or codeList. @see ITI TF-2: 3.51.4.1.2.3 */
export function findFoldersForMultiplePatients(
  asked: QueryOptions &
    OfPatients & {
      readonly status?: readonly AvailabilityStatus[];
      readonly lastUpdateTimeFrom?: string;
      readonly lastUpdateTimeTo?: string;
      readonly codeList?: readonly (readonly Code[])[];
    },
): AdhocQueryRequest {
  return request(STORED_QUERIES.FindFoldersForMultiplePatients, asked, [
    ...list('$XDSFolderPatientId', asked.patientIds?.map(encodeCX)),
    ...statuses('$XDSFolderStatus', asked.status),
    ...time('$XDSFolderLastUpdateTimeFrom', asked.lastUpdateTimeFrom),
    ...time('$XDSFolderLastUpdateTimeTo', asked.lastUpdateTimeTo),
    ...allOf('$XDSFolderCodeList', asked.codeList),
  ]);
}
