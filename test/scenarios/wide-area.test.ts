import { randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml, writeYaml } from '../../gateway/config.ts';
import type { Reissued, Resolved } from '../../actors/patient-identity/wide-area-keeping.ts';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { Demographics, PatientId } from '../../profiles/patient.ts';
import { ITI_47 } from '../../profiles/pdq/iti-47.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { EXIT } from '../../scripts/command.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';
import {
  aDemographicsQuery,
  aPatientIdentityFeed,
  aPatientMerge,
  aPerson,
  aPixQuery,
  aTransmission,
} from '../support/hl7v3-builders.ts';
import { octets, provide } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const [east, west, service] = [regionOids(1), regionOids(2), regionOids(3)] as const;
const DOMAIN = { east: '2.999.600.1', west: '2.999.600.2' } as const;
const INSURANCE = '2.999.600.9';
/** One of an insurance that names one person, as CLINS writes it. */
const CARD = { id: '06138057:記号:1870871:05', assigningAuthority: INSURANCE };
/** 試験 太郎 as either region knows him: neither address nor telephone says that he is one. */
const TARO: Demographics = aPerson({ addresses: [], telecoms: [] });
const JIRO: Demographics = aPerson({
  names: [{ family: '見本', given: ['次郎'], representation: 'IDE', use: 'L' }],
  birthTime: '19480101',
});

