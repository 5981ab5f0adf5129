import { decodeCX, isUuidUrn } from '../formats/datatypes.ts';
import type { Association, RegistryObject } from '../formats/ebxml.ts';
import { patientKey } from '../patient.ts';
import { Refusal } from '../refusal.ts';
import {
  classificationsOf,
  identifierOf,
  kindOf,
  type MetadataKind,
  slotValues,
} from './metadata-xml.ts';
import { ASSOCIATION_TYPE, CLASSIFICATION, IDENTIFICATION, nameOfUrn } from './vocabulary.ts';

/** One submission, seen as a graph: objects by id, each with its kind. */
class Graph {
  readonly objects: readonly RegistryObject[];
  readonly by: 'Registry' | 'Repository';
  readonly #byId: ReadonlyMap<string, RegistryObject>;

  constructor(objects: readonly RegistryObject[], by: 'Registry' | 'Repository') {
    this.objects = objects;
    this.by = by;
    this.#byId = new Map(objects.map((object) => [object.id, object]));
  }

  find(id: string): RegistryObject | undefined {
    return this.#byId.get(id);
  }

  /** The kind of an object of this message; `elsewhere` for a UUID that only the registry can resolve. */
  kind(id: string): MetadataKind | 'elsewhere' | undefined {
    const object = this.#byId.get(id);
    if (object !== undefined) return kindOf(object);
    return isUuidUrn(id) ? 'elsewhere' : undefined;
  }

  of(kind: MetadataKind): readonly RegistryObject[] {
    return this.objects.filter((object) => kindOf(object) === kind);
  }

  get associations(): readonly Association[] {
    return this.objects.filter((object) => object.element === 'Association');
  }

  metadataError(context: string, location?: string): Refusal {
    return new Refusal(`XDS${this.by}MetadataError`, context, { location });
  }
}

/**
 * What is wrong between the objects of a submission, as far as it can be seen without a store.
 *
 * @see ITI TF-3: 4.2.1.4, 4.2.2
 */
export function refusalsOfStructure(
  objects: readonly RegistryObject[],
  by: 'Registry' | 'Repository',
): readonly Refusal[] {
  const graph = new Graph(objects, by);
  return [
    ...kinds(graph),
    ...ids(graph),
    ...uniqueIds(graph),
    ...patients(graph),
    ...graph.associations.flatMap((association) => faultsOfAssociation(association, graph)),
    ...memberships(graph),
  ];
}

function kinds(graph: Graph): readonly Refusal[] {
  const unknown = graph.objects
    .filter((object) => kindOf(object) === undefined)
    .map(({ id }) =>
      graph.metadataError('neither DocumentEntry, SubmissionSet, Folder nor Association', id),
    );
  const sets = graph.of('SubmissionSet').length;
  if (sets === 1) return unknown;
  return [...unknown, graph.metadataError(`a submission has one SubmissionSet, not ${sets}`)];
}

function ids(graph: Graph): readonly Refusal[] {
  const seen = new Set<string>();
  return graph.objects.flatMap(({ id }) => {
    if (!seen.has(id)) {
      seen.add(id);
      return [];
    }
    return [graph.metadataError('the id stands twice in the submission', id)];
  });
}

/** uniqueId and patientId, by the kind of object. */
function identifiersOf(object: RegistryObject) {
  const kind = kindOf(object);
  if (kind === undefined || kind === 'Association') return undefined;
  const { patientId, uniqueId } = IDENTIFICATION[kind];
  return {
    kind,
    patientId: identifierOf(object, patientId),
    uniqueId: identifierOf(object, uniqueId),
  };
}

function uniqueIds(graph: Graph): readonly Refusal[] {
  const seen = new Set<string>();
  return graph.objects.flatMap((object) => {
    const uniqueId = identifiersOf(object)?.uniqueId;
    if (uniqueId === undefined) return [];
    if (!seen.has(uniqueId)) {
      seen.add(uniqueId);
      return [];
    }
    const code = `XDS${graph.by}DuplicateUniqueIdInMessage`;
    return [new Refusal(code, uniqueId, { location: object.id })];
  });
}

/** DocumentEntries and Folders are of the SubmissionSet's patient. Source: ITI TF-3: 4.2.1.4. */
function patients(graph: Graph): readonly Refusal[] {
  const [set] = graph.of('SubmissionSet');
  const expected = set && patientKeyOf(set);
  if (expected === undefined) return [];
  return graph.objects.flatMap((object) => {
    const found = patientKeyOf(object);
    if (found === undefined || found === expected) return [];
    const context = `the patientId of this ${kindOf(object)} is not that of the SubmissionSet`;
    return [new Refusal('XDSPatientIdDoesNotMatch', context, { location: object.id })];
  });
}

/** Undefined for what is no CX; the datatype is judged elsewhere. */
function patientKeyOf(object: RegistryObject): string | undefined {
  const patientId = identifiersOf(object)?.patientId;
  if (patientId === undefined) return undefined;
  try {
    return patientKey(decodeCX(patientId));
  } catch (error) {
    if (error instanceof Refusal) return undefined;
    throw error;
  }
}

