import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml, writeYaml } from '../../gateway/config.ts';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { ITI_64, type PatientIdChange } from '../../profiles/xds/iti-64.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { expectFailure } from '../support/expectations.ts';
import { aRegistration, freshOid, octets } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const oids = regionOids(1);

describe('ITI-64 XAD-PID Change Management over the wire, among the actors of one community', () => {
  let world: World;
  let url: string;
  let from: PatientId;
  let to: PatientId;
  const chart = (id: string): PatientId => ({ id, assigningAuthority: oids.chartNumbers });
  const change = (over: Partial<PatientIdChange> = {}): PatientIdChange => ({
    change: '11111111-2222-4333-8444-555555555555',
    from,
    to,
    moving: [chart('X-2')],
    staying: [chart('X-1')],
    ...over,
  });
  const ask = async (request: PatientIdChange, as = 'east') =>
    (await world.exchange(ITI_64, url, request, { as })).response;
  const documentsOf = async (patientId: PatientId) =>
    (await world.exchange(ITI_18, url, findDocuments({ patientId }))).response.objects.map(
      ({ uniqueId }) => uniqueId,
    );
  const file = async (source: string) => {
    const uniqueId = freshOid();
    const entry = { sourcePatientId: encodeCX(chart(source)) };
    const documents = [{ bytes: octets(uniqueId), uniqueId, entry }];
    await world.exchange(ITI_42, url, aRegistration({ patientId: from, documents }));
    return uniqueId;
  };

  beforeAll(async () => {
    world = await World.start({ running: 0 });
    const path = join(world.folder(), 'directory.yaml');
    const { entries } = parseYaml(await readFile(path, 'utf8'), path) as {
      entries: { certificate: { issuer: string } }[];
    };
    const own = {
      name: 'own-identity',
      kind: 'system',
      own: true,
      institution: 'NET-1',
      certificate: { issuer: entries[0]?.certificate.issuer, serialNumber: 'NET-1' },
      assigningAuthorities: [],
      transactions: ['ITI-64'],
    };
    await writeFile(path, writeYaml({ entries: [...entries, own] }));
    await world.startRegion('east', (config) => config);
    url = world.url('document-registry');
    from = await world.patient('X-1');
    to = await world.patient('X-2');
  });

  afterAll(() => world.stop());

  it('moves the documents of some local ids, once, and records it with both patients', async () => {
    const [stays, goes] = [await file('X-1'), await file('X-2')];
    expect(await ask(change({ isTrial: true }))).toEqual({ status: 'Success', errors: [] });
    expect(await documentsOf(from)).toEqual([stays, goes]);
    const { result, records } = await world.recording('ITI-64', () => ask(change()));
    expect(result).toEqual({ status: 'Success', errors: [] });
    expect(records[0]).toMatchObject({ event: '110110', action: 'U', outcome: '0' });
    expect([await documentsOf(from), await documentsOf(to)]).toEqual([[stays], [goes]]);
    const later = await file('X-2');
    expect((await ask(change())).status).toBe('Success');
    expect(await documentsOf(from)).toEqual([stays, later]);
  });

  it.each([
    [
      'an id that is not known',
      { from: { id: 'nobody', assigningAuthority: oids.affinityDomain } },
      'XDSUnknownPatientId',
    ],
    [
      'a new id that is not known',
      { to: { id: 'nobody', assigningAuthority: oids.affinityDomain } },
      'XDSUnknownPatientId',
    ],
    ['an id of another authority', { to: chart('X-1') }, 'XDSRegistryError'],
  ])('refuses %s', async (_what, over, errorCode) => {
    const request = change({ change: '21111111-2222-4333-8444-555555555555', ...over });
    expectFailure(await ask(request), { errorCode });
  });

  it('refuses two ids that are the same', async () => {
    const request = change({ change: '31111111-2222-4333-8444-555555555555', to: from });
    expectFailure(await ask(request), { errorCode: 'XDSRegistryError' });
  });
});
