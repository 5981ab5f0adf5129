import Sequencer from '@jest/test-sequencer';

/** What takes longest, by its path from `test/`, the longest first: what jest finds out by itself, but not in a fresh clone. */
const LONGEST = [
  'history/history',
  'crash/crash',
  'gateway/stores/postgres-database',
  'fuzz/fuzz',
  'scenarios/v2-and-v3',
  'gateway/stores/sql-registry-store',
  'gateway/stores/file-document-store',
  'gateway/queue/embedded-retrieval-queue',
  'scenarios/wide-area',
  'gateway/stores/document-verification',
  'scripts/processes',
  'scripts/migrate',
  'scripts/bench/scale',
  'gateway/inbound/schema-theirs',
  'gateway/stores/sqlite-copy',
  'profiles/catalogue',
];

/** jest's order, but for the longest suites: they come first, so that no worker is left alone with one at the end. */
class LongestFirst extends Sequencer {
  sort(tests) {
    const rank = ({ path }) => {
      const at = LONGEST.findIndex((name) => path.endsWith(`/test/${name}.test.ts`));
      return at < 0 ? LONGEST.length : at;
    };
    return [...super.sort(tests)].sort((a, b) => rank(a) - rank(b));
  }
}

// biome-ignore lint/style/noDefaultExport: jest reads a sequencer from the default export.
export default LongestFirst;
