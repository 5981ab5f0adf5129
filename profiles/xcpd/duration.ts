const DURATION =
  /^P(?!$)(?:(\d{1,9})Y)?(?:(\d{1,9})M)?(?:(\d{1,9})D)?(?:T(?!$)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,9})?)S)?)?$/;

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** Years and months have no fixed length; they count as 365 and 30 days, which may be some days less than was meant. */
const UNITS = [365 * DAY, 30 * DAY, DAY, HOUR, MINUTE, SECOND];

/**
 * The milliseconds of an xs:duration such as `P0Y0M7D`, rounded down; a year counts as 365 days, a month as 30.
 *
 * @returns undefined for a negative or malformed one, or one with more than nine digits a part
 * @see XML Schema Part 2, section 3.2.6
 */
export function durationMs(text: string): number | undefined {
  const parts = DURATION.exec(text.trim())?.slice(1);
  if (parts === undefined) return undefined;
  const sum = UNITS.reduce((total, unit, index) => total + Number(parts[index] ?? 0) * unit, 0);
  return Math.floor(sum);
}

/**
 * The xs:duration of that many milliseconds, in days, hours, minutes and seconds: `P7D`, `PT1H30M`, `PT0.5S`.
 *
 * @param ms a whole number, zero or more
 */
export function durationOf(ms: number): string {
  if (!Number.isSafeInteger(ms) || ms < 0) throw new RangeError('no duration');
  const part = (value: number, letter: string) => (value === 0 ? '' : `${value}${letter}`);
  const days = part(Math.floor(ms / DAY), 'D');
  const hours = part(Math.floor((ms % DAY) / HOUR), 'H');
  const minutes = part(Math.floor((ms % HOUR) / MINUTE), 'M');
  const seconds = part((ms % MINUTE) / SECOND, 'S');
  const time = `${hours}${minutes}${seconds}`;
  if (days === '' && time === '') return 'PT0S';
  return `P${days}${time === '' ? '' : `T${time}`}`;
}
