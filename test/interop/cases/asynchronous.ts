import { ITI_38 } from '../../../profiles/xca/iti-38.ts';
import { ITI_39 } from '../../../profiles/xca/iti-39.ts';
import type { DocumentContent } from '../../../profiles/formats/mtom.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import { ITI_42 } from '../../../profiles/xds/iti-42.ts';
import type { AdhocQueryRequest } from '../../../profiles/xds/stored-queries.ts';
import {
  findDocuments,
  getAll,
  getSubmissionSets,
} from '../../../profiles/xds/stored-query-builders.ts';
import { inMemory } from '../../support/documents.ts';
import { PROOF } from '../../support/proof-region.ts';
import { aSubmission } from '../../support/xds-builders.ts';
import {
  asynchronously,
  entitled,
  OF_SYSTEMS,
  replyAddress,
  startGatewayBeforeIpf,
} from '../callbacks.ts';
import { contains, Finding, type InteropCase, peerAsks, same, weAsk } from '../interop-case.ts';
import type { Judged, PeerAnswer, PeerCase } from '../peer.ts';
import { aJapaneseSubmission, freshOid } from '../samples.ts';
import { IPF, type InteropWorld } from '../world.ts';
import { knownInBoth, retrieveThroughOurGateway } from './communities.ts';
import { fedByPeer } from './identity.ts';
import { aStrangersPatient, named, ofRegistry, submitted, wordsOf } from './registry.ts';
import { digestOf, holds, LARGE, providedByPeer, providedToPeer } from './repository.ts';

const TEXT = '後から届く紹介状です。';
const UUID = 'urn:uuid:10000000-0000-4000-8000-000000000404';
const HOME = PROOF.homeCommunityId;
const oidOf = (home: string) => home.replace('urn:oid:', '');

/** A transaction, and the actor of ours that is asked. */
type Way = readonly [transaction: string, actor: string];

const stranger = (world: InteropWorld) => {
  const found = world.federation.regions.get('ipf');
  if (!found) throw new Error('the federation lacks ipf');
  return found;
};

/** The request of IPF's client, with the certificate of its own server, which shall have the answer. */
const wantingReply = (
  world: InteropWorld,
  [transaction, actor]: Way,
  fields: object,
  by: 'replies' | 'decoupled' = OF_SYSTEMS.some((id) => id === transaction)
    ? 'decoupled'
    : 'replies',
): PeerCase => ({
  ...{ transaction, url: world.urls.ours(actor), as: 'gateway' },
  ...{ replyTo: replyAddress(stranger(world), transaction, by), ...fields },
  ...(by === 'decoupled' ? { decoupled: true } : {}),
});

/** The same by the decoupled destination of Apache CXF. */
const viaCxf = (world: InteropWorld, transaction: string) => ({
  replyTo: replyAddress(stranger(world), transaction, 'decoupled'),
  decoupled: true,
});

/** Lets IPF's client ask for a reply elsewhere, and sees that we gave it there. */
async function peerAsksForReply(
  world: InteropWorld,
  way: Way,
  fields: object,
): Promise<PeerAnswer> {
  const before = await delivered(world);
  const answer = await entitled(world.region, () =>
    peerAsks(world, wantingReply(world, way, fields)),
  );
  // IPF hands an answer over before it says 202 to us.
  const until = Date.now() + 10_000;
  while ((await delivered(world)) === before && Date.now() < until);
  same(await delivered(world), before + 1, 'answers that we brought to a callback');
  return answer;
}

/** How many answers our process has brought to callbacks. */
async function delivered({ region }: InteropWorld): Promise<number> {
  const text = await (await fetch(`${region.operationsUrl}/metrics`)).text();
  const [, count = '0'] =
    /^kakehashi_callback_answers_total\{outcome="delivered"\} (\d+)$/m.exec(text) ?? [];
  return Number(count);
}

/** @throws Finding unless every request of the transaction wanted its answer at our callback */
function wantedElsewhere(judged: readonly Judged[], transaction: string, callback: string) {
  const requests = judged.filter(
    (one) => one.transaction === transaction && one.message === 'request',
  );
  if (requests.length === 0) throw new Finding(`no ${transaction} has reached the peer`);
  const wanted = requests.map(({ valid, replyTo }) => [valid, replyTo]);
  const expected = requests.map(() => [true, callback]);
  same(wanted, expected, 'what the peer’s validator and addressing say of our request');
}

