import { PeerFailure } from '../../../actors/actor.ts';
import { retrieveDocumentSet } from '../../../actors/initiating-gateway/iti-43-retrieve-document-set.ts';
import type { DocumentRequest, RetrieveDocumentSetRequest } from '../../../profiles/xds/iti-43.ts';
import {
  type Answers,
  attended,
  aWorld,
  KAGAWA,
  OKAYAMA,
  SHIMANE,
} from '../responding-gateway/world.ts';
import { aGateway, HOSPITAL, ToldRetrievals } from './gateway.ts';

const CONTENT = {
  async *open() {
    yield new Uint8Array();
  },
};

function wanted(homeCommunityId: string | undefined, documentUniqueId: string): DocumentRequest {
  return { homeCommunityId, repositoryUniqueId: '2.999.7', documentUniqueId };
}

/** Our repository has every document. */
const OUR_REPOSITORY: Answers = {
  'ITI-43 document-repository': (request: RetrieveDocumentSetRequest) => ({
    status: 'Success',
    errors: [],
    documents: request.documents.map((one) => ({
      ...one,
      mimeType: 'text/plain',
      content: CONTENT,
    })),
  }),
};

describe('ITI-43 Retrieve Document Set, as the Initiating Gateway answers it', () => {
  let retrievals: ToldRetrievals;

  beforeEach(() => {
    retrievals = new ToldRetrievals();
  });

  function retrieve(documents: readonly DocumentRequest[], answers = OUR_REPOSITORY) {
    const stores = aGateway({ retrievals });
    return attended(
      retrieveDocumentSet,
      { documents },
      { stores, world: aWorld(answers, HOSPITAL) },
    );
  }

  function arrived(documentUniqueId: string): void {
    retrievals.outcomes[documentUniqueId] = {
      kind: 'retrieved',
      warnings: [],
      document: { mimeType: 'text/plain', content: CONTENT },
    };
  }

  it('takes our own documents from our repository, and the queue never hears of them', async () => {
    const response = await retrieve([wanted(SHIMANE, '2.999.8.1')]);

    expect(response).toMatchObject({
      status: 'Success',
      documents: [wanted(SHIMANE, '2.999.8.1')],
    });
    expect(retrievals.submitted).toEqual([]);
  });

  it('fetches the documents of several communities through the queue', async () => {
    arrived('2.999.8.2');
    arrived('2.999.8.3');
    const all = [
      wanted(OKAYAMA, '2.999.8.2'),
      wanted(SHIMANE, '2.999.8.1'),
      wanted(KAGAWA, '2.999.8.3'),
    ];

    const { status, errors, documents } = await retrieve(all);

    expect({ status, errors }).toEqual({ status: 'Success', errors: [] });
    expect(documents).toMatchObject([all[1], all[0], all[2]]);
    expect(retrievals.submitted).toEqual([all[0], all[2]]);
  });

  it('says of a document that is late that its retrieval goes on', async () => {
    const response = await retrieve([wanted(SHIMANE, '2.999.8.1'), wanted(KAGAWA, '2.999.8.3')]);

    expect(response.status).toBe('PartialSuccess');
    expect(response.documents).toHaveLength(1);
    expect(response.errors).toEqual([
      {
        errorCode: 'XDSUnavailableCommunity',
        codeContext: expect.stringMatching(/urn:oid:2\.999\.392\.37 .*the retrieval goes on/),
        location: '2.999.8.3',
        severity: 'Error',
      },
    ]);
  });

  it('answers Failure when nothing is there', async () => {
    const response = await retrieve([wanted(KAGAWA, '2.999.8.3')]);

    expect(response).toMatchObject({ status: 'Failure', documents: [] });
  });

  it.each([
    ['XDSUnavailableCommunity', { kind: 'failed', failureClass: 'ambiguous' }],
    ['XDSRepositoryError', { kind: 'busy' }],
    ['XDSDocumentUniqueIdError', { kind: 'refused', errors: [] }],
  ] as const)('says %s, with the document as location', async (errorCode, outcome) => {
    retrievals.outcomes['2.999.8.3'] = outcome;

    const response = await retrieve([wanted(KAGAWA, '2.999.8.3')]);

    expect(response.errors).toMatchObject([
      { errorCode, location: '2.999.8.3', severity: 'Error' },
    ]);
  });

  it('passes on what the community says, with the document as location and the community in the context', async () => {
    const error = {
      errorCode: 'XDSDocumentUniqueIdError',
      codeContext: 'gone',
      location: `${KAGAWA} 2.999.8.3`,
      severity: 'Error',
    } as const;
    retrievals.outcomes['2.999.8.3'] = { kind: 'refused', errors: [error] };

    expect((await retrieve([wanted(KAGAWA, '2.999.8.3')])).errors).toEqual([
      { ...error, codeContext: `${KAGAWA}: gone`, location: '2.999.8.3' },
    ]);
  });

  it.each([
    ['XDSMissingHomeCommunityId', wanted(undefined, '2.999.8.4')],
    ['XDSUnknownCommunity', wanted('urn:oid:2.999.392.1', '2.999.8.4')],
  ])('refuses one document with %s, and gives the others', async (errorCode, request) => {
    const response = await retrieve([request, wanted(SHIMANE, '2.999.8.1')]);

    expect(response.status).toBe('PartialSuccess');
    expect(response.documents).toHaveLength(1);
    expect(response.errors).toMatchObject([{ errorCode, location: '2.999.8.4' }]);
  });

  it('gives a document once that is named twice', async () => {
    const response = await retrieve([wanted(SHIMANE, '2.999.8.1'), wanted(SHIMANE, '2.999.8.1')]);

    expect(response.documents).toHaveLength(1);
  });

  it('says for each of our documents that our repository is away', async () => {
    const response = await retrieve([wanted(SHIMANE, '2.999.8.1'), wanted(SHIMANE, '2.999.8.2')], {
      'ITI-43 document-repository': () => {
        throw new PeerFailure('transient', 'ECONNREFUSED', { peer: 'document-repository' });
      },
    });

    expect(response.errors).toMatchObject([
      { errorCode: 'XDSRepositoryError', location: '2.999.8.1' },
      { errorCode: 'XDSRepositoryError', location: '2.999.8.2' },
    ]);
  });
});
