import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import {
  fieldText,
  parseV2,
  readV2,
  segmentsOf,
  type V2Message,
} from '../../profiles/formats/hl7v2.ts';
import { frameMllp, MllpReader } from '../../profiles/formats/mllp.ts';

/** One connection of a system that speaks HL7 v2, as bare as a socket is. */
export class MllpLink {
  readonly socket: Socket;
  readonly #reader = new MllpReader(10_000_000);
  readonly #answers: Uint8Array[] = [];
  #heard: (() => void) | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Uint8Array) => {
      for (const event of this.#reader.read(chunk)) {
        if (event.kind === 'frame') this.#answers.push(event.octets);
      }
      this.#heard?.();
    });
    socket.on('close', () => this.#heard?.());
  }

  static async open(url: string, tls?: ConnectionOptions): Promise<MllpLink> {
    const { protocol, hostname, port } = new URL(url);
    const to = { host: hostname, port: Number(port) };
    const socket = protocol === 'mllps:' ? connectTls({ ...tls, ...to }) : connect(to);
    await once(socket, protocol === 'mllps:' ? 'secureConnect' : 'connect');
    return new MllpLink(socket);
  }

  /** The next answer. @throws Error when the connection is closed before one */
  async next(): Promise<V2Message> {
    while (this.#answers.length === 0) {
      if (this.socket.destroyed) throw new Error('closed without an answer');
      await new Promise<void>((resolve) => {
        this.#heard = resolve;
      });
    }
    return readV2(this.#answers.shift() ?? new Uint8Array());
  }

  async ask(message: string | Uint8Array): Promise<V2Message> {
    this.socket.write(frameMllp(typeof message === 'string' ? Buffer.from(message) : message));
    return await this.next();
  }

  close(): void {
    this.socket.destroy();
  }
}

/** Lines of a test as a message. */
export function messageOf(...lines: readonly string[]): string {
  return lines.map((line) => `${line}\r`).join('');
}

/** What an answer says: MSA-1 and MSA-2, ERR segments, QAK. */
export function saidIn(message: V2Message) {
  const text = (name: string) => segmentsOf(message, name).map((segment) => segment.text);
  const [msa] = segmentsOf(message, 'MSA');
  return {
    code: msa && fieldText(msa, 1),
    answers: msa && fieldText(msa, 2),
    errors: text('ERR'),
    status: text('QAK'),
    patients: text('PID'),
    event: fieldText(parseV2(message.segments[0]?.text ?? '').segments[0] ?? fail(), 9),
  };
}

function fail(): never {
  throw new Error('no MSH');
}
