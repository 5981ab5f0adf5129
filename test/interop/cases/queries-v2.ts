import type { V2DemographicsQuery } from '../../../profiles/pdq/iti-21.ts';
import { ITI_21 } from '../../../profiles/pdq/iti-21.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { ITI_8 } from '../../../profiles/pix/iti-8.ts';
import { ITI_9 } from '../../../profiles/pix/iti-9.ts';
import { PROOF } from '../../support/proof-region.ts';
import { contains, type InteropCase, same } from '../interop-case.ts';
import type { PeerAnswer } from '../peer.ts';
import {
  chartOf,
  cx,
  domainAt,
  type Fields,
  freshControlId,
  ipfAsks,
  weSend,
  wrapped,
} from '../v2-case.ts';
import { fedByPeer, personAt, queriedByPeer, registrationOf, type Stranger } from '../v2-people.ts';
import { PEER_NAME, type V2Charset } from '../v2-world.ts';
import { IPF, type InteropWorld } from '../world.ts';

import { aStranger } from './identity.ts';

const said = ({ acknowledgement, queryResponseCode, details, places }: PeerAnswer) => [
  acknowledgement,
  queryResponseCode,
  details,
  places,
];

/** IPF's client asks by ITI-9. */
function crossReferenced(world: InteropWorld, patient: PatientId, ...wanted: readonly string[]) {
  const fields: Fields = {
    '/QPD-1': 'IHE PIX Query',
    '/QPD-2': freshControlId(),
    ...cx('/QPD-3', patient),
    ...Object.assign({}, ...wanted.map((oid, index) => domainAt(`/QPD-4(${index})`, oid))),
    '/RCP-1': 'I',
  };
  return ipfAsks(world, {
    ...{ transaction: 'ITI-9', component: 'pix-iti9', event: 'QBP^Q23' },
    fields,
  });
}

/** ITI-9 PIX Query. */
export const v2PixQuery: readonly InteropCase[] = [
  {
    ...{ transaction: 'ITI-9', direction: 'inward', name: 'success' },
    async run(world) {
      const { stranger } = await fedByPeer(world);
      const answer = await crossReferenced(world, chartOf(stranger.id), PROOF.affinityDomain);
      same([said(answer), answer.ids?.length], [['AA', 'OK', [], []], 1], 'the answer');
      const all = await crossReferenced(world, chartOf(stranger.id));
      same([all.acknowledgement, all.queryResponseCode], ['AA', 'OK'], 'an answer of all domains');
    },
  },
  {
    ...{ transaction: 'ITI-9', direction: 'inward', name: 'empty' },
    async run(world) {
      const { stranger } = await fedByPeer(world);
      const chart = chartOf(stranger.id);
      const answer = await crossReferenced(world, chart, PROOF.chartNumbers);
      same([said(answer), answer.ids], [['AA', 'NF', [], []], []], 'the answer');
    },
  },
  {
    ...{ transaction: 'ITI-9', direction: 'inward', name: 'refusal' },
    async run(world) {
      const { stranger } = await fedByPeer(world);
      const nobody = await crossReferenced(world, chartOf('nobody'));
      same(said(nobody), ['AE', 'AE', ['204'], ['QPD^1^3^1^1']], 'an unknown id');
      const elsewhere = { id: '1', assigningAuthority: '2.999.404' };
      const foreign = await crossReferenced(world, elsewhere);
      same(said(foreign), ['AE', 'AE', ['204'], ['QPD^1^3^1^4']], 'an unknown domain');
      const chart = chartOf(stranger.id);
      const wanted = await crossReferenced(world, chart, '2.999.404', PROOF.affinityDomain);
      same(said(wanted), ['AE', 'AE', ['204'], ['QPD^1^4^1']], 'an unknown wanted domain');
    },
  },
  {
    ...{ transaction: 'ITI-9', direction: 'outward', name: 'success' },
    async run(world) {
      const stranger = await fedToPeer(world);
      const { acknowledgement, queryResponseCode, ids } = await pixAsked(
        world,
        chartOf(stranger.id),
        IPF.affinityDomain,
      );
      same(
        [acknowledgement, queryResponseCode, ids.map((one) => one.assigningAuthority)],
        ['AA', 'OK', [IPF.affinityDomain]],
        'the answer',
      );
    },
  },
  {
    ...{ transaction: 'ITI-9', direction: 'outward', name: 'empty' },
    async run(world) {
      const stranger = await fedToPeer(world);
      const answer = await pixAsked(world, chartOf(stranger.id), '2.999.404');
      const { acknowledgement, queryResponseCode, ids } = answer;
      same([acknowledgement, queryResponseCode, ids], ['AA', 'NF', []], 'the answer');
    },
  },
  {
    ...{ transaction: 'ITI-9', direction: 'outward', name: 'refusal' },
    async run(world) {
      const { acknowledgement, queryResponseCode, details } = await pixAsked(
        world,
        chartOf('nobody'),
      );
      const [detail] = details;
      same(
        [acknowledgement, queryResponseCode, detail?.code, detail?.location, detail?.text],
        ['AE', 'AE', '204', 'QPD^1^3^1^1', 'この番号は知られていません'],
        'the refusal as we read it',
      );
    },
  },
];

