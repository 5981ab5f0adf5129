import { createHash, randomUUID } from 'node:crypto';
import {
  mkdir,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  statfs,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { PeerFailure } from '../../actors/actor.ts';
import type {
  RetrievalIdentity,
  RetrievedDocument,
} from '../../actors/initiating-gateway/retrieval.ts';
import type { DocumentContent } from '../../profiles/formats/mtom.ts';
import { Refusal } from '../../profiles/refusal.ts';
import type { RegistryError } from '../../profiles/xds/registry-response.ts';
import { FileContent, spoolTo } from '../stores/file-content.ts';
import { ArrivingContent } from '../stores/incoming-parts.ts';

/** What a spool needs to know. */
export interface SpoolOptions {
  /** Gateway and workers have to see the same one. */
  readonly directory: string;
  /** How long a document is found after it has arrived. */
  readonly keepMs: number;
  /** Octets of one document; a larger one is not taken. */
  readonly documentBytes: number;
  /** With less free disk than this, nothing is taken. */
  readonly leastFreeBytes: number;
  readonly now: () => Date;
}

/** What the spool has for a retrieval. */
export interface Spooled {
  readonly document: RetrievedDocument;
  /** What the community said besides. */
  readonly warnings: readonly RegistryError[];
}

interface SpoolRecord {
  readonly file: string;
  readonly sizeBytes: number;
  readonly sha1: string;
  readonly mimeType: string;
  readonly newRepositoryUniqueId?: string;
  readonly newDocumentUniqueId?: string;
  readonly warnings: readonly RegistryError[];
  readonly retrievedAt: string;
}

const DOCUMENT = '.document';
const RECORD = '.json';
const REFUSAL = '.refused';
const TOKEN = '.token';

/** An expired file may still be promised to an answer that is about to be sent: it goes this much later. */
const GRACE_MS = 3_600_000;
/** A process that has left no sign for this long has ended. */
const TOKEN_KEEP_MS = 86_400_000;

/**
 * The hash of what a retrieval is: its file name in the spool and its identity in a queue.
 * Organisations are told apart, so one never gets what was fetched for another.
 */
export function identityHash(identity: RetrievalIdentity): string {
  const { homeCommunityId, repositoryUniqueId, documentUniqueId, organization } = identity;
  return createHash('sha256')
    .update(JSON.stringify([homeCommunityId, repositoryUniqueId, documentUniqueId, organization]))
    .digest('hex');
}

/**
 * Where retrieved bytes wait for their asker: a directory of files, hashed and sized as they are written, that several
 * processes may share. A document counts from the moment its record is renamed into place; what is half-written is never
 * seen. It is no store: what is lost here is fetched again.
 */
export class Spool {
  readonly #options: SpoolOptions;

  private constructor(options: SpoolOptions) {
    this.#options = options;
  }

  /** Makes the directory if need be, for this user alone, and proves that it can be written and read. */
  static async open(options: SpoolOptions): Promise<Spool> {
    await mkdir(join(options.directory, 'arriving'), { recursive: true, mode: 0o700 });
    const spool = new Spool(options);
    const probe = randomUUID();
    await spool.writeToken(probe, probe);
    if (!(await spool.hasToken(probe, probe))) {
      throw new Error(`the spool ${options.directory} does not give back what was written to it`);
    }
    await spool.removeToken(probe);
    return spool;
  }

  get directory(): string {
    return this.#options.directory;
  }

  /** The document, if it has arrived and is still kept. */
  async find(identity: RetrievalIdentity): Promise<Spooled | undefined> {
    const record = await this.#read<SpoolRecord>(`${identityHash(identity)}${RECORD}`);
    if (!record || this.#isExpired(record)) return undefined;
    const path = join(this.#options.directory, record.file);
    const { size } = (await stat(path).catch(() => undefined)) ?? {};
    if (size !== record.sizeBytes) return undefined;
    return { document: retrievedDocument(record, path), warnings: record.warnings };
  }

  /**
   * Takes a document octet by octet; afterwards `find` gives it.
   *
   * @param progressed is told that octets have arrived, for each chunk
   * @throws PeerFailure transient when the disk is nearly full; Refusal when the document is too large
   */
  async take(
    identity: RetrievalIdentity,
    { document, warnings }: Spooled,
    progressed: () => void,
  ): Promise<void> {
    const { directory, documentBytes, leastFreeBytes, now } = this.#options;
    const { bavail, bsize } = await statfs(directory);
    if (bavail * bsize < leastFreeBytes) {
      throw new PeerFailure('transient', 'the spool has too little free disk', { peer: 'spool' });
    }
    const arrived = await this.#arrive(document.content, { documentBytes, progressed });
    const key = identityHash(identity);
    const file = `${key}-${randomUUID()}${DOCUMENT}`;
    await rename(arrived.path, join(directory, file));
    const record: SpoolRecord = {
      file,
      sizeBytes: arrived.sizeBytes,
      sha1: arrived.sha1,
      mimeType: document.mimeType,
      newRepositoryUniqueId: document.newRepositoryUniqueId,
      newDocumentUniqueId: document.newDocumentUniqueId,
      warnings,
      retrievedAt: now().toISOString(),
    };
    await this.#write(`${key}${RECORD}`, record);
  }

  /** What already lies on this disk is moved; everything else is written as it comes. */
  async #arrive(
    content: DocumentContent,
    { documentBytes, progressed }: { documentBytes: number; progressed: () => void },
  ): Promise<FileContent> {
    const arriving = join(this.#options.directory, 'arriving');
    const file = content instanceof ArrivingContent ? content.file : undefined;
    if (file) {
      if (file.sizeBytes > documentBytes) throw tooLarge(documentBytes);
      const path = join(arriving, randomUUID());
      const moved = await rename(file.path, path).then(() => true, ifOtherDisk);
      if (moved) return new FileContent({ path, sizeBytes: file.sizeBytes, sha1: file.sha1 });
    }
    return await spoolTo(arriving, watched(content, progressed), { bytes: documentBytes });
  }

  /** Keeps a community's no for those who wait for it now. The next request asks the community again. */
  async keepRefusal(errors: readonly RegistryError[]): Promise<string> {
    const name = randomUUID();
    await this.#write(`${name}${REFUSAL}`, errors);
    return name;
  }

  /** The errors that were kept under a name. */
  async refusalNamed(name: string): Promise<readonly RegistryError[] | undefined> {
    return await this.#read<readonly RegistryError[]>(`${name}${REFUSAL}`);
  }

  /** Leaves a sign that other processes can look for. */
  async writeToken(instance: string, token: string): Promise<void> {
    await this.#write(`${instance}${TOKEN}`, token);
  }

  /** True when this spool is the one in which the process has left its sign. */
  async hasToken(instance: string, token: string): Promise<boolean> {
    return (await this.#read<string>(`${instance}${TOKEN}`)) === token;
  }

  async removeToken(instance: string): Promise<void> {
    await rm(join(this.#options.directory, `${instance}${TOKEN}`), { force: true });
  }

  /** Removes what nobody may ask for any more. Returns how many files went. */
  async sweep(): Promise<number> {
    const { directory } = this.#options;
    let removed = 0;
    for (const folder of [directory, join(directory, 'arriving')]) {
      for (const entry of await readdir(folder, { withFileTypes: true })) {
        if (!entry.isFile() || !(await this.#isPast(folder, entry.name))) continue;
        await unlink(join(folder, entry.name)).catch(ignoreAbsent);
        removed += 1;
      }
    }
    return removed;
  }

  async #isPast(folder: string, name: string): Promise<boolean> {
    const { directory, keepMs, now } = this.#options;
    if (folder === directory && name.endsWith(RECORD)) {
      const record = await this.#read<SpoolRecord>(name);
      return !record || this.#isExpired(record);
    }
    const { mtimeMs } = (await stat(join(folder, name)).catch(() => undefined)) ?? {};
    if (mtimeMs === undefined) return false;
    return now().getTime() - mtimeMs > (name.endsWith(TOKEN) ? TOKEN_KEEP_MS : keepMs + GRACE_MS);
  }

  #isExpired({ retrievedAt }: SpoolRecord): boolean {
    const { keepMs, now } = this.#options;
    return !(now().getTime() - Date.parse(retrievedAt) < keepMs);
  }

  async #write(name: string, value: unknown): Promise<void> {
    const { directory } = this.#options;
    const unfinished = join(directory, 'arriving', randomUUID());
    await writeFile(unfinished, JSON.stringify(value), { mode: 0o600 });
    await rename(unfinished, join(directory, name));
  }

  /** What is absent, or was torn by a power cut, is not there. */
  async #read<Value>(name: string): Promise<Value | undefined> {
    try {
      return JSON.parse(await readFile(join(this.#options.directory, name), 'utf8'));
    } catch (error) {
      if (error instanceof SyntaxError || isAbsent(error)) return undefined;
      throw error;
    }
  }
}

function retrievedDocument(record: SpoolRecord, path: string): RetrievedDocument {
  const { sizeBytes, sha1, mimeType, newRepositoryUniqueId, newDocumentUniqueId } = record;
  return {
    mimeType,
    ...(newRepositoryUniqueId === undefined ? {} : { newRepositoryUniqueId }),
    ...(newDocumentUniqueId === undefined ? {} : { newDocumentUniqueId }),
    content: new FileContent({ path, sizeBytes, sha1 }),
  };
}

async function* watched(content: DocumentContent, progressed: () => void) {
  for await (const chunk of content.open()) {
    progressed();
    yield chunk;
  }
}

function tooLarge(documentBytes: number): Refusal {
  return new Refusal('XDSRepositoryError', `a document of more than ${documentBytes} bytes`);
}

function ifOtherDisk(error: unknown): false {
  if ((error as { code?: unknown }).code === 'EXDEV') return false;
  throw error;
}

function isAbsent(error: unknown): boolean {
  return (error as { code?: unknown }).code === 'ENOENT';
}

function ignoreAbsent(error: unknown): void {
  if (!isAbsent(error)) throw error;
}
