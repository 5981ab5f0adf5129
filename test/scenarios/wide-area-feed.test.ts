import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml, writeYaml } from '../../gateway/config.ts';
import { askControl } from '../../gateway/control.ts';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { Demographics, PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { EXIT } from '../../scripts/command.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';
import { aPatientMerge, aPerson, aPixQuery, aTransmission } from '../support/hl7v3-builders.ts';
import { octets, provide } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const [east, west, service] = [regionOids(1), regionOids(2), regionOids(3)] as const;
const DOMAIN = { east: '2.999.600.1', west: '2.999.600.2' } as const;
type Region = keyof typeof DOMAIN;
const TARO: Demographics = aPerson();
const JIRO: Demographics = aPerson({
  names: [{ family: '見本', given: ['次郎'], representation: 'IDE', use: 'L' }],
  birthTime: '19480101',
  addresses: [],
  telecoms: [],
});

describe('Two regions that feed a wide-area id service by themselves', () => {
  let world: World;
  let url: string;

  beforeAll(async () => {
    world = await World.start({
      regions: 3,
      running: 0,
      settings: { fanOut: { deadlineMs: 10_000 }, correlationTimeToLive: 'P1D' },
    });
    url = world.url('patient-identity', 'south');
    await makeService();
    for (const name of ['east', 'west'] as const) await joinService(name);
    for (const name of ['south', 'east', 'west']) await world.startRegion(name);
  });

  afterAll(() => world.stop());

  async function rewrite(
    path: string,
    change: (before: Record<string, unknown>) => Record<string, unknown>,
  ): Promise<void> {
    const before = parseYaml(await readFile(path, 'utf8'), path) as Record<string, unknown>;
    await writeFile(path, writeYaml(change(before)));
  }

  /** The third region's folder becomes the service's. */
  async function makeService(): Promise<void> {
    const folder = world.folder('south');
    const networks = [
      { name: 'east', oids: east },
      { name: 'west', oids: west },
    ] as const;
    await rewrite(join(folder, 'kakehashi.yaml'), (config) => ({
      ...config,
      actors: ['patient-identity'],
      assigningAuthorities: [
        { oid: service.affinityDomain, name: 'the service itself' },
        ...networks.map(({ oids }) => ({
          oid: oids.affinityDomain,
          name: 'regional ids',
          kind: 'regional-id',
        })),
        ...Object.values(DOMAIN).map((oid) => ({ oid, name: 'ids', kind: 'wide-area-id' })),
      ],
      identity: {
        level: 'wideArea',
        networks: networks.map(({ name, oids: { homeCommunityId, affinityDomain } }) => ({
          ...{ homeCommunityId, affinityDomain },
          wideAreaDomain: DOMAIN[name],
        })),
      },
    }));
    await rewrite(join(folder, 'directory.yaml'), ({ entries }) => ({
      entries: (entries as { name: string; certificate: { serialNumber: string } }[]).flatMap(
        ({ name, certificate }) => {
          const network = networks.find((one) => one.name === name);
          if (!network) return [];
          return {
            ...{ name, certificate, kind: 'system', institution: certificate.serialNumber },
            assigningAuthorities: [network.oids.affinityDomain],
            transactions: ['ITI-44', 'ITI-45'],
          };
        },
      ),
    }));
  }

  async function joinService(name: Region): Promise<void> {
    const folder = world.folder(name);
    await rewrite(join(folder, 'kakehashi.yaml'), (config) => ({
      ...config,
      wideArea: {
        ...{ service: 'wide-area', mode: 'instead', feed: true },
        ...{ domain: DOMAIN[name], device: service.device },
      },
    }));
    const domains: Record<string, string> = {
      [east.homeCommunityId]: DOMAIN.east,
      [west.homeCommunityId]: DOMAIN.west,
    };
    await rewrite(join(folder, 'directory.yaml'), ({ entries }) => ({
      entries: (
        entries as {
          name: string;
          homeCommunityIds?: string[];
          certificate: { serialNumber: string };
        }[]
      ).map((entry) => {
        const [home = ''] = entry.homeCommunityIds ?? [];
        if (home in domains) return { ...entry, wideAreaDomains: { [home]: domains[home] } };
        if (entry.name !== 'south') return entry;
        const { certificate } = entry;
        return {
          ...{ name: 'wide-area', kind: 'system', institution: certificate.serialNumber },
          ...{ certificate, assigningAuthorities: [], transactions: [] },
          endpoints: { 'ITI-44': url, 'ITI-45': url },
        };
      }),
    }));
  }

  const control = <Result>(name: string, what: string, input: object = {}) =>
    askControl(world.folder(name), what, { by: '担当 一郎', ...input }) as Promise<Result>;
  /** What a region still owes the service. */
  const owed = async (name: Region) => {
    type Queue = { consumer: string; waiting: number; refused?: number; attempts: number };
    const queues = await control<Queue[]>(name, 'patient.consumers');
    return queues.find(({ consumer }) => consumer === 'wide-area');
  };
  const until = async (holds: () => Promise<boolean>) => {
    for (let look = 0; look < 400 && !(await holds()); look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(await holds()).toBe(true);
  };
  const delivered = (name: Region) => until(async () => (await owed(name))?.waiting === 0);
  /** What the service tells a region of an id of its own: its wide-area id, and those in the other region. */
  const told = async (name: Region, patientIdentifier: PatientId) => {
    const query = aPixQuery({
      patientIdentifier,
      dataSources: Object.values(DOMAIN),
      transmission: aTransmission({ receiver: { device: service.device } }),
    });
    return (await world.exchange(ITI_45, url, query, { as: name })).response.ids.map(
      ({ assigningAuthority }) => assigningAuthority,
    );
  };
  const list = async (patientId: PatientId) => {
    const gateway = world.url('initiating-gateway');
    return (await world.exchange(ITI_18, gateway, findDocuments({ patientId }))).response;
  };
  const discoveries = async () => (await world.auditOf('ITI-55', 'west')).length;
  const metricsOf = async (name: Region) =>
    await (await fetch(`${world.gateway(name).operationsUrl}/metrics`)).text();

  let inEast: PatientId;

  it('makes who is fed in a hospital of either findable in the other, by no demographics', async () => {
    inEast = await world.patient('E-1', 'east', TARO);
    const inWest = await world.patient('W-1', 'west', TARO);
    const plan = { patientId: inWest, documents: [{ bytes: octets('of the west') }] };
    const [uniqueId] = await provide(world, plan, { name: 'west', number: 2 });
    for (const name of ['east', 'west'] as const) await delivered(name);
    expect(await told('east', inEast)).toEqual([DOMAIN.east, DOMAIN.west]);

    const { status, objects } = await list(inEast);
    expect(status).toBe('Success');
    expect(objects.map((object) => object.uniqueId)).toEqual([uniqueId]);
    const asked = (await world.auditOf('ITI-55', 'west')).join();
    expect(asked).not.toContain(inEast.id);
    expect(asked).not.toContain('太郎');
  });

  it('records each message as its source, and tells the service of no chart number', async () => {
    const [record] = await world.recordsOf('ITI-44', 'south');
    const sent = (await world.recordsOf('ITI-44', 'east')).filter(({ type }) => type === 'ITI-44');
    expect(record).toBeDefined();
    expect(sent.length).toBeGreaterThan(1);
    const everything = (await world.audit('south')).join();
    expect(everything).toContain(inEast.id);
    expect(everything).not.toContain('E-1');
  });

  it('forgets what was told of a patient who is linked or unlinked, and asks the partner anew', async () => {
    const before = await discoveries();
    await list(inEast);
    expect(await discoveries()).toBe(before);
    await world.patient('E-9', 'east', JIRO);
    const chart = (id: string) => encodeCX({ id, assigningAuthority: east.chartNumbers });
    const both = { id: chart('E-9'), other: chart('E-1') };
    await control('east', 'patient.link', both);
    await list(inEast);
    expect(await discoveries()).toBe(before + 1);
    await list(inEast);
    expect(await discoveries()).toBe(before + 1);
    await control('east', 'patient.unlink', both);
    await list(inEast);
    expect(await discoveries()).toBe(before + 2);
    await delivered('east');
    expect(await owed('east')).toMatchObject({ refused: 0 });
  });

  it('acknowledges feeds while the service is away, and delivers each once when it is back', async () => {
    await world.stopRegion('south');
    const id = await world.patient('E-2', 'east', JIRO);
    await until(async () => ((await owed('east'))?.attempts ?? 0) > 0);
    expect(await owed('east')).toMatchObject({ waiting: 1 });
    expect(await metricsOf('east')).toContain('kakehashi_wide_area_feeds{state="waiting"} 1');
    // Neither does the end of the process lose it.
    await world.stopRegion('east');
    await world.startRegion('south');
    await world.startRegion('east');
    await delivered('east');
    expect(await told('east', id)).toEqual([DOMAIN.east]);
    const fed = (await world.auditOf('ITI-44', 'south')).filter((one) => one.includes(id.id));
    expect(fed).toHaveLength(1);
  });

  it('merges at the service what is merged in the region', async () => {
    const [surviving, subsumed] = [
      await world.patient('E-3', 'east', aPerson({ birthTime: '19610101' })),
      await world.patient('E-4', 'east', aPerson({ birthTime: '19520101' })),
    ];
    await delivered('east');
    const [own] = await told('east', subsumed);
    expect(own).toBe(DOMAIN.east);
    const merge = aPatientMerge({
      surviving: { id: 'E-3', assigningAuthority: east.chartNumbers },
      subsumed: { id: 'E-4', assigningAuthority: east.chartNumbers },
      transmission: world.transmission('east'),
      providerOrganization: { id: east.chartNumbers },
      custodian: east.sourceId,
    });
    const { response } = await world.exchange(ITI_44, world.url('patient-identity'), merge);
    expect(response.code).toBe('CA');
    await delivered('east');
    expect(await told('east', subsumed)).toEqual([]);
    expect(await told('east', surviving)).toEqual([DOMAIN.east]);
    expect(await owed('east')).toMatchObject({ refused: 0 });
  });

  it('shows an operator what is refused and sends it again, and feeds all once more when asked', async () => {
    const path = join(world.folder('south'), 'directory.yaml');
    const permit = async (authority: string) => {
      await rewrite(path, ({ entries }) => ({
        entries: (entries as { name: string }[]).map((one) =>
          one.name === 'east' ? { ...one, assigningAuthorities: [authority] } : one,
        ),
      }));
      await world.gateway('south').reload();
    };
    await permit('2.999.600.77');
    const id = await world.patient('E-5', 'east', aPerson({ birthTime: '19330101' }));
    await until(async () => (await owed('east'))?.refused === 1);
    expect(world.logged.join('\n')).toContain('wide-area-feed-refused');
    expect(world.logged.join('\n')).not.toContain(id.id);
    const operatorOf = async (name: string, ...words: readonly string[]) => {
      const said = { stdout: '', stderr: '' };
      const to = (stream: 'stdout' | 'stderr') => ({
        write: (text: string) => {
          said[stream] += text;
        },
      });
      const exit = await runCommandLine([...words, '--folder', world.folder(name)], {
        stdout: to('stdout'),
        stderr: to('stderr'),
        locale: 'C',
        stop: () => new AbortController().signal,
      });
      return { exit, ...said };
    };
    const operator = (...words: readonly string[]) => operatorOf('east', ...words);
    const by = ['--by', '担当 一郎'];
    const shown = await operator('wide-area', 'refused', ...by);
    expect(shown.stdout).toContain(id.id);
    expect(shown.stdout).toContain('204');
    expect((await operator('patient', 'consumers')).exit).toBe(EXIT.failed);
    await permit(east.affinityDomain);
    const again = await operator('wide-area', 'retry', ...by);
    expect(again).toMatchObject({ exit: EXIT.done, stdout: '1 are sent again\n' });
    await until(async () => (await owed('east'))?.waiting === 0);
    expect((await operator('wide-area', 'refused', ...by)).exit).toBe(EXIT.nothingToDo);
    expect((await operator('wide-area', 'feed-all', ...by)).exit).toBe(EXIT.nothingToDo);
    const all = await operator('wide-area', 'feed-all', '--again', ...by);
    expect(all.exit).toBe(EXIT.done);
    await delivered('east');
    expect(await owed('east')).toMatchObject({ refused: 0 });
    expect(await told('east', id)).toEqual([DOMAIN.east]);
    const recorded = (await world.audit('east')).filter((one) => one.includes('patient wide-area'));
    expect(recorded).toHaveLength(5);
    const elsewhere = await operatorOf('south', 'wide-area', 'retry', ...by);
    expect(elsewhere.stderr).toContain('no wide-area id service is fed here');
  });
});
