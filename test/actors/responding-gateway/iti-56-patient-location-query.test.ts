import { PeerFailure } from '../../../actors/actor.ts';
import { patientLocationQuery } from '../../../actors/responding-gateway/iti-56-patient-location-query.ts';
import type { RespondingGatewayStores } from '../../../actors/responding-gateway/stores.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import type { PixQuery } from '../../../profiles/pix/iti-45.ts';
import { CHART, DOMAIN, identity, SERVICE, WIDE_ID } from './identity.ts';
import { type Answers, attended, aWorld, COMMUNITY, KAGAWA, OKAYAMA, TARO } from './world.ts';

const IN_KAGAWA: PatientId = { id: 'w-91bc', assigningAuthority: '2.999.500.37' };

const STORES: RespondingGatewayStores = {
  community: COMMUNITY,
  wideArea: {
    service: SERVICE,
    domain: DOMAIN,
    communities: () => [
      { homeCommunityId: OKAYAMA, domain: '2.999.500.33' },
      { homeCommunityId: KAGAWA, domain: '2.999.500.37' },
    ],
  },
};

const KNOWING: Answers = {
  ...identity([TARO, CHART], []),
  'ITI-45 wide-area': ({ patientIdentifier }: PixQuery) => ({
    acknowledgement: 'AA',
    queryResponseCode: 'OK',
    ids: patientIdentifier.id === WIDE_ID.id ? [TARO] : [IN_KAGAWA],
    details: [],
  }),
};

/** Okayama asks Shimane. */
function locate(
  requestedPatientId: PatientId,
  answers: Answers = KNOWING,
  stores: RespondingGatewayStores = STORES,
) {
  const world = aWorld(answers);
  const response = attended(patientLocationQuery, { requestedPatientId }, { stores, world });
  return { world, response };
}

describe('ITI-56 Patient Location Query, as the Responding Gateway answers it', () => {
  it('tells the other communities in which the wide-area id service knows the patient', async () => {
    const { world, response } = locate(TARO);

    expect(await response).toEqual({
      locations: [
        { homeCommunityId: KAGAWA, correspondingPatientId: IN_KAGAWA, requestedPatientId: TARO },
      ],
    });
    expect(world.asked.at(-1)).toMatchObject({
      transaction: 'ITI-45',
      destination: SERVICE,
      // Not of the asker's own domain.
      request: { patientIdentifier: TARO, dataSources: ['2.999.500.37'] },
    });
  });

  it('takes the wide-area id by which others know our patients, and repeats it', async () => {
    const { locations } = await locate(WIDE_ID).response;

    expect(locations).toMatchObject([{ homeCommunityId: KAGAWA, requestedPatientId: WIDE_ID }]);
  });

  it('answers empty where there is no wide-area id service', async () => {
    const { world, response } = locate(TARO, {}, { community: COMMUNITY });

    expect(await response).toEqual({ locations: [] });
    expect(world.asked).toEqual([]);
  });

  it('answers empty about a chart number, which nobody outside has to know', async () => {
    const { world, response } = locate(CHART);

    expect(await response).toEqual({ locations: [] });
    expect(world.asked).toEqual([]);
  });

  it('answers empty about a patient who is unknown here, and asks the service nothing of her', async () => {
    const { world, response } = locate({ ...TARO, id: 'SHIMANE-404' });

    expect(await response).toEqual({ locations: [] });
    expect(world.asked.map(({ destination }) => destination)).toEqual(['patient-identity']);
  });

  it('answers empty about a patient who may not be seen', async () => {
    const response = await attended(
      patientLocationQuery,
      { requestedPatientId: TARO },
      {
        stores: STORES,
        world: aWorld(KNOWING),
        consent: { permissionFor: async () => ({ shows: () => false }) },
      },
    );

    expect(response).toEqual({ locations: [] });
  });

  it('leaves out what the service tells of domains that nobody asked about', async () => {
    const generous: Answers = {
      ...KNOWING,
      'ITI-45 wide-area': () => ({
        acknowledgement: 'AA',
        queryResponseCode: 'OK',
        ids: [IN_KAGAWA, { id: '0000777', assigningAuthority: '2.999.392.37.4' }],
        details: [],
      }),
    };

    expect((await locate(TARO, generous).response).locations).toHaveLength(1);
  });

  it('refuses with a fault of the Receiver when the service does not answer', async () => {
    const away: Answers = {
      ...KNOWING,
      'ITI-45 wide-area': () => {
        throw new PeerFailure('transient', 'ECONNREFUSED', { peer: 'wide-area' });
      },
    };

    await expect(locate(TARO, away).response).rejects.toMatchObject({ fault: 'Receiver' });
  });
});
