import { type Client, openClient } from '../../gateway/client.ts';
import type { DemographicsCriteria } from '../../profiles/pdq/demographics-criteria.ts';
import { ITI_21 } from '../../profiles/pdq/iti-21.ts';
import { type DemographicsQueryResponse, ITI_47 } from '../../profiles/pdq/iti-47.ts';
import { ITI_44, type PatientRegistrationFeed } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { ITI_8 } from '../../profiles/pix/iti-8.ts';
import { ITI_9 } from '../../profiles/pix/iti-9.ts';
import { seededRandom } from '../support/random.ts';
import { regionOids, World } from '../support/world.ts';

const oids = regionOids(1);
const CASES = 1_000;
const PATIENTS = 40;
const random = seededRandom(20_260_401);
const below = (most: number) => Math.floor(random() * most);
const pick = <Value>(values: readonly Value[]): Value => {
  const value = values[below(values.length)];
  if (value === undefined) throw new Error('nothing to pick');
  return value;
};

/** Invented people: few names and days, so that a question finds none, one or several. */
const KANJI = ['試験', '検証', '見本', '例示'] as const;
const KANA = ['シケン', 'ケンショウ', 'ミホン', 'レイジ'] as const;
const GIVEN = [
  ['一郎', 'イチロウ'],
  ['花子', 'ハナコ'],
  ['次郎', 'ジロウ'],
] as const;

function aPersonAtRandom(): PatientRegistrationFeed['demographics'] {
  const family = below(KANJI.length);
  const [given, kana] = pick(GIVEN);
  return {
    names: [
      { family: KANJI[family] ?? '', given: [given], representation: 'IDE', use: 'L' },
      { family: KANA[family] ?? '', given: [kana], representation: 'SYL', use: 'L' },
    ],
    administrativeGender: pick(['M', 'F']),
    birthTime: `19${70 + below(3)}0101`,
    ...(below(2) === 0 ? {} : { mothersMaidenName: [aMotherAtRandom()] }),
  };
}

function aMotherAtRandom() {
  return { family: pick(KANJI), given: [], representation: 'IDE' } as const;
}

/** What is the same in both: without the words and places of either form. */
function said(response: {
  readonly acknowledgement?: string;
  readonly code?: string;
  readonly queryResponseCode?: string;
  readonly details: readonly { readonly code?: string }[];
}) {
  const { acknowledgement, code, queryResponseCode, details } = response;
  return { acknowledgement, code, queryResponseCode, codes: details.map((detail) => detail.code) };
}

function matchesIn({ matches }: DemographicsQueryResponse) {
  return matches.map(({ ids, otherIds, demographics }) => ({
    ids: [...ids, ...otherIds.filter(({ id }) => id !== undefined)],
    demographics,
  }));
}

