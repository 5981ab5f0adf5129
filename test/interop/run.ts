import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ALL_CASES } from './all-cases.ts';
import { interopPage, type Outcome, plainMatrix } from './matrix.ts';
import { buildPeer, missingTools, peerVersion } from './peer.ts';
import { writeRecordings } from './recorder.ts';
import { InteropWorld } from './world.ts';

const PAGE = fileURLToPath(new URL('../../docs/interop.md', import.meta.url));

const { values } = parseArgs({
  options: {
    /** Missing tools are a failure. */
    required: { type: 'boolean', default: false },
    /** Cells whose `ITI-nn direction case` this pattern fits; the page stays as it is. */
    only: { type: 'string' },
    /** The folder of the run stays, with the logs of both sides. */
    keep: { type: 'boolean', default: false },
    /** Stores what went over the wire in test/messages/interop/. */
    record: { type: 'boolean', default: false },
    /** The page must be what this run gives. */
    check: { type: 'boolean', default: false },
  },
});

const missing = missingTools();
if (missing.length > 0) {
  console.log(`interop: skipped, this machine lacks ${missing.join(' and ')}`);
  process.exit(values.required ? 1 : 0);
}

const only = values.only === undefined ? undefined : new RegExp(values.only);
const cases = ALL_CASES.filter(
  ({ transaction, direction, name }) =>
    // What is recorded stays small.
    !(values.record && name === 'large') &&
    (only === undefined || only.test(`${transaction} ${direction} ${name}`)),
);
buildPeer();
const version = peerVersion();
console.log(`interop: ${cases.length} cases against IPF ${version}`);
const world = await InteropWorld.start({ record: values.record });
const outcomes: Outcome[] = [];
try {
  for (const one of cases) outcomes.push(await outcomeOf(one));
} finally {
  await world.stop({ keep: values.keep });
  if (values.keep) console.log(`interop: logs in ${world.folder}`);
}
console.log(plainMatrix(outcomes));
for (const { transaction, direction, name, why } of outcomes) {
  if (why !== undefined) console.log(`FAILS ${transaction} ${direction} ${name}: ${why}`);
}
if (values.record)
  console.log(`interop: ${await writeRecordings(world.recorded())} messages recorded`);
const failed = outcomes.filter(({ why }) => why !== undefined).length;
process.exit(failed > 0 || !pageHolds() ? 1 : 0);

async function outcomeOf({ run, ...cell }: (typeof cases)[number]) {
  try {
    world.mark(cell);
    await run(world);
    return cell;
  } catch (error) {
    return { ...cell, why: error instanceof Error ? error.message : String(error) };
  }
}

/** Writes the page from a whole run, or compares it. */
function pageHolds(): boolean {
  if (only !== undefined || values.record) return true;
  const page = interopPage(outcomes, version);
  if (!values.check) {
    writeFileSync(PAGE, page);
    return true;
  }
  if (readFileSync(PAGE, 'utf8') === page) return true;
  console.log('interop: docs/interop.md is not what this run gives; run npm run interop');
  return false;
}
