import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { DocumentContent } from '../../../profiles/formats/mtom.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_41 } from '../../../profiles/xds/iti-41.ts';
import { ITI_43, type RetrieveDocumentSetResponse } from '../../../profiles/xds/iti-43.ts';
import { ITI_86 } from '../../../profiles/xds/iti-86.ts';
import { inMemory } from '../../support/documents.ts';
import { PROOF } from '../../support/proof-region.ts';
import { aSubmission } from '../../support/xds-builders.ts';
import { contains, type InteropCase, peerAsks, same, weAsk } from '../interop-case.ts';
import type { PeerCase } from '../peer.ts';
import { aJapaneseSubmission, freshOid } from '../samples.ts';
import { IPF, type InteropWorld } from '../world.ts';
import { aStrangersPatient, ofRegistry, named, submitted } from './registry.ts';

/** 200 MB, as the issue of the day says it: 200 times 2 to the 20th. */
export const LARGE_BYTES = 200 * 1_048_576;
const TEXT = '紹介状の本文です。\n髙橋・﨑・𠮷';
const MIB = Buffer.alloc(1_048_576, '架け橋 ');

/** A large document that is never in memory as a whole. */
export const LARGE: DocumentContent = {
  async *open() {
    for (let sent = 0; sent < LARGE_BYTES; sent += MIB.length) yield MIB;
  },
};

/** The SHA-1 of a document and how many octets it has. */
export async function digestOf(content: DocumentContent): Promise<{ sha1: string; size: number }> {
  const hash = createHash('sha1');
  let size = 0;
  for await (const chunk of content.open()) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { sha1: hash.digest('hex'), size };
}

const ofRepository = (world: InteropWorld, transaction: string, fields: object): PeerCase => ({
  transaction,
  url: world.urls.ours('document-repository'),
  as: 'hospital',
  ...fields,
});

/** Documents of our repository, as a work list names them. */
const ours = (...uniqueIds: string[]) => ({
  documents: uniqueIds.map((uniqueId) => ({ uniqueId, repository: PROOF.repositoryUniqueId })),
});

/** Documents of IPF's repository, as we ask for them. */
export const theirs = (...uniqueIds: string[]) => ({
  documents: uniqueIds.map((documentUniqueId) => ({
    repositoryUniqueId: IPF.repositoryUniqueId,
    documentUniqueId,
  })),
});

/** IPF's client provides a document to our repository; resolves to its uniqueId. */
export async function providedByPeer(
  world: InteropWorld,
  patient: PatientId,
  content: string | DocumentContent = TEXT,
): Promise<{ uniqueId: string; sentWords: readonly string[] }> {
  const uniqueId = freshOid();
  const file = join(world.folder, `${uniqueId}.txt`);
  await writeFile(file, typeof content === 'string' ? content : content.open());
  const request = submitted(patient, {
    ...{ uniqueId, file },
    ...{ hash: undefined, size: undefined, repository: undefined },
  });
  const answer = await peerAsks(world, ofRepository(world, 'ITI-41', request));
  same([answer.status, answer.errors], ['SUCCESS', []], 'the answer to ITI-41');
  return { uniqueId, sentWords: answer.sentWords ?? [] };
}

/** Our client provides a document to IPF's repository; resolves to its uniqueId. */
export async function providedToPeer(
  world: InteropWorld,
  patientId: PatientId,
  content: DocumentContent = inMemory(TEXT),
): Promise<string> {
  const uniqueId = freshOid();
  const submission = aSubmission({
    submissionSet: { patientId, uniqueId: freshOid() },
    documentEntries: [
      { uniqueId, hash: undefined, size: undefined, repositoryUniqueId: undefined },
    ],
  });
  const { response } = await weAsk(world, ITI_41, {
    submission,
    documents: [{ id: 'Document01', content }],
  });
  same(response, { status: 'Success', errors: [] }, 'the answer to ITI-41');
  return uniqueId;
}

/** @throws Finding unless the answer holds that one document */
export async function holds(
  { documents }: RetrieveDocumentSetResponse,
  expected: DocumentContent,
): Promise<void> {
  const [document] = documents;
  same([documents.length, document?.mimeType], [1, 'text/plain'], 'documents');
  if (document) same(await digestOf(document.content), await digestOf(expected), 'the octets');
}

