import { PeerFailure } from '../../../actors/actor.ts';
import { registryStoredQuery } from '../../../actors/initiating-gateway/iti-18-registry-stored-query.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import type { AdhocQueryRequest } from '../../../profiles/xds/stored-queries.ts';
import { findDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import {
  aLink,
  anEntry,
  type Answers,
  attended,
  aWorld,
  DEMOGRAPHICS,
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

const OWN = anEntry({ id: 'urn:uuid:own' });
const OF_OKAYAMA = anEntry({ id: 'urn:uuid:okayama', patientId: TARO_IN_OKAYAMA, home: OKAYAMA });
const OF_KAGAWA = anEntry({ id: 'urn:uuid:kagawa', patientId: TARO_IN_KAGAWA, home: KAGAWA });

/** All three communities know the patient, and each has one document. */
const EVERYWHERE: Answers = {
  ...ALONE,
  'ITI-18 document-registry': () => found([OWN]),
  [`ITI-55 ${OKAYAMA}`]: () => discovered([aDiscovered(TARO_IN_OKAYAMA, OKAYAMA)]),
  [`ITI-38 ${OKAYAMA}`]: () => found([OF_OKAYAMA]),
  [`ITI-55 ${KAGAWA}`]: () => discovered([aDiscovered(TARO_IN_KAGAWA, KAGAWA)]),
  [`ITI-38 ${KAGAWA}`]: () => found([OF_KAGAWA]),
};

function refuse(error: Error): () => never {
  return () => {
    throw error;
  };
}

function silent(peer: string): PeerFailure {
  return new PeerFailure('transient', 'ECONNREFUSED', { peer });
}

function ask(answers: Answers, request: AdhocQueryRequest = QUERY, stores = aGateway()) {
  const world = aWorld(answers, HOSPITAL);
  return { world, response: attended(registryStoredQuery, request, { stores, world }) };
}

describe('ITI-18 by patient id, as the Initiating Gateway answers it', () => {
  it('joins what our registry and every community has, each object under its home', async () => {
    const { status, errors, objects } = await ask(EVERYWHERE).response;

    expect({ status, errors }).toEqual({ status: 'Success', errors: [] });
    expect(objects).toEqual([{ ...OWN, home: SHIMANE }, OF_OKAYAMA, OF_KAGAWA]);
  });

  it('asks each community by the demographics, with our id as livingSubjectId', async () => {
    const { world, response } = ask(EVERYWHERE);
    await response;

    expect(world.asked.filter(({ transaction }) => transaction === 'ITI-55')).toMatchObject([
      {
        destination: { homeCommunityId: OKAYAMA },
        request: {
          transmission: {
            sender: { organization: '2.999.392.32' },
            receiver: { organization: '2.999.392.33' },
          },
          criteria: {
            livingSubjectName: DEMOGRAPHICS.names,
            livingSubjectAdministrativeGender: 'M',
            livingSubjectBirthTime: { value: '19700101' },
            livingSubjectId: [TARO],
          },
          reverseAuthority: '2.999.392.32.3',
        },
      },
      { destination: { homeCommunityId: KAGAWA } },
    ]);
  });

  it('asks each community for the patient by her id there, and changes nothing else in the query', async () => {
    const request = { ...QUERY, slots: [...QUERY.slots, { name: '$XDSNew', values: ["('x')"] }] };
    const { world, response } = ask(EVERYWHERE, request);
    await response;

    const sent = world.asked.find(({ transaction }) => transaction === 'ITI-38');
    expect(sent?.request).toEqual({
      ...request,
      home: OKAYAMA,
      slots: request.slots.map((slot) =>
        slot.name === '$XDSDocumentEntryPatientId'
          ? { ...slot, values: ["'OKAYAMA-9^^^&2.999.392.33.3&ISO'"] }
          : slot,
      ),
    });
  });

  it('does not ask a community that does not know the patient, and says nothing of it', async () => {
    const { world, response } = ask(ALONE);

    expect(await response).toEqual(found());
    expect(world.asked.filter(({ transaction }) => transaction === 'ITI-38')).toEqual([]);
  });

  it('asks nobody about a patient who is unknown here', async () => {
    const { world, response } = ask({
      'ITI-18 document-registry': () => found(),
      'ITI-47 patient-identity': () => ({
        acknowledgement: 'AA',
        queryResponseCode: 'NF',
        matches: [],
        details: [],
      }),
    });

    expect(await response).toEqual(found());
    expect(world.asked).toHaveLength(2);
  });

  it.each([
    ['cannot be reached', `ITI-55 ${KAGAWA}`, refuse(silent(KAGAWA))],
    ['answers ITI-55 with AE', `ITI-55 ${KAGAWA}`, () => discovered([], { acknowledgement: 'AE' })],
    [
      'answers ITI-38 with a fault',
      `ITI-38 ${KAGAWA}`,
      refuse(new Refusal('soap:Receiver', 'a fault')),
    ],
    ['fails while it is asked', `ITI-38 ${KAGAWA}`, refuse(silent(KAGAWA))],
  ])(
    'answers PartialSuccess and one XDSUnavailableCommunity when a community %s',
    async (_how, place, answer) => {
      const response = await ask({ ...EVERYWHERE, [place]: answer }).response;

      expect(response.status).toBe('PartialSuccess');
      expect(response.objects.map(({ home }) => home)).toEqual([SHIMANE, OKAYAMA]);
      expect(response.errors).toEqual([
        {
          errorCode: 'XDSUnavailableCommunity',
          codeContext: expect.stringContaining(KAGAWA),
          location: KAGAWA,
          severity: 'Error',
        },
      ]);
    },
  );

  it('does not wait for a community beyond the deadline', async () => {
    const answers = { ...EVERYWHERE, [`ITI-55 ${KAGAWA}`]: () => new Promise(() => {}) };

    const response = await ask(answers, QUERY, aGateway({ fanOutDeadlineMs: 100 })).response;

    expect(response.status).toBe('PartialSuccess');
    expect(response.objects).toHaveLength(2);
    expect(response.errors).toMatchObject([
      {
        errorCode: 'XDSUnavailableCommunity',
        location: KAGAWA,
        codeContext: expect.stringContaining('in time'),
      },
    ]);
  });

  it('answers Failure when nobody answered, not even our registry', async () => {
    const response = await ask({
      ...ALONE,
      'ITI-18 document-registry': refuse(silent('document-registry')),
      [`ITI-55 ${OKAYAMA}`]: refuse(silent(OKAYAMA)),
      [`ITI-55 ${KAGAWA}`]: refuse(silent(KAGAWA)),
    }).response;

    expect(response.status).toBe('Failure');
    expect(response.errors.map(({ location }) => location)).toEqual([SHIMANE, OKAYAMA, KAGAWA]);
  });

  it('says that nobody was asked when our Patient Demographics Supplier is away', async () => {
    const response = await ask({
      ...EVERYWHERE,
      'ITI-47 patient-identity': refuse(silent('patient-identity')),
    }).response;

    expect(response).toMatchObject({
      status: 'PartialSuccess',
      objects: [{ id: OWN.id }],
      errors: [{ errorCode: 'XDSRegistryError', location: SHIMANE }],
    });
  });

  it('uses neither of two matches of one community, and warns', async () => {
    const twins = [
      aDiscovered(TARO_IN_KAGAWA, KAGAWA),
      aDiscovered({ ...TARO_IN_KAGAWA, id: 'KAGAWA-6' }, KAGAWA),
    ];
    const { world, response } = ask({
      ...EVERYWHERE,
      [`ITI-55 ${KAGAWA}`]: () => discovered(twins),
    });

    expect(await response).toMatchObject({
      status: 'Success',
      errors: [
        {
          severity: 'Warning',
          location: KAGAWA,
          codeContext: expect.stringContaining('2 patients'),
        },
      ],
    });
    expect(world.asked.filter(({ transaction }) => transaction === 'ITI-38')).toHaveLength(1);
  });

  it('warns when a community wants more demographics before it can tell', async () => {
    const wanting = discovered([], {
      queryResponseCode: 'OK',
      requestedDemographics: ['PatientAddressRequested'],
    });

    const response = await ask({ ...ALONE, [`ITI-55 ${KAGAWA}`]: () => wanting }).response;

    expect(response).toMatchObject({
      status: 'Success',
      errors: [{ severity: 'Warning', location: KAGAWA }],
    });
  });

  it('does not believe a gateway that tells of a patient of another community', async () => {
    const { world, response } = ask({
      ...ALONE,
      [`ITI-55 ${KAGAWA}`]: () => discovered([aDiscovered(TARO_IN_OKAYAMA, OKAYAMA)]),
    });

    expect((await response).errors).toMatchObject([{ severity: 'Warning', location: KAGAWA }]);
    expect(world.asked.filter(({ transaction }) => transaction === 'ITI-38')).toEqual([]);
  });

  it('remembers a correlation for as long as CorrelationTimeToLive says, and asks ITI-55 no more till then', async () => {
    const correlations = new RememberedCorrelations();
    const stores = aGateway({ correlations });
    const told = {
      ...EVERYWHERE,
      [`ITI-55 ${OKAYAMA}`]: () =>
        discovered([aDiscovered(TARO_IN_OKAYAMA, OKAYAMA)], { correlationTimeToLive: 'PT1H' }),
    };
    await ask(told, QUERY, stores).response;
    expect(correlations.kept).toEqual([
      {
        patientId: TARO,
        homeCommunityId: OKAYAMA,
        remotePatientId: TARO_IN_OKAYAMA,
        expiresAt: new Date('2026-04-01T01:00:00Z'),
        isHealthDataLocator: false,
        askedAt: new Date('2026-04-01T00:00:00Z'),
      },
    ]);

    const { world, response } = ask(told, QUERY, stores);

    expect((await response).objects).toHaveLength(3);
    const again = world.asked.filter(({ transaction }) => transaction === 'ITI-55');
    expect(again.map(({ destination }) => destination)).toEqual([{ homeCommunityId: KAGAWA }]);
  });

  it('remembers nothing where no CorrelationTimeToLive came', async () => {
    const correlations = new RememberedCorrelations();
    await ask(EVERYWHERE, QUERY, aGateway({ correlations })).response;

    expect(correlations.kept).toEqual([]);
  });

  it('drops an object whose home is not among the communities of the gateway, and names both', async () => {
    const foreign = { ...OF_KAGAWA, id: 'urn:uuid:foreign', home: OKAYAMA };
    const answers = {
      ...EVERYWHERE,
      [`ITI-38 ${KAGAWA}`]: () => found([OF_KAGAWA, foreign, aLink(OF_KAGAWA.id, foreign.id)]),
    };

    const response = await ask(answers).response;

    expect(response.status).toBe('PartialSuccess');
    expect(response.objects.map(({ id }) => id)).toEqual([OWN.id, OF_OKAYAMA.id, OF_KAGAWA.id]);
    expect(response.errors).toHaveLength(1);
    expect(response.errors[0]).toMatchObject({
      errorCode: 'XDSUnknownCommunity',
      location: KAGAWA,
    });
    expect(response.errors[0]?.codeContext).toContain(KAGAWA);
    expect(response.errors[0]?.codeContext).toContain(OKAYAMA);
  });

  it('drops an object without home: XDSMissingHomeCommunityId, with the gateway and the object', async () => {
    const { home: _, ...homeless } = OF_KAGAWA;

    const response = await ask({
      ...EVERYWHERE,
      [`ITI-38 ${KAGAWA}`]: () => found([homeless], { objectRefs: [{ id: 'urn:uuid:bare' }] }),
    }).response;

    expect(response.objects).toHaveLength(2);
    expect(response.objectRefs).toEqual([]);
    expect(response.errors).toMatchObject([
      { errorCode: 'XDSMissingHomeCommunityId', location: KAGAWA },
    ]);
    expect(response.errors[0]?.codeContext).toContain('urn:uuid:kagawa, urn:uuid:bare');
  });

  it.each([
    ['of another patient', { ...OF_KAGAWA, patientId: { ...TARO_IN_KAGAWA, id: 'KAGAWA-6' } }],
    ['that does not say whose it is', { ...OF_KAGAWA, patientId: undefined }],
  ])('uses nothing of an answer that holds an object %s', async (_what, object) => {
    const answers = { ...EVERYWHERE, [`ITI-38 ${KAGAWA}`]: () => found([OF_KAGAWA, object]) };

    const response = await ask(answers).response;

    expect(response.status).toBe('PartialSuccess');
    expect(response.objects.map(({ home }) => home)).toEqual([SHIMANE, OKAYAMA]);
    expect(response.errors).toMatchObject([{ errorCode: 'XDSRegistryError', location: KAGAWA }]);
  });

  it('counts XDSUnknownPatientId of a community as an empty success', async () => {
    const unknown = found([], {
      status: 'Failure',
      errors: [
        {
          errorCode: 'XDSUnknownPatientId',
          codeContext: 'unknown',
          location: KAGAWA,
          severity: 'Error',
        },
      ],
    });

    const response = await ask({ ...EVERYWHERE, [`ITI-38 ${KAGAWA}`]: () => unknown }).response;

    expect(response).toMatchObject({ status: 'Success', errors: [] });
    expect(response.objects).toHaveLength(2);
  });

  it('passes on what a community says besides, unchanged', async () => {
    const error = {
      errorCode: 'OkayamaOwnCode',
      codeContext: 'its own words',
      location: OKAYAMA,
      severity: 'Error',
    } as const;
    const answers = {
      ...EVERYWHERE,
      [`ITI-38 ${OKAYAMA}`]: () =>
        found([OF_OKAYAMA], { status: 'PartialSuccess', errors: [error] }),
    };

    const response = await ask(answers).response;

    expect(response).toMatchObject({ status: 'PartialSuccess', errors: [error] });
    expect(response.objects).toHaveLength(3);
  });

  it('says for a community that failed without a reason that it is unavailable', async () => {
    const response = await ask({
      ...EVERYWHERE,
      [`ITI-38 ${KAGAWA}`]: () => found([], { status: 'Failure' }),
    }).response;

    expect(response.errors).toMatchObject([
      { errorCode: 'XDSUnavailableCommunity', location: KAGAWA },
    ]);
  });

  it('asks only the community that home names', async () => {
    const { world, response } = ask(EVERYWHERE, { ...QUERY, home: KAGAWA });

    expect((await response).objects).toEqual([OF_KAGAWA]);
    expect(world.asked.map(({ transaction }) => transaction)).toEqual([
      'ITI-47',
      'ITI-55',
      'ITI-38',
    ]);
  });

  it('asks only our registry when home is ours', async () => {
    const { world, response } = ask(EVERYWHERE, { ...QUERY, home: SHIMANE });

    expect((await response).objects).toEqual([{ ...OWN, home: SHIMANE }]);
    expect(world.asked.map(({ transaction }) => transaction)).toEqual(['ITI-18']);
  });

  it('sees a partner that came with a reload of the directory', async () => {
    let partners = [{ homeCommunityId: OKAYAMA, homeCommunityIds: [OKAYAMA] }];
    const stores = aGateway({ communities: () => partners });
    await ask(EVERYWHERE, QUERY, stores).response;
    partners = [...partners, { homeCommunityId: KAGAWA, homeCommunityIds: [KAGAWA] }];

    expect((await ask(EVERYWHERE, QUERY, stores).response).objects).toHaveLength(3);
  });

  it('refuses a query that lacks a required parameter before anybody is asked', async () => {
    const request = { ...QUERY, slots: QUERY.slots.slice(0, 1) };
    const { world, response } = ask({}, request);

    await expect(response).rejects.toMatchObject({ code: 'XDSStoredQueryMissingParam' });
    expect(world.asked).toEqual([]);
  });
});
