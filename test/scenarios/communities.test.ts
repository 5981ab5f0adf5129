import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { type DocumentRequest, ITI_43 } from '../../profiles/xds/iti-43.ts';
import {
  findDocuments,
  findFolders,
  findSubmissionSets,
  getAll,
  getDocuments,
} from '../../profiles/xds/stored-query-builders.ts';
import { expectErrors, expectParticipants } from '../support/expectations.ts';
import { octets, provide } from '../support/region-documents.ts';
import { validateAgainst } from '../support/schema.ts';
import { regionOids, World } from '../support/world.ts';

const homes = [1, 2, 3].map((number) => regionOids(number).homeCommunityId);
/** It lies beside the checkout and is no part of it. */
const AUDIT_XSD = resolve('../shared/schemas/security/audit/dicom2017c.xsd');
const CHART = 'same-person';

/** Octets that no text has, and every CR and LF among them. */
function noise(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = 1;
  for (let at = 0; at < length; at += 1) {
    state = (state * 48_271) % 2_147_483_647;
    bytes[at] = state & 0xff;
  }
  return bytes;
}

const sha1 = (bytes: Uint8Array) => createHash('sha1').update(bytes).digest('hex');

describe('three communities and one patient', () => {
  let world: World;
  let gateway: string;
  let patientId: PatientId;
  const contents = [octets('of the east'), noise(5 * 1_048_576 + 17), octets('of the south')];
  const uniqueIds: string[] = [];

  beforeAll(async () => {
    world = await World.start({
      regions: 3,
      settings: {
        fanOut: { deadlineMs: 4_000 },
        retrieval: { deadlineMs: 4_000, attempts: 1 },
      },
    });
    gateway = world.url('initiating-gateway');
    for (const [index, name] of ['east', 'west', 'south'].entries()) {
      const known = await world.patient(CHART, name);
      if (index === 0) patientId = known;
      const bytes = contents[index] ?? octets('');
      const [uniqueId = ''] = await provide(
        world,
        { patientId: known, documents: [{ bytes }] },
        { name, number: index + 1 },
      );
      uniqueIds.push(uniqueId);
    }
    await world.patient('known to the west only', 'west');
  });

  afterAll(() => world.stop());

  const find = async (as?: string) =>
    (await world.exchange(ITI_18, gateway, findDocuments({ patientId }), { as })).response;
  const wanted = (index: number): DocumentRequest => ({
    homeCommunityId: homes[index] ?? '',
    repositoryUniqueId: regionOids(index + 1).repositoryUniqueId,
    documentUniqueId: uniqueIds[index] ?? '',
  });
  const retrieve = (...documents: DocumentRequest[]) =>
    world.exchange(ITI_43, gateway, { documents });

  it('finds her documents in all of them, each under its home and the id that she has there', async () => {
    const { status, errors, objects } = await find();
    expect(errors).toEqual([]);
    expect(status).toBe('Success');
    expect(objects.map(({ home, uniqueId }) => [home, uniqueId])).toEqual(
      homes.map((home, index) => [home, uniqueIds[index]]),
    );
    const authorities = objects.map((object) => object.patientId?.assigningAuthority);
    expect(authorities).toEqual([1, 2, 3].map((number) => regionOids(number).affinityDomain));
  });

  it('retrieves them byte for byte, one of 5 MB among them', async () => {
    const { response, message } = await retrieve(wanted(0), wanted(1), wanted(2));
    expect(response.errors).toEqual([]);
    expect(response.status).toBe('Success');
    expect(response.documents.map(({ homeCommunityId }) => homeCommunityId).sort()).toEqual(homes);
    expect([...message.parts.values()].map(sha1).sort()).toEqual(contents.map(sha1).sort());
    // What is in a document's place is what was asked for under its ids.
    for (const { homeCommunityId, content } of response.documents) {
      const index = homes.indexOf(homeCommunityId ?? '');
      expect(content.sha1).toBe(sha1(contents[index] ?? octets('')));
    }
  });

  it('asks one community where home names it, by patient and by id', async () => {
    const west = homes[1] ?? '';
    const byPatient = await world.exchange(
      ITI_18,
      gateway,
      findDocuments({ patientId, home: west }),
    );
    expect(byPatient.response.objects.map(({ home }) => home)).toEqual([west]);
    const byId = await world.exchange(
      ITI_18,
      gateway,
      getDocuments({ uniqueId: [uniqueIds[1] ?? ''], home: west }),
    );
    expect(byId.response.objects.map(({ uniqueId }) => uniqueId)).toEqual([uniqueIds[1]]);
  });

  it('asks every query that names a patient in all of them, in either form', async () => {
    const references = await world.exchange(
      ITI_18,
      gateway,
      findDocuments({ patientId, returnType: 'ObjectRef' }),
    );
    expect(references.response.objectRefs.map(({ home }) => home)).toEqual(homes);
    expect(references.response.objects).toEqual([]);
    const approved = { patientId, status: ['Approved'] as const };
    for (const asked of [findSubmissionSets(approved), getAll(approved)]) {
      const { response } = await world.exchange(ITI_18, gateway, asked);
      expect([response.status, response.errors]).toEqual(['Success', []]);
      const packages = response.objects.filter(({ element }) => element === 'RegistryPackage');
      expect(packages.map(({ home }) => home)).toEqual(homes);
    }
    const folders = await world.exchange(ITI_18, gateway, findFolders(approved));
    expect(folders.response).toMatchObject({ status: 'Success', errors: [], objects: [] });
  });

  it('refuses what is wrong with a query once, and asks nobody', async () => {
    const asked = findDocuments({ patientId });
    const before = (await world.recordsOf('ITI-38')).length;
    const { response } = await world.exchange(ITI_18, gateway, {
      ...asked,
      slots: asked.slots.filter(({ name }) => name !== '$XDSDocumentEntryStatus'),
    });
    expect(response.status).toBe('Failure');
    expectErrors(response.errors, { errorCode: 'XDSStoredQueryMissingParam' });
    expect(await world.recordsOf('ITI-38')).toHaveLength(before);
  });

  it('answers a patient whom no other community knows with what there is at home, and no error', async () => {
    const alone = await world.patient('known to the east only');
    const [uniqueId] = await provide(world, {
      patientId: alone,
      documents: [{ bytes: octets('alone') }],
    });
    const { response } = await world.exchange(ITI_18, gateway, findDocuments({ patientId: alone }));
    expect(response.status).toBe('Success');
    expect(response.errors).toEqual([]);
    expect(response.objects.map((object) => object.uniqueId)).toEqual([uniqueId]);
  });

  it('is in the audit trail of both ends, request by request', async () => {
    const fresh = await world.patient('recorded');
    await world.patient('recorded', 'west');
    const asked = (await world.recordsOf('ITI-55')).length;
    const answered = (await world.recordsOf('ITI-55', 'west')).length;
    const queries = (await world.recordsOf('ITI-38')).length;
    await world.exchange(ITI_18, gateway, findDocuments({ patientId: fresh }));

    const askers = (await world.recordsOf('ITI-55')).slice(asked);
    expect(askers).toHaveLength(2);
    for (const record of askers) {
      expect(record).toMatchObject({ event: '110112', action: 'E', outcome: '0' });
      // The Initiating Gateway records no patient here.
      expect(record.objects.map(({ type }) => type)).toEqual(['2/24']);
    }
    const [answerer, ...more] = (await world.recordsOf('ITI-55', 'west')).slice(answered);
    expect(more).toEqual([]);
    expect(answerer?.objects.map(({ type }) => type)).toEqual(['1/1', '2/24']);
    const [query, ...others] = (await world.recordsOf('ITI-38')).slice(queries);
    expect(others).toEqual([]);
    if (!query) throw new Error('ITI-38 was not recorded');
    expect(query).toMatchObject({ event: '110112', action: 'E', outcome: '0' });
    expectParticipants(query, {
      source: 'asker',
      endpoint: world.url('responding-gateway', 'west'),
    });
    // One exchange, two trails, one message id.
    const ids = query.objects.map(({ details }) => details.MessageID).filter(Boolean);
    const westIds = (await world.recordsOf('ITI-38', 'west')).flatMap(({ objects }) =>
      objects.map(({ details }) => details.MessageID),
    );
    expect(westIds).toEqual(expect.arrayContaining(ids));

    const [imported] = (await world.recordsOf('ITI-39')).filter(({ event }) => event === '110107');
    expect(imported).toMatchObject({ action: 'C', outcome: '0' });
    const [exported] = (await world.recordsOf('ITI-39', 'west')).filter(
      ({ event }) => event === '110106',
    );
    expect(exported).toMatchObject({ action: 'R', outcome: '0' });
  });

  it('is in the trail of the gateway that was asked: a query, and an export', async () => {
    const queried = await world.recording('ITI-18', () => find());
    expect(queried.records).toHaveLength(1);
    const [query] = queried.records;
    if (!query) throw new Error('ITI-18 was not recorded');
    expect(query).toMatchObject({ event: '110112', action: 'E', outcome: '0' });
    expectParticipants(query, { source: 'asker', endpoint: gateway });
    expect(query.objects.map(({ type }) => type)).toEqual(['1/1', '2/24']);

    const missing = { ...wanted(1), documentUniqueId: '2.999.404' };
    const retrieved = await world.recording('ITI-43', () => retrieve(wanted(1), missing));
    expect(retrieved.result.response.status).toBe('PartialSuccess');
    expect(
      retrieved.records.map(({ event, action, outcome, objects }) => [
        `${event} ${action} ${outcome}`,
        objects.map(({ id }) => id),
      ]),
    ).toEqual([
      ['110106 R 0', [uniqueIds[1]]],
      ['110106 R 8', ['2.999.404']],
    ]);
    // What the other community refused is a refusal in our import's record, too.
    const imports = await world.recordsOf('ITI-39');
    const refused = imports.filter(({ objects }) => objects.some(({ id }) => id === '2.999.404'));
    expect(refused.map(({ event, outcome }) => `${event} ${outcome}`)).toEqual(['110107 8']);
  });

  it('writes audit messages that DICOM’s schema knows', async () => {
    if (!existsSync(AUDIT_XSD)) return;
    for (const name of ['east', 'west', 'south']) {
      for (const message of await world.audit(name)) {
        expect(validateAgainst(AUDIT_XSD, message)).toEqual([]);
      }
    }
  });

  it('tells another community the regional id of who is sought, and never a chart number', async () => {
    for (const name of ['west', 'south']) {
      const records = await world.recordsOf('ITI-55', name);
      const queries = records.flatMap(({ objects }) => objects.map(({ query = '' }) => query));
      expect(queries.join('')).toContain(patientId.id);
      expect(queries.join('')).not.toContain(regionOids(1).chartNumbers);
      expect((await world.audit(name)).join('')).not.toContain(regionOids(1).chartNumbers);
    }
  });

  describe('when communities are away', () => {
    it('answers PartialSuccess, with one XDSUnavailableCommunity that names the one that is dead', async () => {
      await world.stopRegion('south');
      const { status, errors, objects } = await find();
      expect(status).toBe('PartialSuccess');
      expectErrors(errors, { errorCode: 'XDSUnavailableCommunity', location: homes[2] });
      expect(errors[0]?.codeContext).toContain(homes[2]);
      expect(objects.map(({ home }) => home)).toEqual(homes.slice(0, 2));

      const retrieved = await retrieve(wanted(0), { ...wanted(2), documentUniqueId: '2.999.1.9' });
      expect(retrieved.response.status).toBe('PartialSuccess');
      expect(retrieved.response.documents).toHaveLength(1);
      expectErrors(retrieved.response.errors, {
        errorCode: 'XDSUnavailableCommunity',
        location: '2.999.1.9',
      });
      expect(retrieved.response.errors[0]?.codeContext).toContain(homes[2]);
    });

    it('answers with what is at home when all others are dead', async () => {
      await world.stopRegion('west');
      const { status, errors, objects } = await find();
      expect(status).toBe('PartialSuccess');
      expectErrors(
        errors,
        { errorCode: 'XDSUnavailableCommunity', location: homes[1] },
        { errorCode: 'XDSUnavailableCommunity', location: homes[2] },
      );
      expect(objects.map(({ home }) => home)).toEqual(homes.slice(0, 1));
    });

    it('answers Failure when nothing that was asked for can be had', async () => {
      const { response } = await retrieve({ ...wanted(1), documentUniqueId: '2.999.1.8' });
      expect(response.status).toBe('Failure');
      expectErrors(response.errors, {
        errorCode: 'XDSUnavailableCommunity',
        location: '2.999.1.8',
      });
      const asked = await world.exchange(
        ITI_18,
        gateway,
        getDocuments({ uniqueId: ['2.999.1'], home: homes[1] }),
      );
      expect(asked.response.status).toBe('Failure');
      expectErrors(asked.response.errors, {
        errorCode: 'XDSUnavailableCommunity',
        location: homes[1],
      });
    });

    it('finds them again when they are back', async () => {
      await Promise.all([world.startRegion('west'), world.startRegion('south')]);
      const { status, objects } = await find();
      expect(status).toBe('Success');
      expect(objects.map(({ home }) => home)).toEqual(homes);
    });
  });
});
