import { CATALOGUE } from '../../profiles/catalogue.ts';
import { SOAP12, WSA } from '../../profiles/formats/soap-addressing.ts';
import {
  childNamed,
  childrenNamed,
  elementsOf,
  isNamed,
  textOf,
  type XmlElement,
} from '../../profiles/formats/xml.ts';
import type { SoapMessage, SoapWire } from '../../profiles/transaction.ts';
import { ITI_51 } from '../../profiles/xds/iti-51.ts';
import { ITI_57 } from '../../profiles/xds/iti-57.ts';
import { ITI_61 } from '../../profiles/xds/iti-61.ts';
import { ITI_62 } from '../../profiles/xds/iti-62.ts';
import { ITI_86 } from '../../profiles/xds/iti-86.ts';
import { ITI_92 } from '../../profiles/xds/iti-92.ts';
import { storedQueryNamed } from '../../profiles/xds/stored-queries.ts';
import { ASSOCIATION_TYPE, DOCUMENT_ENTRY_TYPE, NS } from '../../profiles/xds/vocabulary.ts';
import type { CapturedPart } from './capture.ts';

/** What is told of a transaction here. */
export interface KnownTransaction {
  readonly id: string;
  readonly name: string;
  readonly wire: SoapWire;
}

const LATER: readonly KnownTransaction[] = [ITI_51, ITI_57, ITI_61, ITI_62, ITI_86, ITI_92];

/** Every transaction whose messages are judged. */
export const TRANSACTIONS: readonly KnownTransaction[] = [
  ...CATALOGUE,
  ...LATER.filter(({ id }) => !CATALOGUE.some((one) => one.id === id)),
];

/** A message that was read: its envelope, if it has one, its payload, and what it belongs to. */
export interface Message {
  /** The outermost element. */
  readonly root: XmlElement;
  /** Undefined for a bare payload. */
  readonly envelope?: XmlElement;
  /** Header blocks, in order. */
  readonly headers: readonly XmlElement[];
  /** The element inside the body, or the root itself. */
  readonly payload?: XmlElement;
  readonly action?: string;
  readonly transaction?: KnownTransaction;
  /** The messages of the transaction that the action announces; undefined where there is none. */
  readonly message?: SoapMessage;
  readonly direction?: 'request' | 'answer';
  /** Only of a multipart message. */
  readonly parts?: readonly CapturedPart[];
  /** False where the octets of the documents have changed since. */
  readonly isExact: boolean;
}

/** What is known beside the XML. */
export interface Surroundings {
  readonly parts?: readonly CapturedPart[];
  readonly isExact: boolean;
  /** The transaction that the operator names. */
  readonly transaction?: string;
}

/** The message that an element is. */
export function messageOf(
  root: XmlElement,
  { parts, isExact, transaction: asked }: Surroundings,
): Message {
  const isEnvelope = root.name === 'Envelope';
  const header = isEnvelope ? childNamed(root, root.namespace, 'Header') : undefined;
  const body = isEnvelope ? childNamed(root, root.namespace, 'Body') : undefined;
  const payload = isEnvelope ? body && elementsOf(body)[0] : root;
  const headers = header === undefined ? [] : elementsOf(header);
  const action = header && childrenNamed(header, WSA, 'Action').map((one) => textOf(one).trim())[0];
  return {
    root,
    ...(isEnvelope ? { envelope: root } : {}),
    headers,
    ...(payload === undefined ? {} : { payload }),
    ...(action ? { action } : {}),
    ...belongs(action, payload, asked),
    ...(parts === undefined ? {} : { parts }),
    isExact,
  };
}

function belongs(
  action: string | undefined,
  payload: XmlElement | undefined,
  asked: string | undefined,
): Pick<Message, 'transaction' | 'message' | 'direction'> {
  for (const transaction of TRANSACTIONS) {
    if (asked !== undefined && transaction.id !== asked) continue;
    for (const message of transaction.wire.messages) {
      if (message.action === action) return { transaction, message, direction: 'request' };
      if (message.replyAction === action) return { transaction, message, direction: 'answer' };
    }
  }
  if (payload === undefined) return {};
  const direction = isAnswer(payload) ? 'answer' : 'request';
  const id = asked ?? guessed(payload);
  const transaction = TRANSACTIONS.find((one) => one.id === id);
  return transaction === undefined ? { direction } : { transaction, direction };
}

const ANSWERS: readonly [string, string][] = [
  [NS.query, 'AdhocQueryResponse'],
  [NS.rs, 'RegistryResponse'],
  [NS.xds, 'RetrieveDocumentSetResponse'],
];

function isAnswer(payload: XmlElement): boolean {
  return (
    ANSWERS.some(([namespace, name]) => isNamed(payload, namespace, name)) ||
    TRANSACTIONS.every(({ wire }) =>
      wire.messages.every(({ body }) => !isNamed(payload, body.namespace, body.name)),
    )
  );
}

const V3 = 'urn:hl7-org:v3';
/** Answers of PIX and PDQ; a cross-gateway one looks like that of PDQ. */
const V3_ANSWERS: Readonly<Record<string, string>> = {
  MCCI_IN000002UV01: 'ITI-44',
  PRPA_IN201310UV02: 'ITI-45',
  PRPA_IN201306UV02: 'ITI-47',
};

/** The transaction that a payload without an action belongs to, as far as it shows; answers fit several. */
function guessed(payload: XmlElement): string | undefined {
  if (isNamed(payload, NS.query, 'AdhocQueryRequest')) {
    const id = childNamed(payload, NS.rim, 'AdhocQuery')?.attributes.get('id') ?? '';
    return storedQueryNamed(id, 'ITI-51') === undefined ? 'ITI-18' : 'ITI-51';
  }
  if (isNamed(payload, NS.lcm, 'SubmitObjectsRequest')) return guessedSubmission(payload);
  if (isNamed(payload, NS.xds, 'RetrieveDocumentSetRequest')) return 'ITI-43';
  if (payload.namespace === V3 && payload.name in V3_ANSWERS) return V3_ANSWERS[payload.name];
  const fits = TRANSACTIONS.filter(({ wire }) =>
    wire.messages.some(({ body }) => isNamed(payload, body.namespace, body.name)),
  );
  return fits.length === 1 ? fits[0]?.id : undefined;
}

const UPDATES: readonly string[] = [
  ASSOCIATION_TYPE.UpdateAvailabilityStatus,
  ASSOCIATION_TYPE.SubmitAssociation,
];

/** An update says so by its Associations, an On-Demand registration by its objectType. */
function guessedSubmission(payload: XmlElement): string {
  const objects = elementsOf(payload).flatMap(elementsOf);
  const isUpdate = objects.some(
    (object) =>
      object.name === 'Association' &&
      (UPDATES.includes(object.attributes.get('associationType') ?? '') ||
        childrenNamed(object, NS.rim, 'Slot').some(
          (slot) => slot.attributes.get('name') === 'PreviousVersion',
        )),
  );
  if (isUpdate) return 'ITI-57';
  const isOnDemand = objects.some(
    (object) => object.attributes.get('objectType') === DOCUMENT_ENTRY_TYPE['On-Demand'],
  );
  return isOnDemand ? 'ITI-61' : 'ITI-42';
}

/** True for an envelope of SOAP 1.2. */
export function isSoap12(element: XmlElement): boolean {
  return isNamed(element, SOAP12, 'Envelope');
}
