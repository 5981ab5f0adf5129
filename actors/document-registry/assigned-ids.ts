import type {
  Classification,
  ExternalIdentifier,
  RegistryObject,
} from '../../profiles/formats/ebxml.ts';
import type { Issue } from '../../profiles/transaction.ts';
import type { AvailabilityStatus } from '../../profiles/xds/metadata.ts';
import { OBJECT_TYPE, STATUS_TYPE } from '../../profiles/xds/vocabulary.ts';

const UUID_URN = 'urn:uuid:';

/** True for an id that lasts; any other id is symbolic and means something inside its submission alone. */
export function isEntryUUID(id: string): boolean {
  return id.startsWith(UUID_URN);
}

/** Where an object stands among its versions. */
export interface Place {
  readonly logicalID: string;
  readonly version: number;
  readonly availabilityStatus: AvailabilityStatus;
}

/**
 * The objects of a submission as they will be stored: every symbolic id has become a UUID wherever it stands, objects
 * and their parts have an objectType, every object is Approved and is its own first version.
 *
 * Ids that do not belong to an object of the submission are left as they are.
 *
 * @param places by id, of those that are new versions of what is registered
 * @see ITI TF-3: 4.1.12.3
 */
export function withAssignedIds(
  objects: readonly RegistryObject[],
  issue: Issue,
  places: ReadonlyMap<string, Place> = new Map(),
): readonly RegistryObject[] {
  const assigned = new Map<string, string>();
  for (const { id } of objects) {
    if (!isEntryUUID(id) && !assigned.has(id)) assigned.set(id, UUID_URN + issue.uuid());
  }
  const idOf = (id: string) => assigned.get(id) ?? id;
  const partIdOf = (id: string) => (isEntryUUID(id) ? id : UUID_URN + issue.uuid());
  return objects.map((object): RegistryObject => {
    const id = idOf(object.id);
    const place = places.get(object.id);
    const common = {
      id,
      lid: place?.logicalID ?? id,
      status: STATUS_TYPE[place?.availabilityStatus ?? 'Approved'],
      versionName: String(place?.version ?? 1),
      versionComment: undefined,
      classifications: object.classifications.map(
        (one): Classification => ({
          ...one,
          id: partIdOf(one.id),
          objectType: OBJECT_TYPE.Classification,
          classifiedObject: id,
        }),
      ),
      externalIdentifiers: object.externalIdentifiers.map(
        (one): ExternalIdentifier => ({
          ...one,
          id: partIdOf(one.id),
          objectType: OBJECT_TYPE.ExternalIdentifier,
          registryObject: id,
        }),
      ),
    };
    if (object.element === 'ExtrinsicObject') return { ...object, ...common };
    if (object.element === 'RegistryPackage') {
      return { ...object, ...common, objectType: OBJECT_TYPE.RegistryPackage };
    }
    return {
      ...object,
      ...common,
      objectType: OBJECT_TYPE.Association,
      sourceObject: idOf(object.sourceObject),
      targetObject: idOf(object.targetObject),
    };
  });
}
