import type { PatientId } from '../../profiles/patient.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_62 } from '../../profiles/xds/iti-62.ts';
import { getAssociations } from '../../profiles/xds/stored-query-builders.ts';
import { expectFailure } from '../support/expectations.ts';
import { ADMINISTRATOR, registered, versionsIn } from '../support/region-updates.ts';
import { World } from '../support/world.ts';

const as = 'administrator';

describe('ITI-62 Remove Metadata over the wire', () => {
  let world: World;
  let url: string;
  let patientId: PatientId;

  beforeAll(async () => {
    world = await World.start({ systems: [ADMINISTRATOR] });
    url = world.url('document-registry');
    patientId = await world.patient('D-1');
  });

  afterAll(() => world.stop());

  const remove = async (ids: readonly string[], messageId?: string) => {
    const request = { objectRefs: ids.map((id) => ({ id })) };
    return (await world.exchange(ITI_62, url, request, { as, messageId })).response;
  };
  const linkOf = async (id: string) => {
    const { response } = await world.exchange(ITI_18, url, getAssociations({ uuid: [id] }));
    const [link] = response.objects;
    if (!link?.sourceObject) throw new Error('no membership');
    return { id: link.id, set: link.sourceObject };
  };

  it('removes a document with its SubmissionSet, and says so again when it is asked again', async () => {
    const { id, uniqueId } = await registered(world, patientId);
    const link = await linkOf(id);
    const all = [id, link.id, link.set];
    const messageId = 'urn:uuid:5b1e0000-0000-4000-8000-00000000f062';
    const { result, records } = await world.recording('ITI-62', () => remove(all, messageId));
    expect(result).toEqual({ status: 'Success', errors: [] });
    expect(records.length).toBeGreaterThan(0);
    expect(records[0]).toMatchObject({ event: '110110', action: 'D', outcome: '0' });
    expect(await versionsIn(world, uniqueId)).toEqual([]);
    expect(await remove(all, messageId)).toEqual({ status: 'Success', errors: [] });
    const gone = all.map((location) => ({ errorCode: 'UnresolvedReferenceException', location }));
    expectFailure(await remove(all), ...gone);
  });

  it('refuses to leave an Association dangling, or a SubmissionSet empty', async () => {
    const { id, uniqueId } = await registered(world, patientId);
    const link = await linkOf(id);
    expectFailure(await remove([id]), { errorCode: 'ReferencesExistException', location: id });
    expectFailure(await remove([id, link.id]), {
      errorCode: 'XDSUnreferencedObjectException',
      location: link.set,
    });
    expect(await versionsIn(world, uniqueId)).toHaveLength(1);
  });

  it('refuses an empty list', async () => {
    const { response } = await world.exchange(
      ITI_62,
      url,
      { objectRefs: [] },
      { as, invalid: true },
    );
    expectFailure(response, { errorCode: 'XDSRegistryError' });
  });
});
