import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { codeSetsText } from '../../gateway/code-sets.ts';
import { japaneseCodeSets } from '../../profiles/xds/japan-codes.ts';
import { command, type Desk, EXIT, option, UsageError } from '../command.ts';
import { verifiedRecords } from '../demo/verify-trail.ts';
import { demoRegions } from '../demo/regions.ts';
import { type Step, type Story, tellStory } from '../demo/story.ts';
import { FORMAT_CODES } from '../document-codes.ts';
import { type Federation, foundFederation, type Region } from '../federation.ts';
import { MESSAGES } from '../messages.ts';
import { parentGone } from '../parent.ts';
import { type RegionProcess, startRegion } from '../region-process.ts';

const HOSPITAL_TRANSACTIONS = [
  'ITI-18',
  'ITI-41',
  'ITI-42',
  'ITI-43',
  'ITI-44',
  'ITI-45',
  'ITI-47',
];

const STOPPABLE = option.oneOf(['okayama', 'kagawa'], {
  en: 'Stop this region once everything has been submitted (shimane stays: it is the one that asks).',
  ja: '文書の登録後にこの地域を停止する（島根は問い合わせる側なので止められない）。',
});

const WITHOUT: typeof STOPPABLE = {
  ...STOPPABLE,
  read(raw, name) {
    if (raw !== 'shimane') return STOPPABLE.read(raw, name);
    throw new UsageError(
      {
        en: 'the story cannot go without shimane: it is the one that asks',
        ja: '島根は問い合わせる側なので止められません',
      },
      { where: name, next: MESSAGES.forExample(`${name} kagawa`) },
    );
  },
};

/** Three regions as three processes, made fresh, and the story of a patient who is known in all of them. */
export const demoCommand = command({
  name: 'demo',
  summary: {
    en: 'Three regions find a patient and exchange her documents.',
    ja: '三つの地域が患者を見つけ、その文書を交換する。',
  },
  options: {
    exit: option.flag({
      en: 'End after the story; exit code 0 only if every step held.',
      ja: '話が終わったら終了する。全段階が成り立った場合だけ終了コード 0。',
    }),
    without: WITHOUT,
    redis: option.text({
      en: 'Use the retrieval queue on this Redis (redis://…).',
      ja: '取得待ち行列にこの Redis を使う（redis://…）。',
    }),
    keep: option.flag({
      en: 'Keep the folders of the regions.',
      ja: '各地域のフォルダーを残す。',
    }),
  },
  async run({ exit, without, redis, keep }, desk) {
    // From here on Ctrl-C, a terminal that closes and a parent that ends all lead through the end below.
    const stop = AbortSignal.any([desk.stop, parentGone()]);
    const directory = await mkdtemp(join(tmpdir(), 'kakehashi-demo-'));
    const started = new Starting();
    const told = runStory(directory, { without, redis, started, desk, stop });
    try {
      const story = await unlessStopped(stop, told);
      if (story === undefined) {
        desk.print({ en: 'stopped before the end', ja: '途中で終了しました' });
        return EXIT.failed;
      }
      if (!exit) await stayUp(story.federation, { desk, stop });
      return story.ok ? EXIT.done : EXIT.failed;
    } finally {
      await started.stop();
      // A story that was broken off ends by itself once nobody answers; nothing may write into the folder any more.
      await Promise.race([told.catch(() => undefined), pause(LONGEST_END_MS)]);
      if (keep) desk.print({ en: `kept ${directory}`, ja: `${directory} を残しました` });
      else await rm(directory, { recursive: true, force: true, maxRetries: 5 });
    }
  },
});

/** The processes of the demo, those among them that are just starting. */
class Starting {
  readonly processes = new Map<string, RegionProcess>();
  readonly #starts: Promise<unknown>[] = [];
  #isStopped = false;

