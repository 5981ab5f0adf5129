import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_38 } from '../../../profiles/xca/iti-38.ts';
import { ITI_39 } from '../../../profiles/xca/iti-39.ts';
import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import { ITI_42 } from '../../../profiles/xds/iti-42.ts';
import { ITI_43, type RetrieveDocumentSetResponse } from '../../../profiles/xds/iti-43.ts';
import { findDocuments, getAll } from '../../../profiles/xds/stored-query-builders.ts';
import { inMemory } from '../../support/documents.ts';
import { PROOF } from '../../support/proof-region.ts';
import { aSubmission } from '../../support/xds-builders.ts';
import { ITI_44 } from '../../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../../profiles/pix/iti-45.ts';
import { aPatientIdentityFeed, aPixQuery, aTransmission } from '../../support/hl7v3-builders.ts';
import {
  contains,
  Finding,
  type InteropCase,
  peerAsks,
  requireTaken,
  same,
  weAsk,
} from '../interop-case.ts';
import type { Judged, PeerCase } from '../peer.ts';
import { aJapaneseSubmission, freshOid } from '../samples.ts';
import { IPF, type InteropWorld } from '../world.ts';
import { aStranger, fedToPeer, personOf } from './identity.ts';
import {
  aStrangersPatient,
  named,
  ofRegistry,
  registerThere,
  submitted,
  wordsOf,
} from './registry.ts';
import { digestOf, holds, LARGE, providedByPeer, providedToPeer, theirs } from './repository.ts';

const HOME = { home: PROOF.homeCommunityId };

/** What IPF's client, as the gateway of another community, asks ours. */
const ofGateway = (world: InteropWorld, transaction: string, fields: object): PeerCase => ({
  transaction,
  url: world.urls.ours('responding-gateway'),
  as: 'hospital',
  ...fields,
});

const gatewayQuery = (world: InteropWorld, fields: object) =>
  peerAsks(world, ofGateway(world, 'ITI-38', { query: 'FindDocuments', ...HOME, ...fields }));

/** A person who is known here and there: her id in our region, that at IPF, and her name. */
export async function knownInBoth(world: InteropWorld) {
  const stranger = aStranger();
  const there = await fedToPeer(world, stranger);
  const chart = { id: stranger.id, assigningAuthority: PROOF.chartNumbers };
  const transmission = aTransmission({
    sender: { device: PROOF.sourceId },
    receiver: { device: PROOF.device },
  });
  const url = world.urls.ours('patient-identity');
  const feed = aPatientIdentityFeed({
    transmission,
    ids: [chart],
    demographics: personOf(stranger),
    providerOrganization: { id: PROOF.chartNumbers },
    custodian: PROOF.sourceId,
  });
  same((await world.client.ask(ITI_44, url, feed)).code, 'CA', 'our acknowledgement');
  const query = aPixQuery({
    transmission,
    patientIdentifier: chart,
    dataSources: [PROOF.affinityDomain],
  });
  const [here] = (await world.client.ask(ITI_45, url, query)).ids;
  if (!here) throw new Error('no regional id');
  return { here, there, name: [stranger.family, stranger.given] };
}

/** Asks our Initiating Gateway, and sees that the peer's validators took what it asked them. */
async function throughOurGateway(world: InteropWorld, patientId: PatientId) {
  await world.peer.judged();
  const url = world.urls.ours('initiating-gateway');
  const response = await world.client.ask(ITI_18, url, findDocuments({ patientId }));
  const judged = await world.peer.judged();
  requireTaken(judged, 'ITI-55');
  requireTaken(judged, 'ITI-38');
  return response;
}

