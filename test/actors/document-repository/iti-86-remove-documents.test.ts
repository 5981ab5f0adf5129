import { ITI_86 } from '../../../profiles/xds/iti-86.ts';
import { ARepository } from '../../support/a-repository.ts';
import { inMemory } from '../../support/documents.ts';
import { aCaller, SAMPLE_COMMUNITY } from '../../support/world-of-actors.ts';

const OURS = SAMPLE_COMMUNITY.repositoryUniqueId;

describe('ITI-86 Remove Documents, as the Document Repository answers it', () => {
  let repository: ARepository;

  const removed = async (...wanted: (string | [repository: string, uniqueId: string])[]) => {
    const documents = wanted.map((one) => {
      const [repositoryUniqueId, documentUniqueId] = typeof one === 'string' ? [OURS, one] : one;
      return { repositoryUniqueId, documentUniqueId };
    });
    const ask = repository.world.as(aCaller());
    const { status, errors } = await ask(ITI_86, 'document-repository', { documents });
    return [status, ...errors.map(({ errorCode, location }) => `${errorCode} ${location}`)];
  };
  const retrieved = async (uniqueId: string) => {
    const { errors } = await repository.retrieve([uniqueId]);
    return errors.map(({ errorCode }) => errorCode);
  };

  beforeEach(async () => {
    repository = await ARepository.open();
    await repository.provide(['one', 'same', 'same'], {
      documentEntries: [{ uniqueId: 'doc.1' }, { uniqueId: 'doc.2' }, { uniqueId: 'doc.3' }],
    });
  });

  afterEach(() => repository.close());

  it('removes the octets; the metadata stay, and retrieval says that there is no such document', async () => {
    expect(await removed('doc.1')).toEqual(['Success']);
    expect(await retrieved('doc.1')).toEqual(['XDSDocumentUniqueIdError']);
    expect(repository.files('documents')).toHaveLength(1);
    expect(await repository.registry.everything()).toHaveLength(7);
  });

  it('keeps octets that another uniqueId has', async () => {
    expect(await removed('doc.2')).toEqual(['Success']);
    expect(await retrieved('doc.2')).toEqual(['XDSDocumentUniqueIdError']);
    expect(await retrieved('doc.3')).toEqual([]);
    expect(await removed('doc.3')).toEqual(['Success']);
    expect(repository.files('documents')).toHaveLength(1);
  });

  it('removes several at once, and one that is named twice once', async () => {
    expect(await removed('doc.1', 'doc.2', 'doc.3', 'doc.1')).toEqual(['Success']);
    expect(repository.files('documents')).toEqual([]);
  });

  it('refuses a document that is not there: XDSDocumentUniqueIdError', async () => {
    expect(await removed('doc.9')).toEqual(['Failure', 'XDSDocumentUniqueIdError doc.9']);
    await removed('doc.1');
    expect(await removed('doc.1')).toEqual(['Failure', 'XDSDocumentUniqueIdError doc.1']);
  });

  it('refuses another repository: XDSUnknownRepositoryId', async () => {
    expect(await removed(['2.999.7.2', 'doc.1'])).toEqual([
      'Failure',
      'XDSUnknownRepositoryId doc.1',
    ]);
    expect(await retrieved('doc.1')).toEqual([]);
  });

  it('refuses a document that is being submitted: XDSRemoveDocumentsError', async () => {
    const held = await repository.documents.hold([
      { uniqueId: 'doc.1', mimeType: 'text/plain', content: inMemory('one') },
    ]);
    expect(await removed('doc.1')).toEqual(['Failure', 'XDSRemoveDocumentsError doc.1']);
    held.keep();
    expect(await removed('doc.1')).toEqual(['Success']);
  });

  it('says PartialSuccess when some were removed and others not', async () => {
    expect(await removed('doc.1', 'doc.9', ['2.999.7.2', 'doc.2'])).toEqual([
      'PartialSuccess',
      'XDSDocumentUniqueIdError doc.9',
      'XDSUnknownRepositoryId doc.2',
    ]);
    expect(await retrieved('doc.2')).toEqual([]);
  });
});
