import { join } from 'node:path';
import type { ActorName } from '../../actors/actor.ts';
import { askControl } from '../../gateway/control.ts';
import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_45 } from '../../profiles/pix/iti-45.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { ITI_43 } from '../../profiles/xds/iti-43.ts';
import { findDocuments, getAll, getDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { EXIT } from '../../scripts/command.ts';
import { runCommandLine } from '../../scripts/kakehashi.ts';
import { divide, INNER, OUTER } from '../support/divided.ts';
import { expectErrors } from '../support/expectations.ts';
import { aPerson, aPixQuery } from '../support/hl7v3-builders.ts';
import { aProvision, aRegistration, octets } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const oids = regionOids(1);
const bytes = octets('the same letter in both houses');
const uniqueId = '2.999.88.1';

/** The same story in any house: a feed, a submission, a query, a retrieval, and what is refused. */
async function story(world: World, urls: Record<ActorName, string>) {
  const chart = { id: 'S-1', assigningAuthority: oids.chartNumbers };
  const fed = await world.exchange(ITI_44, urls['patient-identity'], world.feed('S-1'));
  const found = await world.exchange(
    ITI_45,
    urls['patient-identity'],
    aPixQuery({
      transmission: world.transmission(),
      patientIdentifier: chart,
      dataSources: [oids.affinityDomain],
    }),
  );
  const patientId = found.response.ids[0] as PatientId;
  const submissionSet = { uniqueId: '2.999.88.2' };
  const provision = aProvision({
    patientId,
    documents: [{ bytes, uniqueId }],
    submissionSet,
  });
  const provided = await world.exchange(ITI_41, urls['document-repository'], provision);
  const unknown = await world.exchange(
    ITI_41,
    urls['document-repository'],
    aProvision({ patientId: { ...patientId, id: 'nobody' }, documents: [{ bytes }] }),
  );
  const again = await world.exchange(ITI_41, urls['document-repository'], {
    ...provision,
  });
  const query = async (actor: ActorName, request = findDocuments({ patientId })) => {
    const { response } = await world.exchange(ITI_18, urls[actor], request);
    return {
      status: response.status,
      errors: response.errors,
      objects: response.objects.map((object) => [object.uniqueId, object.home]),
    };
  };
  const retrieve = async (actor: ActorName, documentUniqueId: string) => {
    const { response } = await world.exchange(ITI_43, urls[actor], {
      documents: [
        {
          repositoryUniqueId: oids.repositoryUniqueId,
          documentUniqueId,
          homeCommunityId: oids.homeCommunityId,
        },
      ],
    });
    return {
      status: response.status,
      errors: response.errors,
      documents: response.documents.map((one) => [one.documentUniqueId, one.content.sha1]),
    };
  };
  const codes = ({
    status,
    errors,
  }: {
    status: string;
    errors: readonly { errorCode: string }[];
  }) => [status, ...errors.map(({ errorCode }) => errorCode)];
  const letter = aProvision({
    patientId,
    documents: [{ bytes: octets('sent twice'), uniqueId: '2.999.88.3' }],
    submissionSet: { uniqueId: '2.999.88.4' },
  });
  const sent = async () => {
    const options = { messageId: 'urn:uuid:5b1e0000-0000-4000-8000-00000000f088' };
    return (await world.exchange(ITI_41, urls['document-repository'], letter, options)).response;
  };
  return {
    fed: fed.response,
    provided: provided.response,
    unknown: codes(unknown.response),
    again: codes(again.response),
    all: await query('document-registry', getAll({ patientId, status: ['Approved'] })).then(
      ({ status, objects }) => [status, objects.length],
    ),
    atRegistry: await query('document-registry'),
    atGateway: await query('initiating-gateway'),
    byId: await query(
      'initiating-gateway',
      getDocuments({ uniqueId: [uniqueId], home: oids.homeCommunityId }),
    ),
    atRepository: await retrieve('document-repository', uniqueId),
    throughGateway: await retrieve('initiating-gateway', uniqueId),
    missing: await retrieve('document-repository', '2.999.404'),
    sentTwice: [codes(await sent()), codes(await sent())],
  };
}

describe('one community, in one process and in two', () => {
  let whole: World;
  let divided: World;
  let urls: Record<ActorName, string>;

  beforeAll(async () => {
    whole = await World.start();
    divided = await World.start({ running: 0 });
    urls = await divide(divided);
  });

  afterAll(async () => {
    await Promise.all([whole.stop(), divided.stop()]);
  });

  it('gives equal answers to the same story', async () => {
    const everywhere = Object.fromEntries(
      [...INNER, ...OUTER].map((actor) => [actor, whole.url(actor)]),
    ) as Record<ActorName, string>;
    const inOne = await story(whole, everywhere);
    expect(inOne).toMatchObject({
      fed: { code: 'CA' },
      provided: { status: 'Success', errors: [] },
      unknown: ['Failure', 'XDSUnknownPatientId'],
      again: ['Failure', 'XDSDuplicateUniqueIdInRegistry'],
      sentTwice: [['Success'], ['Success']],
      atRegistry: { status: 'Success', objects: [[uniqueId, undefined]] },
      atGateway: { status: 'Success', objects: [[uniqueId, oids.homeCommunityId]] },
      atRepository: { status: 'Success' },
      throughGateway: { status: 'Success' },
      missing: { status: 'Failure' },
    });
    expect(await story(divided, urls)).toEqual(inOne);
  });

  it('records between the two processes what it does not record inside one', async () => {
    expect(await whole.auditOf('ITI-42')).toEqual([]);
    const exported = await divided.recordsOf('ITI-42');
    expect(exported.map(({ event, action }) => `${event} ${action}`)).toContain('110106 R');
    const imported = await divided.recordsOf('ITI-42', 'east-inner');
    expect(imported.map(({ event, action }) => `${event} ${action}`)).toContain('110107 C');
    expect(imported.length).toBe(exported.length);
  });

  it('has the gateway in one process hear from the identity manager in the other whose ids have changed hands', async () => {
    const person = (family: string) => aPerson({ names: [{ family, given: [] }], addresses: [] });
    for (const [id, family, birthTime] of [
      ['S-8', '試験', '19510101'],
      ['S-9', '見本', '19820101'],
    ] as const) {
      const demographics = { ...person(family), birthTime, telecoms: [] };
      const fed = divided.feed(id, 'east', { demographics });
      await divided.exchange(ITI_44, urls['patient-identity'], fed);
    }
    const chart = (id: string) => encodeCX({ id, assigningAuthority: oids.chartNumbers });
    const folder = join(divided.directory, 'east-inner');
    const ids = { id: chart('S-9'), surviving: chart('S-8'), by: '担当 一郎' };
    await askControl(folder, 'patient.merge', ids);
    const heard = await divided.recordsOf('ITI-46');
    expect(heard.length).toBeGreaterThanOrEqual(2);
    expect(new Set(heard.map(({ event, action }) => `${event} ${action}`))).toEqual(
      new Set(['110110 U']),
    );
  });

  it('is copied process by process while they run, also where there are no documents', async () => {
    let stdout = '';
    const stream = { write: (text: string) => (stdout += text) };
    const [folder, target] = ['east-inner', 'copy'].map((name) => join(divided.directory, name));
    const exit = await runCommandLine(['backup', target ?? '', '--folder', folder ?? ''], {
      stdout: stream,
      stderr: stream,
      locale: 'C',
      stop: () => new AbortController().signal,
    });
    expect([exit, stdout]).toEqual([EXIT.done, expect.stringContaining('0 documents in 0 files')]);
  });

  it('says so when the other process is away, and shows nothing that it cannot vouch for', async () => {
    const { id } = (await knownPatient(divided, urls)) as PatientId;
    const patientId = { id, assigningAuthority: oids.affinityDomain };
    await divided.stopRegion('east-inner');
    const provided = await divided.exchange(
      ITI_41,
      urls['document-repository'],
      aProvision({ patientId, documents: [{ bytes }] }),
    );
    expect(provided.response.status).toBe('Failure');
    expectErrors(provided.response.errors, { errorCode: 'XDSRegistryNotAvailable' });
    const retrieved = await divided.exchange(ITI_43, urls['document-repository'], {
      documents: [{ repositoryUniqueId: oids.repositoryUniqueId, documentUniqueId: uniqueId }],
    });
    expect(retrieved.response.status).toBe('Failure');
    expect(retrieved.response.documents).toEqual([]);
    expectErrors(retrieved.response.errors, {
      errorCode: 'XDSRepositoryError',
      location: uniqueId,
    });
    const asked = await divided.exchange(
      ITI_18,
      urls['initiating-gateway'],
      findDocuments({ patientId }),
    );
    expect(asked.response.status).toBe('Failure');
    expectErrors(asked.response.errors, {
      errorCode: 'XDSUnavailableCommunity',
      location: oids.homeCommunityId,
    });
  });

  it('lets nobody but its own actors register for another’s sourceId', async () => {
    // The hospital's certificate is no own actor, wherever it calls.
    const patientId = await whole.patient('S-2');
    const { response } = await whole.exchange(
      ITI_42,
      whole.url('document-registry'),
      aRegistration({
        patientId,
        documents: [{ bytes }],
        submissionSet: { sourceId: '2.999.500.2.5' },
      }),
    );
    expectErrors(response.errors, { errorCode: 'XDSRegistryMetadataError' });
  });
});

async function knownPatient(world: World, urls: Record<ActorName, string>) {
  const { response } = await world.exchange(
    ITI_45,
    urls['patient-identity'],
    aPixQuery({
      transmission: world.transmission(),
      patientIdentifier: { id: 'S-1', assigningAuthority: oids.chartNumbers },
      dataSources: [oids.affinityDomain],
    }),
  );
  return response.ids[0];
}
