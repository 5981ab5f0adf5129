import type { Random } from './random.ts';

/** Forms that families and keyboards use for one character, the everyday one first. */
const FORMS: readonly (readonly string[])[] = (
  '高髙 崎﨑嵜 辺邊邉 斎齋 斉齊 吉𠮷 徳德 浜濱濵 柳栁 橋槗 沢澤 島嶋嶌 広廣 竜龍 栄榮 恵惠 真眞 桜櫻 富冨 峰峯 滝瀧 国國 渋澁 曽曾 亀龜 鉄鐵 ' +
  '寿壽 円圓 関關 礼禮 万萬 弥彌 静靜 蔵藏 昂昻 条條 実實 数數 為爲 衛衞 会會 学學 喜㐂 土圡 穂穗 鶴靏 剣劍 顕顯 総總 聡聰 黒黑 塩鹽 芦蘆 遥遙 凛凜 薫薰'
)
  .split(' ')
  .map((forms) => [...forms]);

const FORMS_OF = new Map(FORMS.flatMap((forms) => forms.map((form) => [form, forms] as const)));

/** Another form of the character; the character itself where it has none. */
export function variantOf(random: Random, character: string): string {
  const others = (FORMS_OF.get(character) ?? []).filter((form) => form !== character);
  return others.length === 0 ? character : random.of(others);
}

/** Not in JIS X 0208: an export through it loses them. */
const BEYOND_JIS = new Set('髙﨑德濵栁槗𠮷昻㐂圡薰黑靏');

/** Not in CP932 either. */
const BEYOND_CP932 = new Set('槗𠮷㐂圡');

/** As a system writes it that cannot hold every character: `mark` stands for what is lost. */
export function lossy(text: string, set: 'JIS X 0208' | 'CP932', mark: string): string {
  const lost = set === 'CP932' ? BEYOND_CP932 : BEYOND_JIS;
  return [...text].map((character) => (lost.has(character) ? mark : character)).join('');
}

const HALF: Readonly<Record<string, string>> = Object.fromEntries(
  (
    'アｱ イｲ ウｳ エｴ オｵ カｶ キｷ クｸ ケｹ コｺ サｻ シｼ スｽ セｾ ソｿ タﾀ チﾁ ツﾂ テﾃ トﾄ ナﾅ ニﾆ ヌﾇ ネﾈ ノﾉ ハﾊ ヒﾋ フﾌ ヘﾍ ホﾎ マﾏ ミﾐ ムﾑ メﾒ モﾓ ヤﾔ ユﾕ ヨﾖ ラﾗ リﾘ ルﾙ ' +
    'レﾚ ロﾛ ワﾜ ヲｦ ンﾝ ーｰ ァｱ ィｲ ゥｳ ェｴ ォｵ ャﾔ ュﾕ ョﾖ ッﾂ ガｶﾞ ギｷﾞ グｸﾞ ゲｹﾞ ゴｺﾞ ザｻﾞ ジｼﾞ ズｽﾞ ゼｾﾞ ゾｿﾞ ダﾀﾞ ヂﾁﾞ ヅﾂﾞ デﾃﾞ ドﾄﾞ バﾊﾞ ビﾋﾞ ブﾌﾞ ベﾍﾞ ボﾎﾞ ' +
    'パﾊﾟ ピﾋﾟ プﾌﾟ ペﾍﾟ ポﾎﾟ ヴｳﾞ'
  )
    .split(' ')
    .map((pair) => [pair.slice(0, 1), pair.slice(1)]),
);

/** Half-width katakana, with large letters for small ones, as old systems write it. */
export function halfWidth(kana: string): string {
  return [...kana].map((letter) => HALF[letter] ?? letter).join('');
}

/** Full-width letters and digits; the dash as an export from JIS gives it. */
export function fullWidth(text: string): string {
  return text.replace(/[!-~ ]/g, (character) =>
    character === ' '
      ? '\u3000'
      : character === '-'
        ? '\u2212'
        : String.fromCharCode(character.charCodeAt(0) + 0xfee0),
  );
}

const VOICED = 'ガギグゲゴザジズゼゾダヂヅデドバビブベボ';
const UNVOICED = 'カキクケコサシスセソタチツテトハヒフヘホ';

/** The name with one sound after the first voiced or unvoiced; itself where no sound can be. */
export function withOtherVoicing(random: Random, kana: string): string {
  const letters = [...kana];
  const places = letters.flatMap((letter, at) =>
    at > 0 && (VOICED.includes(letter) || UNVOICED.includes(letter)) ? [at] : [],
  );
  if (places.length === 0) return kana;
  const at = random.of(places);
  const letter = letters[at] ?? '';
  const voiced = VOICED.indexOf(letter);
  letters[at] =
    voiced >= 0 ? (UNVOICED[voiced] ?? letter) : (VOICED[UNVOICED.indexOf(letter)] ?? letter);
  return letters.join('');
}

const SPELLINGS: readonly (readonly [RegExp, string])[] = [
  [/([オコソトノホモヨロゴゾドボョ])ウ/, '$1ー'],
  [/([オコソトノホモヨロゴゾドボョ])ウ/, '$1オ'],
  [/([オコソトノホモヨロゴゾドボョ])オ/, '$1ウ'],
  [/([オコソトノホモヨロゴゾドボョ])オ/, '$1ー'],
  [/([ユシュチュ])ウ/, '$1ー'],
  [/([ケセテネヘメレゲゼデベ])イ/, '$1ー'],
  [/ヅ/, 'ズ'],
  [/ズ(?=.)/, 'ヅ'],
  [/ヴァ/, 'バ'],
  [/ョ/, 'ヨ'],
  [/ュ/, 'ユ'],
  [/ャ/, 'ヤ'],
  [/ッ/, 'ツ'],
];

/** The same sound spelt in another way; itself where there is only one. */
export function withOtherSpelling(random: Random, kana: string): string {
  const possible = SPELLINGS.filter(([pattern]) => pattern.test(kana));
  if (possible.length === 0) return kana;
  const [pattern, replacement] = random.of(possible);
  return kana.replace(pattern, replacement);
}

const SYLLABLES =
  'アイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワ';

/** One letter dropped, doubled or replaced. */
export function withKanaTypo(random: Random, kana: string): string {
  const letters = [...kana];
  const at = random.whole(0, letters.length - 1);
  const kind = random.next();
  if (kind < 0.5 || letters.length < 3) letters[at] = random.of([...SYLLABLES]);
  else if (kind < 0.75) letters.splice(at, 1);
  else letters.splice(at, 0, random.of([...SYLLABLES]));
  return letters.join('');
}

/** One digit replaced by another. */
export function withDigitTypo(random: Random, digits: string): string {
  const places = [...digits].flatMap((digit, at) => (/\d/.test(digit) ? [at] : []));
  if (places.length === 0) return digits;
  const at = random.of(places);
  const other = String((Number(digits[at]) + random.whole(1, 9)) % 10);
  return digits.slice(0, at) + other + digits.slice(at + 1);
}
