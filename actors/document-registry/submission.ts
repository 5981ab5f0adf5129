import { dtmOf, encodeCX } from '../../profiles/formats/datatypes.ts';
import type { Association, RegistryObject } from '../../profiles/formats/ebxml.ts';
import { type PatientId, samePatientId } from '../../profiles/patient.ts';
import { Refusal } from '../../profiles/refusal.ts';
import type { Issue } from '../../profiles/transaction.ts';
import { kindOf, slotValues } from '../../profiles/xds/metadata-xml.ts';
import { ASSOCIATION_TYPE, OBJECT_TYPE, STATUS_TYPE } from '../../profiles/xds/vocabulary.ts';
import { isEntryUUID } from './assigned-ids.ts';
import { identityOf, type ObjectIdentity, patientsOf } from './object-identity.ts';
import type { RegistryReader, UniqueIdUse } from './registry-store.ts';

/** A sound submission, beside what the registry holds of what it points at. */
export class SubmissionBesideRegistry {
  readonly objects: readonly RegistryObject[];
  readonly #own: ReadonlyMap<string, ObjectIdentity>;
  /** Objects of the registry to which an Association points, or whose id the submission claims. */
  readonly #registered: ReadonlyMap<string, ObjectIdentity>;
  readonly #uses: readonly UniqueIdUse[];
  readonly #unknownPatients: readonly PatientId[];

  private constructor(
    objects: readonly RegistryObject[],
    registered: readonly ObjectIdentity[],
    told: { uses: readonly UniqueIdUse[]; unknownPatients: readonly PatientId[] },
  ) {
    this.objects = objects;
    this.#own = new Map(objects.map((object) => [object.id, identityOf(object)]));
    this.#registered = new Map(registered.map((object) => [object.id, object]));
    this.#uses = told.uses;
    this.#unknownPatients = told.unknownPatients;
  }

  /** Looks up all that the submission touches. */
  static async look(
    objects: readonly RegistryObject[],
    registry: RegistryReader,
  ): Promise<SubmissionBesideRegistry> {
    const identities = objects.map(identityOf);
    const ends = associationsIn(objects).flatMap((one) => [one.sourceObject, one.targetObject]);
    const ids = [...objects.map(({ id }) => id), ...ends].filter(isEntryUUID);
    const unknownPatients: PatientId[] = [];
    for (const patient of patientsOf(identities)) {
      if (!(await registry.knows(patient))) unknownPatients.push(patient);
    }
    return new SubmissionBesideRegistry(objects, await registry.objectsOf(ids), {
      uses: await registry.usesOf(identities.flatMap(({ uniqueId }) => uniqueId ?? [])),
      unknownPatients,
    });
  }

  /**
   * All that speaks against the submission in this registry; empty when it can be taken.
   *
   * @see ITI TF-2: 3.42.4.1.3.3; ITI TF-3: Table 4.2.4.1-2
   */
  refusals(): readonly Refusal[] {
    return [
      ...this.#unknownPatients.map(
        (patient) => new Refusal('XDSUnknownPatientId', encodeCX(patient)),
      ),
      ...this.objects.flatMap((object) => this.#refusalsOfIdentity(object)),
      ...associationsIn(this.objects).flatMap((one) => this.#refusalsOfAssociation(one)),
    ];
  }

  /** The Folders of the registry that gain a DocumentEntry by this submission's own words. */
  grownFolders(): readonly string[] {
    const sources = associationsIn(this.objects)
      .map(({ sourceObject }) => sourceObject)
      .filter((id) => !this.#own.has(id) && this.#registered.get(id)?.kind === 'Folder');
    return [...new Set(sources)];
  }

  #refusalsOfIdentity(object: RegistryObject): readonly Refusal[] {
    const location = object.id;
    const taken = this.#registered.has(object.id)
      ? [new Refusal('XDSRegistryMetadataError', 'the entryUUID is taken', { location })]
      : [];
    const { uniqueId, kind } = this.#own.get(object.id) ?? {};
    const uses = this.#uses.filter((use) => use.uniqueId === uniqueId);
    if (uniqueId === undefined || kind === undefined || uses.length === 0) return taken;
    if (kind !== 'DocumentEntry') {
      const context = `the uniqueId ${uniqueId} of this ${kind} is taken`;
      return [...taken, new Refusal('XDSDuplicateUniqueIdInRegistry', context, { location })];
    }
    const [hash] = slotValues(object, 'hash');
    const [size] = slotValues(object, 'size');
    const earlier = uses.find((use) => use.kind === 'DocumentEntry');
    if (earlier === undefined) return taken;
    const differs = (code: string) => new Refusal(code, uniqueId, { location });
    return [
      ...taken,
      ...(earlier.hash === hash?.toLowerCase() ? [] : [differs('XDSNonIdenticalHash')]),
      ...(earlier.size === Number(size) ? [] : [differs('XDSNonIdenticalSize')]),
    ];
  }

  #refusalsOfAssociation(association: Association): readonly Refusal[] {
    const { id: location, sourceObject, targetObject } = association;
    const [source, target] = [this.#find(sourceObject), this.#find(targetObject)];
    if (source === undefined || target === undefined) {
      const missing = [source ?? sourceObject, target ?? targetObject].filter(
        (end) => typeof end === 'string',
      );
      return missing.map(
        (id) => new Refusal('UnresolvedReferenceException', `${id} is nothing here`, { location }),
      );
    }
    const wrong = this.#wrongKinds(association, source, target);
    if (wrong !== undefined) return [new Refusal('XDSRegistryMetadataError', wrong, { location })];
    const refusals: Refusal[] = [];
    for (const end of [source, target]) {
      if (end.status === STATUS_TYPE.Deprecated && !isReference(source, target)) {
        const context = `${end.id} is Deprecated`;
        refusals.push(new Refusal('XDSRegistryDeprecatedDocumentError', context, { location }));
      }
    }
    const { patientId } = source;
    const other = target.patientId;
    if (patientId && other && !samePatientId(patientId, other) && !isReference(source, target)) {
      const context = `${source.id} and ${target.id} are of different patients`;
      refusals.push(new Refusal('XDSPatientIdDoesNotMatch', context, { location }));
    }
    return refusals;
  }

  #find(id: string): ObjectIdentity | undefined {
    return this.#own.get(id) ?? this.#registered.get(id);
  }

