import type { InteropWorld } from './world.ts';

/** What a client that is made of our WSDLs shall ask. Which fields are there follows from the transaction. */
export interface StrangerRequest {
  readonly transaction: 'ITI-18' | 'ITI-43' | 'ITI-45' | 'ITI-47';
  /** Whose certificate it shows; the hospital's where it is left out. */
  readonly as?: 'hospital' | 'cxf' | 'gateway';
  /** The actor that is asked, where it is not the one of the transaction. */
  readonly actor?: string;
  /** Another address than that of the actor. */
  readonly at?: string;
  /** ITI-18: the id of the stored query, and its parameters as they stand in the slots. */
  readonly query?: string;
  readonly slots?: Readonly<Record<string, readonly string[]>>;
  /** ITI-43. */
  readonly documents?: readonly { readonly repository: string; readonly uniqueId: string }[];
  /** ITI-43 as it is not meant to be: without MTOM. */
  readonly plain?: boolean;
  /** ITI-45. */
  readonly patient?: string;
  readonly authority?: string;
  readonly dataSources?: readonly string[];
  /** ITI-47. */
  readonly person?: { readonly family: string; readonly given: string; readonly birth: string };
  readonly domains?: readonly string[];
  /** What is made wrong with the message. */
  readonly bent?: Bent;
}

/** Ways to provoke a fault. */
export interface Bent {
  /** WS-Addressing headers that are left out. */
  readonly without?: readonly string[];
  readonly action?: string;
  readonly replyTo?: string;
  /** A header block of nobody's that must be understood. */
  readonly unknownHeader?: boolean;
  readonly soap11?: boolean;
}

/** A fault as a stranger's client reads it: the local name of its code, and those of its subcodes. */
export interface StrangerFault {
  readonly code: string;
  readonly subcodes: readonly string[];
  readonly reason: string;
}

/** What a stranger's client made of our answer. */
export interface StrangerAnswer {
  /** The objects that it made of the payload. */
  readonly result?: unknown;
  readonly fault?: StrangerFault;
  /** The HTTP status. */
  readonly status?: number;
  /** It could make nothing of the answer. */
  readonly unreadable?: string;
  /** SHA-1 and size of the documents, as it read them. */
  readonly documents: readonly { readonly sha1: string; readonly size: number }[];
  readonly sentWords: readonly string[];
  readonly words: readonly string[];
}

/** Somebody else's SOAP client. */
export interface SoapStranger {
  readonly peer: string;
  ask(world: InteropWorld, asked: StrangerRequest): Promise<StrangerAnswer>;
}

/** The actor of a transaction. */
export function actorOf({ actor, transaction }: StrangerRequest): string {
  if (actor !== undefined) return actor;
  if (transaction === 'ITI-18') return 'document-registry';
  return transaction === 'ITI-43' ? 'document-repository' : 'patient-identity';
}

/** The address that is asked, where it is not what the WSDL says: of another actor, or of the tap that records. */
export function elsewhere(world: InteropWorld, asked: StrangerRequest): string | undefined {
  if (asked.at !== undefined) return asked.at;
  const url = world.urls.ours(actorOf(asked));
  return asked.actor !== undefined || !url.startsWith(world.region.url) ? url : undefined;
}

type Node = Readonly<Record<string, unknown>>;

const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null;

/** Every value under this name, at whatever depth; attributes stand beside elements, or in an object of their own. */
function under(value: unknown, name: string): readonly unknown[] {
  if (!isNode(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key !== name) return under(inner, name);
    return Array.isArray(inner) ? inner : [inner];
  });
}

/** An attribute of an element, as either client lays it down. */
function attribute(element: unknown, name: string): string | undefined {
  if (!isNode(element)) return undefined;
  const attributes = isNode(element['attributes']) ? element['attributes'] : element;
  const value = attributes[name];
  return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
}

const lastOf = (urn: string | undefined) => urn?.split(':').at(-1);

/** The status of a RegistryResponse and its errors. */
export function registryAnswer({ result }: StrangerAnswer) {
  const response = under(result, 'RegistryResponse')[0] ?? result;
  const errors = under(result, 'RegistryError').map((error) => [
    attribute(error, 'errorCode'),
    lastOf(attribute(error, 'severity')),
  ]);
  return { status: lastOf(attribute(response, 'status')), errors };
}

const UNIQUE_ID_OF_ENTRY = 'urn:uuid:2e82c1f6-a085-4c72-9da3-8640a32e42ab';

/** The uniqueIds of the DocumentEntries in an answer. */
export function entriesIn({ result }: StrangerAnswer): readonly (string | undefined)[] {
  return under(result, 'ExtrinsicObject')
    .flatMap((entry) => under(entry, 'ExternalIdentifier'))
    .filter((id) => attribute(id, 'identificationScheme') === UNIQUE_ID_OF_ENTRY)
    .map((id) => attribute(id, 'value'));
}

/** The acknowledgement of a V3 answer, its queryResponseCode, the patients' ids, and the codes of what went wrong. */
export function v3Answer({ result }: StrangerAnswer) {
  const [acknowledgement] = under(result, 'acknowledgement');
  const code = (element: unknown) => attribute(element, 'code');
  return {
    acknowledgement: code(under(acknowledgement, 'typeCode')[0]),
    queryResponseCode: code(under(result, 'queryResponseCode')[0]),
    ids: under(result, 'patient')
      .flatMap((patient) => (isNode(patient) ? [patient['id']].flat() : []))
      .map((id) => `${attribute(id, 'extension')}^^^&${attribute(id, 'root')}&ISO`),
    details: under(acknowledgement, 'acknowledgementDetail').map((detail) =>
      code(under(detail, 'code')[0]),
    ),
  };
}
