import { type PatientId, samePatientId } from '../../profiles/patient.ts';
import { Refusal } from '../../profiles/refusal.ts';
import type { AvailabilityStatus } from '../../profiles/xds/metadata.ts';
import { allLinks, HAS_MEMBER, sourcesOf, targetsOf } from './association-ends.ts';
import { REPLACEMENTS } from './association-rules.ts';
import { patientsOf } from './object-identity.ts';
import type { ObjectVersion, RegistryReader } from './registry-store.ts';

/** A change of availabilityStatus that is asked for. */
export interface StatusUpdate {
  /** The id of what is changed, as it is stored. */
  readonly target: string;
  readonly originalStatus: AvailabilityStatus;
  readonly newStatus: AvailabilityStatus;
  /** The SubmissionSet's. */
  readonly patientId: PatientId | undefined;
  /** Of the refusals. */
  readonly location: string;
}

/**
 * What speaks against a change of availabilityStatus: the target is not there, no longer the most recent version, not what
 * OriginalStatus says, a SubmissionSet or its membership, another patient's, or it would be Approved beside another document
 * of its line of replacements, or beside an equal Association.
 *
 * @see XDS Metadata Update, 3.57.4.1.3.3.2
 */
export async function refusalsOfStatusUpdate(
  update: StatusUpdate,
  reader: RegistryReader,
): Promise<readonly Refusal[]> {
  const { target, location } = update;
  const refused = (code: string, context: string) => [new Refusal(code, context, { location })];
  const [place] = await reader.versionsOf([target]);
  if (place === undefined)
    return refused('UnresolvedReferenceException', `${target} is nothing here`);
  const wrong = await wrongWith(update, place, reader);
  if (wrong !== undefined) return refused('XDSMetadataUpdateError', wrong);
  const patients = patientsOf(await endsOf(place, reader));
  const { patientId } = update;
  if (patientId === undefined || patients.every((one) => samePatientId(one, patientId))) return [];
  const context = 'what is updated is not of the SubmissionSet’s patient';
  return refused('XDSPatientIDReconciliationError', context);
}

async function wrongWith(
  { target, originalStatus, newStatus }: StatusUpdate,
  { kind, latest, availabilityStatus }: ObjectVersion,
  reader: RegistryReader,
): Promise<string | undefined> {
  if (kind === 'SubmissionSet') return 'the status of a SubmissionSet is not updated';
  if (!latest) return 'it is not the most recent version';
  if (availabilityStatus !== originalStatus) {
    return `it is ${availabilityStatus}, not ${originalStatus}`;
  }
  if (kind === 'Association' && (await isMembershipOfSet(target, reader))) {
    return 'the members of a SubmissionSet do not change';
  }
  if (kind === 'Association' && newStatus === 'Approved') return wrongWithLink(target, reader);
  if (kind === 'DocumentEntry' && newStatus === 'Approved') {
    const other = await approvedInLineOf(target, reader);
    if (other !== undefined) return `${other}, of the same line of replacements, is Approved`;
  }
  return undefined;
}

/** An Association that is Approved again: it would stand there twice, or say that what is Approved was replaced. */
async function wrongWithLink(
  association: string,
  reader: RegistryReader,
): Promise<string | undefined> {
  const [link] = await reader.objectsOf([association]);
  const { associationType = '', sourceObject = '', targetObject = '' } = link ?? {};
  const approved = {
    associationTypes: [associationType],
    availabilityStatus: ['Approved'],
  } as const;
  const equal = await allLinks({ source: [sourceObject], ...approved }, reader);
  if (equal.some((one) => one.targetObject === targetObject)) {
    return 'there is an equal Association that is Approved';
  }
  if (!REPLACEMENTS.includes(associationType)) return undefined;
  const [replaced] = await reader.versionsOf([targetObject]);
  return replaced?.availabilityStatus === 'Approved'
    ? `${targetObject}, which it replaces, is Approved`
    : undefined;
}

async function isMembershipOfSet(association: string, reader: RegistryReader): Promise<boolean> {
  const links = await reader.objectsOf([association]);
  const isMembership = links.some(({ associationType = '' }) =>
    HAS_MEMBER.includes(associationType),
  );
  const sources = isMembership ? await reader.objectsOf(sourcesOf(links)) : [];
  return sources.some(({ kind }) => kind === 'SubmissionSet');
}

/**
 * A document that is Approved among those which this one has replaced, or by which it was, and theirs in turn. Every version
 * of one stands in its line, also a version that did not take the Associations along; but not one that was moved to another
 * patient, where it belonged.
 */
async function approvedInLineOf(
  document: string,
  reader: RegistryReader,
): Promise<string | undefined> {
  const line = new Set([document]);
  for (let newest: readonly string[] = [document]; newest.length > 0; ) {
    const links = await allLinks(
      { either: newest, associationTypes: REPLACEMENTS, availabilityStatus: ['Approved'] },
      reader,
    );
    const ends = await reader.versionsOf([...newest, ...sourcesOf(links), ...targetsOf(links)]);
    const found = await reader.versionsOfLogical(ends.map(({ logicalID }) => logicalID));
    const others = found.filter(({ entryUUID }) => !line.has(entryUUID));
    const approved = others.filter(({ availabilityStatus }) => availabilityStatus === 'Approved');
    const [one] = await ofPatientOf(document, approved, reader);
    if (one !== undefined) return one;
    newest = others.map(({ entryUUID }) => entryUUID);
    for (const id of newest) line.add(id);
  }
  return undefined;
}

/** Those of the versions that are of the document's patient. */
async function ofPatientOf(
  document: string,
  versions: readonly ObjectVersion[],
  reader: RegistryReader,
): Promise<readonly string[]> {
  const ids = versions.map(({ entryUUID }) => entryUUID);
  const [own, ...others] = await reader.objectsOf([document, ...ids]);
  const patientId = own?.patientId;
  return others
    .filter((other) => patientId && other.patientId && samePatientId(other.patientId, patientId))
    .map(({ id }) => id);
}

/** The object itself or, of an Association, what it links. */
async function endsOf({ entryUUID, kind }: ObjectVersion, reader: RegistryReader) {
  const objects = await reader.objectsOf([entryUUID]);
  if (kind !== 'Association') return objects;
  return reader.objectsOf(
    objects.flatMap(({ sourceObject = '', targetObject = '' }) => [sourceObject, targetObject]),
  );
}
