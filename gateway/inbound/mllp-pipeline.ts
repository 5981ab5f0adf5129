import { createHash } from 'node:crypto';
import type { ActorName, Caller, Message, World } from '../../actors/actor.ts';
import { PeerFailure } from '../../actors/actor.ts';
import { shape } from '../../profiles/formats/datatypes.ts';
import type { Authorities, NamedAuthority } from '../../profiles/formats/hl7v2-authorities.ts';
import { characterSetsOf, encodeText } from '../../profiles/formats/hl7v2-charsets.ts';
import {
  acknowledgementOf,
  faultsOf,
  headerIn,
  type V2Context,
  type V2Header,
} from '../../profiles/formats/hl7v2-reply.ts';
import {
  fieldText,
  headerAlone,
  parseV2,
  placeAt,
  readV2,
  requireSegment,
  type V2Message,
} from '../../profiles/formats/hl7v2.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { writeAck } from '../../profiles/pix/adt.ts';
import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { type MllpTransaction, speaksMllp } from '../../profiles/transaction.ts';
import { attend } from '../safeguards/attend.ts';
import { type ExchangeOutcome, outcomeOf } from '../safeguards/audit.ts';
import type { Peer } from './incoming.ts';
import type { BoundAnswer, PipelineHouse } from './pipeline.ts';
import { strangeMessage } from './strange-message.ts';

/** One frame, once its peer is known. */
export interface IncomingFrame {
  readonly actor: ActorName;
  readonly octets: Uint8Array;
  readonly peer: Peer;
  /** `mllps://host:port`. */
  readonly endpoint: string;
  /** The octets are the first of a frame that was larger than it may be. */
  readonly isTooLarge?: boolean;
}

/** What the path of a frame needs of the house. */
export interface MllpHouse extends Omit<PipelineHouse, 'answerTo' | 'spoolDirectory' | 'limits'> {
  answersTo(
    actor: ActorName,
    event: { readonly type: string; readonly trigger?: string },
  ): { readonly ofType: boolean; readonly answers: readonly BoundAnswer[] };
  /** OID of this system. */
  readonly device: string;
  readonly authorities: readonly NamedAuthority[];
}

/** How far a frame has come. */
interface Progress {
  message: V2Message;
  header?: V2Header;
  bound?: BoundAnswer;
  transaction?: MllpTransaction<unknown, unknown>;
  fed: readonly string[];
  request?: unknown;
  response?: unknown;
  subjects?: readonly PatientId[];
}

/**
 * THE path of a v2 message, read top to bottom; each step takes the last one's result.
 *
 *   read, look at the header, choose and identify, decode, attend, encode, audit
 *
 * The answer's octets are there only when the audit record is: a trail that cannot be written lets no data leave. Every
 * frame is answered, one that cannot be read with AR.
 */
export async function answerFrame(frame: IncomingFrame, house: MllpHouse): Promise<Uint8Array> {
  const startedAt = house.now();
  const progress: Progress = { message: headerAlone(frame.octets), fed: [] };
  const releases: (() => Promise<void>)[] = [];
  let text: string;
  let refusals: readonly Refusal[] = [];
  let outcome: ExchangeOutcome = 'success';
  try {
    text = await answerIn(frame, { progress, house, releases });
    outcome = outcomeOf(progress.response);
  } catch (error) {
    refusals = refusalsOf(error) ?? [generalRefusal(error, progress, house)];
    outcome = refusalsOf(error) === undefined ? 'defect' : 'refused';
    text = refuse(refusals, progress, house);
  } finally {
    for (const release of releases) await release();
  }
  try {
    await audit(frame, { progress, outcome, startedAt, refusals }, house);
  } catch (cause) {
    house.log.error({ transaction: idOf(progress), outcome: 'trail-down' }, cause);
    const unwritable = new Refusal('not-processed', 'the audit trail cannot be written');
    text = refuse([unwritable], progress, house);
    outcome = 'defect';
  }
  house.metrics.exchange({ transaction: idOf(progress), side: 'answerer', outcome });
  house.log.info({
    transaction: idOf(progress),
    outcome,
    peer: frame.peer.name,
    code: refusals[0]?.code,
    message: progress.header?.controlId,
    tookMs: house.now().getTime() - startedAt.getTime(),
  });
  return octetsOf(text, progress, house);
}

