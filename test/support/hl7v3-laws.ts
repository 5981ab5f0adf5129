import { existsSync, readFileSync } from 'node:fs';
import type { Opened } from '../../profiles/formats/soap.ts';
import {
  childNamed,
  elementsOf,
  parseXml,
  serializeXml,
  type XmlElement,
  type XmlNode,
} from '../../profiles/formats/xml.ts';
import { Refusal } from '../../profiles/refusal.ts';
import type { Body, Issue, Transaction } from '../../profiles/transaction.ts';
import { v3SchemaErrors, v3SchemasPresent } from './hl7v3-schema.ts';

const SOAP = 'http://www.w3.org/2003/05/soap-envelope';

/** A clock that stands and ids that repeat. */
export const FROZEN: Issue = {
  now: () => new Date('2030-04-01T00:15:00Z'),
  uuid: () => '5b1e0000-0000-4000-8000-000000000009',
};

const NO_PARTS = {
  named: () => {
    throw new Error('a V3 message has no parts');
  },
};

/** A payload as the far end opens it. */
export function opened(body: Body, action = ''): Opened {
  const headers = elementsOf(parseXml(`<h>${body.headers ?? ''}</h>`));
  return { action: body.action ?? action, headers, body: parseXml(body.xml) };
}

/** A bare payload, opened. */
export function openedXml(xml: string): Opened {
  return opened({ xml });
}

/** A sample of ../shared, whose envelope is taken off if it has one; undefined where the folder is not there. */
export function openedSample(name: string): Opened | undefined {
  const path = `../shared/samples/patient-identity/${name}`;
  if (!existsSync(path)) return undefined;
  const root = parseXml(readFileSync(path));
  if (root.name !== 'Envelope') return { action: '', headers: [], body: root };
  const [body] = elementsOf(childNamed(root, SOAP, 'Body') ?? root);
  const header = childNamed(root, SOAP, 'Header');
  return { action: '', headers: header ? elementsOf(header) : [], body: body ?? root };
}

/** Reads a request. */
export function decodeRequest<Request>(
  transaction: Transaction<Request, unknown>,
  message: Opened,
): Request {
  return transaction.request.decode(message, NO_PARTS);
}

/** Reads an answer. */
export function decodeResponse<Response>(
  transaction: Transaction<unknown, Response>,
  message: Opened,
): Response {
  return transaction.response.decode(message, NO_PARTS);
}

