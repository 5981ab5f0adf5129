import type { PatientId } from '../../profiles/patient.ts';
import { ITI_18 } from '../../profiles/xds/iti-18.ts';
import { ITI_61 } from '../../profiles/xds/iti-61.ts';
import { findDocuments } from '../../profiles/xds/stored-query-builders.ts';
import { expectErrors } from '../support/expectations.ts';
import { freshOid } from '../support/region-documents.ts';
import { ADMINISTRATOR, ofRegion } from '../support/region-updates.ts';
import { World } from '../support/world.ts';
import { aSubmission } from '../support/xds-builders.ts';
import { ON_DEMAND } from '../support/xds-update-builders.ts';

const as = 'administrator';

describe('ITI-61 Register On-Demand Document Entry over the wire', () => {
  let world: World;
  let url: string;
  let patientId: PatientId;

  beforeAll(async () => {
    world = await World.start({ systems: [ADMINISTRATOR] });
    url = world.url('document-registry');
    patientId = await world.patient('O-1');
  });

  afterAll(() => world.stop());

  const register = async (entry: object) => {
    const request = ofRegion(aSubmission({ documentEntries: [entry] }), patientId);
    return await world.exchange(ITI_61, url, request, { as });
  };

  it('registers an entry, under the action that lacks the word Entry, and a query for its type finds it', async () => {
    const uniqueId = freshOid();
    const { result, records } = await world.recording('ITI-61', () =>
      register({ ...ON_DEMAND, uniqueId }),
    );
    expect(result.response).toEqual({ status: 'Success', errors: [] });
    expect(result.message.envelope).toContain('urn:ihe:iti:2010:RegisterOnDemandDocumentResponse');
    expect(records[0]).toMatchObject({ event: '110107', action: 'C', outcome: '0' });
    const asked = findDocuments({ patientId, objectType: ['On-Demand'] });
    const { response } = await world.exchange(ITI_18, url, asked);
    expect(response.objects.map((object) => object.uniqueId)).toEqual([uniqueId]);
  });

  it('refuses what only a Stable document has', async () => {
    const { response } = await register({ uniqueId: freshOid() });
    expect(response.status).toBe('Failure');
    const wanted = response.errors.map(() => ({
      errorCode: 'XDSRegistryMetadataError',
      location: 'Document01',
    }));
    expect(wanted.length).toBeGreaterThanOrEqual(3);
    expectErrors(response.errors, ...wanted);
  });
});
