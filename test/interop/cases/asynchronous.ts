import { ITI_38 } from '../../../profiles/xca/iti-38.ts';
import { ITI_39 } from '../../../profiles/xca/iti-39.ts';
import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import { findDocuments, getSubmissionSets } from '../../../profiles/xds/stored-query-builders.ts';
import { inMemory } from '../../support/documents.ts';
import { PROOF } from '../../support/proof-region.ts';
import {
  asynchronously,
  entitled,
  OF_SYSTEMS,
  replyAddress,
  startGatewayBeforeIpf,
} from '../callbacks.ts';
import { Finding, type InteropCase, peerAsks, same } from '../interop-case.ts';
import type { Judged, PeerAnswer, PeerCase } from '../peer.ts';
import { freshOid } from '../samples.ts';
import { IPF, type InteropWorld } from '../world.ts';
import { knownInBoth, retrieveThroughOurGateway } from './communities.ts';
import { fedByPeer } from './identity.ts';
import { aStrangersPatient, named, ofRegistry, registerThere, submitted } from './registry.ts';
import { digestOf, holds, providedByPeer, providedToPeer } from './repository.ts';

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
  const request = submitted(patient);
  await peerAsks(world, ofRegistry(world, 'ITI-42', request));
  const asked = { query: 'FindDocuments', home, ...named(patient) };
  const { status, objects } = await peerAsksForReply(world, way, asked);
  same(
    [status, objects?.map((one) => [one.uniqueId, one.home ?? undefined])],
    ['SUCCESS', [[request.documents[0]?.uniqueId, home]]],
    'found',
  );
}

async function retrievedByPeer(world: InteropWorld, way: Way, home?: string) {
  const { uniqueId } = await providedByPeer(world, await world.patient(), TEXT);
  const named = (id: string) => ({
    uniqueId: id,
    repository: PROOF.repositoryUniqueId,
    home,
  });
  const { sha1, size } = await digestOf(inMemory(TEXT));
  const answer = await peerAsksForReply(world, way, { documents: [named(uniqueId)] });
  same(
    [answer.status, answer.documents?.map((one) => [one.size, one.sha1])],
    ['SUCCESS', [[size, sha1]]],
    'the document',
  );
  const refused = await peerAsksForReply(world, way, { documents: [named(freshOid())] });
  same(
    [refused.status, refused.errors?.map(({ code }) => code)],
    ['FAILURE', ['XDSDocumentUniqueIdError']],
    'the refusal',
  );
}

/** A fault comes on the connection, before the 202: at a ReplyTo IPF's receiver would take it, and tell nobody. */
async function faultedAtOnce(world: InteropWorld, way: Way, fields: object): Promise<void> {
  const before = await delivered(world);
  for (const by of ['replies', 'decoupled'] as const) {
    const { faultCodes } = await world.peer.ask(wantingReply(world, way, fields, by));
    same(faultCodes, ['Sender', 'NotAuthorized'], `the fault as IPF reads it (${by})`);
  }
  same(await delivered(world), before, 'answers that we brought to a callback');
}

/** Asks our Initiating Gateway for the documents of somebody whom both communities know. */
async function askedByOurGateway(world: InteropWorld, transaction: string): Promise<void> {
  const { here, there } = await knownInBoth(world);
  const uniqueId = await registerThere(world, there);
  await world.peer.judged();
  const { response, judged } = await asynchronously(world.region, async () => ({
    response: await world.client.ask(
      ITI_18,
      world.urls.ours('initiating-gateway'),
      findDocuments({ patientId: here }),
    ),
    judged: await world.peer.judged(),
  }));
  wantedElsewhere(judged, transaction, `${world.region.url}/replies`);
  same(
    [response.status, response.objects.map((one) => [one.uniqueId, one.home])],
    ['Success', [[uniqueId, IPF.homeCommunityId]]],
    'found through our gateway',
  );
}

/** WS-Addressing based asynchronous exchange. Source: ITI TF-2: Appendix V. */
const cells: readonly Omit<InteropCase, 'name'>[] = [
  {
    ...{ transaction: 'ITI-38', direction: 'inward' },
    run: (world) => queriedByPeer(world, ['ITI-38', 'responding-gateway'], HOME),
  },
  {
    ...{ transaction: 'ITI-39', direction: 'inward' },
    run: (world) => retrievedByPeer(world, ['ITI-39', 'responding-gateway'], HOME),
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
    run: (world) => retrievedByPeer(world, ['ITI-43', 'document-repository']),
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
      const refused = await peerAsksForReply(world, way, {
        ...fields,
        receiverOrganization: '2.999.404',
      });
      same(
        [refused.acknowledgement, refused.queryResponseCode, refused.details],
        ['AE', 'QE', ['SYN103']],
        'the refusal of a question to another community',
      );
      await faultedAtOnce(world, way, { ...fields, senderOrganization: '2.999.404' });
    },
  },
  ...(['ITI-38', 'ITI-55'] as const).map((transaction) => ({
    ...{ transaction, direction: 'outward' as const },
    run: (world: InteropWorld) => askedByOurGateway(world, transaction),
  })),
  {
    ...{ transaction: 'ITI-39', direction: 'outward' },
    async run(world) {
      const uniqueId = await providedToPeer(world, aStrangersPatient(), inMemory(TEXT));
      const { response, judged } = await asynchronously(world.region, () =>
        retrieveThroughOurGateway(world, uniqueId),
      );
      wantedElsewhere(judged, 'ITI-39', `${world.region.url}/replies`);
      await holds(response, inMemory(TEXT));
    },
  },
  {
    ...{ transaction: 'ITI-18', direction: 'outward' },
    async run(world) {
      const { gateway, callback } = await world.companion(startGatewayBeforeIpf);
      const patientId = { ...aStrangersPatient(), assigningAuthority: PROOF.affinityDomain };
      const uniqueId = await registerThere(world, patientId);
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
      const { gateway, callback } = await world.companion(startGatewayBeforeIpf);
      const uniqueId = await providedToPeer(world, aStrangersPatient(), inMemory(TEXT));
      const asked = (documentUniqueId: string) => ({
        documents: [
          {
            documentUniqueId,
            repositoryUniqueId: IPF.repositoryUniqueId,
            homeCommunityId: HOME,
          },
        ],
      });
      await world.peer.judged();
      await holds(await world.client.ask(ITI_39, gateway, asked(uniqueId)), inMemory(TEXT));
      wantedElsewhere(await world.peer.judged(), 'ITI-43', callback);
      const refused = await world.client.ask(ITI_39, gateway, asked(freshOid()));
      same(
        [refused.status, refused.errors.map(({ errorCode }) => errorCode)],
        ['Failure', ['XDSDocumentUniqueIdError']],
        'the refusal',
      );
    },
  },
];

export const asynchronousExchange: readonly InteropCase[] = cells.map((cell) => ({
  ...cell,
  name: 'asynchronous',
}));
