import type { AvailabilityStatus } from '../../profiles/xds/metadata.ts';
import { brokenInvariants } from './invariants.ts';
import { linearize } from './linearizable.ts';
import type { Action, Operation, Outcome } from './operations.ts';

type Row = readonly [began: number, ended: number, action: Action, outcome?: Outcome];

const DONE: Outcome = { kind: 'done' };
const REFUSED: Outcome = { kind: 'refused', why: 'state' };
const UNKNOWN: Outcome = { kind: 'unknown', why: 'no answer' };
const ALL: Action = { kind: 'find', among: 'all' };
const APPROVED: Action = { kind: 'find', among: 'Approved' };

const register = (entry: string): Action => ({ kind: 'register', entry });
const replace = (target: string, entry: string): Action => ({ kind: 'replace', target, entry });
const append = (target: string, entry: string): Action => ({ kind: 'append', target, entry });
const setStatus = (target: string, to: AvailabilityStatus): Action => ({
  kind: 'set-status',
  target,
  to,
});
/** `a` Approved, `-a` Deprecated. */
const shows = (...entries: readonly string[]): Outcome => ({
  kind: 'found',
  entries: new Map(
    entries.map((one) => (one.startsWith('-') ? [one.slice(1), 'Deprecated'] : [one, 'Approved'])),
  ),
});

function historyOf(rows: readonly Row[]): readonly Operation[] {
  return rows.map(([began, ended, action, outcome = DONE], client) => ({
    lineage: 1,
    client,
    action,
    outcome,
    began,
    ended: outcome.kind === 'unknown' ? Number.POSITIVE_INFINITY : ended,
  }));
}

const verdictOf = (rows: readonly Row[]) => linearize(historyOf(rows)).kind;
const FIRST: Row = [0, 1, register('a')];

describe('A history that one registry could have given', () => {
  it.each<[string, readonly Row[]]>([
    [
      'has a query before or after a replacement beside it',
      [
        FIRST,
        [2, 9, replace('a', 'b')],
        [3, 4, APPROVED, shows('a')],
        [5, 6, APPROVED, shows('b')],
      ],
    ],
    [
      'has one replacement that wins and one that is refused',
      [FIRST, [2, 9, replace('a', 'b')], [2, 9, replace('a', 'c'), REFUSED]],
    ],
    [
      'may show what nobody answered for',
      [
        FIRST,
        [2, 3, replace('a', 'b'), UNKNOWN],
        [4, 5, APPROVED, shows('a')],
        [6, 7, APPROVED, shows('b')],
      ],
    ],
    [
      'may never show what nobody answered for',
      [FIRST, [2, 3, replace('a', 'b'), UNKNOWN], [4, 5, APPROVED, shows('a')]],
    ],
    [
      'takes addenda along with what is replaced',
      [
        FIRST,
        [2, 3, append('a', 'x')],
        [4, 5, replace('a', 'b')],
        [6, 7, ALL, shows('-a', '-x', 'b')],
      ],
    ],
    [
      'makes Deprecated and Approved again',
      [
        FIRST,
        [2, 3, setStatus('a', 'Deprecated')],
        [4, 5, replace('a', 'b'), REFUSED],
        [6, 7, setStatus('a', 'Approved')],
        [8, 9, replace('a', 'b')],
      ],
    ],
    [
      'hides the version that was revised',
      [
        FIRST,
        [2, 3, { kind: 'revise', target: 'a', version: 1, entry: 'a2' }],
        [4, 5, ALL, shows('a2')],
        [6, 7, replace('a', 'b'), REFUSED],
        [8, 9, replace('a2', 'b')],
      ],
    ],
  ])('%s', (_, rows) => {
    expect(verdictOf(rows)).toBe('linearizable');
    expect(brokenInvariants(historyOf(rows))).toEqual([]);
  });
});

describe('A document that was replaced', () => {
  const replaced: readonly Row[] = [
    FIRST,
    [2, 3, replace('a', 'b')],
    [4, 5, replace('b', 'c')],
    [6, 7, setStatus('c', 'Deprecated')],
  ];

  it('becomes Approved again where nothing of its line is', () => {
    const undone: readonly Row[] = [
      ...replaced,
      [8, 9, setStatus('a', 'Approved')],
      [10, 11, ALL, shows('a', '-b', '-c')],
      [12, 13, setStatus('c', 'Approved'), REFUSED],
      [14, 15, replace('a', 'd')],
      [16, 17, setStatus('b', 'Approved'), REFUSED],
    ];
    expect(verdictOf(undone)).toBe('linearizable');
    expect(brokenInvariants(historyOf(undone))).toEqual([]);
  });

  it('does not beside what has replaced its replacement', () => {
    expect(verdictOf([...replaced.slice(0, 3), [6, 7, setStatus('a', 'Approved')]])).toBe(
      'violation',
    );
  });
});

