import { parseXml, type XmlElement } from '../../profiles/formats/xml.ts';
import type { Transaction } from '../../profiles/transaction.ts';
import type { Judged, PeerAnswer, PeerCase } from './peer.ts';
import type { InteropWorld } from './world.ts';

/** What the matrix asks of each transaction in each direction. */
export const CASE_NAMES = ['success', 'refusal', 'empty', 'partial', 'Japanese', 'large'] as const;
/** What it asks of some peers beside that. */
export const FURTHER_NAMES = [
  ...(['fault', 'each code', 'schema', 'TLS 1.2', 'signature', 'several'] as const),
  ...(['ISO-2022-JP', 'merge', 'continuation', 'cancel', 'batched', 'split'] as const),
  ...(['asynchronous', 'asynchronous large'] as const),
] as const;
export type CaseName = (typeof CASE_NAMES)[number] | (typeof FURTHER_NAMES)[number];

/** `inward`: the peer's client asks our server; `outward`: our client asks the peer's server. */
export type Direction = 'inward' | 'outward';

/** The peer of a case that names none. */
export const IPF_PEER = 'IPF 5.1';
/** IPF by HL7 v2. */
export const IPF_V2_PEER = 'IPF 5.1 over MLLP';
export const HAPI_PEER = 'HAPI HL7v2';

/** One cell of the matrix: it holds where `run` returns. */
export interface InteropCase {
  /** `ITI-18` */
  readonly transaction: string;
  readonly direction: Direction;
  readonly name: CaseName;
  /** Who stands at the other end, as `peers.ts` names it; `IPF_PEER` where it is left out. */
  readonly peer?: string;
  run(world: InteropWorld): Promise<void>;
}

/** Something did not go as the Framework says. */
export class Finding extends Error {}

/** @throws Finding unless both are the same as JSON */
export function same(actual: unknown, expected: unknown, what: string): void {
  const [is, shall] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (is !== shall) throw new Finding(`${what}: ${is} instead of ${shall}`);
}

/** @throws Finding unless every word of `expected` is in `actual` */
export function contains(actual: readonly string[], expected: readonly string[], what: string) {
  const missing = expected.filter((word) => !actual.includes(word));
  if (missing.length > 0) throw new Finding(`${what} lost ${missing.join(' ')}`);
}

/**
 * Lets the peer's client ask, and sees that its validators take what it sent and what we answered.
 * @throws Finding
 */
export async function peerAsks(world: InteropWorld, asked: PeerCase): Promise<PeerAnswer> {
  const answer = await world.peer.ask(asked);
  if (answer.fault !== undefined) throw new Finding(`the peer met a fault: ${answer.fault}`);
  same(answer.requestValid, 'valid', 'the peer’s validator of its own request');
  same(answer.responseValid, 'valid', 'the peer’s validator of our answer');
  return answer;
}

/** An answer that our client had from the peer's server, and what the peer's validators said of what we sent. */
export interface Asked<Response> {
  readonly response: Response;
  readonly judged: readonly Judged[];
  /** The Japanese words that the peer read in our request, and those that stood in it. */
  readonly read: readonly string[];
  readonly sent: readonly string[];
}

/**
 * Asks the peer's server, and sees that its validators take our request.
 * @throws Finding
 */
export async function weAsk<Request, Response>(
  world: InteropWorld,
  transaction: Transaction<Request, Response>,
  request: Request,
): Promise<Asked<Response>> {
  await world.peer.judged();
  const url = world.urls.peer(transaction.id);
  const response = await world.client.ask(transaction, url, request);
  const judged = await world.peer.judged();
  requireTaken(judged, transaction.id);
  const read = judged.filter(({ message }) => message === 'request').flatMap(({ words }) => words);
  const sent = wordsIn(transaction.request.encode(request).xml);
  return { response, judged, read, sent };
}

/** @throws Finding where the peer's validators have not seen a request of the transaction, or did not take it */
export function requireTaken(judged: readonly Judged[], transaction: string): void {
  const requests = judged.filter(
    (one) => one.message === 'request' && one.transaction === transaction,
  );
  const refused = judged.find(({ valid }) => !valid)?.why ?? '';
  if (requests.length === 0) {
    throw new Finding(`no ${transaction} has reached the peer ${refused}`.trimEnd());
  }
  for (const { valid, why } of requests) {
    if (!valid) throw new Finding(`the peer’s validator refuses our request: ${why}`);
  }
}

/** Every text and attribute of a message that is more than ASCII, taken apart at the separators of HL7. */
export function wordsIn(xml: string): readonly string[] {
  const found = new Set<string>();
  collect(parseXml(xml), found);
  return [...found].sort();
}

function collect(element: XmlElement, found: Set<string>): void {
  for (const value of element.attributes.values()) split(value, found);
  for (const child of element.children) {
    if (typeof child === 'string') split(child, found);
    else collect(child, found);
  }
}

function split(text: string, found: Set<string>): void {
  for (const part of text.split(/[\^&|]/)) {
    if (/[^\p{ASCII}]/u.test(part)) found.add(part.trim());
  }
}