async function queriedByPeer(world: InteropWorld, way: Way, home?: string) {
  const patient = await world.patient();
  const request = { ...submitted(patient), folder: freshOid() };
  const { sentWords = [] } = await peerAsks(world, ofRegistry(world, 'ITI-42', request));
  const asked = { query: 'FindDocuments', home, ...named(patient) };
  const { status, objects } = await peerAsksForReply(world, way, asked);
  same(
    [status, objects?.map((one) => [one.uniqueId, one.home ?? undefined])],
    ['SUCCESS', [[request.documents[0]?.uniqueId, home]]],
    'found',
  );
  const { words = [] } = await peerAsksForReply(world, way, { ...asked, query: 'GetAll' });
  contains(words, sentWords, 'our answer');
}

/** A document of our repository, as IPF's client asks for it. */
const ours = (uniqueId: string, home?: string) => ({
  documents: [{ uniqueId, repository: PROOF.repositoryUniqueId, home }],
});

async function retrievedByPeer(
  world: InteropWorld,
  way: Way,
  { home, content }: { readonly home?: string; readonly content: DocumentContent },
) {
  const { uniqueId } = await providedByPeer(world, await world.patient(), content);
  const { sha1, size } = await digestOf(content);
  const answer = await peerAsksForReply(world, way, ours(uniqueId, home));
  same(
    [answer.status, answer.documents?.map((one) => [one.size, one.sha1])],
    ['SUCCESS', [[size, sha1]]],
    'the document',
  );
}

async function refusedToPeer(world: InteropWorld, way: Way, home?: string) {
  const refused = await peerAsksForReply(world, way, ours(freshOid(), home));
  same(
    [refused.status, refused.errors?.map(({ code }) => code)],
    ['FAILURE', ['XDSDocumentUniqueIdError']],
    'the refusal',
  );
}

/** A fault comes on the connection, before the 202: at a ReplyTo IPF's receiver would take it, and tell nobody. */
async function faultedAtOnce(
  world: InteropWorld,
  way: Way,
  requests: readonly (readonly [fields: object, subcode: string])[],
): Promise<void> {
  const before = await delivered(world);
  for (const [fields, subcode] of requests) {
    const { faultCodes } = await world.peer.ask(wantingReply(world, way, fields));
    same([faultCodes?.[0], faultCodes?.at(-1)], ['Sender', subcode], 'the fault as IPF reads it');
  }
  same(await delivered(world), before, 'answers that we brought to a callback');
}

/** Registers a document and a folder at IPF, Japanese text in every attribute; resolves to the words that IPF read. */
async function registeredThere(world: InteropWorld, patientId: PatientId) {
  const parts = aJapaneseSubmission(patientId, PROOF.sourceId);
  const { response, read } = await weAsk(world, ITI_42, aSubmission(parts));
  same(response, { status: 'Success', errors: [] }, 'the answer to ITI-42');
  return { uniqueId: parts.documentEntries?.[0]?.uniqueId, words: read };
}

/** Asks our Initiating Gateway for the documents of somebody whom both communities know. */
async function askedByOurGateway(world: InteropWorld, transaction: string): Promise<void> {
  const { here, there, name } = await knownInBoth(world);
  const { uniqueId, words } = await registeredThere(world, there);
  const ask = (asked: AdhocQueryRequest) =>
    world.client.ask(ITI_18, world.urls.ours('initiating-gateway'), asked);
  await world.peer.judged();
  const { found, all, judged } = await asynchronously(world.region, async () => ({
    found: await ask(findDocuments({ patientId: here })),
    all: await ask(getAll({ patientId: here, status: ['Approved'] })),
    judged: await world.peer.judged(),
  }));
  wantedElsewhere(judged, transaction, world.urls.ours('replies'));
  same(
    [found.status, found.objects.map((one) => [one.uniqueId, one.home])],
    ['Success', [[uniqueId, IPF.homeCommunityId]]],
    'found through our gateway',
  );
  contains(wordsOf(all), words, 'the peer’s answer as we read it');
  const asked = judged.filter((one) => one.transaction === 'ITI-55' && one.message === 'request');
  const told = asked.flatMap((one) => one.words);
  contains(told, name, 'the peer, of the name in our ITI-55,');
}

