import { dirname } from 'node:path';
import { pathsOf, type SystemCall, targetOf } from './trace.ts';

/** What has to be at rest before a success may leave. */
export const KINDS = ['document', 'directory', 'database', 'trail'] as const;
export type Kind = (typeof KINDS)[number];

/** A request that was answered with success, alone on its connection. */
export interface Submitted {
  readonly transaction: 'ITI-41' | 'ITI-42' | 'ITI-44';
  /** Port of the client: each request has a connection of its own. */
  readonly port: number;
  /** Seconds since 1970: before the first octet of the request was sent, after the handshake. */
  readonly sentAt: number;
}

export interface Places {
  readonly documents: string;
  readonly database: string;
  readonly trail: string;
}

/** That something was not at rest when the first octet of the answer was written. */
export interface Violation {
  readonly kind: Kind;
  readonly transaction: string;
  readonly what: string;
}

const WRITES = new Set(['write', 'writev', 'pwrite64', 'pwritev', 'pwritev2']);
const SENDS = new Set(['write', 'writev', 'sendto', 'sendmsg', 'sendmmsg']);
const SYNCS = new Set(['fsync', 'fdatasync']);
const NAMINGS = new Set(['link', 'linkat', 'rename', 'renameat', 'renameat2']);
const MAKINGS = new Set(['mkdir', 'mkdirat']);

/**
 * Looks at one request in the trace: everything that was written for it was synced, and the sync had returned, when the first
 * octet of its answer was written to the client's socket.
 *
 * @throws Error when the trace does not show the answer
 */
export function judge(calls: readonly SystemCall[], asked: Submitted, places: Places): Violation[] {
  const answer = calls.find(
    (call) => SENDS.has(call.name) && call.at >= asked.sentAt && isToClient(call, asked.port),
  );
  if (!answer) throw new Error(`the trace shows no answer to ${asked.transaction}`);
  const before = calls.filter(({ at, start }) => at >= asked.sentAt && start < answer.start);
  const window = new Window(before, answer.start);
  const violations = [
    ...window.fileViolations('database', (path) => path === `${places.database}-wal`),
    ...window.fileViolations('trail', (path) => path.startsWith(`${places.trail}/`)),
    ...(asked.transaction === 'ITI-41' ? window.documentViolations(places.documents) : []),
  ];
  return violations.map((violation) => ({ ...violation, transaction: asked.transaction }));
}

function isToClient(call: SystemCall, port: number): boolean {
  return new RegExp(`^TCP.*->[^\\]]*:${port}\\]`).test(targetOf(call));
}

type Found = Omit<Violation, 'transaction'>;

/** The calls between a request and the first octet of its answer. */
class Window {
  readonly #calls: readonly SystemCall[];
  readonly #answered: number;

  constructor(calls: readonly SystemCall[], answered: number) {
    this.#calls = calls;
    this.#answered = answered;
  }

  /** Files that must have been written, and synced after the last write. */
  fileViolations(kind: Kind, is: (path: string) => boolean): Found[] {
    const written = this.#calls.filter((call) => WRITES.has(call.name) && is(targetOf(call)));
    if (written.length === 0) return [{ kind, what: 'nothing was written' }];
    return [...new Set(written.map(targetOf))]
      .filter((path) => !this.#isSynced(path, lastEnd(written, path)))
      .map(() => ({ kind, what: 'written, and not synced before the answer' }));
  }

  /** A document's file is synced, then named in its directory, then the directory is synced. */
  documentViolations(documents: string): Found[] {
    const named = this.#calls.filter(
      (call) =>
        NAMINGS.has(call.name) &&
        call.result === 0 &&
        (pathsOf(call).at(-1) ?? '').startsWith(`${documents}/`),
    );
    if (named.length === 0) return [{ kind: 'document', what: 'no document was stored' }];
    const made = this.#calls.filter(
      (call) =>
        MAKINGS.has(call.name) &&
        call.result === 0 &&
        (pathsOf(call).at(-1) ?? '').startsWith(`${documents}/`),
    );
    const unsynced = [...named, ...made].filter(
      (call) => !this.#isSynced(dirname(pathsOf(call).at(-1) ?? ''), call.end),
    );
    return [
      ...named.flatMap((call) => this.#octetViolations(call)),
      ...unsynced.map(() => ({
        kind: 'directory' as const,
        what: 'a name was given, and its directory not synced before the answer',
      })),
    ];
  }

  #octetViolations(naming: SystemCall): Found[] {
    const [path = ''] = pathsOf(naming);
    const written = this.#calls.filter((call) => WRITES.has(call.name) && targetOf(call) === path);
    const kind = 'document';
    if (written.length === 0) return [{ kind, what: 'its octets were not written' }];
    if (this.#isSynced(path, lastEnd(written, path), naming.start)) return [];
    return [{ kind, what: 'its octets were not synced before they were given their name' }];
  }

  /** A sync that began after that line and had returned before the answer, or before `until`. */
  #isSynced(path: string, after: number, until = this.#answered): boolean {
    return this.#calls.some(
      (call) =>
        SYNCS.has(call.name) &&
        call.result === 0 &&
        targetOf(call) === path &&
        call.start > after &&
        call.end < until,
    );
  }
}

function lastEnd(written: readonly SystemCall[], path: string): number {
  return Math.max(...written.filter((call) => targetOf(call) === path).map(({ end }) => end));
}
