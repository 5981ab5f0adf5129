import type { Association } from '../../profiles/formats/ebxml.ts';
import { type PatientId, samePatientId } from '../../profiles/patient.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { allLinks } from './association-ends.ts';
import type { RegistryReader } from './registry-store.ts';
import { SubmissionBesideRegistry } from './submission.ts';

/**
 * What speaks against a new Association between objects that are registered: an end is not there, no longer the most recent
 * version, Deprecated, another patient's or of the wrong kind, or there is an equal Association already.
 *
 * @param patientId the SubmissionSet's, whose consent was asked: it changes nobody else's objects
 * @see XDS Metadata Update, 3.57.4.1.3.3.3
 */
export async function refusalsOfSubmitted(
  association: Association,
  patientId: PatientId | undefined,
  reader: RegistryReader,
): Promise<readonly Refusal[]> {
  const { id: location, sourceObject, targetObject, associationType } = association;
  const beside = await SubmissionBesideRegistry.look([association], reader);
  const refusals = beside.refusalsOfLink(association, 'update');
  if (refusals.length > 0) return refusals;
  const whose = beside.find(targetObject)?.patientId;
  if (patientId && whose && !samePatientId(whose, patientId)) {
    const context = 'what is linked is not of the SubmissionSet’s patient';
    return [new Refusal('XDSPatientIDReconciliationError', context, { location })];
  }
  const refused = (context: string) => [
    new Refusal('XDSMetadataUpdateError', context, { location }),
  ];
  const places = await reader.versionsOf([sourceObject, targetObject]);
  const old = places.find(({ latest }) => !latest);
  if (old !== undefined) return refused(`${old.entryUUID} is not the most recent version`);
  const equal = await allLinks(
    {
      source: [sourceObject],
      associationTypes: [associationType],
      availabilityStatus: ['Approved'],
    },
    reader,
  );
  return equal.some((one) => one.targetObject === targetObject)
    ? refused('there is an equal Association already')
    : [];
}
