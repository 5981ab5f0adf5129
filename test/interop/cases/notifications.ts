import { PeerFailure } from '../../../actors/actor.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import type {
  AcceptAcknowledgement,
  PatientRegistrationFeed,
} from '../../../profiles/pix/iti-44.ts';
import { ITI_10 } from '../../../profiles/pix/iti-10.ts';
import { ITI_44 } from '../../../profiles/pix/iti-44.ts';
import { ITI_46 } from '../../../profiles/pix/iti-46.ts';
import { ITI_55 } from '../../../profiles/xcpd/iti-55.ts';
import { ITI_56 } from '../../../profiles/xcpd/iti-56.ts';
import { aPatientIdentityFeed, aTransmission } from '../../support/hl7v3-builders.ts';
import { PROOF } from '../../support/proof-region.ts';
import { Finding, type InteropCase, peerAsks, requireTaken, same, weAsk } from '../interop-case.ts';
import type { PeerCase } from '../peer.ts';
import { chartOf, weSend, wrapped } from '../v2-case.ts';
import type { Stranger } from '../v2-people.ts';
import { NOTIFIED, WIDE_AREA } from '../v2-world.ts';
import { IPF, type InteropWorld } from '../world.ts';
import { aStranger, discoveryOf, fedToPeer, personOf } from './identity.ts';
import { named } from './registry.ts';

const ROUNDS = 600;
const ROUND_MS = 250;

/** Feeds us one person under two ids of a domain of which the peer is told; the peer's server hears of it from our gateway. */
async function notifiedOf(world: InteropWorld, transaction: keyof typeof NOTIFIED): Promise<void> {
  await world.peer.judged();
  const stranger = aStranger();
  const authority = NOTIFIED[transaction];
  const ids = [`${stranger.id}-1`, `${stranger.id}-2`].map((id) => ({
    id,
    assigningAuthority: authority,
  }));
  const feed = aPatientIdentityFeed({
    transmission: aTransmission({
      sender: { device: PROOF.sourceId },
      receiver: { device: PROOF.device },
    }),
    ids,
    demographics: personOf(stranger),
    providerOrganization: { id: authority },
    custodian: PROOF.sourceId,
  });
  const url = world.urls.ours('patient-identity');
  same((await world.client.ask(ITI_44, url, feed)).code, 'CA', 'our acknowledgement');
  for (let round = 0; round < ROUNDS; round += 1) {
    const judged = await world.peer.judged();
    if (judged.some((one) => one.transaction === transaction)) {
      requireTaken(judged, transaction);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, ROUND_MS));
  }
  throw new Finding(`no ${transaction} has reached the peer`);
}

const notificationOf = (id: string): PatientRegistrationFeed => ({
  ...wrapped(),
  transmission: aTransmission({
    sender: { device: PROOF.device },
    receiver: { device: IPF.device },
  }),
  kind: 'revise',
  ids: [chartOf(id), { id: `R-${id}`, assigningAuthority: PROOF.affinityDomain }],
  otherIds: [],
  demographics: { names: [] },
  providerOrganization: { id: PROOF.chartNumbers },
});

const sentOver = {
  'ITI-46': async (world: InteropWorld, id: string) =>
    (await weAsk(world, ITI_46, notificationOf(id))).response,
  'ITI-10': async (world: InteropWorld, id: string) =>
    (
      await weSend(
        world,
        ITI_10,
        { ...notificationOf(id), ...wrapped() },
        { place: 'pix-iti10-utf8' },
      )
    ).response,
} satisfies Record<string, (world: InteropWorld, id: string) => Promise<AcceptAcknowledgement>>;

/** Update notifications: from our gateway, and from our client. */
const told = (transaction: keyof typeof NOTIFIED): readonly InteropCase[] => [
  {
    ...{ transaction, direction: 'outward', name: 'success' },
    async run(world) {
      same((await sentOver[transaction](world, aStranger().id)).code, 'CA', 'the acknowledgement');
      await notifiedOf(world, transaction);
    },
  },
  {
    ...{ transaction, direction: 'outward', name: 'refusal' },
    async run(world) {
      const { code, details } = await sentOver[transaction](world, 'REFUSE-1');
      same([code === 'CA', details.length], [false, 1], 'the refusal as we read it');
    },
  },
];

const notifiedBy = (world: InteropWorld, id: PatientId): PeerCase => ({
  ...{ transaction: 'ITI-46', url: world.urls.ours('initiating-gateway'), as: 'gateway' },
  ...{ sender: IPF.device, receiver: PROOF.device },
  ...named(id),
});

/** IPF, as the wide-area id service, tells our Initiating Gateway. */
const toldByPeer: readonly InteropCase[] = [
  {
    ...{ transaction: 'ITI-46', direction: 'inward', name: 'success' },
    async run(world) {
      const answer = await peerAsks(world, notifiedBy(world, await world.patient()));
      same([answer.acknowledgement, answer.details], ['CA', []], 'the acknowledgement');
    },
  },
  {
    ...{ transaction: 'ITI-46', direction: 'inward', name: 'refusal' },
    async run(world) {
      // A root that XML Schema takes for an identifier, and that is no OID.
      const nobody = { id: '1', assigningAuthority: 'somewhere' };
      const answer = await world.peer.ask(notifiedBy(world, nobody));
      same(
        [answer.acknowledgement, answer.details, answer.responseValid],
        ['CE', ['SYN102'], 'valid'],
        'the refusal as the peer reads it',
      );
    },
  },
];

/** ITI-46 PIXV3 Update Notification. */
export const notificationsV3 = [...told('ITI-46'), ...toldByPeer];

