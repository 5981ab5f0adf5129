import { durationMs, durationOf } from '../../../profiles/xcpd/duration.ts';

const DAY = 86_400_000;

describe('an xs:duration', () => {
  it.each([
    ['P7D', 7 * DAY],
    ['P0Y0M7D', 7 * DAY],
    ['P1Y', 365 * DAY],
    ['P1M', 30 * DAY],
    ['PT0S', 0],
    ['PT1H30M', 5_400_000],
    ['P1DT0.5S', DAY + 500],
    [' PT1M ', 60_000],
    ['PT0.0004S', 0],
  ])('%s has its milliseconds', (text, ms) => {
    expect(durationMs(text)).toBe(ms);
  });

  it.each([
    '',
    'P',
    'PT',
    'P1DT',
    '-P7D',
    '7D',
    'P1.5D',
    'P1H',
    'PT1D',
    'P1D1Y',
    'p7d',
    'P1234567890D',
    'P7D\nP7D',
  ])('%j is none', (text) => {
    expect(durationMs(text)).toBeUndefined();
  });

  it('is read back as it was written', () => {
    for (const ms of [0, 1, 500, 59_999, 60_000, 3_600_000, DAY, 7 * DAY, 400 * DAY + 3_661_001]) {
      expect(durationMs(durationOf(ms))).toBe(ms);
    }
  });

  it('is written without what is zero', () => {
    expect(durationOf(7 * DAY)).toBe('P7D');
    expect(durationOf(5_400_000)).toBe('PT1H30M');
    expect(durationOf(DAY + 500)).toBe('P1DT0.5S');
    expect(durationOf(0)).toBe('PT0S');
  });

  it('is never negative, and never a part of a millisecond', () => {
    expect(() => durationOf(-1)).toThrow(RangeError);
    expect(() => durationOf(0.5)).toThrow(RangeError);
  });
});
