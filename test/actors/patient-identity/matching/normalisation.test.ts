import {
  compareAddresses,
  comparableAddress,
} from '../../../../actors/patient-identity/matching/address.ts';
import {
  birthDayOf,
  compareBirthDays,
  readBirthText,
} from '../../../../actors/patient-identity/matching/birth-date.ts';
import {
  KANJI_CLASSES,
  LOOK_ALIKES,
} from '../../../../actors/patient-identity/matching/character-classes.ts';
import {
  comparableInsurance,
  compareInsurances,
} from '../../../../actors/patient-identity/matching/insurance.ts';
import { compareKanji, foldedKanji } from '../../../../actors/patient-identity/matching/kanji.ts';
import { comparePhones, phoneDigits } from '../../../../actors/patient-identity/matching/phone.ts';
import {
  compareSounds,
  foldedKana,
  plainSound,
  soundOfKana,
  soundOfRomaji,
} from '../../../../actors/patient-identity/matching/sound.ts';

const soundOf = (kana: string) => soundOfKana(foldedKana(kana));
const heard = (kana: string) => ({ kana: foldedKana(kana), latin: soundOf(kana) });

describe('the characters of names', () => {
  it.each([
    ['髙橋', '高橋'],
    ['山﨑', '山崎'],
    ['渡邉', '渡辺'],
    ['渡邊', '渡辺'],
    ['齋藤', '斉藤'],
    ['𠮷田', '吉田'],
    ['濵田', '浜田'],
    ['龍之介', '竜ノ介'],
    ['眞由美', '真由美'],
    ['菜々子', '菜菜子'],
    ['ＮＧＵＹＥＮ', 'NGUYEN'],
    ['さくら', 'サクラ'],
    ['神\uDB40\uDD00谷', '神谷'],
    ['\uFA19谷', '神谷'],
    ['試験　太郎', '試験太郎'],
    ['健ー', '健一'],
    ['関が原', '関ヶ原'],
    ['関ガ原', '関ケ原'],
    ['関ヵ原', '関ケ原'],
  ])('%s and %s are one', (one, other) => {
    expect(foldedKanji(one)).toBe(foldedKanji(other));
  });

  it.each([
    ['坂本', '阪本'],
    ['太田', '大田'],
    ['阿部', '安部'],
    ['伊藤', '伊東'],
    ['まがり', 'まけり'],
    ['江すが', '江すけ'],
  ])('%s and %s are two names of one sound', (one, other) => {
    expect(foldedKanji(one)).not.toBe(foldedKanji(other));
  });

  it.each(['■橋', '〓橋', '？橋', '?橋'])('%s has lost a character and fits 高橋', (lost) => {
    expect(compareKanji(foldedKanji(lost), foldedKanji('髙橋'))).toBe('wildcard');
  });

  it('characters that are all lost say nothing', () => {
    expect(compareKanji(foldedKanji('■'), foldedKanji('健'))).toBe('missing');
    expect(compareKanji(foldedKanji('■■'), foldedKanji('健一'))).toBe('missing');
  });

  it('a lost character is one character, not any number', () => {
    expect(compareKanji(foldedKanji('■橋'), foldedKanji('橋'))).toBe('different');
  });

  it('one character of two may be wrong: nearly the same, no more', () => {
    expect(compareKanji('芳江', '芳枝')).toBe('near');
    expect(compareKanji('健', '浩')).toBe('different');
    expect(compareKanji('', '健')).toBe('missing');
  });

  it('every class has a reason, and no character two classes', () => {
    const seen = new Set<string>();
    for (const { characters, why } of [...KANJI_CLASSES, ...LOOK_ALIKES]) {
      expect(why.length).toBeGreaterThan(10);
      for (const character of characters) {
        expect([character, seen.has(character)]).toEqual([character, false]);
        seen.add(character);
      }
    }
  });

  it('a class is closed: each of its characters folds to the first', () => {
    for (const { characters } of KANJI_CLASSES) {
      const [first = ''] = characters;
      for (const character of characters)
        expect(foldedKanji(`試${character}`)).toBe(foldedKanji(`試${first}`));
    }
  });
});

