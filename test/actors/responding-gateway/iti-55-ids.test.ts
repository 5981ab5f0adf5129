import { PeerFailure } from '../../../actors/actor.ts';
import { crossGatewayPatientDiscovery } from '../../../actors/responding-gateway/iti-55-cross-gateway-patient-discovery.ts';
import type {
  RespondingGatewayStores,
  ReverseCorrelations,
} from '../../../actors/responding-gateway/stores.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import type { DemographicsCriteria } from '../../../profiles/pdq/iti-47.ts';
import type { PixQueryResponse } from '../../../profiles/pix/iti-45.ts';
import type { PatientDiscovery } from '../../../profiles/xcpd/iti-55.ts';
import {
  aMatch,
  aNamesake,
  aQuestion,
  BY_DEMOGRAPHICS,
  DOMAIN,
  identity,
  OKAYAMA_ID,
  SERVICE,
  WIDE_ID,
} from './identity.ts';
import { type Answers, attended, aWorld, COMMUNITY, OKAYAMA, TARO } from './world.ts';

const NF = { acknowledgement: 'AA', queryResponseCode: 'NF', matches: [] };

function pix(over: Partial<PixQueryResponse> = {}): PixQueryResponse {
  return { acknowledgement: 'AA', queryResponseCode: 'OK', ids: [TARO], details: [], ...over };
}

function unknownKey(location: string): PixQueryResponse {
  const details = [{ severity: 'E', code: '204', location }] as const;
  return pix({ acknowledgement: 'AE', queryResponseCode: 'AE', ids: [], details });
}

describe('ITI-55 in the shared-id mode, by a wide-area id', () => {
  const stores: RespondingGatewayStores = {
    community: COMMUNITY,
    wideArea: { service: SERVICE, domain: DOMAIN, communities: () => [] },
  };

  function discover(criteria: DemographicsCriteria, service: Answers[string]) {
    const world = aWorld({ ...identity([], [aMatch()]), 'ITI-45 wide-area': service });
    const response = attended(crossGatewayPatientDiscovery, aQuestion(criteria), { stores, world });
    return { world, response };
  }

  it('finds the person whom the service knows by it, without a name', async () => {
    const { world, response } = discover({ livingSubjectId: [WIDE_ID] }, () => pix());

    expect((await response).matches).toMatchObject([{ id: TARO, supportsHealthDataLocator: true }]);
    expect(world.asked).toMatchObject([
      {
        transaction: 'ITI-45',
        destination: SERVICE,
        request: { patientIdentifier: WIDE_ID, dataSources: [COMMUNITY.affinityDomain] },
      },
      { transaction: 'ITI-47', request: { criteria: { livingSubjectId: [TARO] } } },
    ]);
  });

  it('never falls back to demographics when the service knows the id, and nobody here by it', async () => {
    const { response } = discover({ ...BY_DEMOGRAPHICS, livingSubjectId: [WIDE_ID] }, () =>
      pix({ queryResponseCode: 'NF', ids: [] }),
    );

    expect(await response).toMatchObject(NF);
  });

  it('answers NF to an id that the service does not know, or that leads to two persons', async () => {
    const unknown = () => unknownKey('/PRPA_IN201309UV02/…/patientIdentifier/value');
    const twice = () => pix({ ids: [TARO, { ...TARO, id: 'SHIMANE-2' }] });

    expect(await discover({ livingSubjectId: [WIDE_ID] }, unknown).response).toMatchObject(NF);
    expect(await discover({ livingSubjectId: [WIDE_ID] }, twice).response).toMatchObject(NF);
  });

  it.each<[string, Answers[string]]>([
    ['does not know our domain', () => unknownKey('/PRPA_IN201309UV02/…/dataSource/value')],
    [
      'is away',
      () => {
        throw new PeerFailure('transient', 'ECONNREFUSED', { peer: 'wide-area' });
      },
    ],
  ])('answers AE, AnswerNotAvailable, when the service %s', async (_how, service) => {
    const { response } = discover({ livingSubjectId: [WIDE_ID] }, service);

    expect(await response).toMatchObject({ acknowledgement: 'AE', issue: 'AnswerNotAvailable' });
  });

  it("asks the service nothing about another network's id", async () => {
    const foreign = { ...WIDE_ID, assigningAuthority: '2.999.500.33' };
    const { world, response } = discover({ livingSubjectId: [foreign] }, () => pix());

    expect(await response).toMatchObject(NF);
    expect(world.asked).toEqual([]);
  });
});