/** ITI-41 Provide and Register Document Set-b. */
export const provideAndRegister: readonly InteropCase[] = [
  {
    transaction: 'ITI-41',
    direction: 'inward',
    name: 'success',
    async run(world) {
      const { uniqueId } = await providedByPeer(world, await world.patient());
      const url = world.urls.ours('document-repository');
      const { documents } = {
        documents: [{ repositoryUniqueId: PROOF.repositoryUniqueId, documentUniqueId: uniqueId }],
      };
      await holds(await world.client.ask(ITI_43, url, { documents }), inMemory(TEXT));
    },
  },
  {
    transaction: 'ITI-41',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const file = join(world.folder, 'refused.txt');
      await writeFile(file, TEXT);
      const nobody = { id: 'nobody', assigningAuthority: PROOF.affinityDomain };
      const request = submitted(nobody, {
        ...{ file, hash: undefined, size: undefined, repository: undefined },
      });
      const { status, errors } = await peerAsks(world, ofRepository(world, 'ITI-41', request));
      same([status, errors?.[0]?.code], ['FAILURE', 'XDSUnknownPatientId'], 'the refusal');
    },
  },
  {
    transaction: 'ITI-41',
    direction: 'inward',
    name: 'Japanese',
    async run(world) {
      const patient = await world.patient();
      const { sentWords } = await providedByPeer(world, patient);
      const all = { query: 'GetAll', ...named(patient) };
      const { words } = await peerAsks(world, ofRegistry(world, 'ITI-18', all));
      contains(words ?? [], sentWords, 'our registry');
    },
  },
  {
    transaction: 'ITI-41',
    direction: 'inward',
    name: 'large',
    async run(world) {
      const { uniqueId } = await providedByPeer(world, await world.patient(), LARGE);
      const url = world.urls.ours('document-repository');
      const asked = {
        documents: [{ repositoryUniqueId: PROOF.repositoryUniqueId, documentUniqueId: uniqueId }],
      };
      await holds(await world.client.ask(ITI_43, url, asked), LARGE);
    },
  },
  {
    transaction: 'ITI-41',
    direction: 'outward',
    name: 'success',
    async run(world) {
      const uniqueId = await providedToPeer(world, aStrangersPatient());
      const { response } = await weAsk(world, ITI_43, theirs(uniqueId));
      await holds(response, inMemory(TEXT));
    },
  },
  {
    transaction: 'ITI-41',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const patientId = aStrangersPatient('REFUSE');
      const { response } = await weAsk(world, ITI_41, {
        submission: aSubmission({
          submissionSet: { patientId, uniqueId: freshOid() },
          documentEntries: [
            {
              uniqueId: freshOid(),
              hash: undefined,
              size: undefined,
              repositoryUniqueId: undefined,
            },
          ],
        }),
        documents: [{ id: 'Document01', content: inMemory(TEXT) }],
      });
      same(
        [response.status, response.errors[0]?.errorCode],
        ['Failure', 'XDSUnknownPatientId'],
        'the refusal as we read it',
      );
    },
  },
  {
    transaction: 'ITI-41',
    direction: 'outward',
    name: 'Japanese',
    async run(world) {
      const parts = aJapaneseSubmission(aStrangersPatient(), PROOF.sourceId);
      const documentEntries = parts.documentEntries?.map((one) => ({
        ...one,
        ...{ hash: undefined, size: undefined, repositoryUniqueId: undefined },
      }));
      const { response, sent, read } = await weAsk(world, ITI_41, {
        submission: aSubmission({ ...parts, documentEntries }),
        documents: [{ id: 'Document01', content: inMemory(TEXT) }],
      });
      same(response.status, 'Success', 'the answer');
      contains(read, sent, 'the peer');
    },
  },
  {
    transaction: 'ITI-41',
    direction: 'outward',
    name: 'large',
    async run(world) {
      const uniqueId = await providedToPeer(world, aStrangersPatient(), LARGE);
      const { response } = await weAsk(world, ITI_43, theirs(uniqueId));
      await holds(response, LARGE);
    },
  },
];

/** What IPF's client retrieves of our repository. */
async function peerRetrieves(world: InteropWorld, content: DocumentContent | string) {
  const { uniqueId } = await providedByPeer(world, await world.patient(), content);
  const answer = await peerAsks(world, ofRepository(world, 'ITI-43', ours(uniqueId)));
  same([answer.status, answer.errors], ['SUCCESS', []], 'the answer');
  const { sha1, size } = await digestOf(typeof content === 'string' ? inMemory(content) : content);
  const [document] = answer.documents ?? [];
  same(
    [document?.uniqueId, document?.mimeType, document?.size, document?.sha1],
    [uniqueId, 'text/plain', size, sha1],
    'the document',
  );
}

