import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import { findDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import { inMemory } from '../../support/documents.ts';
import { PROOF } from '../../support/proof-region.ts';
import { asynchronously, replyAddress } from '../callbacks.ts';
import { Finding, type InteropCase, peerAsks, same } from '../interop-case.ts';
import type { Judged, PeerAnswer } from '../peer.ts';
import { freshOid } from '../samples.ts';
import { IPF, type InteropWorld } from '../world.ts';
import { knownInBoth, retrieveThroughOurGateway } from './communities.ts';
import { fedByPeer, ofDiscoverer } from './identity.ts';
import { aStrangersPatient, named, ofRegistry, registerThere, submitted } from './registry.ts';
import { digestOf, holds, providedByPeer, providedToPeer } from './repository.ts';

const TEXT = '後から届く紹介状です。';
const HOME = { home: PROOF.homeCommunityId };

const stranger = (world: InteropWorld) => {
  const found = world.federation.regions.get('ipf');
  if (!found) throw new Error('the federation lacks ipf');
  return found;
};

/** IPF's client asks with the certificate of its own server, and takes the answer there. */
function peerAsksForReply(
  world: InteropWorld,
  [transaction, actor]: readonly [string, string],
  fields: object,
): Promise<PeerAnswer> {
  return peerAsks(world, {
    transaction,
    url: world.urls.ours(actor),
    as: 'gateway',
    replyTo: replyAddress(stranger(world), transaction),
    ...fields,
  });
}

/** @throws Finding unless every request of the transaction wanted its answer at our callback */
function wantedElsewhere(world: InteropWorld, judged: readonly Judged[], transaction: string) {
  const requests = judged.filter(
    (one) => one.transaction === transaction && one.message === 'request',
  );
  if (requests.length === 0) throw new Finding(`no ${transaction} has reached the peer`);
  const wanted = requests.map(({ valid, replyTo }) => [valid, replyTo]);
  const expected = requests.map(() => [true, `${world.region.url}/replies`]);
  same(wanted, expected, 'what the peer’s validator and addressing say of our request');
}

async function queriedByPeer(world: InteropWorld, way: readonly [string, string], home?: string) {
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

async function retrievedByPeer(world: InteropWorld, way: readonly [string, string], home?: string) {
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
  wantedElsewhere(world, judged, transaction);
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
    run: (world) => queriedByPeer(world, ['ITI-38', 'responding-gateway'], HOME.home),
  },
  {
    ...{ transaction: 'ITI-39', direction: 'inward' },
    run: (world) => retrievedByPeer(world, ['ITI-39', 'responding-gateway'], HOME.home),
  },
  {
    ...{ transaction: 'ITI-55', direction: 'inward' },
    async run(world) {
      const { stranger: person } = await fedByPeer(world);
      const { family, given, birth } = person;
      const {
        transaction,
        url: _url,
        as: _as,
        ...fields
      } = ofDiscoverer(world, {
        ...{ family, given, birth },
      });
      const way = [transaction, 'responding-gateway'] as const;
      const answer = await peerAsksForReply(world, way, fields);
      same(
        [answer.acknowledgement, answer.queryResponseCode, answer.ids?.length],
        ['AA', 'OK', 1],
        'the answer',
      );
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
      wantedElsewhere(world, judged, 'ITI-39');
      await holds(response, inMemory(TEXT));
    },
  },
];

export const asynchronousExchange: readonly InteropCase[] = cells.map((cell) => ({
  ...cell,
  name: 'asynchronous',
}));
