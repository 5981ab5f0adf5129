import { openMessage, readTransmission, writeControlAct, writeMessage } from '../formats/hl7v3.ts';
import { detailsOf } from '../formats/hl7v3-codes.ts';
import { requireOid, writtenII } from '../formats/hl7v3-datatypes.ts';
import {
  findProviderOrganization,
  readOtherIds,
  readPatientIds,
  readRegistration,
  requireCustodian,
  withIds,
  writeSubject,
} from '../formats/hl7v3-person.ts';
import { HL7_V3, refusalAt, requireChild } from '../formats/hl7v3-reading.ts';
import type { Opened } from '../formats/soap.ts';
import type { Refusal } from '../refusal.ts';
import { type Body, defineTransaction, type Issue } from '../transaction.ts';
import {
  type AcceptAcknowledgement,
  decodeAcknowledgement,
  encodeAcknowledgement,
  type PatientRegistrationFeed,
} from './iti-44.ts';

const INTERACTION = 'PRPA_IN201302UV02';

/**
 * PIXV3 Update Notification: the ids of a patient that a consumer may see, all of them, and nothing else of her. A shape of
 * ITI-44 with `kind: 'revise'`, no names and no other ids.
 *
 * @see ITI TF-2: 3.46
 */
export const ITI_46 = defineTransaction<PatientRegistrationFeed, AcceptAcknowledgement>({
  id: 'ITI-46',
  name: 'PIXV3 Update Notification',
  section: 'ITI TF-2: 3.46',
  asks: ['Patient Identifier Cross-reference Manager'],
  answers: ['Patient Identifier Cross-reference Consumer'],
  wire: {
    kind: 'soap',
    mtom: 'never',
    messages: [
      {
        action: `${HL7_V3}:${INTERACTION}`,
        replyAction: `${HL7_V3}:MCCI_IN000002UV01`,
        body: { namespace: HL7_V3, name: INTERACTION },
      },
    ],
  },
  request: { decode: decodeNotification, encode: encodeNotification },
  response: { decode: decodeAcknowledgement, encode: encodeAcknowledgement },
  refusal: (refusals: readonly Refusal[], opened: Opened, issue: Issue) =>
    encodeAcknowledgement({ code: 'CE', details: detailsOf(refusals) }, opened, issue),
  generalError: 'INTERR',
  audit: {
    event: { asker: 'Patient Record', answerer: 'Patient Record' },
    name: 'PIX Update Notification',
    source: 'asker',
    action: ({ side }) => (side === 'asker' ? 'R' : 'U'),
    objects: ({ request }) =>
      (request?.ids ?? []).map((patientId) => ({
        kind: 'patient',
        patientId,
        detail: { type: 'II', value: writtenII(request?.transmission.messageId ?? { root: '' }) },
      })),
  },
});

/**
 * A notification is a list of ids; the organisation that provides them may be left out, and is then the authority of the first.
 *
 * @throws Refusal NS2xx or SYN1xx: one registration with an id and custodian
 */
function decodeNotification({ body }: Opened): PatientRegistrationFeed {
  const root = openMessage(body, [INTERACTION]);
  const { registrationEvent, patient } = readRegistration(
    requireChild(root, 'controlActProcess', 'subject'),
  );
  const ids = [...readPatientIds(patient), ...withIds(readOtherIds(patient))];
  const [first] = ids;
  if (!first) throw refusalAt(patient, 'SYN100', 'id is required');
  const providerOrganization = findProviderOrganization(patient) ?? {
    id: first.assigningAuthority,
  };
  return {
    kind: 'revise',
    transmission: readTransmission(root),
    ids,
    otherIds: [],
    demographics: { names: [] },
    providerOrganization,
    custodian: requireOid(requireCustodian(registrationEvent)),
  };
}

/** Every id as `patient/id`; the name is null. */
function encodeNotification(request: PatientRegistrationFeed): Body {
  const { ids, transmission, providerOrganization, custodian } = request;
  const subject = writeSubject({
    ids,
    person: { names: [] },
    otherIds: [],
    providerOrganization,
    custodian,
  });
  return {
    xml: writeMessage({
      interaction: INTERACTION,
      transmission,
      acceptAckCode: 'AL',
      content: [writeControlAct(INTERACTION, subject)],
    }),
  };
}
