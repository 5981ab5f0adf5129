import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { command, type Desk, EXIT, option } from '../command.ts';
import { verifiedRecords } from '../demo/verify-trail.ts';
import { demoRegions } from '../demo/regions.ts';
import { type Step, type Story, tellStory } from '../demo/story.ts';
import { type Federation, foundFederation } from '../federation.ts';
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
    without: option.oneOf(['okayama', 'kagawa'], {
      en: 'Stop this region once everything has been submitted.',
      ja: '文書の登録後にこの地域を停止する。',
    }),
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
    const directory = await mkdtemp(join(tmpdir(), 'kakehashi-demo-'));
    const processes = new Map<string, RegionProcess>();
    try {
      const federation = await desk.progress(
        { en: 'issuing certificates', ja: '証明書を発行中' },
        () => foundDemo(directory, redis, desk.now()),
      );
      await desk.progress({ en: 'starting three regions', ja: '三つの地域を起動中' }, async () => {
        await Promise.all(
          [...federation.regions.values()].map(async (region) => {
            processes.set(region.plan.name, await startRegion(region));
          }),
        );
      });
      const story = await tellStory({
        federation,
        processes,
        without,
        now: () => desk.now(),
        told: (step) => tell(step, desk),
        verifyTrail: verifiedRecords,
      });
      conclude(story, desk);
      // With --json a program reads the answer: it does not wait for Ctrl-C unless it asked to stay.
      if (!exit && !desk.json) await stayUp(federation, desk);
      return story.ok ? EXIT.done : EXIT.failed;
    } finally {
      await Promise.all([...processes.values()].map((each) => each.stop()));
      if (keep) desk.print({ en: `kept ${directory}`, ja: `${directory} を残しました` });
      else await rm(directory, { recursive: true, force: true });
    }
  },
});

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
      assigningAuthorities: [
        { oid: region.hospital.assigningAuthority, name: region.hospital.title.en },
      ],
      // Several demos may share a Redis, one after another or at once.
      settings: redis
        ? { queue: { kind: 'redis', url: redis, prefix: basename(directory) } }
        : {},
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
  for (const line of wire) desk.print(`    ${line}`);
  if (problem) desk.print({ en: `    failed: ${problem}`, ja: `    失敗: ${problem}` });
}

function conclude(story: Story, desk: Desk): void {
  const data = {
    ok: story.ok,
    steps: story.steps.map(({ name, ok, ms }) => ({ name, ok, ms })),
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
async function stayUp(federation: Federation, desk: Desk): Promise<void> {
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
  await new Promise<void>((resolve) => {
    if (desk.stop.aborted) resolve();
    else desk.stop.addEventListener('abort', () => resolve(), { once: true });
  });
}
