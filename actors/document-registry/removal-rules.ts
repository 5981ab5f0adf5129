import { Refusal } from '../../profiles/refusal.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import { allLinks, HAS_MEMBER, sourcesOf, targetsOf } from './association-ends.ts';
import type { RegistryReader } from './registry-store.ts';

/**
 * What speaks against taking these objects out: one is not there, one is still the end of an Association that stays, or one
 * that stays would lose what holds it in the registry. The location is the id of the object.
 *
 * @see ITI TF-2: 3.62.4.1.3 (Remove Metadata and Documents)
 */
export async function refusalsOfRemoval(
  ids: readonly string[],
  reader: RegistryReader,
): Promise<readonly Refusal[]> {
  const objects = await reader.objectsOf(ids);
  const found = new Set(objects.map(({ id }) => id));
  const missing = ids.filter((id) => !found.has(id));
  if (missing.length > 0) {
    return missing.map(
      (id) =>
        new Refusal('UnresolvedReferenceException', `${id} is nothing here`, { location: id }),
    );
  }
  const links = await allLinks({ either: ids }, reader);
  const staying = links.filter(({ id }) => !found.has(id));
  const referenced = [...new Set([...sourcesOf(staying), ...targetsOf(staying)])]
    .filter((id) => found.has(id))
    .map((id) => {
      const context = `${id} is an end of an Association that is not to be removed`;
      return new Refusal('ReferencesExistException', context, { location: id });
    });
  return [...referenced, ...(await refusalsOfOrphans(objects, found, reader))];
}

/** What stays and loses an Association: is anything left that holds it? */
async function refusalsOfOrphans(
  removed: readonly RegistryObjectText[],
  removedIds: ReadonlySet<string>,
  reader: RegistryReader,
): Promise<readonly Refusal[]> {
  const associations = removed.filter(({ element }) => element === 'Association');
  const touched = [...sourcesOf(associations), ...targetsOf(associations)].filter(
    (id) => !removedIds.has(id),
  );
  const losing = await reader.objectsOf([...new Set(touched)]);
  const lost = (of: RegistryObjectText) =>
    associations.filter((one) => one.sourceObject === of.id || one.targetObject === of.id);
  const refusals: Refusal[] = [];
  for (const object of losing) {
    if (!lost(object).some((one) => holds(one, object))) continue;
    const ends =
      object.kind === 'SubmissionSet' ? { source: [object.id] } : { target: [object.id] };
    const left = await allLinks({ ...ends, associationTypes: HAS_MEMBER }, reader);
    const holding = left.filter(({ id }) => !removedIds.has(id));
    const sources = await reader.objectsOf(sourcesOf(holding));
    if (sources.some(({ kind }) => kind === 'SubmissionSet')) continue;
    const context = `${object.id} would be left without a SubmissionSet or its members`;
    refusals.push(new Refusal('XDSUnreferencedObjectException', context, { location: object.id }));
  }
  return refusals;
}

/** A SubmissionSet is held by its members, everything else by its membership in a SubmissionSet. */
function holds(
  { associationType = '', sourceObject, targetObject }: RegistryObjectText,
  object: RegistryObjectText,
) {
  if (!HAS_MEMBER.includes(associationType)) return false;
  return (object.kind === 'SubmissionSet' ? sourceObject : targetObject) === object.id;
}
