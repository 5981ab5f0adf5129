import { samePatientId } from '../../profiles/patient.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { objectOfText } from '../../profiles/xds/registry-object-text.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import type { Issue } from '../../profiles/transaction.ts';
import { allLinks, sourcesOf, targetsOf } from './association-ends.ts';
import { isRelationship } from './association-rules.ts';
import { newAssociation } from './new-association.ts';
import type { ObjectIdentity } from './object-identity.ts';
import type { RegistryWriter } from './registry-store.ts';

/** From which version to which; the refusals' location. */
export interface Propagation {
  readonly from: string;
  readonly to: ObjectIdentity;
  readonly location: string;
}

/**
 * Copies the Approved relationships and filings of a version to the one that follows it. Those whose other end is itself
 * an older version stay with the old one: they were copied when that end was updated.
 *
 * @returns what speaks against it: the new version is of another patient than what it would be linked to; and the Folders
 * that hold the new version now
 * @see XDS Metadata Update, 3.57.4.1.3.3.1
 */
export async function propagate(
  { from, to, location }: Propagation,
  writer: RegistryWriter,
  issue: Issue,
): Promise<{ refusals: readonly Refusal[]; grownFolders: readonly string[] }> {
  const links = await allLinks({ either: [from], availabilityStatus: ['Approved'] }, writer);
  const others = await writer.objectsOf([...sourcesOf(links), ...targetsOf(links)], 'latest');
  const byId = new Map(others.map((object) => [object.id, object]));
  const refusals: Refusal[] = [];
  const copies: RegistryObjectText[] = [];
  const grownFolders: string[] = [];
  for (const link of links) {
    const other = byId.get(otherEnd(link, from));
    if (other === undefined || !isCarried(link, other, to)) continue;
    if (other.patientId && to.patientId && !samePatientId(other.patientId, to.patientId)) {
      const context = `it would be linked to ${other.id}, which is of another patient`;
      refusals.push(new Refusal('XDSPatientIDReconciliationError', context, { location }));
      continue;
    }
    copies.push(link);
    if (other.kind === 'Folder') grownFolders.push(other.id);
  }
  await writer.add(copies.map((link) => copyOf(link, from, { to: to.id, issue })));
  return { refusals, grownFolders };
}

function otherEnd({ sourceObject = '', targetObject = '' }: RegistryObjectText, end: string) {
  return sourceObject === end ? targetObject : sourceObject;
}

/** Relationships, and the membership of a document in a Folder; never that in a SubmissionSet. */
function isCarried(
  { associationType = '' }: RegistryObjectText,
  other: RegistryObjectText,
  to: ObjectIdentity,
): boolean {
  if (isRelationship({ associationType })) return true;
  return other.kind === (to.kind === 'Folder' ? 'DocumentEntry' : 'Folder');
}

function copyOf(
  link: RegistryObjectText,
  from: string,
  { to, issue }: { to: string; issue: Issue },
) {
  const object = objectOfText(link);
  const { associationType = '', sourceObject = '', targetObject = '' } = link;
  const moved = (end: string) => (end === from ? to : end);
  return newAssociation(
    {
      associationType,
      sourceObject: moved(sourceObject),
      targetObject: moved(targetObject),
      slots: object.slots,
      classifications: object.classifications,
    },
    issue,
  );
}