  async all(regions: Iterable<Region>): Promise<void> {
    if (this.#isStopped) return;
    const starts = [...regions].map(async (region) => {
      this.processes.set(region.plan.name, await startRegion(region));
    });
    this.#starts.push(...starts);
    await Promise.all(starts);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.allSettled(this.#starts);
    await Promise.all([...this.processes.values()].map((each) => each.stop()));
  }
}

async function runStory(
  directory: string,
  {
    without,
    redis,
    started,
    desk,
    stop,
  }: {
    readonly without: 'okayama' | 'kagawa' | undefined;
    readonly redis: string | undefined;
    readonly started: Starting;
    readonly desk: Desk;
    readonly stop: AbortSignal;
  },
): Promise<{ readonly ok: boolean; readonly federation: Federation }> {
  const federation = await desk.progress({ en: 'issuing certificates', ja: '証明書を発行中' }, () =>
    foundDemo(directory, redis, desk.now()),
  );
  await desk.progress({ en: 'starting three regions', ja: '三つの地域を起動中' }, () =>
    started.all(federation.regions.values()),
  );
  const story = await tellStory({
    federation,
    processes: started.processes,
    without,
    now: () => desk.now(),
    told: (step) => {
      if (!stop.aborted) tell(step, desk);
    },
    verifyTrail: verifiedRecords,
  });
  if (!stop.aborted) conclude(story, desk);
  return { ok: story.ok, federation };
}

/** What the work came to; undefined when the stop came first. What it throws after that is nobody's concern. */
async function unlessStopped<T>(stop: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  work.catch(() => undefined);
  return await Promise.race([work, aborted(stop).then(() => undefined)]);
}

const LONGEST_END_MS = 5_000;

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

async function foundDemo(
  directory: string,
  redis: string | undefined,
  now: Date,
): Promise<Federation> {
  return await foundFederation({
    directory,
    now,
    regions: demoRegions().map((region) => ({
      ...region,
      title: region.title.en,
      // The regions share one list of format codes.
      codes: codeSetsText(japaneseCodeSets(FORMAT_CODES.cdaReferral.codingScheme), []),
      assigningAuthorities: [
        { oid: region.hospital.assigningAuthority, name: region.hospital.title.en },
      ],
      // Several demos may share a Redis, one after another or at once.
      settings: redis ? { queue: { kind: 'redis', url: redis, prefix: basename(directory) } } : {},
    })),
    systems: demoRegions().map(({ name, hospital }) => ({
      name: `${name}-hospital`,
      institution: hospital.institutionCode,
      regions: [name],
      sourceIds: [hospital.sourceId],
      assigningAuthorities: [hospital.assigningAuthority],
      transactions: HOSPITAL_TRANSACTIONS,
    })),
  });
}

function tell({ title, wire, ok, ms, problem }: Step, desk: Desk): void {
  if (desk.json) return;
  desk.print(`${ok ? '✓' : '✗'} ${desk.say(title)} (${ms} ms)`);
  for (const line of wire) desk.print(`    ${desk.say(line)}`);
  if (problem) desk.print({ en: `    failed: ${problem}`, ja: `    失敗: ${problem}` });
}

function conclude(story: Story, desk: Desk): void {
  const data = {
    ok: story.ok,
    steps: story.steps.map(({ name, ok, ms, exchanges }) => ({ name, ok, ms, exchanges })),
    documents: story.documents,
    errors: story.errors,
  };
  desk.print(
    story.ok
      ? {
          en: `The story holds: ${story.documents.length} documents, byte for byte.`,
          ja: `成功: ${story.documents.length} 文書を 1 バイトも違わず取得しました。`,
        }
      : { en: 'The story does not hold.', ja: '失敗しました。' },
    data,
  );
}

/** Shows what to try, and waits for Ctrl-C. */
async function stayUp(
  federation: Federation,
  { desk, stop }: { readonly desk: Desk; readonly stop: AbortSignal },
): Promise<void> {
  const hospital = federation.systems.get('shimane-hospital');
  const shimane = federation.regions.get('shimane');
  desk.print({ en: '\nThe regions stay up. Try:', ja: '\n各地域は動き続けます。お試しください:' });
  for (const { plan, url, operationsUrl, folder } of federation.regions.values()) {
    desk.print(`  ${plan.name}: ${url}  ${operationsUrl}/health/ready  ${folder}`);
  }
  if (hospital && shimane) {
    desk.print(
      `  curl --cert ${hospital.certificateFile} --key ${hospital.keyFile} --cacert ${hospital.anchorFile} '${shimane.url}/initiating-gateway?wsdl'`,
    );
    desk.print(
      `  npm run -s kakehashi -- documents query --folder ${shimane.folder} --as ${dirname(hospital.certificateFile)} --patient 'S-900-77^^^&2.999.392.32.10.1&ISO'`,
    );
    desk.print(`  npm run -s kakehashi -- audit list ${shimane.folder}`);
    desk.print(`  npm run -s kakehashi -- queue ls ${shimane.folder}`);
  }
  desk.print({ en: 'Ctrl-C ends the demo.', ja: 'Ctrl-C で終了します。' });
  await aborted(stop);
}
