import { dtmOf, encodeCX } from '../../profiles/formats/datatypes.ts';
import type { Association, RegistryObject, RegistryPackage } from '../../profiles/formats/ebxml.ts';
import { type PatientId, samePatientId } from '../../profiles/patient.ts';
import { Refusal } from '../../profiles/refusal.ts';
import type { Issue } from '../../profiles/transaction.ts';
import { identifierOf, kindOf, slotValues } from '../../profiles/xds/metadata-xml.ts';
import { ASSOCIATION_TYPE, IDENTIFICATION } from '../../profiles/xds/vocabulary.ts';
import type { Caller } from '../actor.ts';
import { allLinks, sourcesOf } from './association-ends.ts';
import { isEntryUUID } from './assigned-ids.ts';
import { type AssociationBringer, refusalsOfAssociation } from './association-rules.ts';
import { identityOf, type ObjectIdentity, patientsOf } from './object-identity.ts';
import type { RegistryReader, UniqueIdUse } from './registry-store.ts';

/** What the registry tells of all that a submission touches. */
interface Told {
  /** Objects of the registry to which an Association points, or whose id the submission claims. */
  readonly registered: readonly ObjectIdentity[];
  readonly uses: readonly UniqueIdUse[];
  readonly unknownPatients: readonly PatientId[];
  /** Targets that are results of a transformation. */
  readonly transformed: ReadonlySet<string>;
}

/** A submission beside what the registry holds of what it points at. */
export class SubmissionBesideRegistry {
  readonly objects: readonly RegistryObject[];
  readonly #own: ReadonlyMap<string, ObjectIdentity>;
  readonly #registered: ReadonlyMap<string, ObjectIdentity>;
  readonly #told: Told;

  private constructor(objects: readonly RegistryObject[], told: Told) {
    this.objects = objects;
    this.#own = new Map(objects.map((object) => [object.id, identityOf(object)]));
    this.#registered = new Map(told.registered.map((object) => [object.id, object]));
    this.#told = told;
  }

  /** Looks up all that the submission touches. */
  static async look(
    objects: readonly RegistryObject[],
    registry: RegistryReader,
  ): Promise<SubmissionBesideRegistry> {
    const identities = objects.map(identityOf);
    const associations = associationsIn(objects);
    const ends = associations.flatMap((one) => [one.sourceObject, one.targetObject]);
    const ids = [...objects.map(({ id }) => id), ...ends].filter(isEntryUUID);
    const unknownPatients: PatientId[] = [];
    for (const patient of patientsOf(identities)) {
      if (!(await registry.knows(patient))) unknownPatients.push(patient);
    }
    return new SubmissionBesideRegistry(objects, {
      registered: await registry.objectsOf(ids),
      uses: await registry.usesOf(identities.flatMap(({ uniqueId }) => uniqueId ?? [])),
      unknownPatients,
      transformed: await transformedAmong(associations, registry),
    });
  }

  /**
   * All that speaks against the submission in this registry; empty when it can be taken.
   *
   * @see ITI TF-2: 3.42.4.1.3.3, 3.61.4.1.3; ITI TF-3: Table 4.2.4.1-2
   */
  refusals(): readonly Refusal[] {
    return [
      ...this.refusalsOfPatients(),
      ...this.objects.flatMap((object) => [
        ...this.refusalsOfId(object),
        ...this.refusalsOfUniqueId(object),
      ]),
      ...associationsIn(this.objects).flatMap((one) => this.refusalsOfLink(one, 'registration')),
    ];
  }