/** ITI-38 Cross Gateway Query. */
export const crossGatewayQuery: readonly InteropCase[] = [
  {
    transaction: 'ITI-38',
    direction: 'inward',
    name: 'success',
    async run(world) {
      const patient = await world.patient();
      const request = submitted(patient);
      await peerAsks(world, ofRegistry(world, 'ITI-42', request));
      const { status, objects } = await gatewayQuery(world, named(patient));
      same(
        [status, objects?.map(({ uniqueId, home }) => [uniqueId, home])],
        ['SUCCESS', [[request.documents[0]?.uniqueId, PROOF.homeCommunityId]]],
        'found',
      );
    },
  },
  {
    transaction: 'ITI-38',
    direction: 'inward',
    name: 'empty',
    async run(world) {
      const { status, objects, errors } = await gatewayQuery(world, named(await world.patient()));
      same([status, objects, errors], ['SUCCESS', [], []], 'the answer');
    },
  },
  {
    transaction: 'ITI-38',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const elsewhere = { ...named(await world.patient()), home: 'urn:oid:2.999.404' };
      const { status, errors } = await gatewayQuery(world, elsewhere);
      same([status, errors?.[0]?.code], ['FAILURE', 'XDSUnknownCommunity'], 'the refusal');
    },
  },
  {
    transaction: 'ITI-38',
    direction: 'inward',
    name: 'Japanese',
    async run(world) {
      const patient = await world.patient();
      const request = { ...submitted(patient), folder: freshOid() };
      const sent = await peerAsks(world, ofRegistry(world, 'ITI-42', request));
      const found = await gatewayQuery(world, { ...named(patient), query: 'GetAll' });
      contains(found.words ?? [], sent.sentWords ?? [], 'our answer');
    },
  },
  {
    transaction: 'ITI-38',
    direction: 'outward',
    name: 'success',
    async run(world) {
      const { here, there } = await knownInBoth(world);
      const uniqueId = await registerThere(world, there);
      const response = await throughOurGateway(world, here);
      same(
        [response.status, response.objects.map((one) => [one.uniqueId, one.home])],
        ['Success', [[uniqueId, IPF.homeCommunityId]]],
        'found through our gateway',
      );
    },
  },
  {
    transaction: 'ITI-38',
    direction: 'outward',
    name: 'empty',
    async run(world) {
      const { here } = await knownInBoth(world);
      const response = await throughOurGateway(world, here);
      same([response.status, response.objects, response.errors], ['Success', [], []], 'the answer');
    },
  },
  {
    transaction: 'ITI-38',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const asked = findDocuments({
        patientId: aStrangersPatient('REFUSE'),
        home: IPF.homeCommunityId,
      });
      const { response } = await weAsk(world, ITI_38, asked);
      const [error] = response.errors;
      same(
        [response.status, error?.errorCode, error?.location],
        ['Failure', 'XDSUnknownPatientId', IPF.homeCommunityId],
        'the refusal as we read it',
      );
    },
  },
  {
    transaction: 'ITI-38',
    direction: 'outward',
    name: 'partial',
    async run(world) {
      const patientId = aStrangersPatient('PARTIAL');
      await registerThere(world, patientId);
      const asked = findDocuments({ patientId, home: IPF.homeCommunityId });
      const { response } = await weAsk(world, ITI_38, asked);
      const [error] = response.errors;
      same(
        [response.status, response.objects.length, error?.errorCode, error?.codeContext],
        ['PartialSuccess', 1, 'XDSRegistryBusy', '登録簿が混み合っています'],
        'the answer in part',
      );
    },
  },
  {
    transaction: 'ITI-38',
    direction: 'outward',
    name: 'Japanese',
    async run(world) {
      const patientId = aStrangersPatient();
      const parts = aJapaneseSubmission(patientId, PROOF.sourceId);
      const { read } = await weAsk(world, ITI_42, aSubmission(parts));
      const asked = getAll({ patientId, status: ['Approved'], home: IPF.homeCommunityId });
      const { response } = await weAsk(world, ITI_38, asked);
      contains(wordsOf(response), read, 'the peer’s answer as we read it');
    },
  },
];

const TEXT = '他の地域の紹介状です。';

const ourDocuments = (...uniqueIds: string[]) => ({
  documents: uniqueIds.map((uniqueId) => ({
    uniqueId,
    repository: PROOF.repositoryUniqueId,
    home: PROOF.homeCommunityId,
  })),
});

async function peerRetrieves(world: InteropWorld, content: string | typeof LARGE) {
  const { uniqueId } = await providedByPeer(world, await world.patient(), content);
  const answer = await peerAsks(world, ofGateway(world, 'ITI-39', ourDocuments(uniqueId)));
  const { sha1, size } = await digestOf(typeof content === 'string' ? inMemory(content) : content);
  const [document] = answer.documents ?? [];
  same(
    [answer.status, document?.home, document?.size, document?.sha1],
    ['SUCCESS', PROOF.homeCommunityId, size, sha1],
    'the document',
  );
}

