import {
  componentOf,
  readV2,
  repetitionsOf,
  requireSegment,
} from '../../profiles/formats/hl7v2.ts';
import { insuranceIn } from '../../profiles/formats/hl7v2-insurance.ts';
import { readPID } from '../../profiles/formats/hl7v2-person.ts';
import type { Demographics } from '../../profiles/patient.ts';
import { Refusal } from '../../profiles/refusal.ts';

/**
 * Reads a message of the standardised storage, whose PID-3 names no authority, as far as its patient, with the insurance that an ADT-00 tells.
 *
 * @param patientId the chart number whose folder it lies in
 * @throws Refusal 100 to 103 when it cannot be read; 204 when it is of another patient
 * @see SS-MIX2 storage specification 1.2: message facts; ISO-2022-JP in HL7 v2.5
 */
export function patientOfMessage(octets: Uint8Array, patientId: string): Demographics {
  const message = readV2(octets);
  const pid = requireSegment(message, 'PID');
  const numbers = repetitionsOf(pid, 3).map((at) => componentOf(at, 1));
  if (numbers.includes(patientId)) {
    const insurance = insuranceIn(message);
    return { ...readPID(pid), ...(insurance === undefined ? {} : { insurance }) };
  }
  throw new Refusal('204', 'PID-3 names another patient than the folders do', {
    location: 'PID^1^3',
  });
}
