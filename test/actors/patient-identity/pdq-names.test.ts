import type { Address, PatientId, PersonName } from '../../../profiles/patient.ts';
import { ITI_21 } from '../../../profiles/pdq/iti-21.ts';
import { AnIdentityActor, AUTHORITY } from '../../support/an-identity-actor.ts';
import { aDemographicsQuery, aPerson } from '../../support/hl7v3-builders.ts';
import { aCaller, SHOWN } from '../../support/world-of-actors.ts';

const atHospital = (id: string): PatientId => ({ id, assigningAuthority: AUTHORITY.hospital });
const form = (
  representation: 'IDE' | 'SYL' | 'ABC',
  family: string,
  given: string,
): PersonName => ({ family, given: [given], representation });

/** Each of another birth date, so that nobody is linked. */
const PEOPLE: Readonly<Record<string, readonly PersonName[]>> = {
  ladder: [form('IDE', '髙橋', '試一'), form('SYL', 'タカハシ', 'シイチ')],
  plain: [form('IDE', '高橋', '試二'), form('SYL', 'ﾀｶﾊｼ', 'ｼｼﾞ')],
  lost: [form('IDE', '■橋', '試三'), form('SYL', 'たかはし', 'しぞう')],
  latin: [form('ABC', 'TAKAHASHI', 'SHIRO')],
  long: [form('IDE', '大野', '試五'), form('SYL', 'オーノ', 'シゴ')],
  short: [form('IDE', '小野', '試六'), form('SYL', 'オノ', 'シロク')],
  van: [form('IDE', 'ヴァン試験', '試七'), form('SYL', 'ヴァンシケン', 'シナナ')],
  halves: [form('SYL', 'ｳﾞｪﾙﾃﾞ', 'シハチ')],
  buena: [form('SYL', 'ブエナ', 'シク')],
  brown: [form('SYL', 'ブラウン', 'シジュウ')],
  baba: [form('SYL', 'ババ', 'シジュウイチ')],
  kyoko: [form('IDE', '試作', 'キョウ子')],
  other: [form('IDE', '試験', '花子'), form('SYL', 'シケン', 'ハナコ')],
};

const EVERYBODY = Object.keys(PEOPLE).length;

let actor: AnIdentityActor;

beforeAll(async () => {
  actor = await AnIdentityActor.open();
  let year = 1950;
  for (const [id, names] of Object.entries(PEOPLE)) {
    year += 1;
    const at: Address =
      id === 'ladder'
        ? { streetAddressLine: ['島根県試験市中央1-2-3'], postalCode: '690-0001', country: 'JPN' }
        : { state: '島根県', city: '試験市', streetAddressLine: ['中央４－５'] };
    await actor.feed(atHospital(id), {
      demographics: aPerson({
        names,
        birthTime: `${year}0101`,
        addresses: [at],
        telecoms: [{ value: `tel:0852-00-${year}` }],
      }),
    });
  }
});

afterAll(() => actor.close());

type Criteria = Parameters<typeof actor.pdq>[0]['criteria'];

const ask = async (criteria: Criteria, minimumDegreeMatch?: number) => {
  const { matches } = await actor.pdq({
    criteria,
    scopingOrganizations: [AUTHORITY.hospital],
    ...(minimumDegreeMatch === undefined ? {} : { minimumDegreeMatch }),
  });
  return Object.fromEntries(matches.map(({ ids, degree }) => [ids[0]?.id, degree]));
};
const named = (family: string, given = '', over: Criteria = {}) =>
  ask({ livingSubjectName: [{ family, given: given === '' ? [] : [given] }], ...over });