/** Merges what is given into a YAML file of a region's folder. */
async function rewrite(
  path: string,
  change: (before: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  const before = parseYaml(await readFile(path, 'utf8'), path) as Record<string, unknown>;
  await writeFile(path, writeYaml(change(before)));
}

describe('A wide-area id service and two regions', () => {
  let world: World;
  let url: string;
  const known: Record<'east' | 'west', PatientId> = {
    east: { id: '', assigningAuthority: '' },
    west: { id: '', assigningAuthority: '' },
  };
  let uniqueId = '';

  const feed = (
    name: 'east' | 'west',
    id: PatientId,
    demographics = TARO,
    as: string = name,
    otherIds: readonly PatientId[] = [],
  ) =>
    world.exchange(
      ITI_44,
      url,
      aPatientIdentityFeed({
        ids: [id],
        otherIds: otherIds.map((one) => ({ ...one, scopingOrganization: INSURANCE })),
        demographics,
        transmission: aTransmission({
          sender: { device: regionOids(name === 'east' ? 1 : 2).device },
          receiver: { device: service.device },
        }),
        providerOrganization: { id: id.assigningAuthority },
        custodian: regionOids(name === 'east' ? 1 : 2).device,
      }),
      { as },
    );
  const ask = async (as: string, patientIdentifier: PatientId, dataSources: readonly string[]) => {
    const query = aPixQuery({
      patientIdentifier,
      dataSources,
      transmission: aTransmission({ receiver: { device: service.device } }),
    });
    return (await world.exchange(ITI_45, url, query, { as })).response;
  };
  const idsFor = async (as: string, id: PatientId, dataSources: readonly string[]) =>
    (await ask(as, id, dataSources)).ids;
  const wideAreaIdOf = async (name: 'east' | 'west', id = known[name]) => {
    const [found] = await idsFor(name, id, [DOMAIN[name]]);
    if (!found) throw new Error(`no wide-area id in ${name}`);
    return found;
  };
  /** An operator of the service at the command line. */
  const operator = async (...words: readonly string[]) => {
    const said = { stdout: '', stderr: '' };
    const to = (stream: 'stdout' | 'stderr') => ({
      write: (text: string) => {
        said[stream] += text;
      },
    });
    const by = words[0] === 'backup' ? [] : ['--by', '担当 一郎'];
    const exit = await runCommandLine([...words, ...by], {
      stdout: to('stdout'),
      stderr: to('stderr'),
      locale: 'C',
      stop: () => new AbortController().signal,
    });
    return { exit, ...said };
  };
  const deed = async <Result>(words: readonly string[], id: PatientId): Promise<Result> => {
    const folder = ['--folder', world.folder('south'), '--json'];
    const { exit, stdout, stderr } = await operator(...words, encodeCX(id), ...folder);
    if (exit !== EXIT.done) throw new Error(stderr);
    return JSON.parse(stdout) as Result;
  };
  const list = async () =>
    (
      await world.exchange(
        ITI_18,
        world.url('initiating-gateway'),
        findDocuments({ patientId: known.east }),
      )
    ).response;

  beforeAll(async () => {
    world = await World.start({
      regions: 3,
      running: 0,
      settings: { fanOut: { deadlineMs: 4_000 } },
    });
    url = world.url('patient-identity', 'south');
    await makeService();
    for (const name of ['east', 'west'] as const) await joinService(name);
    await world.startRegion('south');
    await world.startRegion('east');
    await world.startRegion('west');
    known.east = await world.patient('chart-of-the-east', 'east', TARO);
    // Another name than in the east: by demographics nobody would find him.
    known.west = await world.patient('chart-of-the-west', 'west', JIRO);
    const plan = { patientId: known.west, documents: [{ bytes: octets('of the west') }] };
    [uniqueId = ''] = await provide(world, plan, { name: 'west', number: 2 });
  });

  afterAll(() => world.stop());

  /** The third region's folder becomes the service's. */
  async function makeService(): Promise<void> {
    const folder = world.folder('south');
    await writeFile(join(folder, 'insurance.key'), randomBytes(32), { mode: 0o600 });
    await rewrite(join(folder, 'kakehashi.yaml'), (config) => ({
      ...config,
      actors: ['patient-identity'],
      assigningAuthorities: [
        { oid: service.affinityDomain, name: 'the service itself' },
        { oid: INSURANCE, name: 'insurance', kind: 'insurance-key' },
        ...([east, west] as const).map(({ affinityDomain: oid }) => ({
          oid,
          name: 'regional ids',
          kind: 'regional-id',
        })),
        ...Object.values(DOMAIN).map((oid) => ({
          oid,
          name: 'wide-area ids',
          kind: 'wide-area-id',
        })),
      ],
      identity: {
        level: 'wideArea',
        insuranceKey: 'insurance.key',
        networks: [
          {
            homeCommunityId: east.homeCommunityId,
            affinityDomain: east.affinityDomain,
            wideAreaDomain: DOMAIN.east,
          },
          {
            homeCommunityId: west.homeCommunityId,
            affinityDomain: west.affinityDomain,
            wideAreaDomain: DOMAIN.west,
          },
        ],
      },
    }));
    await rewrite(join(folder, 'directory.yaml'), ({ entries }) => ({
      entries: (entries as { name: string; certificate: { serialNumber: string } }[])
        .filter(({ name }) => name === 'east' || name === 'west')
        .map(({ name, certificate }) => ({
          name,
          kind: 'system',
          institution: certificate.serialNumber,
          certificate,
          assigningAuthorities: [(name === 'east' ? east : west).affinityDomain],
          transactions: ['ITI-44', 'ITI-45', 'ITI-47'],
        })),
    }));
  }

  async function joinService(name: 'east' | 'west'): Promise<void> {
    const folder = world.folder(name);
    await rewrite(join(folder, 'kakehashi.yaml'), (config) => ({
      ...config,
      wideArea: {
        service: 'wide-area',
        mode: 'instead',
        domain: DOMAIN[name],
        device: service.device,
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
        return {
          name: 'wide-area',
          kind: 'system',
          institution: entry.certificate.serialNumber,
          certificate: entry.certificate,
          assigningAuthorities: [],
          transactions: [],
          endpoints: { 'ITI-45': url },
        };
      }),
    }));
  }

  it('links what both feed, by an insurance that it keeps as a keyed hash alone', async () => {
    for (const name of ['east', 'west'] as const) {
      const { response } = await feed(name, known[name], TARO, name, [CARD]);
      expect(response.code).toBe('CA');
    }
    const west = await wideAreaIdOf('west');
    expect(west.id).toMatch(/^\d{16}$/);
    expect(await idsFor('east', known.east, [DOMAIN.west])).toEqual([west]);
    expect(await kept('1870871')).toEqual([]);
    expect((await kept('insuranceKeys')).length).toBeGreaterThan(0);
  });

  /** Files of the service that hold these octets. */
  async function kept(text: string): Promise<readonly string[]> {
    const root = join(world.folder('south'), 'var');
    const files = await readdir(root, { recursive: true, withFileTypes: true });
    const found: string[] = [];
    for (const file of files.filter((one) => one.isFile())) {
      const content = await readFile(join(file.parentPath, file.name));
      if (content.includes(Buffer.from(text))) found.push(file.name);
    }
    expect(world.logged.join('\n')).not.toContain('1870871');
    return found;
  }

  it('refuses each question that is not a network’s own, as if what it asks for were not there', async () => {
    const [ownEast, ownWest] = [await wideAreaIdOf('east'), await wideAreaIdOf('west')];
    for (const [as, id, domains] of [
      ['east', known.west, []],
      ['east', ownWest, []],
      ['west', known.east, [DOMAIN.west]],
      ['west', ownEast, [DOMAIN.west]],
      ['east', known.east, [known.west.assigningAuthority]],
      ['east', known.east, [service.affinityDomain]],
      ['east', known.east, [INSURANCE]],
      ['east', { ...known.east, id: 'nobody' }, [DOMAIN.west]],
    ] as const) {
      const answer = await ask(as, id, domains);
      expect(answer).toMatchObject({ acknowledgement: 'AE', ids: [] });
      expect(answer.details.map(({ code }) => code)).toEqual(['204']);
    }
    expect(await idsFor('east', known.east, [])).toEqual([ownEast]);
  });

  it('takes a feed or a merge only of the network whose ids they are', async () => {
    const fed = await feed('west', known.west, TARO, 'east');
    expect(fed.response.code).toBe('CE');
    const merge = aPatientMerge({
      surviving: known.west,
      subsumed: { ...known.west, id: 'W-2' },
      providerOrganization: { id: known.west.assigningAuthority },
    });
    const merged = await world.exchange(ITI_44, url, merge, { as: 'east' });
    expect(merged.response.code).toBe('CE');
  });

  it('answers no search by demographics, and nobody whom it does not list', async () => {
    const { fault } = await world.faulted(ITI_47, url, aDemographicsQuery(), { as: 'east' });
    expect(fault.subcodes.map(({ name }) => name)).toEqual(['ActionNotSupported']);
    await expect(idsFor('east-hospital', known.east, [])).rejects.toThrow();
  });

  it('is what the Initiating Gateway finds a patient by in another region, whatever he is called there', async () => {
    const { status, errors, objects } = await list();
    expect(errors).toEqual([]);
    expect(status).toBe('Success');
    expect(objects.map((object) => object.uniqueId)).toEqual([uniqueId]);
    const told = await world.auditOf('ITI-55', 'west');
    expect(told.length).toBeGreaterThan(0);
    expect(told.join()).not.toContain(known.east.id);
  });

  it('keeps its ids through a merge and its undoing, a re-issue and a retirement', async () => {
    const before = await wideAreaIdOf('west');
    const second: PatientId = { ...known.west, id: 'W-2' };
    await feed('west', second, JIRO);
    const other = await wideAreaIdOf('west', second);
    const merge = aPatientMerge({
      surviving: known.west,
      subsumed: second,
      providerOrganization: { id: second.assigningAuthority },
    });
    await world.exchange(ITI_44, url, merge, { as: 'west' });
    expect(await idsFor('west', other, [known.west.assigningAuthority])).toEqual([known.west]);
    await deed(['patient', 'unmerge'], second);
    expect(await idsFor('west', other, [known.west.assigningAuthority])).toEqual([second]);

    const { wideAreaId } = await deed<Reissued>(['wide-area', 'reissue'], before);
    expect(await idsFor('east', known.east, [DOMAIN.west])).toEqual([wideAreaId]);
    expect(await idsFor('west', before, [known.west.assigningAuthority])).toEqual([known.west]);
    const resolved = await deed<Resolved>(['wide-area', 'resolve'], known.east);
    expect(resolved.communities).toContainEqual({
      homeCommunityId: west.homeCommunityId,
      wideAreaId,
    });

    await deed(['wide-area', 'retire'], known.west);
    expect(await idsFor('east', known.east, [DOMAIN.west])).toEqual([]);
    expect((await ask('west', known.west, [])).details.map(({ code }) => code)).toEqual(['204']);
  });

  it('tells its operator why something cannot be done, in both languages', async () => {
    const at = (name: string) => ['--folder', world.folder(name)];
    const again = await operator('wide-area', 'retire', encodeCX(known.west), ...at('south'));
    expect(again).toMatchObject({ exit: EXIT.failed, stdout: '' });
    expect(again.stderr).toContain('the patient has no id here any more');
    const nobody = encodeCX({ ...known.east, id: 'nobody' });
    const unknown = await operator('wide-area', 'resolve', nobody, ...at('south'), '--lang', 'ja');
    expect(unknown.exit).toBe(EXIT.nothingToDo);
    expect(unknown.stdout).toContain('この ID で答えられる患者はいません');
    const region = await operator('wide-area', 'resolve', nobody, ...at('east'));
    expect(region.exit).toBe(EXIT.failed);
    expect(region.stderr).toContain('no wide-area id service');
    const { stdout } = await operator('wide-area', 'reissue', encodeCX(known.west), ...at('south'));
    expect(stdout).toMatch(/ -> \d{16}\^\^\^&2\.999\.600\.2&ISO/);
    const one = ['--for', west.homeCommunityId, ...at('south')];
    const found = await operator('wide-area', 'resolve', encodeCX(known.east), ...one);
    expect(found.stdout.trim().split('\n')).toHaveLength(1);
  });

  it('is copied while it runs, though it has no documents', async () => {
    const folder = world.folder('south');
    const copy = join(folder, 'copy');
    const { exit, stdout, stderr } = await operator('backup', copy, '--folder', folder);

    expect([exit, stderr]).toEqual([EXIT.done, '']);
    expect(stdout).toMatch(/^0 documents in 0 files/);
    expect((await readdir(copy)).sort()).toContain('kakehashi.db');
  });

  it('records who changed an id, and shows the id of a person inside the service to nobody', async () => {
    const deeds = (await world.audit('south')).filter((one) => one.includes('patient wide-area'));
    expect(deeds.map((one) => /patient wide-area (\w+)/.exec(one)?.[1])).toEqual([
      ...['reissue', 'resolve', 'retire'],
      ...['retire', 'resolve', 'reissue', 'resolve'],
    ]);
    for (const deed of deeds) expect(deed).toContain('担当 一郎');
    for (const message of [...(await world.auditOf('ITI-45', 'south')), ...deeds]) {
      expect(message).not.toContain(service.affinityDomain);
    }
  });
});
