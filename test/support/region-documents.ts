import { createHash } from 'node:crypto';
import { bytesContent } from '../../profiles/formats/mtom.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_41, type ProvideAndRegisterRequest } from '../../profiles/xds/iti-41.ts';
import type { SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import type { DocumentEntry, SubmissionSet } from '../../profiles/xds/metadata.ts';
import { regionOids, type World } from './world.ts';
import { aSubmission, type SubmissionParts } from './xds-builders.ts';

let counted = 0;

/** A uniqueId that no other test of this process has. */
export function freshOid(): string {
  counted += 1;
  return `2.999.77.${counted}.${process.pid}`;
}

/** One document that shall be submitted. */
export interface DocumentPlan {
  readonly bytes: Uint8Array;
  /** Default: a fresh one. */
  readonly uniqueId?: string;
  readonly entry?: Partial<DocumentEntry>;
}

/** A submission of a region's hospital. */
export interface SubmissionPlan {
  readonly patientId: PatientId;
  readonly documents: readonly DocumentPlan[];
  /** Number of the region, as `regionOids` counts: 1. */
  readonly region?: number;
  readonly submissionSet?: Partial<SubmissionSet>;
  readonly folders?: SubmissionParts['folders'];
}

/** Text as octets. */
export function octets(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** ITI-42 of documents that lie in the region's repository, or say they do. */
export function aRegistration(plan: SubmissionPlan): SubmitObjectsRequest {
  return aSubmission(partsOf(plan, true));
}

/** ITI-41 of documents with their octets. */
export function aProvision(plan: SubmissionPlan): ProvideAndRegisterRequest {
  return {
    submission: aSubmission(partsOf(plan, false)),
    documents: plan.documents.map(({ bytes }, index) => ({
      id: `Document0${index + 1}`,
      content: bytesContent(bytes),
    })),
  };
}

/** Sends ITI-41 to a region and sees that it succeeds; resolves to the documents' uniqueIds. */
export async function provide(
  world: World,
  plan: SubmissionPlan,
  { name = 'east', number = 1 }: { name?: string; number?: number } = {},
): Promise<string[]> {
  const documents = plan.documents.map((one) => ({ uniqueId: freshOid(), ...one }));
  const { response } = await world.exchange(
    ITI_41,
    world.url('document-repository', name),
    aProvision({ ...plan, documents, region: number }),
    { as: `${name}-hospital` },
  );
  if (response.status !== 'Success') throw new Error(JSON.stringify(response.errors));
  return documents.map(({ uniqueId }) => uniqueId);
}

function partsOf(plan: SubmissionPlan, described: boolean): SubmissionParts {
  const { patientId, documents, region = 1, submissionSet, folders } = plan;
  const oids = regionOids(region);
  return {
    submissionSet: {
      patientId,
      uniqueId: freshOid(),
      sourceId: oids.sourceId,
      ...submissionSet,
    },
    documentEntries: documents.map(({ bytes, uniqueId, entry }, index) => ({
      entryUUID: `Document0${index + 1}`,
      uniqueId: uniqueId ?? freshOid(),
      repositoryUniqueId: described ? oids.repositoryUniqueId : undefined,
      hash: described ? createHash('sha1').update(bytes).digest('hex') : undefined,
      size: described ? bytes.length : undefined,
      ...entry,
    })),
    folders: folders?.map((folder) => ({ uniqueId: freshOid(), ...folder })),
  };
}
