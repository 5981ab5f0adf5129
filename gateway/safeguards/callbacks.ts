import {
  ANONYMOUS,
  type EndpointReference,
  faultInvalidAddress,
  faultOnlyAnonymous,
  faultOnlyNonAnonymous,
  isAnonymous,
} from '../../profiles/formats/soap-addressing.ts';
import type { Opened } from '../../profiles/formats/soap.ts';
import { ASYNCHRONOUS, isCallbackOf } from './asynchronous-partner.ts';
import { type Call, mayCall } from './caller.ts';
import type { DirectoryEntry } from './directory.ts';

/** Where the answer to one request goes. */
export interface Callback {
  /** The entry whose address it is. */
  readonly entry: string;
  /** As the message writes it: it becomes the answer's `wsa:To`. */
  readonly replyTo: EndpointReference;
  /** Where a fault goes. */
  readonly faultTo: EndpointReference;
}

/**
 * Where the answer to a call goes that asks for it elsewhere: to an address in the caller's own row of the directory, and
 * to no other, for whatever it says. A caller without such an address is answered on its connection alone.
 *
 * @returns undefined where the answer is wanted on the same connection
 * @throws Fault Sender, InvalidAddressingHeader
 * @see ITI TF-2: Appendix V; WS-Addressing 1.0 SOAP Binding, section 6.4.1
 */
export function callbackOf(
  entries: readonly DirectoryEntry[],
  call: Call,
  { elsewhere }: Pick<Opened, 'elsewhere'>,
): Callback | undefined {
  if (!elsewhere) return undefined;
  const { replyTo, faultTo = replyTo } = elsewhere;
  if (!replyTo || !faultTo || isAnonymous(replyTo)) throw faultOnlyAnonymous('FaultTo');
  const having = entries.filter((entry) => mayCall(entry, call) && entry.callbacks.length > 0);
  if (having.length === 0 || !isAsynchronous(call.transaction)) throw faultOnlyAnonymous('ReplyTo');
  const entry = having.find((one) => isCallbackOf(one, replyTo.address));
  if (!entry) throw faultInvalidAddress('ReplyTo');
  if (faultTo.address === ANONYMOUS) throw faultOnlyNonAnonymous('FaultTo');
  if (!isCallbackOf(entry, faultTo.address)) throw faultInvalidAddress('FaultTo');
  return { entry: entry.name, replyTo, faultTo };
}

function isAsynchronous(transaction: string): boolean {
  return ASYNCHRONOUS.some((one) => one === transaction);
}
