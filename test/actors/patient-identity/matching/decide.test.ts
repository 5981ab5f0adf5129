import { blockingKeys } from '../../../../actors/patient-identity/matching/blocking.ts';
import { decide } from '../../../../actors/patient-identity/matching/decide.ts';
import { JAPAN_RULE_SET } from '../../../../actors/patient-identity/matching/japan-rule-set.ts';
import {
  type Region,
  regionOf,
  strangersAlike,
} from '../../../../actors/patient-identity/matching/region.ts';
import { ruleMatcher } from '../../../../actors/patient-identity/matching/rule-matcher.ts';
import { aPerson, aRecord, NO_HOUSEHOLD, type Written } from './people.ts';

/** A hundred records, none of the names frequent. */
const SMALL: Region = { records: 100, givenShare: new Map() };
const rules = { ruleSet: JAPAN_RULE_SET, region: SMALL };

/** The decision upon 試験 太郎 (or whom `one` makes of him) here, and upon `other` in another hospital. */
function upon(other: Written, one: Written = {}) {
  const [a, b] = [aPerson(one), aPerson({ authority: '2.999.2', ...other })];
  const decision = decide(a, b, rules);
  expect(decide(b, a, rules)).toEqual(decision);
  return decision;
}

const MOVED: Written = {
  phone: '087-000-2002',
  address: '香川県浜瀬市港町5-6-7',
  postal: '760-0001',
};
const OTHER_INSURANCE = ['00329078', '', '556677', '01'] as const;

describe('what is certain is linked', () => {
  it.each<[string, Written]>([
    ['all alike', {}],
    ['a character that the system lost', { kanji: ['■験', '太郎'] }],
    ['half-width kana', { kana: ['ｼｹﾝ', 'ﾀﾛｳ'] }],
    ['Latin letters and no kana', { kana: ['', ''], romaji: ['SHIKEN', 'TAROH'] }],
    ['kana alone', { kanji: ['シケン', 'タロウ'] }],
    ['moved, with the insurance kept', MOVED],
    ['another insurance, at home', { insurance: OTHER_INSURANCE }],
    ['no insurance', { insurance: ['', '', '', ''] }],
    ['no branch', { insurance: ['01339019', '12345', '101', ''] }],
    ['the year of the era off by one', { birth: '19710101' }],
    ['the other sex', { sex: 'F' }],
    ['sex not known', { sex: 'UN' }],
    ['another reading of the given name, insured alike', { kana: ['シケン', 'フトロウ'] }],
    ['a character of the same sound', { kanji: ['試験', '太朗'] }],
    ['family and given name swapped', { kanji: ['太郎', '試験'], kana: ['タロウ', 'シケン'] }],
    ['a branch typed wrongly, all else alike', { insurance: ['01339019', '12345', '101', '02'] }],
    [
      'the whole name in the family’s field',
      { kanji: ['試験太郎', ''], kana: ['シケンタロウ', ''] },
    ],
  ])('%s', (_, other) => {
    expect(upon(other).decision).toBe('AUTO');
  });

  it('a married name, where insurance and phone are kept', () => {
    const maiden = { kanji: ['試験', '花子'], kana: ['シケン', 'ハナコ'], sex: 'F' } as const;
    const married = { ...maiden, kanji: ['検証', '花子'], kana: ['ケンショウ', 'ハナコ'] } as const;
    expect(upon(married, maiden).decision).toBe('AUTO');
  });

  it('a birth date that only the typed text tells', () => {
    expect(upon({ birth: '', birthText: 'S450101' }).decision).toBe('AUTO');
  });
});