async function fedToPeer(world: InteropWorld, charset: V2Charset = 'utf8'): Promise<Stranger> {
  const stranger = aStranger();
  const place = charset === 'utf8' ? 'pix-iti8-utf8' : 'pix-iti8-iso2022jp';
  const { response } = await weSend(world, ITI_8, registrationOf(stranger), { place, charset });
  same(response.code, 'CA', 'the acknowledgement');
  return stranger;
}

async function pixAsked(
  world: InteropWorld,
  patientIdentifier: PatientId,
  ...dataSources: readonly string[]
) {
  const { transmission } = wrapped();
  const queryId = { root: PROOF.sourceId, extension: freshControlId() };
  const query = { transmission, queryId, patientIdentifier, dataSources };
  return (await weSend(world, ITI_9, query, { place: 'pix-iti9-utf8' })).response;
}

/** Five people of one family name. */
async function fedFamily<Person extends { readonly family: string }>(
  feed: (person: Stranger) => Promise<Person>,
): Promise<string> {
  const family = `一家${aStranger().given}`;
  for (let count = 0; count < 5; count += 1) await feed({ ...aStranger(), family });
  return family;
}

const feedUs = async (world: InteropWorld, stranger: Stranger) => {
  const fields = {
    ...personAt(stranger, [chartOf(stranger.id)]),
    '/PV1-2': 'O',
  };
  const asked = { transaction: 'ITI-8', component: 'pix-iti8', event: 'ADT^A04', fields };
  same((await ipfAsks(world, asked)).acknowledgement, 'AA', 'the acknowledgement');
  return stranger;
};

const inwardJapanese = (name: 'Japanese' | 'ISO-2022-JP', charset: V2Charset): InteropCase => ({
  ...{ transaction: 'ITI-21', direction: 'inward', name },
  async run(world) {
    const { stranger, answer } = await fedByPeer(world);
    const found = await queriedByPeer(world, stranger, { charset });
    same(found.persons, [`${stranger.family}^${stranger.given}`], 'the person');
    contains(found.words ?? [], answer.sentWords ?? [], 'our answer');
  },
});

