import { decodeCX, isUuidUrn } from '../formats/datatypes.ts';
import type { Association, RegistryObject } from '../formats/ebxml.ts';
import { patientKey } from '../patient.ts';
import { Refusal } from '../refusal.ts';
import type { Faults, MetadataColumn, MetadataRule } from './metadata-rule.ts';
import { identifierOf, kindOf, type MetadataKind } from './metadata-xml.ts';
import {
  ASSOCIATION_TYPE,
  type AssociationTypeName,
  IDENTIFICATION,
  nameOfUrn,
} from './vocabulary.ts';

/** One submission, seen as a graph: objects by id, each with its kind. */
export class SubmissionGraph {
  readonly objects: readonly RegistryObject[];
  readonly column: MetadataColumn;
  readonly associations: readonly Association[];
  readonly #byId: ReadonlyMap<string, RegistryObject>;
  readonly #kinds: ReadonlyMap<RegistryObject, MetadataKind | undefined>;

  constructor(objects: readonly RegistryObject[], column: MetadataColumn) {
    this.objects = objects;
    this.column = column;
    this.associations = objects.filter((object) => object.element === 'Association');
    this.#byId = new Map(objects.map((object) => [object.id, object]));
    this.#kinds = new Map(objects.map((object) => [object, kindOf(object)]));
  }

  /** True for ITI-57 and ITI-92. */
  get updates(): boolean {
    return this.column === 'MU' || this.column === 'RMU';
  }

  get submissionSet(): RegistryObject | undefined {
    return this.of('SubmissionSet')[0];
  }

  find(id: string): RegistryObject | undefined {
    return this.#byId.get(id);
  }

  /** The kind of an object of this message; `elsewhere` for a UUID that only the registry can resolve. */
  kind(id: string): MetadataKind | 'elsewhere' | undefined {
    const object = this.#byId.get(id);
    if (object !== undefined) return this.#kinds.get(object);
    return isUuidUrn(id) ? 'elsewhere' : undefined;
  }

  /** Whether an id is an object of this message, or may be one of the registry. */
  resolves(id: string): boolean {
    return this.#byId.has(id) || isUuidUrn(id);
  }

  of(kind: MetadataKind): readonly RegistryObject[] {
    return this.objects.filter((object) => this.#kinds.get(object) === kind);
  }

  /** False where an end is nothing, or the Association points at itself or at its own source: nothing else is asked then. */
  isReadable({ id, sourceObject, targetObject }: Association): boolean {
    return (
      this.resolves(sourceObject) &&
      this.resolves(targetObject) &&
      sourceObject !== targetObject &&
      sourceObject !== id &&
      targetObject !== id
    );
  }

  /** The Associations from the SubmissionSet to that object. */
  membershipsOf(id: string): readonly Association[] {
    const set = this.submissionSet;
    return this.associations.filter(
      (one) =>
        one.associationType === ASSOCIATION_TYPE.HasMember &&
        one.sourceObject === set?.id &&
        one.targetObject === id,
    );
  }

  /** The Associations that a SubmitAssociation of this message asks to register. */
  get submitted(): ReadonlySet<string> {
    return new Set(
      this.associations
        .filter((one) => typeOf(one) === 'SubmitAssociation')
        .map(({ targetObject }) => targetObject),
    );
  }
}

/** A rule about one Association among the other objects of its submission. */
export interface AssociationRule extends MetadataRule {
  readonly kind: 'Association';
  readonly faults: (association: Association, graph: SubmissionGraph) => Faults;
}

/** A rule about a submission as a whole. Each fault says where it is. */
export interface SubmissionRule extends MetadataRule {
  readonly kind: 'Submission';
  readonly faults: (graph: SubmissionGraph) => Faults;
}

/** The name of its type; undefined for a type that is not known. */
export function typeOf({ associationType }: Association): AssociationTypeName | undefined {
  return nameOfUrn(ASSOCIATION_TYPE, associationType);
}

/** uniqueId and patientId as they were written; undefined on an Association and on what is of no kind. */
export function identifiersOf(object: RegistryObject) {
  const kind = kindOf(object);
  if (kind === undefined || kind === 'Association') return undefined;
  const { patientId, uniqueId } = IDENTIFICATION[kind];
  return {
    kind,
    patientId: identifierOf(object, patientId),
    uniqueId: identifierOf(object, uniqueId),
  };
}

/** Undefined for what is no CX; the datatype is judged elsewhere. */
export function patientKeyOf(object: RegistryObject): string | undefined {
  const patientId = identifiersOf(object)?.patientId;
  if (patientId === undefined) return undefined;
  try {
    return patientKey(decodeCX(patientId));
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}
