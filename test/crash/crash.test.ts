import { describeWithPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { removeTranspiled, transpiledStart } from '../support/proof-region.ts';
import { crash } from './rounds.ts';
import { deliver } from './wide-area-delivery.ts';

afterAll(removeTranspiled);

describe('A process that is killed during submissions', () => {
  it('has lost nothing that it acknowledged, and shows nothing by half', async () => {
    const result = await crash({ rounds: 3, seed: 20_260_101, start: await transpiledStart() });
    expect(result.findings).toEqual([]);
    expect(result.acknowledged).toBeGreaterThan(0);
  }, 180_000);
});

describe('A region that is killed between a change and its delivery to the wide-area id service', () => {
  it('has told the service every change in the end, each once and in order', async () => {
    const result = await deliver({ rounds: 3, seed: 20_260_103, start: await transpiledStart() });
    expect(result.findings).toEqual([]);
    expect(result.acknowledged).toBeGreaterThan(3);
    expect(result.above).toBeGreaterThanOrEqual(result.acknowledged);
  }, 120_000);
});

describeWithPostgres('A region on PostgreSQL', () => {
  let postgres: TestPostgres;

  beforeAll(async () => {
    postgres = await startPostgres();
  });

  afterAll(() => postgres.stop());

  it.each(['process', 'postmaster'] as const)(
    'has lost nothing that it acknowledged, and shows nothing by half, when the %s is killed',
    async (kills) => {
      const plan = { rounds: 1, seed: 20_260_102, start: await transpiledStart(), postgres, kills };
      const result = await crash(plan);
      expect(result.findings).toEqual([]);
      expect(result.acknowledged).toBeGreaterThan(0);
    },
    180_000,
  );
});
