import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_47 } from '../../../profiles/pdq/iti-47.ts';
import { ITI_44 } from '../../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../../profiles/pix/iti-45.ts';
import { ITI_55 } from '../../../profiles/xcpd/iti-55.ts';
import {
  aDemographicsQuery,
  aPatientDiscovery,
  aPatientIdentityFeed,
  aPatientMerge,
  aPerson,
  aPixQuery,
  aTransmission,
} from '../../support/hl7v3-builders.ts';
import { PROOF } from '../../support/proof-region.ts';
import { contains, type InteropCase, peerAsks, same, weAsk } from '../interop-case.ts';
import type { PeerAnswer, PeerCase } from '../peer.ts';
import { IPF, type InteropWorld } from '../world.ts';
import { named } from './registry.ts';

let counted = 0;
const LETTERS = '一二三四五六七八九十百千';

/** A person whom nobody else has: 試験 and a given name of her own. */
export function aStranger() {
  counted += 1;
  const given = [...String(counted)].map((digit) => LETTERS[Number(digit)]).join('');
  return { id: `S-${counted}`, family: '試験', given: `太郎${given}`, birth: '19700101' };
}

type Stranger = ReturnType<typeof aStranger>;

const chart = ({ id }: Stranger): PatientId => ({ id, assigningAuthority: PROOF.chartNumbers });
const toUs = { sender: PROOF.sourceId, receiver: PROOF.device };

const ofIdentity = (world: InteropWorld, transaction: string, fields: object): PeerCase => ({
  transaction,
  url: world.urls.ours('patient-identity'),
  as: 'hospital',
  ...toUs,
  ...fields,
});

/** IPF's client feeds a person to us. */
export async function fedByPeer(world: InteropWorld, stranger = aStranger()) {
  const request = { ...stranger, ...named(chart(stranger)) };
  const answer = await peerAsks(world, ofIdentity(world, 'ITI-44', request));
  same(answer.acknowledgement, 'CA', 'the acknowledgement');
  return { stranger, answer };
}

/** Our client feeds a person to IPF; resolves to her id in IPF's affinity domain. */
export async function fedToPeer(world: InteropWorld, stranger = aStranger()): Promise<PatientId> {
  const { response } = await weAsk(world, ITI_44, feedOf(stranger));
  same(response.code, 'CA', 'the acknowledgement');
  const asked = aPixQuery({
    transmission: toPeer(),
    patientIdentifier: chart(stranger),
    dataSources: [IPF.affinityDomain],
  });
  const [id] = (await weAsk(world, ITI_45, asked)).response.ids;
  if (!id) throw new Error('no id');
  return id;
}

/** A stranger's demographics as we send them. */
export const personOf = ({ family, given, birth }: Stranger) =>
  aPerson({
    names: [{ family, given: [given], representation: 'IDE', use: 'L' }],
    birthTime: birth,
  });

const toPeer = () =>
  aTransmission({ sender: { device: PROOF.sourceId }, receiver: { device: IPF.device } });

const feedOf = (stranger: Stranger) =>
  aPatientIdentityFeed({
    transmission: toPeer(),
    ids: [chart(stranger)],
    demographics: personOf(stranger),
    providerOrganization: { id: PROOF.chartNumbers, name: '試験病院' },
    custodian: PROOF.sourceId,
  });

