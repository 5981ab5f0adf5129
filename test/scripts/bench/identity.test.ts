import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Row } from '../../../scripts/bench/figures.ts';
import { PDQ_SHAPES } from '../../../scripts/bench/identity-requests.ts';
import { identityScene } from '../../../scripts/bench/identity-scene.ts';

describe('A region that knows many registrations', () => {
  let directory: string;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'kakehashi-identity-'));
  });

  afterAll(() => rm(directory, { recursive: true }));

  it('is asked by kana, by id and fed beside one that knows few, and every query finds somebody', async () => {
    const rows: Row[] = [];
    const said: string[] = [];
    await identityScene({
      directory,
      small: 100,
      large: 400,
      rounds: 1,
      queries: 20,
      prefix: [],
      now: () => new Date(),
      say: (line) => said.push(line),
      add: (row) => rows.push(row),
    });
    const bound = rows.filter((row) => row.bound === 'at most 1.5');
    expect(bound.map(({ name }) => name)).toEqual([
      'SQLite: ITI-47, kana and birth date, 1 connections',
      'SQLite: ITI-47, kana and birth date, 16 connections',
      'SQLite: ITI-47, beginnings of kana and birth date, 1 connections',
      'SQLite: ITI-47, beginnings of kana and birth date, 16 connections',
      'SQLite: PIX query (ITI-45), 1 connections',
      'SQLite: PIX query (ITI-45), 16 connections',
      'SQLite: feed (ITI-44), 1 connections',
      'SQLite: feed (ITI-44), 16 connections',
    ]);
    for (const { ratio } of bound) expect(ratio?.median).toBeGreaterThan(0);
    expect(said.filter((line) => line.includes('patients an answer'))).toHaveLength(4);
  }, 120_000);

  it('is asked for how full-width kana begin, whatever the width in which they were registered', () => {
    const asked = PDQ_SHAPES['beginnings of kana and birth date'];
    const half = { family: 'ﾊﾞﾝﾄﾞｳ', given: ['ﾀﾛｳ'], representation: 'SYL' as const };
    expect(asked(half)).toEqual({ family: 'バン*', given: ['タ*'], representation: 'SYL' });
  });
});
