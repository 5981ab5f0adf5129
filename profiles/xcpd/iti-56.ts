import type { AuditedExchange, AuditObject } from '../audit-event.ts';
import { shape } from '../formats/datatypes.ts';
import { writeAssignedId } from '../formats/hl7v3-datatypes.ts';
import { HL7_V3 } from '../formats/hl7v3-reading.ts';
import {
  attributeOf,
  elementsOf,
  escapeXml,
  isNamed,
  textOf,
  type XmlElement,
} from '../formats/xml.ts';
import type { PatientId } from '../patient.ts';
import { Fault, Refusal } from '../refusal.ts';
import { defineTransaction } from '../transaction.ts';
import { XCPD_NS } from './vocabulary.ts';

/** PatientLocationQueryRequest. Source: ITI TF-2: 3.56.4.1. */
export interface PatientLocationQuery {
  /** The patient as the asked community knows her. */
  readonly requestedPatientId: PatientId;
}

/** A community that may have data of the patient. */
export interface PatientLocation {
  /** `urn:oid:…` */
  readonly homeCommunityId: string;
  /** Her id in that community. */
  readonly correspondingPatientId: PatientId;
  readonly requestedPatientId: PatientId;
}

/** PatientLocationQueryResponse; without a location, no community is known. Source: ITI TF-2: 3.56.4.2. */
export interface PatientLocationResponse {
  readonly locations: readonly PatientLocation[];
}

const REQUEST = 'PatientLocationQueryRequest';
const RESPONSE = 'PatientLocationQueryResponse';
const LOCATION = 'PatientLocationResponse';

/** More communities than this in one answer are refused. */
const MOST_LOCATIONS = 1_000;

const OID = /^[0-2](?:\.(?:0|[1-9]\d*))+$/;
const URN_OID = 'urn:oid:';

/**
 * Patient Location Query, of the Health Data Locator Option. It has no form to say no in: whatever is refused is a SOAP fault,
 * of the Sender or of the Receiver.
 *
 * @see ITI TF-2: 3.56
 */
export const ITI_56 = defineTransaction<PatientLocationQuery, PatientLocationResponse>({
  id: 'ITI-56',
  name: 'Patient Location Query',
  section: 'ITI TF-2: 3.56',
  asks: ['Initiating Gateway'],
  answers: ['Responding Gateway'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: 'urn:ihe:iti:2009:PatientLocationQuery',
        replyAction: 'urn:ihe:iti:2009:PatientLocationQueryResponse',
        body: { namespace: XCPD_NS, name: REQUEST },
      },
    ],
  },
  request: {
    decode: ({ body }) => asFault(() => decodeQuery(body)),
    encode: ({ requestedPatientId }) => ({
      xml: rootOf(REQUEST, writeAssignedId(requestedPatientId, 'x:RequestedPatientId')),
    }),
  },
  response: {
    decode: ({ body }) => decodeLocations(body),
    encode: ({ locations }) => ({ xml: rootOf(RESPONSE, locations.map(writeLocation).join('')) }),
  },
  // Decoder and answer refuse with faults alone; whatever else came here tells of nobody.
  refusal: () => ({ xml: rootOf(RESPONSE, '') }),
  audit: {
    event: { asker: 'Query', answerer: 'Query' },
    name: 'Patient Location Query',
    source: 'asker',
    action: () => 'E',
    objects: auditedObjects,
  },
});

/** The patient who was asked for, and the query as it was sent. */
function auditedObjects(
  exchange: AuditedExchange<PatientLocationQuery, PatientLocationResponse>,
): AuditObject[] {
  const { request, query } = exchange;
  const patientId = request?.requestedPatientId;
  return [
    ...(patientId === undefined ? [] : [{ kind: 'patient', patientId } as const]),
    { kind: 'query', id: REQUEST, text: query ?? '' },
  ];
}

function rootOf(name: string, content: string): string {
  return `<x:${name} xmlns:x="${XCPD_NS}">${content}</x:${name}>`;
}

/** @throws Fault, Sender, in place of each Refusal */
function asFault<Value>(read: () => Value): Value {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof Refusal) || error instanceof Fault) throw error;
    throw new Fault('Sender', error.context, { cause: error });
  }
}

function decodeQuery(body: XmlElement): PatientLocationQuery {
  requireRoot(body, REQUEST);
  const [only, second] = elementsOf(body);
  if (only === undefined || second !== undefined) {
    throw unreadable(`${REQUEST} has one RequestedPatientId, received ${elementsOf(body).length}`);
  }
  return { requestedPatientId: readPatientId(only, 'RequestedPatientId') };
}

/** @throws Refusal when it is no answer, or tells of more communities than there are */
function decodeLocations(body: XmlElement): PatientLocationResponse {
  requireRoot(body, RESPONSE);
  const locations = elementsOf(body);
  if (locations.length > MOST_LOCATIONS) {
    throw unreadable(`at most ${MOST_LOCATIONS} locations, received ${locations.length}`);
  }
  return { locations: locations.map(readLocation) };
}

function readLocation(element: XmlElement): PatientLocation {
  if (!isNamed(element, XCPD_NS, LOCATION)) throw unreadable(`${LOCATION} expected`);
  const [home, corresponding, requested, more] = elementsOf(element);
  if (!home || !corresponding || !requested || more || !isNamed(home, XCPD_NS, 'HomeCommunityId')) {
    throw unreadable('HomeCommunityId, CorrespondingPatientId and RequestedPatientId expected');
  }
  const homeCommunityId = textOf(home).trim();
  const oid = homeCommunityId.replace(URN_OID, '');
  if (!homeCommunityId.startsWith(URN_OID) || !OID.test(oid)) {
    throw unreadable(`HomeCommunityId is urn:oid:…, received ${shape(homeCommunityId)}`);
  }
  return {
    homeCommunityId,
    correspondingPatientId: readPatientId(corresponding, 'CorrespondingPatientId'),
    requestedPatientId: readPatientId(requested, 'RequestedPatientId'),
  };
}

function writeLocation(location: PatientLocation): string {
  const { homeCommunityId, correspondingPatientId, requestedPatientId } = location;
  return [
    `<x:${LOCATION}><x:HomeCommunityId>${escapeXml(homeCommunityId)}</x:HomeCommunityId>`,
    writeAssignedId(correspondingPatientId, 'x:CorrespondingPatientId'),
    writeAssignedId(requestedPatientId, 'x:RequestedPatientId'),
    `</x:${LOCATION}>`,
  ].join('');
}

/** The attributes of a `hl7:II`, on an element of this schema. */
function readPatientId(element: XmlElement, name: string): PatientId {
  // Some write the element in the namespace of its type.
  const isNamedSo = isNamed(element, XCPD_NS, name) || isNamed(element, HL7_V3, name);
  if (!isNamedSo) throw unreadable(`${name} expected`);
  const id = attributeOf(element, 'extension') ?? '';
  const assigningAuthority = attributeOf(element, 'root') ?? '';
  if (id === '' || !OID.test(assigningAuthority)) {
    throw unreadable(`${name} has an extension and an OID as root`);
  }
  return { id, assigningAuthority };
}

function requireRoot(body: XmlElement, name: string): void {
  if (!isNamed(body, XCPD_NS, name)) throw unreadable(`${name} expected`);
}

function unreadable(context: string): Refusal {
  return new Refusal('SYN102', context);
}
