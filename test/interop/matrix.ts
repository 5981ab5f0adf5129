import {
  CASE_NAMES,
  type CaseName,
  type Direction,
  type InteropCase,
  IPF_PEER,
} from './interop-case.ts';

/** What one cell came to; `why` where it does not hold. */
export interface Outcome {
  readonly peer?: string;
  readonly transaction: string;
  readonly direction: Direction;
  readonly name: CaseName;
  readonly why?: string;
}

const DIRECTIONS: readonly Direction[] = ['inward', 'outward'];
const directionText = (direction: Direction, peer: string): string =>
  direction === 'inward' ? `${peer} asks Kakehashi` : `Kakehashi asks ${peer}`;
const peerOf = ({ peer = IPF_PEER }: Pick<InteropCase, 'peer'>): string => peer;

/** Why a transaction has no such cell. The keys are `ITI-nn case`, or `* case` for all that are not named. */
const ABSENT: Readonly<Record<string, string>> = {
  empty: 'an answer without a result is one of queries alone',
  partial: 'an answer in part is one of XCA, of retrievals and of the removal of documents alone',
  Japanese: 'the messages carry identifiers and codes alone',
  large: 'the messages carry no document',
};

/** Our answers in part to ITI-38 would need a registry that answers in part, and ours has no such answer. */
const INWARD_ONLY_ABSENT = [{ transaction: 'ITI-38', name: 'partial' }] as const;

/** The matrix as text: peer after peer, transaction, direction and case, one row for each direction that is run. */
export function matrixOf(outcomes: readonly Outcome[]): readonly (readonly string[])[] {
  const peers = [...new Set(outcomes.map(peerOf))];
  const rows = peers.flatMap((peer) =>
    rowsOf(
      peer,
      outcomes.filter((one) => peerOf(one) === peer),
    ),
  );
  return [['transaction', 'peer', 'direction', ...CASE_NAMES], ...rows];
}

function rowsOf(peer: string, outcomes: readonly Outcome[]): readonly (readonly string[])[] {
  const transactions = [...new Set(outcomes.map(({ transaction }) => transaction))];
  return transactions.flatMap((transaction) => {
    const own = outcomes.filter((one) => one.transaction === transaction);
    return DIRECTIONS.filter((direction) => own.some((one) => one.direction === direction)).map(
      (direction) => [
        transaction,
        peer,
        directionText(direction, peer),
        ...CASE_NAMES.map((name) => cellOf(own, { transaction, direction, name })),
      ],
    );
  });
}

function cellOf(
  outcomes: readonly Outcome[],
  cell: Pick<InteropCase, 'transaction' | 'direction' | 'name'>,
): string {
  const found = outcomes.find(
    (one) =>
      one.transaction === cell.transaction &&
      one.direction === cell.direction &&
      one.name === cell.name,
  );
  if (!found) return '-';
  return found.why === undefined ? 'ok' : 'FAILS';
}

/** The matrix for a terminal. */
export function plainMatrix(outcomes: readonly Outcome[]): string {
  const rows = matrixOf(outcomes);
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

/** `docs/interop.md`: the same from the same results, whenever it is run. */
export function interopPage(outcomes: readonly Outcome[], version: string): string {
  const [head = [], ...rows] = matrixOf(outcomes);
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const failing = outcomes.filter(({ why }) => why !== undefined);
  return [
    '# Interoperability',
    '',
    'Written by `npm run interop` from its results. Strangers’ software stands at the other end of the wire, on mutual TLS',
    'with certificates of the trial CA; see `test/interop/README.md` for how it is run, and `docs/interop-notes/` for what it',
    'found.',
    '',
    `Peer: Open eHealth IPF ${version} (Java 17, Apache Camel, Apache CXF, Tomcat).`,
    '',
    '- **IPF asks Kakehashi**: IPF’s client, our server. IPF’s validators take what it sent and what we answered.',
    '- **Kakehashi asks IPF**: our client, for ITI-38, 39 and 55 also our Initiating Gateway, and IPF’s server. IPF’s',
    '  validators take what we sent.',
    '- **Japanese**: titles, comments, display names, authors, persons, organisations and addresses in Japanese arrive, and',
    '  come back; in ITI-39 and 43 the octets of a document.',
    '- **large**: a document of 200 MiB by MTOM, compared by its digest.',
    '',
    line(head),
    line(head.map(() => '---')),
    ...rows.map(line),
    '',
    'A `-` is no gap: the transaction has no such case.',
    '',
    ...Object.entries(ABSENT).map(([name, why]) => `- ${name}: ${why}.`),
    ...INWARD_ONLY_ABSENT.map(
      ({ transaction, name }) =>
        `- ${name} of ${transaction}, ${directionText('inward', IPF_PEER)}: our registry gives a whole answer or none.`,
    ),
    '',
    ...(failing.length === 0
      ? []
      : [
          'What fails:',
          '',
          ...failing.map(
            (one) =>
              `- ${one.transaction}, ${directionText(one.direction, peerOf(one))}, ${one.name}: ${one.why}`,
          ),
          '',
        ]),
  ].join('\n');
}
