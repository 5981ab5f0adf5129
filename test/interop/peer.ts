import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { classpathOf } from '../../scripts/bench/peer-process.ts';

/** The Maven project, wherever the run was started. */
export const PROJECT = fileURLToPath(new URL('./ipf', import.meta.url));
const READY_MS = 300_000;
const ANSWER_MS = 300_000;

/** What a validator of IPF said of a message that reached IPF's server, and the Japanese words that IPF read in it. */
export interface Judged {
  readonly transaction: string;
  readonly message: 'request' | 'response';
  readonly valid: boolean;
  readonly why?: string;
  readonly words: readonly string[];
  /** Where the request that is served wants its answer, if not on its connection. */
  readonly replyTo?: string;
}

/** An error of a RegistryResponse as IPF's client read it. */
export interface ReadError {
  readonly code: string;
  readonly severity: string;
  readonly context?: string;
}

/** What IPF's client says of one exchange. Which fields are there follows from the transaction. */
export interface PeerAnswer {
  readonly id: string;
  /** What IPF's own validator says of what IPF sent, and of what came back: `valid`, or why not. */
  readonly requestValid?: string;
  readonly responseValid?: string;
  /** The exchange ended without an answer of the transaction. */
  readonly fault?: string;
  /** The local names of the code of a SOAP fault and of its subcodes, from the outside in. */
  readonly faultCodes?: readonly string[];
  readonly status?: string;
  readonly errors?: readonly ReadError[];
  readonly sentWords?: readonly string[];
  readonly words?: readonly string[];
  readonly objects?: readonly {
    readonly kind: string;
    readonly uuid: string;
    readonly logicalUuid: string | null;
    readonly uniqueId: string;
    readonly status: string;
    readonly home: string | null;
  }[];
  readonly associations?: readonly string[];
  readonly references?: readonly string[];
  readonly documents?: readonly {
    readonly uniqueId: string;
    readonly home: string | null;
    readonly mimeType: string;
    readonly size: number;
    readonly sha1: string;
  }[];
  /** HL7 V3: `AA`, `CA`, `AE`, … and `OK`, `NF`, …; identifiers as `id^^^&oid&ISO`. */
  readonly acknowledgement?: string;
  readonly queryResponseCode?: string;
  readonly ids?: readonly string[];
  readonly details?: readonly string[];
  /** ITI-55: what would tell the candidates apart; ITI-56: `urn:oid:… id^^^&oid&ISO`. */
  readonly wanted?: readonly string[];
  readonly locations?: readonly string[];
  /** HL7 v2: MSH-9, MSA-2, where each ERR points to, family and given name of each PID, QAK-4, QAK-6 and DSC-1. */
  readonly messageType?: string;
  readonly answered?: string;
  /** What HAPI alone has read, in order. */
  readonly answers?: readonly V2Answer[];
  readonly places?: readonly string[];
  readonly persons?: readonly string[];
  readonly hits?: string | null;
  readonly remaining?: string | null;
  readonly pointer?: string;
}

/** One answer of several that HAPI has read. */
export type V2Answer = Pick<
  PeerAnswer,
  | 'acknowledgement'
  | 'queryResponseCode'
  | 'details'
  | 'places'
  | 'ids'
  | 'persons'
  | 'words'
  | 'messageType'
  | 'answered'
>;

/** One line of the work list: the transaction, where to, as whom, and what the request says. */
export interface PeerCase {
  readonly transaction: string;
  readonly url: string;
  readonly as: string;
  readonly [field: string]: unknown;
}

export interface PeerOptions {
  readonly port: number;
  readonly folder: string;
  readonly anchors: string;
  readonly server: string;
  /** The certificate of its listeners for HL7 v2, and their ports. */
  readonly v2Server: string;
  readonly ports: Readonly<Record<string, number>>;
  readonly clients: Readonly<Record<string, string>>;
  readonly passwordFile: string;
  readonly log: string;
}

type Event = { readonly event: string } & Record<string, unknown>;

/** IPF as a process of its own: servers that stand ready, and a client that does one case after the other. */
export class Peer {
  readonly #child: ChildProcess;
  readonly #judged: Judged[] = [];
  #waiting: ((event: Event) => void) | undefined;
  #count = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  /** @throws Error when it is not ready in time */
  static async start(options: PeerOptions): Promise<Peer> {
    const words = ['-Xmx1g', '-XX:+UseSerialGC', '-cp', classpathOf(PROJECT)];
    const level = process.env.INTEROP_JAVA_LOG ?? 'warn';
    words.push(`-Dorg.slf4j.simpleLogger.defaultLogLevel=${level}`);
    const child = spawn('java', [...words, 'interop.Peer', JSON.stringify(options)], {
      stdio: ['pipe', 'pipe', 'pipe'],
      // HAPI counts its messages in a file where it is started.
      cwd: options.folder,
    });
    child.stderr?.pipe(createWriteStream(options.log));
    process.once('exit', () => child.kill('SIGKILL'));
    const peer = new Peer(child);
    const ready = peer.#next(READY_MS, 'start');
    createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) =>
      peer.#take(JSON.parse(line) as Event),
    );
    await ready;
    return peer;
  }

  /** Lets IPF's client do one case. */
  async ask(asked: PeerCase): Promise<PeerAnswer> {
    this.#count += 1;
    const id = `case-${this.#count}`;
    const answered = this.#next(ANSWER_MS, `${asked.transaction}`);
    this.#child.stdin?.write(`${JSON.stringify({ ...asked, id })}\n`);
    const answer = (await answered) as unknown as PeerAnswer;
    if (answer.id !== id) throw new Error(`${id} was answered by ${answer.id}`);
    return answer;
  }

  /** What IPF's servers have judged since this was last asked. */
  async judged(): Promise<readonly Judged[]> {
    // A line that was written before an answer over TLS may arrive after it: what is asked here comes behind both.
    await this.ask({ transaction: 'none', url: '', as: '' });
    return this.#judged.splice(0);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.stdin?.end();
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 15_000);
    await ended;
    clearTimeout(timer);
  }

  #take(event: Event): void {
    if (event.event === 'judged') this.#judged.push(event as unknown as Judged);
    else this.#waiting?.(event);
  }

  #next(withinMs: number, what: string): Promise<Event> {
    return new Promise((resolve, reject) => {
      const fail = (why: string) => reject(new Error(`IPF, ${what}: ${why}`));
      const timer = setTimeout(() => fail(`nothing within ${withinMs} ms`), withinMs);
      const ended = () => fail('the process has ended');
      this.#child.once('exit', ended);
      this.#waiting = (event) => {
        clearTimeout(timer);
        this.#child.off('exit', ended);
        this.#waiting = undefined;
        resolve(event);
      };
    });
  }
}
