import { parseArgs } from 'node:util';
import { compiledStart } from '../support/proof-region.ts';
import { freshSeed } from '../support/seeded.ts';
import { crash } from './rounds.ts';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '200' }, seed: { type: 'string' } },
});
const rounds = Number(values.rounds);
const seed = values.seed === undefined ? freshSeed() : Number(values.seed);
if (!Number.isSafeInteger(rounds) || rounds < 1 || !Number.isSafeInteger(seed)) {
  console.error('npm run test:crash -- [--rounds N] [--seed N]');
  process.exit(2);
}

console.log(`crash: ${rounds} rounds, seed ${seed}`);
const result = await crash({
  rounds,
  seed,
  start: await compiledStart(),
  progress: ({ round, sent, acknowledged }) => {
    if (round % 10 === 0 || round === rounds) {
      console.log(`  round ${round}: ${sent} sent, ${acknowledged} acknowledged`);
    }
  },
});
const { findings, sent, acknowledged, interrupted, leftInSpool } = result;
for (const finding of findings.slice(0, 50)) console.log(`  ${finding}`);
console.log(
  `crash: ${rounds} rounds, ${sent} sent, ${acknowledged} acknowledged, ${interrupted} cut off, ` +
    `${leftInSpool} files swept from the spool, ${findings.length} findings, seed ${seed}`,
);
console.log(findings.length === 0 ? 'crash: nothing lost, nothing half there' : 'crash: FAILED');
process.exit(findings.length === 0 ? 0 : 1);
