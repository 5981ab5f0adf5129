import type { PatientId } from '../../profiles/patient.ts';
import type { MllpTransaction } from '../../profiles/transaction.ts';
import { aTransmission } from '../support/hl7v3-builders.ts';
import { PROOF } from '../support/proof-region.ts';
import { type Asked, Finding, peerAsks, requireTaken, same } from './interop-case.ts';
import type { PeerAnswer, V2Answer } from './peer.ts';
import {
  NAMED_AUTHORITIES,
  OUR_NAME,
  PEER_NAME,
  type PeerPort,
  V2_CHARSETS,
  type V2Actor,
  type V2Charset,
} from './v2-world.ts';
import type { InteropWorld } from './world.ts';

/** What stands where in a message, in the language of HAPI's Terser: `/PID-3-1`. */
export type Fields = Readonly<Record<string, string>>;

/** A message that the peer shall write. */
export interface V2Message {
  /** `ADT^A04` */
  readonly event: string;
  readonly fields: Fields;
}

let counted = 0;

/** MSH-10 of a message: a repeated one would be taken for the message before. */
export function freshControlId(): string {
  counted += 1;
  return `C-${counted}`;
}

/** MSH-3 to MSH-6 of the peer's messages. */
export const HEADER: Fields = {
  '/MSH-3': PEER_NAME.application,
  '/MSH-4': PEER_NAME.facility,
  '/MSH-5': OUR_NAME.application,
  '/MSH-6': OUR_NAME.facility,
};

const NAMESPACES = new Map<string, string>(
  NAMED_AUTHORITIES.map((one) => [one.oid, 'namespace' in one ? one.namespace : one.oid]),
);

/** A CX at a place, with both names of its authority. */
export const cx = (place: string, { id, assigningAuthority }: PatientId): Fields => ({
  [`${place}-1`]: id,
  ...domainAt(place, assigningAuthority),
});

export const domainAt = (place: string, oid: string): Fields => ({
  [`${place}-4-1`]: NAMESPACES.get(oid) ?? 'NOWHERE',
  [`${place}-4-2`]: oid,
  [`${place}-4-3`]: 'ISO',
});

/** How IPF shall ask us. */
export interface IpfAsks extends V2Message {
  readonly transaction: string;
  /** `pix-iti8` */
  readonly component: string;
  readonly actor?: V2Actor;
  /** Another address than the actor's. */
  readonly url?: string;
  readonly charset?: V2Charset;
  /** IPF fetches every part of the answer, and cancels in the end. */
  readonly continues?: boolean;
}

/**
 * Lets IPF's client ask by HL7 v2; its validators take what it sent and what we answered.
 * @throws Finding
 */
export function ipfAsks(world: InteropWorld, asked: IpfAsks): Promise<PeerAnswer> {
  const { actor = 'patientIdentity', url = world.urls.v2(actor), fields, ...more } = asked;
  return peerAsks(world, {
    ...more,
    url,
    as: 'hospital',
    fields: { ...HEADER, ...fields },
  });
}

/** How HAPI sends: one message at a time, all in one piece, or octet by octet. */
export type HapiWay = 'single' | 'batched' | 'split';

/**
 * Lets HAPI alone send messages to us, and parse what comes back by its own rules.
 * @throws Finding where it does not take an answer
 */
export async function hapiAsks(
  world: InteropWorld,
  asked: {
    readonly transaction: string;
    readonly hapi: HapiWay;
    readonly version: '2.3.1' | '2.5';
    readonly messages: readonly V2Message[];
    readonly charset?: V2Charset;
    /** Whose certificate is shown. */
    readonly as?: 'hospital' | 'gateway';
    /** Another address than that of Patient Identity. */
    readonly url?: string;
  },
): Promise<readonly V2Answer[]> {
  const { version, messages, as = 'hospital', ...more } = asked;
  const ids = messages.map(() => freshControlId());
  const answer = await world.peer.ask({
    url: world.urls.v2('patientIdentity'),
    ...more,
    as,
    messages: messages.map(({ event, fields }, index) => ({
      event,
      version,
      fields: { ...HEADER, '/MSH-10': ids[index] ?? '', ...fields },
    })),
  });
  if (answer.fault !== undefined) throw new Finding(`the peer met a fault: ${answer.fault}`);
  same(
    answer.answers?.map(({ answered }) => answered),
    ids,
    'the messages that are answered, in order',
  );
  return answer.answers ?? [];
}

/**
 * Sends by HL7 v2 to a server of the peer, and sees that the peer's validators or parser take it.
 * @throws Finding
 */
export async function weSend<Request, Response>(
  world: InteropWorld,
  transaction: MllpTransaction<Request, Response>,
  request: Request,
  to: { readonly place: PeerPort; readonly charset?: V2Charset },
): Promise<Asked<Response>> {
  await world.peer.judged();
  const { place, charset = 'utf8' } = to;
  const { response, requestText } = await world.v2.send(transaction, request, {
    endpoint: {
      url: world.urls.v2(place),
      peer: place,
      tls: world.hospital,
      v2: { receiver: PEER_NAME, charset: V2_CHARSETS[charset] },
    },
  });
  const judged = await world.peer.judged();
  requireTaken(judged, transaction.id);
  const read = judged.filter(({ message }) => message === 'request').flatMap(({ words }) => words);
  return { response, judged, read, sent: v2WordsIn(requestText) };
}

/** Every text of a message that is more than ASCII, taken apart at the delimiters. */
export function v2WordsIn(text: string): readonly string[] {
  const parts = text.split(/[\r|^&~]/);
  const found = parts.filter((part) => /[^\p{ASCII}]/u.test(part)).map((part) => part.trim());
  return [...new Set(found)].sort();
}

/** An id of a hospital's own. */
export const chartOf = (id: string): PatientId => ({
  id,
  assigningAuthority: PROOF.chartNumbers,
});

/** The wrapper of a message of ours, with a control id of its own. */
export const wrapped = () => ({
  transmission: aTransmission({
    messageId: { root: PROOF.sourceId, extension: freshControlId() },
    sender: { device: PROOF.sourceId },
    receiver: { device: PROOF.sourceId },
  }),
  custodian: PROOF.sourceId,
});
