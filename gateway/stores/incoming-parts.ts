import { mkdir, rm, statfs } from 'node:fs/promises';
import type { DocumentContent, Parts } from '../../profiles/formats/mtom.ts';
import { Fault, Refusal } from '../../profiles/refusal.ts';
import { type FileContent, spoolTo } from './file-content.ts';

/** One part of a message as the MTOM reader yields it. */
export interface ArrivingPart {
  readonly contentId: string;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface IncomingPartsLimits {
  /** Octets of one document. */
  readonly documentBytes: number;
  readonly documentsPerMessage: number;
}

interface ReceivingOptions {
  readonly strayPart?: string;
  readonly progressed?: () => void;
}

/** With less free than this no document is taken. */
const LEAST_FREE_BYTES = 268_435_456;

/** The octets that a `cid:` names: nowhere yet while the message is being decoded, in a spool file afterwards. */
export class ArrivingContent implements DocumentContent {
  /** The synced spool file, once received. A store may take it over by renaming it. */
  file: FileContent | undefined;

  get sizeBytes(): number | undefined {
    return this.file?.sizeBytes;
  }

  get sha1(): string | undefined {
    return this.file?.sha1;
  }

  open(): AsyncIterable<Uint8Array> {
    if (!this.file) throw new Error('the part has not been received');
    return this.file.open();
  }
}

/**
 * The parts beside the root of one message. While the body is decoded they are only named; `receive` then pulls them from
 * the socket into the spool, hashed and sized, so that a message that is refused before writes nothing to the disk.
 */
export class IncomingParts implements Parts {
  readonly #directory: string;
  readonly #limits: IncomingPartsLimits;
  readonly #claimed = new Map<string, ArrivingContent>();
  #arriving: AsyncIterable<ArrivingPart> | undefined;
  #atEnd = true;

  constructor(directory: string, limits: IncomingPartsLimits) {
    this.#directory = directory;
    this.#limits = limits;
  }

  /** True when nothing of the message is left unread. */
  get atEnd(): boolean {
    return this.#atEnd;
  }

  /** True once the message turned out to be a multipart one. */
  get followed(): boolean {
    return this.#arriving !== undefined;
  }

  follow(arriving: AsyncIterable<ArrivingPart>): void {
    this.#arriving = arriving;
    this.#atEnd = false;
  }

  named(contentId: string): DocumentContent {
    if (this.#claimed.has(contentId)) {
      throw new Fault('Sender', 'two elements name the same part', {
        location: `cid:${contentId}`,
      });
    }
    if (this.#claimed.size >= this.#limits.documentsPerMessage) {
      throw new Fault(
        'Sender',
        `a message carries at most ${this.#limits.documentsPerMessage} documents`,
      );
    }
    const content = new ArrivingContent();
    this.#claimed.set(contentId, content);
    return content;
  }

  /**
   * Takes every part: each must be named by exactly one element, and each name must have its part.
   *
   * @param options.strayPart the transaction's code for a part that nothing names, where it has one
   * @param options.progressed hears of each chunk
   * @throws Fault Sender; Refusal with that code
   */
  async receive({ strayPart, progressed }: ReceivingOptions = {}): Promise<void> {
    for await (const { contentId, body } of this.#arriving ?? []) {
      const content = this.#claimed.get(contentId);
      const location = `cid:${contentId}`;
      if (!content) {
        const reason = 'a part is named by nothing';
        if (strayPart !== undefined) throw new Refusal(strayPart, reason, { location });
        throw new Fault('Sender', reason, { location });
      }
      if (content.file) throw new Fault('Sender', 'two parts have one Content-ID', { location });
      await requireRoom(this.#directory);
      content.file = await spoolTo(this.#directory, watched(body, progressed), {
        bytes: this.#limits.documentBytes,
      });
    }
    this.#atEnd = true;
    for (const [contentId, content] of this.#claimed) {
      if (!content.file) {
        throw new Fault('Sender', 'the message has no such part', { location: `cid:${contentId}` });
      }
    }
  }

  /** Removes what no store has taken over. */
  async release(): Promise<void> {
    for (const { file } of this.#claimed.values()) {
      if (file) await rm(file.path, { force: true });
    }
  }
}

/** Makes the directory if need be. @throws Error ENOSPC when the disk is nearly full: what we have acknowledged needs the rest */
export async function requireRoom(directory: string, neededBytes = 0): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { bavail, bsize } = await statfs(directory);
  if (bavail * bsize < LEAST_FREE_BYTES + neededBytes) {
    const reason = `less than ${LEAST_FREE_BYTES + neededBytes} bytes are free under ${directory}`;
    throw Object.assign(new Error(reason), { code: 'ENOSPC' });
  }
}

async function* watched(
  body: AsyncIterable<Uint8Array>,
  progressed: () => void = () => undefined,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of body) {
    progressed();
    yield chunk;
  }
}
