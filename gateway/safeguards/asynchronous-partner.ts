import type { CheckedRow } from './checked-row.ts';

/**
 * What may be asked asynchronously, of us and by us: queries and retrievals, which change nothing and can be done again.
 *
 * @see ITI TF-2: Appendix V; ITI TF-1: 18.2 (XCA), 27.2 (XCPD), 10.2 (XDS.b)
 */
export const ASYNCHRONOUS = ['ITI-18', 'ITI-38', 'ITI-39', 'ITI-43', 'ITI-55'] as const;

/** What a row of the directory says of asynchronous exchange. */
export interface AsynchronousPartner {
  /** The addresses to which its answers may be sent, each as `new URL` writes it; none: it is answered on its connection. */
  readonly callbacks: readonly string[];
  /** Transactions that it is asked asynchronously. */
  readonly asynchronous: readonly string[];
}

/** Reads `callbacks` and `asynchronous` of a row. */
export function readAsynchronous(row: CheckedRow): AsynchronousPartner {
  const callbacks = row
    .texts('callbacks', /^https:\/\/[^\s#@]{1,2000}$/i, HTTPS)
    .map((text, at) => {
      const address = normalAddress(text);
      if (text !== '' && address === undefined) row.fault(`callbacks[${at}]`, HTTPS);
      return address ?? '';
    });
  const asynchronous = row.texts('asynchronous', ONE_OF, `one of: ${ASYNCHRONOUS.join(', ')}`);
  return { callbacks, asynchronous };
}

const HTTPS = 'https:// addresses without user and fragment';
const ONE_OF = new RegExp(`^(?:${ASYNCHRONOUS.join('|')})$`);

/** An address in the one form in which addresses are compared; undefined for what is none of https. */
export function normalAddress(address: string): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  const isPlain = url.username === '' && url.password === '' && url.hash === '';
  return url.protocol === 'https:' && isPlain ? url.href : undefined;
}

/** Whether an address is one of the partner's own, letter by letter. */
export function isCallbackOf({ callbacks }: AsynchronousPartner, address: string): boolean {
  const normal = normalAddress(address);
  return normal !== undefined && callbacks.includes(normal);
}