  /** What is wrong with the kinds of the ends; those inside the submission have been judged by the rules already. */
  #wrongKinds(
    association: Association,
    source: ObjectIdentity,
    target: ObjectIdentity,
  ): string | undefined {
    if (isReplacement(association)) {
      return target.kind === 'DocumentEntry' ? undefined : 'what is replaced is no DocumentEntry';
    }
    if (source.kind === 'Folder') {
      return target.kind === 'DocumentEntry'
        ? undefined
        : 'the member of a Folder is a DocumentEntry';
    }
    if (!this.#own.has(source.id)) return 'the source is no Folder';
    return target.kind === 'SubmissionSet' ? 'a SubmissionSet is no member of another' : undefined;
  }
}

/** A SubmissionSet may refer to what is Deprecated, and to another patient's. Source: ITI TF-3: 4.2.2.1.1. */
function isReference(source: ObjectIdentity, target: ObjectIdentity): boolean {
  return source.kind === 'SubmissionSet' && target.kind === 'DocumentEntry';
}

/** The RPLC Associations: each new document, and what it replaces. */
export function replacementsIn(objects: readonly RegistryObject[]): readonly Association[] {
  return associationsIn(objects).filter(isReplacement);
}

function isReplacement({ associationType }: Association): boolean {
  return associationType === ASSOCIATION_TYPE.RPLC;
}

function associationsIn(objects: readonly RegistryObject[]): readonly Association[] {
  return objects.filter((object) => object.element === 'Association');
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

/**
 * The memberships that a new document takes over: each Approved Folder of what it replaces gets it too, and the
 * SubmissionSet gets each of these memberships. Source: ITI TF-3: 4.2.2.2.1.
 */
export function carriedOver(
  folders: readonly string[],
  { document, submissionSet }: { document: string; submissionSet: string },
  issue: Issue,
): readonly Association[] {
  return folders.flatMap((folder) => {
    const filing = hasMember(folder, document, issue);
    return [filing, hasMember(submissionSet, filing.id, issue)];
  });
}

function hasMember(sourceObject: string, targetObject: string, issue: Issue): Association {
  const id = `urn:uuid:${issue.uuid()}`;
  return {
    element: 'Association',
    id,
    lid: id,
    status: STATUS_TYPE.Approved,
    objectType: OBJECT_TYPE.Association,
    slots: [],
    name: [],
    description: [],
    classifications: [],
    externalIdentifiers: [],
    associationType: ASSOCIATION_TYPE.HasMember,
    sourceObject,
    targetObject,
  };
}

/** The current time as XDS metadata carry it: UTC, to the second. */
export function submissionInstant(issue: Issue): string {
  return dtmOf(issue.now());
}
