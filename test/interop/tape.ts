import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import type { Region } from '../../scripts/federation.ts';
import { type Cell, HL7_V2, type Recording, Tap } from './recorder.ts';
import {
  MllpTap,
  PEER_PORTS,
  type PeerPort,
  V2_ACTORS,
  type V2Actor,
  type V2Ports,
} from './v2-world.ts';

/** Who stands at the ends of the wires, and who calls through the taps. */
interface Wires {
  readonly region: Region;
  readonly stranger: Region;
  readonly consumer: Region;
  readonly client: ConnectionOptions;
  readonly ports: V2Ports;
}

/** The taps, and what they heard. */
export class Tape {
  readonly recordings: Recording[] = [];
  taps: readonly { stop(): void }[] = [];
  /** Where a tap stands in front of a place that takes HL7 v2. */
  v2Ports: Partial<Record<V2Actor | PeerPort, number>> = {};
  soap: { readonly ours?: string | undefined; readonly theirs?: string | undefined } = {};
  cell: Cell | undefined;
  #wires: Wires | undefined;

  /** Without wires nothing is recorded. */
  static async start(wires: Wires | undefined): Promise<Tape> {
    const tape = new Tape();
    if (wires === undefined) return tape;
    tape.#wires = wires;
    const { region, stranger, consumer, client, ports } = wires;
    const ours = await tape.before(region);
    const theirs = await tape.before(stranger, 'response');
    tape.soap = { ours, theirs };
    const v2 = await Promise.all(
      [...V2_ACTORS, ...PEER_PORTS].map(async (place) => {
        const isOurs = (V2_ACTORS as readonly string[]).includes(place);
        const message = isOurs ? ('request' as const) : ('response' as const);
        const server = await tlsOf(isOurs ? region : consumer);
        const options = { server, client, port: ports[place], message };
        return await MllpTap.start(options, (octets) =>
          tape.#keep({ message, contentType: HL7_V2, body: Buffer.from(octets) }),
        ).then((tap) => {
          tape.v2Ports[place] = tap.port;
          return tap;
        });
      }),
    );
    tape.taps = [...tape.taps, ...v2];
    return tape;
  }

  /** Where somebody is reached from now on: a tap of a recorded run, or else itself. */
  async before(to: Pick<Region, 'folder' | 'url'>, message: Recording['message'] = 'request') {
    if (!this.#wires) return to.url;
    const { stranger, client } = this.#wires;
    // Answers are wanted where the same certificate is shown: there IPF's gateway stays itself.
    const options = { server: await tlsOf(to), client, same: await tlsOf(stranger), message };
    const tap = await Tap.start({ ...options, target: to.url }, (heard) => this.#keep(heard));
    this.taps = [...this.taps, tap];
    return tap.url;
  }

  #keep(heard: Pick<Recording, 'message' | 'contentType' | 'body'>): void {
    const direction = heard.message === 'request' ? 'inward' : 'outward';
    if (this.cell?.direction === direction) this.recordings.push({ ...this.cell, ...heard });
  }
}

/** The certificate and key of a region's own gateway. */
async function tlsOf({ folder }: Pick<Region, 'folder'>) {
  const read = (file: string) => readFile(join(folder, 'certificates', file), 'utf8');
  return { cert: await read('own.pem'), key: await read('own.key'), ca: await read('anchors.pem') };
}