describe('HL7 v2 and V3', () => {
  let world: World;
  let client: Client;
  let v2 = '';
  let v3 = '';

  beforeAll(async () => {
    world = await World.start({
      hospital: { transactions: ['ITI-8', 'ITI-9', 'ITI-21', 'ITI-44', 'ITI-45', 'ITI-47'] },
      listen: { mllps: { host: '127.0.0.1', patientIdentity: 0 } },
    });
    v2 = world.gateway().mllpUrl('patient-identity') ?? '';
    v3 = world.url('patient-identity');
    client = await openClient({
      tls: world.tls(),
      v2: {
        device: oids.sourceId,
        sender: { application: 'HIS', facility: 'EAST' },
        fed: [oids.chartNumbers, oids.affinityDomain],
      },
    });
    for (let number = 0; number < PATIENTS; number += 1) {
      const feed = world.feed(`G-${number}`, 'east', { demographics: aPersonAtRandom() });
      const { code } =
        number % 2 === 0 ? await client.ask(ITI_8, v2, feed) : await client.ask(ITI_44, v3, feed);
      expect(code).toBe('CA');
    }
  }, 120_000);
  afterAll(async () => {
    await client.close();
    await world.stop();
  });

  const domains = [oids.chartNumbers, oids.affinityDomain, '2.999.404'] as const;

  it(`give the same answer to the same PIX query, in ${CASES / 2} cases`, async () => {
    for (let round = 0; round < CASES / 2; round += 1) {
      const dataSources = Array.from({ length: below(3) }, () => pick(domains));
      const query = {
        transmission: world.transmission(),
        queryId: { root: oids.sourceId, extension: `tag-${round}` },
        patientIdentifier: {
          id: `G-${below(PATIENTS + 8)}`,
          assigningAuthority: pick([...domains, oids.chartNumbers, oids.chartNumbers]),
        },
        dataSources,
      };
      const [one, other] = [
        await client.ask(ITI_9, v2, query),
        await client.ask(ITI_45, v3, query),
      ];
      expect(said(one)).toEqual(said(other));
      expect(one.ids).toEqual(other.ids);
    }
  }, 120_000);

  it(`give the same answer to the same demographics query, in ${CASES / 2} cases`, async () => {
    for (let round = 0; round < CASES / 2; round += 1) {
      const criteria = criteriaAtRandom();
      const query = {
        transmission: world.transmission(),
        queryId: { root: oids.sourceId, extension: `tag-${round}` },
        criteria,
        scopingOrganizations: below(4) === 0 ? [pick(domains)] : [],
      };
      const [one, other] = [
        await client.ask(ITI_21, v2, {
          ...query,
          kind: 'query',
          asker: { application: 'HIS', facility: 'EAST' },
        }),
        await client.ask(ITI_47, v3, query),
      ];
      expect(said(one)).toEqual(said(other));
      expect(matchesIn(one)).toEqual(matchesIn(other));
    }
  }, 120_000);

  function criteriaAtRandom(): DemographicsCriteria {
    const family = below(KANJI.length);
    const named = [
      [{ family: KANJI[family] ?? '', given: [] }],
      [{ family: KANA[family] ?? '', given: [pick(GIVEN)[1]] }],
      [{ family: '', given: [pick(GIVEN)[0]] }],
    ] as const;
    const criteria = {
      ...(below(2) === 0 ? { livingSubjectName: pick(named) } : {}),
      ...(below(3) === 0 ? { livingSubjectBirthTime: { value: `19${70 + below(4)}0101` } } : {}),
      ...(below(3) === 0 ? { livingSubjectAdministrativeGender: pick(['M', 'F'] as const) } : {}),
      ...(below(4) === 0 ? { mothersMaidenName: [aMotherAtRandom()] } : {}),
      ...(below(4) === 0
        ? {
            livingSubjectId: [
              { id: `G-${below(PATIENTS + 4)}`, assigningAuthority: oids.chartNumbers },
            ],
          }
        : {}),
    };
    return Object.keys(criteria).length > 0 ? criteria : { livingSubjectName: named[0] };
  }

  it('refuse the same feeds with the same codes', async () => {
    const chart = (id: string, assigningAuthority: string = oids.chartNumbers) => ({
      id,
      assigningAuthority,
    });
    for (const over of [
      { ids: [chart('H-1', '2.999.404')], providerOrganization: { id: '2.999.404' } },
      { ids: [chart('G-1'), chart('G-2')] },
      { kind: 'revise', ids: [chart('H-2')] },
    ] as const) {
      const feed = world.feed('H-0', 'east', { demographics: aPersonAtRandom(), ...over });
      const [one, other] = [await client.ask(ITI_8, v2, feed), await client.ask(ITI_44, v3, feed)];
      expect(said(one)).toEqual(said(other));
    }
    for (const [surviving, subsumed] of [
      ['G-1', 'nobody'],
      ['nobody', 'G-1'],
    ] as const) {
      const { transmission, custodian } = world.feed('H-0');
      const merge = {
        kind: 'merge',
        transmission,
        custodian,
        surviving: chart(surviving),
        subsumed: chart(subsumed),
        names: [],
      } as const;
      const [one, other] = [
        await client.ask(ITI_8, v2, { ...merge }),
        await client.ask(ITI_44, v3, { ...merge }),
      ];
      expect(said(one)).toEqual(said(other));
      expect(said(one).code).toBe('CE');
    }
  });
});