/** ITI-10 PIX Update Notification. */
export const notifications = told('ITI-10');

const ofGateway = (world: InteropWorld, transaction: string, fields: object): PeerCase => ({
  ...{ transaction, url: world.urls.ours('responding-gateway'), as: 'hospital' },
  ...fields,
});

/** ITI-56 Patient Location Query. */
export const patientLocationQuery: readonly InteropCase[] = [
  {
    ...{ transaction: 'ITI-56', direction: 'inward', name: 'success' },
    async run(world) {
      const patient = await world.patient();
      // IPF is the wide-area id service, too: there she has an id of its community.
      const there = await fedToPeerUnder(world, patient);
      const answer = await peerAsks(world, ofGateway(world, 'ITI-56', named(patient)));
      same(
        answer.locations,
        [`${IPF.homeCommunityId} ${there.id}^^^&${there.assigningAuthority}&ISO`],
        'where else she is known',
      );
    },
  },
  {
    ...{ transaction: 'ITI-56', direction: 'inward', name: 'refusal' },
    async run(world) {
      // A root that XML Schema takes for an identifier, and that is no OID.
      const nobody = { id: '1', assigningAuthority: 'somewhere' };
      const { fault } = await world.peer.ask(ofGateway(world, 'ITI-56', named(nobody)));
      same(fault?.split(':')[0], 'SoapFault', `the kind of what the peer reads (${fault})`);
    },
  },
  {
    ...{ transaction: 'ITI-56', direction: 'outward', name: 'success' },
    async run(world) {
      const requestedPatientId = { id: 'L-1', assigningAuthority: IPF.affinityDomain };
      const { response } = await weAsk(world, ITI_56, { requestedPatientId });
      same(
        response.locations,
        [
          {
            homeCommunityId: 'urn:oid:2.999.41',
            correspondingPatientId: { id: 'E-L-1', assigningAuthority: '2.999.41.1' },
            requestedPatientId,
          },
        ],
        'where else she is known',
      );
    },
  },
  {
    ...{ transaction: 'ITI-56', direction: 'outward', name: 'refusal' },
    async run(world) {
      const requestedPatientId = { id: 'REFUSE-1', assigningAuthority: IPF.affinityDomain };
      const failed: unknown = await weAsk(world, ITI_56, { requestedPatientId }).catch(
        (error: unknown) => error,
      );
      same(failed instanceof PeerFailure, true, `a fault as we read it (${String(failed)})`);
    },
  },
];

/** Makes a person known to IPF under an id of ours and one of the wide-area domain; resolves to the latter. */
async function fedToPeerUnder(world: InteropWorld, ours: PatientId): Promise<PatientId> {
  const stranger = aStranger();
  const there = { id: `W-${stranger.id}`, assigningAuthority: WIDE_AREA.theirs };
  const feed = aPatientIdentityFeed({
    transmission: aTransmission({
      sender: { device: PROOF.sourceId },
      receiver: { device: IPF.device },
    }),
    ids: [ours, there],
    demographics: personOf(stranger),
    providerOrganization: { id: ours.assigningAuthority, name: '試験病院' },
    custodian: PROOF.sourceId,
  });
  same((await weAsk(world, ITI_44, feed)).response.code, 'CA', 'the acknowledgement');
  return there;
}

/** Two people of one name and birth date. */
const twins = (): readonly [Stranger, Stranger] => {
  const one = aStranger();
  return [one, { ...one, id: aStranger().id }];
};

/** ITI-55 where the question fits several. */
export const severalCandidates: readonly InteropCase[] = [
  {
    ...{ transaction: 'ITI-55', direction: 'inward', name: 'several' },
    async run(world) {
      const [one, other] = twins();
      for (const [stranger, city] of [
        [one, '松江市'],
        [other, '出雲市'],
      ] as const) {
        const demographics = { ...personOf(stranger), addresses: [{ city, use: 'H' as const }] };
        const feed = aPatientIdentityFeed({
          transmission: aTransmission({
            sender: { device: PROOF.sourceId },
            receiver: { device: PROOF.device },
          }),
          ...{ ids: [chartOf(stranger.id)], demographics, custodian: PROOF.sourceId },
          providerOrganization: { id: PROOF.chartNumbers },
        });
        const url = world.urls.ours('patient-identity');
        same((await world.client.ask(ITI_44, url, feed)).code, 'CA', 'our acknowledgement');
      }
      const organization = (home: string) => home.replace('urn:oid:', '');
      const answer = await peerAsks(
        world,
        ofGateway(world, 'ITI-55', {
          ...{ sender: '2.999.2.2', receiver: PROOF.device, reverseAuthority: '2.999.2.1' },
          senderOrganization: organization(PROOF.partnerCommunity),
          receiverOrganization: organization(PROOF.homeCommunityId),
          ...{ family: one.family, given: one.given, birth: one.birth },
        }),
      );
      same(
        [answer.acknowledgement, answer.queryResponseCode, answer.ids, answer.wanted],
        ['AA', 'OK', [], ['PatientAddressRequested']],
        'nobody is told, and what would tell them apart is asked for',
      );
    },
  },
  {
    ...{ transaction: 'ITI-55', direction: 'outward', name: 'several' },
    async run(world) {
      const [one, other] = twins();
      const ids = [await fedToPeer(world, one), await fedToPeer(world, other)];
      const { response } = await weAsk(world, ITI_55, discoveryOf(one));
      same(
        [response.queryResponseCode, response.matches.map(({ id }) => id)],
        ['OK', ids],
        'the candidates',
      );
    },
  },
];
