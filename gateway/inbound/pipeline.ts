import type { ActorName, Answer, Ask, Caller, World } from '../../actors/actor.ts';
import { PeerFailure } from '../../actors/actor.ts';
import type { AuditSide } from '../../profiles/audit-event.ts';
import { NO_PARTS } from '../../profiles/formats/mtom.ts';
import {
  faultActionMismatch,
  faultActionNotSupported,
  messageIdOf,
  type OpenedEnvelope,
  readEnvelope,
} from '../../profiles/formats/soap.ts';
import { parseXml, serializeXml, xmlLimits } from '../../profiles/formats/xml.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { Fault, Refusal, refusalsOf } from '../../profiles/refusal.ts';
import {
  announces,
  type Body,
  type Issue,
  type SoapMessage,
  type Spoken,
  speaksSoap,
  type Transaction,
} from '../../profiles/transaction.ts';
import { attend, requireFaultless } from '../safeguards/attend.ts';
import { type ExchangeOutcome, type ExchangeRecord, outcomeOf } from '../safeguards/audit.ts';
import type { ConsentDecision } from '../safeguards/consent.ts';
import { IncomingParts } from '../stores/incoming-parts.ts';
import { acceptElsewhere, type AcceptingHouse } from './accept-elsewhere.ts';
import { frameAnswer, frameFault, type Reply } from './frame.ts';
import type { Incoming, Peer } from './incoming.ts';
import { receivedMessage } from './received-message.ts';
import { codeOfShortage } from './shortage.ts';
import { strangeMessage } from './strange-message.ts';
import { type PipelineLimits, unframe } from './unframe.ts';
import type { RequestValidation } from './wsdl.ts';

/** An answer together with what it works on. */
export interface BoundAnswer {
  readonly answer: Answer<unknown>;
  readonly stores: unknown;
}

/** What the path needs of the house. */
export interface PipelineHouse extends Issue, AcceptingHouse {
  answerTo(actor: ActorName, action: string): BoundAnswer | undefined;
  /** The ask of answers that serve this caller; documents that other actors send for it are released with it. */
  readonly askFor: (caller: Caller, releases: (() => Promise<void>)[]) => Ask;
  readonly consent: ConsentDecision;
  /** The schemas that requests are held against, where the operator has asked for it. */
  readonly validation: RequestValidation | undefined;
  /** Writes and syncs the audit records of an exchange. */
  readonly record: (exchange: ExchangeRecord) => Promise<void>;
  /** Writes a security alert: a peer that may not do what it tried. */
  readonly alert: (peer: Peer, reason: string, endpoint: string) => Promise<void>;
  readonly trailWritable: () => Promise<void>;
  readonly spoolDirectory: string;
  readonly limits: PipelineLimits;
}

/** What a request has told so far; the answer, the audit and the log line are made of it, however far it came. */
interface Progress {
  messageId?: string;
  opened?: OpenedEnvelope;
  transaction?: Transaction<unknown, unknown>;
  message?: SoapMessage;
  request?: unknown;
  response?: unknown;
  subjects?: readonly PatientId[];
  mtom: boolean;
  /** The answer is a message of its own, to one of these addresses. */
  elsewhere?: OpenedEnvelope['elsewhere'];
  readonly faultsByHttp500?: boolean;
}

/**
 * THE path of a request, read top to bottom; each step takes the last one's result.
 *
 *   unframe, open, choose, identify, (accept), (validate), decode, attend (find/consent/reveal or check/receive/commit), encode, audit, frame
 *
 * Nothing after the root part is read before attend asks for it. The reply is final before its first byte: status, list
 * and audit record are fixed when this returns. A trail that cannot be written lets no data leave.
 *
 * A request whose answer is wanted elsewhere comes this way twice: to be accepted, and, `kept`, to be answered. What the
 * first time has counted or faulted, the second does not.
 */
