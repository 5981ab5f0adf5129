import type { Permission } from '../../../actors/actor.ts';
import type { PatientId } from '../../../profiles/patient.ts';
import { AnIdentityActor, AUTHORITY, refusalsIn } from '../../support/an-identity-actor.ts';
import { aPerson } from '../../support/hl7v3-builders.ts';

const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const atClinic = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.clinic });
const inRegion = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.region });
const DENIED: Permission = { shows: () => false };

let actor: AnIdentityActor;

beforeEach(async () => {
  actor = await AnIdentityActor.open();
  await actor.feed(inRegion('R-1'));
  await actor.feed(atHospital('1'));
  await actor.feed(atClinic('9'));
  await actor.feed(atHospital('2'), {
    demographics: aPerson({
      names: [{ family: '試験', given: ['花子'] }],
      administrativeGender: 'F',
      birthTime: '19850101',
    }),
  });
});

afterEach(() => actor.close());

describe('ITI-45 PIXV3 Query, as the PIX Manager answers it', () => {
  const parameters = '/PRPA_IN201309UV02/controlActProcess/queryByParameter/parameterList';

  it('answers with the ids of the wanted domains', async () => {
    const wanted = { patientIdentifier: atHospital('1'), dataSources: [AUTHORITY.region] };
    expect(await actor.pix(wanted)).toMatchObject({
      acknowledgement: 'AA',
      queryResponseCode: 'OK',
      ids: [inRegion('R-1')],
      custodian: AUTHORITY.region,
    });
  });

  it('answers with the ids of all domains when none is named, the regional one first and the queried one never', async () => {
    const { ids } = await actor.pix({ patientIdentifier: atHospital('1') });
    expect(ids).toEqual([inRegion('R-1'), atClinic('9')]);
    const regional = await actor.pix({ patientIdentifier: inRegion('R-1') });
    expect(new Set(regional.ids)).toEqual(new Set([atHospital('1'), atClinic('9')]));
  });

  it('says NF when the wanted domains have no id', async () => {
    const wanted = { patientIdentifier: atHospital('2'), dataSources: [AUTHORITY.clinic] };
    expect(await actor.pix(wanted)).toEqual({
      acknowledgement: 'AA',
      queryResponseCode: 'NF',
      ids: [],
      details: [],
    });
  });

  it('refuses an unknown patient id, an id of an unknown domain, and a hidden patient, all alike', async () => {
    const refusal = [{ code: '204', location: `${parameters}/patientIdentifier/value` }];
    const ask = (id: PatientId, permission?: Permission) =>
      refusalsIn(actor.pix({ patientIdentifier: id }, permission));
    expect(await ask(atHospital('none'))).toEqual(refusal);
    expect(await ask(inRegion('none'))).toEqual(refusal);
    expect(await ask({ id: '1', assigningAuthority: '2.999.99' })).toEqual(refusal);
    expect(await ask(atHospital('1'), DENIED)).toEqual(refusal);
  });

  it('refuses each unknown domain with its place', async () => {
    const dataSources = ['2.999.98', AUTHORITY.region, '2.999.99'];
    const asked = actor.pix({ patientIdentifier: atHospital('1'), dataSources });
    expect(await refusalsIn(asked)).toEqual([
      { code: '204', location: `${parameters}/dataSource[1]/value` },
      { code: '204', location: `${parameters}/dataSource[3]/value` },
    ]);
  });

  it('gives several ids of one domain', async () => {
    await actor.feed(atClinic('9'), { ids: [atClinic('9'), atClinic('10')] });
    const wanted = { patientIdentifier: atHospital('1'), dataSources: [AUTHORITY.clinic] };
    expect((await actor.pix(wanted)).ids).toEqual([atClinic('10'), atClinic('9')]);
  });
});