  /** Patients whom no feed has made known, or who are others since a merge. */
  refusalsOfPatients(): readonly Refusal[] {
    return this.#told.unknownPatients.map((patient) => {
      const whose = [...this.#own.values()].find(
        ({ patientId }) => patientId && samePatientId(patientId, patient),
      );
      return new Refusal('XDSUnknownPatientId', encodeCX(patient), { location: whose?.id });
    });
  }

  /** An id that is taken. */
  refusalsOfId({ id: location }: RegistryObject): readonly Refusal[] {
    if (!this.#registered.has(location)) return [];
    return [new Refusal('XDSRegistryMetadataError', 'the entryUUID is taken', { location })];
  }

  /** A uniqueId that is taken or, of a DocumentEntry, means other octets. */
  refusalsOfUniqueId(object: RegistryObject): readonly Refusal[] {
    const location = object.id;
    const { uniqueId, kind, objectType } = this.#own.get(location) ?? {};
    const uses = this.#told.uses.filter((use) => use.uniqueId === uniqueId);
    if (uniqueId === undefined || kind === undefined || uses.length === 0) return [];
    if (kind !== 'DocumentEntry') {
      const context = `the uniqueId ${uniqueId} of this ${kind} is taken`;
      return [new Refusal('XDSDuplicateUniqueIdInRegistry', context, { location })];
    }
    const earlier = uses.findLast((use) => use.kind === 'DocumentEntry' && use.latest);
    if (earlier === undefined) return [];
    if (earlier.objectType !== objectType) {
      const context = `${uniqueId} is a document of the other type, Stable or On-Demand`;
      return [new Refusal('XDSRegistryMetadataError', context, { location })];
    }
    return refusalsOfContent(object, earlier);
  }

  /** What is wrong with an Association and the ends to which it points. */
  refusalsOfLink(association: Association, bringer: AssociationBringer): readonly Refusal[] {
    const { id: location, sourceObject, targetObject } = association;
    const [source, target] = [this.find(sourceObject), this.find(targetObject)];
    if (source === undefined || target === undefined) {
      return [source ?? sourceObject, target ?? targetObject].flatMap((end) =>
        typeof end === 'string'
          ? new Refusal('UnresolvedReferenceException', `${end} is nothing here`, { location })
          : [],
      );
    }
    const [newSource, newTarget] = [this.#own.has(source.id), this.#own.has(target.id)];
    const transformed = this.#told.transformed.has(target.id);
    const beside = { association, source, target, newSource, newTarget, transformed };
    return refusalsOfAssociation(beside, bringer);
  }

  /** The Folders of the registry that gain a DocumentEntry by this submission's own words. */
  grownFolders(): readonly string[] {
    const sources = associationsIn(this.objects)
      .map(({ sourceObject }) => sourceObject)
      .filter((id) => !this.#own.has(id) && this.#registered.get(id)?.kind === 'Folder');
    return [...new Set(sources)];
  }

  /** An object of the submission, or one of the registry to which it points. */
  find(id: string): ObjectIdentity | undefined {
    return this.#own.get(id) ?? this.#registered.get(id);
  }
}

/** The same uniqueId must mean the same octets. An On-Demand entry has none of its own. */
function refusalsOfContent(object: RegistryObject, earlier: UniqueIdUse): readonly Refusal[] {
  const { uniqueId } = earlier;
  const location = object.id;
  const [hash] = slotValues(object, 'hash');
  const [size] = slotValues(object, 'size');
  const differs = (code: string) => [new Refusal(code, uniqueId, { location })];
  const sizeSent = size === undefined ? undefined : Number(size);
  return [
    ...(earlier.hash === hash?.toLowerCase() ? [] : differs('XDSNonIdenticalHash')),
    ...(earlier.size === sizeSent ? [] : differs('XDSNonIdenticalSize')),
  ];
}

/** Of the documents to which something is to be appended, those that are transformations of others. */
async function transformedAmong(
  associations: readonly Association[],
  registry: RegistryReader,
): Promise<ReadonlySet<string>> {
  const addenda = associations.filter(
    ({ associationType }) => associationType === ASSOCIATION_TYPE.APND,
  );
  if (addenda.length === 0) return new Set();
  const source = addenda.map(({ targetObject }) => targetObject);
  const inside = associations.filter(
    ({ associationType, sourceObject }) =>
      associationType === ASSOCIATION_TYPE.XFRM && source.includes(sourceObject),
  );
  const ends = { source, associationTypes: [ASSOCIATION_TYPE.XFRM] };
  const links = await allLinks(ends, registry);
  return new Set([...sourcesOf(links), ...inside.map(({ sourceObject }) => sourceObject)]);
}

/** The Associations among the objects. */
export function associationsIn(objects: readonly RegistryObject[]): readonly Association[] {
  return objects.filter((object) => object.element === 'Association');
}

/** The one SubmissionSet; the rules have seen that there is exactly one. */
export function submissionSetIn(objects: readonly RegistryObject[]): RegistryPackage {
  for (const object of objects) {
    if (object.element === 'RegistryPackage' && kindOf(object) === 'SubmissionSet') return object;
  }
  throw new Refusal('XDSRegistryMetadataError', 'a submission has one SubmissionSet');
}

/** A system submits under the sourceIds of its directory entry; an actor of our own has seen to that already. */
export function refusalsOfSource(
  objects: readonly RegistryObject[],
  { kinds, sourceIds }: Caller,
): readonly Refusal[] {
  if (kinds.includes('own') || sourceIds.length === 0) return [];
  return objects.flatMap((object) => {
    if (kindOf(object) !== 'SubmissionSet') return [];
    const sourceId = identifierOf(object, IDENTIFICATION.SubmissionSet.sourceId);
    if (sourceId === undefined || sourceIds.includes(sourceId)) return [];
    const context = 'the sourceId is not one of the caller';
    return new Refusal('XDSRegistryMetadataError', context, { location: object.id });
  });
}

/** The new Folders with the time of this submission; a time that was sent is overwritten. Source: ITI TF-3: 4.2.3.4.7. */
export function withLastUpdateTime(
  objects: readonly RegistryObject[],
  lastUpdateTime: string,
): readonly RegistryObject[] {
  return objects.map((object) => {
    if (object.element !== 'RegistryPackage' || kindOf(object) !== 'Folder') return object;
    const others = object.slots.filter(({ name }) => name !== 'lastUpdateTime');
    return { ...object, slots: [{ name: 'lastUpdateTime', values: [lastUpdateTime] }, ...others] };
  });
}

/** The current time as XDS metadata carry it: UTC, to the second. */
export function submissionInstant(issue: Issue): string {
  return dtmOf(issue.now());
}