async function answerIn(
  frame: IncomingFrame,
  {
    progress,
    house,
    releases,
  }: { progress: Progress; house: MllpHouse; releases: (() => Promise<void>)[] },
): Promise<string> {
  if (frame.isTooLarge) throw new Refusal('not-processed', 'the message is too large');
  const message = readV2(frame.octets);
  progress.message = message;
  for (const oddity of message.oddities) house.metrics.oddity(oddity);
  const header = headerIn(message);
  progress.header = header;
  const { bound, transaction, caller } = await choose(frame, { header, progress, house });
  const context = contextOf(progress, house);
  progress.request = transaction.request.decode(message, context);
  const world: World = {
    ask: house.askFor(caller, releases),
    caller,
    message: messageOf(message, header),
    now: house.now,
    uuid: house.uuid,
  };
  progress.response = await attend(
    { ...bound, request: progress.request, world },
    {
      ...house,
      receive: async () => undefined,
      found: (subjects) => {
        progress.subjects = subjects;
      },
    },
  );
  return transaction.response.encode(progress.response, message, context);
}

/**
 * MSH-9, MSH-11 and MSH-12 choose the answer, and the directory says whether this peer, under the name in MSH-3 and MSH-4,
 * may have it. Where two transactions have one trigger (A40), the version decides, and then what the peer may call.
 *
 * @throws Refusal 200 to 203; 101 without MSH-10; not-processed for a peer that may not, which is a security event
 */
async function choose(
  { actor, peer, endpoint }: IncomingFrame,
  { header, progress, house }: { header: V2Header; progress: Progress; house: MllpHouse },
): Promise<{
  bound: BoundAnswer;
  transaction: MllpTransaction<unknown, unknown>;
  caller: Caller;
}> {
  const { ofType, answers } = house.answersTo(actor, header);
  if (!ofType) throw new Refusal('200', `${shape(header.type)} is not answered here`);
  if (!/^2\.(?:3\.1|5(?:\.\d)?)$/.test(header.version)) {
    throw new Refusal('203', 'expected 2.3.1 or 2.5');
  }
  if (!['P', 'T', 'D'].includes(header.processingId)) {
    throw new Refusal('202', 'expected P, T or D');
  }
  const inVersion = header.version.startsWith('2.3') ? '2.3.1' : '2.5';
  const candidates = answers
    .flatMap((bound) => {
      const { transaction } = bound.answer;
      return speaksMllp(transaction) ? [{ bound, transaction }] : [];
    })
    .sort(
      (one, other) =>
        Number(other.transaction.wire.version === inVersion) -
        Number(one.transaction.wire.version === inVersion),
    );
  const [first] = candidates;
  if (!first) throw new Refusal('201', `${shape(header.trigger ?? '')} is not answered here`);
  const judged = candidates.map((candidate) => ({
    ...candidate,
    judgement: peer.callerFor({
      actor,
      transaction: candidate.transaction.id,
      sender: header.sender,
    }),
  }));
  const chosen = judged.find(({ judgement }) => judgement.kind === 'admitted');
  Object.assign(progress, { bound: first.bound, transaction: first.transaction });
  if (chosen?.judgement.kind !== 'admitted') {
    const [refused] = judged;
    if (refused?.judgement.kind === 'refused') {
      const { reason, detail } = refused.judgement;
      await house.alert(peer, `${reason}: ${detail}`, endpoint);
    }
    throw new Refusal('not-processed', `this sender is not entitled to ${first.transaction.id}`, {
      location: 'MSH^1^3',
    });
  }
  const { bound, transaction } = chosen;
  const { caller } = chosen.judgement;
  Object.assign(progress, { bound, transaction, fed: caller.assigningAuthorities });
  if (header.controlId === '') {
    throw new Refusal('101', 'MSH-10 is required', { location: 'MSH^1^10' });
  }
  return { bound, transaction, caller };
}

