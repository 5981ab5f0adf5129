import type { PatientId } from '../../profiles/patient.ts';
import { ITI_51 } from '../../profiles/xds/iti-51.ts';
import { findDocumentsForMultiplePatients } from '../../profiles/xds/multi-patient-query-builders.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { expectFailure } from '../support/expectations.ts';
import { ADMINISTRATOR, registered } from '../support/region-updates.ts';
import { World } from '../support/world.ts';

const as = 'administrator';

describe('ITI-51 Multi-Patient Stored Query over the wire', () => {
  let world: World;
  let url: string;
  let patientIds: PatientId[];

  beforeAll(async () => {
    world = await World.start({ systems: [ADMINISTRATOR] });
    url = world.url('document-registry');
    patientIds = [await world.patient('M-1'), await world.patient('M-2')];
    for (const patientId of patientIds) await registered(world, patientId);
  });

  afterAll(() => world.stop());

  it('finds full objects of several patients in one answer, and records the query', async () => {
    const { result, records } = await world.recording('ITI-51', () =>
      world.exchange(ITI_51, url, findDocumentsForMultiplePatients({ patientIds }), { as }),
    );
    expect(result.response.objects.map(({ patientId }) => patientId)).toEqual(patientIds);
    expect(records[0]).toMatchObject({ event: '110112', action: 'E', outcome: '0' });
  });

  it('finds by code whom the query does not name', async () => {
    const classCode = [{ code: '57133-1', codingScheme: '2.16.840.1.113883.6.1' }];
    const query = findDocumentsForMultiplePatients({ classCode });
    const { response } = await world.exchange(ITI_51, url, query, { as });
    expect(response.objects).toHaveLength(2);
  });

  it('refuses a query that is not its own, and one without a patient or a code', async () => {
    const [patientId] = patientIds;
    if (!patientId) throw new Error('no patient');
    const own = await world.exchange(ITI_51, url, findDocuments({ patientId }), { as });
    expectFailure(own.response, { errorCode: 'XDSUnknownStoredQuery' });
    const empty = await world.exchange(ITI_51, url, findDocumentsForMultiplePatients({}), { as });
    expectFailure(empty.response, { errorCode: 'XDSStoredQueryMissingParam' });
  });
});
