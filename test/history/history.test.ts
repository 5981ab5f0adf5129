import { describeWithPostgres, startPostgres, type TestPostgres } from '../support/postgres.ts';
import { removeTranspiled, transpiledStart, weakenedStart } from '../support/proof-region.ts';
import { history } from './rounds.ts';
import { WEAKENINGS } from './weakenings.ts';

afterAll(removeTranspiled);

/** Small: 64 clients, a few documents, once; `npm run test:history` goes on for longer. */
const PLAN = { seed: 20_260_101, clients: 64, rounds: 1, lineages: 3, actions: 5 } as const;
/** A weakening shows itself by chance: rounds follow until it has. */
const WEAKENED = { ...PLAN, rounds: 20, lineages: 2, untilViolation: true } as const;
const LONGEST_MS = 300_000;

/** Rounds with the product weakened, until it shows. */
async function violationsOf(name: string, postgres?: string): Promise<readonly string[]> {
  const weakening = WEAKENINGS[name];
  if (weakening === undefined) throw new Error(`nothing is called ${name}`);
  const { start, remove } = await weakenedStart(weakening, 'transpiled');
  return (await history({ ...WEAKENED, start, postgres }).finally(remove)).violations;
}

describe('The lifecycle of a document that 64 clients work on at once, over SQLite', () => {
  it(
    'is that of a registry which does one thing after the other',
    async () => {
      const { violations, operations, unknown } = await history({
        ...PLAN,
        start: await transpiledStart(),
      });
      expect(violations).toEqual([]);
      expect([...unknown]).toEqual([]);
      expect(operations).toBeGreaterThan(PLAN.clients * PLAN.actions);
    },
    LONGEST_MS,
  );

  it(
    'is not where the writes of a commit run beside each other',
    async () => {
      expect(await violationsOf('sqlite-writes')).not.toEqual([]);
    },
    LONGEST_MS,
  );
});

describeWithPostgres(
  'The lifecycle of a document that 64 clients work on at once, over two processes on one PostgreSQL',
  () => {
    let server: TestPostgres;

    beforeAll(async () => {
      server = await startPostgres();
    });

    afterAll(() => server.stop());

    it(
      'is that of a registry which does one thing after the other',
      async () => {
        const postgres = await server.database();
        const { violations, operations, unknown } = await history({
          ...PLAN,
          start: await transpiledStart(),
          postgres,
        });
        expect(violations).toEqual([]);
        expect([...unknown]).toEqual([]);
        expect(operations).toBeGreaterThan(PLAN.clients * PLAN.actions);
      },
      LONGEST_MS,
    );

    it(
      'is not where writes are READ COMMITTED instead of SERIALIZABLE',
      async () => {
        const postgres = await server.database();
        expect(await violationsOf('postgres-writes', postgres)).not.toEqual([]);
      },
      LONGEST_MS,
    );
  },
);
