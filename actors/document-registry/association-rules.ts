import { encodeCX } from '../../profiles/formats/datatypes.ts';
import type { Association } from '../../profiles/formats/ebxml.ts';
import { samePatientId } from '../../profiles/patient.ts';
import { Refusal } from '../../profiles/refusal.ts';
import {
  ASSOCIATION_TYPE,
  DOCUMENT_ENTRY_TYPE,
  nameOfUrn,
  RELATIONSHIPS,
  STATUS_TYPE,
} from '../../profiles/xds/vocabulary.ts';
import type { ObjectIdentity } from './object-identity.ts';

/** What brings an Association: a registration (ITI-42, ITI-61) or an update (ITI-57). It decides the error code. */
export type AssociationBringer = 'registration' | 'update';

/** An Association and the objects at its ends, of its message or of the registry. */
export interface AssociationBeside {
  readonly association: Association;
  readonly source: ObjectIdentity;
  readonly target: ObjectIdentity;
  /** Whether the source came with the Association. */
  readonly newSource: boolean;
  /** Whether the target did. */
  readonly newTarget: boolean;
  /** Whether the target is the result of a transformation. */
  readonly transformed: boolean;
}

interface AssociationRule {
  readonly name: string;
  readonly code: Readonly<Record<AssociationBringer, string>>;
  /** What is wrong; undefined when nothing is. */
  broken(beside: AssociationBeside): string | undefined;
}

const METADATA = {
  registration: 'XDSRegistryMetadataError',
  update: 'XDSMetadataUpdateError',
} as const;

/** What the ends must be. Whoever breaks one of these is not judged further. Source: ITI TF-3: 4.2.2.1, 4.2.2.2. */
const KIND_RULES: readonly AssociationRule[] = [
  {
    name: 'relationship/documents',
    code: METADATA,
    broken: ({ association, source, target }) =>
      isRelationship(association) &&
      (source.kind !== 'DocumentEntry' || target.kind !== 'DocumentEntry')
        ? 'a relationship is between two DocumentEntries'
        : undefined,
  },
  {
    name: 'HasMember/source',
    code: METADATA,
    broken: ({ association, source, newSource }) =>
      isRelationship(association) || source.kind === 'Folder' || newSource
        ? undefined
        : 'the source is no Folder',
  },
  {
    name: 'HasMember/member of a Folder',
    code: METADATA,
    broken: ({ source, target }) =>
      source.kind === 'Folder' && target.kind !== 'DocumentEntry'
        ? 'the member of a Folder is a DocumentEntry'
        : undefined,
  },
  {
    name: 'HasMember/member of a SubmissionSet',
    code: METADATA,
    broken: ({ source, target, newTarget }) => {
      if (source.kind !== 'SubmissionSet') return undefined;
      if (target.kind === 'SubmissionSet') return 'a SubmissionSet is no member of another';
      return newTarget || target.kind === 'DocumentEntry'
        ? undefined
        : 'of what is registered, a DocumentEntry alone is a member by reference';
    },
  },
  {
    name: 'IsSnapshotOf/types',
    code: METADATA,
    broken: ({ association, source, target }) =>
      association.associationType === ASSOCIATION_TYPE.IsSnapshotOf &&
      (source.objectType !== DOCUMENT_ENTRY_TYPE.Stable ||
        target.objectType !== DOCUMENT_ENTRY_TYPE['On-Demand'])
        ? 'a Stable DocumentEntry is the snapshot of an On-Demand one'
        : undefined,
  },
];

/** Source: ITI TF-3: 4.2.2.1, 4.2.2.2; ITI TF-2: 3.42.4.1.3.3, 3.57.4.1.3. */
const STATE_RULES: readonly AssociationRule[] = [
  {
    name: 'ends/Approved',
    code: { registration: 'XDSRegistryDeprecatedDocumentError', update: 'XDSMetadataUpdateError' },
    broken: ({ source, target }) => {
      if (isReference(source, target)) return undefined;
      const deprecated = [source, target].find(({ status }) => status === STATUS_TYPE.Deprecated);
      return deprecated && `${deprecated.id} is Deprecated`;
    },
  },
  {
    name: 'ends/one patient',
    code: { registration: 'XDSPatientIdDoesNotMatch', update: 'XDSPatientIDReconciliationError' },
    broken: ({ source, target, newSource, newTarget }) => {
      if (!source.patientId || !target.patientId || isReference(source, target)) return undefined;
      if (samePatientId(source.patientId, target.patientId)) return undefined;
      // The patientId that was sent; the registry tells none that its sender may not know.
      const sent = newSource ? source.patientId : newTarget ? target.patientId : undefined;
      const whose = sent === undefined ? '' : `${encodeCX(sent)}: `;
      return `${whose}${source.id} and ${target.id} are of different patients`;
    },
  },
  {
    name: 'APND/no transformation',
    code: METADATA,
    broken: ({ association, transformed }) =>
      association.associationType === ASSOCIATION_TYPE.APND && transformed
        ? 'a transformation takes no addendum'
        : undefined,
  },
];

/** All that is wrong with an Association whose ends are known; the location is its id. */
export function refusalsOfAssociation(
  beside: AssociationBeside,
  bringer: AssociationBringer,
): readonly Refusal[] {
  const judge = (rules: readonly AssociationRule[]) =>
    rules.flatMap((rule) => {
      const context = rule.broken(beside);
      if (context === undefined) return [];
      return new Refusal(rule.code[bringer], context, { location: beside.association.id });
    });
  const kinds = judge(KIND_RULES);
  return kinds.length > 0 ? kinds : judge(STATE_RULES);
}

/** True for a type that relates two DocumentEntries. */
export function isRelationship({ associationType }: Pick<Association, 'associationType'>): boolean {
  const name = nameOfUrn(ASSOCIATION_TYPE, associationType);
  return name !== undefined && RELATIONSHIPS.some((one) => one === name);
}

/** A SubmissionSet may refer to what is Deprecated, and to another patient's. Source: ITI TF-3: 4.2.2.1.1. */
function isReference(source: ObjectIdentity, target: ObjectIdentity): boolean {
  return source.kind === 'SubmissionSet' && target.kind === 'DocumentEntry';
}

/** Types whose source takes the place of the target. */
export const REPLACEMENTS: readonly string[] = [ASSOCIATION_TYPE.RPLC, ASSOCIATION_TYPE.XFRM_RPLC];

/** Types whose source loses its worth with the target. Source: ITI TF-3: 4.2.2.2.1. */
export const DEPENDENCES: readonly string[] = [ASSOCIATION_TYPE.XFRM, ASSOCIATION_TYPE.APND];
