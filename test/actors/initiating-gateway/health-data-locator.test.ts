import { PeerFailure } from '../../../actors/actor.ts';
import { registryStoredQuery } from '../../../actors/initiating-gateway/iti-18-registry-stored-query.ts';
import type { InitiatingGatewayStores } from '../../../actors/initiating-gateway/stores.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { Fault } from '../../../profiles/refusal.ts';
import type { PatientLocationResponse } from '../../../profiles/xcpd/iti-56.ts';
import { findDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import {
  type Answers,
  anEntry,
  attended,
  aWorld,
  found,
  KAGAWA,
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
  TARO_IN_KAGAWA,
  TARO_IN_OKAYAMA,
} from './gateway.ts';

const QUERY = findDocuments({ patientId: TARO });
const LOCATOR = { ...aDiscovered(TARO_IN_OKAYAMA, OKAYAMA), supportsHealthDataLocator: true };

function locations(...told: readonly (readonly [string, PatientId])[]): PatientLocationResponse {
  return {
    locations: told.map(([homeCommunityId, correspondingPatientId]) => ({
      homeCommunityId,
      correspondingPatientId,
      requestedPatientId: TARO_IN_OKAYAMA,
    })),
  };
}

/** Okayama knows the patient and says that Kagawa does, too; Kagawa does not find her by her demographics. */
const ANSWERS: Answers = {
  ...ALONE,
  [`ITI-55 ${OKAYAMA}`]: () => discovered([LOCATOR]),
  [`ITI-56 ${OKAYAMA}`]: () => locations([KAGAWA, TARO_IN_KAGAWA]),
  [`ITI-38 ${OKAYAMA}`]: () =>
    found([anEntry({ id: 'o', patientId: TARO_IN_OKAYAMA, home: OKAYAMA })]),
  [`ITI-38 ${KAGAWA}`]: () =>
    found([anEntry({ id: 'k', patientId: TARO_IN_KAGAWA, home: KAGAWA })]),
};

async function ask(answers: Answers = {}, over: Partial<InitiatingGatewayStores> = {}) {
  const world = aWorld({ ...ANSWERS, ...answers }, HOSPITAL);
  const response = await attended(registryStoredQuery, QUERY, { stores: aGateway(over), world });
  const of = (transaction: string) => world.asked.filter((one) => one.transaction === transaction);
  return { response, of, homes: response.objects.map(({ home }) => home) };
}

describe('ITI-56 Patient Location Query, as the Initiating Gateway asks it', () => {
  it('asks a community whose custodian SupportsHealthDataLocator by its own id of the patient', async () => {
    const { of } = await ask();

    expect(of('ITI-56')).toEqual([
      {
        transaction: 'ITI-56',
        destination: { homeCommunityId: OKAYAMA },
        request: { requestedPatientId: TARO_IN_OKAYAMA },
      },
    ]);
  });

  it('asks no community that is NotHealthDataLocator', async () => {
    const { of } = await ask({
      [`ITI-55 ${OKAYAMA}`]: () => discovered([aDiscovered(TARO_IN_OKAYAMA, OKAYAMA)]),
    });

    expect(of('ITI-56')).toEqual([]);
  });

  it('queries the communities that it tells of, by her ids there', async () => {
    const { homes, response, of } = await ask();

    expect(homes).toEqual([OKAYAMA, KAGAWA]);
    expect(response).toMatchObject({ status: 'Success', errors: [] });
    expect(JSON.stringify(of('ITI-38')[1]?.request)).toContain(TARO_IN_KAGAWA.id);
  });

  it('does not query a community twice that knows her by itself', async () => {
    const { of } = await ask({
      [`ITI-55 ${KAGAWA}`]: () => discovered([aDiscovered(TARO_IN_KAGAWA, KAGAWA)]),
      [`ITI-56 ${OKAYAMA}`]: () => locations([KAGAWA, { ...TARO_IN_KAGAWA, id: 'KAGAWA-OTHER' }]),
    });

    expect(of('ITI-38')).toHaveLength(2);
    expect(JSON.stringify(of('ITI-38'))).not.toContain('KAGAWA-OTHER');
  });

  it('does not query a community that is in no directory', async () => {
    const { homes, of } = await ask({
      [`ITI-56 ${OKAYAMA}`]: () => locations(['urn:oid:2.999.392.38', TARO_IN_KAGAWA]),
    });

    expect(homes).toEqual([OKAYAMA]);
    expect(of('ITI-38')).toHaveLength(1);
  });

  it('does not query a community that was silent, whoever tells of it', async () => {
    const { homes, response } = await ask({
      [`ITI-55 ${KAGAWA}`]: () => {
        throw new PeerFailure('transient', 'ECONNREFUSED', { peer: KAGAWA });
      },
    });

    expect(homes).toEqual([OKAYAMA]);
    expect(response.errors).toMatchObject([
      { errorCode: 'XDSUnavailableCommunity', location: KAGAWA },
    ]);
  });

  it('believes neither of two that tell different ids of one community, and warns', async () => {
    const { homes, response } = await ask({
      [`ITI-56 ${OKAYAMA}`]: () =>
        locations([KAGAWA, TARO_IN_KAGAWA], [KAGAWA, { ...TARO_IN_KAGAWA, id: 'KAGAWA-6' }]),
    });

    expect(homes).toEqual([OKAYAMA]);
    expect(response.errors).toMatchObject([{ severity: 'Warning', location: KAGAWA }]);
  });

  it.each<[string, Answers[string]]>([
    [
      'refuses with a fault',
      () => {
        throw new Fault('Receiver', 'no');
      },
    ],
    [
      'does not answer',
      () => {
        throw new PeerFailure('ambiguous', 'timed out', { peer: OKAYAMA });
      },
    ],
    ['knows of nobody', () => locations()],
  ])('keeps the documents of a community that %s', async (_how, answer) => {
    const { homes, response } = await ask({ [`ITI-56 ${OKAYAMA}`]: answer });

    expect(homes).toEqual([OKAYAMA]);
    expect(response).toMatchObject({ status: 'Success', errors: [] });
  });

  it('says that a community did not answer which another told of', async () => {
    const { response } = await ask({
      [`ITI-38 ${KAGAWA}`]: () => {
        throw new PeerFailure('transient', 'ECONNREFUSED', { peer: KAGAWA });
      },
    });

    expect(response.errors).toMatchObject([
      { errorCode: 'XDSUnavailableCommunity', location: KAGAWA },
    ]);
  });

  it('asks about a wide-area id that it is told in the community whose it is', async () => {
    const wide = { id: 'w-2', assigningAuthority: '2.999.500.37' };
    const communities = () => [
      { homeCommunityId: OKAYAMA, homeCommunityIds: [OKAYAMA] },
      {
        homeCommunityId: KAGAWA,
        homeCommunityIds: [KAGAWA],
        wideAreaDomains: { [KAGAWA]: '2.999.500.37' },
      },
    ];
    const { homes } = await ask(
      {
        [`ITI-56 ${OKAYAMA}`]: () => locations([KAGAWA, wide]),
        [`ITI-55 ${KAGAWA}`]: ({ criteria }: { criteria: object }) =>
          'livingSubjectName' in criteria
            ? discovered([])
            : discovered([aDiscovered(TARO_IN_KAGAWA, KAGAWA)]),
      },
      { communities },
    );

    expect(homes).toEqual([OKAYAMA, KAGAWA]);
  });

  it('asks a community that is remembered as a Health Data Locator, too', async () => {
    const correlations = new RememberedCorrelations();
    const answers: Answers = {
      [`ITI-55 ${OKAYAMA}`]: () => discovered([LOCATOR], { correlationTimeToLive: 'P1D' }),
    };
    await ask(answers, { correlations });

    const again = await ask(answers, { correlations });

    expect(again.of('ITI-55').map(({ destination }) => destination)).toEqual([
      { homeCommunityId: KAGAWA },
    ]);
    expect(again.homes).toEqual([OKAYAMA, KAGAWA]);
  });
});