export async function answerMessage(incoming: Incoming, house: PipelineHouse): Promise<Reply> {
  const startedAt = house.now();
  const { faultsByHttp500 } = incoming.peer;
  const progress: Progress = { mtom: false, faultsByHttp500 };
  const parts = new IncomingParts(house.spoolDirectory, house.limits);
  const releases = [() => parts.release()];
  const release = async () => {
    for (const each of releases) await each();
  };
  let reply: Reply;
  let refusals: readonly Refusal[] = [];
  let outcome: ExchangeOutcome = 'success';
  try {
    const root = await rootOf(incoming, { progress, parts }, house);
    const opened = open(root, { incoming, progress }, house);
    const { bound, transaction } = choose(incoming, opened, progress, house);
    const caller = await identify(incoming, bound, house);
    const world: World = {
      ask: house.askFor(caller, releases),
      caller,
      message: receivedMessage(opened, progress.messageId),
      now: house.now,
      uuid: house.uuid,
    };
    const read = () => {
      house.validation?.require(root, transaction);
      progress.request = transaction.request.decode(opened, progress.mtom ? parts : NO_PARTS);
      return progress.request;
    };
    if (!incoming.kept) {
      const faultless = () => requireFaultless({ read, world, ...bound });
      const asked = { root, opened, transaction, parts, requireFaultless: faultless };
      const accepted = await acceptElsewhere(incoming, asked, house);
      if (accepted) return accepted;
    }
    progress.response = await attend(
      { request: read(), world, ...bound },
      {
        consent: house.consent,
        trailWritable: house.trailWritable,
        receive: () => parts.receive(transaction),
        found: (subjects) => {
          progress.subjects = subjects;
        },
      },
    );
    outcome = outcomeOf(progress.response);
    reply = frameBody(
      transaction.response.encode(progress.response, opened, house),
      progress,
      house,
    );
  } catch (error) {
    refusals = refusalsOf(error) ?? [generalRefusal(error, progress, house)];
    outcome = refusalsOf(error) === undefined ? 'defect' : 'refused';
    reply = refuse(refusals, progress, house);
  }
  try {
    await audit(incoming, progress, { outcome, startedAt, refusals }, house);
  } catch (cause) {
    house.log.error({ transaction: idOf(progress), outcome: 'trail-down' }, cause);
    reply = refuse([new Fault('Receiver', 'the audit trail cannot be written')], progress, house);
    outcome = 'defect';
  }
  house.metrics.exchange({ transaction: idOf(progress), side: 'answerer', outcome });
  house.log.info({
    transaction: idOf(progress),
    outcome,
    peer: incoming.peer.name,
    code: refusals[0]?.code,
    message: progress.messageId,
    tookMs: house.now().getTime() - startedAt.getTime(),
  });
  const final = reply;
  return {
    status: final.status,
    contentType: final.contentType,
    length: final.length,
    body: final.body,
    // A body that was not read to its end is not read at all: the listener drains a little and closes.
    unread: !parts.atEnd && refusals.length > 0,
    sent: async () => {
      await release();
      await final.sent?.();
    },
    interrupted: async (bytesSent) => {
      await release();
      await recordInterruption(incoming, progress, { bytesSent, startedAt }, house);
    },
  };
}

async function rootOf(
  incoming: Incoming,
  { progress, parts }: { progress: Progress; parts: IncomingParts },
  house: PipelineHouse,
): Promise<Uint8Array> {
  const { kept } = incoming;
  if (!kept) return await unframe(incoming, house.limits, { progress, parts });
  progress.mtom = kept.isMtom;
  return kept.envelope;
}

/** Its oddities are counted when it comes, not again when it is answered. */
function open(
  root: Uint8Array,
  { incoming, progress }: { incoming: Incoming; progress: Progress },
  house: PipelineHouse,
): OpenedEnvelope {
  const element = parseXml(root, xmlLimits(house.limits.envelopeBytes));
  progress.messageId = messageIdOf(element);
  const opened = readEnvelope(element, {
    asynchronous: true,
    understood: ({ namespace, name }) =>
      namespace === 'urn:ihe:iti:xcpd:2009' && name === 'CorrelationTimeToLive',
  });
  progress.opened = opened;
  if (incoming.kept) progress.elsewhere = opened.elsewhere;
  else for (const oddity of opened.oddities) house.metrics.oddity(oddity);
  return opened;
}

/** (endpoint, action) -> answer; then the encoding, the body and the directory have to agree. */
function choose(
  incoming: Incoming,
  opened: OpenedEnvelope,
  progress: Progress,
  house: PipelineHouse,
): { bound: BoundAnswer; transaction: Transaction<unknown, unknown> } {
  const bound = house.answerTo(incoming.actor, opened.action);
  const transaction = bound?.answer.transaction;
  if (!bound || !transaction || !speaksSoap(transaction)) {
    throw faultActionNotSupported(opened.action);
  }
  progress.transaction = transaction;
  const { wire, id } = transaction;
  const message = wire.messages.find(({ action }) => action === opened.action);
  if (!message) throw faultActionNotSupported(opened.action);
  progress.message = message;
  const { body } = opened;
  if (!announces(message, body)) {
    throw faultActionMismatch(
      opened.action,
      `expected {${message.body.namespace}}${message.body.name}, received {${body.namespace}}${body.name}`,
    );
  }
  if ((wire.mtom === 'both') !== progress.mtom) {
    const expected = wire.mtom === 'both' ? 'MTOM (multipart/related)' : 'Simple SOAP';
    throw new Fault('Sender', `${id} is ${expected}; received the other encoding`);
  }
  return { bound, transaction };
}

