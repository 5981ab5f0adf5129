import type { Client } from '../../gateway/client.ts';
import { recordsOf, verifyTrail } from '../../gateway/safeguards/audit-chain.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import {
  associationOf,
  documentEntryOf,
  kindOf,
  submissionSetOf,
} from '../../profiles/xds/metadata-xml.ts';
import { objectOfText } from '../../profiles/xds/registry-object-text.ts';
import {
  getDocuments,
  getSubmissionSetAndContents,
} from '../../profiles/xds/stored-query-builders.ts';
import type { AdhocQueryRequest } from '../../profiles/xds/stored-queries.ts';
import { measured } from '../../scripts/demo/hospital.ts';
import { aPixQuery } from '../support/hl7v3-builders.ts';
import { PROOF } from '../support/proof-region.ts';
import { aSubmission } from '../support/xds-builders.ts';
import type { Sent, SentFeed, SentSubmission } from './submissions.ts';

/** What is asked after a restart. */
export interface Asked {
  readonly client: Client;
  readonly url: string;
  /** The folder of the region's audit trail. */
  readonly trail: string;
  /** A number that no one else has. */
  next(): number;
}

/** Everything that should be otherwise, one sentence each. */
export async function findingsOf(sent: readonly Sent[], asked: Asked): Promise<string[]> {
  const findings: string[] = [];
  for (const one of sent) {
    const found =
      one.kind === 'ITI-44' ? await feedFindings(one, asked) : await findSet(one, asked);
    const name = one.kind === 'ITI-44' ? one.patientId.id : one.uniqueId;
    const state = one.acknowledged ? 'acknowledged' : 'unanswered';
    findings.push(...found.map((finding) => `${one.kind} ${name} (${state}): ${finding}`));
  }
  return findings;
}

/** An acknowledged SubmissionSet is there, whole; another is there whole, or not at all. */
async function findSet(sent: SentSubmission, asked: Asked): Promise<string[]> {
  const objects = await query(getSubmissionSetAndContents({ uniqueId: sent.uniqueId }), asked);
  const entries = await query(
    getDocuments({ uniqueId: sent.documents.map(({ uniqueId }) => uniqueId) }),
    asked,
  );
  const octets = await octetsOf(sent, asked);
  if (objects.length === 0) {
    return [
      ...(sent.acknowledged ? ['lost: the registry does not know it'] : []),
      ...(entries.length > 0 ? [`half there: ${entries.length} entries without their set`] : []),
      ...(octets.size > 0 ? ['half there: octets are given out without an entry'] : []),
    ];
  }
  return [...missingObjects(sent, objects), ...wrongEntries(sent, entries, octets)];
}

function missingObjects(sent: SentSubmission, objects: readonly RegistryObject[]): string[] {
  const of = (kind: string) => objects.filter((object) => kindOf(object) === kind).length;
  const { documents, folders } = sent;
  // Each document in the set; each folder in the set, each document in it, and that association in the set.
  const wanted = {
    SubmissionSet: 1,
    DocumentEntry: documents.length,
    Folder: folders,
    Association: documents.length + folders + 2 * folders * documents.length,
  };
  const dangling = danglingOf(objects);
  return [
    ...Object.entries(wanted)
      .filter(([kind, count]) => of(kind) !== count)
      .map(([kind, count]) => `half there: ${of(kind)} ${kind} instead of ${count}`),
    ...(dangling === 0 ? [] : [`half there: ${dangling} associations point nowhere`]),
    ...objects.flatMap((object) =>
      object.element === 'RegistryPackage' &&
      kindOf(object) === 'SubmissionSet' &&
      submissionSetOf(object).uniqueId !== sent.uniqueId
        ? ['another SubmissionSet was given']
        : [],
    ),
  ];
}

function danglingOf(objects: readonly RegistryObject[]): number {
  const known = new Set(objects.map(({ id }) => id));
  return objects.filter((object) => {
    if (object.element !== 'Association') return false;
    const { sourceObject, targetObject } = associationOf(object);
    return !known.has(sourceObject) || !known.has(targetObject);
  }).length;
}

