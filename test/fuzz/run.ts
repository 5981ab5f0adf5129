import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { compiledStart } from '../support/proof-region.ts';
import { freshSeed } from '../support/seeded.ts';
import type { FuzzCount } from './decode-range.ts';
import type { DecodeWork } from './decode-worker.ts';
import { caseOf } from './generate.ts';
import { keepCase } from './kept-cases.ts';
import { fuzzOverTls } from './over-tls.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '90000' },
    'over-tls': { type: 'string', default: '10000' },
    seed: { type: 'string' },
  },
});
const messages = Number(values.messages);
const overTls = Number(values['over-tls']);
const seed = values.seed === undefined ? freshSeed() : Number(values.seed);
if (![messages, overTls, seed].every((number) => Number.isSafeInteger(number) && number >= 0)) {
  console.error('npm run test:fuzz -- [--messages N] [--over-tls N] [--seed N]');
  process.exit(2);
}

const LOOK_EVERY_MS = 5_000;
const STUCK_MS = 30_000;
const WARM_UP = 2_000;

/** Reads the messages in a thread of its own, so that one that is never done with is noticed. */
function decodeWatched(): Promise<FuzzCount> {
  const work: DecodeWork = { seed, messages, at: new SharedArrayBuffer(4) };
  const reached = new Int32Array(work.at);
  // A thread does not inherit what lets this one read TypeScript.
  const entry = JSON.stringify(new URL('./decode-worker.ts', import.meta.url).href);
  const worker = new Worker(
    `import('tsx/esm/api').then(({ register }) => (register(), import(${entry})))`,
    { eval: true, workerData: work },
  );
  return new Promise((resolve, reject) => {
    let last = { index: -1, since: performance.now() };
    const timer = setInterval(async () => {
      const index = Atomics.load(reached, 0);
      console.log(`  ${index} of ${messages}`);
      if (index !== last.index) last = { index, since: performance.now() };
      if (performance.now() - last.since < STUCK_MS) return;
      clearInterval(timer);
      await worker.terminate();
      const file = keepCase(await caseOf(seed, index));
      reject(new Error(`message ${index} is never done with; kept as ${file}`));
    }, LOOK_EVERY_MS);
    worker.once('message', (count: FuzzCount) => {
      clearInterval(timer);
      resolve(count);
    });
    worker.once('error', (error) => {
      clearInterval(timer);
      reject(error);
    });
  });
}

const mebibytes = (bytes: number) => (bytes / 1_048_576).toFixed(1);

let failed = 0;
console.log(`fuzz: ${messages} messages to be decoded, ${overTls} over TLS, seed ${seed}`);
if (messages > 0) {
  const { taken, refused, failures } = await decodeWatched();
  for (const { index, target, file, error } of failures.slice(0, 20)) {
    console.log(`  ${target} ${index}, ${file}: ${error}`);
  }
  failed += failures.length;
  console.log(`fuzz: ${taken} taken, ${refused} refused, ${failures.length} failed, seed ${seed}`);
}
if (overTls > 0) {
  const { answers, growthBytes, peakBytes, findings } = await fuzzOverTls({
    seed,
    messages: overTls,
    warmUp: Math.min(WARM_UP, overTls),
    start: await compiledStart(),
    progress: (sent) => {
      if (sent % 1_000 === 0) console.log(`  ${sent} over TLS`);
    },
  });
  for (const finding of findings.slice(0, 30)) console.log(`  ${finding}`);
  failed += findings.length;
  const counts = [...answers].map(([status, count]) => `${count} ${status}`).join(', ');
  console.log(
    `fuzz: over TLS ${counts}; grown by ${mebibytes(growthBytes)} MiB ` +
      `(at most ${mebibytes(peakBytes)} MiB at any time), ${findings.length} findings, seed ${seed}`,
  );
}
console.log(failed === 0 ? 'fuzz: only refusals' : 'fuzz: FAILED');
process.exit(failed === 0 ? 0 : 1);
