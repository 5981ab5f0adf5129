/** How a reception writes Latin letters. */
export interface RomajiHabit {
  /** Hepburn (SHI, TSU) or Kunrei (SI, TU). */
  readonly system: 'hepburn' | 'kunrei';
  /** What becomes of a long O: ONO, OHNO, OUNO/OONO as the kana say. */
  readonly long: 'dropped' | 'h' | 'as kana';
  /** M before B, M and P, as in old passports: NAMBA. */
  readonly m: boolean;
}

const ROWS: readonly (readonly [string, string, string?])[] = [
  ['ア', 'A'],
  ['イ', 'I'],
  ['ウ', 'U'],
  ['エ', 'E'],
  ['オ', 'O'],
  ['カ', 'KA'],
  ['キ', 'KI'],
  ['ク', 'KU'],
  ['ケ', 'KE'],
  ['コ', 'KO'],
  ['サ', 'SA'],
  ['シ', 'SHI', 'SI'],
  ['ス', 'SU'],
  ['セ', 'SE'],
  ['ソ', 'SO'],
  ['タ', 'TA'],
  ['チ', 'CHI', 'TI'],
  ['ツ', 'TSU', 'TU'],
  ['テ', 'TE'],
  ['ト', 'TO'],
  ['ナ', 'NA'],
  ['ニ', 'NI'],
  ['ヌ', 'NU'],
  ['ネ', 'NE'],
  ['ノ', 'NO'],
  ['ハ', 'HA'],
  ['ヒ', 'HI'],
  ['フ', 'FU', 'HU'],
  ['ヘ', 'HE'],
  ['ホ', 'HO'],
  ['マ', 'MA'],
  ['ミ', 'MI'],
  ['ム', 'MU'],
  ['メ', 'ME'],
  ['モ', 'MO'],
  ['ヤ', 'YA'],
  ['ユ', 'YU'],
  ['ヨ', 'YO'],
  ['ラ', 'RA'],
  ['リ', 'RI'],
  ['ル', 'RU'],
  ['レ', 'RE'],
  ['ロ', 'RO'],
  ['ワ', 'WA'],
  ['ヲ', 'O'],
  ['ン', 'N'],
  ['ガ', 'GA'],
  ['ギ', 'GI'],
  ['グ', 'GU'],
  ['ゲ', 'GE'],
  ['ゴ', 'GO'],
  ['ザ', 'ZA'],
  ['ジ', 'JI', 'ZI'],
  ['ズ', 'ZU'],
  ['ゼ', 'ZE'],
  ['ゾ', 'ZO'],
  ['ダ', 'DA'],
  ['ヂ', 'JI', 'ZI'],
  ['ヅ', 'ZU'],
  ['デ', 'DE'],
  ['ド', 'DO'],
  ['バ', 'BA'],
  ['ビ', 'BI'],
  ['ブ', 'BU'],
  ['ベ', 'BE'],
  ['ボ', 'BO'],
  ['パ', 'PA'],
  ['ピ', 'PI'],
  ['プ', 'PU'],
  ['ペ', 'PE'],
  ['ポ', 'PO'],
  ['ヴ', 'BU'],
  ['シャ', 'SHA', 'SYA'],
  ['シュ', 'SHU', 'SYU'],
  ['ショ', 'SHO', 'SYO'],
  ['チャ', 'CHA', 'TYA'],
  ['チュ', 'CHU', 'TYU'],
  ['チョ', 'CHO', 'TYO'],
  ['ジャ', 'JA', 'ZYA'],
  ['ジュ', 'JU', 'ZYU'],
  ['ジョ', 'JO', 'ZYO'],
  ['ティ', 'TEI'],
  ['ファ', 'FA'],
];
const LATIN = new Map(
  ROWS.map(([kana, hepburn, kunrei]) => [kana, { hepburn, kunrei: kunrei ?? hepburn }]),
);
const SMALL: Readonly<Record<string, string>> = {
  ャ: 'YA',
  ュ: 'YU',
  ョ: 'YO',
  ァ: 'A',
  ィ: 'I',
  ゥ: 'U',
  ェ: 'E',
  ォ: 'O',
};

/** Katakana in Latin capitals, by the habit of the writer. */
export function romajiOf(kana: string, habit: RomajiHabit): string {
  let text = '';
  let doubled = false;
  for (let at = 0; at < kana.length; at += 1) {
    const pair = LATIN.get(kana.slice(at, at + 2));
    const letter = kana[at] ?? '';
    if (letter === 'ッ') doubled = true;
    else if (letter === 'ー') text += habit.long === 'as kana' ? text.slice(-1) : '';
    else {
      const small = SMALL[letter];
      const found = (pair ?? LATIN.get(letter))?.[habit.system];
      const next = found ?? (small === undefined ? '' : small);
      // キョ: the vowel of キ goes before YO.
      if (found === undefined && small !== undefined) text = text.replace(/[IUE]$/, '');
      text += doubled ? next.slice(0, 1) + next : next;
      doubled = false;
      if (pair) at += 1;
    }
  }
  if (habit.m) text = text.replace(/N(?=[BMP])/g, 'M');
  if (habit.long === 'dropped') return text.replace(/O[OU]/g, 'O').replace(/UU/g, 'U');
  if (habit.long === 'h') return text.replace(/O[OU](?=[^AIUEO]|$)/g, 'OH').replace(/UU/g, 'U');
  return text;
}
