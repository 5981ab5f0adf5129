import { readdir, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import { FileDocumentStore } from '../../gateway/stores/file-document-store.ts';
import { SqlIdentityStore } from '../../gateway/stores/sql-identity-store.ts';
import { SqlRegistryStore } from '../../gateway/stores/sql-registry-store.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { expectFailure } from '../support/expectations.ts';
import { aPixQuery } from '../support/hl7v3-builders.ts';
import { wireMessageOf } from '../support/messages.ts';
import { aProvision, aRegistration, octets, provide } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const { repositoryUniqueId } = regionOids(1);
const SECRET = 'SELECT * FROM people WHERE family = secret';

describe('a defect of ours', () => {
  let world: World;
  let registry: string;
  let patientId: PatientId;

  beforeAll(async () => {
    world = await World.start();
    registry = world.url('document-registry');
    patientId = await world.patient('O-1');
  });

  afterEach(() => jest.restoreAllMocks());
  afterAll(() => world.stop());

  const broken = async () => {
    throw new Error(SECRET);
  };

  it('is the transaction’s general error to the caller, 12 in the trail, and one line in the log', async () => {
    jest.spyOn(SqlRegistryStore.prototype, 'look').mockImplementation(broken);
    jest.spyOn(SqlRegistryStore.prototype, 'change').mockImplementation(broken);
    const lines = world.logged.length;
    const { result, records } = await world.recording('ITI-18', () =>
      world.exchange(ITI_18, registry, findDocuments({ patientId })),
    );
    expectFailure(result.response, { errorCode: 'XDSRegistryError' });
    expect(result.message.envelope).not.toContain('secret');
    expect(records.map(({ outcome }) => outcome)).toEqual(['12']);
    const errors = world.logged.slice(lines).filter((line) => line.includes('"level":"error"'));
    expect(errors).toHaveLength(1);

    const registered = await world.exchange(
      ITI_42,
      registry,
      aRegistration({ patientId, documents: [{ bytes: octets('one') }] }),
    );
    expectFailure(registered.response, { errorCode: 'XDSRegistryError' });
  });

  it.each([
    ['SQLITE_FULL', 'OutOfResources'],
    ['53100', 'OutOfResources'],
    ['ENOSPC', 'OutOfResources'],
    ['SQLITE_BUSY', 'Busy'],
    ['53300', 'Busy'],
  ])('that is a shortage, %s, is told as such: …%s', async (code, told) => {
    const short = async () => {
      throw new Error('outer', { cause: Object.assign(new Error(SECRET), { code }) });
    };
    jest.spyOn(SqlRegistryStore.prototype, 'look').mockImplementation(short);
    jest.spyOn(SqlRegistryStore.prototype, 'change').mockImplementation(short);
    jest.spyOn(FileDocumentStore.prototype, 'hold').mockImplementation(short);
    jest.spyOn(FileDocumentStore.prototype, 'find').mockImplementation(short);
    const documents = [{ bytes: octets('one') }];
    const repository = world.url('document-repository');
    const answers = [
      await world.exchange(ITI_18, registry, findDocuments({ patientId })),
      await world.exchange(ITI_42, registry, aRegistration({ patientId, documents })),
      await world.exchange(ITI_41, repository, aProvision({ patientId, documents })),
      await world.exchange(ITI_43, repository, {
        documents: [{ repositoryUniqueId, documentUniqueId: '2.999.8' }],
      }),
    ];
    expect(answers.flatMap(({ response }) => response.errors.map((one) => one.errorCode))).toEqual([
      `XDSRegistry${told}`,
      `XDSRegistry${told}`,
      `XDSRepository${told}`,
      `XDSRepository${told}`,
    ]);
    for (const { message } of answers) expect(message.envelope).not.toContain('secret');
  });

  it('is AE and INTERR in HL7 V3, and CE for a feed', async () => {
    jest.spyOn(SqlIdentityStore.prototype, 'look').mockImplementation(broken);
    jest.spyOn(SqlIdentityStore.prototype, 'change').mockImplementation(broken);
    const url = world.url('patient-identity');
    const { response } = await world.exchange(
      ITI_45,
      url,
      aPixQuery({
        transmission: world.transmission(),
        patientIdentifier: patientId,
        dataSources: [],
      }),
    );
    expect(response).toMatchObject({ acknowledgement: 'AE', queryResponseCode: 'AE', ids: [] });
    expect(response.details.map(({ code }) => code)).toEqual(['INTERR']);
    const fed = await world.exchange(ITI_44, url, world.feed('O-2'));
    expect(fed.response.code).toBe('CE');
    expect(fed.response.details.map(({ code }) => code)).toEqual(['INTERR']);
    expect(fed.message.envelope).not.toContain('secret');
  });

  it('does not keep the next request from being served', async () => {
    const { response } = await world.exchange(ITI_18, registry, findDocuments({ patientId }));
    expect(response.status).toBe('Success');
  });

  describe('on the disk', () => {
    const stored = async (text: string) => {
      const folder = join(world.folder(), 'var', 'documents');
      const all = async () => {
        const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(
          () => [],
        );
        return entries
          .filter((entry) => entry.isFile())
          .map((entry) => join(entry.parentPath, entry.name));
      };
      const before = new Set(await all());
      const [documentUniqueId = ''] = await provide(world, {
        patientId,
        documents: [{ bytes: octets(text) }],
      });
      const [path = ''] = (await all()).filter((file) => !before.has(file));
      return { path, documentUniqueId };
    };
    const message = (documentUniqueId: string) =>
      wireMessageOf(
        ITI_43,
        { documents: [{ repositoryUniqueId, documentUniqueId }] },
        world.url('document-repository'),
      );

    it('a document that is gone is XDSRepositoryError at its uniqueId', async () => {
      const { path, documentUniqueId } = await stored('soon gone');
      await rm(path);
      const { response } = await world.exchange(ITI_43, world.url('document-repository'), {
        documents: [{ repositoryUniqueId, documentUniqueId }],
      });
      expectFailure(response, { errorCode: 'XDSRepositoryError', location: documentUniqueId });
    });

    it('a document that is cut is never sent as if it were whole', async () => {
      const text = 'the whole of it '.repeat(100);
      const { path, documentUniqueId } = await stored(text);
      await truncate(path, 100);
      const url = world.url('document-repository');
      const answer = await world
        .send(url, await message(documentUniqueId))
        .then(({ body }) => body.toString('latin1'))
        .catch(() => 'broken off');
      if (answer !== 'broken off') {
        expect(answer).toContain('XDSRepositoryError');
        expect(answer).not.toContain('the whole of it');
      }
    });
  });
});
