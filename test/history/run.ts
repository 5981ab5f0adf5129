import { parseArgs } from 'node:util';
import { compiledStart, type StartRegion, weakenedStart } from '../support/proof-region.ts';
import { startPostgres, type TestPostgres } from '../support/postgres.ts';
import { freshSeed } from '../support/seeded.ts';
import { type HistoryPlan, type HistoryResult, history } from './rounds.ts';
import { WEAKENINGS } from './weakenings.ts';

const USAGE =
  'npm run test:history -- [--engine sqlite|postgres|both] [--rounds N] [--clients N] [--seed N] [--weakened all|none|NAME]';
const { values } = parseArgs({
  options: {
    engine: { type: 'string', default: 'both' },
    rounds: { type: 'string', default: '25' },
    clients: { type: 'string', default: '64' },
    seed: { type: 'string' },
    weakened: { type: 'string', default: 'all' },
  },
});
const [rounds, clients] = [Number(values.rounds), Number(values.clients)];
const seed = values.seed === undefined ? freshSeed() : Number(values.seed);
const engines = values.engine === 'both' ? ['sqlite', 'postgres'] : [values.engine];
const names = Object.keys(WEAKENINGS);
const isSound =
  [rounds, clients].every((one) => Number.isSafeInteger(one) && one > 0) &&
  Number.isSafeInteger(seed) &&
  engines.every((one) => ['sqlite', 'postgres'].includes(one)) &&
  ['all', 'none', ...names].includes(values.weakened);
if (!isSound) {
  console.error(`${USAGE}\n  weakenings: ${names.join(', ')}`);
  process.exit(2);
}

const plan = { seed, clients, rounds, lineages: 4, actions: 16 } as const;
let server: TestPostgres | undefined;

async function run(
  engine: string,
  over: Pick<HistoryPlan, 'start' | 'untilViolation' | 'progress'>,
): Promise<HistoryResult> {
  if (engine === 'sqlite') return await history({ ...plan, ...over });
  server ??= await startPostgres({ max_connections: '100' });
  return await history({ ...plan, ...over, postgres: await server.database() });
}

function print({ outcomes, unknown, steps }: HistoryResult): void {
  const sorted = [...outcomes].sort(([one], [other]) => (one < other ? -1 : 1));
  console.log(`    ${sorted.map(([name, count]) => `${name} ${count}`).join(', ')}`);
  for (const [why, count] of unknown) console.log(`    unknown ${count} times: ${why}`);
  console.log(`    ${steps} configurations looked at`);
}

async function isLinearizable(engine: string, start: StartRegion): Promise<boolean> {
  const result = await run(engine, {
    start,
    progress: (round, { operations, violations }) => {
      if (round % 5 !== 0 && round !== rounds) return;
      console.log(`    round ${round}: ${operations} operations, ${violations.length} violations`);
    },
  });
  const good = result.violations.length === 0;
  console.log(
    `  ${good ? 'ok  ' : 'FAIL'} ${engine}: ${result.rounds} rounds, ${result.operations} operations, ${result.violations.length} violations`,
  );
  print(result);
  for (const violation of result.violations.slice(0, 5)) console.log(`    ${violation}`);
  return good;
}

async function isNoticed(name: string): Promise<boolean> {
  const weakening = WEAKENINGS[name];
  if (weakening === undefined) throw new Error(`nothing is called ${name}`);
  const { start, remove } = await weakenedStart(weakening, 'compiled');
  const { violations, ...result } = await run(weakening.engine, {
    start,
    untilViolation: true,
  }).finally(remove);
  const [first = 'nothing'] = violations;
  console.log(
    `  ${violations.length > 0 ? 'ok  ' : 'FAIL'} ${name}: ${weakening.what}: ${violations.length} violations in ${result.rounds} rounds, ${result.operations} operations`,
  );
  console.log(`    ${[...result.broken].map(([sort, count]) => `${sort} ${count}`).join(', ')}`);
  console.log(`    ${first}`);
  return violations.length > 0;
}

console.log(`history: ${clients} clients, ${rounds} rounds, seed ${seed}`);
const outcomes: boolean[] = [];
try {
  const start = await compiledStart();
  if (values.weakened === 'all' || values.weakened === 'none') {
    for (const engine of engines) outcomes.push(await isLinearizable(engine, start));
  }
  for (const name of names) {
    const isAsked = values.weakened === name;
    const isOfAll = values.weakened === 'all' && engines.includes(WEAKENINGS[name]?.engine ?? '');
    if (isAsked || isOfAll) outcomes.push(await isNoticed(name));
  }
} finally {
  await server?.stop();
}
const good = outcomes.length > 0 && outcomes.every((outcome) => outcome);
console.log(
  good ? 'history: linearizable, and each weakening that was tried was noticed' : 'history: FAILED',
);
process.exit(good ? 0 : 1);
