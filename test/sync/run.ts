import { parseArgs } from 'node:util';
import { compiledStart } from '../support/proof-region.ts';
import { KINDS, type Kind, type Violation } from './judge.ts';
import { traceSubmissions, whyNotTraceable } from './traced-region.ts';

const { values } = parseArgs({
  options: { without: { type: 'string' }, times: { type: 'string', default: '10' } },
});
const times = Number(values.times);
const only = KINDS.find((kind) => kind === values.without);
if ((values.without !== undefined && !only) || !Number.isSafeInteger(times) || times < 1) {
  console.error(`npm run test:sync -- [--without ${KINDS.join('|')}] [--times N]`);
  process.exit(2);
}
const reason = whyNotTraceable();
if (reason !== undefined) {
  console.error(`sync: nothing is proven: ${reason}`);
  process.exit(2);
}

const start = await compiledStart();

/** One line for each way in which something was not at rest, with how often. */
function linesOf(violations: readonly Violation[]): string[] {
  const counts = new Map<string, number>();
  for (const { kind, transaction, what } of violations) {
    const line = `${transaction}, ${kind}: ${what}`;
    counts.set(line, (counts.get(line) ?? 0) + 1);
  }
  return [...counts].map(([line, count]) => `    ${line} (${count})`);
}

/** Everything at rest: nothing found. One sync taken away: that one found, and no other. */
async function isAsExpected(without: Kind | undefined): Promise<boolean> {
  const { requests, violations } = await traceSubmissions({ start, times, without });
  const found = new Set(violations.map(({ kind }) => kind));
  const expected = without === undefined ? [] : [without];
  const good = found.size === expected.length && expected.every((kind) => found.has(kind));
  const what = without === undefined ? 'every sync in place' : `without the ${without}'s sync`;
  const came =
    found.size === 0 ? 'nothing left before its syncs' : `found: ${[...found].join(', ')}`;
  console.log(`  ${good ? 'ok  ' : 'FAIL'} ${what}: ${requests} requests, ${came}`);
  for (const line of linesOf(violations)) console.log(line);
  return good;
}

console.log('sync: ITI-41, ITI-42 and ITI-44 under strace');
// `--without KIND` alone is the check as it stands, which then has to fail.
if (only) {
  const { violations } = await traceSubmissions({ start, times, without: only });
  for (const line of linesOf(violations)) console.log(line);
  console.log(violations.length === 0 ? 'sync: nothing found' : 'sync: FAILED, as it has to');
  process.exit(violations.length === 0 ? 0 : 1);
}
const outcomes: boolean[] = [];
for (const without of [undefined, ...KINDS]) outcomes.push(await isAsExpected(without));
const good = outcomes.every((outcome) => outcome);
console.log(good ? 'sync: proven, and each missing sync was noticed' : 'sync: FAILED');
process.exit(good ? 0 : 1);
