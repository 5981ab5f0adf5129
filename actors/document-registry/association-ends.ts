import { Refusal } from '../../profiles/refusal.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';
import type { AssociationEnds, RegistryReader } from './registry-store.ts';

/** For `associationTypes`: HasMember alone. */
export const HAS_MEMBER: readonly string[] = [ASSOCIATION_TYPE.HasMember];

/** The sources of Associations, each once. */
export function sourcesOf(associations: readonly RegistryObjectText[]): readonly string[] {
  return [...new Set(associations.flatMap(({ sourceObject }) => sourceObject ?? []))];
}

/** The targets of Associations, each once. */
export function targetsOf(associations: readonly RegistryObjectText[]): readonly string[] {
  return [...new Set(associations.flatMap(({ targetObject }) => targetObject ?? []))];
}

/** More links than this are not changed in one go. */
const MOST_LINKS = 50_000;

/**
 * All Associations with these ends: whoever changes what they link must see every one.
 *
 * @throws Refusal XDSRegistryOutOfResources when there are more than can be taken at once
 */
export async function allLinks(
  ends: AssociationEnds,
  reader: RegistryReader,
): Promise<readonly RegistryObjectText[]> {
  const links = await reader.associationsOf(ends, MOST_LINKS + 1);
  if (links.length <= MOST_LINKS) return links;
  const context = `more than ${MOST_LINKS} Associations would have to be looked at`;
  throw new Refusal('XDSRegistryOutOfResources', context);
}