describe('what is doubtful is put before a person', () => {
  const maiden = { kanji: ['試験', '花子'], kana: ['シケン', 'ハナコ'], sex: 'F' } as const;

  it.each<[string, Written, Written]>([
    ['name and birth date alone', { ...MOVED, insurance: OTHER_INSURANCE }, {}],
    ['name and birth date, all else missing', NO_HOUSEHOLD, {}],
    ['father and son of one name', { birth: '19700102', insurance: OTHER_INSURANCE }, {}],
    [
      'father and son of one reading and one birthday, the branch missing',
      {
        kanji: ['シケン', 'ヒロシ'],
        kana: ['シケン', 'ヒロシ'],
        birth: '19400101',
        insurance: ['01339019', '12345', '101', ''],
      },
      { kanji: ['試験', '宏'], kana: ['シケン', 'ヒロシ'] },
    ],
    [
      'twins nearly of one name who bear their mother’s branch',
      { kanji: ['試験', '悠太'], kana: ['シケン', 'ユウタ'] },
      { kanji: ['試験', '悠真'], kana: ['シケン', 'ユウマ'] },
    ],
    [
      'name and birth date, and the city alone',
      { ...NO_HOUSEHOLD, address: '岡山県緑川市' },
      { ...NO_HOUSEHOLD, address: '緑川市港町5-6-7' },
    ],
    [
      'name and birth date, and a phone that stands for none',
      { ...NO_HOUSEHOLD, phone: '090-0000-0000' },
      { ...NO_HOUSEHOLD, phone: '090-0000-0000' },
    ],
    [
      'name and birth date, and an address that stands for none',
      { ...NO_HOUSEHOLD, address: '住所不明' },
      { ...NO_HOUSEHOLD, address: '住所不明' },
    ],
    ['a birth date wholly off', { birth: '19561211' }, {}],
    ['1900-01-01', { birth: '19000101' }, {}],
    ['an alias', { kanji: ['検証', '次郎'], kana: ['ケンショウ', 'ジロウ'] }, {}],
    ['a child without a name', { kanji: ['試験', 'ベビー'], kana: ['シケン', 'ベビー'] }, {}],
    [
      'a child under its mother’s name',
      {
        kanji: ['試験', '花子ベビー'],
        kana: ['シケン', 'ハナコベビー'],
        insurance: OTHER_INSURANCE,
      },
      {},
    ],
    [
      'a married name, with the phone kept',
      {
        ...maiden,
        kanji: ['検証', '花子'],
        kana: ['ケンショウ', 'ハナコ'],
        insurance: OTHER_INSURANCE,
      },
      maiden,
    ],
    [
      'a married name, with nothing kept, where chance makes no such strangers',
      {
        ...maiden,
        ...MOVED,
        kanji: ['検証', '花子'],
        kana: ['ケンショウ', 'ハナコ'],
        insurance: OTHER_INSURANCE,
      },
      maiden,
    ],
  ])('%s', (_, other, one) => {
    expect(upon(other, one).decision).toBe('REVIEW');
  });

  it('two charts of one hospital are never linked, but proposed as a merge', () => {
    const decision = upon({ authority: '2.999.1', id: '2' });
    expect(decision).toMatchObject({ decision: 'REVIEW', isMerge: true });
  });

  it('counts how frequent a given name is in the region', () => {
    const people = Array.from({ length: 99 }, (_, at) => aPerson({ kanji: ['試験', `${at}郎`] }));
    const region = regionOf([...people, aPerson()], 50_000);
    expect(region.givenShare.get('太郎')).toBeCloseTo(0.01);
    expect(strangersAlike(aPerson(), region)).toBeCloseTo(0.02);
  });

  it('in a large region a given name and a birth date say nothing', () => {
    const woman = { ...maiden, ...MOVED, insurance: OTHER_INSURANCE } as const;
    const other = aPerson({
      ...woman,
      authority: '2.999.2',
      kanji: ['検証', '花子'],
      kana: ['ケンショウ', 'ハナコ'],
    });
    const large = { ...SMALL, records: 1_000_000 };
    expect(strangersAlike(aPerson(maiden), large)).toBeGreaterThan(1 / 500);
    expect(decide(aPerson(maiden), other, { ...rules, region: large }).decision).toBe('APART');
  });
});

describe('what is not one person stays apart', () => {
  it.each<[string, Written, Written]>([
    [
      'twins, by the branch',
      {
        kanji: ['試験', '次郎'],
        kana: ['シケン', 'ジロウ'],
        insurance: ['01339019', '12345', '101', '03'],
      },
      { insurance: ['01339019', '12345', '101', '02'] },
    ],
    [
      'twins, without a branch',
      {
        kanji: ['試験', '次郎'],
        kana: ['シケン', 'ジロウ'],
        insurance: ['01339019', '12345', '101', ''],
      },
      {},
    ],
    [
      'twins who share a character, without insurance',
      { kanji: ['試験', '太志'], kana: ['シケン', 'タイシ'], insurance: ['', '', '', ''] },
      {},
    ],
    [
      'twins who share all but the character that was lost',
      {
        kanji: ['試験', '■太'],
        kana: ['シケン', 'コウタ'],
        insurance: ['01339019', '12345', '101', ''],
      },
      { kanji: ['試験', '颯太'], kana: ['シケン', 'ソウタ'] },
    ],
    [
      'twins whose given names were lost, by their sounds',
      {
        kanji: ['試験', '■'],
        kana: ['シケン', 'ノボル'],
        insurance: ['01339019', '12345', '101', ''],
      },
      { kanji: ['試験', '■'], kana: ['シケン', 'アキラ'] },
    ],
    [
      'two of one household whose given names were lost, without a sound',
      { kanji: ['試験', '■■'], kana: ['シケン', ''] },
      {
        kanji: ['試験', '〓□'],
        kana: ['シケン', ''],
        insurance: ['01339019', '12345', '101', ''],
      },
    ],
    [
      'spouses',
      { kanji: ['試験', '花子'], kana: ['シケン', 'ハナコ'], sex: 'F', birth: '19720303' },
      {},
    ],
    [
      'a mother’s insurance on her child',
      { kanji: ['試験', '花'], kana: ['シケン', 'ハナ'], sex: 'F', birth: '20200303' },
      {},
    ],
    [
      'one name in characters and one birth date, another reading, nothing else',
      { kana: ['シケン', 'フトロウ'], ...MOVED, insurance: OTHER_INSURANCE },
      {},
    ],
    ['strangers of one name', { birth: '19561211', ...MOVED, insurance: OTHER_INSURANCE }, {}],
    [
      'the unknown',
      { kanji: ['不明', '不明'], kana: ['フメイ', 'フメイ'], birth: '19000101', ...NO_HOUSEHOLD },
      { kanji: ['不明', '不明'], kana: ['フメイ', 'フメイ'], birth: '19000101', ...NO_HOUSEHOLD },
    ],
  ])('%s', (_, other, one) => {
    expect(upon(other, one).decision).toBe('APART');
  });

  it('a given name that ends in 児 is a name', () => {
    const kenji = { kanji: ['試験', '健児'], kana: ['シケン', 'ケンジ'] } as const;
    expect(upon(kenji, kenji).decision).toBe('AUTO');
    const mitsuo = { kanji: ['試験', '三男'], kana: ['シケン', 'ミツオ'] } as const;
    expect(upon(mitsuo, mitsuo).decision).toBe('AUTO');
  });

  it('a branch of another member contradicts by itself', () => {
    const twin = {
      kanji: ['試験', '次郎'],
      kana: ['シケン', 'ジロウ'],
      insurance: ['01339019', '12345', '101', '03'],
    } as const;
    expect(upon(twin).contradiction).toBe('another member of the household');
  });
});

