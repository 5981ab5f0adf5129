import { types } from 'node:util';
import { CERTIFICATE_RULES, type Finding } from '../certs/findings.ts';
import { type Text, type Translations, translated } from './messages.ts';

/** What an operator reads of an error: what is wrong, and the next step. */
export interface OperatorText {
  readonly what: Text;
  readonly next: Text;
}

/** The next step where the files of a region are at fault. */
export const SEE_CHECK: Text = {
  en: 'see: kakehashi check FOLDER',
  ja: '参照: kakehashi check フォルダー',
};

/**
 * The text of an error that tells what is wrong with a region's files, by the error's class; undefined for any other error.
 * By name, so that this file loads none of their modules (the drivers of database and Redis among them).
 */
export function operatorTextOf(error: unknown): OperatorText | undefined {
  if (!types.isNativeError(error) || !Object.hasOwn(BY_CLASS, error.name)) return undefined;
  return BY_CLASS[error.name]?.(error as ErrorWithFields);
}

/** Why a key file cannot be used, without its path. */
export function keyFileText(reason: string): OperatorText {
  const mode = /^mode is (\d+), it must be 0600: (.*)$/.exec(reason);
  if (mode) {
    return {
      what: {
        en: `mode is ${mode[1]}, it must be 0600`,
        ja: `アクセス権が ${mode[1]} です。0600 でなければなりません`,
      },
      next: { en: `${mode[2]}`, ja: `${mode[2]}` },
    };
  }
  if (reason === 'is there already') {
    return {
      what: { en: reason, ja: 'が既にあります。上書きしません' },
      next: {
        en: 'nothing was written: name another place, or move this one away',
        ja: '何も書き込んでいません。別の場所を指定するか、既存のものを移してください',
      },
    };
  }
  if (reason.startsWith('too large')) {
    return {
      what: { en: reason, ja: '鍵や証明書のファイルとしては大きすぎます' },
      next: { en: 'name the right file', ja: '正しいファイルを指定してください' },
    };
  }
  return { what: { en: reason, ja: reason }, next: SEE_CHECK };
}

/** What is wrong with rows of the partner directory: one line of all faults. */
export function directoryFaultsText(
  faults: readonly { readonly path: string; readonly expected: string }[],
): Text {
  return {
    en: faults.map(({ path, expected }) => `${path}: ${expected}`).join('; '),
    ja: faults
      .map(({ path, expected }) => `${path}: ${translated(expected, EXPECTATIONS)}`)
      .join('、'),
  };
}

/** Findings about certificates in one line, each by its rule; details are OIDs, numbers and names as they stand. */
export function findingsText(findings: readonly Finding[]): Text {
  const shown = findings.filter(({ severity }) => severity === 'error');
  const line = (language: 'en' | 'ja') =>
    shown
      .map(({ rule, detail }) => `${rule}: ${CERTIFICATE_RULES[rule][language]} (${detail})`)
      .join('; ');
  return { en: line('en'), ja: line('ja') };
}

type ErrorWithFields = Error & Readonly<Record<string, unknown>>;
type ErrorClass = (error: ErrorWithFields) => OperatorText;

