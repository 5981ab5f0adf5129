import { PeerFailure } from '../../../actors/actor.ts';
import { registryStoredQuery } from '../../../actors/initiating-gateway/iti-18-registry-stored-query.ts';
import type {
  InitiatingGatewayStores,
  PartnerGateway,
} from '../../../actors/initiating-gateway/stores.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import type { PixQuery, PixQueryResponse } from '../../../profiles/pix/iti-45.ts';
import { findDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import {
  type Answers,
  anEntry,
  attended,
  aWorld,
  found,
  KAGAWA,
  OKAYAMA,
  SHIMANE,
  TARO,
} from '../responding-gateway/world.ts';
import {
  aDiscovered,
  aGateway,
  ALONE,
  discovered,
  HOSPITAL,
  RememberedCorrelations,
  TARO_IN_KAGAWA,
  TARO_IN_OKAYAMA,
} from './gateway.ts';

const QUERY = findDocuments({ patientId: TARO });
const SERVICE = { system: 'wide-area' };
const WIDE_IN_OKAYAMA: PatientId = { id: 'w-1', assigningAuthority: '2.999.500.33' };
const WIDE_IN_KAGAWA: PatientId = { id: 'w-2', assigningAuthority: '2.999.500.37' };

const PARTNERS: readonly PartnerGateway[] = [
  {
    homeCommunityId: OKAYAMA,
    homeCommunityIds: [OKAYAMA],
    wideAreaDomains: { [OKAYAMA]: '2.999.500.33' },
  },
  {
    homeCommunityId: KAGAWA,
    homeCommunityIds: [KAGAWA],
    wideAreaDomains: { [KAGAWA]: '2.999.500.37' },
  },
];

function ids(...found: readonly PatientId[]): PixQueryResponse {
  const queryResponseCode = found.length > 0 ? 'OK' : 'NF';
  return { acknowledgement: 'AA', queryResponseCode, ids: found, details: [] };
}

function unknownKeys(...locations: readonly string[]): PixQueryResponse {
  const details = locations.map((location) => ({ severity: 'E', code: '204', location }) as const);
  return { acknowledgement: 'AE', queryResponseCode: 'AE', ids: [], details };
}

const silent = () => {
  throw new PeerFailure('transient', 'ECONNREFUSED', { peer: 'wide-area' });
};

/** Both communities know the patient, and the service her id in Okayama's domain. */
const ANSWERS: Answers = {
  ...ALONE,
  'ITI-45 wide-area': () => ids(WIDE_IN_OKAYAMA),
  [`ITI-55 ${OKAYAMA}`]: () => discovered([aDiscovered(TARO_IN_OKAYAMA, OKAYAMA)]),
  [`ITI-55 ${KAGAWA}`]: () => discovered([aDiscovered(TARO_IN_KAGAWA, KAGAWA)]),
  [`ITI-38 ${OKAYAMA}`]: () =>
    found([anEntry({ id: 'o', patientId: TARO_IN_OKAYAMA, home: OKAYAMA })]),
  [`ITI-38 ${KAGAWA}`]: () =>
    found([anEntry({ id: 'k', patientId: TARO_IN_KAGAWA, home: KAGAWA })]),
};

async function ask(
  mode: 'before' | 'instead',
  answers: Answers,
  over: Partial<InitiatingGatewayStores> = {},
) {
  const world = aWorld({ ...ANSWERS, ...answers }, HOSPITAL);
  const stores = aGateway({
    communities: () => PARTNERS,
    wideArea: { service: SERVICE, device: '2.999.500.1', mode },
    correlationTimeToLive: 'P7D',
    ...over,
  });
  const response = await attended(registryStoredQuery, QUERY, { stores, world });
  const of = (transaction: string) => world.asked.filter((one) => one.transaction === transaction);
  return { response, of, homes: response.objects.map(({ home }) => home) };
}

describe('The wide-area id service, as the Initiating Gateway uses it', () => {
  it('is asked by the regional id for the ids of the partners’ domains, once', async () => {
    const { of } = await ask('before', {});

    expect(of('ITI-45')).toMatchObject([
      {
        destination: SERVICE,
        request: {
          transmission: { receiver: { device: '2.999.500.1' } },
          patientIdentifier: TARO,
          dataSources: ['2.999.500.33', '2.999.500.37'],
        },
      },
    ]);
  });

  it('makes a community be asked by its own wide-area id, and be told nothing else', async () => {
    const { of, homes } = await ask('instead', {});

    expect(homes).toEqual([OKAYAMA]);
    const [only, ...others] = of('ITI-55');
    expect(others).toEqual([]);
    expect(only).toMatchObject({ destination: { homeCommunityId: OKAYAMA } });
    expect(only?.request).toEqual({
      transmission: expect.objectContaining({
        receiver: { device: '2.999.392.33', organization: '2.999.392.33' },
      }),
      queryId: expect.anything(),
      criteria: { livingSubjectId: [WIDE_IN_OKAYAMA] },
    });
  });

  it('instead: does not ask communities without an id, and fetches no demographics', async () => {
    const { of } = await ask('instead', {});

    expect(of('ITI-47')).toEqual([]);
    expect(of('ITI-55').map(({ destination }) => destination)).toEqual([
      { homeCommunityId: OKAYAMA },
    ]);
  });

  it('before: asks communities without an id by demographics', async () => {
    const { of, homes } = await ask('before', {});

    expect(homes).toEqual([OKAYAMA, KAGAWA]);
    const toKagawa = of('ITI-55').find(
      ({ destination }) =>
        'homeCommunityId' in Object(destination) && Object(destination).homeCommunityId === KAGAWA,
    );
    expect(toKagawa?.request).toMatchObject({ criteria: { livingSubjectId: [TARO] } });
    expect(toKagawa?.request).toHaveProperty('criteria.livingSubjectName');
  });

  it('before: believes a community that does not know the patient by the id', async () => {
    const { of } = await ask('before', { [`ITI-55 ${OKAYAMA}`]: () => discovered([]) });

    expect(of('ITI-55')).toHaveLength(2);
    expect(of('ITI-38')).toHaveLength(1);
  });

  it('sends all ids that the service has in one domain', async () => {
    const second = { ...WIDE_IN_OKAYAMA, id: 'w-9' };
    const { of } = await ask('instead', { 'ITI-45 wide-area': () => ids(WIDE_IN_OKAYAMA, second) });

    expect(of('ITI-55')[0]?.request).toMatchObject({
      criteria: { livingSubjectId: [WIDE_IN_OKAYAMA, second] },
    });
  });

  it('tells no community an id of another domain', async () => {
    const regional = { id: 'OKAYAMA-9', assigningAuthority: '2.999.392.33.3' };
    const { of } = await ask('instead', {
      'ITI-45 wide-area': () => ids(regional, WIDE_IN_KAGAWA),
    });

    expect(of('ITI-55').map(({ request }) => Object(request).criteria)).toEqual([
      { livingSubjectId: [WIDE_IN_KAGAWA] },
    ]);
  });

  it('costs a community its part where the service does not know its domain, and no other', async () => {
    const { of, homes } = await ask('instead', {
      'ITI-45 wide-area': ({ dataSources }: PixQuery) =>
        dataSources.length > 1
          ? unknownKeys(
              '/PRPA_IN201309UV02/controlActProcess/queryByParameter/parameterList/dataSource[2]/value',
            )
          : ids(WIDE_IN_OKAYAMA),
    });

    expect(of('ITI-45').map(({ request }) => (request as PixQuery).dataSources)).toEqual([
      ['2.999.500.33', '2.999.500.37'],
      ['2.999.500.33'],
    ]);
    expect(homes).toEqual([OKAYAMA]);
  });

  it('is not asked again where it knows none of the domains, for that would ask for all', async () => {
    const place = '/PRPA_IN201309UV02/controlActProcess/queryByParameter/parameterList/dataSource';
    const { of } = await ask('instead', {
      'ITI-45 wide-area': () => unknownKeys(`${place}[1]/value`, `${place}[2]/value`),
    });

    expect(of('ITI-45')).toHaveLength(1);
    expect(of('ITI-55')).toEqual([]);
  });

  it('may not know the patient: then nobody has an id of hers', async () => {
    const unknown = () => unknownKeys('/PRPA_IN201309UV02/…/patientIdentifier/value');

    expect((await ask('instead', { 'ITI-45 wide-area': unknown })).response.errors).toEqual([]);
    expect((await ask('before', { 'ITI-45 wide-area': unknown })).homes).toEqual([OKAYAMA, KAGAWA]);
  });

  it.each<[string, Answers[string]]>([
    ['is away', silent],
    [
      'answers with another error',
      () => ({ ...unknownKeys(), details: [{ severity: 'E', code: 'INTERR' }] }),
    ],
  ])('instead: is missed when it %s, and nobody is asked', async (_how, service) => {
    const { response, of } = await ask('instead', { 'ITI-45 wide-area': service });

    expect(response).toMatchObject({
      status: 'PartialSuccess',
      errors: [{ errorCode: 'XDSRegistryError', location: SHIMANE, severity: 'Error' }],
    });
    expect(of('ITI-55')).toEqual([]);
  });

  it('before: is done without when it is away, with a warning', async () => {
    const { response, homes } = await ask('before', { 'ITI-45 wide-area': silent });

    expect(homes).toEqual([OKAYAMA, KAGAWA]);
    expect(response).toMatchObject({
      status: 'Success',
      errors: [{ severity: 'Warning', location: SHIMANE }],
    });
  });

  it('is not asked where all partners are remembered, and what is found by it is', async () => {
    const correlations = new RememberedCorrelations();
    const answers: Answers = {
      'ITI-45 wide-area': () => ids(WIDE_IN_OKAYAMA, WIDE_IN_KAGAWA),
      [`ITI-55 ${OKAYAMA}`]: () =>
        discovered([aDiscovered(TARO_IN_OKAYAMA, OKAYAMA)], { correlationTimeToLive: 'P1D' }),
      [`ITI-55 ${KAGAWA}`]: () =>
        discovered([aDiscovered(TARO_IN_KAGAWA, KAGAWA)], { correlationTimeToLive: 'P1D' }),
    };
    await ask('instead', answers, { correlations });

    const again = await ask('instead', answers, { correlations });

    expect(again.homes).toEqual([OKAYAMA, KAGAWA]);
    expect(again.of('ITI-45')).toEqual([]);
    expect(again.of('ITI-55')).toEqual([]);
  });

  it('is not asked where no partner has a domain', async () => {
    const communities = () => PARTNERS.map((one) => ({ ...one, wideAreaDomains: {} }));

    expect((await ask('before', {}, { communities })).of('ITI-45')).toEqual([]);
  });

  describe('with one gateway that fronts two communities', () => {
    const both: readonly PartnerGateway[] = [
      {
        homeCommunityId: OKAYAMA,
        homeCommunityIds: [OKAYAMA, KAGAWA],
        wideAreaDomains: { [KAGAWA]: '2.999.500.37' },
      },
    ];
    const answers: Answers = {
      'ITI-45 wide-area': () => ids(WIDE_IN_KAGAWA),
      // By demographics, the gateway tells of both, of one by another id.
      [`ITI-55 ${OKAYAMA}`]: () =>
        discovered([
          aDiscovered(TARO_IN_OKAYAMA, OKAYAMA),
          aDiscovered({ ...TARO_IN_KAGAWA, id: 'OTHER' }, KAGAWA),
        ]),
    };

    it('asks each in its own way, and uses the id for the one that has it', async () => {
      const { homes, of } = await ask('before', answers, { communities: () => both });

      expect(homes.sort()).toEqual([OKAYAMA, KAGAWA].sort());
      expect(of('ITI-55').map(({ destination }) => destination)).toEqual([
        { homeCommunityId: KAGAWA },
        { homeCommunityId: OKAYAMA },
      ]);
      const toKagawa = of('ITI-38').filter(({ request }) => Object(request).home === KAGAWA);
      expect(toKagawa).toHaveLength(1);
      expect(JSON.stringify(toKagawa)).toContain(TARO_IN_KAGAWA.id);
    });

    it.each([
      ['is not found by its id', `ITI-55 ${KAGAWA}`, KAGAWA, OKAYAMA],
      ['is not found by demographics', `ITI-55 ${OKAYAMA}`, OKAYAMA, KAGAWA],
      ['does not answer the query', `ITI-38 ${KAGAWA}`, KAGAWA, OKAYAMA],
    ])(
      'loses the part of the one that %s, and not the other’s',
      async (_how, place, lost, left) => {
        const { response, homes } = await ask(
          'before',
          { ...answers, [place]: silent },
          { communities: () => both },
        );
        expect(homes).toEqual([left]);
        expect(response.errors).toMatchObject([
          { errorCode: 'XDSUnavailableCommunity', location: lost },
        ]);
      },
    );
  });
});
