import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml, writeYaml } from '../../gateway/config.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44, type PatientRegistrationFeed } from '../../profiles/pix/iti-44.ts';
import { ITI_46 } from '../../profiles/pix/iti-46.ts';
import { freePorts } from '../../scripts/federation.ts';
import { FarEnd } from '../support/far-end.ts';
import { aPersonOf, regionOids, World } from '../support/world.ts';

const oids = regionOids(1);
const clinic = '2.999.500.1.6';

describe('ITI-46 PIXV3 Update Notification over the wire', () => {
  let world: World;
  let consumer: FarEnd;
  const told: PatientRegistrationFeed[] = [];
  let isWilling = true;

  const atClinic = (id: string): PatientId => ({ id, assigningAuthority: clinic });
  const atHospital = (id: string): PatientId => ({ id, assigningAuthority: oids.chartNumbers });
  const feed = (id: string, over: Partial<PatientRegistrationFeed>, as?: string) =>
    world.exchange(ITI_44, world.url('patient-identity'), world.feed(id, 'east', over), { as });
  const until = async (count: number) => {
    for (let round = 0; round < 400 && told.length < count; round += 1) {
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
    expect(told).toHaveLength(count);
  };

  beforeAll(async () => {
    world = await World.start({
      regions: 2,
      running: 0,
      settings: {
        assigningAuthorities: [
          { oid: oids.affinityDomain, name: 'regional id' },
          { oid: oids.chartNumbers, name: 'hospital' },
          { oid: clinic, name: 'clinic' },
        ],
      },
      systems: [
        {
          name: 'clinic',
          institution: '9900000001',
          regions: ['east'],
          assigningAuthorities: [clinic],
          transactions: ['ITI-44'],
        },
      ],
    });
    const [port = 0] = await freePorts(1);
    consumer = await FarEnd.start(world.tls('west'), port);
    consumer.answers(ITI_46, (request) => {
      if (!isWilling) return { code: 'CE' as const, details: [] };
      told.push(request);
      return { code: 'CA' as const, details: [] };
    });
    const path = join(world.folder(), 'directory.yaml');
    const { entries } = parseYaml(await readFile(path, 'utf8'), path) as {
      entries: { certificate: { issuer: string } }[];
    };
    const consumers = {
      name: 'consumer',
      kind: 'system',
      institution: 'NET-2',
      certificate: { issuer: entries[0]?.certificate.issuer, serialNumber: 'NET-2' },
      assigningAuthorities: [],
      transactions: [],
      notifiedOf: [oids.chartNumbers, clinic],
      endpoints: { 'ITI-46': `https://127.0.0.1:${port}/consumer` },
    };
    await writeFile(path, writeYaml({ entries: [...entries, consumers] }));
    await world.startRegion('east', (config) => ({
      ...config,
      actors: ['patient-identity', 'document-registry'],
    }));
  });

  afterAll(async () => {
    await world.stop();
    await consumer.stop();
  });

  it('tells a subscriber of a link, once and as the schema has it, and of nothing else', async () => {
    const demographics = aPersonOf('one person');
    await feed('H-1', { demographics });
    await feed(
      'C-1',
      {
        demographics,
        ids: [atClinic('C-1')],
        providerOrganization: { id: clinic },
        custodian: clinic,
      },
      'clinic',
    );
    await until(1);
    expect(told[0]).toMatchObject({
      ids: [atHospital('H-1'), atClinic('C-1')],
      otherIds: [],
      demographics: { names: [] },
    });
    expect(consumer.requests.map(({ schemaErrors }) => schemaErrors)).toEqual([[]]);
  });

  it('is repeated until the subscriber takes it', async () => {
    isWilling = false;
    const demographics = aPersonOf('another person');
    await feed('H-2', { demographics });
    await feed(
      'C-2',
      {
        demographics,
        ids: [atClinic('C-2')],
        providerOrganization: { id: clinic },
        custodian: clinic,
      },
      'clinic',
    );
    while (consumer.requests.length < 2) await new Promise((resolve) => setTimeout(resolve, 25));
    isWilling = true;
    await until(2);
    expect(told[1]?.ids).toEqual([atHospital('H-2'), atClinic('C-2')]);
    const messages = consumer.requests
      .slice(1)
      .map(({ opened }) => ITI_46.request.decode(opened, { named: () => undefined as never }))
      .map(({ transmission }) => transmission.messageId);
    expect(messages.length).toBeGreaterThan(1);
    expect(new Set(messages.map(({ root }) => root)).size).toBe(1);
  });

  it('leaves a record in the audit trail for every message', async () => {
    expect((await world.recordsOf('ITI-46')).length).toBe(consumer.requests.length);
  });
});