const BY_CLASS: Readonly<Record<string, ErrorClass>> = {
  CredentialsRefused: ({ findings }) => ({
    what: findingsText(findings as readonly Finding[]),
    next: SEE_CHECK,
  }),
  KeyFileRefused: ({ path, reason }) => {
    const { what, next } = keyFileText(String(reason));
    return { what: { en: `${path}: ${what.en}`, ja: `${path}: ${what.ja}` }, next };
  },
  RuleSetFileRefused: ({ path, reason }) => ({
    what: {
      en: `${path}: not a rule set: ${reason}`,
      ja: `${path}: ルールセットではありません: ${reason}`,
    },
    next: {
      en: "mend it, or take identity.rules out of kakehashi.yaml; 'kakehashi patient rules print --json' prints one",
      ja: "直すか、kakehashi.yaml の identity.rules を外してください。'kakehashi patient rules print --json' で例を表示できます",
    },
  }),
  DirectoryFaults: ({ faults }) => ({
    what: directoryFaultsText(faults as Parameters<typeof directoryFaultsText>[0]),
    next: {
      en: 'mend directory.yaml, then: kakehashi check FOLDER',
      ja: 'directory.yaml を直してから kakehashi check フォルダー を実行してください',
    },
  }),
  MalformedDer: ({ message }) => ({
    what: {
      en: `a certificate or CRL cannot be read: ${message}`,
      ja: '証明書または CRL が壊れていて読めません',
    },
    next: SEE_CHECK,
  }),
  DatabaseInUse: ({ message, holder }) => ({
    what: {
      en: message,
      ja:
        holder === undefined
          ? `${fileOf(message)} は別のプロセスが使用中です`
          : `${fileOf(message)} はプロセス ${holder} が使用中です`,
    },
    next: {
      en: 'one database file means one process: end the other one, or use another folder',
      ja: '一つのデータベースを使えるのは一つのプロセスだけです。そのプロセスを止めるか、別のフォルダーを使ってください',
    },
  }),
  AlreadyRuns: ({ message }) => ({
    what: { en: message, ja: 'このフォルダーでは既に別のプロセスが動いています' },
    next: {
      en: 'end the other one, or use another folder',
      ja: 'そのプロセスを止めるか、別のフォルダーを使ってください',
    },
  }),
  NodeInUse: ({ message, node }) => ({
    what: {
      en: message,
      ja: `このデータベースでは、別のプロセスが audit.node ${node} で既に動いています`,
    },
    next: {
      en: 'give each process of the database its own audit.node in kakehashi.yaml, or end the other one',
      ja: 'kakehashi.yaml の audit.node をプロセスごとに変えるか、そのプロセスを止めてください',
    },
  }),
  SocketPathTooLong: ({ message, path }) => ({
    what: { en: message, ja: `${path} はソケットのパスとして長すぎます` },
    next: {
      en: "move the region's folder to a shorter path",
      ja: '地域フォルダーを短いパスに移してください',
    },
  }),
  NotDoneHere: () => ({
    what: {
      en: 'the process that runs for this region does not have the actor that does it',
      ja: '動作中のプロセスには、この操作を行うアクターがありません',
    },
    next: {
      en: 'give --folder of the process that has it (actors in its kakehashi.yaml)',
      ja: 'それを持つプロセスのフォルダー（kakehashi.yaml の actors を参照）を --folder で指定してください',
    },
  }),
  DatabaseAway: ({ message }) => ({
    what: { en: message, ja: 'PostgreSQL に接続できません' },
    next: {
      en: 'see that PostgreSQL runs and that database.url in kakehashi.yaml is right, then start again',
      ja: 'PostgreSQL が動いていること、kakehashi.yaml の database.url が正しいことを確かめ、起動し直してください',
    },
  }),
  DatabaseUnfit: ({ message }) => ({
    what: { en: message, ja: `このデータベースは使えません: ${message}` },
    next: {
      en: 'mend the settings of PostgreSQL or database.url in kakehashi.yaml, then start again',
      ja: 'PostgreSQL の設定か、kakehashi.yaml の database.url を直してから起動し直してください',
    },
  }),
  ControlRefused: ({ message }) => ({
    what: {
      en: `the process of this region says: ${message}`,
      ja: `この地域のプロセスの応答: ${message}`,
    },
    next: {
      en: 'see its log, and: kakehashi check FOLDER',
      ja: 'そのログと kakehashi check フォルダー で確かめてください',
    },
  }),
  DatabaseOfAnotherVersion: ({ message }) => ({
    what: { en: message, ja: 'データベースは別の（新しい）バージョンのものです' },
    next: {
      en: 'use the version of kakehashi that has written it, or a newer one',
      ja: 'それを書いたバージョン、またはより新しい kakehashi を使ってください',
    },
  }),
  RedisUnfit: ({ message }) => ({
    what: { en: message, ja: redisInJapanese(message) },
    next: {
      en: 'see queue in kakehashi.yaml, then start again',
      ja: 'kakehashi.yaml の queue と Redis の設定を確かめ、起動し直してください',
    },
  }),
  SpoolNotShared: ({ message }) => ({
    what: {
      en: message,
      ja: '同じ取得待ち行列を使う別のプロセスが、この spool.directory を使っていません',
    },
    next: {
      en: 'set the same spool.directory for every process of the queue',
      ja: '待ち行列を共有する全プロセスで spool.directory を同じ場所にしてください',
    },
  }),
};