describe('a decision', () => {
  it('says field by field what it rests on, with weights that make up the score, and no value', () => {
    const decision = upon({ kanji: ['試験', '太朗'], phone: '' });
    expect(decision.why).toContainEqual({ field: 'insurance', agreement: 'person', weight: 12 });
    expect(decision.why.map(({ field }) => field)).not.toContain('phone');
    expect(decision.why.reduce((sum, { weight }) => sum + weight, 0)).toBe(decision.score);
    expect(JSON.stringify(decision)).not.toMatch(/試験|シケン|1970|086|101/);
  });

  it('is given to the actor in its own words', () => {
    const matcher = ruleMatcher(JAPAN_RULE_SET, SMALL);
    const [one, other] = [aRecord(), aRecord({ authority: '2.999.2' })];
    expect(matcher.version).toBe('japan-1');
    expect(matcher.decide(one, other)).toMatchObject({ outcome: 'AUTO', score: 36 });
    const shared = matcher.keysOf(one).filter((key) => matcher.keysOf(other).includes(key));
    expect(shared.length).toBeGreaterThan(5);
  });
});

describe('the keys by which candidates are found', () => {
  const sharedBy = (other: Written) => {
    const keys = new Set(blockingKeys(aPerson()));
    return blockingKeys(aPerson({ authority: '2.999.2', ...other })).filter((key) => keys.has(key));
  };

  it.each<[string, Written]>([
    ['another birth date', { birth: '19561211', ...MOVED }],
    ['another name', { kanji: ['検証', '次郎'], kana: ['ケンショウ', 'ジロウ'] }],
    ['name and birth date alone', NO_HOUSEHOLD],
    [
      'another family name',
      { kanji: ['検証', '太郎'], kana: ['ケンショウ', 'タロウ'], ...NO_HOUSEHOLD },
    ],
    ['another reading', { kana: ['シケン', 'フトロウ'], ...NO_HOUSEHOLD }],
    [
      'Latin letters',
      { kana: ['', ''], kanji: ['', ''], romaji: ['SHIKEN', 'TARO'], ...NO_HOUSEHOLD },
    ],
    [
      'names swapped, the year off by one',
      { kana: ['タロウ', 'シケン'], birth: '19710101', ...NO_HOUSEHOLD },
    ],
  ])('%s hides no pair', (_, other) => {
    expect(sharedBy(other).length).toBeGreaterThan(0);
  });

  it('the unknown have none', () => {
    const unknown = {
      kanji: ['不明', '不明'],
      kana: ['フメイ', 'フメイ'],
      birth: '19000101',
      ...NO_HOUSEHOLD,
    } as const;
    expect(blockingKeys(aPerson(unknown))).toEqual([]);
  });

  it('are bounded for a record with very many names', () => {
    const record = aRecord();
    const names = Array.from({ length: 500 }, (_, at) => ({
      family: `シケン${'アイウエオ'[at % 5]}`,
      given: [`タロウ${'カキクケコ'[at % 5]}`],
      representation: 'SYL' as const,
    }));
    const matcher = ruleMatcher();
    const many = { ...record, demographics: { ...record.demographics, names } };
    expect(matcher.keysOf(many).length).toBeLessThanOrEqual(48);
  });
});
