import { PeerFailure } from '../../../actors/actor.ts';
import { Discoveries } from '../../../actors/responding-gateway/discoveries.ts';
import { crossGatewayPatientDiscovery } from '../../../actors/responding-gateway/iti-55-cross-gateway-patient-discovery.ts';
import type { RespondingGatewayStores } from '../../../actors/responding-gateway/stores.ts';
import type { Demographics } from '../../../profiles/patient.ts';
import type { DemographicsCriteria } from '../../../profiles/pdq/iti-47.ts';
import type { PatientDiscovery } from '../../../profiles/xcpd/iti-55.ts';
import { aMatch, aNamesake, aQuestion, BY_DEMOGRAPHICS, identity, OKAYAMA_ID } from './identity.ts';
import { type Answers, attended, aWorld, COMMUNITY, TARO } from './world.ts';

const ASKING: RespondingGatewayStores = {
  community: COMMUNITY,
  correlationTimeToLive: 'P7D',
  discovery: { severalMatches: 'none', asksFor: ['gender', 'address', 'telecom'] },
};
const EACH: RespondingGatewayStores = {
  ...ASKING,
  discovery: { severalMatches: 'each', asksFor: [] },
};

const NAME_AND_DAY: DemographicsCriteria = {
  livingSubjectName: BY_DEMOGRAPHICS.livingSubjectName,
  livingSubjectBirthTime: BY_DEMOGRAPHICS.livingSubjectBirthTime,
  livingSubjectId: [OKAYAMA_ID],
};
const IN_MATSUE: Partial<Demographics> = {
  addresses: [
    {
      state: '島根県',
      city: '松江市',
      streetAddressLine: ['殿町1丁目2番3号'],
      postalCode: '690-8501',
    },
  ],
  telecoms: [{ value: 'tel:+81-852-00-0001' }],
};
const IN_IZUMO: Partial<Demographics> = {
  addresses: [
    { state: '島根県', city: '出雲市', streetAddressLine: ['今市町70'], postalCode: '693-0001' },
  ],
  telecoms: [{ value: 'tel:+81-853-00-0002' }],
};

function discover(
  criteria: DemographicsCriteria,
  answers: Answers,
  {
    stores = ASKING,
    ...over
  }: Partial<PatientDiscovery> & { stores?: RespondingGatewayStores } = {},
) {
  const world = aWorld(answers);
  return attended(crossGatewayPatientDiscovery, aQuestion(criteria, over), { stores, world });
}

const NF = {
  acknowledgement: 'AA',
  queryResponseCode: 'NF',
  matches: [],
  requestedDemographics: [],
  details: [],
};

