import { parseArgs } from 'node:util';
import { type TestPostgres, startPostgres } from '../support/postgres.ts';
import { compiledStart } from '../support/proof-region.ts';
import { freshSeed } from '../support/seeded.ts';
import { type CrashPlan, crash } from './rounds.ts';
import { deliver } from './wide-area-delivery.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string' },
    seed: { type: 'string' },
    postgres: { type: 'boolean', default: false },
  },
});
const rounds = Number(values.rounds ?? (values.postgres ? '25' : '200'));
const seed = values.seed === undefined ? freshSeed() : Number(values.seed);
if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed)) {
  console.error('npm run test:crash -- [--postgres] [--rounds N] [--seed N]');
  process.exit(2);
}

/** @returns the number of findings */
async function run(name: string, over: Pick<CrashPlan, 'postgres' | 'kills'>): Promise<number> {
  console.log(`${name}: ${rounds} rounds, seed ${seed}`);
  const result = await crash({
    rounds,
    seed,
    start,
    ...over,
    progress: ({ round, sent, acknowledged }) => {
      if (round % 10 === 0 || round === rounds) {
        console.log(`  round ${round}: ${sent} sent, ${acknowledged} acknowledged`);
      }
    },
  });
  const { findings, sent, acknowledged, interrupted, leftInSpool } = result;
  for (const finding of findings.slice(0, 50)) console.log(`  ${finding}`);
  console.log(
    `${name}: ${rounds} rounds, ${sent} sent, ${acknowledged} acknowledged, ${interrupted} cut off, ` +
      `${leftInSpool} files swept from the spool, ${findings.length} findings, seed ${seed}`,
  );
  return findings.length;
}

/** So many rounds of submissions for one of a region that feeds a wide-area id service. */
const ROUNDS_FOR_DELIVERY = 8;

/** @returns the number of findings */
async function runDelivery(): Promise<number> {
  const some = Math.max(3, Math.ceil(rounds / ROUNDS_FOR_DELIVERY));
  console.log(`crash between a change and the wide-area id service: ${some} rounds, seed ${seed}`);
  const { findings, acknowledged, above } = await deliver({ rounds: some, seed, start });
  for (const finding of findings.slice(0, 50)) console.log(`  ${finding}`);
  console.log(
    `crash before delivery: ${some} rounds, ${acknowledged} changes acknowledged, ${above} known to the service, ` +
      `${findings.length} findings, seed ${seed}`,
  );
  return findings.length;
}

/** The process first, then the postmaster under it. */
async function runOnPostgres(postgres: TestPostgres): Promise<number> {
  try {
    const ours = await run('crash of our process on PostgreSQL', { postgres });
    return ours + (await run('crash of the postmaster', { postgres, kills: 'postmaster' }));
  } finally {
    await postgres.stop();
  }
}

const start = await compiledStart();
const findings = values.postgres
  ? await runOnPostgres(await startPostgres())
  : (await run('crash', {})) + (await runDelivery());
console.log(findings === 0 ? 'crash: nothing lost, nothing half there' : 'crash: FAILED');
process.exit(findings === 0 ? 0 : 1);
