import type { PatientId } from '../../profiles/patient.ts';
import { ITI_57 } from '../../profiles/xds/iti-57.ts';
import type { SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import { expectFailure } from '../support/expectations.ts';
import { ADMINISTRATOR, ofRegion, registered, versionsIn } from '../support/region-updates.ts';
import { World } from '../support/world.ts';
import { anUpdate, aStatusUpdate, aSubmittedAssociation } from '../support/xds-update-builders.ts';

const as = 'administrator';

describe('ITI-57 Update Document Set over the wire', () => {
  let world: World;
  let url: string;
  let patientId: PatientId;

  beforeAll(async () => {
    world = await World.start({ systems: [ADMINISTRATOR] });
    url = world.url('document-registry');
    patientId = await world.patient('U-1');
  });

  afterAll(() => world.stop());

  const update = async (request: SubmitObjectsRequest) =>
    (await world.exchange(ITI_57, url, ofRegion(request, patientId), { as })).response;

  it('makes a new version in Simple SOAP, and records the import of an update', async () => {
    const { id: logicalID, uniqueId } = await registered(world, patientId);
    const { result, records } = await world.recording('ITI-57', () =>
      update(anUpdate({ logicalID, uniqueId })),
    );
    expect(result).toEqual({ status: 'Success', errors: [] });
    const versions = await versionsIn(world, uniqueId);
    expect(versions.map(({ status }) => status?.split(':').at(-1))).toEqual([
      'Deprecated',
      'Approved',
    ]);
    expect(records[0]).toMatchObject({ event: '110107', action: 'U', outcome: '0' });
  });

  it('answers the same message again as before, and makes no further version', async () => {
    const { id: logicalID, uniqueId } = await registered(world, patientId);
    const request = ofRegion(anUpdate({ logicalID, uniqueId }), patientId);
    const messageId = 'urn:uuid:5b1e0000-0000-4000-8000-00000000f057';
    for (const _ of ['first', 'again']) {
      const { response } = await world.exchange(ITI_57, url, request, { as, messageId });
      expect(response).toEqual({ status: 'Success', errors: [] });
    }
    expect(await versionsIn(world, uniqueId)).toHaveLength(2);
    const { response } = await world.exchange(ITI_57, url, request, { as });
    expect(response.status).toBe('Failure');
  });

  it('changes a status, and relates two documents', async () => {
    const [one, other] = [await registered(world, patientId), await registered(world, patientId)];
    const ends = { sourceObject: one.id, targetObject: other.id };
    expect((await update(aSubmittedAssociation(ends))).status).toBe('Success');
    expect((await update(aStatusUpdate({ targetObject: one.id }))).status).toBe('Success');
    expectFailure(
      await update(
        aSubmittedAssociation({ ...ends, sourceObject: other.id, targetObject: one.id }),
      ),
      {
        errorCode: 'XDSMetadataUpdateError',
        location: 'submitted',
      },
    );
  });

  it('refuses each fault with its code, and the object’s id as location', async () => {
    const { id: logicalID, uniqueId } = await registered(world, patientId);
    const location = 'Document01';
    expectFailure(await update(anUpdate({ uniqueId })), {
      errorCode: 'XDSMetadataVersionError',
      location,
    });
    expectFailure(await update(anUpdate({ logicalID, uniqueId }, { previousVersion: 2 })), {
      errorCode: 'XDSMetadataVersionError',
      location,
    });
    expectFailure(await update(anUpdate({ logicalID, uniqueId: '2.999.8.9' })), {
      errorCode: 'XDSMetadataUpdateError',
      location,
    });
    const status = {
      targetObject: logicalID,
      originalStatus: 'Deprecated',
      newStatus: 'Approved',
    } as const;
    expectFailure(await update(aStatusUpdate(status)), {
      errorCode: 'XDSMetadataUpdateError',
      location: 'operation',
    });
    const same = { targetObject: logicalID, newStatus: 'Approved' } as const;
    expectFailure(await update(aStatusUpdate(same)), {
      errorCode: 'XDSMetadataUpdateOperationError',
      location: 'operation',
    });
  });

  it('is closed to a system whose entry does not name it', async () => {
    const { fault } = await world.faulted(ITI_57, url, ofRegion(aStatusUpdate(), patientId));
    expect(fault.fault).toBe('Sender');
  });
});
