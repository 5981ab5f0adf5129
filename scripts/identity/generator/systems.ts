import type { Day } from './people.ts';
import type { Place } from './places.ts';
import type { Random } from './random.ts';
import { fullWidth, halfWidth, lossy } from './writing.ts';

/** How a hospital's system stores what is typed: A CP932, B an export through JIS X 0208, C UTF-8. */
export type System = 'A' | 'B' | 'C';

/** A hospital of the region. */
export interface Hospital {
  readonly code: string;
  readonly letter: string;
  readonly system: System;
}

/** Six hospitals, two of each system. The codes are made up. */
export const HOSPITALS: readonly Hospital[] = [
  { code: '3310000014', letter: 'A', system: 'A' },
  { code: '3710000028', letter: 'B', system: 'B' },
  { code: '3210000031', letter: 'C', system: 'C' },
  { code: '3410000043', letter: 'D', system: 'A' },
  { code: '3110000059', letter: 'E', system: 'B' },
  { code: '3310000060', letter: 'F', system: 'C' },
];

/** The number of a chart as the hospital writes it. */
export function chartNumber(system: System, serial: number): string {
  if (system === 'A') return String(10_000_000 + serial);
  if (system === 'B') return String(serial).padStart(10, '0');
  return String(3_000_000 + serial);
}

/** Characters as the system keeps them; what it cannot hold is a mark. */
export function kanjiAs(system: System, text: string): string {
  if (system === 'B') return fullWidth(lossy(text, 'JIS X 0208', '■'));
  return system === 'A' ? lossy(text, 'CP932', '〓') : text;
}

/** Kana as the system keeps them. */
export function kanaAs(system: System, text: string): string {
  return system === 'B' ? halfWidth(text.replaceAll(' ', '')) : text.replaceAll(' ', '');
}

const two = (part: number) => String(part).padStart(2, '0');

/** ISO date. */
export function isoDate({ year, month, day }: Day): string {
  return `${year}-${two(month)}-${two(day)}`;
}

interface Era {
  readonly letter: string;
  readonly name: string;
  readonly first: number;
  /** The first day, as YYYYMMDD. */
  readonly from: number;
}

const ERAS: readonly Era[] = [
  { letter: 'R', name: '令和', first: 2019, from: 20190501 },
  { letter: 'H', name: '平成', first: 1989, from: 19890108 },
  { letter: 'S', name: '昭和', first: 1926, from: 19261225 },
  { letter: 'T', name: '大正', first: 1912, from: 19120730 },
  { letter: 'M', name: '明治', first: 1868, from: 18680125 },
];

/** The birth date as it is typed: A `19580312`, B `S330312`, C `昭和33年3月12日`. */
export function rawBirth(system: System, date: Day): string {
  const number = date.year * 10_000 + date.month * 100 + date.day;
  if (system === 'A') return String(number);
  const era = ERAS.find(({ from }) => number >= from);
  if (era === undefined) return String(number);
  const year = date.year - era.first + 1;
  if (system === 'B') return `${era.letter}${two(year)}${two(date.month)}${two(date.day)}`;
  return `${era.name}${year === 1 ? '元' : year}年${date.month}月${date.day}日`;
}

/** A phone as the system writes it. */
export function phoneAs(
  system: System,
  [area = '', exchange = '', number = '']: readonly string[],
): string {
  if (system === 'A') return `${area}-${exchange}-${number}`;
  return system === 'B' ? `${area}${exchange}${number}` : `(${area})${exchange}-${number}`;
}

const KANJI_DIGITS = '〇一二三四五六七八九';

/** An address as somebody types it: the forms that one place is written in. */
export function addressAs(
  random: Random,
  { system, place, isShort }: { system: System; place: Place; isShort: boolean },
): string {
  const withPrefecture = !(isShort && random.chance(0.6));
  const withBuilding = !(isShort && random.chance(0.5));
  const oaza = place.isOaza && !(isShort && random.chance(0.7)) ? '大字' : '';
  const head = `${withPrefecture ? place.prefecture : ''}${place.city}${oaza}${place.town}`;
  const building =
    place.building === undefined || !withBuilding
      ? ''
      : `${random.chance(0.5) ? ' ' : ''}${place.building}${place.room}${random.chance(0.3) ? '号室' : ''}`;
  const text = `${head}${numbersOf(random, place)}${building}`;
  return system === 'B' ? fullWidth(text) : text;
}

function numbersOf(random: Random, { chome, block, house }: Place): string {
  const style = random.next();
  const numbers = [chome, block, house].filter((part) => part !== undefined);
  if (style < 0.55) return numbers.join('-');
  if (chome === undefined) {
    if (house === undefined) return `${block}番地`;
    return style < 0.8 ? `${block}番地の${house}` : `${block}番地${house}`;
  }
  const first = style < 0.8 ? String(chome) : (KANJI_DIGITS[chome] ?? String(chome));
  const end = house === undefined ? '' : `${house}`;
  return style < 0.7 ? `${first}丁目${block}-${end}` : `${first}丁目${block}番${end}号`;
}

/** A postal code with its dash, as all three write it. */
export function postalCodeAs(code: string): string {
  return `${code.slice(0, 3)}-${code.slice(3)}`;
}
