import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { CommandError, command, EXIT, many, option, UsageError } from '../command.ts';
import {
  type Federation,
  foundFederation,
  freePorts,
  type Region,
  type RegionPlan,
} from '../federation.ts';
import { type RegionProcess, startRegion } from '../region-process.ts';

/**
 * The runner asks for the Folders that were changed before now, a second being its smallest measure and its bound exclusive,
 * and may ask in the second in which they were stored. So its clock is a second ahead of the communities', as far as
 * Consistent Time lets two clocks be apart.
 */
const SECOND_AHEAD = `data:text/javascript,${encodeURIComponent(`
  const { Date: Clock } = globalThis;
  globalThis.Date = class extends Clock {
    constructor(...moment) {
      super(...(moment.length === 0 ? [Clock.now() + 1000] : moment));
    }
    static now() {
      return Clock.now() + 1000;
    }
  };
`)}`;

/** The authority of the patient ids that the runner makes: the affinity domain of both communities. */
const AFFINITY_DOMAIN = '2.999.77.1';
/** The sourceId of the test data has an impossible first arc; this one stands in for it. */
const SOURCE_ID = '2.999.77.42';
const TRANSACTIONS = [
  'ITI-8',
  'ITI-18',
  'ITI-41',
  'ITI-42',
  'ITI-43',
  'ITI-44',
  'ITI-45',
  'ITI-47',
  'ITI-51',
  'ITI-57',
  'ITI-61',
  'ITI-62',
  'ITI-86',
  'ITI-92',
];

/**
 * Runs the conformance runner that lies beside the checkout against a fresh system: two communities with all actors, and one
 * client that is entitled as a hospital system and as a gateway in both.
 */
export const conformanceCommand = command({
  name: 'conformance',
  summary: {
    en: 'Run the conformance collections against a fresh system.',
    ja: '新しく立ち上げたシステムに対して適合性試験を実行する。',
  },
  options: {
    runner: option.directory(
      {
        en: 'The folder of the conformance runner.',
        ja: '適合性試験の実行プログラムのフォルダー。',
      },
      '../shared/conformance',
    ),
    postgres: many(
      option.text({
        en: 'Keep the communities in PostgreSQL: the URL of an empty database, given once for each of the two.',
        ja: '二つの地域を PostgreSQL に置く。空のデータベースの URL を地域ごとに 1 回ずつ指定する。',
      }),
    ),
    feed: option.oneOf(
      ['soap', 'mllp', 'mllps'],
      {
        en: 'How patients are fed: ITI-44 over SOAP, or ITI-8 over MLLP, on the loopback or with mutual TLS.',
        ja: '患者の登録方法。SOAP の ITI-44、またはループバックの MLLP か相互 TLS の MLLP による ITI-8。',
      },
      'soap',
    ),
    keep: option.flag({
      en: 'Keep the folders of the two communities.',
      ja: '二つの地域のフォルダーを残す。',
    }),
  },
  passThrough: true,
  async run({ runner, postgres, keep, feed }, desk) {
    requireTwoOrNone(postgres);
    const source = resolve(runner);
    if (!(await stat(join(source, 'run.mjs')).catch(() => undefined))) {
      throw new CommandError(
        { en: 'the conformance runner is not there', ja: '適合性試験の実行プログラムがありません' },
        {
          where: source,
          next: {
            en: 'name its folder with --runner DIR',
            ja: '--runner DIR でフォルダーを指定してください',
          },
        },
      );
    }
    const directory = await mkdtemp(join(tmpdir(), 'kakehashi-conformance-'));
    const running: RegionProcess[] = [];
    try {
      const codes = await codesBeside(source);
      const ports = await freePorts(2);
      const federation = await foundFederation({
        directory,
        regions: [
          plan('red', 1, { codes, url: postgres[0], feed: { wire: feed, port: ports[0] } }),
          plan('blue', 2, { codes, url: postgres[1], feed: { wire: feed, port: ports[1] } }),
        ],
        systems: [
          {
            name: 'conformance',
            institution: 'CONFORMANCE-1',
            regions: ['red', 'blue'],
            assigningAuthorities: [AFFINITY_DOMAIN],
            transactions: TRANSACTIONS,
            homeCommunityId: 'urn:oid:2.999.77.99',
            mllp: { senders: SENDERS, loopback: true },
          },
        ],
        now: desk.now(),
      });
      await desk.progress(
        { en: 'starting two communities', ja: '二つの地域を起動中' },
        async () => {
          for (const region of federation.regions.values()) running.push(await startRegion(region));
        },
      );
      const copy = join(directory, 'runner');
      await cp(source, copy, { recursive: true });
      await desk.progress({ en: 'installing the runner', ja: '実行プログラムを準備中' }, () =>
        run('npm', ['ci', '--no-audit', '--no-fund'], copy, true),
      );
      const config = join(directory, 'conformance.json');
      await writeFile(config, JSON.stringify(configOf(federation), null, 2));
      const code = await run(
        process.execPath,
        ['--import', SECOND_AHEAD, 'run.mjs', '--config', config, ...desk.rest],
        copy,
        false,
      );
      return code === 0 ? EXIT.done : code === 2 ? EXIT.usage : EXIT.failed;
    } finally {
      for (const process of running) await process.stop();
      if (keep) desk.print({ en: `kept ${directory}`, ja: `${directory} を残しました` });
      else await rm(directory, { recursive: true, force: true });
    }
  },
});