/** ITI-43 Retrieve Document Set. */
export const retrieveDocumentSet: readonly InteropCase[] = [
  {
    transaction: 'ITI-43',
    direction: 'inward',
    name: 'success',
    run: (world) => peerRetrieves(world, 'plain'),
  },
  {
    transaction: 'ITI-43',
    direction: 'inward',
    name: 'Japanese',
    run: (world) => peerRetrieves(world, TEXT),
  },
  {
    transaction: 'ITI-43',
    direction: 'inward',
    name: 'large',
    run: (world) => peerRetrieves(world, LARGE),
  },
  {
    transaction: 'ITI-43',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const answer = await peerAsks(world, ofRepository(world, 'ITI-43', ours(freshOid())));
      same(
        [answer.status, answer.errors?.[0]?.code, answer.documents],
        ['FAILURE', 'XDSDocumentUniqueIdError', []],
        'the refusal',
      );
      const elsewhere = { documents: [{ uniqueId: freshOid(), repository: '2.999.404' }] };
      const strange = await peerAsks(world, ofRepository(world, 'ITI-43', elsewhere));
      same(
        [strange.status, strange.errors?.map(({ code }) => code)],
        ['FAILURE', ['XDSUnknownRepositoryId']],
        'the refusal of another repository',
      );
    },
  },
  {
    transaction: 'ITI-43',
    direction: 'inward',
    name: 'partial',
    async run(world) {
      const { uniqueId } = await providedByPeer(world, await world.patient());
      const asked = ours(uniqueId, freshOid());
      const answer = await peerAsks(world, ofRepository(world, 'ITI-43', asked));
      same(
        [answer.status, answer.errors?.map(({ code }) => code), answer.documents?.length],
        ['PARTIAL_SUCCESS', ['XDSDocumentUniqueIdError'], 1],
        'the answer in part',
      );
    },
  },
  {
    transaction: 'ITI-43',
    direction: 'outward',
    name: 'success',
    async run(world) {
      const uniqueId = await providedToPeer(world, aStrangersPatient(), inMemory('plain'));
      const { response } = await weAsk(world, ITI_43, theirs(uniqueId));
      same([response.status, response.errors], ['Success', []], 'the answer');
      await holds(response, inMemory('plain'));
    },
  },
  {
    transaction: 'ITI-43',
    direction: 'outward',
    name: 'Japanese',
    async run(world) {
      const uniqueId = await providedToPeer(world, aStrangersPatient());
      const { response } = await weAsk(world, ITI_43, theirs(uniqueId));
      await holds(response, inMemory(TEXT));
    },
  },
  {
    transaction: 'ITI-43',
    direction: 'outward',
    name: 'large',
    async run(world) {
      const uniqueId = await providedToPeer(world, aStrangersPatient(), LARGE);
      const { response } = await weAsk(world, ITI_43, theirs(uniqueId));
      await holds(response, LARGE);
    },
  },
  {
    transaction: 'ITI-43',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const { response } = await weAsk(world, ITI_43, theirs(freshOid()));
      same(
        [response.status, response.errors[0]?.errorCode, response.documents],
        ['Failure', 'XDSDocumentUniqueIdError', []],
        'the refusal as we read it',
      );
    },
  },
  {
    transaction: 'ITI-43',
    direction: 'outward',
    name: 'partial',
    async run(world) {
      const uniqueId = await providedToPeer(world, aStrangersPatient());
      const { response } = await weAsk(world, ITI_43, theirs(uniqueId, freshOid()));
      same(
        [response.status, response.errors.map(({ errorCode }) => errorCode)],
        ['PartialSuccess', ['XDSDocumentUniqueIdError']],
        'the answer in part',
      );
      await holds(response, inMemory(TEXT));
    },
  },
];

/** ITI-86 Remove Documents. */
export const removeDocuments: readonly InteropCase[] = [
  {
    transaction: 'ITI-86',
    direction: 'inward',
    name: 'success',
    async run(world) {
      const { uniqueId } = await providedByPeer(world, await world.patient());
      const answer = await peerAsks(world, ofRepository(world, 'ITI-86', ours(uniqueId)));
      same([answer.status, answer.errors], ['SUCCESS', []], 'the answer');
      const after = await peerAsks(world, ofRepository(world, 'ITI-43', ours(uniqueId)));
      same(after.status, 'FAILURE', 'what is retrieved afterwards');
    },
  },
  {
    transaction: 'ITI-86',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const answer = await peerAsks(world, ofRepository(world, 'ITI-86', ours(freshOid())));
      same(
        [answer.status, answer.errors?.[0]?.code],
        ['FAILURE', 'XDSDocumentUniqueIdError'],
        'the refusal',
      );
    },
  },
  {
    transaction: 'ITI-86',
    direction: 'inward',
    name: 'partial',
    async run(world) {
      const { uniqueId } = await providedByPeer(world, await world.patient());
      const asked = ours(uniqueId, freshOid());
      const answer = await peerAsks(world, ofRepository(world, 'ITI-86', asked));
      same(
        [answer.status, answer.errors?.[0]?.code],
        ['PARTIAL_SUCCESS', 'XDSDocumentUniqueIdError'],
        'the answer in part',
      );
    },
  },
  {
    transaction: 'ITI-86',
    direction: 'outward',
    name: 'success',
    async run(world) {
      const uniqueId = await providedToPeer(world, aStrangersPatient());
      const { response } = await weAsk(world, ITI_86, theirs(uniqueId));
      same(response, { status: 'Success', errors: [] }, 'the answer');
    },
  },
  {
    transaction: 'ITI-86',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const { response } = await weAsk(world, ITI_86, theirs(freshOid()));
      same(
        [response.status, response.errors[0]?.errorCode],
        ['Failure', 'XDSDocumentUniqueIdError'],
        'the refusal as we read it',
      );
    },
  },
  {
    transaction: 'ITI-86',
    direction: 'outward',
    name: 'partial',
    async run(world) {
      const uniqueId = await providedToPeer(world, aStrangersPatient());
      const { response } = await weAsk(world, ITI_86, theirs(uniqueId, freshOid()));
      same(
        [response.status, response.errors[0]?.errorCode],
        ['PartialSuccess', 'XDSDocumentUniqueIdError'],
        'the answer in part',
      );
    },
  },
];