/** ITI-44 Patient Identity Feed HL7 V3. */
export const patientIdentityFeed: readonly InteropCase[] = [
  {
    transaction: 'ITI-44',
    direction: 'inward',
    name: 'success',
    async run(world) {
      const { stranger } = await fedByPeer(world);
      const revised = { ...stranger, ...named(chart(stranger)), event: 'A08' };
      const revision = await peerAsks(world, ofIdentity(world, 'ITI-44', revised));
      same(revision.acknowledgement, 'CA', 'the acknowledgement of a revision');
      // Ids of the affinity domain, which both registry and identity merge.
      const [surviving, subsumed] = [await world.patient(), await world.patient()];
      const merge = { ...stranger, ...named(surviving), event: 'A40', subsumed: subsumed.id };
      const merged = await peerAsks(world, ofIdentity(world, 'ITI-44', merge));
      same(merged.acknowledgement, 'CA', 'the acknowledgement of a merge');
    },
  },
  {
    transaction: 'ITI-44',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const stranger = aStranger();
      const foreign = { id: stranger.id, assigningAuthority: '2.999.404' };
      const request = { ...stranger, ...named(foreign) };
      const answer = await peerAsks(world, ofIdentity(world, 'ITI-44', request));
      same(
        [answer.acknowledgement, answer.details],
        ['CE', ['204']],
        'the refusal as the peer reads it',
      );
    },
  },
  {
    transaction: 'ITI-44',
    direction: 'inward',
    name: 'Japanese',
    async run(world) {
      const { stranger, answer } = await fedByPeer(world);
      const asked = { family: stranger.family, given: stranger.given, birth: stranger.birth };
      const found = await peerAsks(world, ofIdentity(world, 'ITI-47', asked));
      // The place of birth is no part of what ITI-47 answers.
      contains(found.words ?? [], answer.sentWords ?? [], 'our answer to ITI-47');
    },
  },
  {
    transaction: 'ITI-44',
    direction: 'outward',
    name: 'success',
    async run(world) {
      const [stranger, other] = [aStranger(), aStranger()];
      await fedToPeer(world, stranger);
      await fedToPeer(world, other);
      const revised = { ...feedOf(stranger), kind: 'revise' as const };
      same((await weAsk(world, ITI_44, revised)).response.code, 'CA', 'a revision');
      const merged = aPatientMerge({
        transmission: toPeer(),
        surviving: chart(stranger),
        subsumed: chart(other),
        providerOrganization: { id: PROOF.chartNumbers, name: '試験病院' },
        custodian: PROOF.sourceId,
      });
      same((await weAsk(world, ITI_44, merged)).response.code, 'CA', 'a merge');
    },
  },
  {
    transaction: 'ITI-44',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const { response } = await weAsk(world, ITI_44, feedOf({ ...aStranger(), id: 'REFUSE-1' }));
      same(
        [response.code === 'CA' || response.code === undefined, response.details.length],
        [false, 1],
        'the refusal as we read it',
      );
    },
  },
  {
    transaction: 'ITI-44',
    direction: 'outward',
    name: 'Japanese',
    async run(world) {
      const stranger = aStranger();
      const { sent, read } = await weAsk(world, ITI_44, feedOf(stranger));
      contains(read, sent, 'the peer');
      const found = await weAsk(world, ITI_47, nameQuery(stranger));
      same(
        found.response.matches[0]?.demographics.names[0]?.given,
        [stranger.given],
        'the name that comes back',
      );
    },
  },
];

const failed = ({ acknowledgement, queryResponseCode, details }: PeerAnswer) => [
  acknowledgement,
  queryResponseCode,
  details,
];

/** ITI-45 PIXV3 Query. */
export const pixQuery: readonly InteropCase[] = [
  {
    transaction: 'ITI-45',
    direction: 'inward',
    name: 'success',
    async run(world) {
      const { stranger } = await fedByPeer(world);
      const asked = { ...named(chart(stranger)), wanted: PROOF.affinityDomain };
      const answer = await peerAsks(world, ofIdentity(world, 'ITI-45', asked));
      same(
        [answer.acknowledgement, answer.queryResponseCode, answer.ids?.length],
        ['AA', 'OK', 1],
        'the answer',
      );
    },
  },
  {
    transaction: 'ITI-45',
    direction: 'inward',
    name: 'empty',
    async run(world) {
      const regional = { id: 'ONLY-1', assigningAuthority: PROOF.affinityDomain };
      // Born on a day of her own, so that none of the others may be she.
      const fed = { ...aStranger(), ...named(regional), birth: '19310101' };
      await peerAsks(world, ofIdentity(world, 'ITI-44', fed));
      const asked = { ...named(regional), wanted: PROOF.chartNumbers };
      const answer = await peerAsks(world, ofIdentity(world, 'ITI-45', asked));
      same(
        [answer.acknowledgement, answer.queryResponseCode, answer.ids],
        ['AA', 'NF', []],
        'the answer',
      );
    },
  },
  {
    transaction: 'ITI-45',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const asked = named({ id: 'nobody', assigningAuthority: PROOF.chartNumbers });
      const answer = await peerAsks(world, ofIdentity(world, 'ITI-45', asked));
      same(failed(answer), ['AE', 'AE', ['204']], 'the refusal as the peer reads it');
    },
  },
  {
    transaction: 'ITI-45',
    direction: 'outward',
    name: 'success',
    async run(world) {
      same((await fedToPeer(world)).assigningAuthority, IPF.affinityDomain, 'the id');
    },
  },
  {
    transaction: 'ITI-45',
    direction: 'outward',
    name: 'empty',
    async run(world) {
      const stranger = aStranger();
      await fedToPeer(world, stranger);
      const asked = aPixQuery({
        transmission: toPeer(),
        patientIdentifier: chart(stranger),
        dataSources: ['2.999.404'],
      });
      const { response } = await weAsk(world, ITI_45, asked);
      same(
        [response.acknowledgement, response.queryResponseCode, response.ids],
        ['AA', 'NF', []],
        'the answer',
      );
    },
  },
  {
    transaction: 'ITI-45',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const patientIdentifier = chart({ ...aStranger(), id: 'nobody' });
      const asked = aPixQuery({ transmission: toPeer(), patientIdentifier, dataSources: [] });
      const { response } = await weAsk(world, ITI_45, asked);
      same(
        [response.acknowledgement, response.queryResponseCode, response.details.length],
        ['AE', 'AE', 1],
        'the refusal as we read it',
      );
    },
  },
];

