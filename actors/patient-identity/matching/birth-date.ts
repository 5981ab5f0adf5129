/** The eras from which living people were born, with their first Gregorian year, the last first. */
export const ERAS = [
  { names: ['R', '令和', '令', '5'], year: 2019 },
  { names: ['H', '平成', '平', '4'], year: 1989 },
  { names: ['S', '昭和', '昭', '3'], year: 1926 },
  { names: ['T', '大正', '大', '2'], year: 1912 },
  { names: ['M', '明治', '明', '1'], year: 1868 },
] as const;

const ERA_DATE =
  /^(?<era>[MTSHR明治大正昭和平成令]{1,2})(?<year>元|\d{1,2})[年.\-/](?<month>\d{1,2})[月.\-/](?<day>\d{1,2})日?$/;
const ERA_DIGITS = /^(?<era>[MTSHR1-5])(?<year>\d{2})(?<month>\d{2})(?<day>\d{2})$/;
const GREGORIAN =
  /^(?<year>\d{4})(?:年|[.\-/])(?<month>\d{1,2})(?:月|[.\-/])(?<day>\d{1,2})日?$|^(?<digits>\d{8})/;
/** JPKI: the era's digit, then the Gregorian year and the day. */
const JPKI = /^[1-5](?<digits>(?:18|19|20)\d{6})$/;

/**
 * The day that a text means, as YYYYMMDD: `19580312`, `1958-03-12`, `S330312`, `S33.3.12`, `昭和33年3月12日`, `3330312` (digit of
 * the era), `319580312` (JPKI). Undefined where it means none. Heisei 31 after April and later years of an era that is over
 * are taken as counted on.
 */
export function readBirthText(text: string): string | undefined {
  const plain = text.slice(0, LONGEST).normalize('NFKC').replace(/\s/g, '').toUpperCase();
  const jpki = JPKI.exec(plain)?.groups?.['digits'];
  if (jpki !== undefined) return ifDay(jpki);
  const western = GREGORIAN.exec(plain)?.groups;
  if (western?.['digits']) return ifDay(western['digits']);
  if (western) return dayOf(Number(western['year']), western['month'], western['day']);
  const found = (ERA_DATE.exec(plain) ?? ERA_DIGITS.exec(plain))?.groups;
  if (!found) return undefined;
  const { era = '', year = '', month, day } = found;
  const first = ERAS.find(({ names }) => names.some((name) => name === era))?.year;
  if (first === undefined) return undefined;
  return dayOf(first + (year === '元' ? 1 : Number(year)) - 1, month, day);
}

/** Characters of a date; what is beyond is none of it. */
const LONGEST = 40;

function dayOf(year: number, month = '', day = ''): string | undefined {
  return ifDay(`${year}${month.padStart(2, '0')}${day.padStart(2, '0')}`);
}

function ifDay(digits: string): string | undefined {
  const month = Number(digits.slice(4, 6));
  const day = Number(digits.slice(6, 8));
  return month >= 1 && month <= 12 && day >= 1 && day <= 31 ? digits : undefined;
}

/** Dates that systems put where none is known; nobody alive was born on them. */
const UNKNOWN = /^(?:1900|0000|0001|1800|9999|1868|1899)/;

/** The day, down to which a birth time is known; undefined where it is none, or one that stands for none. */
export function birthDayOf(birthTime: string | undefined): string | undefined {
  const digits = (birthTime ?? '').replace(/\D/g, '').slice(0, 8);
  if (digits.length < 8 || UNKNOWN.test(digits)) return undefined;
  return ifDay(digits);
}

/**
 * How two days agree. `pattern`: as known errors make them: the year of the era off by one, eras confused, day and month
 * changed places, one of the three parts mistyped. `generation`: month and day are equal, and the years as far apart as those
 * of parent and child, who may have one name and one birthday; a mistyped decade looks the same.
 */
export type BirthAgreement = 'equal' | 'pattern' | 'generation' | 'different' | 'missing';

/** Years between parent and child; Taisho for Showa is 14. */
const GENERATION = 15;

/** Compares two days, YYYYMMDD. */
export function compareBirthDays(
  one: string | undefined,
  other: string | undefined,
): BirthAgreement {
  if (one === undefined || other === undefined) return 'missing';
  if (one === other) return 'equal';
  const [a, b] = [partsOf(one), partsOf(other)];
  const same = [a.year === b.year, a.month === b.month, a.day === b.day];
  if (!same[0] && same[1] && same[2]) {
    return Math.abs(Number(a.year) - Number(b.year)) < GENERATION ? 'pattern' : 'generation';
  }
  if (same.filter(Boolean).length === 2) return 'pattern';
  return same[0] && a.month === b.day && a.day === b.month ? 'pattern' : 'different';
}

function partsOf(day: string) {
  return { year: day.slice(0, 4), month: day.slice(4, 6), day: day.slice(6, 8) };
}
