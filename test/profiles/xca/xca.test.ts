import { bytesContent } from '../../../profiles/formats/mtom.ts';
import { ITI_38 } from '../../../profiles/xca/iti-38.ts';
import { ITI_39 } from '../../../profiles/xca/iti-39.ts';
import { ITI_18 } from '../../../profiles/xds/iti-18.ts';
import { ITI_43 } from '../../../profiles/xds/iti-43.ts';
import { getDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import { SAMPLE_BYTES } from '../../support/xds-builders.ts';
import { backOverTheWire, overTheWire } from '../../support/xds-wire.ts';

const HOME = 'urn:oid:2.999.392.1';

describe('XCA', () => {
  it('asks in the messages of ITI-18 and ITI-43, under its own actions', () => {
    expect(ITI_38.request).toBe(ITI_18.request);
    expect(ITI_39.response).toBe(ITI_43.response);
    const actions = [ITI_38, ITI_39].flatMap(({ wire }) => wire.messages);
    expect(actions.map(({ action, replyAction }) => [action, replyAction])).toEqual([
      ['urn:ihe:iti:2007:CrossGatewayQuery', 'urn:ihe:iti:2007:CrossGatewayQueryResponse'],
      ['urn:ihe:iti:2007:CrossGatewayRetrieve', 'urn:ihe:iti:2007:CrossGatewayRetrieveResponse'],
    ]);
  });

  it('encodes each operation in its own way: the query as Simple SOAP, the retrieval as MTOM', () => {
    expect([ITI_38.wire.mtom, ITI_39.wire.mtom]).toEqual(['never', 'both']);
  });

  it('carries the homeCommunityId of a query, of a retrieval and of a document', () => {
    const query = getDocuments({ uniqueId: ['1.2'], home: HOME });
    expect(overTheWire(ITI_38, query).home).toBe(HOME);
    const ids = { homeCommunityId: HOME, repositoryUniqueId: '2.999.7.1', documentUniqueId: '1.2' };
    expect(overTheWire(ITI_39, { documents: [ids] }).documents).toEqual([ids]);
    const document = { ...ids, mimeType: 'text/plain', content: bytesContent(SAMPLE_BYTES) };
    const answer = { status: 'Success', errors: [], documents: [document] } as const;
    expect(backOverTheWire(ITI_39, answer)).toEqual(answer);
  });

  it('is audited under its own names', () => {
    expect([ITI_38.audit.name, ITI_39.audit.name]).toEqual([
      'Cross Gateway Query',
      'Cross Gateway Retrieve',
    ]);
    expect([ITI_38.audit.source, ITI_39.audit.source]).toEqual(['asker', 'answerer']);
  });
});