describe('ITI-55, where several persons fit name and birth time', () => {
  it('asks for the demographics that would tell them apart: OK, nobody, and actOrderRequired codes', async () => {
    const namesakes = identity([], [aMatch(undefined, IN_MATSUE), aNamesake(IN_IZUMO)]);

    expect(await discover(NAME_AND_DAY, namesakes)).toEqual({
      ...NF,
      queryResponseCode: 'OK',
      requestedDemographics: ['PatientAddressRequested', 'PatientTelecomRequested'],
    });
  });

  it('does not say how many there are', async () => {
    const two = [aMatch(undefined, IN_MATSUE), aNamesake(IN_IZUMO)];
    const three = [...two, aMatch([{ ...TARO, id: 'SHIMANE-3' }], IN_MATSUE)];

    expect(await discover(NAME_AND_DAY, identity([], three))).toEqual(
      await discover(NAME_AND_DAY, identity([], two)),
    );
  });

  it('asks for the gender where it differs and was not given', async () => {
    const namesakes = identity([], [aMatch(), aNamesake({ administrativeGender: 'F' })]);

    const response = await discover(NAME_AND_DAY, namesakes);

    expect(response.requestedDemographics).toEqual(['LivingSubjectAdministrativeGenderRequested']);
  });

  it.each<[string, DemographicsCriteria, Partial<Demographics>]>([
    ['what was given already', { patientAddress: [], patientTelecom: [] }, IN_MATSUE],
    ['what is the same of all', {}, {}],
    ['what is known of one alone', {}, { addresses: undefined, telecoms: undefined }],
  ])('does not ask for %s', async (_what, given, other) => {
    const namesakes = identity(
      [],
      [aMatch(undefined, IN_MATSUE), aNamesake({ ...IN_MATSUE, ...other })],
    );

    expect(await discover({ ...NAME_AND_DAY, ...given }, namesakes)).toEqual(NF);
  });

  it('does not ask again for an address that both of them have had', async () => {
    const addresses = [...(IN_MATSUE.addresses ?? []), ...(IN_IZUMO.addresses ?? [])];
    const namesakes = identity([], [aMatch(undefined, IN_MATSUE), aNamesake(IN_IZUMO)]);

    const response = await discover({ ...NAME_AND_DAY, patientAddress: addresses }, namesakes);

    expect(response.requestedDemographics).toEqual(['PatientTelecomRequested']);
  });

  it('asks for nothing that the policy does not name', async () => {
    const stores: RespondingGatewayStores = {
      ...ASKING,
      discovery: { severalMatches: 'none', asksFor: ['telecom'] },
    };
    const namesakes = identity([], [aMatch(undefined, IN_MATSUE), aNamesake(IN_IZUMO)]);

    const response = await discover(NAME_AND_DAY, namesakes, { stores });

    expect(response.requestedDemographics).toEqual(['PatientTelecomRequested']);
  });

  it('does not ask where one of them may not be seen: that would tell of her', async () => {
    const namesakes = identity([], [aMatch(undefined, IN_MATSUE), aNamesake(IN_IZUMO)]);

    const response = await attended(crossGatewayPatientDiscovery, aQuestion(NAME_AND_DAY), {
      stores: ASKING,
      world: aWorld(namesakes),
      consent: {
        permissionFor: async () => ({ shows: ({ patientId }) => patientId?.id === TARO.id }),
      },
    });

    expect(response).toEqual(NF);
  });

  it('tells each of them where the policy says so, and lets none be remembered', async () => {
    const response = await discover(NAME_AND_DAY, identity([], [aMatch(), aNamesake()]), {
      stores: EACH,
    });

    expect(response).toMatchObject({ acknowledgement: 'AA', queryResponseCode: 'OK' });
    expect(response.matches.map(({ id }) => id.id)).toEqual(['SHIMANE-1', 'SHIMANE-2']);
    expect(response.correlationTimeToLive).toBeUndefined();
  });

  it('tells nobody of more than ten', async () => {
    const crowd = Array.from({ length: 11 }, (_, n) => aMatch([{ ...TARO, id: `SHIMANE-${n}` }]));

    expect(await discover(NAME_AND_DAY, identity([], crowd), { stores: EACH })).toEqual(NF);
  });

  it('tells nobody where one of them has no id of the affinity domain', async () => {
    const nameless = aMatch([{ id: '0000999', assigningAuthority: '2.999.392.32.4' }]);

    expect(
      await discover(NAME_AND_DAY, identity([], [aMatch(), nameless]), { stores: EACH }),
    ).toEqual(NF);
  });

  it('tells nobody where more fit than our Patient Demographics Supplier tells at once', async () => {
    const cut: Answers = {
      'ITI-47 patient-identity': () => ({
        acknowledgement: 'AE',
        queryResponseCode: 'AE',
        matches: [aMatch(), aNamesake({}, 10)],
        details: [],
      }),
    };

    expect(await discover(NAME_AND_DAY, cut, { stores: EACH, minimumDegreeMatch: 50 })).toEqual(NF);
  });

  it('tells nobody below minimumDegreeMatch', async () => {
    const candidates = identity([], [aMatch(undefined, {}, 90), aNamesake({}, 60)]);

    const response = await discover(NAME_AND_DAY, candidates, { minimumDegreeMatch: 61 });

    expect(response.matches).toMatchObject([{ id: TARO, degree: 90 }]);
    expect(await discover(NAME_AND_DAY, candidates, { minimumDegreeMatch: 91 })).toEqual(NF);
  });
});

