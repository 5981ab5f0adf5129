import { PeerFailure } from '../../../actors/actor.ts';
import { Refusal } from '../../../profiles/refusal.ts';
import { ITI_41 } from '../../../profiles/xds/iti-41.ts';
import { slotValues } from '../../../profiles/xds/metadata-xml.ts';
import { objectOfText } from '../../../profiles/xds/registry-object-text.ts';
import { findDocuments } from '../../../profiles/xds/stored-query-builders.ts';
import { refusalsIn } from '../../support/an-identity-actor.ts';
import { ARepository } from '../../support/a-repository.ts';
import { inMemory, sha1Of, textOf } from '../../support/documents.ts';
import { aCaller } from '../../support/world-of-actors.ts';
import { aSubmission, SAMPLE_PATIENT } from '../../support/xds-builders.ts';

const UNIQUE_ID = '2.999.8.1.1';

describe('ITI-41 Provide and Register Document Set-b, as the Document Repository answers it', () => {
  let repository: ARepository;
  const codes = async (asked: Promise<unknown>) =>
    (await refusalsIn(asked)).map(({ code }) => code);
  const stored = async (uniqueId = UNIQUE_ID) => {
    const [document] = await repository.documents.find([uniqueId]);
    return document?.content && (await textOf(document.content));
  };

  beforeEach(async () => {
    repository = await ARepository.open();
  });

  afterEach(() => repository.close());

  it('stores the octets, and registers where they lie, their hash and their size', async () => {
    expect(await repository.provide(['試験'])).toEqual({ status: 'Success', errors: [] });
    expect(await stored()).toBe('試験');
    const [entry] = (await repository.registry.ask(findDocuments({ patientId: SAMPLE_PATIENT })))
      .objects;
    if (!entry) throw new Error('no DocumentEntry');
    const object = objectOfText(entry);
    expect(slotValues(object, 'repositoryUniqueId')).toEqual(['2.999.7.1']);
    expect(slotValues(object, 'hash')).toEqual([sha1Of('試験')]);
    expect(slotValues(object, 'size')).toEqual(['6']);
    expect(repository.files('spool')).toEqual([]);
  });

  it('makes the octets retrievable before the registry is asked', async () => {
    let before: string | undefined;
    repository.world.instead.set('document-registry', async () => {
      before = await stored();
      return { status: 'Success', errors: [] };
    });
    await repository.provide(['text']);
    expect(before).toBe('text');
  });

  it('takes a submission without documents, and an empty document', async () => {
    expect(await repository.provide([], { documentEntries: [] })).toMatchObject({
      status: 'Success',
    });
    const parts = { submissionSet: { uniqueId: '2.999.9.5' } };
    expect(await repository.provide([''], parts)).toMatchObject({ status: 'Success' });
    expect(await stored()).toBe('');
  });

  it('refuses a DocumentEntry without a document, and a document without a DocumentEntry', async () => {
    const [submission, content] = [aSubmission(), inMemory('text')];
    const provide = (...ids: string[]) =>
      codes(
        repository.world.as(aCaller())(ITI_41, 'document-repository', {
          submission,
          documents: ids.map((id) => ({ id, content })),
        }),
      );
    expect(await provide()).toEqual(['XDSMissingDocument']);
    expect(await provide('Document01', 'Document02')).toEqual(['XDSMissingDocumentMetadata']);
    expect(await provide('Document01', 'Document01')).toEqual(['XDSMissingDocumentMetadata']);
    expect(repository.files('documents')).toEqual([]);
  });

  it('refuses a hash or a size that is not that of the octets, and takes a hash in upper case', async () => {
    const given = (entry: { hash?: string; size?: number }) =>
      codes(repository.provide(['text'], { documentEntries: [entry] }));
    expect(await given({ hash: '0'.repeat(40) })).toEqual(['XDSRepositoryMetadataError']);
    expect(await given({ size: 5 })).toEqual(['XDSRepositoryMetadataError']);
    expect(repository.files('documents')).toEqual([]);
    expect(await given({ hash: sha1Of('text').toUpperCase(), size: 4 })).toEqual([]);
  });

  it('refuses metadata that are not valid before it takes the octets', async () => {
    const entry = { languageCode: '', creationTime: 'yesterday' };
    const refused = await codes(repository.provide(['text'], { documentEntries: [entry] }));
    expect(new Set(refused)).toEqual(new Set(['XDSRepositoryMetadataError']));
    expect(refused.length).toBeGreaterThan(1);
    const twice = { uniqueId: UNIQUE_ID };
    expect(
      await codes(repository.provide(['a', 'b'], { documentEntries: [twice, twice] })),
    ).toEqual(['XDSRepositoryDuplicateUniqueIdInMessage']);
  });

  it('names the object of each fault in the location', async () => {
    const told = async (asked: Promise<unknown>) =>
      (await refusalsIn(asked)).map(({ code, location }) => `${code} ${location}`);
    const [submission, content] = [aSubmission(), inMemory('text')];
    const provide = (...ids: string[]) =>
      told(
        repository.world.as(aCaller())(ITI_41, 'document-repository', {
          submission,
          documents: ids.map((id) => ({ id, content })),
        }),
      );
    expect(await provide()).toEqual([`XDSMissingDocument ${UNIQUE_ID}`]);
    expect(await provide('Document01', 'Document02')).toEqual([
      'XDSMissingDocumentMetadata Document02',
    ]);
    const given = (...entries: readonly { hash?: string; uniqueId?: string }[]) =>
      told(
        repository.provide(
          entries.map((_, at) => String(at)),
          { documentEntries: entries },
        ),
      );
    expect(await given({ hash: '0'.repeat(40) })).toEqual([
      `XDSRepositoryMetadataError ${UNIQUE_ID}`,
    ]);
    expect(await given({}, { uniqueId: UNIQUE_ID })).toEqual([
      'XDSRepositoryDuplicateUniqueIdInMessage Document02',
    ]);
    await repository.provide(['text']);
    const again = repository.provide(['longer'], { submissionSet: { uniqueId: '2.999.9.5' } });
    expect(await told(again)).toEqual([
      `XDSNonIdenticalHash ${UNIQUE_ID}`,
      `XDSNonIdenticalSize ${UNIQUE_ID}`,
    ]);
  });

  it('refuses a sourceId that the directory does not give to the caller', async () => {
    const refused = repository.provide(['text'], {}, aCaller({ sourceIds: ['2.999.9.2'] }));
    expect(await codes(refused)).toEqual(['XDSRepositoryMetadataError']);
    const taken = repository.provide(['text'], {}, aCaller({ sourceIds: ['2.999.9.1'] }));
    expect(await codes(taken)).toEqual([]);
  });

  it('refuses other octets under a uniqueId that it has, and takes the same again', async () => {
    await repository.provide(['text']);
    const again = (text: string, uniqueId: string) =>
      codes(repository.provide([text], { submissionSet: { uniqueId } }));
    expect(await again('tixt', '2.999.9.5')).toEqual(['XDSNonIdenticalHash']);
    expect(await again('longer', '2.999.9.5')).toEqual([
      'XDSNonIdenticalHash',
      'XDSNonIdenticalSize',
    ]);
    expect(await again('text', '2.999.9.5')).toEqual([]);
    expect(await stored()).toBe('text');
  });

  it('passes on what the registry refuses, and removes what it had stored for it', async () => {
    const patientId = { id: 'nobody', assigningAuthority: '2.999.3.7' };
    const refused = repository.provide(['text'], { submissionSet: { patientId } });
    expect(await codes(refused)).toEqual(['XDSUnknownPatientId']);
    expect(await stored()).toBeUndefined();
    expect(repository.files('documents')).toEqual([]);
  });

  it('passes on a Failure and the warnings of a registry elsewhere', async () => {
    const error = { errorCode: 'XDSRegistryBusy', codeContext: 'busy', severity: 'Error' as const };
    const warning = {
      errorCode: 'XDSExtraMetadataNotSaved',
      codeContext: 'a slot',
      severity: 'Warning' as const,
    };
    const failure = { status: 'Failure' as const, errors: [error] };
    repository.world.instead.set('document-registry', async () => failure);
    expect(await repository.provide(['text'])).toEqual(failure);
    expect(repository.files('documents')).toEqual([]);
    const success = { status: 'Success' as const, errors: [warning] };
    repository.world.instead.set('document-registry', async () => success);
    expect(await repository.provide(['text'])).toEqual(success);
  });

  it('removes nothing when nobody knows what the registry did', async () => {
    const cut = new PeerFailure('ambiguous', 'cut off', { peer: 'document-registry' });
    repository.world.instead.set('document-registry', () => Promise.reject(cut));
    expect(await codes(repository.provide(['text']))).toEqual(['XDSRegistryNotAvailable']);
    expect(await stored()).toBe('text');
    repository.world.instead.set('document-registry', () => Promise.reject(new Error('a defect')));
    await expect(
      repository.provide(['other'], { documentEntries: [{ uniqueId: 'other' }] }),
    ).rejects.toThrow('a defect');
    expect(await stored('other')).toBe('other');
  });

  it('does not remove what was stored before, or what another request relies on', async () => {
    await repository.provide(['text']);
    const refuse = () => Promise.reject(new Refusal('XDSRegistryError', 'not now'));
    repository.world.instead.set('document-registry', refuse);
    const sharing = { documentEntries: [{}, { uniqueId: 'second' }] };
    await refusalsIn(repository.provide(['text', 'text'], sharing));
    expect(await stored()).toBe('text');
    expect(await stored('second')).toBeUndefined();

    // Both bring the same new document; the first to be answered is refused, the second is registered.
    const answers = [refuse, async () => ({ status: 'Success', errors: [] })];
    const waiting: (() => void)[] = [];
    const bothAsked = new Promise<void>((resolve) => {
      repository.world.instead.set('document-registry', async () => {
        const answer = answers.shift() ?? refuse;
        await new Promise<void>((go) => {
          waiting.push(go);
          if (waiting.length === 2) resolve();
        });
        return await answer();
      });
    });
    const both = ['2.999.9.5', '2.999.9.6'].map((uniqueId) =>
      codes(
        repository.provide(['new'], {
          submissionSet: { uniqueId },
          documentEntries: [{ uniqueId: 'new' }],
        }),
      ),
    );
    await bothAsked;
    for (const go of waiting) go();
    expect((await Promise.all(both)).sort()).toEqual([[], ['XDSRegistryError']]);
    expect(await stored('new')).toBe('new');
  });
});
