import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml, writeYaml } from '../../gateway/config.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { ITI_38 } from '../../profiles/xca/iti-38.ts';
import { ITI_55 } from '../../profiles/xcpd/iti-55.ts';
import { ITI_56 } from '../../profiles/xcpd/iti-56.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { freePorts } from '../../scripts/federation.ts';
import { expectParticipants } from '../support/expectations.ts';
import { FarEnd } from '../support/far-end.ts';
import { aDiscoveredPatient, aPatientDiscovery, aTransmission } from '../support/hl7v3-builders.ts';
import { regionOids, World } from '../support/world.ts';

const [east, west, south] = [regionOids(1), regionOids(2), regionOids(3)] as const;
const oidOf = (urn: string) => urn.replace('urn:oid:', '');
const wide = (id: string, region: number): PatientId => ({
  id,
  assigningAuthority: `2.999.600.${region}`,
});

describe('ITI-56 Patient Location Query over the wire', () => {
  let world: World;
  let url: string;
  let regional: PatientId;
  /** The wide-area id service, with the certificate of `north`, and the gateway of `west`. */
  let service: FarEnd;
  let gateway: FarEnd;
  const inWest: PatientId = { id: 'W-1', assigningAuthority: west.affinityDomain };

  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    world = await World.start({
      regions: 4,
      running: 0,
      settings: {
        wideArea: { service: 'wide-area', mode: 'instead', domain: '2.999.600.1' },
      },
    });
    service = await FarEnd.start(world.tls('north'), port);
    service.answers(ITI_45, ({ patientIdentifier, dataSources }) => {
      const known = patientIdentifier.assigningAuthority === '2.999.600.1' ? [regional] : [];
      const ids = [...known, wide('w-2', 2), wide('w-3', 3)].filter(({ assigningAuthority }) =>
        dataSources.includes(assigningAuthority),
      );
      const [first] = ids;
      return {
        acknowledgement: 'AA' as const,
        queryResponseCode: first ? ('OK' as const) : ('NF' as const),
        ids,
        ...(first ? { custodian: first.assigningAuthority } : {}),
        details: [],
      };
    });
    gateway = await FarEnd.start(
      world.tls('west'),
      Number(new URL(world.url('responding-gateway', 'west')).port),
    );
    const path = join(world.folder(), 'directory.yaml');
    const { entries } = parseYaml(await readFile(path, 'utf8'), path) as {
      entries: { certificate: { issuer: string }; homeCommunityIds?: string[] }[];
    };
    const domains: Record<string, string> = {
      [west.homeCommunityId]: '2.999.600.2',
      [south.homeCommunityId]: '2.999.600.3',
    };
    const withDomains = entries.map(({ homeCommunityIds: [home = ''] = [], ...entry }) =>
      home in domains
        ? { ...entry, homeCommunityIds: [home], wideAreaDomains: { [home]: domains[home] } }
        : { ...entry, ...(home ? { homeCommunityIds: [home] } : {}) },
    );
    const wideArea = {
      name: 'wide-area',
      kind: 'system',
      institution: 'NET-4',
      certificate: { issuer: entries[0]?.certificate.issuer, serialNumber: 'NET-4' },
      assigningAuthorities: [],
      transactions: [],
      endpoints: { 'ITI-45': `https://127.0.0.1:${port}/patient-identity` },
    };
    await writeFile(path, writeYaml({ entries: [...withDomains, wideArea] }));
    await world.startRegion('east');
    url = world.url('responding-gateway');
    regional = await world.patient('J-56');
  });

  afterAll(async () => {
    await world.stop();
    await service.stop();
    await gateway.stop();
  });

  it('tells in which other community the patient is known, and not in the one that asks', async () => {
    const request = { requestedPatientId: regional };
    const { response, message } = await world.exchange(ITI_56, url, request, { as: 'west' });

    expect(message.mtom).toBe(false);
    expect(response).toEqual({
      locations: [
        {
          homeCommunityId: south.homeCommunityId,
          correspondingPatientId: wide('w-3', 3),
          requestedPatientId: regional,
        },
      ],
    });
    expect(service.requests.at(-1)?.schemaErrors).toEqual([]);
  });

  it('answers empty about a patient who is unknown here', async () => {
    const request = { requestedPatientId: { ...regional, id: 'unknown' } };
    const { response } = await world.exchange(ITI_56, url, request, { as: 'west' });

    expect(response).toEqual({ locations: [] });
  });

  it('refuses a request that cannot be read with a fault of the Sender', async () => {
    const request = { requestedPatientId: { id: 'J-56', assigningAuthority: 'east' } };
    const { status, fault } = await world.faulted(ITI_56, url, request, {
      as: 'west',
      invalid: true,
    });

    expect(status).toBe(400);
    expect(fault.fault).toBe('Sender');
  });

  it('records the query: 110112 E, the patient who was asked for', async () => {
    const request = { requestedPatientId: regional };
    const { records } = await world.recording('ITI-56', () =>
      world.exchange(ITI_56, url, request, { as: 'west' }),
    );

    const [record] = records;
    if (!record) throw new Error('no record');
    expect(record).toMatchObject({ event: '110112', action: 'E', outcome: '0' });
    expectParticipants(record, { source: 'asker', endpoint: url });
    expect(record.objects.map(({ type, id }) => [type, id])).toEqual([
      ['1/1', `${regional.id}^^^&${regional.assigningAuthority}&ISO`],
      ['2/24', 'PatientLocationQueryRequest'],
    ]);
    expect(record.objects[1]?.query).toContain('RequestedPatientId');
  });

  it('is told of in ITI-55, which finds a patient by her wide-area id alone', async () => {
    const discovery = aPatientDiscovery({
      transmission: aTransmission({
        sender: { device: west.device, organization: oidOf(west.homeCommunityId) },
        receiver: { device: east.device, organization: oidOf(east.homeCommunityId) },
      }),
      criteria: { livingSubjectId: [wide('w-1', 1)] },
    });
    const { response } = await world.exchange(ITI_55, url, discovery, { as: 'west' });

    expect(response.matches).toMatchObject([{ id: regional, supportsHealthDataLocator: true }]);
  });

  it('is asked of a community that was found by its wide-area id and SupportsHealthDataLocator', async () => {
    gateway
      .answers(ITI_55, ({ criteria }) => ({
        acknowledgement: 'AA' as const,
        queryResponseCode: 'OK' as const,
        matches: [
          aDiscoveredPatient({
            id: inWest,
            homeCommunityId: west.homeCommunityId,
            supportsHealthDataLocator: criteria.livingSubjectName === undefined,
          }),
        ],
        requestedDemographics: [],
        details: [],
      }))
      .answers(ITI_56, () => ({ locations: [] }))
      .answers(ITI_38, () => ({
        status: 'Success' as const,
        errors: [],
        objects: [],
        objectRefs: [],
      }));

    const { response } = await world.exchange(
      ITI_18,
      world.url('initiating-gateway'),
      findDocuments({ patientId: regional }),
    );

    // South does not run.
    expect(response.errors.map(({ location }) => location)).toEqual([south.homeCommunityId]);
    expect(gateway.requests.map(({ transaction }) => transaction).sort()).toEqual([
      'ITI-38',
      'ITI-55',
      'ITI-56',
    ]);
    expect(gateway.requests.flatMap(({ schemaErrors }) => schemaErrors)).toEqual([]);
    const [discovery] = gateway.requests.filter(({ transaction }) => transaction === 'ITI-55');
    expect(JSON.stringify(discovery?.opened.body)).not.toMatch(/livingSubjectName|birthTime/);
  });
});