describe('ITI-47 Patient Demographics Query HL7 V3, as the Patient Demographics Supplier answers it', () => {
  const found = async (criteria: Parameters<typeof actor.pdq>[0]['criteria']) => {
    const { matches } = await actor.pdq({
      criteria,
      scopingOrganizations: Object.values(AUTHORITY),
    });
    return matches
      .flatMap(({ ids, otherIds }) => [...ids, ...otherIds].flatMap(({ id }) => id ?? []))
      .sort();
  };
  const taro = ['1', '9', 'R-1'];

  it('answers with one match a patient: her ids of the wanted domains, the regional one first, and what is known of her', async () => {
    const { acknowledgement, queryResponseCode, matches } = await actor.pdq({
      criteria: { livingSubjectId: [inRegion('R-1')] },
      scopingOrganizations: Object.values(AUTHORITY),
    });
    expect([acknowledgement, queryResponseCode]).toEqual(['AA', 'OK']);
    expect(matches).toEqual([
      {
        ids: [inRegion('R-1')],
        otherIds: expect.arrayContaining([atHospital('1'), atClinic('9')]),
        demographics: aPerson(),
        degree: 100,
        custodian: actor.community.device,
        providerOrganization: AUTHORITY.region,
      },
    ]);
  });

  it('tells nobody at which hospitals a patient is known who does not ask for them', async () => {
    const { matches } = await actor.pdq({ criteria: { livingSubjectId: [atClinic('9')] } });
    expect(matches).toMatchObject([{ ids: [inRegion('R-1')], otherIds: [] }]);
  });

  it('finds by any of the patient’s ids', async () => {
    expect(await found({ livingSubjectId: [atClinic('9')] })).toEqual(taro);
    expect(await found({ livingSubjectId: [atClinic('none')] })).toEqual([]);
    expect(await found({ livingSubjectId: [atClinic('none'), atHospital('1')] })).toEqual(taro);
  });

  it('finds by name in any representation, whatever the width, and by its parts', async () => {
    expect(await found({ livingSubjectName: [{ family: 'ｼｹﾝ', given: ['ﾀﾛｳ'] }] })).toEqual(taro);
    expect(await found({ livingSubjectName: [{ family: '', given: ['太郎'] }] })).toEqual(taro);
    expect(await found({ livingSubjectName: [{ family: '試　験', given: [] }] })).toHaveLength(5);
    expect(await found({ livingSubjectName: [{ family: '太郎', given: [] }] })).toEqual([]);
    expect(await found({ livingSubjectName: [{ family: '', given: [] }] })).toEqual([]);
    expect(
      await found({
        livingSubjectName: [
          { family: '無名', given: [] },
          { family: 'SHIKEN', given: [] },
        ],
      }),
    ).toEqual(taro);
  });

  it('finds by sex and by birth date at the precision asked for', async () => {
    expect(await found({ livingSubjectAdministrativeGender: 'M' })).toEqual(taro);
    expect(await found({ livingSubjectBirthTime: { value: '197001' } })).toEqual(taro);
    expect(await found({ livingSubjectBirthTime: { value: '19700101120000' } })).toEqual(taro);
    expect(await found({ livingSubjectBirthTime: { value: '19700102' } })).toEqual([]);
    expect(await found({ livingSubjectBirthTime: { low: '1960', high: '1970' } })).toEqual(taro);
    expect(await found({ livingSubjectBirthTime: { low: '19700102' } })).toHaveLength(2);
    expect(await found({ livingSubjectBirthTime: { high: '19691231' } })).toEqual([]);
  });

  it('holds all criteria together, and against the address and telephone number', async () => {
    const name = { livingSubjectName: [{ family: '試験', given: [] }] };
    expect(await found({ ...name, livingSubjectAdministrativeGender: 'M' })).toEqual(taro);
    const here = { patientAddress: [{ postalCode: '６９０-0000' }] };
    expect(await found({ ...name, ...here })).toHaveLength(5);
    expect(await found({ ...name, patientAddress: [{ city: '岡山市' }] })).toEqual([]);
    expect(
      await found({ ...name, patientTelecom: [{ value: 'tel:+81-852-00-0000' }] }),
    ).toHaveLength(5);
    expect(await found({ ...name, patientTelecom: [{ value: 'tel:+81-1' }] })).toEqual([]);
  });

  it('finds by the mother’s maiden name, alone and beside the rest, and gives it back', async () => {
    const mothersMaidenName = [
      { family: '髙旧', given: ['母'], representation: 'IDE' },
      { family: 'タカモト', given: ['ハハ'], representation: 'SYL' },
    ] as const;
    const demographics = aPerson({
      names: [{ family: '見本', given: ['三郎'] }],
      birthTime: '19990101',
      mothersMaidenName,
    });
    await actor.feed(atHospital('3'), { demographics });
    const asked = (family: string, given: readonly string[] = []) => ({
      mothersMaidenName: [{ family, given }],
    });
    const saburo = [expect.anything(), '3'].sort();
    const ids = async (...of: Parameters<typeof found>) =>
      (await found(...of)).filter((id) => id === '3');

    expect(await found(asked('髙旧'))).toHaveLength(saburo.length);
    // Variants of characters, kana, and how it begins, as for any name.
    expect(await ids(asked('高旧', ['母']))).toEqual(['3']);
    expect(await ids(asked('たかもと'))).toEqual(['3']);
    expect(await ids(asked('タカ*'))).toEqual(['3']);
    expect(await found(asked('試験'))).toEqual([]);
    expect(await found(asked('髙旧', ['父']))).toEqual([]);
    const day = { livingSubjectBirthTime: { value: '19990101' } };
    expect(await ids({ ...day, ...asked('髙旧') })).toEqual(['3']);
    expect(await found({ ...day, ...asked('試験') })).toEqual([]);
    const name = { livingSubjectName: [{ family: '見本', given: [] }] };
    expect(await ids({ ...name, ...asked('髙旧') })).toEqual(['3']);
    expect(await found({ ...name, ...asked('試験') })).toEqual([]);
    expect(await found({ livingSubjectId: [atHospital('3')], ...asked('試験') })).toEqual([]);
    const { matches } = await actor.pdq({ criteria: asked('髙旧') });
    expect(matches[0]?.demographics.mothersMaidenName).toEqual(mothersMaidenName);

    // What a revision leaves out has gone, also for those who ask by it.
    await actor.feed(atHospital('3'), {
      kind: 'revise',
      demographics: { ...demographics, mothersMaidenName: undefined },
    });
    expect(await found(asked('髙旧'))).toEqual([]);
  });

  it('gives ids of the wanted domains alone, and says which of them has none', async () => {
    const { matches } = await actor.pdq({
      criteria: { livingSubjectId: [atHospital('2')] },
      scopingOrganizations: [AUTHORITY.clinic, AUTHORITY.hospital],
    });
    expect(matches).toMatchObject([
      { ids: [atHospital('2')], otherIds: [{ assigningAuthority: AUTHORITY.clinic }] },
    ]);
  });

  it('says NF when nobody is found, and alike when nobody may be shown', async () => {
    const nobody = {
      acknowledgement: 'AA',
      queryResponseCode: 'NF',
      matches: [],
      details: [],
    };
    expect(await actor.pdq({ criteria: { livingSubjectId: [atHospital('none')] } })).toEqual(
      nobody,
    );
    expect(await actor.pdq({}, DENIED)).toEqual(nobody);
  });

  it('refuses an unknown scoping organisation with its place', async () => {
    const asked = actor.pdq({ scopingOrganizations: [AUTHORITY.region, '2.999.99'] });
    expect(await refusalsIn(asked)).toEqual([
      {
        code: '204',
        location:
          '/PRPA_IN201305UV02/controlActProcess/queryByParameter/parameterList/otherIDsScopingOrganization[2]/value',
      },
    ]);
  });

  it('answers AE when more patients are found than one answer holds', async () => {
    for (let number = 100; number < 200; number += 1) {
      await actor.feed(atHospital(String(number)), {
        demographics: aPerson({ birthTime: `1${number}0101` }),
      });
    }
    const { acknowledgement, matches } = await actor.pdq({
      criteria: { livingSubjectName: [{ family: '試験', given: [] }] },
    });
    expect(acknowledgement).toBe('AE');
    expect(matches).toHaveLength(100);
  });
});
