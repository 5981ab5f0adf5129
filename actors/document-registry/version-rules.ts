import type { RegistryObject } from '../../profiles/formats/ebxml.ts';
import { patientKey } from '../../profiles/patient.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { kindOf, slotValues } from '../../profiles/xds/metadata-xml.ts';
import { objectOfText } from '../../profiles/xds/registry-object-text.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import type { VersionUpdate } from '../../profiles/xds/update-operations.ts';
import { DOCUMENT_AVAILABILITY } from '../../profiles/xds/vocabulary.ts';
import { identityOf } from './object-identity.ts';
import type { ObjectVersion } from './registry-store.ts';

/** ITI-57, or ITI-92 with its restrictions. */
export type UpdateForm = 'update' | 'restricted update';

/** A new version beside the one that it follows. */
export interface VersionBeside {
  readonly object: RegistryObject;
  readonly previousVersion: number;
  /** The most recent version, and its place; undefined when nothing of that logicalID is registered. */
  readonly latest: { readonly text: RegistryObjectText; readonly place: ObjectVersion } | undefined;
}

interface VersionRule {
  readonly name: string;
  /** The code of each form; a form without one does not ask this. */
  readonly code: Readonly<Partial<Record<UpdateForm, string>>>;
  /** What is wrong; undefined when nothing is. */
  broken(object: RegistryObject, previous: RegistryObject): string | undefined;
}

/**
 * What a new version may not change. Everything else may change: which attributes are restricted is local policy.
 *
 * @see XDS Metadata Update, 3.57.4.1.3.3.1; Restricted Metadata Update, 3.92.4.1.3
 */
const UNCHANGED_RULES: readonly VersionRule[] = [
  {
    name: 'uniqueId',
    code: { update: 'XDSMetadataUpdateError', 'restricted update': 'XDSMetadataIdentifierError' },
    broken: (object, previous) =>
      identityOf(object).uniqueId === identityOf(previous).uniqueId
        ? undefined
        : 'the uniqueId is not that of the version before',
  },
  {
    name: 'objectType',
    code: { update: 'XDSMetadataUpdateError', 'restricted update': 'XDSObjectTypeError' },
    broken: (object, previous) =>
      kindOf(object) === kindOf(previous) &&
      (object.element !== 'ExtrinsicObject' || object.objectType === previous.objectType)
        ? undefined
        : 'the objectType is not that of the version before',
  },
  {
    name: 'patientId',
    code: { 'restricted update': 'XDSPatientIDReconciliationError' },
    broken: (object, previous) =>
      patientOf(object) === patientOf(previous)
        ? undefined
        : 'a restricted update does not change the patientId',
  },
  unmodifiable('repositoryUniqueId'),
  unmodifiable('sourcePatientId'),
  unmodifiable('documentAvailability', DOCUMENT_AVAILABILITY.Online),
];

function unmodifiable(slot: string, absent = ''): VersionRule {
  const valueIn = (object: RegistryObject) => slotValues(object, slot)[0] ?? absent;
  return {
    name: slot,
    code: { 'restricted update': 'UnmodifiableMetadataError' },
    broken: (object, previous) =>
      valueIn(object) === valueIn(previous)
        ? undefined
        : `a restricted update does not change ${slot}`,
  };
}

function patientOf(object: RegistryObject): string | undefined {
  const { patientId } = identityOf(object);
  return patientId && patientKey(patientId);
}

/** What speaks against a new version, beside the one before; the location is the new version's id. */
export function refusalsOfVersion(
  { object, previousVersion, latest }: VersionBeside,
  form: UpdateForm,
): readonly Refusal[] {
  const location = object.id;
  if (latest === undefined) {
    const context = 'nothing of this logicalID is registered';
    return [new Refusal('XDSMetadataVersionError', context, { location })];
  }
  const { version } = latest.place;
  if (version !== previousVersion) {
    const context = `the most recent version is ${version}, not ${previousVersion}`;
    return [new Refusal('XDSMetadataVersionError', context, { location })];
  }
  const previous = objectOfText(latest.text);
  return UNCHANGED_RULES.flatMap((rule) => {
    const code = rule.code[form];
    const context = code && rule.broken(object, previous);
    return code === undefined || context === undefined
      ? []
      : [new Refusal(code, context, { location })];
  });
}

/**
 * What is Deprecated is not updated, but by a restricted update. Asked when the version's turn comes, since what stands
 * before it in the message may have changed the status.
 *
 * @see XDS Metadata Update, 3.57.4.1.3.1, 3.57.4.1.3.3.1
 */
export function refusalsOfStatusBefore(
  { availabilityStatus }: ObjectVersion,
  location: string,
  form: UpdateForm,
): readonly Refusal[] {
  if (form === 'restricted update' || availabilityStatus === 'Approved') return [];
  const context = 'the version before is Deprecated';
  return [new Refusal('XDSMetadataUpdateError', context, { location })];
}

/** What a version update asks, whether of a DocumentEntry or of a Folder. */
export type AnyVersionUpdate = Pick<
  VersionUpdate<never>,
  'logicalID' | 'previousVersion' | 'propagation' | 'membership'
> & { readonly object: RegistryObject };
