import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml, writeYaml } from '../../gateway/config.ts';
import { ITI_44, type PatientIdentityFeed } from '../../profiles/pix/iti-44.ts';
import { freePorts } from '../../scripts/federation.ts';
import { FarEnd } from '../support/far-end.ts';
import { aPersonOf, regionOids, World } from '../support/world.ts';

const oids = regionOids(1);
const INSURANCE = '2.999.600.9';

describe('ITI-44 as a region feeds a wide-area id service over the wire', () => {
  let world: World;
  let service: FarEnd;
  const heard: PatientIdentityFeed[] = [];

  beforeAll(async () => {
    world = await World.start({
      regions: 2,
      running: 0,
      settings: {
        actors: ['patient-identity', 'document-registry'],
        wideArea: { service: 'above', feed: true, insuranceDomain: INSURANCE },
      },
    });
    const [port = 0] = await freePorts(1);
    service = await FarEnd.start(world.tls('west'), port);
    // Twice it blames itself, then it takes what it is told.
    service.answers(ITI_44, (request) => {
      heard.push(request);
      return { code: heard.length < 3 ? ('CR' as const) : ('CA' as const), details: [] };
    });
    const path = join(world.folder(), 'directory.yaml');
    const { entries } = parseYaml(await readFile(path, 'utf8'), path) as {
      entries: { certificate: { issuer: string } }[];
    };
    const above = {
      ...{ name: 'above', kind: 'system', institution: 'NET-2' },
      certificate: { issuer: entries[0]?.certificate.issuer, serialNumber: 'NET-2' },
      ...{ assigningAuthorities: [], transactions: [] },
      endpoints: { 'ITI-44': `https://127.0.0.1:${port}/above` },
    };
    await writeFile(path, writeYaml({ entries: [...entries, above] }));
    await world.startRegion('east');
  });

  afterAll(async () => {
    await world.stop();
    await service.stop();
  });

  it('sends the same message, as the schema has it, until it is taken, and records each sending', async () => {
    const insurance = [{ insurer: '06138057', symbol: '1', number: '1870871', branch: '05' }];
    const regional = await world.patient('H-1', 'east', { ...aPersonOf('H-1'), insurance });
    for (let look = 0; look < 400 && heard.length < 3; look += 1) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(heard).toHaveLength(3);
    expect(heard[0]).toMatchObject({ kind: 'add', ids: [regional] });
    expect(heard[1]).toEqual(heard[0]);
    expect(heard[2]).toEqual(heard[0]);
    const ids = service.requests.map(({ opened }) => opened.messageId);
    expect(new Set(ids).size).toBe(1);
    expect(ids[0]).toMatch(/^urn:uuid:/);
    expect(service.requests.map(({ schemaErrors }) => schemaErrors)).toEqual([[], [], []]);
    const records = (await world.recordsOf('ITI-44')).map(({ event, action }) => [event, action]);
    expect(records.filter(([event, action]) => `${event} ${action}` === '110110 C').length).toBe(
      // The hospital's feed, and three sendings of ours.
      4,
    );
    expect(regional.assigningAuthority).toBe(oids.affinityDomain);
  });
});
