import type { AuditObject, AuditRow } from '../audit-event.ts';
import { decodeCX } from '../formats/datatypes.ts';
import type { RegistryObject } from '../formats/ebxml.ts';
import { type PatientId, patientKey } from '../patient.ts';
import { refusalsOf } from '../refusal.ts';
import { identifierOf, kindOf } from './metadata-xml.ts';
import type { RegistryResponse } from './registry-response.ts';
import {
  type AdhocQueryRequest,
  type AdhocQueryResponse,
  patientsOfQuery,
} from './stored-queries.ts';
import { IDENTIFICATION } from './vocabulary.ts';

/** What the audit looks at in a submission. */
interface Submitted {
  readonly objects: readonly RegistryObject[];
}

/** What the audit looks at in a retrieval, request and response alike. */
interface Retrieved {
  readonly documents: readonly {
    readonly documentUniqueId: string;
    readonly repositoryUniqueId: string;
    readonly homeCommunityId?: string;
  }[];
}

/**
 * The audit row of a submission: export at the source, import at the receiver; the patients and the SubmissionSet.
 *
 * @param submissionOf where the request keeps its metadata
 * @see ITI TF-2: 3.41.5.1, 3.42.5.1
 */
export function submissionAudit<Request>(
  name: string,
  submissionOf: (request: Request) => Submitted,
): AuditRow<Request, RegistryResponse> {
  return {
    event: { asker: 'Export', answerer: 'Import' },
    name,
    source: 'asker',
    action: ({ side }) => (side === 'asker' ? 'R' : 'C'),
    objects: ({ request }) =>
      request === undefined ? [] : submissionObjects(submissionOf(request)),
  };
}

/**
 * The audit row of an update: as that of a submission, but with the action U on both ends.
 *
 * @see ITI TF-2: 3.57.5.1, 3.92.5.1
 */
export function updateAudit(name: string): AuditRow<Submitted, RegistryResponse> {
  return { ...submissionAudit(name, (request: Submitted) => request), action: () => 'U' };
}

/**
 * The audit row of a removal: a Patient Record deleted, with one object for each thing that was to be removed.
 *
 * @see ITI TF-2: 3.62.5.1, 3.86.5.1
 */
export function removalAudit<Request>(
  name: string,
  objectsOf: (request: Request) => readonly AuditObject[],
): AuditRow<Request, RegistryResponse> {
  return {
    event: { asker: 'Patient Record', answerer: 'Patient Record' },
    name,
    source: 'asker',
    action: () => 'D',
    objects: ({ request }) => (request === undefined ? [] : objectsOf(request)),
  };
}

function submissionObjects({ objects }: Submitted): readonly AuditObject[] {
  const patients = new Map<string, PatientId>();
  const sets: AuditObject[] = [];
  for (const object of objects) {
    const kind = kindOf(object);
    if (kind === undefined || kind === 'Association') continue;
    const patientId = findCX(identifierOf(object, IDENTIFICATION[kind].patientId));
    if (patientId !== undefined) patients.set(patientKey(patientId), patientId);
    if (kind === 'SubmissionSet') {
      const uniqueId = identifierOf(object, IDENTIFICATION.SubmissionSet.uniqueId) ?? '';
      sets.push({ kind: 'submission-set', uniqueId });
    }
  }
  return [...patientObjects(patients.values()), ...sets];
}

function patientObjects(patients: Iterable<PatientId>): readonly AuditObject[] {
  return [...patients].map((patientId) => ({ kind: 'patient', patientId }));
}

/** An audit record is written for requests that are refused, too: what is no CX is left out of it. */
function findCX(text: string | undefined): PatientId | undefined {
  if (text === undefined) return undefined;
  try {
    return decodeCX(text);
  } catch (error) {
    if (refusalsOf(error) === undefined) throw error;
    return undefined;
  }
}

/**
 * The audit row of a stored query: the patient, where the query names one, and the query as it was sent.
 *
 * @param queryText the payload, for the side that has not kept it
 * @see ITI TF-2: 3.18.5.1, 3.38.5.1
 */
export function queryAudit(
  name: string,
  queryText: (request: AdhocQueryRequest) => string,
): AuditRow<AdhocQueryRequest, AdhocQueryResponse> {
  return {
    event: { asker: 'Query', answerer: 'Query' },
    name,
    source: 'asker',
    action: () => 'E',
    objects: ({ request, query }) => {
      if (request === undefined) {
        return query === undefined ? [] : [{ kind: 'query', id: '', text: query }];
      }
      const patients = patientsOfQuery(request).map(findCX);
      return [
        ...patientObjects(patients.filter((patientId) => patientId !== undefined)),
        {
          kind: 'query',
          id: request.queryId,
          text: query ?? queryText(request),
          details: [
            { type: 'QueryEncoding', value: 'UTF-8' },
            ...(request.home === undefined
              ? []
              : [{ type: 'urn:ihe:iti:xca:2010:homeCommunityId', value: request.home }]),
          ],
        },
      ];
    },
  };
}

/**
 * The audit row of a retrieval, where the data flow towards the asker: one object for each document that was returned,
 * then one for each that was asked for and did not come.
 *
 * @see ITI TF-2: 3.43.5.1, 3.39.5.1
 */
export function retrieveAudit<Request extends Retrieved, Response extends Retrieved>(
  name: string,
): AuditRow<Request, Response> {
  return {
    event: { asker: 'Import', answerer: 'Export' },
    name,
    source: 'answerer',
    action: ({ side }) => (side === 'asker' ? 'C' : 'R'),
    objects: ({ request, response }) => {
      const returned = response?.documents ?? [];
      const came = new Set(returned.map(({ documentUniqueId }) => documentUniqueId));
      const missing = (request?.documents ?? []).filter(
        ({ documentUniqueId }) => !came.has(documentUniqueId),
      );
      return [...returned, ...missing].map(
        ({ documentUniqueId, repositoryUniqueId, homeCommunityId }) => ({
          kind: 'document',
          uniqueId: documentUniqueId,
          repositoryUniqueId,
          ...(homeCommunityId === undefined ? {} : { homeCommunityId }),
        }),
      );
    },
  };
}
