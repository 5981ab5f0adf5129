import { registryStoredQuery } from '../../../actors/initiating-gateway/iti-18-registry-stored-query.ts';
import type { InitiatingGatewayStores } from '../../../actors/initiating-gateway/stores.ts';
import type { Demographics } from '../../../profiles/patient.ts';
import type { PatientDiscovery, PatientDiscoveryResponse } from '../../../profiles/xcpd/iti-55.ts';
import { findDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import {
  type Answers,
  attended,
  aWorld,
  DEMOGRAPHICS,
  found,
  OKAYAMA,
  TARO,
} from '../responding-gateway/world.ts';
import {
  aDiscovered,
  aGateway,
  ALONE,
  discovered,
  HOSPITAL,
  RememberedCorrelations,
  TARO_IN_OKAYAMA,
} from './gateway.ts';

const QUERY = findDocuments({ patientId: TARO });
const HERE = discovered([aDiscovered(TARO_IN_OKAYAMA, OKAYAMA)]);

const WHOLE: Demographics = {
  ...DEMOGRAPHICS,
  addresses: [{ city: '松江市', streetAddressLine: ['殿町1'] }],
  telecoms: [{ value: 'tel:+81-852-00-0000' }],
};

function wanting(...requestedDemographics: readonly string[]): PatientDiscoveryResponse {
  return discovered([], { queryResponseCode: 'OK', requestedDemographics });
}

/** Shimane with the one partner Okayama, which answers ITI-55 with these in turn, the last one again. */
async function discover(
  answers: readonly PatientDiscoveryResponse[],
  over: Partial<InitiatingGatewayStores> = {},
  demographics: Demographics = WHOLE,
) {
  let asked = 0;
  const world = aWorld(
    {
      'ITI-18 document-registry': () => found(),
      'ITI-47 patient-identity': () => ({
        acknowledgement: 'AA',
        queryResponseCode: 'OK',
        matches: [{ ids: [], otherIds: [], demographics, degree: 100, custodian: '2.999.1' }],
        details: [],
      }),
      [`ITI-55 ${OKAYAMA}`]: () => answers[Math.min(asked++, answers.length - 1)],
      [`ITI-38 ${OKAYAMA}`]: () => found(),
    } satisfies Answers,
    HOSPITAL,
  );
  const stores = aGateway({
    communities: () => [{ homeCommunityId: OKAYAMA, homeCommunityIds: [OKAYAMA] }],
    discovery: { tells: ['gender', 'address', 'telecom'] },
    ...over,
  });
  const response = await attended(registryStoredQuery, QUERY, { stores, world });
  const questions = world.asked
    .filter(({ transaction }) => transaction === 'ITI-55')
    .map(({ request }) => request as PatientDiscovery);
  const queried = world.asked.filter(({ transaction }) => transaction === 'ITI-38').length;
  return { response, questions, queried };
}

describe('ITI-55, as the Initiating Gateway asks it', () => {
  it('tells neither address nor telecom unasked', async () => {
    const { questions } = await discover([HERE]);

    expect(questions).toHaveLength(1);
    expect(Object.keys(questions[0]?.criteria ?? {}).sort()).toEqual([
      'livingSubjectAdministrativeGender',
      'livingSubjectBirthTime',
      'livingSubjectId',
      'livingSubjectName',
    ]);
  });

  it('asks once more, with what is wanted, and uses that answer', async () => {
    const { questions, queried, response } = await discover([
      wanting('PatientAddressRequested', 'PatientTelecomRequested'),
      HERE,
    ]);

    expect(questions[1]?.criteria).toEqual({
      ...questions[0]?.criteria,
      patientAddress: WHOLE.addresses,
      patientTelecom: WHOLE.telecoms,
    });
    expect(questions[1]?.queryId).not.toEqual(questions[0]?.queryId);
    expect(queried).toBe(1);
    expect(response.errors).toEqual([]);
  });

  it('tells what is wanted and no more, unless anything is', async () => {
    const address = await discover([wanting('PatientAddressRequested'), HERE]);
    const anything = await discover([wanting('AdditionalDemographicsRequested'), HERE]);

    expect(address.questions[1]?.criteria).not.toHaveProperty('patientTelecom');
    expect(anything.questions[1]?.criteria).toHaveProperty('patientAddress');
    expect(anything.questions[1]?.criteria).toHaveProperty('patientTelecom');
  });

  it('asks no third time: it warns that the community cannot tell', async () => {
    const { questions, response } = await discover([wanting('PatientAddressRequested')]);

    expect(questions).toHaveLength(2);
    expect(response).toMatchObject({
      status: 'Success',
      errors: [{ severity: 'Warning', location: OKAYAMA }],
    });
  });

  it.each<[string, readonly string[], Partial<InitiatingGatewayStores>, Demographics]>([
    ['is not known here', ['PatientAddressRequested'], {}, DEMOGRAPHICS],
    ['may not be told', ['PatientAddressRequested'], { discovery: { tells: ['telecom'] } }, WHOLE],
    ['was told', ['LivingSubjectAdministrativeGenderRequested'], {}, WHOLE],
    ['is of no use here', ['SSNRequested', 'MothersMaidenNameRequested'], {}, WHOLE],
    ['nobody has allowed', ['PatientAddressRequested'], { discovery: undefined }, WHOLE],
  ])('does not ask again for what %s', async (_why, codes, over, demographics) => {
    const { questions, response } = await discover([wanting(...codes)], over, demographics);

    expect(questions).toHaveLength(1);
    expect(response.errors).toMatchObject([{ severity: 'Warning', location: OKAYAMA }]);
  });

  it('keeps the gender to itself where the policy does not name it', async () => {
    const { questions } = await discover([HERE], { discovery: { tells: [] } });

    expect(questions[0]?.criteria).not.toHaveProperty('livingSubjectAdministrativeGender');
  });

  it('lets the community remember our id for as long as we say', async () => {
    const { questions } = await discover([wanting('PatientAddressRequested'), HERE], {
      correlationTimeToLive: 'P7D',
    });
    const silent = await discover([HERE]);

    expect(questions.map(({ correlationTimeToLive }) => correlationTimeToLive)).toEqual([
      'P7D',
      'P7D',
    ]);
    expect(silent.questions[0]).not.toHaveProperty('correlationTimeToLive');
  });

  describe('when one community names several patients', () => {
    const second = { ...TARO_IN_OKAYAMA, id: 'OKAYAMA-10' };
    const named = (...degrees: readonly [number, number]) =>
      discovered([
        { ...aDiscovered(TARO_IN_OKAYAMA, OKAYAMA), degree: degrees[0] },
        { ...aDiscovered(second, OKAYAMA), degree: degrees[1] },
      ]);
    const discovery = { tells: [], leastDegree: 95 };

    it('uses the only one of the least degree', async () => {
      const { queried, response } = await discover([named(95, 94)], { discovery });

      expect({ queried, errors: response.errors }).toEqual({ queried: 1, errors: [] });
    });

    it.each<[string, readonly [number, number]]>([
      ['both reach it', [100, 95]],
      ['none reaches it', [94, 90]],
    ])('uses neither where %s, and warns', async (_what, degrees) => {
      const { queried, response } = await discover([named(...degrees)], { discovery });

      expect(queried).toBe(0);
      expect(response.errors).toMatchObject([{ severity: 'Warning', location: OKAYAMA }]);
    });

    it('uses none where no least degree is set', async () => {
      expect((await discover([named(100, 1)])).queried).toBe(0);
    });

    it('uses a single match of any degree: the community has decided', async () => {
      const single = discovered([{ ...aDiscovered(second, OKAYAMA), degree: 50 }]);

      expect((await discover([single], { discovery })).queried).toBe(1);
    });
  });

  describe('CorrelationTimeToLive', () => {
    const told = (correlationTimeToLive?: string) =>
      discovered([aDiscovered(TARO_IN_OKAYAMA, OKAYAMA)], { correlationTimeToLive });

    it.each([
      ['absent', undefined],
      ['P0D', 'P0D'],
      ['PT0S', 'PT0S'],
      ['negative', '-P1D'],
      ['no duration', 'seven days'],
    ])('%s: nothing is remembered', async (_what, duration) => {
      const correlations = new RememberedCorrelations();
      const { queried } = await discover([told(duration)], { correlations });

      expect(queried).toBe(1);
      expect(correlations.kept).toEqual([]);
    });

    it('longer than 30 days: remembered for 30 days', async () => {
      const correlations = new RememberedCorrelations();
      await discover([told('P1Y')], { correlations });

      expect(correlations.kept[0]?.expiresAt).toEqual(new Date('2026-05-01T00:00:00Z'));
    });

    it('run out: the community is asked again', async () => {
      const correlations = new RememberedCorrelations();
      await correlations.keep({
        patientId: TARO,
        homeCommunityId: OKAYAMA,
        remotePatientId: { ...TARO_IN_OKAYAMA, id: 'OKAYAMA-OLD' },
        expiresAt: new Date('2026-04-01T00:00:00Z'),
        isHealthDataLocator: false,
      });

      expect((await discover([HERE], { correlations })).questions).toHaveLength(1);
    });

    it('of an answer that was not used: nothing is remembered', async () => {
      const correlations = new RememberedCorrelations();
      const twice = [1, 2].map((n) => aDiscovered({ ...TARO_IN_OKAYAMA, id: `O-${n}` }, OKAYAMA));
      await discover([discovered(twice, { correlationTimeToLive: 'P1D' })], { correlations });

      expect(correlations.kept).toEqual([]);
    });
  });

  it('forgets what was remembered when the community does not know that id any more', async () => {
    const correlations = new RememberedCorrelations();
    const kept = {
      patientId: TARO,
      homeCommunityId: OKAYAMA,
      remotePatientId: TARO_IN_OKAYAMA,
      expiresAt: new Date('2026-04-02T00:00:00Z'),
      isHealthDataLocator: false,
    };
    await correlations.keep(kept);
    await correlations.keep({ ...kept, patientId: { ...TARO, id: 'SHIMANE-2' } });
    const unknown = {
      errorCode: 'XDSUnknownPatientId',
      codeContext: 'unknown',
      location: OKAYAMA,
      severity: 'Error',
    } as const;
    const world = aWorld(
      {
        ...ALONE,
        [`ITI-38 ${OKAYAMA}`]: () => found([], { status: 'Failure', errors: [unknown] }),
      },
      HOSPITAL,
    );

    await attended(registryStoredQuery, QUERY, { stores: aGateway({ correlations }), world });

    expect(correlations.kept).toEqual([{ ...kept, patientId: { ...TARO, id: 'SHIMANE-2' } }]);
  });
});
