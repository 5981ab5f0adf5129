import { decodeCX, encodeCX } from '../formats/datatypes.ts';
import { attributeOf, elementsOf, escapeXml, isNamed, type XmlElement } from '../formats/xml.ts';
import type { PatientId } from '../patient.ts';
import { Refusal } from '../refusal.ts';
import { type Body, defineTransaction } from '../transaction.ts';
import {
  decodeRegistryResponse,
  encodeRegistryResponse,
  failureOf,
  type RegistryResponse,
} from './registry-response.ts';

/**
 * The affinity-domain id of some local patients has changed: what is registered of them under `from` is `to`'s from now on.
 * If `to` was subsumed by `from` before, it is in use again, and what came with it goes back.
 */
export interface PatientIdChange {
  /** A UUID: the same change asked again changes nothing. */
  readonly change: string;
  /** Both are ids of the affinity domain. */
  readonly from: PatientId;
  readonly to: PatientId;
  /** Every local id of those who move, as documents name it in sourcePatientId. */
  readonly moving: readonly PatientId[];
  /** Every local id of those who stay with `from`. */
  readonly staying: readonly PatientId[];
  /** All that is `from`'s goes over, and `from` is subsumed by `to`; the local ids do not matter then. */
  readonly isWhole?: boolean;
  /** Nothing is changed: the answer says whether it could be. */
  readonly isTrial?: boolean;
}

const NAMESPACE = 'urn:x-kakehashi:document-registry';
const REQUEST = 'PatientIdChangeRequest';

/**
 * XAD-PID Change Management, as the actors of one community ask it of each other: the meaning of ADT^A43 with all local ids of
 * a change in one message, so that it is done whole.
 *
 * @see ITI TF-2: 3.64
 */
export const ITI_64 = defineTransaction<PatientIdChange, RegistryResponse>({
  id: 'ITI-64',
  name: 'XAD-PID Change Management',
  section: 'ITI TF-2: 3.64',
  asks: ['Patient Identifier Cross-reference Manager'],
  answers: ['Document Registry'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: `${NAMESPACE}:PatientIdChange`,
        replyAction: `${NAMESPACE}:PatientIdChangeResponse`,
        body: { namespace: NAMESPACE, name: REQUEST },
      },
    ],
  },
  request: { decode: ({ body }) => decodeChange(body), encode: encodeChange },
  response: {
    decode: ({ body }) => decodeRegistryResponse(body),
    encode: (response) => ({ xml: encodeRegistryResponse(response) }),
  },
  refusal: (refusals) => ({ xml: encodeRegistryResponse(failureOf(refusals)) }),
  generalError: 'XDSRegistryError',
  audit: {
    event: { asker: 'Patient Record', answerer: 'Patient Record' },
    name: 'XAD-PID Change Management',
    source: 'asker',
    action: () => 'U',
    objects: ({ request }) =>
      request === undefined
        ? []
        : [request.to, request.from].map((patientId) => ({ kind: 'patient', patientId })),
  },
});

/** At most so many local ids in one change. */
const MOST_IDS = 10_000;

function refused(context: string): Refusal {
  return new Refusal('XDSRegistryError', `the request cannot be read: ${context}`);
}

function decodeChange(body: XmlElement): PatientIdChange {
  if (!isNamed(body, NAMESPACE, REQUEST)) throw refused(`${body.name} in place of ${REQUEST}`);
  const required = (name: string) => {
    const value = attributeOf(body, name);
    if (value === undefined) throw refused(`${name} is missing`);
    return value;
  };
  const ids = elementsOf(body);
  if (ids.length > MOST_IDS) throw refused(`more than ${MOST_IDS} ids`);
  const idsOf = (name: string) =>
    ids
      .filter((element) => isNamed(element, NAMESPACE, name))
      .map((element) => decodeCX(attributeOf(element, 'id') ?? '', 'XDSRegistryError'));
  const change = required('change');
  if (!/^[0-9a-f-]{36}$/.test(change)) throw refused('change is no UUID');
  return {
    change,
    from: decodeCX(required('from'), 'XDSRegistryError'),
    to: decodeCX(required('to'), 'XDSRegistryError'),
    moving: idsOf('Moving'),
    staying: idsOf('Staying'),
    ...(attributeOf(body, 'whole') === 'true' ? { isWhole: true } : {}),
    ...(attributeOf(body, 'trial') === 'true' ? { isTrial: true } : {}),
  };
}

function encodeChange(request: PatientIdChange): Body {
  const { change, from, to, moving, staying, isWhole, isTrial } = request;
  const id = (name: string) => (patient: PatientId) =>
    `<k:${name} id="${escapeXml(encodeCX(patient))}"/>`;
  const attributes = [
    ` xmlns:k="${NAMESPACE}" change="${escapeXml(change)}"`,
    ` from="${escapeXml(encodeCX(from))}" to="${escapeXml(encodeCX(to))}"`,
    isWhole === true ? ' whole="true"' : '',
    isTrial === true ? ' trial="true"' : '',
  ].join('');
  const ids = [...moving.map(id('Moving')), ...staying.map(id('Staying'))].join('');
  return { xml: `<k:${REQUEST}${attributes}>${ids}</k:${REQUEST}>` };
}
