import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseYaml, writeYaml } from '../../gateway/config.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_42, type SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { textOfObject } from '../../profiles/xds/registry-object-text.ts';
import type { RegistryError } from '../../profiles/xds/registry-response.ts';
import { STATUS_TYPE } from '../../profiles/xds/vocabulary.ts';
import { freePorts } from '../../scripts/federation.ts';
import { expectErrors, expectFailure } from '../support/expectations.ts';
import { FarEnd } from '../support/far-end.ts';
import { aPixQuery } from '../support/hl7v3-builders.ts';
import { aProvision, freshOid, octets } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const oids = regionOids(1);
const { repositoryUniqueId } = oids;

describe('identity and repository, when the Document Registry is somewhere else', () => {
  let world: World;
  let registry: FarEnd;
  let repository: string;
  let identity: string;
  let registered: SubmitObjectsRequest[];

  beforeAll(async () => {
    world = await World.start({ running: 0 });
    const [port = 0] = await freePorts(1);
    registry = await FarEnd.start(world.tls('east'), port);
    const path = join(world.folder(), 'directory.yaml');
    const { entries } = parseYaml(await readFile(path, 'utf8'), path) as {
      entries: { certificate: { issuer: string } }[];
    };
    const issuer = entries[0]?.certificate.issuer;
    const own = {
      name: 'own-registry',
      kind: 'system',
      own: true,
      institution: 'NET-1',
      certificate: { issuer, serialNumber: 'NET-1' },
      assigningAuthorities: [],
      transactions: [],
    };
    await writeFile(path, writeYaml({ entries: [...entries, own] }));
    await world.startRegion('east', (config) => ({
      ...config,
      actors: ['patient-identity', 'document-repository'],
      destinations: {
        ...config.destinations,
        'document-registry': `https://127.0.0.1:${port}/document-registry`,
      },
    }));
    repository = world.url('document-repository');
    identity = world.url('patient-identity');
  });

  beforeEach(() => {
    registered = [];
    registry.forget();
    registry.answers(ITI_44, () => ({ code: 'CA' as const, details: [] }));
    registry.answers(ITI_42, (request) => {
      registered.push(request);
      return { status: 'Success' as const, errors: [] };
    });
    registry.answers(ITI_18, () => ({
      status: 'Success' as const,
      errors: [],
      objectRefs: [],
      objects: registered.flatMap(({ objects }) =>
        objects
          .filter(({ element }) => element === 'ExtrinsicObject')
          .map((object) => ({
            ...textOfObject(object),
            id: 'urn:uuid:00000000-0000-4000-8000-000000000001',
            status: STATUS_TYPE.Approved,
          })),
      ),
    }));
  });

  afterAll(async () => {
    await world.stop();
    await registry.stop();
  });

  const page = async () => ({ contentType: 'text/html', body: '<h1>It works!</h1>' });
  const patientId: PatientId = { id: 'R-1', assigningAuthority: oids.affinityDomain };
  const provide = async (uniqueId: string, text = 'a letter') =>
    (
      await world.exchange(
        ITI_41,
        repository,
        aProvision({ patientId, documents: [{ bytes: octets(text), uniqueId }] }),
      )
    ).response;
  const retrieve = async (documentUniqueId: string) =>
    (
      await world.exchange(ITI_43, repository, {
        documents: [{ repositoryUniqueId, documentUniqueId }],
      })
    ).response;
  const feed = async (id: string) =>
    (await world.exchange(ITI_44, identity, world.feed(id))).response;

  it('feeds, registers and asks in valid messages, which are recorded at this end', async () => {
    const uniqueId = freshOid();
    expect((await feed('V-1')).code).toBe('CA');
    expect((await provide(uniqueId)).status).toBe('Success');
    expect((await retrieve(uniqueId)).status).toBe('Success');
    expect(registry.requests.map(({ transaction }) => transaction)).toEqual([
      'ITI-44',
      'ITI-42',
      'ITI-18',
    ]);
    expect(registry.requests.flatMap(({ schemaErrors }) => schemaErrors)).toEqual([]);
    const [exported] = await world.recordsOf('ITI-42');
    expect(exported).toMatchObject({ event: '110106', action: 'R', outcome: '0' });
    const [entry] =
      registered[0]?.objects.filter(({ element }) => element === 'ExtrinsicObject') ?? [];
    const slots = Object.fromEntries(entry?.slots.map(({ name, values }) => [name, values]) ?? []);
    expect(slots).toMatchObject({
      repositoryUniqueId: [repositoryUniqueId],
      size: ['8'],
      hash: [expect.stringMatching(/^[0-9a-f]{40}$/)],
    });
  });

  it('does not acknowledge a feed that the registry has not taken, and feeds it again next time', async () => {
    registry.answers(ITI_44, () => ({
      code: 'CE' as const,
      details: [{ severity: 'E' as const, code: 'INTERR', text: 'full' }],
    }));
    expect((await feed('V-2')).code).toBe('CE');
    registry.says(ITI_44, page);
    expect((await feed('V-2')).code).toBe('CE');
    registry.answers(ITI_44, () => ({ code: 'CA' as const, details: [] }));
    const before = registry.of('ITI-44').length;
    expect((await feed('V-2')).code).toBe('CA');
    expect(registry.of('ITI-44')).toHaveLength(before + 1);
    const { response } = await world.exchange(
      ITI_45,
      identity,
      aPixQuery({
        transmission: world.transmission(),
        patientIdentifier: { id: 'V-2', assigningAuthority: oids.chartNumbers },
        dataSources: [oids.affinityDomain],
      }),
    );
    expect(response.ids).toHaveLength(1);
  });

  it('answers with the registry’s own errors, and the document is gone again', async () => {
    const uniqueId = freshOid();
    const errors: RegistryError[] = [
      {
        errorCode: 'XDSUnknownPatientId',
        codeContext: 'not known here',
        location: 'Document01',
        severity: 'Error',
      },
      { errorCode: 'XDSRegistryBusy', codeContext: 'and busy', severity: 'Error' },
    ];
    registry.answers(ITI_42, () => ({ status: 'Failure' as const, errors }));
    const before = await world.filesIn('documents');
    const response = await provide(uniqueId, 'refused');
    expectFailure(
      response,
      { errorCode: 'XDSUnknownPatientId', location: 'Document01' },
      { errorCode: 'XDSRegistryBusy' },
    );
    expect(await world.filesIn('documents')).toEqual(before);
    expectFailure(await retrieve(uniqueId), { errorCode: 'XDSDocumentUniqueIdError' });
  });

  it('passes on a warning with its success', async () => {
    registry.answers(ITI_42, () => ({
      status: 'Success' as const,
      errors: [
        {
          errorCode: 'XDSExtraMetadataNotSaved',
          codeContext: 'not kept',
          severity: 'Warning' as const,
        },
      ],
    }));
    const { status, errors } = await provide(freshOid());
    expect(status).toBe('Success');
    expect(errors.map(({ errorCode, severity }) => [errorCode, severity])).toEqual([
      ['XDSExtraMetadataNotSaved', 'Warning'],
    ]);
  });

  it('removes nothing when nobody knows what the registry did', async () => {
    const uniqueId = freshOid();
    registry.says(ITI_42, async (opened) => {
      registered.push(ITI_42.request.decode(opened, { named: () => Promise.reject() as never }));
      return page();
    });
    const { result, records } = await world.recording('ITI-41', () => provide(uniqueId, 'kept'));
    expectFailure(result, { errorCode: 'XDSRegistryNotAvailable' });
    expect(records.map(({ outcome }) => outcome)).toEqual(['8']);
    // It had been registered after all: then its octets have to be there.
    const retrieved = await retrieve(uniqueId);
    expect(retrieved.status).toBe('Success');
    expect(retrieved.documents[0]?.content.sizeBytes).toBe('kept'.length);
  });

  it('shows no document while the registry cannot say whose it is', async () => {
    const uniqueId = freshOid();
    await provide(uniqueId);
    registry.says(ITI_18, page);
    const response = await retrieve(uniqueId);
    expectFailure(response, { errorCode: 'XDSRepositoryError', location: uniqueId });
    expect(response.documents).toEqual([]);
  });

  it('takes a document without an entry for one that is not there', async () => {
    const uniqueId = freshOid();
    await provide(uniqueId);
    registered = [];
    const response = await retrieve(uniqueId);
    expectErrors(response.errors, { errorCode: 'XDSDocumentUniqueIdError', location: uniqueId });
    expect(response.documents).toEqual([]);
  });
});