describe('A name in a demographics query', () => {
  it('finds with タカハ* all who are so called, whichever character they write and whatever system lost it', async () => {
    const begun = { ladder: 90, plain: 90, lost: 90 };
    expect(await named('タカハ*')).toEqual(begun);
    expect(await named('ﾀｶﾊ＊')).toEqual(begun);
    expect(await named('たかは*', 'し*')).toEqual(begun);
  });

  it('finds variants of characters, and those of which one was lost, and says how well they meet it', async () => {
    expect(await named('高橋')).toEqual({ plain: 100, ladder: 95, lost: 80 });
    expect(await named('髙橋')).toEqual({ ladder: 100, plain: 95, lost: 80 });
    expect(await named('髙*')).toEqual({ ladder: 90, plain: 90, lost: 80 });
    expect(await named('髙橋', '試三')).toEqual({ lost: 80 });
  });

  it('finds in kana whatever their width and size, and by their sound whoever is known in Latin letters', async () => {
    expect(await named('タカハシ')).toEqual({ ladder: 100, plain: 100, lost: 95, latin: 85 });
    expect(await named('takahashi')).toMatchObject({ ladder: 85, plain: 85, lost: 85 });
    expect(await named('TAKAHASI')).toMatchObject({ latin: 85 });
    expect(await named('TAKAHA*')).toMatchObject({ ladder: 85, latin: 90 });
  });

  it('takes long vowels for one another, and tells those who are written otherwise apart by the degree', async () => {
    expect(await named('オオノ')).toEqual({ long: 85, short: 85 });
    expect(await named('オーノ')).toEqual({ long: 100, short: 85 });
  });

  it('finds with a beginning that cuts a pair of letters all who begin so, and nobody else', async () => {
    const begun = { van: 90, halves: 90, buena: 90, brown: 90 };
    expect(await named('ヴ*')).toEqual(begun);
    expect(await named('ｳﾞ*')).toEqual(begun);
    expect(await named('ゔ*')).toEqual(begun);
    expect(await named('ブ*')).toEqual(begun);
    expect(await named('ヴァ*')).toEqual({ van: 90, baba: 90 });
    expect(await named('ヴェ*', 'シハ*')).toEqual({ halves: 90 });
    expect(await named('バ*')).toEqual({ van: 90, baba: 90 });
  });

  it('finds the same with such a beginning over HL7 v2', async () => {
    const { matches } = await actor.world.as(aCaller(), SHOWN)(ITI_21, 'patient-identity', {
      ...aDemographicsQuery({
        criteria: { livingSubjectName: [{ family: 'ヴ*', given: [] }] },
        scopingOrganizations: [AUTHORITY.hospital],
      }),
      kind: 'query',
      asker: { application: 'APP', facility: 'FAC' },
    });
    expect(matches.map(({ ids }) => ids[0]?.id).sort()).toEqual([
      'brown',
      'buena',
      'halves',
      'van',
    ]);
  });

  it('finds with a beginning in kana who goes on in kanji', async () => {
    expect(await named('ヴァン*', '試*')).toEqual({ van: 90 });
    expect(await named('試作', 'キョ*')).toEqual({ kyoko: 90 });
    expect(await named('*', 'きょう*')).toEqual({ kyoko: 90 });
  });

  it('leaves out who meets it less well than the minimumDegreeMatch', async () => {
    const criteria = { livingSubjectName: [{ family: '高橋', given: [] }] };
    expect(await ask(criteria, 80)).toEqual({ plain: 100, ladder: 95, lost: 80 });
    expect(await ask(criteria, 81)).toEqual({ plain: 100, ladder: 95 });
    expect(await ask(criteria, 100)).toEqual({ plain: 100 });
  });

  it('asks nothing with a * alone, and has no wildcard but at the end', async () => {
    expect(await named('*', '花子')).toEqual({ other: 100 });
    expect(Object.keys(await named('*', '*'))).toHaveLength(EVERYBODY);
    expect(await named('*カハシ')).toEqual({});
    expect(await named('')).toEqual({});
  });

  it('is held together with a range of birth dates', async () => {
    const born = (low?: string, high?: string) => ({
      livingSubjectBirthTime: { ...(low && { low }), ...(high && { high }) },
    });
    expect(await named('タカハ*', '', born('1951', '1952'))).toEqual({ ladder: 90, plain: 90 });
    expect(await named('タカハシ', '', born('195202'))).toEqual({ lost: 95, latin: 85 });
    expect(await named('タカハ*', '', born(undefined, '19510101'))).toEqual({ ladder: 90 });
    const value = { livingSubjectBirthTime: { value: '19530101' } };
    expect(await named('タカハ*', '', value)).toEqual({ lost: 90 });
    expect(
      await named('タカハ*', '', { ...value, livingSubjectId: [atHospital('plain')] }),
    ).toEqual({});
  });
});

describe('An address or a telephone in a demographics query', () => {
  const lives = async (address: Address) => Object.keys(await ask({ patientAddress: [address] }));

  it('is found in whichever parts the address was sent, with dashes and digits of any width', async () => {
    expect(await lives({ state: '島根県' })).toHaveLength(EVERYBODY);
    expect(await lives({ city: '試験市', streetAddressLine: ['中央4-5'] })).toHaveLength(
      EVERYBODY - 1,
    );
    expect(await lives({ streetAddressLine: ['島根県試験市中央１丁目２番３号'] })).toEqual([
      'ladder',
    ]);
    expect(await lives({ streetAddressLine: ['中央4*'] })).toHaveLength(EVERYBODY - 1);
    expect(await lives({ postalCode: '６９０－０００１' })).toEqual(['ladder']);
    expect(await lives({ postalCode: '6900001', city: '岡山市' })).toEqual([]);
    expect(await lives({ streetAddressLine: ['中央4'] })).toEqual([]);
  });

  it('is found by the digits of the number', async () => {
    const reached = (value: string) => ask({ patientTelecom: [{ value }] });
    expect(await reached('tel:+81-852-00-1951')).toEqual({ ladder: 100 });
    expect(await reached('(0852)00-1952')).toEqual({ plain: 100 });
    expect(await reached('tel:0852-00-2000')).toEqual({});
  });
});

describe('A demographics query that is too wide', () => {
  it('is answered with AE and the first of them, and does not look at everybody', async () => {
    const wide = await AnIdentityActor.open();
    for (let number = 0; number < 101; number += 1) {
      await wide.feed(atHospital(String(number)), {
        demographics: { names: [form('SYL', `シケン${'アイウエオ'[number % 5]}`, 'タロウ')] },
      });
    }
    const { acknowledgement, matches, details } = await wide.pdq({
      criteria: { livingSubjectName: [{ family: 'シ*', given: [] }] },
    });
    expect([acknowledgement, matches.length, details.length]).toEqual(['AE', 100, 1]);
    await wide.close();
  });
});
