import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BENCH, BENCH_TRANSACTIONS } from '../bench/bench-region.ts';
import { fanOutScene, hopScene } from '../bench/far-scenes.ts';
import { type Row, tableOf } from '../bench/figures.ts';
import { fillRegion } from '../bench/fill.ts';
import {
  CLIENT_CORE,
  machineText,
  pinnedTo,
  pinSelfTo,
  SERVER_CORE,
  startHelper,
} from '../bench/machine.ts';
import { type Profile, profileText, roomsOf } from '../bench/profile.ts';
import { identityScene } from '../bench/identity-scene.ts';
import { missingForPeer, PEER_PROJECT } from '../bench/peer-process.ts';
import { measureBesideIpf, PEER_NOTE } from '../bench/peer-sides.ts';
import { queryScene } from '../bench/query-scene.ts';
import { ENTRIES_A_PATIENT } from '../bench/scale-generator.ts';
import { MOST_TIMES } from '../bench/scale-growth.ts';
import { type Scale, scaleScene } from '../bench/scale-scene.ts';
import type { Stage } from '../bench/stage.ts';
import { streamScene } from '../bench/stream-scene.ts';
import { submitScene } from '../bench/submit-scene.ts';
import { command, type Desk, EXIT, type ExitCode, option } from '../command.ts';
import { type Federation, foundFederation, type RegionPlan } from '../federation.ts';
import { startRegion } from '../region-process.ts';

const SCENES = [
  'query',
  'submit',
  'stream',
  'fan-out',
  'hop',
  'profile',
  'profile-submit',
] as const;

const FAR_ENDS_MS = [100, 130, 160, 190, 220, 250, 280, 310, 340, 370];