/** Retrieves a document of IPF's through our Initiating Gateway. */
async function retrievedByOurGateway(world: InteropWorld, content: DocumentContent) {
  const uniqueId = await providedToPeer(world, aStrangersPatient(), content);
  const { response, judged } = await asynchronously(world.region, () =>
    retrieveThroughOurGateway(world, uniqueId),
  );
  wantedElsewhere(judged, 'ITI-39', world.urls.ours('replies'));
  await holds(response, content);
}

/** A document of IPF's repository, as our Responding Gateway before it is asked for it. */
const behindGateway = (documentUniqueId: string) => ({
  documents: [
    { documentUniqueId, repositoryUniqueId: IPF.repositoryUniqueId, homeCommunityId: HOME },
  ],
});

/** Retrieves a document of IPF's repository through our Responding Gateway. */
async function retrievedBehindGateway(world: InteropWorld, content: DocumentContent) {
  const { gateway, callback } = await world.companion(startGatewayBeforeIpf);
  const uniqueId = await providedToPeer(world, aStrangersPatient(), content);
  await world.peer.judged();
  await holds(await world.client.ask(ITI_39, gateway, behindGateway(uniqueId)), content);
  wantedElsewhere(await world.peer.judged(), 'ITI-43', callback);
}

/** WS-Addressing based asynchronous exchange. Source: ITI TF-2: Appendix V. */
const cells: readonly Omit<InteropCase, 'name'>[] = [
  {
    ...{ transaction: 'ITI-38', direction: 'inward' },
    async run(world) {
      const way = ['ITI-38', 'responding-gateway'] as const;
      await queriedByPeer(world, way, HOME);
      const asked = { query: 'FindDocuments', home: HOME, ...named(await world.patient()) };
      await faultedAtOnce(world, way, [
        [{ ...asked, replyTo: 'https://127.0.0.1:9/replies' }, 'InvalidAddress'],
        // The hospital has no callback in its row.
        [{ ...asked, as: 'hospital' }, 'OnlyAnonymousAddressSupported'],
      ]);
    },
  },
  {
    ...{ transaction: 'ITI-39', direction: 'inward' },
    async run(world) {
      const way = ['ITI-39', 'responding-gateway'] as const;
      await retrievedByPeer(world, way, { home: HOME, content: inMemory(TEXT) });
      await refusedToPeer(world, way, HOME);
    },
  },
  {
    ...{ transaction: 'ITI-18', direction: 'inward' },
    async run(world) {
      const way = ['ITI-18', 'document-registry'] as const;
      await queriedByPeer(world, way);
      // IPF's own header for it changes nothing in this transaction: it is answered on its connection.
      const asked = { query: 'FindDocuments', ...named(await world.patient()), patience: 1 };
      const before = await delivered(world);
      const alone = await entitled(world.region, () =>
        world.peer.ask(wantingReply(world, way, asked, 'replies')),
      );
      same(alone.fault, 'TimeoutException: null', 'IPF without CXF’s decoupled destination');
      same(await delivered(world), before, 'answers that we brought to a callback');
    },
  },
  {
    ...{ transaction: 'ITI-43', direction: 'inward' },
    async run(world) {
      const way = ['ITI-43', 'document-repository'] as const;
      await retrievedByPeer(world, way, { content: inMemory(TEXT) });
      await refusedToPeer(world, way);
    },
  },
  {
    ...{ transaction: 'ITI-55', direction: 'inward' },
    async run(world) {
      const { family, given, birth } = (await fedByPeer(world)).stranger;
      const way = ['ITI-55', 'responding-gateway'] as const;
      const fields = {
        ...{ sender: IPF.device, senderOrganization: oidOf(IPF.homeCommunityId) },
        ...{ receiver: PROOF.device, receiverOrganization: oidOf(PROOF.homeCommunityId) },
        ...{ reverseAuthority: IPF.affinityDomain, family, given, birth },
      };
      const answer = await peerAsksForReply(world, way, fields);
      same(
        [answer.acknowledgement, answer.queryResponseCode, answer.ids?.length],
        ['AA', 'OK', 1],
        'the answer',
      );
      contains(answer.words ?? [], [family, given], 'the name in our answer');
      const refused = await peerAsksForReply(world, way, {
        ...fields,
        receiverOrganization: '2.999.404',
      });
      same(
        [refused.acknowledgement, refused.queryResponseCode, refused.details],
        ['AE', 'QE', ['SYN103']],
        'the refusal of a question to another community',
      );
      const another = { ...fields, senderOrganization: '2.999.404' };
      await faultedAtOnce(world, way, [
        [another, 'NotAuthorized'],
        [{ ...another, ...viaCxf(world, 'ITI-55') }, 'NotAuthorized'],
      ]);
    },
  },
  ...(['ITI-38', 'ITI-55'] as const).map((transaction) => ({
    ...{ transaction, direction: 'outward' as const },
    run: (world: InteropWorld) => askedByOurGateway(world, transaction),
  })),
  {
    ...{ transaction: 'ITI-39', direction: 'outward' },
    run: (world) => retrievedByOurGateway(world, inMemory(TEXT)),
  },
  {
    ...{ transaction: 'ITI-18', direction: 'outward' },
    async run(world) {
      const { gateway, callback } = await world.companion(startGatewayBeforeIpf);
      const patientId = { ...aStrangersPatient(), assigningAuthority: PROOF.affinityDomain };
      const { uniqueId, words } = await registeredThere(world, patientId);
      await world.peer.judged();
      const response = await world.client.ask(
        ITI_38,
        gateway,
        findDocuments({ patientId, home: HOME }),
      );
      wantedElsewhere(await world.peer.judged(), 'ITI-18', callback);
      same(
        [response.status, response.objects.map((one) => [one.uniqueId, one.home])],
        ['Success', [[uniqueId, HOME]]],
        'found through our gateway',
      );
      const all = getAll({ patientId, status: ['Approved'], home: HOME });
      const inJapanese = await world.client.ask(ITI_38, gateway, all);
      contains(wordsOf(inJapanese), words, 'the peer’s answer as we read it');
      // IPF's server knows no such query, and sends a fault to our callback.
      const unknown = getSubmissionSets({ uuid: [UUID], home: HOME });
      const failed = await world.client.ask(ITI_38, gateway, unknown);
      same(
        [failed.status, failed.errors.map((one) => [one.errorCode, one.codeContext])],
        ['Failure', [['XDSRegistryError', 'no such query here: GET_SUBMISSION_SETS']]],
        'the fault as we say it',
      );
    },
  },
  {
    ...{ transaction: 'ITI-43', direction: 'outward' },
    async run(world) {
      const { gateway } = await world.companion(startGatewayBeforeIpf);
      await retrievedBehindGateway(world, inMemory(TEXT));
      const refused = await world.client.ask(ITI_39, gateway, behindGateway(freshOid()));
      same(
        [refused.status, refused.errors.map(({ errorCode }) => errorCode)],
        ['Failure', ['XDSDocumentUniqueIdError']],
        'the refusal',
      );
    },
  },
];

/** 200 MiB by MTOM, as an answer that is a message of its own. */
const large: typeof cells = [
  {
    ...{ transaction: 'ITI-39', direction: 'inward' },
    run: (world) =>
      retrievedByPeer(world, ['ITI-39', 'responding-gateway'], { home: HOME, content: LARGE }),
  },
  {
    ...{ transaction: 'ITI-39', direction: 'outward' },
    run: (world) => retrievedByOurGateway(world, LARGE),
  },
  {
    ...{ transaction: 'ITI-43', direction: 'inward' },
    run: (world) => retrievedByPeer(world, ['ITI-43', 'document-repository'], { content: LARGE }),
  },
  {
    ...{ transaction: 'ITI-43', direction: 'outward' },
    run: (world) => retrievedBehindGateway(world, LARGE),
  },
];

export const asynchronousExchange: readonly InteropCase[] = [
  ...cells.map((cell) => ({ ...cell, name: 'asynchronous' as const })),
  ...large.map((cell) => ({ ...cell, name: 'asynchronous large' as const })),
];
