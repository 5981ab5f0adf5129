import type { Random } from './random.ts';
import type { Name, Sex } from './names.ts';

/** A foreigner's name: in Latin letters, in kana, perhaps in characters, perhaps with a Japanese alias. */
export interface ForeignName {
  readonly family: Name;
  readonly given: Name;
  readonly familyRomaji: string;
  readonly givenRomaji: string;
  readonly alias?: { readonly family: Name; readonly given: Name };
}

const name = (kanji: string, kana: string, ...otherReadings: readonly string[]): Name => ({
  kanji,
  kana,
  otherReadings,
});

type Row = readonly [string, string, ...string[]];

const VIETNAMESE: readonly Row[] = [
  ['NGUYEN', 'グエン', 'グェン', 'ニュエン'],
  ['TRAN', 'チャン', 'トラン'],
  ['LE', 'レ', 'レー'],
  ['PHAM', 'ファム', 'パム'],
  ['HOANG', 'ホアン', 'ホァン'],
  ['VU', 'ヴー', 'ブ', 'ヴ'],
];
const VIETNAMESE_GIVEN: Readonly<Record<Sex, readonly Row[]>> = {
  F: [
    ['THI HOA', 'ティホア', 'テイホア'],
    ['THI LAN', 'ティラン', 'テイラン'],
    ['THI MAI', 'ティマイ', 'テイマイ'],
    ['THI HUONG', 'ティフオン', 'テイフォン'],
    ['NGOC ANH', 'ゴックアン', 'ゴクアイン'],
  ],
  M: [
    ['VAN HUNG', 'ヴァンフン', 'バンフン'],
    ['VAN NAM', 'ヴァンナム', 'バンナム'],
    ['DUC MINH', 'ドゥックミン', 'ドゥクミン'],
    ['QUANG HUY', 'クアンフイ', 'クアンヒュイ'],
    ['THANH TUNG', 'タントゥン', 'タインツン'],
  ],
};
const CHINESE: readonly (readonly [string, string, string, string])[] = [
  ['王', 'ワン', 'オウ', 'WANG'],
  ['李', 'リ', 'リー', 'LI'],
  ['張', 'チャン', 'チョウ', 'ZHANG'],
  ['劉', 'リュウ', 'リウ', 'LIU'],
  ['陳', 'チェン', 'チン', 'CHEN'],
  ['楊', 'ヤン', 'ヨウ', 'YANG'],
];
const CHINESE_GIVEN: readonly (readonly [string, string, string, string])[] = [
  ['偉', 'ウェイ', 'イ', 'WEI'],
  ['芳', 'ファン', 'ホウ', 'FANG'],
  ['小紅', 'シャオホン', 'ショウコウ', 'XIAOHONG'],
  ['建国', 'ジェングオ', 'ケンコク', 'JIANGUO'],
  ['麗', 'リー', 'レイ', 'LI'],
  ['明', 'ミン', 'メイ', 'MING'],
  ['海燕', 'ハイイェン', 'カイエン', 'HAIYAN'],
  ['志強', 'ジーチャン', 'シキョウ', 'ZHIQIANG'],
];
const KOREAN: readonly (readonly [string, string, string, string, string])[] = [
  ['金', 'キム', 'KIM', '金田', 'カネダ'],
  ['朴', 'パク', 'PARK', '木下', 'キノシタ'],
  ['李', 'イ', 'LEE', '岩本', 'イワモト'],
  ['崔', 'チェ', 'CHOI', '山本', 'ヤマモト'],
  ['鄭', 'チョン', 'JEONG', '東', 'アズマ'],
];
const KOREAN_GIVEN: readonly (readonly [string, string, string])[] = [
  ['秀賢', 'スヒョン', 'SUHYEON'],
  ['美英', 'ミヨン', 'MIYOUNG'],
  ['正浩', 'ジョンホ', 'JEONGHO'],
  ['恵淑', 'ヘスク', 'HYESUK'],
  ['相哲', 'サンチョル', 'SANGCHEOL'],
  ['英姫', 'ヨンヒ', 'YOUNGHEE'],
];
const KOREAN_ALIASES: Readonly<Record<Sex, readonly (readonly [string, string])[]>> = {
  M: [
    ['秀樹', 'ヒデキ'],
    ['正浩', 'マサヒロ'],
  ],
  F: [
    ['美英', 'ミエ'],
    ['恵子', 'ケイコ'],
  ],
};
const WESTERN: readonly Row[] = [
  ['SILVA', 'シルバ', 'シルヴァ'],
  ['SANTOS', 'サントス'],
  ['OLIVEIRA', 'オリベイラ', 'オリヴェイラ'],
  ['REYES', 'レイエス', 'レイェス'],
  ['CRUZ', 'クルス', 'クルーズ'],
  ['SMITH', 'スミス'],
  ['JOHNSON', 'ジョンソン'],
  ['GARCIA', 'ガルシア'],
  ['TANAKA SOUZA', 'タナカソウザ', 'タナカスーザ'],
];
const WESTERN_GIVEN: Readonly<Record<Sex, readonly Row[]>> = {
  M: [
    ['JOHN', 'ジョン'],
    ['CARLOS', 'カルロス'],
    ['JOSE', 'ホセ', 'ジョゼ'],
    ['MICHAEL', 'マイケル', 'ミカエル'],
    ['PAULO', 'パウロ'],
    ['MARK ANTHONY', 'マークアンソニー', 'マルクアントニー'],
  ],
  F: [
    ['MARIA', 'マリア', 'マリーア'],
    ['ANA PAULA', 'アナパウラ'],
    ['JENNIFER', 'ジェニファー', 'ジェニフェル'],
    ['GRACE', 'グレース', 'グレイス'],
    ['LUCIANA', 'ルシアナ'],
    ['MARY JANE', 'メアリージェーン', 'メリージェイン'],
  ],
};

/** The name of a foreigner whose household bears `family`, an index that the members share. */
export function foreignName(random: Random, sex: Sex, family: number): ForeignName {
  const kind = family % 10;
  const choose = <T>(rows: readonly T[]): T =>
    rows[Math.floor(family / 10) % rows.length] ?? random.of(rows);
  if (kind < 2) {
    const [kanji, kana, other, romaji] = choose(CHINESE);
    const [given, givenKana, givenOther, givenRomaji] = random.of(CHINESE_GIVEN);
    return {
      family: name(kanji, kana, other),
      given: name(given, givenKana, givenOther),
      familyRomaji: romaji,
      givenRomaji,
    };
  }
  if (kind < 4) {
    const [kanji, kana, romaji, aliasKanji, aliasKana] = choose(KOREAN);
    const [given, givenKana, givenRomaji] = random.of(KOREAN_GIVEN);
    const alias = random.of(KOREAN_ALIASES[sex]);
    return {
      family: name(kanji, kana),
      given: name(given, givenKana),
      familyRomaji: romaji,
      givenRomaji,
      alias: { family: name(aliasKanji, aliasKana), given: name(...alias) },
    };
  }
  const [latin, kana, ...others] = choose(kind < 7 ? VIETNAMESE : WESTERN);
  const givens = kind < 7 ? VIETNAMESE_GIVEN : WESTERN_GIVEN;
  const [givenLatin, givenKana, ...givenOthers] = random.of(givens[sex]);
  return {
    family: name(latin, kana, ...others),
    given: name(givenLatin, givenKana, ...givenOthers),
    familyRomaji: latin,
    givenRomaji: givenLatin,
  };
}