function fileOf(message: string): string {
  return message.replace(/ is in use.*$/s, '');
}

/** The faults of a directory's rows, as the directory says them, in Japanese. What is not in the table stays as it is. */
const EXPECTATIONS: Translations = [
  [
    /^(.*) is our own community; list other communities only$/,
    '$1 は自地域です。他の地域だけを登録できます',
  ],
  [/^the name (.*) stands in (entries\[\d+\]) already$/, '名前 $1 は $2 に既にあります'],
  [/^the community (.*) stands in (entries\[\d+\]) already$/, '地域 $1 は $2 に既にあります'],
  [
    /^the certificate of this (.*) stands in (entries\[\d+\]) already$/,
    'この $1 の証明書は $2 に既にあります',
  ],
  [/^(.*) stands in (entries\[\d+\]) already$/, '$1 は $2 に既にあります'],
  [/^unknown; known are (.*)$/, '知らない項目です。使えるのは $1'],
  [/^one of: (.*)$/, '$1 のいずれか'],
  [/^at most (\d+) entries$/, '$1 件まで'],
  [/^at least one (.*)$/, '$1 が一つ以上必要です'],
  [/^a transaction id such as (.*)$/, '$1 のようなトランザクション番号'],
  [/^an (https:\/\/) or (mllps:\/\/) address$/, '$1 か $2 で始まる URL'],
  [/^(https:\/\/) addresses without user and fragment$/, '利用者名と # のない、$1 で始まる URL'],
  [/^(MSH-\d), without delimiters$/, '$1（区切り文字を含まない）'],
  [/^at least one, with loopback$/, 'loopback には一つ以上必要です'],
  [/^one of homeCommunityIds$/, 'homeCommunityIds のいずれか'],
  [/^an OID, as text$/, 'OID（文字列）'],
  [/^a mapping of keys to values$/, '「名前: 値」の並び'],
  [/^a name of small letters, digits, dot, dash$/, '英小文字・数字・ピリオド・ハイフンの名前'],
  [/^transaction ids such as (.*)$/, '$1 のようなトランザクション番号'],
  [/^(urn:oid:…) each$/, '各行は $1'],
  [/^an institution code, as text in quotes$/, '医療機関コード（引用符で囲む）'],
  [/^OIDs, as text$/, 'OID（文字列）'],
  [/^the issuer's name, (.*)$/, '発行者の名前 $1'],
  [/^the subject's serialNumber, in quotes$/, '主体者の serialNumber（引用符で囲む）'],
  [/^SHA-256 of the certificate, in hex$/, '証明書の SHA-256（16 進）'],
  [/^the reason, in words$/, '理由'],
  [/^a day, YYYY-MM-DD$/, '日付（YYYY-MM-DD）'],
  [/^the day to look again, YYYY-MM-DD$/, '見直す日（YYYY-MM-DD）'],
  [/^a list$/, '一覧（リスト）'],
  [/^true or false$/, 'true か false'],
  [/^64 hex digits$/, '16 進 64 桁'],
];

function redisInJapanese(message: string): string {
  const place = /^Redis cannot be reached at (.*)$/.exec(message)?.[1];
  if (place !== undefined) return `Redis（${place}）に接続できません`;
  if (message.includes('maxmemory-policy')) {
    return 'Redis の maxmemory-policy は noeviction でなければなりません（メモリー不足で取得待ちが失われます）';
  }
  return 'Redis が再起動後に内容を残しません。appendonly yes（または save）を設定してください';
}