function contextOf({ fed }: Progress, house: MllpHouse): V2Context {
  const authorities: Authorities = { known: house.authorities, fed };
  return { now: house.now, uuid: house.uuid, device: house.device, authorities };
}

/** What tells this message when it is sent again: its sender's name, MSH-10, and all that comes after MSH. */
function messageOf(message: V2Message, { sender, controlId, trigger }: V2Header): Message {
  const { application, facility } = sender;
  return {
    id: `v2:${JSON.stringify([application, facility, controlId])}`,
    get bodyHash() {
      const body = message.segments.slice(1).map(({ text }) => text);
      return createHash('sha256')
        .update([trigger, ...body].join('\r'))
        .digest('hex');
    },
  };
}

function generalRefusal(error: unknown, progress: Progress, house: MllpHouse): Refusal {
  house.log.error({ transaction: idOf(progress), message: progress.header?.controlId }, error);
  const reason =
    error instanceof PeerFailure
      ? `${error.peer} could not be asked`
      : 'internal error, see the log';
  return new Refusal('INTERR', reason);
}

/** The answer that says no: in the transaction's own form, or an acknowledgement of a message that has none. */
function refuse(refusals: readonly Refusal[], progress: Progress, house: MllpHouse): string {
  const context = contextOf(progress, house);
  const { message, header, transaction } = progress;
  if (transaction) return transaction.refusal(refusals, message, context);
  const code = header === undefined ? 'AR' : acknowledgementOf(refusals);
  return writeAck(message, { code, faults: faultsOf(refusals) }, context);
}

/** An answer in the character sets that its MSH-18 names; what they do not have is reported by its place. */
function octetsOf(text: string, progress: Progress, house: MllpHouse): Uint8Array {
  const answer = parseV2(text);
  const msh = requireSegment(answer, 'MSH');
  const sets = characterSetsOf(fieldText(msh, 18), fieldText(msh, 20));
  const { octets, lost } = encodeText(text, sets);
  if (lost.length > 0) {
    house.metrics.oddity('character-not-carried');
    house.log.warn({
      event: 'characters-not-carried',
      transaction: idOf(progress),
      count: lost.length,
      reason: [...new Set(lost.map(({ index }) => placeAt(text, index)))].slice(0, 20).join(' '),
    });
  }
  return octets;
}

function idOf({ transaction }: Progress): string {
  return transaction?.id ?? 'unknown';
}

async function audit(
  { peer, endpoint }: IncomingFrame,
  {
    progress,
    outcome,
    startedAt,
    refusals,
  }: {
    progress: Progress;
    outcome: ExchangeOutcome;
    startedAt: Date;
    refusals: readonly Refusal[];
  },
  house: MllpHouse,
): Promise<void> {
  const { transaction, header, message } = progress;
  if (!transaction) {
    await house.alert(peer, strangeMessage(refusals), endpoint);
    return;
  }
  const msh = requireSegment(message, 'MSH');
  const named = (application: number) =>
    `${fieldText(msh, application + 1)}|${fieldText(msh, application)}`;
  const isQuery = transaction.audit.event.answerer === 'Query';
  await house.record({
    transaction,
    side: 'answerer',
    outcome,
    at: startedAt,
    request: progress.request,
    response: progress.response,
    subjects: progress.subjects,
    query: isQuery ? message.segments.map(({ text }) => text).join('\r') : undefined,
    messageId: header?.controlId,
    asker: { userId: named(3), host: peer.address, name: peer.name },
    answerer: { userId: named(5), host: new URL(endpoint).hostname },
    description: refusals.length > 0 ? refusals.map(({ code }) => code).join(' ') : undefined,
  });
}