function faultsOfAssociation(association: Association, graph: Graph): readonly Refusal[] {
  const { id, sourceObject, targetObject } = association;
  const unresolved = [sourceObject, targetObject].filter(
    (end) => graph.find(end) === undefined && !isUuidUrn(end),
  );
  if (unresolved.length > 0) {
    return unresolved.map(
      (end) =>
        new Refusal('UnresolvedReferenceException', `${end} is nothing in this submission`, {
          location: id,
        }),
    );
  }
  if (sourceObject === targetObject || sourceObject === id || targetObject === id) {
    return [
      graph.metadataError('an Association does not point at itself or at its own source', id),
    ];
  }
  const documented = classificationsOf(
    association,
    CLASSIFICATION.Association.associationDocumentation,
  ).length;
  switch (nameOfUrn(ASSOCIATION_TYPE, association.associationType)) {
    case 'HasMember':
      return [
        ...(documented > 0
          ? [graph.metadataError('a HasMember carries no associationDocumentation', id)]
          : []),
        ...faultsOfMembership(association, graph),
      ];
    case 'RPLC':
      return faultsOfReplacement(association, graph);
    case undefined:
      return [graph.metadataError('the associationType is not known', id)];
    default:
      return [graph.metadataError(`the associationType is not supported here`, id)];
  }
}

/** Source: ITI TF-3: 4.2.2.1. */
function faultsOfMembership(association: Association, graph: Graph): readonly Refusal[] {
  const { id, sourceObject, targetObject } = association;
  const source = graph.kind(sourceObject);
  const target = graph.kind(targetObject);
  const fault = (context: string) => [graph.metadataError(context, id)];
  if (source === 'SubmissionSet') return faultsOfSetMember(association, graph);
  if (source !== 'Folder' && source !== 'elsewhere') {
    return fault('the source of a HasMember is a SubmissionSet or a Folder');
  }
  // A source that is not in the message can only be a Folder of the registry: a SubmissionSet does not grow.
  if (target !== 'DocumentEntry' && target !== 'elsewhere') {
    return fault('the member of a Folder is a DocumentEntry');
  }
  return [];
}

function faultsOfSetMember(association: Association, graph: Graph): readonly Refusal[] {
  const { id, targetObject } = association;
  const fault = (context: string) => [graph.metadataError(context, id)];
  const statuses = slotValues(association, 'SubmissionSetStatus');
  const [status] = statuses;
  if (
    statuses.length > 1 ||
    (status !== undefined && !['Original', 'Reference'].includes(status))
  ) {
    return fault('SubmissionSetStatus is Original or Reference');
  }
  switch (graph.kind(targetObject)) {
    case 'DocumentEntry':
      return status === 'Original'
        ? []
        : fault('SubmissionSetStatus must be Original for a DocumentEntry of this submission');
    case 'elsewhere':
      return status === 'Reference'
        ? []
        : fault('SubmissionSetStatus must be Reference for what is already registered');
    case 'Association': {
      const member = graph.find(targetObject);
      return member?.element === 'Association' &&
        member.associationType === ASSOCIATION_TYPE.HasMember
        ? []
        : fault('the only Association that is a member of a SubmissionSet is a HasMember');
    }
    case 'Folder':
      return [];
    default:
      return fault('a SubmissionSet is no member of a SubmissionSet');
  }
}

/** Source: ITI TF-3: 4.2.2.2.1. */
function faultsOfReplacement(association: Association, graph: Graph): readonly Refusal[] {
  const { id, sourceObject, targetObject } = association;
  if (graph.kind(sourceObject) === 'elsewhere') {
    return [
      new Refusal('UnresolvedReferenceException', 'the new document is not in this submission', {
        location: id,
      }),
    ];
  }
  if (graph.kind(sourceObject) !== 'DocumentEntry') {
    return [graph.metadataError('the source of a RPLC is a DocumentEntry', id)];
  }
  if (graph.kind(targetObject) !== 'elsewhere') {
    return [graph.metadataError('the target of a RPLC is a DocumentEntry of the registry', id)];
  }
  return [];
}

/** What each object of the message needs from the SubmissionSet. Source: ITI TF-3: 4.2.1.4, 4.2.2.1. */
function memberships(graph: Graph): readonly Refusal[] {
  const [set] = graph.of('SubmissionSet');
  if (set === undefined) return [];
  const members = graph.associations.filter(
    ({ associationType }) => associationType === ASSOCIATION_TYPE.HasMember,
  );
  const ofSet = new Set(
    members
      .filter(({ sourceObject }) => sourceObject === set.id)
      .map(({ targetObject }) => targetObject),
  );
  const filings = members.filter(({ sourceObject }) => sourceObject !== set.id);
  return [...graph.of('DocumentEntry'), ...graph.of('Folder'), ...filings]
    .filter(({ id }) => !ofSet.has(id))
    .map(({ id }) => graph.metadataError('it is no member of the SubmissionSet', id));
}