describe('A history that no one registry could have given', () => {
  it.each<[string, readonly Row[], RegExp]>([
    ['registers a uniqueId twice', [FIRST, [0, 1, register('b')]], /registered 2 times/],
    [
      'replaces a document twice',
      [FIRST, [2, 9, replace('a', 'b')], [2, 9, replace('a', 'c')]],
      /two successors/,
    ],
    [
      'shows two Approved versions',
      [FIRST, [2, 9, replace('a', 'b')], [3, 4, APPROVED, shows('a', 'b')]],
      /two Approved versions/,
    ],
    [
      'loses a replacement',
      [FIRST, [2, 3, replace('a', 'b')], [4, 5, ALL, shows('-a')]],
      /replace of b is lost/,
    ],
    [
      'shows what was replaced',
      [FIRST, [2, 3, replace('a', 'b')], [4, 5, APPROVED, shows('a')]],
      /Approved after a was replaced/,
    ],
    [
      'keeps the addendum of what was replaced',
      [
        FIRST,
        [2, 9, append('a', 'x')],
        [2, 9, replace('a', 'b')],
        [10, 11, ALL, shows('-a', 'x', 'b')],
      ],
      /x is Approved after a was replaced/,
    ],
  ])('%s', (_, rows, sentence) => {
    expect(verdictOf(rows)).toBe('violation');
    expect(
      brokenInvariants(historyOf(rows))
        .map(({ sentence }) => sentence)
        .join('\n'),
    ).toMatch(sentence);
  });

  it.each<[string, readonly Row[]]>([
    [
      'goes back in time between two queries',
      [
        FIRST,
        [2, 9, replace('a', 'b')],
        [3, 4, APPROVED, shows('b')],
        [5, 6, APPROVED, shows('a')],
      ],
    ],
    ['shows half of a replacement', [FIRST, [2, 9, replace('a', 'b')], [3, 4, ALL, shows('-a')]]],
    ['refuses what nothing forbids', [FIRST, [2, 3, replace('a', 'b'), REFUSED]]],
    [
      'does what was no longer possible',
      [FIRST, [2, 3, setStatus('a', 'Deprecated')], [4, 5, replace('a', 'b')]],
    ],
    [
      'says that something is absent which is there',
      [FIRST, [2, 3, replace('a', 'b'), { kind: 'refused', why: 'absent' }]],
    ],
    [
      'reads two states in one answer',
      [
        FIRST,
        [2, 9, replace('a', 'b')],
        [
          3,
          4,
          { kind: 'inspect', target: 'a' },
          { kind: 'inspected', entry: { status: 'Approved', replacedBy: ['b'], appended: [] } },
        ],
      ],
    ],
    [
      'revises a version twice',
      [
        FIRST,
        [2, 9, { kind: 'revise', target: 'a', version: 1, entry: 'a2' }],
        [2, 9, { kind: 'revise', target: 'a', version: 1, entry: 'a3' }],
      ],
    ],
  ])('%s', (_, rows) => {
    expect(verdictOf(rows)).toBe('violation');
  });

  it('is explained by what cannot be next', () => {
    const verdict = linearize(historyOf([FIRST, [2, 3, replace('a', 'b'), REFUSED]]));
    expect(verdict).toMatchObject({ kind: 'violation' });
    expect(verdict.kind === 'violation' && verdict.explanation).toContain('replace target=a');
  });
});

describe('The search', () => {
  it('gives up, and says so, rather than run for ever', () => {
    const rows: Row[] = [FIRST];
    for (let one = 0; one < 12; one += 1) rows.push([2, 50, append('a', `x${one}`)]);
    rows.push([60, 61, ALL, shows('a')]);
    expect(linearize(historyOf(rows), 100).kind).toBe('undecided');
    expect(linearize(historyOf(rows), 100_000).kind).toBe('violation');
  });
});