/** Floor and system side by side in one run: ratios, with their spread. */
export const benchCommand = command({
  name: 'bench',
  summary: { en: 'Measure this system beside its floors.', ja: '下限と並べて性能を測る。' },
  options: {
    rounds: option.integer(
      { en: 'Rounds of each.', ja: '測定の回数。' },
      { least: 1, most: 50 },
      5,
    ),
    roundMs: option.integer(
      { en: 'Length of a round of load.', ja: '負荷をかける時間（ミリ秒）。' },
      { least: 200, most: 60_000 },
      3_000,
    ),
    only: option.oneOf(SCENES, { en: 'Only this scene.', ja: 'この場面だけを測る。' }),
    redis: option.text({
      en: 'Measure the hop through the queue on this Redis, too.',
      ja: 'この Redis の待ち行列も測る。',
    }),
    scale: option.flag({
      en: 'Measure only what a large registry costs over a small one.',
      ja: '登録件数が多いときの費用を、少ないときと比べて測る（これだけを測る）。',
    }),
    identity: option.flag({
      en: 'Measure only queries by demographics, PIX query and feed at 10,000 and 1,000,000 registrations.',
      ja: '患者基本情報照会、PIX 照会、患者登録の費用だけを、登録 1 万件と 100 万件で測る。',
    }),
    peer: option.flag({
      en: `Measure only this system beside IPF, which ${PEER_PROJECT} of the checkout builds with Java and Maven.`,
      ja: `IPF と並べた測定だけを行う（Java と Maven、チェックアウトの ${PEER_PROJECT} が必要）。`,
    }),
    patients: option.integer(
      { en: 'With --scale: patients of the small registry.', ja: '--scale: 小さい方の患者数。' },
      { least: 10, most: 9_999 },
      1_000,
    ),
    times: option.integer(
      {
        en: 'With --scale: so many times as many patients in the large one.',
        ja: '--scale: 大きい方の患者数はその何倍か。',
      },
      { least: 2, most: MOST_TIMES },
      MOST_TIMES,
    ),
    postgres: option.text({
      en: 'With --scale or --identity: measure PostgreSQL, too; a database of a server where two more may be made.',
      ja: '--scale と --identity: PostgreSQL も測る。データベースを 2 つ作成できるサーバーの URL。',
    }),
  },
  async run({ rounds, roundMs, only, redis, scale, identity, peer, ...large }, desk) {
    const directory = await mkdtemp(join(tmpdir(), 'kakehashi-bench-'));
    const prefix = pinnedTo(SERVER_CORE);
    pinSelfTo(CLIENT_CORE);
    const rows: Row[] = [];
    const profiles: Profile[] = [];
    const wants = (scene: (typeof SCENES)[number]) => only === undefined || only === scene;
    const say = (line: string) => {
      if (!desk.json) desk.print(`  ${line}`);
    };
    try {
      if (scale) {
        const conditions = { directory, rounds, roundMs, prefix, say };
        return await measureScale({ ...conditions, ...large }, desk);
      }
      const add = (row: Row) => {
        rows.push(row);
        say(tableOf([row]).split('\n')[1] ?? '');
      };
      if (identity) {
        const sizes = { small: 10_000, large: 1_000_000 };
        const { postgres } = large;
        await identityScene({
          directory,
          ...sizes,
          postgres,
          rounds,
          prefix,
          now: desk.now,
          say,
          add,
        });
        desk.print(`${machineText(prefix)}\n\n${tableOf(rows)}`, {
          machine: machineText(prefix),
          rows,
        });
        return EXIT.done;
      }
      if (peer) {
        const now = desk.now();
        return await measurePeer({ directory, rounds, roundMs, prefix, say, now }, desk);
      }
      const federation = await found(directory, desk.now());
      const plain = (nodeOptions: readonly string[] = []) =>
        staged(federation, { directory, rounds, roundMs, prefix, say, nodeOptions });
      const stage = await plain();
      try {
        say('filling the region');
        await fillRegion(stage);
        for (const connections of [1, 16]) {
          if (wants('query')) add(await queryScene(stage, connections));
        }
        for (const kind of ['ITI-42', 'ITI-41'] as const) {
          for (const connections of [1, 16]) {
            if (wants('submit')) add(await submitScene(stage, kind, connections));
          }
        }
        if (wants('stream')) for (const row of await streamScene(stage)) add(row);
      } finally {
        await stage.process.stop();
      }
      if (wants('query')) {
        add(await validatedQuery(directory, desk.now(), { rounds, roundMs, prefix, say }));
      }
      const profiled = { start: plain, directory, roundMs };
      if (wants('profile')) {
        profiles.push(await profileOf('ITI-18', (on) => queryScene(on, 16), profiled));
      }
      if (wants('profile-submit')) {
        profiles.push(await profileOf('ITI-42', (on) => submitScene(on, 'ITI-42', 16), profiled));
      }
      if (wants('fan-out') || wants('hop')) {
        await farAway(
          { federation, directory, redis, desk },
          { wants, add, rounds, roundMs, prefix, say },
        );
      }
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
    desk.print(
      `${machineText(prefix)}\n\n${tableOf(rows)}\n\n${profiles.map(profileText).join('\n\n')}`,
      {
        machine: machineText(prefix),
        rows,
        profiles,
      },
    );
    return EXIT.done;
  },
});

/** A large registry beside a small one, and nothing else. */
async function measureScale(scale: Omit<Scale, 'now' | 'add'>, desk: Desk): Promise<ExitCode> {
  const rows: Row[] = [];
  const entries = (patients: number) => `${patients * ENTRIES_A_PATIENT} entries`;
  const compared = [entries(scale.patients), entries(scale.patients * scale.times)] as const;
  const add = (row: Row) => {
    rows.push(row);
    scale.say(tableOf([row], compared).split('\n')[1] ?? '');
  };
  await scaleScene({ ...scale, add, now: desk.now });
  desk.print(`${machineText(scale.prefix)}\n\n${tableOf(rows, compared)}`, {
    machine: machineText(scale.prefix),
    compared,
    rows,
  });
  return EXIT.done;
}

/** IPF beside this system, and nothing else. */
async function measurePeer(
  conditions: Parameters<typeof measureBesideIpf>[0],
  desk: Desk,
): Promise<ExitCode> {
  const missing = missingForPeer().join(', ');
  if (missing !== '') {
    const en = `not measured: ${missing} is not here`;
    desk.print({ en, ja: `測定しません: ${missing} がありません` }, { missing });
    return EXIT.nothingToDo;
  }
  const { compared, rows } = await measureBesideIpf(conditions);
  const where = machineText(conditions.prefix);
  desk.print(`${where}\n\n${tableOf(rows, compared)}\n\n${PEER_NOTE}`, {
    machine: where,
    ...{ compared, rows, note: PEER_NOTE },
  });
  return EXIT.done;
}

interface Conditions {
  readonly directory: string;
  readonly rounds: number;
  readonly roundMs: number;
  readonly prefix: readonly string[];
  readonly say: (line: string) => void;
  readonly nodeOptions?: readonly string[];
}

async function staged(federation: Federation, conditions: Conditions): Promise<Stage> {
  const region = federation.regions.get('bench');
  const files = federation.systems.get('bench-system');
  if (!region || !files) throw new Error('the bench has no region');
  const process = await startRegion(region, {
    prefix: conditions.prefix,
    nodeOptions: conditions.nodeOptions,
  });
  return { ...conditions, region, files, process };
}

function benchPlan(settings: Record<string, unknown>): RegionPlan {
  return {
    name: 'bench',
    title: 'bench',
    ...BENCH,
    networkId: 'NET-BENCH',
    assigningAuthorities: [],
    settings: { log: { level: 'warn' }, ...settings },
  };
}

const SYSTEM = {
  name: 'bench-system',
  institution: '8800000000',
  regions: ['bench'],
  assigningAuthorities: [BENCH.affinityDomain],
  transactions: BENCH_TRANSACTIONS,
};

async function found(directory: string, now: Date): Promise<Federation> {
  return await foundFederation({
    directory: join(directory, 'plain'),
    now,
    regions: [benchPlan({})],
    systems: [SYSTEM],
  });
}

/** The same queries, to a region that holds every request against its schema first. */
async function validatedQuery(
  above: string,
  now: Date,
  conditions: Omit<Conditions, 'directory'>,
): Promise<Row> {
  const directory = join(above, 'validated');
  const plan = benchPlan({ validation: { requests: 'schema' } });
  const federation = await foundFederation({ directory, now, regions: [plan], systems: [SYSTEM] });
  const stage = await staged(federation, { ...conditions, directory });
  try {
    await fillRegion(stage);
    return await queryScene(stage, 16, { name: ' with XSD validation', bound: 'at least 0.3' });
  } finally {
    await stage.process.stop();
  }
}

/** A load once more, with the sampling profiler of V8 in the server. */
async function profileOf(
  what: string,
  load: (stage: Stage) => Promise<Row>,
  {
    start,
    directory,
    roundMs,
  }: {
    readonly start: (nodeOptions: readonly string[]) => Promise<Stage>;
    readonly directory: string;
    readonly roundMs: number;
  },
): Promise<Profile> {
  const folder = join(directory, `profile-${what}`);
  const stage = await start(['--cpu-prof', `--cpu-prof-dir=${folder}`]);
  try {
    await load({ ...stage, rounds: 1, roundMs });
  } finally {
    await stage.process.stop();
  }
  const [file] = (await readdir(folder)).filter((name) => name.endsWith('.cpuprofile'));
  return { what, rooms: file ? await roomsOf(join(folder, file), roundMs) : [] };
}

/** Ten far ends behind the region's Initiating Gateway. */
async function farAway(
  {
    federation: _plain,
    directory,
    redis,
    desk,
  }: {
    federation: Federation;
    directory: string;
    redis: string | undefined;
    desk: Desk;
  },
  run: {
    wants: (scene: (typeof SCENES)[number]) => boolean;
    add: (row: Row) => void;
  } & Omit<Conditions, 'directory'>,
): Promise<void> {
  const kinds = [
    { kind: 'embedded', settings: {} },
    ...(redis ? [{ kind: 'Redis', settings: { queue: { kind: 'redis', url: redis } } }] : []),
  ];
  for (const [index, { kind, settings }] of kinds.entries()) {
    const ends = FAR_ENDS_MS.map((afterMs, n) => ({ name: `far-${n}`, afterMs, n }));
    const federation = await foundFederation({
      directory: join(directory, kind),
      now: desk.now(),
      regions: [
        benchPlan(settings),
        ...[...ends, { name: 'far-now', afterMs: 0, n: 99 }].map(({ name, n }) => farPlan(name, n)),
      ],
      systems: [SYSTEM],
    });
    const stage = await staged(federation, { ...run, directory: join(directory, kind) });
    const near = placesOf(federation, [{ name: 'far-now', afterMs: 0 }]);
    const far = placesOf(federation, ends);
    const helper = await startHelper(
      'far-ends',
      { anchorFile: stage.files.anchorFile, ends: [...far, ...near] },
      [],
    );
    try {
      await fillRegion(stage);
      const [now] = near;
      if (run.wants('fan-out') && index === 0) run.add(await fanOutScene(stage, far));
      if (run.wants('hop') && now) run.add(await hopScene(stage, kind, now));
    } finally {
      await stage.process.stop();
      await helper.stop();
    }
  }
}

function farPlan(name: string, n: number): RegionPlan {
  const arc = `2.999.88.2.${n + 1}`;
  return {
    name,
    title: name,
    homeCommunityId: `urn:oid:${arc}`,
    affinityDomain: `${arc}.1`,
    repositoryUniqueId: `${arc}.2`,
    device: `${arc}.3`,
    networkId: `NET-FAR-${n}`,
    assigningAuthorities: [],
  };
}

function placesOf(federation: Federation, ends: readonly { name: string; afterMs: number }[]) {
  return ends.map(({ name, afterMs }) => {
    const region = federation.regions.get(name);
    if (!region) throw new Error(`no far end ${name}`);
    return {
      homeCommunityId: region.plan.homeCommunityId,
      url: `${region.url}/responding-gateway`,
      port: Number(new URL(region.url).port),
      certificateFile: join(region.folder, 'certificates', 'own.pem'),
      keyFile: join(region.folder, 'certificates', 'own.key'),
      afterMs,
    };
  });
}