function wrongEntries(
  sent: SentSubmission,
  entries: readonly RegistryObject[],
  octets: ReadonlyMap<string, string>,
): string[] {
  const known = new Map(
    entries.flatMap((object) => {
      if (object.element !== 'ExtrinsicObject') return [];
      const { uniqueId, hash } = documentEntryOf(object);
      return [[uniqueId, hash] as const];
    }),
  );
  return sent.documents.flatMap(({ uniqueId, sha1, here }) => [
    ...(known.get(uniqueId) === sha1 ? [] : [`no entry of ${uniqueId} with its hash`]),
    ...(!here || octets.get(uniqueId) === sha1 ? [] : [`the octets of ${uniqueId} are not there`]),
  ]);
}

/** SHA-1 of what the repository gives out, by uniqueId. */
async function octetsOf({ documents }: SentSubmission, asked: Asked): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const here = documents.filter((document) => document.here);
  if (here.length === 0) return found;
  const answer = await asked.client.ask(ITI_43, `${asked.url}/document-repository`, {
    documents: here.map(({ uniqueId }) => ({
      repositoryUniqueId: PROOF.repositoryUniqueId,
      documentUniqueId: uniqueId,
    })),
  });
  for (const { documentUniqueId, content } of answer.documents) {
    found.set(documentUniqueId, (await measured(content)).sha1);
  }
  return found;
}

type RegistryObject = ReturnType<typeof objectOfText>;

async function query(
  request: AdhocQueryRequest,
  { client, url }: Asked,
): Promise<RegistryObject[]> {
  const { status, objects, errors } = await client.ask(ITI_18, `${url}/document-registry`, request);
  if (status !== 'Success') {
    throw new Error(`ITI-18: ${status} ${errors.map(({ errorCode }) => errorCode).join(' ')}`);
  }
  return objects.map(objectOfText);
}

/** A patient who was accepted has a regional id, and the registry takes submissions for it. */
async function feedFindings(sent: SentFeed, asked: Asked): Promise<string[]> {
  const { client, url } = asked;
  const { ids } = await client.ask(
    ITI_45,
    `${url}/patient-identity`,
    aPixQuery({ patientIdentifier: sent.patientId, dataSources: [PROOF.affinityDomain] }),
  );
  const [regionalId] = ids;
  if (!regionalId) return sent.acknowledged ? ['lost: there is no regional id'] : [];
  // What was not acknowledged the source sends again, and then the registry is told; see ITI TF-2: 3.44.
  if (!sent.acknowledged) return [];
  const { status, errors } = await client.ask(
    ITI_42,
    `${url}/document-registry`,
    aSubmission({
      submissionSet: {
        patientId: regionalId,
        uniqueId: `2.999.9.7.${asked.next()}`,
        sourceId: PROOF.sourceId,
      },
      documentEntries: [
        { uniqueId: `2.999.8.7.${asked.next()}`, repositoryUniqueId: '2.999.7.99' },
      ],
    }),
  );
  if (status === 'Success') return [];
  return [`the registry refuses its regional id: ${errors.map(({ errorCode }) => errorCode)}`];
}

/** The audit trail is sound, and has a record of everything that was acknowledged. */
export async function trailFindings(sent: readonly Sent[], { trail }: Asked): Promise<string[]> {
  const verdict = await verifyTrail(trail);
  if (!verdict.sound) return [`the trail breaks at ${verdict.file}:${verdict.line}`];
  const recorded = new Set<string>();
  for await (const { message } of recordsOf(trail)) {
    const [, transaction = ''] = /csd-code="(ITI-\d+)"/.exec(message) ?? [];
    if (!/EventOutcomeIndicator="0"/.test(message)) continue;
    for (const [, id = ''] of message.matchAll(/ParticipantObjectID="([^"]*)"/g)) {
      recorded.add(`${transaction} ${id.replaceAll('&amp;', '&')}`);
    }
  }
  return sent
    .filter(({ acknowledged }) => acknowledged)
    .map((one) => `${one.kind} ${one.kind === 'ITI-44' ? cxOf(one.patientId) : one.uniqueId}`)
    .filter((key) => !recorded.has(key))
    .map((key) => `${key}: acknowledged, and not in the audit trail`);
}

function cxOf({ id, assigningAuthority }: PatientId): string {
  return `${id}^^^&${assigningAuthority}&ISO`;
}