const homed = (...uniqueIds: string[]) => ({
  documents: theirs(...uniqueIds).documents.map((one) => ({
    ...one,
    homeCommunityId: IPF.homeCommunityId,
  })),
});

const ASK_AGAIN = 60;

/** Asks our Initiating Gateway until the document has come: what is late is found by a later request. */
export async function retrieveThroughOurGateway(
  world: InteropWorld,
  uniqueId: string,
): Promise<{ response: RetrieveDocumentSetResponse; judged: readonly Judged[] }> {
  await world.peer.judged();
  const url = world.urls.ours('initiating-gateway');
  for (let round = 0; round < ASK_AGAIN; round += 1) {
    const response = await world.client.ask(ITI_43, url, homed(uniqueId));
    if (response.status === 'Success') {
      const judged = await world.peer.judged();
      requireTaken(judged, 'ITI-39');
      return { response, judged };
    }
    const [error] = response.errors;
    if (!error?.codeContext.includes('ask again later')) {
      throw new Finding(`our gateway: ${error?.errorCode} ${error?.codeContext}`);
    }
  }
  throw new Finding('our gateway has never had the document');
}

/** ITI-39 Cross Gateway Retrieve. */
export const crossGatewayRetrieve: readonly InteropCase[] = [
  {
    transaction: 'ITI-39',
    direction: 'inward',
    name: 'success',
    run: (world) => peerRetrieves(world, 'plain'),
  },
  {
    transaction: 'ITI-39',
    direction: 'inward',
    name: 'Japanese',
    run: (world) => peerRetrieves(world, TEXT),
  },
  {
    transaction: 'ITI-39',
    direction: 'inward',
    name: 'large',
    run: (world) => peerRetrieves(world, LARGE),
  },
  {
    transaction: 'ITI-39',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const asked = ofGateway(world, 'ITI-39', ourDocuments(freshOid()));
      const { status, errors, documents } = await peerAsks(world, asked);
      same(
        [status, errors?.[0]?.code, documents],
        ['FAILURE', 'XDSDocumentUniqueIdError', []],
        'the refusal',
      );
    },
  },
  {
    transaction: 'ITI-39',
    direction: 'inward',
    name: 'partial',
    async run(world) {
      const { uniqueId } = await providedByPeer(world, await world.patient());
      const asked = ofGateway(world, 'ITI-39', ourDocuments(uniqueId, freshOid()));
      const { status, errors, documents } = await peerAsks(world, asked);
      same(
        [status, errors?.map(({ code }) => code), documents?.length],
        ['PARTIAL_SUCCESS', ['XDSDocumentUniqueIdError'], 1],
        'the answer in part',
      );
    },
  },
  ...(
    [
      ['success', inMemory('plain')],
      ['Japanese', inMemory(TEXT)],
      ['large', LARGE],
    ] as const
  ).map(
    ([name, content]): InteropCase => ({
      transaction: 'ITI-39',
      direction: 'outward',
      name,
      async run(world) {
        const uniqueId = await providedToPeer(world, aStrangersPatient(), content);
        const { response } = await retrieveThroughOurGateway(world, uniqueId);
        await holds(response, content);
      },
    }),
  ),
  {
    transaction: 'ITI-39',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const { response } = await weAsk(world, ITI_39, homed(freshOid()));
      same(
        [response.status, response.errors[0]?.errorCode, response.errors[0]?.location],
        ['Failure', 'XDSDocumentUniqueIdError', IPF.homeCommunityId],
        'the refusal as we read it',
      );
    },
  },
  {
    transaction: 'ITI-39',
    direction: 'outward',
    name: 'partial',
    async run(world) {
      const uniqueId = await providedToPeer(world, aStrangersPatient());
      const { response } = await weAsk(world, ITI_39, homed(uniqueId, freshOid()));
      same(
        [response.status, response.documents.length, response.errors.length],
        ['PartialSuccess', 1, 1],
        'the answer in part',
      );
    },
  },
];
