import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Caller, Permission } from '../../actors/actor.ts';
import { documentRepository } from '../../actors/document-repository/index.ts';
import { FileDocumentStore } from '../../gateway/stores/file-document-store.ts';
import type { DocumentContent } from '../../profiles/formats/mtom.ts';
import { ITI_41 } from '../../profiles/xds/iti-41.ts';
import { type DocumentRequest, ITI_43 } from '../../profiles/xds/iti-43.ts';
import { ARegistry } from './a-registry.ts';
import { inMemory } from './documents.ts';
import { aCaller, SAMPLE_COMMUNITY, SHOWN } from './world-of-actors.ts';
import { aSubmission, type SubmissionParts } from './xds-builders.ts';

/** A Document Repository in a folder of its own, beside a Document Registry. */
export class ARepository {
  readonly folder = mkdtempSync(join(tmpdir(), 'repository-'));
  readonly documents: FileDocumentStore;
  readonly registry: ARegistry;

  private constructor(registry: ARegistry) {
    this.registry = registry;
    this.documents = new FileDocumentStore({
      directory: join(this.folder, 'documents'),
      spoolDirectory: join(this.folder, 'spool'),
      database: registry.database,
    });
    const { documents } = this;
    registry.world.add(documentRepository, { documents, community: SAMPLE_COMMUNITY });
  }

  static async open(): Promise<ARepository> {
    return new ARepository(await ARegistry.open());
  }

  get world() {
    return this.registry.world;
  }

  /** Provides one text a DocumentEntry, `Document01` first; hash and size are left to the repository. */
  provide(
    texts: readonly (string | DocumentContent)[],
    parts: SubmissionParts = {},
    caller: Caller = aCaller(),
  ) {
    const entries = parts.documentEntries ?? texts.map(() => ({}));
    const submission = aSubmission({
      ...parts,
      documentEntries: entries.map((entry) => ({
        hash: undefined,
        size: undefined,
        repositoryUniqueId: undefined,
        ...entry,
      })),
    });
    const documents = texts.map((text, index) => ({
      id: `Document0${index + 1}`,
      content: typeof text === 'string' ? inMemory(text) : text,
    }));
    return this.world.as(caller)(ITI_41, 'document-repository', { submission, documents });
  }

  retrieve(wanted: readonly (string | DocumentRequest)[], permission: Permission = SHOWN) {
    const documents = wanted.map((one) =>
      typeof one === 'string'
        ? { repositoryUniqueId: SAMPLE_COMMUNITY.repositoryUniqueId, documentUniqueId: one }
        : one,
    );
    return this.world.as(aCaller(), permission)(ITI_43, 'document-repository', { documents });
  }

  /** Files below the folder. */
  files(folder: 'documents' | 'spool'): string[] {
    try {
      return readdirSync(join(this.folder, folder), { recursive: true, withFileTypes: true })
        .filter((one) => one.isFile())
        .map(({ name }) => name);
    } catch {
      return [];
    }
  }

  async close(): Promise<void> {
    await this.registry.close();
    rmSync(this.folder, { recursive: true });
  }
}
