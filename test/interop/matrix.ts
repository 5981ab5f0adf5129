import {
  CASE_NAMES,
  type CaseName,
  type Direction,
  FURTHER_NAMES,
  type InteropCase,
} from './interop-case.ts';
import { type PeerOfTheMatrix, PEERS, peerOf } from './peers.ts';

/** What one cell came to; `why` where it does not hold. */
export interface Outcome {
  readonly transaction: string;
  readonly direction: Direction;
  readonly name: CaseName;
  readonly peer?: string;
  readonly why?: string;
}

const DIRECTIONS: readonly Direction[] = ['inward', 'outward'];
const ALL_NAMES: readonly CaseName[] = [...CASE_NAMES, ...FURTHER_NAMES];

const shortOf = (outcome: Pick<Outcome, 'peer'>) =>
  PEERS.find(({ name }) => name === peerOf(outcome))?.short ?? peerOf(outcome);

/** `zeep asks Kakehashi` */
function directionText(outcome: Pick<Outcome, 'peer' | 'direction'>): string {
  const peer = shortOf(outcome);
  const known = PEERS.find(({ name }) => name === peerOf(outcome));
  if (outcome.direction === 'outward' && known?.outward) return known.outward;
  return outcome.direction === 'inward' ? `${peer} asks Kakehashi` : `Kakehashi asks ${peer}`;
}

/** Peers in the order of the page; one that `peers.ts` does not know comes last. */
function peersIn(outcomes: readonly Outcome[]): readonly string[] {
  const found = new Set(outcomes.map(peerOf));
  const known = PEERS.map(({ name }) => name).filter((name) => found.has(name));
  return [...new Set([...known, ...found])];
}

/** The matrix of one peer: transaction, direction and case, one row for each direction that it has. */
export function matrixOf(outcomes: readonly Outcome[]): readonly (readonly string[])[] {
  const names = ALL_NAMES.filter((name) => outcomes.some((one) => one.name === name));
  const transactions = [...new Set(outcomes.map(({ transaction }) => transaction))];
  const rows = transactions.flatMap((transaction) =>
    DIRECTIONS.flatMap((direction) => {
      const [first, ...others] = outcomes.filter(
        (one) => one.transaction === transaction && one.direction === direction,
      );
      if (!first) return [];
      const cells = names.map((name) => cellOf([first, ...others], name));
      return [[transaction, shortOf(first), directionText(first), ...cells]];
    }),
  );
  return [['transaction', 'peer', 'direction', ...names], ...rows];
}

function cellOf(outcomes: readonly Outcome[], name: InteropCase['name']): string {
  const found = outcomes.find((one) => one.name === name);
  if (!found) return '-';
  return found.why === undefined ? 'ok' : 'FAILS';
}

/** The matrix for a terminal, peer after peer. */
export function plainMatrix(outcomes: readonly Outcome[]): string {
  return peersIn(outcomes)
    .map((peer) => plainRows(matrixOf(outcomes.filter((one) => peerOf(one) === peer))))
    .join('\n\n');
}

function plainRows(rows: readonly (readonly string[])[]): string {
  const [head = []] = rows;
  const widths = head.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const HEAD = [
  '# Interoperability',
  '',
  'Written by `npm run interop` from its results. Strangers’ software stands at the other end of the wire, on mutual TLS',
  'with certificates of the trial CA; see `test/interop/README.md` for how it is run, and `docs/interop-notes/` for what it',
  'found.',
  '',
].join('\n');

/**
 * `docs/interop.md`: the same from the same results, whenever it is run.
 * @param before the page as it was: a peer that did not run keeps its section
 */
export function interopPage(outcomes: readonly Outcome[], before = ''): string {
  const sections = new Map(sectionsOf(before));
  for (const peer of peersIn(outcomes)) {
    const known = PEERS.find(({ name }) => name === peer);
    sections.set(
      peer,
      sectionOf(
        peer,
        outcomes.filter((one) => peerOf(one) === peer),
        known,
      ),
    );
  }
  const known = PEERS.map(({ name }) => name).filter((name) => sections.has(name));
  const order = new Set([...known, ...sections.keys()]);
  return [HEAD, ...[...order].map((peer) => sections.get(peer) ?? '')].join('\n');
}

/** Each peer's section of a page, by the peer's name. */
function sectionsOf(page: string): readonly (readonly [string, string])[] {
  return page
    .split(/^(?=## )/m)
    .filter((section) => section.startsWith('## '))
    .map((section) => [section.slice(3, section.indexOf('\n')), `${section.trimEnd()}\n`]);
}

function sectionOf(
  peer: string,
  outcomes: readonly Outcome[],
  known: PeerOfTheMatrix | undefined,
): string {
  const [head = [], ...rows] = matrixOf(outcomes);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const failing = outcomes.filter(({ why }) => why !== undefined);
  const fails = failing.map(
    (one) => `- ${one.transaction}, ${directionText(one)}, ${one.name}: ${one.why}`,
  );
  return [
    `## ${peer}`,
    '',
    ...(known ? [...known.about, ''] : []),
    line(head),
    line(head.map(() => '---')),
    ...rows.map(line),
    ...(fails.length === 0 ? [] : ['', 'What fails:', '', ...fails]),
    '',
  ].join('\n');
}