/** ITI-21 Patient Demographics Query: IPF asks us. */
const inwardDemographics: readonly InteropCase[] = [
  {
    ...{ transaction: 'ITI-21', direction: 'inward', name: 'success' },
    async run(world) {
      const { stranger } = await fedByPeer(world);
      const answer = await queriedByPeer(world, stranger, { wanted: PROOF.affinityDomain });
      same([said(answer), answer.ids?.length], [['AA', 'OK', [], []], 1], 'the answer');
    },
  },
  {
    ...{ transaction: 'ITI-21', direction: 'inward', name: 'empty' },
    async run(world) {
      const nobody = { family: '無名', given: '花子', birth: '19010101' };
      const answer = await queriedByPeer(world, nobody);
      same([said(answer), answer.persons], [['AA', 'NF', [], []], []], 'the answer');
    },
  },
  {
    ...{ transaction: 'ITI-21', direction: 'inward', name: 'refusal' },
    async run(world) {
      const stranger = aStranger();
      const answer = await queriedByPeer(world, stranger, { wanted: '2.999.404' });
      same(said(answer), ['AE', 'AE', ['204'], ['QPD^1^8^1']], 'an unknown wanted domain');
      const pointed = await queriedByPeer(world, stranger, { pointer: 'nowhere-2', quantity: 2 });
      same(said(pointed), ['AE', 'AE', ['204'], ['DSC^1^1']], 'an unknown pointer');
    },
  },
  inwardJapanese('Japanese', 'utf8'),
  inwardJapanese('ISO-2022-JP', 'iso2022jp'),
  {
    ...{ transaction: 'ITI-21', direction: 'inward', name: 'continuation' },
    async run(world) {
      const family = await fedFamily((person) => feedUs(world, person));
      const first = await queriedByPeer(world, { family }, { quantity: 2 });
      same(
        [first.hits, first.remaining, first.persons?.length, first.pointer === undefined],
        ['5', '3', 2, false],
        'the first part',
      );
      const all = await queriedByPeer(world, { family }, { quantity: 2, continues: true });
      const persons = new Set(all.persons);
      same([all.hits, persons.size, all.pointer], ['5', 5, undefined], 'all parts, put together');
    },
  },
  {
    ...{ transaction: 'ITI-21', direction: 'inward', name: 'cancel' },
    async run(world) {
      const family = await fedFamily((person) => feedUs(world, person));
      const tag = freshControlId();
      const { pointer = '' } = await queriedByPeer(world, { family }, { quantity: 2, tag });
      const cancelled = await ipfAsks(world, {
        ...{ transaction: 'ITI-21', component: 'pdq-iti21', event: 'QCN^J01' },
        fields: { '/QID-1': tag, '/QID-2': 'IHE PDQ Query' },
      });
      same(
        [cancelled.messageType, cancelled.acknowledgement],
        ['ACK^J01', 'AA'],
        'the cancellation',
      );
      const after = await queriedByPeer(world, { family }, { quantity: 2, tag, pointer });
      same(said(after), ['AE', 'AE', ['204'], ['DSC^1^1']], 'the pointer afterwards');
    },
  },
];

const queryOf = (
  { family, given, birth }: Partial<Stranger>,
  more: Partial<V2DemographicsQuery> = {},
): V2DemographicsQuery => ({
  kind: 'query',
  asker: PEER_NAME,
  transmission: wrapped().transmission,
  queryId: { root: PROOF.sourceId, extension: freshControlId() },
  criteria: {
    livingSubjectName: [{ family: family ?? '', given: given === undefined ? [] : [given] }],
    ...(birth === undefined ? {} : { livingSubjectBirthTime: { value: birth } }),
  },
  scopingOrganizations: [],
  ...more,
});

const asked = (world: InteropWorld, query: V2DemographicsQuery, charset: V2Charset = 'utf8') =>
  weSend(world, ITI_21, query, {
    place: charset === 'utf8' ? 'pdq-iti21-utf8' : 'pdq-iti21-iso2022jp',
    charset,
  });