/** The code sets that the test data are made of, where they lie beside the runner; else every code is taken. */
async function codesBeside(runner: string): Promise<string | undefined> {
  const file = join(dirname(runner), 'samples/document-sharing/codes.xml');
  return await readFile(file, 'utf8').catch(() => undefined);
}

function requireTwoOrNone(urls: readonly string[]): void {
  if (urls.length === 0 || (urls.length === 2 && urls[0] !== urls[1])) return;
  throw new UsageError({
    en: 'the two communities need two databases: give --postgres twice, or not at all',
    ja: '二つの地域には二つのデータベースが必要です。--postgres を 2 回指定するか、指定しないでください',
  });
}

/** How, and where, a community is fed its patients. */
interface FeedPlan {
  readonly wire: 'soap' | 'mllp' | 'mllps';
  readonly port: number | undefined;
}

/** MSH-3 and MSH-4 of the runner's feeds. */
const SENDERS = [{ application: 'CONFORMANCE', facility: 'RUNNER' }];

function placeOf({ port }: FeedPlan) {
  return { host: '127.0.0.1', patientIdentity: port };
}

/** The feed endpoint of a community: MLLP where it listens there. */
function feedOf({ plan: { listen = {} }, url }: Region): string {
  const [place] = Object.entries(listen);
  if (place === undefined) return `${url}/patient-identity`;
  const [wire, { host, patientIdentity }] = place as [
    string,
    { host: string; patientIdentity: number },
  ];
  return `${wire}://${host}:${patientIdentity}`;
}

function plan(
  name: string,
  number: number,
  {
    codes,
    url,
    feed,
  }: {
    readonly codes: string | undefined;
    readonly url: string | undefined;
    readonly feed: FeedPlan;
  },
): RegionPlan {
  const arc = `2.999.77.10${number}`;
  return {
    name,
    title: name,
    homeCommunityId: `urn:oid:${arc}`,
    affinityDomain: AFFINITY_DOMAIN,
    repositoryUniqueId: `${arc}.2`,
    device: `${arc}.3`,
    networkId: `NET-${number}`,
    assigningAuthorities: [],
    ...(codes === undefined ? {} : { codes }),
    ...(feed.wire === 'soap' ? {} : { listen: { [feed.wire]: placeOf(feed) } }),
    settings: {
      log: { level: 'warn' },
      ...(url === undefined ? {} : { database: { kind: 'postgres', url } }),
    },
  };
}

function configOf(federation: Federation): unknown {
  const communities = [...federation.regions.values()].map((region) => {
    const { plan, url } = region;
    return {
      homeCommunityId: plan.homeCommunityId,
      repositoryUniqueId: plan.repositoryUniqueId,
      endpoints: {
        registry: `${url}/document-registry`,
        repository: `${url}/document-repository`,
        respondingGateway: `${url}/responding-gateway`,
        initiatingGateway: `${url}/initiating-gateway`,
        patientFeed: feedOf(region),
      },
    };
  });
  const system = federation.systems.get('conformance');
  return {
    ...communities[0],
    assigningAuthority: AFFINITY_DOMAIN,
    sourceId: SOURCE_ID,
    uidRoot: '2.999.77.43',
    communities,
    tls: {
      cert: system?.certificateFile,
      key: system?.keyFile,
      ca: system?.anchorFile,
      rejectUnauthorized: true,
    },
    timeout: 30_000,
  };
}

async function run(
  program: string,
  words: readonly string[],
  cwd: string,
  quiet: boolean,
): Promise<number> {
  const child = spawn(program, words, {
    cwd,
    stdio: ['ignore', quiet ? 'ignore' : 'inherit', 'inherit'],
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (quiet && code !== 0) {
    throw new CommandError({
      en: `${program} ${words.join(' ')} failed`,
      ja: `${program} ${words.join(' ')} が失敗しました`,
    });
  }
  return code ?? 1;
}
