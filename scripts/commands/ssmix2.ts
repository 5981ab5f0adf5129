import { join } from 'node:path';
import { PeerFailure } from '../../actors/actor.ts';
import { domainTableOf } from '../../gateway/ourselves.ts';
import { CommandError, command, type Desk, EXIT, option, required } from '../command.ts';
import { sourceIdOf } from '../documents.ts';
import { type AskedRegion, REGION_OPTIONS, withRegion } from '../region.ts';
import { codeSetsOf } from '../ssmix2/codes.ts';
import { heldFileOf, shownPath, writeHeldFile } from '../ssmix2/held.ts';
import { Ledger } from '../ssmix2/ledger.ts';
import { type Held, type LookReport, lookAt } from '../ssmix2/look.ts';
import { Publisher } from '../ssmix2/publisher.ts';

/** Ten digits: prefecture 2, fee table 1, code 7. */
const INSTITUTION = /^\d{10}$/;

/** `kakehashi ssmix2 watch` */
const watch = command({
  name: 'ssmix2 watch',
  summary: {
    en: 'Act for a hospital: share what lies in its SS-MIX2 storage (ITI-44, ITI-41, ITI-57).',
    ja: '病院に代わり、SS-MIX2 ストレージの内容を地域に登録し続ける（ITI-44、ITI-41、ITI-57）。',
  },
  arguments: {
    storage: required(
      option.directory({ en: 'Root of the storage.', ja: 'ストレージのルート。' }),
      '/ssmix2',
    ),
  },
  options: {
    ...REGION_OPTIONS,
    institution: required(
      option.text({
        en: "The institution's ten-digit code.",
        ja: '医療機関コード 10 桁（都道府県 2＋点数表 1＋機関 7）。',
      }),
      '3299900000',
    ),
    institutionName: option.text({
      en: 'Its name, as author of the documents [its code].',
      ja: '文書の作成機関として示す名称 [医療機関コード]。',
    }),
    authority: option.oid({
      en: "OID of its chart numbers [the system's only one in the directory].",
      ja: '患者番号の OID [連携先一覧にあるこのシステムの唯一の OID]。',
    }),
    insurance: option.oid({
      en: "OID of insurance numbers, told for matching [the region's only domain of kind insurance-key].",
      ja: '名寄せ用に伝える被保険者番号の OID [地域で唯一の insurance-key の OID]。',
    }),
    sourceId: option.oid({
      en: 'OID to submit under; from the directory, if not given.',
      ja: '登録元の OID。無指定なら連携先一覧から取る。',
    }),
    kind: option.oneOf(
      ['standard', 'extended'],
      { en: 'Which of the two storages.', ja: '標準化ストレージか拡張ストレージか。' },
      'standard',
    ),
    department: option.text(
      {
        en: 'SS-MIX2 code of the department of what names none.',
        ja: '診療科の記載がない文書に付ける SS-MIX2 診療科コード。',
      },
      '99',
    ),
    offsetMinutes: option.integer(
      {
        en: "The storage's clock, minutes from UTC.",
        ja: 'ストレージの時刻の UTC からの差（分）。',
      },
      { least: -720, most: 840 },
      540,
    ),
    everySeconds: option.integer(
      { en: 'Seconds between two looks.', ja: '巡回の間隔（秒）。' },
      { least: 1, most: 86_400 },
      30,
    ),
    settledSeconds: option.integer(
      {
        en: 'A file younger than this may still be written.',
        ja: 'この秒数より新しいファイルは書き込み中とみなす。',
      },
      { least: 0, most: 3_600 },
      5,
    ),
    ledger: option.file({
      en: 'What has been shared [FOLDER/var/ssmix2/INSTITUTION-KIND.ledger].',
      ja: '登録済みの台帳 [FOLDER/var/ssmix2/INSTITUTION-KIND.ledger]。',
    }),
    once: option.flag({ en: 'Look once and end.', ja: '一巡して終わる。' }),
  },
  async run({ storage, institution, kind, ...values }, desk) {
    if (!INSTITUTION.test(institution)) {
      throw new CommandError(
        { en: '--institution takes ten digits', ja: '--institution は 10 桁の数字です' },
        { exit: EXIT.usage },
      );
    }
    const { folder, as, url } = values;
    const path = values.ledger ?? join(folder, 'var', 'ssmix2', `${institution}-${kind}.ledger`);
    const ledger = await Ledger.open(path);
    try {
      return await withRegion({ folder, as, url }, async (region) => {
        const insuranceDomain = values.insurance ?? insuranceDomainOf(region.config);
        if (insuranceDomain === undefined && kind === 'standard') desk.print(NO_INSURANCE);
        const publisher = new Publisher(region, {
          institution,
          institutionName: values.institutionName ?? institution,
          assigningAuthority: values.authority ?? authorityOf(region),
          ...(insuranceDomain === undefined ? {} : { insuranceDomain }),
          sourceId: values.sourceId ?? sourceIdOf(region),
          sets: codeSetsOf(region.config),
          department: values.department,
          offsetMinutes: values.offsetMinutes,
        });
        const looking = {
          ...{ root: storage, kind, institution, ledger, publisher },
          superseded: new Set<string>(),
          refused: new Map(),
          settledMs: values.settledSeconds * 1000,
          now: desk.now,
          stop: desk.stop,
        };
        const telling = { desk, told: new Set<string>(), heldFile: heldFileOf(path) };
        if (values.once) return await lookOnce(looking, telling);
        return await lookOn(looking, telling, values.everySeconds * 1000);
      });
    } finally {
      await ledger.close();
    }
  },
});

