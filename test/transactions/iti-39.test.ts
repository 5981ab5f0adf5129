import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { ITI_39 } from '../../profiles/xca/iti-39.ts';
import type { DocumentRequest } from '../../profiles/xds/iti-43.ts';
import { expectErrors, expectFailure, expectParticipants } from '../support/expectations.ts';
import { octets, provide } from '../support/region-documents.ts';
import { regionOids, World } from '../support/world.ts';

const { homeCommunityId, repositoryUniqueId } = regionOids(1);
const bytes = octets('検査結果');

describe('ITI-39 Cross Gateway Retrieve over the wire', () => {
  let world: World;
  let url: string;
  let documentUniqueId: string;
  let patientId: PatientId;

  beforeAll(async () => {
    world = await World.start({ regions: 2, running: 1 });
    url = world.url('responding-gateway');
    patientId = await world.patient('H-1');
    [documentUniqueId = ''] = await provide(world, { patientId, documents: [{ bytes }] });
  });

  afterAll(() => world.stop());

  const retrieve = (...documents: DocumentRequest[]) =>
    world.exchange(ITI_39, url, { documents }, { as: 'west' });
  const wanted = (over: Partial<DocumentRequest> = {}): DocumentRequest => ({
    homeCommunityId,
    repositoryUniqueId,
    documentUniqueId,
    ...over,
  });

  it('returns the document byte for byte in MTOM, under our homeCommunityId', async () => {
    const { response, message } = await retrieve(wanted());
    expect(message.mtom).toBe(true);
    expect(response).toMatchObject({ status: 'Success', errors: [] });
    expect(response.documents[0]).toMatchObject({
      homeCommunityId,
      repositoryUniqueId,
      documentUniqueId,
      mimeType: 'text/plain',
    });
    expect([...message.parts.values()].map((part) => part.equals(bytes))).toEqual([true]);
  });

  it.each([
    ['XDSMissingHomeCommunityId', { homeCommunityId: undefined }],
    ['XDSUnknownCommunity', { homeCommunityId: 'urn:oid:2.999.404' }],
    ['XDSUnknownRepositoryId', { repositoryUniqueId: '2.999.404' }],
    ['XDSDocumentUniqueIdError', { documentUniqueId: '2.999.404' }],
  ])(
    'refuses with %s; the location is the homeCommunityId of the Responding Gateway, the context names the document',
    async (errorCode, over) => {
      const asked = wanted(over);
      const { result, records } = await world.recording('ITI-39', () => retrieve(asked));
      expectFailure(result.response, {
        errorCode,
        location: homeCommunityId,
      });
      expect(result.response.errors[0]?.codeContext).toContain(asked.documentUniqueId);
      expect(records.map(({ event, action, outcome }) => [event, action, outcome])).toEqual([
        ['110106', 'R', '8'],
      ]);
    },
  );

  it('does not hold back a document for another’s error: PartialSuccess', async () => {
    const { response } = await retrieve(wanted(), wanted({ documentUniqueId: '2.999.404' }));
    expect(response.status).toBe('PartialSuccess');
    expect(response.documents).toHaveLength(1);
    expectErrors(response.errors, { errorCode: 'XDSDocumentUniqueIdError' });
  });

  it('records the export: 110106 R, the gateway as source, the document with repository and community', async () => {
    const { records } = await world.recording('ITI-39', () => retrieve(wanted()));
    expect(records).toHaveLength(1);
    const [record] = records;
    if (!record) throw new Error('no record');
    expect(record).toMatchObject({
      event: '110106',
      action: 'R',
      outcome: '0',
      name: 'Cross Gateway Retrieve',
    });
    expectParticipants(record, { source: 'answerer', endpoint: url });
    expect(record.objects).toMatchObject([
      { id: encodeCX(patientId), type: '1/1', idType: '2' },
      {
        type: '2/3',
        id: documentUniqueId,
        idType: '9',
        details: {
          'Repository Unique Id': repositoryUniqueId,
          'ihe:homeCommunityID': homeCommunityId,
        },
      },
    ]);
  });
});
