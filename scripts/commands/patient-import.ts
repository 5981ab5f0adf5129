import { createHash, randomUUID } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Config, readConfig } from '../../gateway/config.ts';
import { askControl, NothingRuns } from '../../gateway/control.ts';
import { importBatch, MOST_IN_A_BATCH } from '../../gateway/identity-importing.ts';
import { withIdentityOffline } from '../../gateway/identity-offline.ts';
import { v2NamesOf } from '../../gateway/ourselves.ts';
import { CommandError, command, EXIT, many, option, required, UsageError } from '../command.ts';
import { CsvError, lineNotUtf8 } from '../identity/csv.ts';
import { type ImportReport, type ImportSink, importRecords } from '../identity/import.ts';
import {
  AT_THE_START,
  hashOf,
  type ImportCounts,
  PositionFile,
} from '../identity/import-position.ts';
import {
  type AuthorityMapping,
  csvRecords,
  type ImportFault,
  type ImportRecord,
  looksLikeMessages,
  messageRecords,
} from '../identity/import-records.ts';

/** Registrations that a running process takes at once: while it stores them, nobody else is answered. */
const BATCH_OF_A_PROCESS = 100;

/** `kakehashi patient import FILE` */
export const patientImport = command({
  name: 'patient import',
  summary: {
    en: 'Import registrations from a CSV, or registrations and merges from HL7 v2 messages; it goes on where it was stopped.',
    ja: '患者登録を CSV から、または登録と統合を HL7 v2 メッセージのファイルから取り込む（中断した所から再開する）。',
  },
  arguments: {
    file: required(
      option.file({
        en: 'CSV with the columns of `patient match`, or ADT messages, alone or as a batch (FHS BHS …).',
        ja: '`patient match` と同じ列の CSV、または ADT メッセージ（FHS、BHS などのバッチも可）。',
      }),
      'patients.csv',
    ),
  },
  options: {
    folder: option.folder(),
    by: required(
      option.text({
        en: 'Your name: the records and the audit trail keep it.',
        ja: '操作者の氏名。記録と監査証跡に残る。',
      }),
      "'担当 一郎'",
    ),
    authority: many(
      option.text({
        en: 'CODE=OID: authority of an institution [by the national rule]. OID alone: the only one whose numbers count in messages.',
        ja: 'コード=OID で医療機関の患者番号の OID を指定 [国の規則]。OID だけならメッセージ中の有効な発番機関。',
      }),
    ),
    regionalIds: option.flag({
      en: 'Take the regional ids that the file tells among other ids: they link.',
      ja: 'ファイルにある地域の患者 ID を採用する（その ID の患者に連結される）。',
    }),
    faults: option.integer(
      {
        en: 'End when more records than these are refused.',
        ja: 'この件数を超えて取り込めない行があれば終了する。',
      },
      { least: 0, most: 1_000_000 },
      100,
    ),
    restart: option.flag({
      en: 'Begin at the start, wherever it was stopped.',
      ja: '中断位置にかかわらず先頭から取り込む。',
    }),
  },
  async run({ file, folder, by, authority, regionalIds, faults: mostFaults, restart }, desk) {
    const config = await readConfig(folder);
    const mapping = {
      ...mappingOf(authority, config),
      ...(regionalIds ? {} : { passedOver: config.affinityDomain }),
    };
    if (!(await holdsMessages(file))) await requireUtf8(file);
    const hash = await hashOf(file);
    const read = createHash('sha256')
      .update(JSON.stringify([hash, authority, regionalIds]))
      .digest('hex');
    const place = new PositionFile(config.folder, read);
    const position = restart ? AT_THE_START : await place.read();
    const told: ImportFault[] = [];
    const report = await desk.progress(PREPARING, (tell) =>
      withSink(config, by, async (sink, batch) => {
        const importing = {
          ...{ sink, batch, position, mostFaults, stop: desk.stop },
          records: await recordsOf(file, mapping, config),
          keep: (at: typeof position) => place.write(at),
          told: (counts: ImportCounts, records: number) => tell(progressOf(counts, records)),
          fault: (fault: ImportFault) => {
            // In JSON all is one answer; of a file that is wrong throughout it is not all of it.
            if (told.length < MOST_TOLD) told.push(fault);
            if (!desk.json) desk.print(faultText(fault));
          },
        };
        return await importRecords(importing).catch((error: unknown) => {
          throw error instanceof CsvError ? unreadable(file, error) : error;
        });
      }),
    );
    if (report.end === 'whole') await place.forget();
    desk.print(endOf(report), { ...report, resumedAt: position.records, faults: told });
    return exitOf(report, position.records);
  },
});

/** Faults in one answer in JSON. */
const MOST_TOLD = 1_000;
const PREPARING = { en: 'reading the file', ja: 'ファイルを読んでいます' };