/** The directory says what this certificate may call; an attempt beyond that is a security event. */
async function identify(
  { actor, peer, endpoint }: Incoming,
  bound: BoundAnswer,
  house: PipelineHouse,
): Promise<Caller> {
  const { id } = bound.answer.transaction;
  const judged = peer.callerFor({ actor, transaction: id });
  if (judged.kind === 'admitted') return judged.caller;
  await house.alert(peer, `${judged.reason}: ${judged.detail}`, endpoint);
  throw new Fault('Sender', `this certificate is not entitled to ${id} at /${actor}`, {
    subcodes: [{ namespace: 'urn:kakehashi:fault', prefix: 'kkh', name: 'NotAuthorized' }],
  });
}

/** A defect, a shortage, or a peer that we needed and did not get: the caller hears the transaction's general error, no more. */
function generalRefusal(error: unknown, progress: Progress, house: PipelineHouse): Refusal {
  house.log.error({ transaction: idOf(progress), message: progress.messageId }, error);
  const { transaction } = progress;
  const reason =
    error instanceof PeerFailure
      ? `${error.peer} could not be asked`
      : 'internal error, see the log';
  if (!transaction?.generalError) return new Fault('Receiver', reason);
  return new Refusal(codeOfShortage(transaction.generalError, error), reason);
}

/** The answer that says no: a fault below the transaction, else in the transaction's own form. */
function refuse(refusals: readonly Refusal[], progress: Progress, house: PipelineHouse): Reply {
  const { transaction } = progress;
  const fault = refusals.find((refusal) => refusal instanceof Fault);
  if (!fault && transaction && progress.opened) {
    return frameBody(transaction.refusal(refusals, progress.opened, house), progress, house);
  }
  const said =
    fault instanceof Fault ? fault : new Fault('Sender', refusals[0]?.context ?? 'refused');
  const { mtom, messageId, elsewhere } = progress;
  const status = progress.faultsByHttp500 ? 500 : undefined;
  const to = elsewhere?.faultTo ?? elsewhere?.replyTo;
  return frameFault(said, { mtom, relatesTo: messageId, uuid: house.uuid, to, status });
}

function frameBody(body: Body, progress: Progress, house: PipelineHouse): Reply {
  return frameAnswer(body, {
    mtom: progress.mtom,
    action: progress.message?.replyAction ?? '',
    relatesTo: progress.messageId,
    uuid: house.uuid,
    to: progress.elsewhere?.replyTo,
  });
}

function idOf(progress: Progress): string {
  return progress.transaction?.id ?? 'unknown';
}

async function audit(
  incoming: Incoming,
  progress: Progress,
  {
    outcome,
    startedAt,
    refusals,
  }: { outcome: ExchangeOutcome; startedAt: Date; refusals: readonly Refusal[] },
  house: PipelineHouse,
): Promise<void> {
  const { transaction } = progress;
  if (!transaction) {
    await house.alert(incoming.peer, strangeMessage(refusals), incoming.endpoint);
    return;
  }
  await house.record(
    recordOfExchange(incoming, progress, transaction, { outcome, startedAt, refusals }),
  );
}

async function recordInterruption(
  incoming: Incoming,
  progress: Progress,
  { bytesSent, startedAt }: { bytesSent: number; startedAt: Date },
  house: PipelineHouse,
): Promise<void> {
  const { transaction } = progress;
  house.log.warn({ transaction: idOf(progress), outcome: 'interrupted', bytesSent });
  if (!transaction) return;
  const record = recordOfExchange(incoming, progress, transaction, {
    outcome: 'interrupted',
    startedAt,
    refusals: [],
  });
  await house.record({ ...record, description: `sending stopped after ${bytesSent} bytes` });
}

function recordOfExchange(
  incoming: Incoming,
  progress: Progress,
  transaction: Spoken<unknown, unknown>,
  {
    outcome,
    startedAt,
    refusals,
  }: { outcome: ExchangeOutcome; startedAt: Date; refusals: readonly Refusal[] },
): ExchangeRecord {
  const side: AuditSide = 'answerer';
  return {
    transaction,
    side,
    outcome,
    at: startedAt,
    request: progress.request,
    response: progress.response,
    subjects: progress.subjects,
    query: queryTextOf(transaction, progress),
    messageId: progress.messageId,
    asker: {
      userId: progress.opened?.replyTo,
      host: incoming.peer.address,
      name: incoming.peer.name,
    },
    answerer: { userId: incoming.endpoint, host: new URL(incoming.endpoint).hostname },
    description: refusals.length > 0 ? refusals.map(({ code }) => code).join(' ') : undefined,
  };
}

/** The raw query for the record, only where the transaction's row is a query. */
function queryTextOf(
  transaction: Spoken<unknown, unknown>,
  progress: Progress,
): string | undefined {
  if (transaction.audit.event.answerer !== 'Query' || !progress.opened) return undefined;
  return serializeXml(progress.opened.body);
}
