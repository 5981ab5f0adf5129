import type { ActorsHere } from './actors-here.ts';
import type { Config } from './config.ts';
import type { Log } from './log.ts';
import type { Metrics } from './metrics.ts';
import { Exchange } from './outbound/exchange.ts';
import { MllpSender } from './outbound/mllp-sender.ts';
import { SoapSender } from './outbound/soap-sender.ts';
import { v2NamesOf } from './ourselves.ts';
import type { Partners } from './partners.ts';
import type { ExpectedAnswers } from './queue/expected-answers.ts';
import { alertOf, type Recorder, recordOf } from './safeguards/audit.ts';
import type { AuditTrail } from './safeguards/audit-trail.ts';

/** What the asking of a process is made of. */
export interface ExchangeSurroundings {
  readonly config: Config;
  readonly here: ActorsHere;
  readonly partners: Partners;
  readonly trail: AuditTrail;
  readonly recorder: Recorder;
  readonly spoolDirectory: string;
  readonly expected: ExpectedAnswers;
  readonly now: () => Date;
  readonly uuid: () => string;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** The exchange of a process with its senders, one for each wire, and how these are closed. */
export function exchangeHere(surroundings: ExchangeSurroundings): {
  readonly exchange: Exchange;
  close(): void;
} {
  const { partners, here, expected, trail, recorder, now, uuid, log, metrics } = surroundings;
  const sender = soapSenderOf(surroundings);
  const mllpSender = mllpSenderOf(surroundings);
  partners.onChange(() => {
    sender.reload();
    mllpSender.reload();
  });
  const exchange = new Exchange({
    now,
    uuid,
    inside: (actor, transaction) => here.byTransaction(actor, transaction),
    endpointOf: (destination, transaction) => partners.endpointOf(destination, transaction),
    sender,
    mllpSender,
    record: (record) => trail.append(recordOf(record, recorder)),
    alert: ({ reason, peer }, endpoint) => {
      const address = new URL(endpoint).hostname;
      const alert = { at: now(), reason, peer: { ...peer, address }, endpoint };
      return trail.append([alertOf(alert, recorder)]);
    },
    host: recorder.host,
    log,
    metrics,
  });
  return {
    exchange,
    close() {
      expected.close();
      sender.close();
      mllpSender.close();
    },
  };
}

function soapSenderOf(surroundings: ExchangeSurroundings): SoapSender {
  const { config, spoolDirectory, expected, now, uuid } = surroundings;
  const { limits, retrieval } = config;
  const deadlineMs = retrieval.longestMs;
  return new SoapSender({ now, uuid, spoolDirectory, expected, limits, deadlineMs });
}

function mllpSenderOf({ config, now, uuid, log, metrics }: ExchangeSurroundings): MllpSender {
  return new MllpSender({
    now,
    uuid,
    ...v2NamesOf(config),
    messageBytes: config.limits.v2MessageBytes,
    deadlineMs: config.retrieval.longestMs,
    notCarried: (count, transaction) => {
      metrics.oddity('character-not-carried');
      log.warn({ event: 'characters-not-carried', transaction, count });
    },
  });
}