function exitOf({ end, counts }: ImportReport, resumedAt: number) {
  if (end !== 'whole' || counts.faults > 0) return EXIT.failed;
  return counts.added + counts.revised + counts.merged === 0 && resumedAt === 0
    ? EXIT.nothingToDo
    : EXIT.done;
}

function mappingOf(words: readonly string[], { assigningAuthorities }: Config): AuthorityMapping {
  const byInstitution = new Map<string, string>();
  let sole: string | undefined;
  for (const word of words) {
    const [, code, oid = ''] = /^(?:(\d{10})=)?([0-2](?:\.(?:0|[1-9]\d*))+)$/.exec(word) ?? [];
    if (oid === '' || (code === undefined && sole !== undefined)) {
      throw new UsageError({
        en: '--authority takes CODE=OID, with ten digits, or one OID',
        ja: '--authority は「10 桁のコード=OID」か、OID 一つです',
      });
    }
    if (!assigningAuthorities.some((one) => one.oid === oid)) {
      throw new UsageError({
        en: `--authority: ${oid} is not among assigningAuthorities of kakehashi.yaml`,
        ja: `--authority: ${oid} は kakehashi.yaml の assigningAuthorities にありません`,
      });
    }
    if (code === undefined) sole = oid;
    else byInstitution.set(code, oid);
  }
  return { byInstitution, ...(sole === undefined ? {} : { sole }) };
}

async function recordsOf(
  file: string,
  mapping: AuthorityMapping,
  config: Config,
): Promise<AsyncIterable<ImportRecord>> {
  if (!(await holdsMessages(file))) return csvRecords(createReadStream(file, 'utf8'), mapping);
  const { device, authorities: known } = v2NamesOf(config);
  const context = {
    now: () => new Date(),
    uuid: randomUUID,
    device,
    authorities: {
      known,
      fed: mapping.sole === undefined ? [] : [mapping.sole],
    },
  };
  return messageRecords(createReadStream(file), mapping, context);
}

/**
 * A CSV is UTF-8: what is not would be stored with its characters lost, and linked with whoever has the rest of them. Read whole
 * before anything of it is stored.
 *
 * @throws CommandError with the first line that is something else
 */
async function requireUtf8(file: string): Promise<void> {
  const line = await lineNotUtf8(createReadStream(file));
  if (line === undefined) return;
  throw new CommandError(
    { en: `line ${line} is not UTF-8`, ja: `${line} 行目が UTF-8 ではありません` },
    {
      where: file,
      next: {
        en: 'save the file as UTF-8 (a Japanese spreadsheet writes Shift_JIS unless told otherwise)',
        ja: 'UTF-8（「CSV UTF-8」など）で保存し直してください。表計算ソフトの既定は Shift_JIS です',
      },
    },
  );
}

async function holdsMessages(file: string): Promise<boolean> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(16), 0, 16, 0);
    return looksLikeMessages(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}

/** Through the running process, which holds the database; where none runs, through the database itself. */
async function withSink<Result>(
  config: Config,
  by: string,
  work: (sink: ImportSink, batch: number) => Promise<Result>,
): Promise<Result> {
  const ask: ImportSink = async (registrations) =>
    (await askControl(config.folder, 'patient.import', { by, registrations })) as Awaited<
      ReturnType<ImportSink>
    >;
  try {
    await ask([]);
  } catch (error) {
    if (!(error instanceof NothingRuns)) throw error;
    return await withIdentityOffline(config, (importing) =>
      work((registrations) => importBatch({ by, registrations }, importing), MOST_IN_A_BATCH),
    );
  }
  return await work(ask, BATCH_OF_A_PROCESS);
}

function progressOf({ added, revised, merged, unchanged, faults }: ImportCounts, records: number) {
  return {
    en: `${records} records: ${added} added, ${revised} revised, ${merged} merged, ${unchanged} unchanged, ${faults} refused`,
    ja: `${records} 件: 追加 ${added}、更新 ${revised}、統合 ${merged}、変更なし ${unchanged}、取り込めず ${faults}`,
  };
}

function endOf({ end, counts, records }: ImportReport) {
  const { en, ja } = progressOf(counts, records);
  switch (end) {
    case 'whole':
      return { en, ja };
    case 'stopped':
      return {
        en: `${en}; stopped: give the command again to go on`,
        ja: `${ja}。中断しました。同じコマンドで再開します`,
      };
    case 'too many faults':
      return {
        en: `${en}; too many were refused: correct the file, and import it again`,
        ja: `${ja}。取り込めない行が多すぎます。ファイルを直して再度取り込んでください`,
      };
  }
}

function faultText({ line, column, reason }: ImportFault) {
  return {
    en: `line ${line}${column === undefined ? '' : `, ${column}`}: ${reason}`,
    ja: `${line} 行目${column === undefined ? '' : `、${column}`}: ${reason}`,
  };
}

function unreadable(file: string, { line, column, reason }: CsvError): CommandError {
  const { en, ja } = faultText({ line, reason, ...(column === undefined ? {} : { column }) });
  return new CommandError({ en, ja }, { where: file });
}