/** `kakehashi ssmix2 …` */
export const ssmix2Commands = [watch];

type Looking = Parameters<typeof lookAt>[0];

/** Whom a look is told to, what of it was told before, and where the held files are listed. */
interface Telling {
  readonly desk: Desk;
  readonly told: Set<string>;
  readonly heldFile: string;
}

async function lookOnce(looking: Looking, telling: Telling): Promise<0 | 1 | 3> {
  const { desk } = telling;
  const report = await desk.progress(progressOf(undefined), (tell) =>
    lookAt({ ...looking, told: (sofar) => tell(progressOf(sofar)) }),
  );
  await tellOf(report, looking, telling);
  if (report.held.length > 0) return EXIT.failed;
  return changesOf(report) === 0 ? EXIT.nothingToDo : EXIT.done;
}

/** Looks until it is told to stop. A region that is away is asked again at the next look. */
async function lookOn(looking: Looking, telling: Telling, everyMs: number): Promise<0> {
  const { desk } = telling;
  while (!looking.stop.aborted) {
    try {
      const report = await lookAt(looking);
      await tellOf(report, looking, telling);
    } catch (error) {
      if (!(error instanceof PeerFailure)) throw error;
      desk.print(
        { en: `the region is away: ${error.message}`, ja: `地域に届きません: ${error.message}` },
        { away: error.message },
      );
    }
    await pause(everyMs, looking.stop);
  }
  return EXIT.done;
}

/** What is held is told once, without the patient's number; with it, it stands in the file of what is held. */
async function tellOf(
  report: LookReport,
  { root }: Looking,
  { desk, told, heldFile }: Telling,
): Promise<void> {
  const fresh = report.held.filter((held) => !told.has(keyOf(held)));
  await writeHeldFile(heldFile, report.held);
  told.clear();
  for (const held of report.held) told.add(keyOf(held));
  for (const { path: whole, reason } of fresh) {
    const path = shownPath(root, whole);
    desk.print(
      { en: `held: ${path}: ${reason}`, ja: `保留: ${path}: ${reason}` },
      { held: { path, reason } },
    );
  }
  if (fresh.length > 0) {
    desk.print({ en: `whole paths: ${heldFile}`, ja: `ファイルの所在: ${heldFile}` });
  }
  if (changesOf(report) === 0 && fresh.length === 0) return;
  const { held, ...counts } = report;
  desk.print(progressOf(report), { ...counts, held: held.length });
}

function keyOf({ path, reason }: Held): string {
  return `${path}\n${reason}`;
}

function changesOf({ fed, published, replaced, retired }: LookReport): number {
  return fed + published + replaced + retired;
}

function progressOf(report: LookReport | undefined) {
  if (report === undefined) {
    return { en: 'looking at the storage', ja: 'ストレージを巡回しています' };
  }
  const { fed, published, replaced, retired, waiting, held } = report;
  return {
    en: `${fed} patients, ${published} documents, ${replaced} replaced, ${retired} retired, ${waiting} waiting, ${held.length} held`,
    ja: `患者 ${fed}、文書 ${published}、差し替え ${replaced}、取り下げ ${retired}、待ち ${waiting}、保留 ${held.length}`,
  };
}

function authorityOf({ entries }: AskedRegion): string {
  const found = entries.flatMap((entry) =>
    entry.kind === 'system' ? entry.assigningAuthorities : [],
  );
  const [only] = found;
  if (only !== undefined && found.length === 1) return only;
  throw new CommandError(
    { en: '--authority is needed', ja: '--authority が必要です' },
    {
      exit: EXIT.usage,
      next: {
        en: `the directory names ${found.length} authorities for this certificate`,
        ja: `連携先一覧でこの証明書に ${found.length} 個の発番機関があります`,
      },
    },
  );
}

/** Undefined where the region has none, or several of which none was chosen. */
function insuranceDomainOf(config: AskedRegion['config']): string | undefined {
  const [only, another] = domainTableOf(config).all.filter(({ kind }) => kind === 'insurance-key');
  return another === undefined ? only?.oid : undefined;
}

const NO_INSURANCE = {
  en: 'insurance numbers are not told: assigningAuthorities of kakehashi.yaml names not just one domain of kind insurance-key, and --insurance chooses none',
  ja: '被保険者番号は伝えません: kakehashi.yaml の assigningAuthorities に kind: insurance-key の OID が一つでなく、--insurance の指定もないためです',
};

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      stop.removeEventListener('abort', done);
      resolve();
    }
    stop.addEventListener('abort', done, { once: true });
    if (stop.aborted) done();
  });
}