describe('the sound of names', () => {
  it.each([
    ['ﾀｶﾊｼ', 'タカハシ'],
    ['たかはし', 'タカハシ'],
    ['ﾜﾀﾅﾍﾞ', 'ワタナベ'],
    ['ﾘﾕｳﾉｽｹ', 'リュウノスケ'],
    ['キヨウコ', 'キョウコ'],
    ['オーノ', 'オオノ'],
    ['オウノ', 'オオノ'],
    ['ユーイチロー', 'ユウイチロウ'],
    ['トウル', 'トオル'],
    ['トホル', 'トオル'],
    ['チヅル', 'チズル'],
    ['ケーコ', 'ケイコ'],
    ['ヴァン', 'バン'],
    ['ﾃｲﾎｱ', 'ティ ホア'],
    ['ハツトリ', 'ハットリ'],
    ['ヲノ', 'オノ'],
  ])('%s sounds as %s', (one, other) => {
    expect(soundOf(one)).toBe(soundOf(other));
  });

  it.each([
    ['OHNO', 'オオノ'],
    ['ONO', 'オオノ'],
    ['OONO', 'オオノ'],
    ['Ōno', 'オオノ'],
    ['SAITOH', 'サイトウ'],
    ['SHOTA', 'ショウタ'],
    ['SYOUTA', 'ショウタ'],
    ['SIMIZU', 'シミズ'],
    ['SHIMIZU', 'シミズ'],
    ['TUTIYA', 'ツチヤ'],
    ['TSUCHIYA', 'ツチヤ'],
    ['HUKUDA', 'フクダ'],
    ['NAMBA', 'ナンバ'],
    ['HATTORI', 'ハットリ'],
    ['JUNICHI', 'ジュンイチ'],
    ['ZYUNITI', 'ジュンイチ'],
    ['YUICHIROH', 'ユウイチロウ'],
    ['RYUNOSUKE', 'リュウノスケ'],
  ])('%s in Latin letters is %s', (latin, kana) => {
    expect(soundOfRomaji(latin)).toBe(soundOf(kana));
  });

  it('voicing alone makes a name close, not equal', () => {
    expect(compareSounds(heard('ヤマサキ'), heard('ヤマザキ'))).toBe('voicing');
    expect(plainSound(soundOf('ヤマザキ'))).toBe(plainSound(soundOf('ヤマサキ')));
  });

  it('tells equal, same sound, one kana off and different apart', () => {
    expect(compareSounds(heard('ケンイチ'), heard('ｹﾝｲﾁ'))).toBe('equal');
    expect(compareSounds(heard('オオノ'), heard('オーノ'))).toBe('same sound');
    expect(compareSounds(heard('ケンイチ'), heard('ケンニチ'))).toBe('near');
    expect(compareSounds(heard('サチコ'), heard('ユキコ'))).toBe('different');
    expect(compareSounds(heard('ケン'), heard('タケシ'))).toBe('different');
    expect(compareSounds(heard(''), heard('タケシ'))).toBe('missing');
  });
});

describe('birth dates', () => {
  it.each([
    ['19580312', '19580312'],
    ['S330312', '19580312'],
    ['昭和33年3月12日', '19580312'],
    ['S33.3.12', '19580312'],
    ['3330312', '19580312'],
    ['319580312', '19580312'],
    ['令和元年5月1日', '20190501'],
    ['H310501', '20190501'],
    ['平成31年4月30日', '20190430'],
    ['T140101', '19250101'],
    ['S140101', '19390101'],
    ['1958-03-12', '19580312'],
    ['Ｓ３３０３１２', '19580312'],
  ])('%s is %s', (text, day) => {
    expect(readBirthText(text)).toBe(day);
  });

  it.each(['', '不明', '昭和', 'S33', '19581301', 'X330312'])('%j is no day', (text) => {
    expect(readBirthText(text)).toBeUndefined();
  });

  it.each(['19000101', '00000000', '99991231', '1958', '195803', undefined])(
    '%s stands for a day that is not known',
    (time) => {
      expect(birthDayOf(time)).toBeUndefined();
    },
  );

  it.each([
    ['19440505', '19430505', 'pattern', 'the year of the era off by one'],
    ['19390101', '19250101', 'pattern', 'Showa for Taisho'],
    ['19770308', '19770803', 'pattern', 'day and month changed places'],
    ['20000229', '20000228', 'pattern', 'leap day'],
    ['19770830', '19770308', 'different', 'month and day both wrong'],
    ['19770830', '19770830', 'equal', 'the same'],
    ['19770830', '19561211', 'different', 'another'],
  ])('%s and %s: %s (%s)', (one, other, agreement) => {
    expect(compareBirthDays(one, other)).toBe(agreement);
    expect(compareBirthDays(other, one)).toBe(agreement);
  });

  it('a day that is not known agrees with nothing', () => {
    expect(compareBirthDays(undefined, '19770830')).toBe('missing');
  });
});

describe('addresses', () => {
  const agree = (one: string, other: string, postal = ['', '']) =>
    compareAddresses(comparableAddress(one, postal[0]), comparableAddress(other, postal[1]));

  it.each([
    ['岡山県緑川市中央1-2-3', '岡山県緑川市中央１−２−３'],
    ['岡山県緑川市中央3-4-5 グリーンハイツ203', '緑川市中央三丁目4番5号グリーンハイツ203号室'],
    ['島根県雲見市大字西岡678番地の2', '雲見市西岡６７８−２'],
    ['岡山県緑川市ケ丘町1-24', '岡山県緑川市ヶ丘町1番24号'],
    ['岡山県緑川市ケ丘町1-24', '岡山県緑川市が丘町１−２４'],
    ['香川県浜瀬市港町三七', '香川県浜瀬市港町37'],
    ['香川県浜瀬市港町十二番地', '香川県浜瀬市港町12'],
  ])('%s is %s', (one, other) => {
    expect(agree(one, other)).toBe('house');
  });

  it('a 字 more on one side is no difference where the postal code says so', () => {
    const one = '島根県雲見市大字西岡字松の木678番地の2';
    expect(agree(one, '雲見市西岡６７８−２', ['690-0023', '6900023'])).toBe('house');
  });

  it('another house of the town is not the house', () => {
    expect(agree('岡山県緑川市中央1-2-3', '岡山県緑川市中央1-2-4')).toBe('area');
    expect(agree('岡山県緑川市中央1-2-3', '岡山県緑川市中央1')).toBe('area');
  });

  it('another town is another town, numbers or not', () => {
    expect(agree('岡山県緑川市中央1-2-3', '岡山県緑川市桜坂1-2-3')).toBe('different');
    expect(agree('', '岡山県緑川市桜坂1-2-3')).toBe('missing');
  });
});

