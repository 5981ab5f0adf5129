import { hostname, userInfo } from 'node:os';
import { pathToFileURL } from 'node:url';
import { readConfig } from '../../gateway/config.ts';
import { auditLogUsed } from '../../gateway/safeguards/audit.ts';
import { recordsOf, verifyTrail } from '../../gateway/safeguards/audit-chain.ts';
import { AuditTrail } from '../../gateway/safeguards/audit-trail.ts';
import { type AuditSummary, summaryOf } from '../../profiles/atna/audit-summary.ts';
import { CommandError, command, type Desk, EXIT, option } from '../command.ts';
import { type Text, type Translations, translated } from '../messages.ts';

interface ListedRecord extends AuditSummary {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

interface Wanted {
  readonly transaction: string | undefined;
  readonly outcome: string | undefined;
  readonly patient: string | undefined;
  readonly since: string | undefined;
}

const auditList = command({
  name: 'audit list',
  summary: {
    en: 'List what the audit trail holds, the newest last. That it was read is recorded as well.',
    ja: '監査証跡を一覧する（新しいものが最後）。閲覧したことも記録される。',
  },
  options: {
    folder: option.folder(),
    transaction: option.text({
      en: 'Only this one, such as ITI-18.',
      ja: 'ITI-18 など、このトランザクションだけ。',
    }),
    outcome: option.oneOf(['0', '4', '8', '12'], {
      en: 'Only this outcome: 0 success, 4 minor, 8 serious, 12 major failure.',
      ja: 'この結果だけ: 0 成功、4 軽度、8 重度、12 重大な失敗。',
    }),
    patient: option.text({
      en: 'Only of this patient: the id as ID^^^&OID&ISO.',
      ja: 'この患者だけ。ID^^^&OID&ISO の形で。',
    }),
    since: option.text({
      en: 'Only from this time on: 2030-04-01T09:00Z.',
      ja: 'この時刻以降だけ: 2030-04-01T09:00Z。',
    }),
    last: option.integer(
      { en: 'At most so many records.', ja: '最大件数。' },
      { least: 1, most: 1_000_000 },
      100,
    ),
  },
  async run({ folder, last, ...wanted }, desk) {
    const audit = trailOf(folder);
    const since = instantOf(wanted.since);
    await recordReading(audit, desk);
    const records = await desk.progress(
      { en: 'reading the audit trail', ja: '監査証跡を読んでいます' },
      () => lastRecords(audit.directory, { ...wanted, since }, last),
    );
    desk.print(records.map(lineOf).join('\n') || NOTHING, records);
    return records.length > 0 ? EXIT.done : EXIT.nothingToDo;
  },
});

const auditVerify = command({
  name: 'audit verify',
  summary: {
    en: 'Check every hash and every link of the audit trail.',
    ja: '監査証跡のハッシュと連鎖をすべて検証する。',
  },
  options: { folder: option.folder() },
  async run({ folder }, { print, progress }) {
    const { directory } = trailOf(folder);
    const verdict = await progress(
      { en: 'checking the audit trail', ja: '監査証跡を検証しています' },
      () => reading(verifyTrail(directory), directory),
    );
    if (!verdict.sound) {
      throw new CommandError(
        {
          en: `the audit trail is broken: ${verdict.reason}`,
          ja: `監査証跡が壊れています: ${translated(verdict.reason, BREAKS)}`,
        },
        {
          where: `${verdict.file}:${verdict.line}`,
          next: {
            en: 'keep the folder as it is and compare it with the last copy',
            ja: 'フォルダーをそのまま保全し、直近の写しと照合してください',
          },
        },
      );
    }
    const { records, files } = verdict;
    print(
      {
        en: `${records} records in ${files} files are sound`,
        ja: `${files} ファイルの ${records} 件に異常なし`,
      },
      verdict,
    );
    return records > 0 ? EXIT.done : EXIT.nothingToDo;
  },
});

/** `kakehashi audit list | verify`. */
export const auditCommands = [auditList, auditVerify];

const NOTHING: Text = { en: 'no record', ja: '該当する記録はありません' };

interface Trail {
  readonly directory: string;
  readonly node: string;
  readonly auditSourceId: string;
}

function trailOf(folder: string): Trail {
  const { audit, device } = readConfig(folder);
  return {
    directory: audit.directory,
    node: audit.node,
    auditSourceId: device,
  };
}

/** A chain of its own, of one record: the running process's chain is not ours to write. */
async function recordReading(
  { directory, node, auditSourceId }: Trail,
  { now }: Desk,
): Promise<void> {
  const opening = auditLogUsed(
    { user: userInfo().username, trail: pathToFileURL(directory).href, at: now() },
    { auditSourceId, pid: process.pid, host: hostname() },
  );
  const trail = await AuditTrail.open({
    directory,
    node: `${node}.operator`,
    now,
    pid: process.pid,
    auditSourceId,
    opening,
  });
  await trail.close();
}

async function lastRecords(
  directory: string,
  wanted: Wanted,
  most: number,
): Promise<readonly ListedRecord[]> {
  const kept: ListedRecord[] = [];
  for await (const { file, line, message } of recordsOf(directory)) {
    const summary = summaryOf(message);
    if (!isWanted(summary, wanted)) continue;
    kept.push({ ...summary, file, line, message });
    // The nodes come one after another: order by time before the oldest are let go.
    if (kept.length >= 2 * most) keepNewest(kept, most);
  }
  keepNewest(kept, most);
  return kept;
}

function keepNewest(records: ListedRecord[], most: number): void {
  records.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
  records.splice(0, records.length - most);
}

function isWanted(
  summary: AuditSummary,
  { transaction, outcome, patient, since }: Wanted,
): boolean {
  return (
    (transaction === undefined || summary.type === transaction) &&
    (outcome === undefined || summary.outcome === outcome) &&
    (patient === undefined || summary.patients.includes(patient)) &&
    (since === undefined || summary.at >= since)
  );
}

function instantOf(since: string | undefined): string | undefined {
  if (since === undefined) return undefined;
  const at = new Date(since);
  if (Number.isNaN(at.getTime())) {
    throw new CommandError(
      { en: `${since} is no time`, ja: `${since} は時刻として読めません` },
      {
        where: '--since',
        next: { en: 'write 2030-04-01T09:00Z', ja: '2030-04-01T09:00Z の形で書いてください' },
        exit: EXIT.usage,
      },
    );
  }
  return at.toISOString();
}

function lineOf({
  at,
  outcome,
  type,
  event,
  typeName,
  requestor,
  description,
}: ListedRecord): string {
  const what = type.startsWith('ITI-') ? `${type} ${typeName}` : typeName || event;
  return [at, outcome.padStart(2), what, requestor, description].filter(Boolean).join('  ');
}

/** What `verifyTrail` finds broken, in Japanese. */
const BREAKS: Translations = [
  [/^the first record is gone$/, '最初の記録がありません'],
  [
    /^it goes on from (.*), which is not what stands before it$/,
    '$1 の続きとされていますが、その前にあるものと一致しません',
  ],
  [
    /^the line is not what was written: its hash differs$/,
    '書き込まれた行と異なります（ハッシュ不一致）',
  ],
  [/^record (\d+) stands in its place$/, '記録 $1 がその位置にあります'],
  [/^it does not carry the hash of the record before it$/, '直前の記録のハッシュを持っていません'],
];

async function reading<T>(work: Promise<T>, directory: string): Promise<T> {
  try {
    return await work;
  } catch (cause) {
    throw new CommandError(
      { en: 'the audit trail cannot be read', ja: '監査証跡を読めません' },
      {
        where: directory,
        next: {
          en: 'run it as the user that runs the gateway',
          ja: 'ゲートウェイを動かす利用者で実行してください',
        },
        cause,
      },
    );
  }
}
