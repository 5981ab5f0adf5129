import { types } from 'node:util';
import { PeerFailure } from '../actors/actor.ts';
import { ConfigFaults } from '../gateway/config-faults.ts';
import { refusalsOf } from '../profiles/refusal.ts';
import { CommandError, EXIT, type ExitCode } from './command.ts';
import { type Language, MESSAGES, say, type Text } from './messages.ts';
import { operatorTextOf, SEE_CHECK } from './operator-texts.ts';
import { peerFailureText } from './peer-texts.ts';
import { systemCodeOf } from './system-error.ts';

interface FailureLine {
  readonly what: Text;
  readonly where?: string;
  readonly next?: Text;
  /** An XDS error code, a setting's path, or a peer's failure class. */
  readonly code?: string;
}

interface Manner {
  readonly stderr: { write(text: string): unknown };
  readonly language: Language;
  readonly isJson: boolean;
}

/**
 * Prints what went wrong, one line a fault: what, where, the next step; with `--json` one object
 * `{ "errors": [{ "what", "where", "next", "code" }] }`. A defect alone is printed with its stack.
 *
 * @returns the exit code: 2 for wrong usage and wrong settings' command lines, else 1
 */
export function printFailure(error: unknown, { stderr, language, isJson }: Manner): ExitCode {
  const lines = linesOf(error);
  if (isJson) {
    const errors = lines.map(({ what, where, next, code }) => ({
      what: say(what, language),
      where,
      next: next === undefined ? undefined : say(next, language),
      code,
    }));
    stderr.write(`${JSON.stringify({ errors })}\n`);
  } else {
    for (const { what, where, next } of lines) {
      const head = where === undefined ? 'kakehashi' : where;
      const tail = next === undefined ? '' : `; ${say(next, language)}`;
      stderr.write(`${head}: ${say(what, language)}${tail}\n`);
    }
    if (isDefect(error)) stderr.write(`${stackOf(error)}\n`);
  }
  return error instanceof CommandError ? error.exit : EXIT.failed;
}

function linesOf(error: unknown): readonly FailureLine[] {
  if (error instanceof CommandError) {
    return [{ what: error.what, where: error.where, next: error.next }];
  }
  if (error instanceof ConfigFaults) {
    return error.faults.map(({ path, problem }) => ({
      what: problem,
      where: error.file,
      // Some faults of the file as a whole name their own next step.
      ...(problem.en.includes('kakehashi ') ? {} : { next: MEND_CONFIG }),
      code: path === '' ? undefined : path,
    }));
  }
  if (error instanceof PeerFailure) return [peerFailureLine(error)];
  const refusals = refusalsOf(error);
  if (refusals !== undefined) {
    return refusals.map(({ code, context, location }) => ({
      what: { en: `${code}: ${context}`, ja: `${code}: ${context}` },
      where: location,
      code,
    }));
  }
  const operators = operatorLine(error);
  if (operators !== undefined) return [operators];
  return [{ what: MESSAGES.unexpected(messageOf(error)), next: MESSAGES.reportDefect }];
}

/** What an operator can mend, told by the error's class or by the operating system's code. */
function operatorLine(error: unknown): FailureLine | undefined {
  const known = operatorTextOf(error);
  if (known !== undefined) {
    return { ...known, code: types.isNativeError(error) ? error.name : undefined };
  }
  const code = systemCodeOf(error);
  const row = code === undefined ? undefined : SYSTEM_FAULTS[code];
  if (row === undefined) return undefined;
  const message = messageOf(error);
  const place = placeOf(error) ?? message;
  return { what: { en: message, ja: `${place}: ${row.what}` }, next: row.next, code };
}

/** The file or address that the operating system's error is about. */
function placeOf(error: unknown): string | undefined {
  const { path, address, port } = error as { path?: string; address?: string; port?: number };
  if (path !== undefined) return path;
  return port === undefined ? undefined : [address, port].filter(Boolean).join(':');
}

const MEND_CONFIG: Text = {
  en: 'mend it, then: kakehashi check FOLDER',
  ja: '直してから kakehashi check フォルダー を実行してください',
};

/** Errors of the operating system, and a database that is away, that are told with a next step: what they are in Japanese, and the step. */
const SYSTEM_FAULTS: Readonly<Record<string, { readonly what: string; readonly next: Text }>> = {
  EADDRINUSE: {
    what: '既に使われています',
    next: {
      en: 'another process listens there: end it, or change listen in kakehashi.yaml',
      ja: '別のプロセスが使用中です。止めるか、kakehashi.yaml の listen を変えてください',
    },
  },
  EACCES: {
    what: '権限がありません',
    next: { en: 'give this user the right to it', ja: 'このユーザーに権限を与えてください' },
  },
  ENOENT: { what: 'がありません', next: SEE_CHECK },
  ENOTDIR: {
    what: 'フォルダーではないものがパスの途中にあります',
    next: {
      en: 'a file stands where a folder is meant: check the path',
      ja: 'フォルダーのはずの場所にファイルがあります。パスを確かめてください',
    },
  },
  EISDIR: {
    what: 'はフォルダーです',
    next: { en: 'name a file in it', ja: 'その中のファイルを指定してください' },
  },
  EROFS: {
    what: 'には書き込めません',
    next: {
      en: 'the disk is read-only: name another place, or mount it for writing',
      ja: '読み取り専用です。別の場所を指定するか、書き込めるようにマウントしてください',
    },
  },
  DATABASE_AWAY: {
    what: 'データベースに接続できません',
    next: {
      en: 'see that PostgreSQL runs, then give the command again',
      ja: 'PostgreSQL が動いていることを確かめ、もう一度実行してください',
    },
  },
  ENOSPC: {
    what: 'ディスクに空きがありません',
    next: { en: 'make room on the disk', ja: 'ディスクの空きを増やしてください' },
  },
};

function peerFailureLine(error: PeerFailure): FailureLine {
  const { en, ja } = PEER_NEXT[error.failureClass];
  return {
    what: peerFailureText(error),
    where: error.peer,
    next: { en, ja },
    code: error.failureClass,
  };
}

const PEER_NEXT: Readonly<Record<PeerFailure['failureClass'], Text>> = {
  transient: {
    en: 'the partner did nothing: try again, or look with kakehashi partner test',
    ja: '相手は何も処理していません。再試行するか kakehashi partner test で確かめてください',
  },
  ambiguous: {
    en: 'the partner may have acted: look before you send it again',
    ja: '相手が処理した可能性があります。再送の前に確かめてください',
  },
  permanent: {
    en: 'sending it again is of no use: ask the partner, or look with kakehashi partner test',
    ja: '再送しても無駄です。相手に確かめるか kakehashi partner test で調べてください',
  },
};

function isDefect(error: unknown): boolean {
  return !(
    error instanceof CommandError ||
    error instanceof ConfigFaults ||
    error instanceof PeerFailure ||
    refusalsOf(error) !== undefined ||
    operatorLine(error) !== undefined
  );
}

function messageOf(error: unknown): string {
  return types.isNativeError(error) ? error.message : String(error);
}

function stackOf(error: unknown): string {
  return types.isNativeError(error) ? (error.stack ?? '') : '';
}
