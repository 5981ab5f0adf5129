import { PeerFailure } from '../../../actors/actor.ts';
import { crossGatewayPatientDiscovery } from '../../../actors/responding-gateway/iti-55-cross-gateway-patient-discovery.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { Fault } from '../../../profiles/refusal.ts';
import type { PatientDiscovery } from '../../../profiles/xcpd/iti-55.ts';
import { aMatch, aQuestion, BY_DEMOGRAPHICS, CHART, identity, OKAYAMA_ID } from './identity.ts';
import { type Answers, attended, aWorld, COMMUNITY, DEMOGRAPHICS, SHIMANE, TARO } from './world.ts';

describe('ITI-55 Cross Gateway Patient Discovery, as the Responding Gateway answers it', () => {
  const stores = { community: COMMUNITY };

  function discover(question: PatientDiscovery, answers: Answers) {
    return attended(crossGatewayPatientDiscovery, question, { stores, world: aWorld(answers) });
  }

  const nobody = { acknowledgement: 'AA', queryResponseCode: 'NF', matches: [] };

  it('finds the one person whom the demographics fit, and tells her id in the affinity domain alone', async () => {
    const response = await discover(aQuestion(BY_DEMOGRAPHICS), identity([], [aMatch()]));

    expect(response).toEqual({
      acknowledgement: 'AA',
      queryResponseCode: 'OK',
      matches: [
        {
          id: TARO,
          otherIds: [],
          demographics: DEMOGRAPHICS,
          homeCommunityId: SHIMANE,
          supportsHealthDataLocator: false,
          degree: 100,
        },
      ],
      requestedDemographics: [],
      details: [],
    });
    expect(JSON.stringify(response)).not.toContain(CHART.id);
  });

  it('answers NF to several candidates', async () => {
    const twins = identity([], [aMatch(), aMatch([{ ...TARO, id: 'SHIMANE-2' }])]);

    expect(await discover(aQuestion(BY_DEMOGRAPHICS), twins)).toMatchObject(nobody);
  });

  it.each([
    ['a family name alone', { livingSubjectName: [{ family: '試験', given: [] }] }],
    ['a year of birth', { livingSubjectBirthTime: { value: '1970' } }],
    ['a range of birth', { livingSubjectBirthTime: { low: '19700101', high: '19701231' } }],
  ])('answers NF to %s, whomever it fits', async (_what, vague) => {
    const question = aQuestion({ ...BY_DEMOGRAPHICS, ...vague });

    expect(await discover(question, identity([], [aMatch()]))).toMatchObject(nobody);
  });

  it('answers NF when nobody fits', async () => {
    expect(await discover(aQuestion(BY_DEMOGRAPHICS), identity([], []))).toMatchObject(nobody);
  });

  it('answers NF for a person without an id of the affinity domain: a chart number does not leave', async () => {
    const onlyChart = identity([], [aMatch([CHART])]);

    expect(await discover(aQuestion(BY_DEMOGRAPHICS), onlyChart)).toMatchObject(nobody);
  });

  it('matches a known id first, and asks nothing of the demographics', async () => {
    const world = aWorld(identity([CHART], [aMatch()]));
    const criteria = { ...BY_DEMOGRAPHICS, livingSubjectId: [OKAYAMA_ID, CHART] };

    const response = await attended(crossGatewayPatientDiscovery, aQuestion(criteria), {
      stores,
      world,
    });

    expect(response.matches).toMatchObject([{ id: TARO }]);
    expect(world.asked.at(-1)).toMatchObject({
      transaction: 'ITI-47',
      request: { criteria: { livingSubjectId: [TARO] } },
    });
  });

  it('knows an id of the affinity domain itself', async () => {
    const response = await discover(
      aQuestion({ livingSubjectId: [TARO] }),
      identity([TARO], [aMatch()]),
    );

    expect(response.matches).toMatchObject([{ id: TARO }]);
  });

  it('never falls back to demographics when the id exists', async () => {
    const answers: Answers = {
      ...identity([], [aMatch()]),
      // The id is known, and leads to nobody in the affinity domain.
      'ITI-45 patient-identity': () => ({
        acknowledgement: 'AA',
        queryResponseCode: 'NF',
        ids: [],
        details: [],
      }),
    };
    const criteria = { ...BY_DEMOGRAPHICS, livingSubjectId: [CHART] };

    expect(await discover(aQuestion(criteria), answers)).toMatchObject(nobody);
  });

  it('answers NF when two known ids lead to two persons', async () => {
    const answers: Answers = {
      ...identity([], [aMatch()]),
      'ITI-45 patient-identity': ({ patientIdentifier }: { patientIdentifier: PatientId }) => ({
        acknowledgement: 'AA',
        queryResponseCode: 'OK',
        ids: [{ ...TARO, id: `of-${patientIdentifier.id}` }],
        details: [],
      }),
    };
    const criteria = { livingSubjectId: [CHART, { ...CHART, id: '0000124' }] };

    expect(await discover(aQuestion(criteria), answers)).toMatchObject(nobody);
  });

  it('answers NF to an unknown id that comes without demographics', async () => {
    expect(await discover(aQuestion({ livingSubjectId: [CHART] }), identity([], []))).toMatchObject(
      nobody,
    );
  });

  it.each([
    ['livingSubjectName', { livingSubjectBirthTime: { value: '19700101' } }],
    ['livingSubjectBirthTime', { livingSubjectName: DEMOGRAPHICS.names }],
  ])('refuses criteria without %s', async (parameter, criteria) => {
    await expect(discover(aQuestion(criteria), identity([], []))).rejects.toMatchObject({
      code: 'SYN101',
      location: expect.stringContaining(parameter),
    });
  });

  it('refuses a sender that the certificate does not speak for', async () => {
    const question = aQuestion(BY_DEMOGRAPHICS, { sender: '2.999.392.37' });

    await expect(discover(question, {})).rejects.toThrow(Fault);
  });

  it('refuses a message that is meant for another community', async () => {
    const question = aQuestion(BY_DEMOGRAPHICS, { receiver: '2.999.392.37' });

    await expect(discover(question, {})).rejects.toMatchObject({ code: 'SYN103' });
  });

  it('answers AE, AnswerNotAvailable, when Patient Identity is away', async () => {
    const away: Answers = {
      'ITI-47 patient-identity': () => {
        throw new PeerFailure('transient', 'ECONNREFUSED', { peer: 'patient-identity' });
      },
    };

    expect(await discover(aQuestion(BY_DEMOGRAPHICS), away)).toMatchObject({
      acknowledgement: 'AE',
      issue: 'AnswerNotAvailable',
      matches: [],
    });
  });

  it('does not tell a person who may not be seen from one who is not there', async () => {
    const response = await attended(crossGatewayPatientDiscovery, aQuestion(BY_DEMOGRAPHICS), {
      stores,
      world: aWorld(identity([], [aMatch()])),
      consent: { permissionFor: async () => ({ shows: () => false }) },
    });

    expect(response).toEqual(await discover(aQuestion(BY_DEMOGRAPHICS), identity([], [])));
  });

  it('says for how long the id may be remembered, where that is set', async () => {
    const response = await attended(crossGatewayPatientDiscovery, aQuestion(BY_DEMOGRAPHICS), {
      stores: { ...stores, correlationTimeToLive: 'P7D' },
      world: aWorld(identity([], [aMatch()])),
    });

    expect(response.correlationTimeToLive).toBe('P7D');
  });
});
