import { createHash } from 'node:crypto';
import type { Client } from '../../gateway/client.ts';
import { bytesContent } from '../../profiles/formats/mtom.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { feedOf, PROOF } from '../support/proof-region.ts';
import type { Random } from '../support/seeded.ts';
import { aSubmission } from '../support/xds-builders.ts';

/** A document as it was sent. */
export interface SentDocument {
  readonly uniqueId: string;
  readonly sha1: string;
  /** False where only its metadata were sent: its octets are another repository's. */
  readonly here: boolean;
}

/** A submission that was sent, and whether a success came back before the process was killed. */
export interface SentSubmission {
  readonly kind: 'ITI-41' | 'ITI-42';
  readonly uniqueId: string;
  readonly documents: readonly SentDocument[];
  /** Folders in the SubmissionSet. */
  readonly folders: number;
  acknowledged: boolean;
}

/** A patient feed that was sent, and whether it was accepted before the process was killed. */
export interface SentFeed {
  readonly kind: 'ITI-44';
  readonly patientId: PatientId;
  acknowledged: boolean;
}

export type Sent = SentSubmission | SentFeed;

/** Where requests go, and what tells one run's ids from another's. */
export interface Source {
  readonly client: Client;
  readonly url: string;
  readonly random: Random;
  /** The patient of every submission. */
  readonly patientId: PatientId;
  /** A number that no one else has. */
  next(): number;
}

const MOST_DOCUMENTS = 3;
const MOST_BYTES = 200_000;

/**
 * Sends one request of some kind, and writes down first what it sends: the answer may never come.
 * @throws PeerFailure when there was no answer; Error when there was one, and it said no
 */
export async function sendOne(source: Source, sent: Sent[]): Promise<void> {
  const kind = source.random.pick(['ITI-41', 'ITI-41', 'ITI-42', 'ITI-44'] as const);
  if (kind === 'ITI-44') return await feedOne(source, sent);
  const { submission, contents, ...facts } = submissionOf(source, kind);
  const record: SentSubmission = { kind, ...facts, acknowledged: false };
  sent.push(record);
  const { client, url } = source;
  const { status, errors } =
    kind === 'ITI-42'
      ? await client.ask(ITI_42, `${url}/document-registry`, submission)
      : await client.ask(ITI_41, `${url}/document-repository`, {
          submission,
          documents: contents.map((octets, index) => ({
            id: entryId(index),
            content: bytesContent(octets),
          })),
        });
  if (status !== 'Success') {
    throw new Error(`${kind} was refused: ${errors.map(({ errorCode }) => errorCode).join(' ')}`);
  }
  record.acknowledged = true;
}

async function feedOne({ client, url, next }: Source, sent: Sent[]): Promise<void> {
  const patientId = { id: `C-${next()}`, assigningAuthority: PROOF.chartNumbers };
  const record: SentFeed = { kind: 'ITI-44', patientId, acknowledged: false };
  sent.push(record);
  const { code } = await client.ask(ITI_44, `${url}/patient-identity`, feedOf(patientId));
  if (code !== 'CA') throw new Error(`the feed was answered with ${code}`);
  record.acknowledged = true;
}

function submissionOf({ random, patientId, next }: Source, kind: SentSubmission['kind']) {
  const number = next();
  const uniqueId = `2.999.9.5.${number}`;
  const folders = random.chance(0.3) ? 1 : 0;
  // Now and then two documents with the same octets: they share one file.
  const same = random.chance(0.2) ? random.bytes(1 + random.below(2_000)) : undefined;
  const contents = Array.from(
    { length: 1 + random.below(MOST_DOCUMENTS) },
    () => same ?? octetsOf(random),
  );
  const documents = contents.map((octets, index) => ({
    uniqueId: `2.999.8.5.${number}.${index + 1}`,
    sha1: createHash('sha1').update(octets).digest('hex'),
    here: kind === 'ITI-41',
  }));
  const submission = aSubmission({
    submissionSet: { patientId, uniqueId, sourceId: PROOF.sourceId },
    documentEntries: documents.map((document, index) => ({
      entryUUID: entryId(index),
      uniqueId: document.uniqueId,
      hash: document.sha1,
      size: contents[index]?.length ?? 0,
      repositoryUniqueId: document.here ? PROOF.repositoryUniqueId : '2.999.7.99',
    })),
    folders: Array.from({ length: folders }, () => ({ uniqueId: `2.999.9.6.${number}` })),
  });
  return { submission, contents, uniqueId, documents, folders };
}

/** Few large, many small; random, so that no two are alike. */
function octetsOf(random: Random): Buffer {
  const octets = Buffer.alloc(1 + Math.floor(MOST_BYTES * random.next() ** 4));
  random.bytes(Math.min(32, octets.length)).copy(octets);
  return octets;
}

function entryId(index: number): string {
  return `Document${index + 1}`;
}