describe("ITI-55 in the feed mode, with the asker's own id", () => {
  class Kept implements ReverseCorrelations {
    readonly kept: Parameters<ReverseCorrelations['keep']>[0][] = [];

    async keep(correlation: Parameters<ReverseCorrelations['keep']>[0]): Promise<void> {
      this.kept.push(correlation);
    }
  }

  const FEED: Partial<PatientDiscovery> = {
    reverseAuthority: OKAYAMA_ID.assigningAuthority,
    correlationTimeToLive: 'P1D',
  };

  async function keptOf(
    over: Partial<PatientDiscovery>,
    {
      ids = [OKAYAMA_ID],
      matches = [aMatch()],
      hidden = false,
    }: {
      ids?: readonly PatientId[];
      matches?: readonly ReturnType<typeof aMatch>[];
      hidden?: boolean;
    } = {},
  ) {
    const correlations = new Kept();
    const question = aQuestion({ ...BY_DEMOGRAPHICS, livingSubjectId: ids }, { ...FEED, ...over });
    await attended(crossGatewayPatientDiscovery, question, {
      stores: {
        community: COMMUNITY,
        correlations,
        discovery: { severalMatches: 'each', asksFor: [] },
      },
      world: aWorld(identity([], matches)),
      consent: { permissionFor: async () => ({ shows: () => !hidden }) },
    });
    return correlations.kept;
  }

  it('remembers the id of reverseAuthority for as long as the request allows', async () => {
    expect(await keptOf({})).toEqual([
      {
        patientId: TARO,
        homeCommunityId: OKAYAMA,
        remotePatientId: OKAYAMA_ID,
        expiresAt: new Date('2026-04-02T00:00:00Z'),
        isHealthDataLocator: false,
        askedAt: new Date('2026-04-01T00:00:00Z'),
      },
    ]);
  });

  it('remembers it for 30 days at most', async () => {
    const [kept] = await keptOf({ correlationTimeToLive: 'P10Y' });

    expect(kept?.expiresAt).toEqual(new Date('2026-05-01T00:00:00Z'));
  });

  it.each<[string, Partial<PatientDiscovery>]>([
    ['CorrelationTimeToLive is absent', { correlationTimeToLive: undefined }],
    ['CorrelationTimeToLive is P0D', { correlationTimeToLive: 'P0D' }],
    ['no authority is named for queries back', { reverseAuthority: undefined }],
    ['no id is of that authority', { reverseAuthority: '2.999.1' }],
  ])('remembers nothing where %s', async (_why, over) => {
    expect(await keptOf(over)).toEqual([]);
  });

  it('remembers nothing of two ids of one authority, of several matches, of nobody, and of whom may not be seen', async () => {
    const second = { ...OKAYAMA_ID, id: 'OKAYAMA-10' };

    expect(await keptOf({}, { ids: [OKAYAMA_ID, second] })).toEqual([]);
    expect(await keptOf({}, { matches: [aMatch(), aNamesake()] })).toEqual([]);
    expect(await keptOf({}, { matches: [] })).toEqual([]);
    expect(await keptOf({}, { hidden: true })).toEqual([]);
  });

  it('does not take an id of ours for one of the asker', async () => {
    expect(
      await keptOf(
        { reverseAuthority: COMMUNITY.affinityDomain },
        { ids: [{ ...TARO, id: 'SHIMANE-404' }] },
      ),
    ).toEqual([]);
  });
});