/** The Refusal that `act` throws; fails where it throws none, or another error. */
export function refusalOf(act: () => unknown): Refusal {
  try {
    act();
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

/** Values that the laws are tried on; the first request is the one that is answered. */
export interface Samples<Request, Response> {
  readonly requests: readonly [Request, ...Request[]];
  readonly responses: readonly Response[];
}

/** What holds for every V3 transaction, tested on every sample. */
export function keepsTheLaws<Request, Response>(
  transaction: Transaction<Request, Response>,
  { requests, responses }: Samples<Request, Response>,
): void {
  const request = opened(transaction.request.encode(requests[0]));
  const everyAnswer = () => [
    ...responses.map((response) => transaction.response.encode(response, request, FROZEN)),
    ...refusalsOf(transaction, request),
  ];

  it('reads back the request that it writes', () => {
    for (const one of requests) {
      const message = opened(transaction.request.encode(one));
      expect(transaction.request.decode(message, NO_PARTS)).toEqual(one);
    }
  });

  it('reads back the response that it writes', () => {
    for (const one of responses) {
      const message = opened(transaction.response.encode(one, request, FROZEN));
      expect(transaction.response.decode(message, NO_PARTS)).toEqual(one);
    }
  });

  it('writes the body that its action announces', () => {
    for (const one of requests) {
      const body = transaction.request.encode(one);
      const message = transaction.wire.messages.find(
        ({ action }) => body.action === undefined || action === body.action,
      );
      const { namespace, name } = parseXml(body.xml);
      expect(message?.body).toEqual({ namespace, name });
    }
  });

  (v3SchemasPresent ? it : it.skip)('writes only what the schema of HL7 V3 allows', () => {
    const requestBodies = requests.map((one) => transaction.request.encode(one));
    for (const { xml } of [...requestBodies, ...everyAnswer()]) {
      expect(v3SchemaErrors(xml)).toEqual([]);
    }
  });

  it('refuses a message cut at any byte', () => {
    const bytes = Buffer.from(transaction.request.encode(requests[0]).xml);
    for (let end = 0; end < bytes.length; end += 1) {
      const cut = () => {
        const body = parseXml(bytes.subarray(0, end));
        transaction.request.decode({ action: '', headers: [], body }, NO_PARTS);
      };
      expect(cut).toThrow(Refusal);
    }
  });

  it('refuses an answer cut at any byte', () => {
    const [answer] = everyAnswer();
    const bytes = Buffer.from(answer?.xml ?? '');
    for (let end = 0; end < bytes.length; end += 1) {
      expect(() => parseXml(bytes.subarray(0, end))).toThrow(Refusal);
    }
  });

  it('takes or refuses a request that lacks any one element or attribute, and can always say no', () => {
    for (const body of lacking(request.body)) {
      const message = { ...request, body };
      const refusal = refusalOrNothing(() => transaction.request.decode(message, NO_PARTS));
      const answer = transaction.refusal([refusal ?? new Refusal('INTERR', '')], message, FROZEN);
      if (v3SchemasPresent && childNamed(body, body.namespace, 'controlActProcess') === undefined) {
        expect(v3SchemaErrors(answer.xml)).toEqual([]);
      }
      expect(parseXml(answer.xml).namespace).toBe('urn:hl7-org:v3');
    }
  });

  it('takes or refuses an answer that lacks any one element or attribute', () => {
    for (const answer of everyAnswer()) {
      const whole = opened(answer);
      for (const body of lacking(whole.body)) {
        refusalOrNothing(() => transaction.response.decode({ ...whole, body }, NO_PARTS));
      }
    }
  });

  it('says no to any element at all, in its own form', () => {
    for (const xml of ['<a/>', '<a xmlns="urn:hl7-org:v3"><id root="&lt;"/></a>']) {
      const [, unasked] = refusalsOf(transaction, openedXml(xml));
      if (v3SchemasPresent) expect(v3SchemaErrors(unasked?.xml ?? '')).toEqual([]);
      expect(() =>
        transaction.response.decode(openedXml(unasked?.xml ?? ''), NO_PARTS),
      ).not.toThrow();
    }
  });
}

/** Two answers that say no: for a fault of the message, and for a fault of ours with a code that V3 does not know. */
export function refusalsOf(
  transaction: Transaction<unknown, unknown>,
  request: Opened,
): readonly [Body, Body] {
  const syntax = new Refusal('SYN103', 'one of M, F, UN', { location: '/a/b[2]' });
  const unknown = new Refusal('XDSUnavailableCommunity', 'no answer in time');
  return [
    transaction.refusal([syntax], request, FROZEN),
    transaction.refusal([syntax, unknown], request, FROZEN),
  ];
}

function refusalOrNothing(act: () => unknown): Refusal | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

/** The tree without one of its elements, attributes or texts, for each of them. */
function* lacking(element: XmlElement): Generator<XmlElement> {
  for (const name of element.attributes.keys()) {
    const attributes = new Map([...element.attributes].filter(([key]) => key !== name));
    yield { ...element, attributes };
  }
  const { children } = element;
  for (const [index, child] of children.entries()) {
    const others = (replaced: readonly XmlNode[]) => ({
      ...element,
      children: [...children.slice(0, index), ...replaced, ...children.slice(index + 1)],
    });
    yield others([]);
    if (typeof child === 'string') continue;
    for (const less of lacking(child)) yield others([less]);
  }
}

/** The message with one piece of its XML replaced; fails where the piece is not there. */
export function altered(body: Body, piece: string | RegExp, by: string): Opened {
  const xml = body.xml.replace(piece, by);
  if (xml === body.xml) throw new Error(`not in the message: ${piece}`);
  return opened({ ...body, xml });
}

/** The XML of one element of an answer, by its path of names. */
export function partOf(body: Body, ...names: readonly string[]): string | undefined {
  let place: XmlElement | undefined = parseXml(body.xml);
  for (const name of names) place = place && childNamed(place, 'urn:hl7-org:v3', name);
  return place && serializeXml(place, new Map([['urn:hl7-org:v3', '']]));
}
