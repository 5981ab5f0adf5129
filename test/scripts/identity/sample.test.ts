import { existsSync, readFileSync } from 'node:fs';
import { type BatchLink, matchBatch } from '../../../actors/patient-identity/matching/batch.ts';
import { KANJI_CLASSES } from '../../../actors/patient-identity/matching/character-classes.ts';
import { JAPAN_RULE_SET } from '../../../actors/patient-identity/matching/japan-rule-set.ts';
import { foldedKanji } from '../../../actors/patient-identity/matching/kanji.ts';
import { normalised } from '../../../actors/patient-identity/matching/normalised.ts';
import { csvRows } from '../../../scripts/identity/csv.ts';
import {
  type ReadRegistration,
  readRegistrations,
} from '../../../scripts/identity/registrations.ts';

const FOLDER = '../shared/samples/japan';
const present = existsSync(`${FOLDER}/patients.csv`);

type Row = Readonly<Record<string, string>>;

async function table(name: string): Promise<readonly Row[]> {
  const rows: string[][] = [];
  for await (const { cells } of csvRows([readFileSync(`${FOLDER}/${name}`, 'utf8')])) {
    rows.push([...cells]);
  }
  const [head = [], ...body] = rows;
  return body.map((cells) =>
    Object.fromEntries(head.map((column, at) => [column, cells[at] ?? ''])),
  );
}

async function matched() {
  const read: ReadRegistration[] = [];
  const text = readFileSync(`${FOLDER}/patients.csv`, 'utf8');
  for await (const registration of readRegistrations([text])) read.push(registration);
  const { links } = matchBatch(read.map(normalised), { ruleSet: JAPAN_RULE_SET });
  const byPair = new Map<string, BatchLink>();
  for (const link of links) {
    const pair = [read[link.one]?.recordId, read[link.other]?.recordId].sort().join(' ');
    byPair.set(pair, link);
  }
  return (a = '', b = '') => byPair.get([a, b].sort().join(' '));
}

function pairsOf(rows: readonly Row[]): readonly (readonly [Row, Row])[] {
  return rows.flatMap((one, at) => rows.slice(at + 1).map((other) => [one, other] as const));
}

(present ? describe : describe.skip)('the sample of three hospitals', () => {
  it('has every AUTO pair of different hospitals linked, directly', async () => {
    const between = await matched();
    const pairs = pairsOf(await table('patients.csv')).filter(
      ([a, b]) =>
        a['person_id'] === b['person_id'] &&
        a['institution_code'] !== b['institution_code'] &&
        a['link_expectation'] === 'AUTO' &&
        b['link_expectation'] === 'AUTO',
    );
    expect(pairs.length).toBeGreaterThan(40);
    const missed = pairs.filter(
      ([a, b]) => between(a['record_id'], b['record_id'])?.decision !== 'AUTO',
    );
    expect(missed.map(([a, b]) => `${a['record_id']} ${b['record_id']}`)).toEqual([]);
  });

  it('has no false automatic link', async () => {
    const between = await matched();
    const wrong = pairsOf(await table('patients.csv')).filter(
      ([a, b]) =>
        a['person_id'] !== b['person_id'] &&
        between(a['record_id'], b['record_id'])?.decision === 'AUTO',
    );
    expect(wrong).toEqual([]);
  });

  it('drops nothing that is due for review, two charts of one hospital among it', async () => {
    const between = await matched();
    const due = pairsOf(await table('patients.csv')).filter(
      ([a, b]) => a['person_id'] === b['person_id'],
    );
    const dropped = due.filter(([a, b]) => between(a['record_id'], b['record_id']) === undefined);
    expect(dropped.map(([a, b]) => `${a['record_id']} ${b['record_id']}`)).toEqual([]);
    const oneHospital = due.filter(([a, b]) => a['institution_code'] === b['institution_code']);
    expect(oneHospital.map(([a, b]) => between(a['record_id'], b['record_id'])?.isMerge)).toEqual(
      oneHospital.map(() => true),
    );
  });

  it('respects the look-alikes', async () => {
    const between = await matched();
    for (const row of await table('expected_nonlinks.csv')) {
      const decision = between(row['record_a'], row['record_b'])?.decision;
      expect(decision).not.toBe('AUTO');
      if (row['worst_allowed'] === 'NONE') expect(decision).toBeUndefined();
    }
  });

  it('asks a person about no other two people', async () => {
    const between = await matched();
    const asked = pairsOf(await table('patients.csv')).filter(
      ([a, b]) => a['person_id'] !== b['person_id'] && between(a['record_id'], b['record_id']),
    );
    const allowed = new Set(
      (await table('expected_nonlinks.csv')).map((row) => `${row['record_a']} ${row['record_b']}`),
    );
    const strange = asked.filter(([a, b]) => {
      const [x, y] = [a['record_id'], b['record_id']];
      return !allowed.has(`${x} ${y}`) && !allowed.has(`${y} ${x}`);
    });
    expect(strange).toEqual([]);
  });

  it('has no variant that our classes do not fold, but look-alikes of another sense', async () => {
    const rows = (await table('variant_characters.csv')).filter((row) => row['class'] === 'A');
    const open = rows.filter(
      ({ base = '', variant = '' }) => foldedKanji(`試${base}`) !== foldedKanji(`試${variant}`),
    );
    expect(KANJI_CLASSES.length).toBeGreaterThan(60);
    // 埼 is no form of 崎: the kana decide.
    expect(open.map(({ variant }) => variant)).toEqual(['埼']);
  });
});
