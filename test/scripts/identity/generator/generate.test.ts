import { readdirSync, readFileSync } from 'node:fs';
import { generate } from '../../../../scripts/identity/generator/generate.ts';
import { ERRORS, errorRates } from '../../../../scripts/identity/generator/rates.ts';
import type { Registration } from '../../../../scripts/identity/generator/registration.ts';

const COUNT = 20_000;
const region = [...generate({ seed: 1, registrations: COUNT })];

function byPerson(rows: readonly Registration[]): ReadonlyMap<string, readonly Registration[]> {
  const groups = new Map<string, Registration[]>();
  for (const row of rows) {
    groups.set(row.person_id, [...(groups.get(row.person_id) ?? []), row]);
  }
  return groups;
}

function share(rows: readonly Registration[], is: (row: Registration) => boolean): number {
  return rows.filter(is).length / rows.length;
}

describe('the generator of registrations', () => {
  it('gives the same registrations for the same seed, and others for another', () => {
    const again = [...generate({ seed: 1, registrations: 500 })];
    const other = [...generate({ seed: 2, registrations: 500 })];
    expect(again).toEqual(region.slice(0, 500));
    expect(other).not.toEqual(again);
  });

  it('gives as many as were asked for, each with an id of its own', () => {
    expect(region).toHaveLength(COUNT);
    expect(new Set(region.map(({ record_id }) => record_id)).size).toBe(COUNT);
    const charts = region.map((row) => `${row.institution_code}|${row.local_patient_id}`);
    expect(new Set(charts).size).toBe(COUNT);
  });

  it('tells the truth: a person’s registrations agree but for what the tags confess', () => {
    const confessed = /birth|era|dayMonth|leapDay|unknownPerson/;
    for (const rows of byPerson(region).values()) {
      const honest = rows.filter(({ variant_tags }) => !confessed.test(variant_tags));
      expect(new Set(honest.map(({ birth_date }) => birth_date)).size).toBeLessThanOrEqual(1);
    }
  });

  it('has every person in several hospitals about as often as it says, rarely twice in one', () => {
    const people = [...byPerson(region).values()];
    const seenOnce = people.filter((rows) => rows.length === 1).length / people.length;
    expect(seenOnce).toBeGreaterThan(0.4);
    expect(seenOnce).toBeLessThan(0.5);
    const twice = people.filter(
      (rows) => new Set(rows.map(({ institution_code }) => institution_code)).size < rows.length,
    );
    expect(twice.length).toBeGreaterThan(0);
    expect(twice.length / people.length).toBeLessThan(0.01);
  });

  it('writes as each system does: half-width kana and lost characters, eras, Latin letters', () => {
    const of = (letter: string) => region.filter(({ record_id }) => record_id[1] === letter);
    expect(of('A').every(({ birth_raw }) => /^\d{8}$/.test(birth_raw))).toBe(true);
    expect(of('B').some(({ family_kanji }) => family_kanji.includes('■'))).toBe(true);
    expect(share(of('B'), ({ family_kana }) => /[ｱ-ﾝ]/.test(family_kana))).toBeGreaterThan(0.98);
    expect(share(of('B'), ({ birth_raw }) => /^[MTSHR]\d{6}$/.test(birth_raw))).toBeGreaterThan(
      0.99,
    );
    expect(of('C').some(({ birth_raw }) => birth_raw.startsWith('昭和'))).toBe(true);
    expect(share(of('C'), ({ family_romaji }) => /^[A-Z ]+$/.test(family_romaji))).toBeGreaterThan(
      0.98,
    );
    expect(of('A').every(({ family_romaji }) => family_romaji === '')).toBe(true);
  });

  it('has each error that the table names, and each twice as often when doubled', () => {
    const doubled = [...generate({ seed: 1, registrations: COUNT, errorFactor: 2 })];
    const often = ['noInsurance', 'noPhone', 'kanaSpelling', 'otherReading', 'noBranch'];
    for (const name of often) {
      const has = ({ variant_tags }: Registration) => variant_tags.split(';').includes(name);
      expect(share(doubled, has) / share(region, has)).toBeGreaterThan(1.5);
    }
    const tags = new Set(doubled.flatMap(({ variant_tags }) => variant_tags.split(';')));
    const never = Object.keys(ERRORS).filter(
      (name) => !tags.has(name) && !['eraConfused', 'secondChart'].includes(name),
    );
    // What happens to a person is tagged with what happened.
    expect(never.sort()).toEqual(
      ['changedInsurance', 'changedPhone', 'divorcedName', 'movedForWork'].sort(),
    );
  });

  it('doubles no rate beyond nine in ten', () => {
    expect(errorRates(2).moved).toBeCloseTo(0.08);
    expect(Math.max(...Object.values(errorRates(100)))).toBe(0.9);
  });

  it('says for each rate where it comes from', () => {
    for (const { why } of Object.values(ERRORS)) {
      expect(why).toMatch(/Assumption|Registration|Survey|Statistics/);
    }
  });

  it('has twins, and strangers of one name and birth date', () => {
    const homes = new Map<string, Registration>();
    let twins = 0;
    for (const row of region) {
      const key = `${row.birth_date}|${row.phone}|${row.postal_code}`;
      const other = homes.get(key);
      if (other && row.phone !== '' && other.person_id !== row.person_id) twins += 1;
      homes.set(key, row);
    }
    expect(twins).toBeGreaterThan(3);
  });

  it('imports nothing but its own files', () => {
    const folder = 'scripts/identity/generator';
    for (const file of readdirSync(folder)) {
      const imports = [...readFileSync(`${folder}/${file}`, 'utf8').matchAll(/from '([^']+)'/g)];
      for (const [, from] of imports) expect(from).toMatch(/^\.\/[a-z-]+\.ts$/);
    }
  });
});
