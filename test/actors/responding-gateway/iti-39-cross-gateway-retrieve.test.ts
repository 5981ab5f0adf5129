import { PeerFailure } from '../../../actors/actor.ts';
import { crossGatewayRetrieve } from '../../../actors/responding-gateway/iti-39-cross-gateway-retrieve.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import type { DocumentRequest, RetrieveDocumentSetRequest } from '../../../profiles/xds/iti-43.ts';
import { errorOf } from '../../../profiles/xds/registry-response.ts';
import type { AdhocQueryRequest } from '../../../profiles/xds/stored-queries.ts';
import { networkAgreement } from '../../../gateway/safeguards/consent.ts';
import {
  anEntry,
  type Answers,
  attended,
  aWorld,
  COMMUNITY,
  found,
  KAGAWA,
  SHIMANE,
} from './world.ts';

const REPOSITORY = COMMUNITY.repositoryUniqueId;

function wanted(
  documentUniqueId: string,
  homeCommunityId: string | undefined = SHIMANE,
): DocumentRequest {
  return { homeCommunityId, repositoryUniqueId: REPOSITORY, documentUniqueId };
}

/** The repository has these documents, and the registry an entry for each of `described`. */
function holding(documents: readonly string[], described = documents): Answers {
  return {
    'ITI-43 document-repository': (request: RetrieveDocumentSetRequest) => ({
      status: 'Success',
      documents: request.documents
        .filter(({ documentUniqueId }) => documents.includes(documentUniqueId))
        .map((one) => ({ ...one, mimeType: 'text/plain', content: { open: () => [] } })),
      errors: request.documents
        .filter(({ documentUniqueId }) => !documents.includes(documentUniqueId))
        .map(({ documentUniqueId }) => ({
          errorCode: 'XDSDocumentUniqueIdError',
          codeContext: 'no such document',
          location: documentUniqueId,
          severity: 'Error',
        })),
    }),
    'ITI-18 document-registry': ({ slots: [slot] }: { slots: [{ values: [string] }] }) =>
      found(
        described
          .filter((uniqueId) => slot.values[0] === `('${uniqueId}')`)
          .map((uniqueId) => anEntry({ uniqueId })),
      ),
  };
}

function retrieve(
  documents: readonly DocumentRequest[],
  answers: Answers,
  consent = networkAgreement,
) {
  const world = aWorld(answers);
  const stores = { community: COMMUNITY };
  return attended(crossGatewayRetrieve, { documents }, { stores, world, consent });
}

