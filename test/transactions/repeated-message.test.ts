import type { PatientId } from '../../profiles/patient.ts';
import { ITI_44 } from '../../profiles/pix/iti-44.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { expectFailure } from '../support/expectations.ts';
import { aRegistration, octets } from '../support/region-documents.ts';
import { ADMINISTRATOR, registered } from '../support/region-updates.ts';
import { regionOids, World } from '../support/world.ts';

describe('a message that is sent twice, and a merge', () => {
  let world: World;
  let url: string;

  beforeAll(async () => {
    world = await World.start({ systems: [ADMINISTRATOR] });
    url = world.url('document-registry');
  });

  afterAll(() => world.stop());

  const documentsOf = async (patientId: PatientId) =>
    (await world.exchange(ITI_18, url, findDocuments({ patientId }))).response.objects;

  it('is registered once; under a new MessageID it is a duplicate', async () => {
    const patientId = await world.patient('T-1');
    const request = aRegistration({ patientId, documents: [{ bytes: octets('twice') }] });
    const messageId = 'urn:uuid:5b1e0000-0000-4000-8000-00000000f042';
    const first = await world.exchange(ITI_42, url, request, { messageId });
    const again = await world.exchange(ITI_42, url, request, { messageId });
    expect([first.response.status, again.response]).toEqual(['Success', first.response]);
    expect(await documentsOf(patientId)).toHaveLength(1);
    const anew = await world.exchange(ITI_42, url, request);
    expectFailure(anew.response, {
      errorCode: 'XDSDuplicateUniqueIdInRegistry',
      location: 'SubmissionSet01',
    });
  });

  it('lets the survivor of a merge show the documents of both, whoever passed it on', async () => {
    const [one, two, three] = [
      await world.patient('T-2'),
      await world.patient('T-3'),
      await world.patient('T-4'),
    ];
    for (const patientId of [one, two, three]) await registered(world, patientId);
    const merge = async (subsumed: PatientId, surviving: PatientId, actor: string) =>
      (
        await world.exchange(
          ITI_44,
          world.url(actor),
          {
            kind: 'merge',
            subsumed,
            surviving,
            names: [],
            transmission: world.transmission(),
            custodian: regionOids(1).sourceId,
          },
          { as: 'administrator' },
        )
      ).response;
    expect(await merge(one, two, 'document-registry')).toMatchObject({ code: 'CA' });
    expect(await merge(two, three, 'patient-identity')).toMatchObject({ code: 'CA' });
    expect((await documentsOf(three)).map(({ patientId }) => patientId)).toEqual([
      three,
      three,
      three,
    ]);
    expect([await documentsOf(one), await documentsOf(two)]).toEqual([[], []]);
    expect(await merge(one, three, 'document-registry')).toMatchObject({ code: 'CE' });
    const late = aRegistration({ patientId: one, documents: [{ bytes: octets('late') }] });
    const { response } = await world.exchange(ITI_42, url, late);
    expect(response.errors.map(({ errorCode }) => errorCode)).toEqual(['XDSUnknownPatientId']);
  });
});
