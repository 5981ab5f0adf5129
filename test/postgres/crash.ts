import { parseArgs } from 'node:util';
import { setTimeout as pause } from 'node:timers/promises';
import { openDatabase, type Reads, type Writes } from '../../gateway/stores/database.ts';
import { NOTES, type NoteTables } from '../support/database-suite.ts';
import { seededRandom } from '../support/random.ts';
import { startPostgres } from '../support/postgres.ts';

/**
 * `tsx test/postgres/crash.ts [--rounds N] [--seed N]` kills the postmaster with SIGKILL at a random instant of many writes,
 * round after round: what was acknowledged is there afterwards, and no write is half there.
 */
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '25' },
    seed: { type: 'string', default: '20300401' },
  },
});
const [rounds, seed] = [Number(values.rounds), Number(values.seed)];
const random = seededRandom(seed);
const server = await startPostgres();
const url = await server.database();
const database = await openDatabase({
  kind: 'postgres',
  url,
  now: () => new Date(),
  migrations: [NOTES],
});
const acknowledged = new Set<number>();
const findings: string[] = [];
let sent = 0;
let unknown = 0;

/** Two rows a write: a number and its negative. */
const write = (number: number) =>
  database.write(async (queries: Writes<NoteTables>) => {
    for (const one of [number, -number]) {
      await queries.insertInto('note').values({ number: one, text: null, octets: null }).execute();
    }
  });

async function writeUntil(state: { killed: boolean }): Promise<void> {
  while (!state.killed) {
    sent += 1;
    const number = sent;
    try {
      await write(number);
      acknowledged.add(number);
    } catch (error) {
      if ((error as Error).name === 'WriteOutcomeUnknown') unknown += 1;
      return;
    }
  }
}

async function verify(round: number): Promise<void> {
  const rows = await database.read((queries: Reads<NoteTables>) =>
    queries.selectFrom('note').select('number').execute(),
  );
  const there = new Set(rows.map(({ number }) => number));
  for (const number of acknowledged) {
    if (!there.has(number)) findings.push(`round ${round}: ${number} was acknowledged and is lost`);
  }
  for (const number of there) {
    if (!there.has(-number)) findings.push(`round ${round}: ${number} is half there`);
  }
}

console.log(`crash of PostgreSQL: ${rounds} rounds, seed ${seed}`);
for (let round = 1; round <= rounds; round += 1) {
  const state = { killed: false };
  const writing = Array.from({ length: 16 }, () => writeUntil(state));
  await pause(50 + random() * 600);
  await server.kill();
  state.killed = true;
  await Promise.all(writing);
  await server.start();
  await verify(round);
}
await database.close();
await server.stop();
for (const finding of findings.slice(0, 50)) console.log(`  ${finding}`);
console.log(
  `crash of PostgreSQL: ${sent} sent, ${acknowledged.size} acknowledged, ${unknown} unknown, ${findings.length} findings, seed ${seed}`,
);
process.exitCode = findings.length === 0 ? 0 : 1;
