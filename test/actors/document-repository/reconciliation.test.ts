import { PeerFailure } from '../../../actors/actor.ts';
import { reconcileDocuments } from '../../../actors/document-repository/reconciliation.ts';
import { FileDocumentStore } from '../../../gateway/stores/file-document-store.ts';
import { ARepository } from '../../support/a-repository.ts';
import { inMemory } from '../../support/documents.ts';
import { aCaller, SAMPLE_COMMUNITY } from '../../support/world-of-actors.ts';

describe('reconciliation of documents whose registration nobody knows', () => {
  let repository: ARepository;
  let elapsedMs: number;
  let documents: FileDocumentStore;

  /** What a request leaves behind that was cut off before its registry had answered. */
  const leave = (...uniqueIds: string[]) =>
    documents.hold(
      uniqueIds.map((uniqueId) => ({
        uniqueId,
        mimeType: 'text/plain',
        content: inMemory(uniqueId),
      })),
    );
  const reconciled = () =>
    reconcileDocuments(
      { documents, community: SAMPLE_COMMUNITY },
      { ...repository.world.seenBy(aCaller()), now },
    );
  const now = () => new Date(repository.world.now.getTime() + elapsedMs);
  const stored = async (uniqueId: string) => (await documents.find([uniqueId])).length === 1;

  beforeEach(async () => {
    elapsedMs = 0;
    repository = await ARepository.open();
    documents = new FileDocumentStore({
      directory: `${repository.folder}/documents`,
      spoolDirectory: `${repository.folder}/spool`,
      database: repository.registry.database,
      now,
    });
  });

  afterEach(() => repository.close());

  it('keeps what the registry has, and asks about it no more', async () => {
    await repository.provide(['doc.1'], { documentEntries: [{ uniqueId: 'doc.1' }] });
    await repository.documents.settleRegistered();
    await leave('doc.1');
    elapsedMs = 2 * 60_000;
    expect(await reconciled()).toEqual({
      settled: 1,
      abandoned: 0,
      waiting: 0,
      registryAway: false,
    });
    expect(await reconciled()).toMatchObject({ settled: 0 });
    expect(await stored('doc.1')).toBe(true);
  });

  it('gives up what the registry does not have, once its time of grace is over', async () => {
    await leave('doc.1', 'doc.2');
    expect(await reconciled()).toMatchObject({ abandoned: 0, waiting: 0 });
    elapsedMs = 2 * 60_000;
    expect(await reconciled()).toMatchObject({ abandoned: 0, waiting: 2 });
    expect(await stored('doc.1')).toBe(true);
    elapsedMs = 16 * 60_000;
    expect(await reconciled()).toMatchObject({ abandoned: 2, waiting: 0 });
    expect(await stored('doc.1')).toBe(false);
    expect(repository.files('documents')).toEqual([]);
    // The uniqueId is free again, for other octets too.
    await repository.provide(['other'], { documentEntries: [{ uniqueId: 'doc.1' }] });
    expect(await stored('doc.1')).toBe(true);
  });

  it('leaves what another request has taken hold of since', async () => {
    await leave('doc.1');
    elapsedMs = 14 * 60_000;
    await leave('doc.1');
    elapsedMs = 16 * 60_000;
    expect(await reconciled()).toMatchObject({ abandoned: 0, waiting: 1 });
    expect(await stored('doc.1')).toBe(true);
  });

  it('leaves what is registered although its metadata were removed since', async () => {
    (await leave('doc.1')).keep();
    await leave('doc.1');
    elapsedMs = 16 * 60_000;
    expect(await reconciled()).toMatchObject({ abandoned: 0 });
    expect(await reconciled()).toMatchObject({ waiting: 0 });
    expect(await stored('doc.1')).toBe(true);
  });

  it('leaves everything while the registry cannot be asked', async () => {
    await leave('doc.1');
    elapsedMs = 16 * 60_000;
    repository.world.instead.set('document-registry', () =>
      Promise.reject(new PeerFailure('transient', 'away', { peer: 'registry' })),
    );
    expect(await reconciled()).toMatchObject({ registryAway: true, abandoned: 0 });
    expect(await stored('doc.1')).toBe(true);
  });

  it('asks about more documents than fit into one question', async () => {
    await leave(...Array.from({ length: 250 }, (_, index) => `doc.${index}`));
    elapsedMs = 16 * 60_000;
    expect(await reconciled()).toMatchObject({ abandoned: 250 });
    expect(repository.files('documents')).toEqual([]);
  });
});
