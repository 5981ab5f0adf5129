import type {
  Association,
  ExtrinsicObject,
  RegistryObject,
  RegistryPackage,
} from '../formats/ebxml.ts';
import type { AvailabilityStatus } from './metadata.ts';
import { associationOf, kindOf } from './metadata-xml.ts';
import { ASSOCIATION_TYPE, nameOfUrn } from './vocabulary.ts';

/** A new version of a DocumentEntry or a Folder. */
export interface VersionUpdate<Updated extends ExtrinsicObject | RegistryPackage> {
  readonly object: Updated;
  /** The version chain; a restricted update may leave it out and mean the one of its uniqueId. */
  readonly logicalID?: string;
  /** The version that this one follows. */
  readonly previousVersion: number;
  /** Whether the old version's Associations are carried over. */
  readonly propagation: boolean;
  /** What makes the object a member of the SubmissionSet. */
  readonly membership: Association;
}

/** One operation of an update. Source: ITI TF-2: 3.57.4.1.3. */
export type UpdateOperation =
  | ({ readonly kind: 'update-document-entry' } & VersionUpdate<ExtrinsicObject>)
  | ({ readonly kind: 'update-folder' } & VersionUpdate<RegistryPackage>)
  | {
      readonly kind: 'update-status';
      /** The UpdateAvailabilityStatus, which is not registered. */
      readonly by: Association;
      /** The id of what is changed: registered, or of this message. */
      readonly target: string;
      readonly originalStatus: AvailabilityStatus;
      readonly newStatus: AvailabilityStatus;
    }
  | {
      readonly kind: 'submit-association';
      /** The SubmitAssociation, which is not registered. */
      readonly by: Association;
      /** The Association to register. */
      readonly association: Association;
    };

/**
 * The operations of an update, in the order in which they are to be done: that of the Associations that trigger them.
 * Of a submission that the rules of the columns MU or RMU have passed nothing is left out; of others, what is incomplete.
 */
export function updateOperationsOf(objects: readonly RegistryObject[]): readonly UpdateOperation[] {
  const byId = new Map(objects.map((object) => [object.id, object]));
  return objects.flatMap((object) =>
    object.element === 'Association' ? operationOf(object, byId.get(object.targetObject)) : [],
  );
}

function operationOf(
  trigger: Association,
  target: RegistryObject | undefined,
): readonly UpdateOperation[] {
  switch (nameOfUrn(ASSOCIATION_TYPE, trigger.associationType)) {
    case 'HasMember':
      return target === undefined ? [] : versionUpdate(trigger, target);
    case 'UpdateAvailabilityStatus': {
      const { originalStatus, newStatus } = associationOf(trigger);
      if (originalStatus === undefined || newStatus === undefined) return [];
      const { targetObject } = trigger;
      return [
        { kind: 'update-status', by: trigger, target: targetObject, originalStatus, newStatus },
      ];
    }
    case 'SubmitAssociation':
      return target?.element === 'Association'
        ? [{ kind: 'submit-association', by: trigger, association: target }]
        : [];
    default:
      return [];
  }
}

function versionUpdate(
  membership: Association,
  object: RegistryObject,
): readonly UpdateOperation[] {
  const { previousVersion, associationPropagation } = associationOf(membership);
  if (previousVersion === undefined) return [];
  const update = {
    ...(object.lid === undefined ? {} : { logicalID: object.lid }),
    previousVersion,
    propagation: associationPropagation !== 'no',
    membership,
  };
  if (object.element === 'ExtrinsicObject') {
    return [{ kind: 'update-document-entry', object, ...update }];
  }
  return object.element === 'RegistryPackage' && kindOf(object) === 'Folder'
    ? [{ kind: 'update-folder', object, ...update }]
    : [];
}
