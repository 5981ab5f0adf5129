import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { MLLP_CATALOGUE } from '../../profiles/catalogue.ts';
import { readV2 } from '../../profiles/formats/hl7v2.ts';
import { MESSAGE_CODES } from '../../profiles/formats/message-codes.ts';
import { frameMllp, MllpReader } from '../../profiles/formats/mllp.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { V2_CONTEXT } from '../support/hl7v2-samples.ts';
import { certificatesOf } from './refuser.ts';
import type { Companion, InteropWorld } from './world.ts';

/** The codes of HL7 table 0357 with which an answer of ours may say no, and what stands in it then. */
export const V2_CODES = Object.fromEntries(
  Object.entries(MESSAGE_CODES).filter(([code]) => /^\d|^not/.test(code)),
);

/** The same as the Refuser by HL7 v2: it refuses whatever comes with the code that was named last. */
class V2Refuser implements Companion {
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();
  #said: readonly [transaction: string, code: string] | undefined;

  constructor(tls: Awaited<ReturnType<typeof certificatesOf>>) {
    this.#server = createServer({ ...tls, requestCert: true }, (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => socket.destroy());
      const reader = new MllpReader(1_000_000);
      socket.on('data', (chunk: Uint8Array) => {
        for (const event of reader.read(chunk)) {
          if (event.kind === 'frame') socket.write(frameMllp(this.#refusalOf(event.octets)));
        }
      });
    });
  }

  async listen(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  /** What is said from now on, and where. */
  says(transaction: string, code: string): string {
    this.#said = [transaction, code];
    return `mllps://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  #refusalOf(octets: Uint8Array): Uint8Array {
    const [id, code = ''] = this.#said ?? [];
    const transaction = MLLP_CATALOGUE.find((one) => one.id === id);
    if (!transaction) throw new Error(`no such transaction: ${id}`);
    const refusal = new Refusal(code, 'refused');
    return Buffer.from(transaction.refusal([refusal], readV2(octets), V2_CONTEXT));
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

/** What the cells of IPF and of HAPI share. */
export async function startV2Refuser(world: InteropWorld): Promise<V2Refuser> {
  return await new V2Refuser(await certificatesOf(world)).listen();
}