const outwardJapanese = (
  name: 'success' | 'Japanese' | 'ISO-2022-JP',
  charset: V2Charset,
): InteropCase => ({
  ...{ transaction: 'ITI-21', direction: 'outward', name },
  async run(world) {
    const stranger = await fedToPeer(world, charset);
    const { response, sent, read } = await asked(world, queryOf(stranger), charset);
    const [match] = response.matches;
    same(
      [response.acknowledgement, response.queryResponseCode, match?.demographics.names[0]],
      [
        'AA',
        'OK',
        { family: stranger.family, given: [stranger.given], representation: 'IDE', use: 'L' },
      ],
      'the answer',
    );
    contains(read, sent, 'the peer');
    same(match?.demographics.addresses?.[0]?.city, '松江市', 'the city that comes back');
  },
});

/** ITI-21 Patient Demographics Query: we ask IPF. */
const outwardDemographics: readonly InteropCase[] = [
  outwardJapanese('success', 'utf8'),
  outwardJapanese('Japanese', 'utf8'),
  outwardJapanese('ISO-2022-JP', 'iso2022jp'),
  {
    ...{ transaction: 'ITI-21', direction: 'outward', name: 'empty' },
    async run(world) {
      const { response } = await asked(world, queryOf(aStranger()));
      const { acknowledgement, queryResponseCode, matches } = response;
      same([acknowledgement, queryResponseCode, matches], ['AA', 'NF', []], 'the answer');
    },
  },
  {
    ...{ transaction: 'ITI-21', direction: 'outward', name: 'refusal' },
    async run(world) {
      const { response } = await asked(world, queryOf({ ...aStranger(), family: 'REFUSE' }));
      const { acknowledgement, queryResponseCode, details } = response;
      same(
        [acknowledgement, queryResponseCode, details.map(({ code }) => code)],
        ['AE', 'AE', ['204']],
        'the refusal as we read it',
      );
    },
  },
  ...(['continuation', 'cancel'] as const).map(
    (name): InteropCase => ({
      ...{ transaction: 'ITI-21', direction: 'outward', name },
      async run(world) {
        const family = await fedFamily(async (person) => {
          const to = { place: 'pix-iti8-utf8' as const };
          const feed = registrationOf(person);
          same((await weSend(world, ITI_8, feed, to)).response.code, 'CA', 'the acknowledgement');
          return person;
        });
        const query = queryOf({ family }, { initialQuantity: 2 });
        // What IPF has ready, or drops, it answers without its route: nobody judges it there.
        const url = world.urls.v2('pdq-iti21-utf8');
        const endpoint = { url, peer: 'pdq-iti21-utf8', tls: world.hospital };
        const parts = [(await asked(world, query)).response];
        if (name === 'cancel') {
          const { asker, queryId } = query;
          const cancel = { kind: 'cancel' as const, ...wrapped(), asker, queryId };
          const ended = await world.v2.send(ITI_21, cancel, { endpoint });
          same(ended.response.acknowledgement, 'AA', 'the cancellation');
          return;
        }
        for (let pointer = pointerOf(parts); pointer !== undefined; pointer = pointerOf(parts)) {
          const next = { ...query, transmission: wrapped().transmission, pointer };
          parts.push((await world.v2.send(ITI_21, next, { endpoint })).response);
        }
        const counts = parts.map(({ matches, continuation }) => [
          matches.length,
          continuation?.total,
          continuation?.remaining,
        ]);
        const given = parts.flatMap(({ matches }) =>
          matches.map((one) => one.demographics.names[0]?.given[0]),
        );
        same(
          [counts, new Set(given).size],
          [
            [
              [2, 5, 3],
              [2, 5, 1],
              [1, 5, 0],
            ],
            5,
          ],
          'the parts',
        );
      },
    }),
  ),
];

const pointerOf = (
  parts: readonly { continuation?: { pointer?: string } | undefined }[],
): string | undefined => parts.at(-1)?.continuation?.pointer;

/** ITI-21 Patient Demographics Query. */
export const v2DemographicsQuery: readonly InteropCase[] = [
  ...inwardDemographics,
  ...outwardDemographics,
];