describe('ITI-55, by what is given beside name and birth time', () => {
  const namesakes = [aMatch(undefined, IN_MATSUE), aNamesake(IN_IZUMO)];
  const told = async (criteria: DemographicsCriteria, candidates = namesakes) => {
    const response = await discover({ ...NAME_AND_DAY, ...criteria }, identity([], candidates));
    return response.matches.map(({ id }) => id.id);
  };

  it.each<[string, DemographicsCriteria]>([
    ['the address', { patientAddress: IN_IZUMO.addresses }],
    [
      'the address as others write it',
      { patientAddress: [{ city: '出雲市', streetAddressLine: ['今市町　７０番地'] }] },
    ],
    ['the postal code', { patientAddress: [{ postalCode: '6930001' }] }],
    ['one of two addresses', { patientAddress: [{ city: '大田市' }, { postalCode: '693-0001' }] }],
    ['the telephone number', { patientTelecom: [{ value: 'tel:0853-00-0002' }] }],
    ['the number with its country', { patientTelecom: [{ value: '+81 (0)853 00 0002' }] }],
  ])('finds the one whom %s fits', async (_what, criteria) => {
    expect(await told(criteria)).toEqual(['SHIMANE-2']);
  });

  it('finds nobody whom it contradicts, and who alone fits otherwise', async () => {
    const alone = [aMatch(undefined, IN_MATSUE)];

    expect(await told({ patientAddress: IN_IZUMO.addresses }, alone)).toEqual([]);
    expect(await told({ livingSubjectAdministrativeGender: 'F' }, alone)).toEqual([]);
    expect(await told({ patientAddress: IN_MATSUE.addresses }, alone)).toEqual(['SHIMANE-1']);
  });

  it('does not take a different house of one street for the same', async () => {
    const next = { city: '松江市', streetAddressLine: ['殿町1-2-4'], postalCode: '690-8501' };

    expect(await told({ patientAddress: [next] })).toEqual([]);
    expect(await told({ patientAddress: [{ ...next, streetAddressLine: ['殿町1-2-3'] }] })).toEqual(
      ['SHIMANE-1'],
    );
  });

  it('lets the mother’s maiden name decide where it is on file, as far as it is written alike', async () => {
    const mother = (family: string, representation?: 'IDE' | 'SYL') => ({
      mothersMaidenName: [{ family, given: [], ...(representation && { representation }) }],
    });
    const filed = (family: string) => aMatch(undefined, { ...IN_MATSUE, ...mother(family, 'IDE') });

    expect(await told(mother('旧姓'), [filed('旧姓')])).toEqual(['SHIMANE-1']);
    expect(await told(mother('旧 姓', 'IDE'), [filed('旧姓')])).toEqual(['SHIMANE-1']);
    expect(await told(mother('別姓', 'IDE'), [filed('旧姓')])).toEqual([]);
    // Kana say nothing against kanji.
    expect(await told(mother('キュウセイ', 'SYL'), [filed('旧姓')])).toEqual(['SHIMANE-1']);
  });

  it('finds somebody of whom it is not known, unless another agrees', async () => {
    const bare = aNamesake({ administrativeGender: undefined });

    expect(await told({ patientAddress: IN_MATSUE.addresses }, [bare])).toEqual(['SHIMANE-2']);
    expect(
      await told({ patientAddress: IN_MATSUE.addresses }, [aMatch(undefined, IN_MATSUE), bare]),
    ).toEqual(['SHIMANE-1']);
  });

  it.each<[string, DemographicsCriteria]>([
    ['the address', { patientAddress: [{ postalCode: '700-0001' }] }],
    ['the telephone number', { patientTelecom: [{ value: 'tel:+81-86-000-0003' }] }],
    ["the mother's maiden name", { mothersMaidenName: [{ family: '試見', given: [] }] }],
  ])(
    'believes our Patient Demographics Supplier that another record has %s',
    async (_what, criteria) => {
      const answers: Answers = {
        'ITI-47 patient-identity': (request: { criteria: DemographicsCriteria }) => {
          const isNarrow = Object.keys(criteria).some((key) => key in request.criteria);
          return {
            acknowledgement: 'AA',
            queryResponseCode: 'OK',
            matches: isNarrow ? [namesakes[1]] : namesakes,
            details: [],
          };
        },
      };

      const response = await discover({ ...NAME_AND_DAY, ...criteria }, answers);

      expect(response.matches).toMatchObject([{ id: { id: 'SHIMANE-2' } }]);
    },
  );

  it('does not overlook somebody whose gender is not on file', async () => {
    const world = aWorld(identity([], [aMatch(undefined, { administrativeGender: undefined })]));

    const response = await attended(crossGatewayPatientDiscovery, aQuestion(BY_DEMOGRAPHICS), {
      stores: ASKING,
      world,
    });

    expect(response.matches).toHaveLength(1);
    expect(world.asked[0]?.request).not.toHaveProperty(
      'criteria.livingSubjectAdministrativeGender',
    );
  });
});

describe('ITI-55, when there is too much to do', () => {
  const slow = () => {
    let finish = () => {};
    const begun = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const quick = identity([], [aMatch()])['ITI-47 patient-identity'];
    const answers: Answers = {
      'ITI-47 patient-identity': async (request: never) => {
        await begun;
        return quick?.(request);
      },
    };
    return { answers, finish };
  };

  it('answers AE, ResponderBusy, and answers again once a discovery has ended', async () => {
    const stores = { ...ASKING, discoveries: new Discoveries(1) };
    const { answers, finish } = slow();
    const first = discover(NAME_AND_DAY, answers, { stores });

    expect(await discover(NAME_AND_DAY, answers, { stores })).toEqual({
      ...NF,
      acknowledgement: 'AE',
      queryResponseCode: 'AE',
      issue: 'ResponderBusy',
    });
    finish();
    expect((await first).matches).toHaveLength(1);
    expect((await discover(NAME_AND_DAY, answers, { stores })).matches).toHaveLength(1);
  });

  it('counts a discovery that failed as ended', async () => {
    const stores = { ...ASKING, discoveries: new Discoveries(1) };
    const away: Answers = {
      'ITI-47 patient-identity': () => {
        throw new PeerFailure('transient', 'ECONNREFUSED', { peer: 'patient-identity' });
      },
    };

    for (const _ of [1, 2]) {
      expect(await discover(NAME_AND_DAY, away, { stores })).toMatchObject({
        issue: 'AnswerNotAvailable',
      });
    }
  });
});