const nameQuery = ({ family, given, birth }: Stranger) =>
  aDemographicsQuery({
    transmission: toPeer(),
    criteria: {
      livingSubjectName: [{ family, given: [given] }],
      livingSubjectBirthTime: { value: birth },
    },
  });

/** The parameters beside the name that may carry Japanese text. */
const EVERY_TEXT = {
  patientAddress: [{ streetAddressLine: ['試験町1-2-3'], city: '松江市', state: '島根県' }],
};

/** ITI-47 Patient Demographics Query HL7 V3. */
export const demographicsQuery: readonly InteropCase[] = [
  {
    transaction: 'ITI-47',
    direction: 'inward',
    name: 'success',
    async run(world) {
      const { stranger } = await fedByPeer(world);
      const { family, given, birth } = stranger;
      const asked = { family, given, birth, wanted: PROOF.affinityDomain };
      const answer = await peerAsks(world, ofIdentity(world, 'ITI-47', asked));
      same(
        [answer.acknowledgement, answer.queryResponseCode, answer.ids?.length],
        ['AA', 'OK', 1],
        'the answer',
      );
    },
  },
  {
    transaction: 'ITI-47',
    direction: 'inward',
    name: 'empty',
    async run(world) {
      const asked = { family: '無名', given: '花子', birth: '19010101' };
      const answer = await peerAsks(world, ofIdentity(world, 'ITI-47', asked));
      same(
        [answer.acknowledgement, answer.queryResponseCode, answer.ids],
        ['AA', 'NF', []],
        'the answer',
      );
    },
  },
  {
    transaction: 'ITI-47',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const asked = { family: '試験', given: '太郎', birth: '19700101', wanted: '2.999.404' };
      const answer = await peerAsks(world, ofIdentity(world, 'ITI-47', asked));
      same(failed(answer), ['AE', 'AE', ['204']], 'the refusal as the peer reads it');
    },
  },
  {
    transaction: 'ITI-47',
    direction: 'inward',
    name: 'Japanese',
    async run(world) {
      const { stranger, answer } = await fedByPeer(world);
      const asked = { family: stranger.family, given: stranger.given, birth: stranger.birth };
      const found = await peerAsks(world, ofIdentity(world, 'ITI-47', asked));
      contains(found.words ?? [], answer.sentWords ?? [], 'our answer');
    },
  },
  ...(['success', 'Japanese'] as const).map(
    (name): InteropCase => ({
      transaction: 'ITI-47',
      direction: 'outward',
      name,
      async run(world) {
        const stranger = aStranger();
        const id = await fedToPeer(world, stranger);
        const byName = nameQuery(stranger);
        const more = name === 'Japanese' ? EVERY_TEXT : {};
        const { response, sent, read } = await weAsk(world, ITI_47, {
          ...byName,
          criteria: { ...byName.criteria, ...more },
        });
        same(
          [response.acknowledgement, response.queryResponseCode, response.matches.length],
          ['AA', 'OK', 1],
          'the answer',
        );
        const [match] = response.matches;
        contains(
          (match?.ids ?? []).map((one) => one.id),
          [id.id],
          'the match',
        );
        contains(read, sent, 'the peer');
        same(match?.demographics.addresses?.[0]?.city, '松江市', 'the city that comes back');
      },
    }),
  ),
  {
    transaction: 'ITI-47',
    direction: 'outward',
    name: 'empty',
    async run(world) {
      const { response } = await weAsk(world, ITI_47, nameQuery(aStranger()));
      same(
        [response.acknowledgement, response.queryResponseCode, response.matches],
        ['AA', 'NF', []],
        'the answer',
      );
    },
  },
  {
    transaction: 'ITI-47',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const { response } = await weAsk(
        world,
        ITI_47,
        nameQuery({ ...aStranger(), family: 'REFUSE' }),
      );
      same(
        [response.acknowledgement, response.queryResponseCode, response.details.length],
        ['AE', 'AE', 1],
        'the refusal as we read it',
      );
    },
  },
];

