import { createReadStream, existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { matchBatch } from '../../actors/patient-identity/matching/batch.ts';
import type { PairDecision } from '../../actors/patient-identity/matching/decide.ts';
import { estimateRuleSet } from '../../actors/patient-identity/matching/estimate.ts';
import { JAPAN_RULE_SET } from '../../actors/patient-identity/matching/japan-rule-set.ts';
import { type Normalised, normalised } from '../../actors/patient-identity/matching/normalised.ts';
import { compareRuleSets } from '../../actors/patient-identity/matching/rule-comparison.ts';
import type { RuleSet } from '../../actors/patient-identity/matching/rule-set.ts';
import { CONFIG_FILE, readConfig } from '../../gateway/config.ts';
import { activeRuleSetOf, readRuleSetFile, withoutMark } from '../../gateway/rule-set-file.ts';
import {
  CommandError,
  command,
  type Desk,
  EXIT,
  option,
  required,
  UsageError,
} from '../command.ts';
import { CsvError } from '../identity/csv.ts';
import { readRegistrations } from '../identity/registrations.ts';
import { tableOf } from '../table.ts';

const INPUT = required(
  option.file({
    en: 'CSV of registrations (record_id, institution_code, local_patient_id, names, birth date …).',
    ja: '患者登録の CSV（record_id、institution_code、local_patient_id、氏名、生年月日など）。',
  }),
  'patients.csv',
);

const RULES = option.file({
  en: "Rule set in JSON; by default the active one of the region's folder, or where there is none the one that is built in.",
  ja: 'ルールセットの JSON（省略時は地域フォルダーの設定にある現行のもの、なければ組み込みのもの）。',
});

/** Matches a file and prints the links; nothing is stored. */
export const patientMatch = command({
  name: 'patient match',
  summary: {
    en: 'Match the registrations of a file with one another, storing nothing.',
    ja: 'ファイルの患者登録を互いに照合する（何も保存しない）。',
  },
  options: { input: INPUT, rules: RULES, folder: option.folder() },
  async run({ input, rules, folder }, desk) {
    const ruleSet = await ruleSetOf(rules, folder);
    const { ids, records } = await recordsOf(input, desk);
    const { links } = matchBatch(records, { ruleSet });
    const named = links.map(
      ({ one, other, decision, score, why, ground, contradiction, held, isMerge }) => ({
        a: ids[one] ?? '',
        b: ids[other] ?? '',
        decision: decision as 'AUTO' | 'REVIEW',
        score,
        why,
        ...(ground === undefined ? {} : { ground }),
        ...(contradiction === undefined ? {} : { contradiction }),
        ...(held === undefined ? {} : { held }),
        ...(isMerge ? { proposes: 'merge' } : {}),
      }),
    );
    // The text for people is made for people alone: a million registrations have more links than a table can hold.
    desk.print(desk.json ? '' : linkLines(named), {
      ruleSet: ruleSet.version,
      records: records.length,
      links: named,
    });
    return links.length === 0 ? EXIT.nothingToDo : EXIT.done;
  },
});

/** Rule sets: what another would decide, and one estimated from data. */
export const patientRules = command({
  name: 'patient rules',
  summary: {
    en: 'Print a rule set, compare two over data, or estimate one from data.',
    ja: 'ルールセットの表示、データ上での比較、データからの推定。',
  },
  arguments: {
    verb: required(
      option.oneOf(['compare', 'estimate', 'print'], {
        en: 'compare: pairs that two rule sets decide differently. estimate: weights from data. print: a rule set.',
        ja: 'compare: 判定が異なる組。estimate: データから重みを推定。print: ルールセットの表示。',
      }),
      'compare',
    ),
  },
  options: {
    input: option.file({ en: 'CSV of registrations.', ja: '患者登録の CSV。' }),
    rules: RULES,
    folder: option.folder(),
    shadow: option.file({
      en: 'compare: the rule set that would take its place.',
      ja: 'compare: 置き換え候補のルールセット。',
    }),
    version: option.text(
      {
        en: 'estimate: name of the new rule set.',
        ja: 'estimate: 新しいルールセットの名前。',
      },
      'estimated-1',
    ),
    out: option.file({
      en: 'estimate: write the proposed rule set here.',
      ja: 'estimate: 提案するルールセットの書き込み先。',
    }),
  },
  async run({ verb, input, rules, folder, shadow, version, out }, desk) {
    const ruleSet = await ruleSetOf(rules, folder);
    if (verb === 'print') {
      const printed = { ...ruleSet, version: withoutMark(ruleSet.version) };
      desk.print(JSON.stringify(printed, undefined, 2), printed);
      return EXIT.done;
    }
    const { ids, records } = await recordsOf(neededOf(input, '--input', 'patients.csv'), desk);
    if (verb === 'estimate') return estimated(records, { ruleSet, version, out }, desk);
    const after = await readRuleSetFile(neededOf(shadow, '--shadow', 'rules.json'));
    return compared({ ids, records }, { before: ruleSet, after }, desk);
  },
});

interface PrintedLink {
  readonly a: string;
  readonly b: string;
  readonly decision: string;
  readonly score: number;
  readonly why: PairDecision['why'];
}

/** Lines that a person may want to read. */
const MOST_LINES = 1_000;

function linkLines(links: readonly PrintedLink[]) {
  if (links.length === 0) return NO_LINKS;
  const rows = links
    .slice(0, MOST_LINES)
    .map(({ a, b, decision, score, why }) => [
      a,
      b,
      decision,
      String(score),
      why.map(({ field, agreement }) => `${field} ${agreement}`).join(', '),
    ]);
  const table = tableOf(['a', 'b', 'decision', 'score', 'why'], rows).join('\n');
  const more = links.length - rows.length;
  if (more === 0) return table;
  return {
    en: `${table}\n${more} more: --json prints them all`,
    ja: `${table}\nほか ${more} 件（--json ですべて表示）`,
  };
}

const NO_LINKS = { en: 'no links', ja: '一致する組はありません' };

function compared(
  { ids, records }: ReadRecords,
  { before, after }: { readonly before: RuleSet; readonly after: RuleSet },
  desk: Desk,
) {
  const { pairs, changes, differences } = compareRuleSets(records, { before, after });
  const brief = ({ decision, score, ground }: PairDecision) => ({ decision, score, ground });
  const rows = differences.map(({ one, other, before: was, after: becomes }) => ({
    a: ids[one] ?? '',
    b: ids[other] ?? '',
    before: brief(was),
    after: brief(becomes),
    why: becomes.why,
  }));
  const lines = [
    ...Object.entries(changes).map(([change, count]) => `${change}: ${count}`),
    ...tableOf(
      ['a', 'b', before.version, after.version],
      rows.map(({ a, b, before: was, after: becomes }) => [
        a,
        b,
        `${was.decision} ${was.score}`,
        `${becomes.decision} ${becomes.score}`,
      ]),
    ),
  ];
  const none = {
    en: `${pairs} pairs, none decided otherwise`,
    ja: `${pairs} 組、判定の違いはありません`,
  };
  desk.print(rows.length === 0 ? none : lines.join('\n'), {
    before: before.version,
    after: after.version,
    pairs,
    changes,
    differences: rows,
  });
  return rows.length === 0 ? EXIT.nothingToDo : EXIT.done;
}

async function estimated(
  records: readonly Normalised[],
  {
    ruleSet,
    version,
    out,
  }: { readonly ruleSet: RuleSet; readonly version: string; readonly out: string | undefined },
  desk: Desk,
) {
  const { ruleSet: proposed, ...how } = estimateRuleSet(records, { from: ruleSet, version });
  const text = `${JSON.stringify(proposed, undefined, 2)}\n`;
  if (out === undefined) desk.print(text, { proposed, ...how });
  else {
    // An older proposal is not overwritten: somebody may be using it.
    await writeFile(out, text, { flag: 'wx' }).catch((cause: unknown) => {
      throw cannot(out, cause);
    });
    desk.print(
      {
        en: `${out} written; it takes effect only when it is configured`,
        ja: `${out} を書き込みました。設定するまで有効になりません`,
      },
      { file: out, ...how },
    );
  }
  return EXIT.done;
}

interface ReadRecords {
  readonly ids: readonly string[];
  readonly records: readonly Normalised[];
}

async function recordsOf(path: string, desk: Desk): Promise<ReadRecords> {
  const ids: string[] = [];
  const records: Normalised[] = [];
  const text = { en: 'reading registrations', ja: '患者登録を読み込んでいます' };
  await desk.progress(text, async (tell) => {
    try {
      const stream = createReadStream(path);
      for await (const registration of readRegistrations(decoded(stream))) {
        ids.push(registration.recordId);
        records.push(normalised(registration));
        if (ids.length % 10_000 === 0) {
          tell({ en: `${ids.length} registrations read`, ja: `${ids.length} 件を読み込みました` });
        }
      }
    } catch (cause) {
      if (cause instanceof CsvError) throw notCsv(path, cause);
      throw cannot(path, cause);
    }
  });
  return { ids, records };
}

/** UTF-8 and nothing else: what is not would be matched as something else than it is. */
async function* decoded(stream: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  for await (const chunk of stream) yield decoder.decode(chunk, { stream: true });
  yield decoder.decode();
}

/** The one that is given, or the active one of a region, or the one that is built in. */
async function ruleSetOf(path: string | undefined, folder: string): Promise<RuleSet> {
  if (path !== undefined) return await readRuleSetFile(path);
  if (!existsSync(join(folder, CONFIG_FILE))) return JAPAN_RULE_SET;
  return await activeRuleSetOf(readConfig(folder));
}

function notCsv(path: string, { message, cause }: CsvError): CommandError {
  return new CommandError(
    { en: `cannot be read: ${message}`, ja: `読み込めません: ${message}` },
    {
      where: path,
      cause,
      next: { en: 'correct the file and run it again', ja: 'ファイルを直して再度実行してください' },
    },
  );
}

function cannot(path: string, cause: unknown): CommandError {
  const code = (cause as { code?: unknown }).code;
  const reason =
    code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? 'not UTF-8' : String(code ?? 'unreadable');
  return new CommandError(
    { en: `cannot be used: ${reason}`, ja: `使えません: ${reason}` },
    {
      where: path,
      cause,
      next: { en: 'check the path and the file', ja: 'パスとファイルを確かめてください' },
    },
  );
}

function neededOf(value: string | undefined, name: string, example: string): string {
  if (value !== undefined) return value;
  throw new UsageError(
    { en: `${name} is needed`, ja: `${name} が必要です` },
    { next: { en: `for example: ${name} ${example}`, ja: `例: ${name} ${example}` } },
  );
}
