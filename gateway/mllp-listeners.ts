import type { ActorName } from '../actors/actor.ts';
import type { ActorsHere } from './actors-here.ts';
import type { Config } from './config.ts';
import { MllpListener } from './inbound/mllp-listener.ts';
import { answerFrame, type MllpHouse } from './inbound/mllp-pipeline.ts';
import type { PipelineHouse } from './inbound/pipeline.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { v2NamesOf } from './ourselves.ts';
import type { Partners } from './partners.ts';

/** What of the process HL7 v2 works with. */
export interface MllpSurroundings {
  readonly config: Config;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The listeners for HL7 v2 of a process: one port an actor, over TLS and on the loopback, where the config names them. */
export class MllpListeners {
  readonly #surroundings: MllpSurroundings;
  readonly #listeners: MllpListener[] = [];

  constructor(surroundings: MllpSurroundings) {
    this.#surroundings = surroundings;
  }

  async start(
    house: PipelineHouse,
    { here, partners }: { here: ActorsHere; partners: Partners },
  ): Promise<void> {
    const { config, log, metrics } = this.#surroundings;
    const { device, authorities } = v2NamesOf(config);
    const answersTo: MllpHouse['answersTo'] = (actor, event) => here.byTrigger(actor, event);
    const v2House: MllpHouse = { ...house, answersTo, device, authorities };
    const { listen, limits } = config;
    const onLoopback = (address: string) => partners.onLoopback(address);
    for (const [place, security] of [
      [listen.mllps, { kind: 'tls', authentication: partners }],
      [listen.mllp, { kind: 'loopback', identify: onLoopback }],
    ] as const) {
      const ports = [
        ['patient-identity', place.patientIdentity],
        ['document-registry', place.documentRegistry],
      ] as const;
      for (const [actor, port] of ports) {
        if (port === undefined || !here.names.has(actor)) continue;
        const listener = new MllpListener({
          actor,
          host: place.host,
          port,
          security,
          answer: (frame) => answerFrame(frame, v2House),
          limits: { ...limits, messageBytes: limits.v2MessageBytes },
          log,
          metrics,
        });
        await listener.start();
        this.#listeners.push(listener);
        log.info({ event: 'listening', actor, url: listener.url });
      }
    }
  }

  /** Where an actor takes HL7 v2: `mllps://host:port`, or `mllp://` on the loopback; undefined where it does not. */
  url(actor: ActorName, scheme: 'mllps' | 'mllp'): string | undefined {
    const urls = this.#listeners.filter((one) => one.actor === actor).map(({ url }) => url);
    return urls.find((url) => url.startsWith(`${scheme}:`));
  }

  reload(): void {
    for (const listener of this.#listeners) listener.reload();
  }

  async stop(graceMs: number): Promise<void> {
    await Promise.all(this.#listeners.splice(0).map((listener) => listener.stop(graceMs)));
  }
}