const organization = (home: string) => home.replace('urn:oid:', '');

const ofGateway = (world: InteropWorld, fields: object): PeerCase => ({
  transaction: 'ITI-55',
  url: world.urls.ours('responding-gateway'),
  as: 'hospital',
  sender: '2.999.2.2',
  senderOrganization: organization(PROOF.partnerCommunity),
  receiver: PROOF.device,
  receiverOrganization: organization(PROOF.homeCommunityId),
  reverseAuthority: '2.999.2.1',
  ...fields,
});

/** The question of our community to IPF's. */
export const discoveryOf = ({ family, given, birth }: Stranger) =>
  aPatientDiscovery({
    transmission: aTransmission({
      sender: { device: PROOF.device, organization: organization(PROOF.homeCommunityId) },
      receiver: { device: IPF.device, organization: organization(IPF.homeCommunityId) },
    }),
    criteria: {
      livingSubjectName: [{ family, given: [given] }],
      livingSubjectAdministrativeGender: 'M',
      livingSubjectBirthTime: { value: birth },
    },
    reverseAuthority: PROOF.affinityDomain,
  });

/** ITI-55 Cross Gateway Patient Discovery. */
export const patientDiscovery: readonly InteropCase[] = [
  ...(['success', 'Japanese'] as const).map(
    (name): InteropCase => ({
      transaction: 'ITI-55',
      direction: 'inward',
      name,
      async run(world) {
        const { stranger } = await fedByPeer(world);
        const { family, given, birth } = stranger;
        const answer = await peerAsks(world, ofGateway(world, { family, given, birth }));
        same(
          [answer.acknowledgement, answer.queryResponseCode, answer.ids?.length],
          ['AA', 'OK', 1],
          'the answer',
        );
        contains(answer.words ?? [], [family, given], 'our answer');
      },
    }),
  ),
  {
    transaction: 'ITI-55',
    direction: 'inward',
    name: 'empty',
    async run(world) {
      const asked = { family: '無名', given: '花子', birth: '19010101' };
      const answer = await peerAsks(world, ofGateway(world, asked));
      same(
        [answer.acknowledgement, answer.queryResponseCode, answer.ids],
        ['AA', 'NF', []],
        'the answer',
      );
    },
  },
  {
    transaction: 'ITI-55',
    direction: 'inward',
    name: 'refusal',
    async run(world) {
      const elsewhere = { family: '試験', given: '太郎', birth: '19700101' };
      const answer = await peerAsks(
        world,
        ofGateway(world, { ...elsewhere, receiverOrganization: '2.999.404' }),
      );
      same(failed(answer), ['AE', 'QE', ['SYN103']], 'the refusal as the peer reads it');
    },
  },
  ...(['success', 'Japanese'] as const).map(
    (name): InteropCase => ({
      transaction: 'ITI-55',
      direction: 'outward',
      name,
      async run(world) {
        const stranger = aStranger();
        const id = await fedToPeer(world, stranger);
        const { response, sent, read } = await weAsk(world, ITI_55, discoveryOf(stranger));
        same(
          [response.queryResponseCode, response.matches.map((one) => one.id)],
          ['OK', [id]],
          'the answer',
        );
        contains(read, sent, 'the peer');
        const [match] = response.matches;
        same(match?.demographics.names[0]?.given, [stranger.given], 'the name that comes back');
        same(match?.homeCommunityId, IPF.homeCommunityId, 'the community');
      },
    }),
  ),
  {
    transaction: 'ITI-55',
    direction: 'outward',
    name: 'empty',
    async run(world) {
      const { response } = await weAsk(world, ITI_55, discoveryOf(aStranger()));
      same([response.queryResponseCode, response.matches], ['NF', []], 'the answer');
    },
  },
  {
    transaction: 'ITI-55',
    direction: 'outward',
    name: 'refusal',
    async run(world) {
      const asked = discoveryOf({ ...aStranger(), family: 'REFUSE' });
      const { response } = await weAsk(world, ITI_55, asked);
      same(
        [response.acknowledgement, response.queryResponseCode, response.details.length],
        ['AE', 'AE', 1],
        'the refusal as we read it',
      );
    },
  },
];
