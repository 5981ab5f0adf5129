import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openDatabase } from '../../../gateway/stores/database.ts';
import { SqlRegistryStore } from '../../../gateway/stores/sql-registry-store.ts';
import { affinityDomainOf, refusalsOfCodes } from '../../../profiles/xds/affinity-domain.ts';
import { refusalsOfSubmission } from '../../../profiles/xds/metadata-rules.ts';
import { benchPatient } from '../../../scripts/bench/bench-region.ts';
import { type Row, tableOf } from '../../../scripts/bench/figures.ts';
import { fillStore } from '../../../scripts/bench/scale-fill.ts';
import { Dice, SCALE_CODE_SETS, submissionsOf } from '../../../scripts/bench/scale-generator.ts';
import { growSqlite } from '../../../scripts/bench/scale-growth.ts';
import { scaleScene } from '../../../scripts/bench/scale-scene.ts';

const now = () => new Date('2030-04-01T09:15:00Z');

describe('The generator of the large registry', () => {
  const made = (seed: number) => [...submissionsOf(30, new Dice(seed))];

  it('makes the same submissions of the same seed, and others of another', () => {
    expect(made(1)).toEqual(made(1));
    expect(made(2)).not.toEqual(made(1));
  });

  it('makes submissions that the registry would take', () => {
    const domain = affinityDomainOf(SCALE_CODE_SETS, 'refuse');
    for (const { objects } of made(1)) {
      expect(refusalsOfSubmission(objects, { column: 'XDS DR' })).toEqual([]);
      expect(refusalsOfCodes(objects, domain)).toEqual([]);
    }
  });
});

describe('A registry that has grown', () => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kakehashi-scale-'));
  });

  afterEach(() => rm(directory, { recursive: true }));

  it('has ten entries for each of its patients, old and new, and all that belongs to them', async () => {
    const [small, large] = [join(directory, 'small.db'), join(directory, 'large.db')];
    await fillStore(small, 10);
    await growSqlite(small, large, { patients: 10, times: 12, say: () => {} });
    const database = await openDatabase({ file: large, now });
    await new SqlRegistryStore(database).look(async (reader) => {
      const seen = new Set<string>();
      for (let n = 0; n < 120; n += 1) {
        const patientId = benchPatient(n);
        expect(await reader.knows(patientId)).toBe(true);
        const entries = await reader.find({ kind: 'DocumentEntry', patientId }, 100);
        const sets = await reader.find({ kind: 'SubmissionSet', patientId }, 100);
        expect([entries.length, sets.length]).toEqual([10, 6]);
        const source = sets.map(({ id }) => id);
        const members = await reader.associationsOf({ source }, 100);
        expect(members.map(({ targetObject }) => targetObject).sort()).toEqual(
          entries.map(({ id }) => id).sort(),
        );
        for (const { id, uniqueId, patientId: shown } of entries) {
          expect(shown).toEqual(patientId);
          seen.add(id).add(uniqueId ?? '');
        }
      }
      expect(seen.size).toBe(2 * 1_200);
    });
    await database.close();
  });

  it('is measured beside the small one', async () => {
    const rows: Row[] = [];
    await scaleScene({
      directory,
      patients: 20,
      times: 10,
      postgres: undefined,
      rounds: 1,
      roundMs: 200,
      prefix: [],
      now: () => new Date(),
      say: () => {},
      add: (row) => rows.push(row),
    });
    const bound = rows.filter((row) => row.bound === 'at most 1.3');
    expect(bound.map(({ name }) => name)).toEqual([
      'SQLite: ITI-18, 10 entries, 1 connections',
      'SQLite: ITI-18, 10 entries, 16 connections',
      'SQLite: ITI-42, 1 entry, 1 connections',
      'SQLite: ITI-42, 1 entry, 16 connections',
    ]);
    for (const { ratio } of bound) expect(ratio?.median).toBeGreaterThan(0);
    expect(tableOf(rows, ['200 entries', '2000 entries'])).toContain('2000 entries');
  }, 120_000);
});