describe('phones', () => {
  it.each([
    ['(086)000-1001', '0860001001'],
    ['086-000-1001', '0860001001'],
    ['tel:+81-86-000-1001', '0860001001'],
    ['０８６０００１００１', '0860001001'],
  ])('%s is %s', (text, digits) => {
    expect(phoneDigits(text)).toBe(digits);
  });

  it.each(['', '000-0000-0000', '090', '不明', '999999999'])('%j is no phone', (text) => {
    expect(phoneDigits(text)).toBeUndefined();
  });

  it('one digit off is near', () => {
    expect(comparePhones(['0860001001'], ['0860001002'])).toBe('near');
    expect(comparePhones(['0860001001'], ['0860001012'])).toBe('different');
    expect(comparePhones(['0860001001', '09000001001'], ['09000001001'])).toBe('equal');
    expect(comparePhones([], ['09000001001'])).toBe('missing');
  });
});

describe('insurance', () => {
  const card = (insurer: string, number: string, branch = '', symbol = '') => {
    const found = comparableInsurance({ insurer, number, branch, symbol });
    return found === undefined ? [] : [found];
  };

  it('is one person’s by insurer, symbol, number and branch', () => {
    const one = card('01339019', '101', '00', '12345');
    expect(compareInsurances(one, card('０１３３９０１９', '０１０１', '0', '１２３４５'))).toBe(
      'person',
    );
    expect(compareInsurances(one, card('01339019', '101', '01', '12345'))).toBe('other branch');
    expect(compareInsurances(one, card('01339019', '101', '', '12345'))).toBe('household');
    expect(compareInsurances(one, card('01339019', '101', '00', '12346'))).toBe('different');
  });

  it('is one person’s without a branch for the late elderly alone', () => {
    expect(compareInsurances(card('39339080', '39100231'), card('39339080', '39100231'))).toBe(
      'person',
    );
    expect(compareInsurances(card('00329078', '556677'), card('329078', '556677'))).toBe(
      'household',
    );
  });

  it.each([
    ['', '101'],
    ['01339019', ''],
    ['00000000', '101'],
    ['01339019', '9999999'],
  ])('insurer %j with number %j is none', (insurer, number) => {
    expect(card(insurer, number)).toEqual([]);
    expect(compareInsurances(card(insurer, number), card(insurer, number))).toBe('missing');
  });
});

describe('what senders type in another way', () => {
  it.each([
    ['タ゛イスケ', 'ダイスケ'],
    ['ハ゜ク', 'パク'],
    ['た゛いすけ', 'ダイスケ'],
    ['ﾀﾞｲｽｹ', 'ダイスケ'],
  ])('a mark of voicing behind its kana is of it: %s', (one, other) => {
    expect(foldedKana(one)).toBe(foldedKana(other));
  });

  it('a small tsu before ch is written tch in Hepburn', () => {
    expect(soundOfRomaji('ETCHU')).toBe(soundOf('エッチュウ'));
    expect(soundOfRomaji('Hatchō')).toBe(soundOf('ハッチョウ'));
    expect(soundOfRomaji('ECCHU')).toBe(soundOf('エッチュウ'));
  });

  it('JYU and SHYU are JU and SHU', () => {
    expect(soundOfRomaji('JYUNKO')).toBe(soundOf('ジュンコ'));
    expect(soundOfRomaji('SHYUNSUKE')).toBe(soundOf('シュンスケ'));
  });

  it.each(['12-3', '１２－３', '12ー3', '12ｰ3', '12−3', '１２３'])(
    'the dash in a symbol of an insurance says nothing: %s',
    (symbol) => {
      const membership = { insurer: '06130012', number: '45', branch: '01' };
      expect(comparableInsurance({ ...membership, symbol })).toEqual(
        comparableInsurance({ ...membership, symbol: '123' }),
      );
      expect(comparableInsurance({ ...membership, symbol: `ア${symbol}` })).toEqual(
        comparableInsurance({ ...membership, symbol: 'ア123' }),
      );
    },
  );

  it('a birthday in years as far apart as those of parent and child is no known error', () => {
    expect(compareBirthDays('19390101', '19250101')).toBe('pattern');
    expect(compareBirthDays('19600101', '19610101')).toBe('pattern');
    expect(compareBirthDays('19600101', '19750101')).toBe('generation');
    expect(compareBirthDays('19900101', '19600101')).toBe('generation');
  });
});