describe('ITI-39 Cross Gateway Retrieve, as the Responding Gateway answers it', () => {
  it('gives each document with our homeCommunityId', async () => {
    const { status, errors, documents } = await retrieve(
      [wanted('2.999.8.1')],
      holding(['2.999.8.1']),
    );

    expect({ status, errors }).toEqual({ status: 'Success', errors: [] });
    expect(documents).toMatchObject([wanted('2.999.8.1')]);
  });

  it('asks the repository without a homeCommunityId, as a Document Consumer of our own does', async () => {
    const world = aWorld(holding(['2.999.8.1']));

    await attended(
      crossGatewayRetrieve,
      { documents: [wanted('2.999.8.1')] },
      { stores: { community: COMMUNITY }, world },
    );

    const [, asked] = world.asked;
    expect(asked?.request).toEqual({
      documents: [{ repositoryUniqueId: REPOSITORY, documentUniqueId: '2.999.8.1' }],
    });
  });

  it('gives what there is; the error for what there is not has the home as location and names the document', async () => {
    const response = await retrieve(
      [wanted('2.999.8.1'), wanted('2.999.8.2')],
      holding(['2.999.8.1']),
    );

    expect(response.status).toBe('PartialSuccess');
    expect(response.documents).toHaveLength(1);
    expect(response.errors).toMatchObject([
      { errorCode: 'XDSDocumentUniqueIdError', location: SHIMANE },
    ]);
    expect(response.errors[0]?.codeContext).toContain('2.999.8.2');
  });

  it.each([
    [
      'XDSMissingHomeCommunityId',
      { repositoryUniqueId: REPOSITORY, documentUniqueId: '2.999.8.1' },
    ],
    ['XDSUnknownCommunity', wanted('2.999.8.1', KAGAWA)],
  ])('refuses a DocumentRequest with %s', async (errorCode, request) => {
    const response = await retrieve([request], {});

    expect(response).toMatchObject({
      status: 'Failure',
      documents: [],
      errors: [{ errorCode, location: SHIMANE }],
    });
  });

  it('does not tell a document that may not be seen from one that is not there', async () => {
    const consent = { permissionFor: async () => ({ shows: () => false }) };
    const hidden = await retrieve([wanted('2.999.8.1')], holding(['2.999.8.1']), consent);

    expect(hidden).toMatchObject({
      status: 'Failure',
      documents: [],
      errors: [{ errorCode: 'XDSDocumentUniqueIdError', location: SHIMANE }],
    });
  });

  it.each(['thrown', 'answered'] as const)(
    'shows a document whose entries are of two patients to who may see both (%s)',
    async (how) => {
      const mixed = new Refusal('XDSResultNotSinglePatient', 'of several patients');
      const entries = ['P-1', 'P-2'].map((id) =>
        anEntry({
          uniqueId: '2.999.8.1',
          id: `urn:uuid:${id}`,
          patientId: { id, assigningAuthority: COMMUNITY.affinityDomain },
        }),
      );
      const answers: Answers = {
        ...holding(['2.999.8.1']),
        'ITI-18 document-registry': ({ returnType, slots: [slot] }: AdhocQueryRequest) => {
          if (returnType === 'ObjectRef') return { ...found([]), objectRefs: entries };
          const one = entries.filter(({ id }) => slot?.values[0] === `('${id}')`);
          if (one.length > 0) return found(one);
          if (how === 'thrown') throw mixed;
          return { ...found([]), status: 'Failure', errors: [errorOf(mixed)] };
        },
      };
      const shown = await retrieve([wanted('2.999.8.1')], answers);
      expect(shown).toMatchObject({ status: 'Success', errors: [], documents: [{}] });
      const consent = {
        permissionFor: async () => ({
          shows: ({ patientId }: { patientId?: { id: string } | undefined }) =>
            patientId?.id === 'P-1',
        }),
      };
      const hidden = await retrieve([wanted('2.999.8.1')], answers, consent);
      expect(hidden.errors).toMatchObject([{ errorCode: 'XDSDocumentUniqueIdError' }]);
    },
  );

  it('asks the repository for nothing that may not be seen, nor has it make an On-Demand document', async () => {
    const world = aWorld(holding(['2.999.8.1']));
    const consent = { permissionFor: async () => ({ shows: () => false }) };
    const stores = { community: COMMUNITY };
    const documents = [wanted('2.999.8.1')];
    await attended(crossGatewayRetrieve, { documents }, { stores, world, consent });

    expect(world.asked.map(({ transaction }) => transaction)).toEqual(['ITI-18']);
  });

  it('does not tell them apart where another repository is named either', async () => {
    const consent = { permissionFor: async () => ({ shows: () => false }) };
    const elsewhere = { ...wanted('2.999.8.1'), repositoryUniqueId: '2.999.404' };

    expect(await retrieve([elsewhere], holding(['2.999.8.1']), consent)).toMatchObject({
      errors: [{ errorCode: 'XDSUnknownRepositoryId', location: SHIMANE }],
    });
  });

  it('tells them apart by the place of their errors neither', async () => {
    const consent = { permissionFor: async () => ({ shows: () => false }) };
    const both = [wanted('2.999.8.1'), wanted('2.999.8.2')];
    const named = async (held: readonly string[]) =>
      (await retrieve(both, holding(held), consent)).errors.map(
        ({ codeContext }) => codeContext.split(':')[0],
      );

    expect(await named([])).toEqual(['2.999.8.1', '2.999.8.2']);
    expect(await named(['2.999.8.1'])).toEqual(await named([]));
  });

  it('shows nobody a document that no entry describes', async () => {
    const response = await retrieve([wanted('2.999.8.1')], holding(['2.999.8.1'], []));

    expect(response.errors).toMatchObject([{ errorCode: 'XDSDocumentUniqueIdError' }]);
    expect(response.documents).toEqual([]);
  });

  it('shows nothing while the registry is away: XDSRepositoryError for each document', async () => {
    const response = await retrieve([wanted('2.999.8.1')], {
      ...holding(['2.999.8.1']),
      'ITI-18 document-registry': () => {
        throw new PeerFailure('transient', 'ECONNREFUSED', { peer: 'document-registry' });
      },
    });

    expect(response).toMatchObject({
      status: 'Failure',
      documents: [],
      errors: [{ errorCode: 'XDSRepositoryError', location: SHIMANE }],
    });
  });

  it.each([
    [
      'is away',
      new PeerFailure('transient', 'ECONNREFUSED', { peer: 'document-repository' }),
      'XDSRepositoryError',
    ],
    ['is busy', new Refusal('XDSRepositoryBusy', 'busy'), 'XDSRepositoryBusy'],
  ])('says for each document that the repository %s', async (_how, error, errorCode) => {
    const response = await retrieve([wanted('2.999.8.1'), wanted('2.999.8.2')], {
      ...holding(['2.999.8.1', '2.999.8.2']),
      'ITI-43 document-repository': () => {
        throw error;
      },
    });

    expect(response.errors).toMatchObject([
      { errorCode, location: SHIMANE },
      { errorCode, location: SHIMANE },
    ]);
    expect(response.errors.map(({ codeContext }) => codeContext.split(':')[0])).toEqual([
      '2.999.8.1',
      '2.999.8.2',
    ]);
  });
});
