import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/**
 * `open`: all passes. `mute`: nothing of what the caller says arrives. `deaf`: what the caller says arrives, and nothing comes
 * back on the connections that were there before.
 */
export type Passing = 'open' | 'mute' | 'deaf';

/** Stands between a caller and one server, under the caller's and the server's own TLS, and holds back what it is told to. */
export class Relay {
  readonly #target: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #passing: Passing = 'open';
  /** Connections that were there when it was told to hold something back. */
  #warm: ReadonlySet<Socket> = new Set();
  #heldBack: (() => void) | undefined;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((caller) => this.#join(caller));
  }

  static async to(target: number): Promise<Relay> {
    const relay = new Relay(target);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** @returns when something has been held back */
  pass(passing: Passing): Promise<void> {
    this.#passing = passing;
    this.#warm = new Set(this.#sockets);
    return new Promise((resolve) => {
      this.#heldBack = resolve;
    });
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(caller: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    for (const [one, other] of [
      [caller, server],
      [server, caller],
    ] as const) {
      this.#sockets.add(one);
      one.on('error', () => one.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    caller.on('data', (octets) => {
      if (this.#passing === 'mute') this.#heldBack?.();
      else server.write(octets);
    });
    server.on('data', (octets) => {
      if (this.#passing === 'deaf' && this.#warm.has(server)) this.#heldBack?.();
      else caller.write(octets);
    });
  }
}
