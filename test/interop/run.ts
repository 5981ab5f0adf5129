import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { ALL_CASES } from './all-cases.ts';
import { interopPage, type Outcome, plainMatrix } from './matrix.ts';
import { IN_JAVA, PEERS, peerOf } from './peers.ts';
import { writeRecordings } from './recorder.ts';
import { InteropWorld } from './world.ts';

const PAGE = fileURLToPath(new URL('../../docs/interop.md', import.meta.url));

const { values } = parseArgs({
  options: {
    /** Missing tools are a failure. */
    required: { type: 'boolean', default: false },
    /** Cells whose `peer ITI-nn direction case` this pattern fits; the page stays as it is. */
    only: { type: 'string' },
    /** The folder of the run stays, with the logs of both sides. */
    keep: { type: 'boolean', default: false },
    /** Stores what went over the wire in test/messages/interop/. */
    record: { type: 'boolean', default: false },
    /** The page must be what this run gives, as far as its peers go. */
    check: { type: 'boolean', default: false },
  },
});

const only = values.only === undefined ? undefined : new RegExp(values.only);
const asked = ALL_CASES.filter((one) => {
  const { transaction, direction, name } = one;
  // What is recorded stays small and whole, and behind the tap everybody is the hospital.
  if (values.record && /large$|^fault$|^each code$/.test(name)) return false;
  return only === undefined || only.test(`${peerOf(one)} ${transaction} ${direction} ${name}`);
});
const skipped = new Map(
  PEERS.filter(({ name }) => asked.some((one) => peerOf(one) === name)).flatMap((peer) => {
    const why = peer.prepare();
    return why === undefined ? [] : [[peer.name, why] as const];
  }),
);
const cases = asked.filter((one) => !skipped.has(peerOf(one)));
const peers = [...new Set(cases.map(peerOf))];
console.log(`interop: ${cases.length} cases against ${peers.join(', ') || 'nobody'}`);
const world = await InteropWorld.start({
  record: values.record,
  ipf: peers.some((peer) => IN_JAVA.includes(peer)),
});
const outcomes: Outcome[] = [];
try {
  for (const one of cases) outcomes.push(await outcomeOf(one));
} finally {
  await world.stop({ keep: values.keep });
  if (values.keep) console.log(`interop: logs in ${world.folder}`);
}
console.log(plainMatrix(outcomes));
const failures = outcomes.filter(({ why }) => why !== undefined);
for (const one of failures) {
  console.log(`FAILS ${peerOf(one)} ${one.transaction} ${one.direction} ${one.name}: ${one.why}`);
}
for (const [peer, why] of skipped) console.log(`interop: ${peer} skipped, ${why}`);
if (values.record) {
  console.log(`interop: ${await writeRecordings(world.recorded(), cases)} messages recorded`);
}
const lacks = values.required && skipped.size > 0;
process.exit(failures.length > 0 || lacks || !pageHolds() ? 1 : 0);

async function outcomeOf({ run, ...cell }: (typeof cases)[number]): Promise<Outcome> {
  try {
    world.mark(cell);
    await run(world);
    return cell;
  } catch (error) {
    return { ...cell, why: error instanceof Error ? error.message : String(error) };
  }
}

/** Writes the page from a whole run, or compares it; a peer that was skipped keeps its section. */
function pageHolds(): boolean {
  if (only !== undefined || values.record) return true;
  const before = readFileSync(PAGE, 'utf8');
  const page = interopPage(outcomes, before);
  if (!values.check) {
    writeFileSync(PAGE, page);
    return true;
  }
  if (before === page) return true;
  console.log('interop: docs/interop.md is not what this run gives; run npm run interop');
  return false;
}
