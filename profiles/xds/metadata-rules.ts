import type { RegistryObject } from '../formats/ebxml.ts';
import { Refusal } from '../refusal.ts';
import { ASSOCIATION_RULES } from './association-rules.ts';
import type {
  MetadataColumn,
  MetadataRule,
  ObjectRule,
  RuleFault,
  RuleVerdict,
  SubmissionRules,
} from './metadata-rule.ts';
import { identifierOf, kindOf, type MetadataKind } from './metadata-xml.ts';
import { OBJECT_RULES } from './object-rules.ts';
import { OPERATION_RULES } from './operation-rules.ts';
import { type AssociationRule, SubmissionGraph, type SubmissionRule } from './submission-graph.ts';
import { MEMBERSHIP_RULES, STRUCTURE_RULES } from './submission-structure.ts';
import { UPDATE_RULES } from './update-rules.ts';
import { IDENTIFICATION } from './vocabulary.ts';

/** Every rule of metadata that can be judged without a store, each once, in the order in which they are judged. */
export const METADATA_RULES: readonly MetadataRule[] = [
  ...Object.values(OBJECT_RULES).flat(),
  ...STRUCTURE_RULES,
  ...ASSOCIATION_RULES,
  ...OPERATION_RULES,
  ...MEMBERSHIP_RULES,
  ...UPDATE_RULES,
];

/** The rules that one column asks, in the order in which they are judged. */
interface AskedRules {
  readonly object: Readonly<Record<MetadataKind, readonly ObjectRule[]>>;
  readonly structure: readonly SubmissionRule[];
  readonly association: readonly AssociationRule[];
  readonly membership: readonly SubmissionRule[];
}

/** Sorted out once for each column and severity: most rules of the table are another column's. */
const ASKED = new Map<string, AskedRules>();

function askedOf(column: MetadataColumn, severity: 'failure' | 'any'): AskedRules {
  const key = `${column} ${severity}`;
  let rules = ASKED.get(key);
  if (rules === undefined) {
    const asked = <Rule extends MetadataRule>(all: readonly Rule[]) =>
      all.filter(
        (rule) =>
          (rule.columns === undefined || rule.columns.includes(column)) &&
          (severity === 'any' || rule.severity === severity),
      );
    rules = {
      object: {
        DocumentEntry: asked(OBJECT_RULES.DocumentEntry),
        SubmissionSet: asked(OBJECT_RULES.SubmissionSet),
        Folder: asked(OBJECT_RULES.Folder),
        Association: asked(OBJECT_RULES.Association),
      },
      structure: asked(STRUCTURE_RULES),
      association: asked([...ASSOCIATION_RULES, ...OPERATION_RULES]),
      membership: asked([...MEMBERSHIP_RULES, ...UPDATE_RULES]),
    };
    ASKED.set(key, rules);
  }
  return rules;
}

/** Hears of each rule what it found, about one object or about the whole. */
type Hearer = (rule: MetadataRule, faults: readonly RuleFault[], objectId?: string) => void;

function judge(
  objects: readonly RegistryObject[],
  { column, severity }: { column: MetadataColumn; severity: 'failure' | 'any' },
  hear: Hearer,
): void {
  const asked = askedOf(column, severity);
  for (const object of objects) {
    const kind = kindOf(object);
    // An object of no kind is refused with the structure.
    if (kind === undefined) continue;
    for (const rule of asked.object[kind]) hear(rule, rule.faults(object, column), object.id);
  }
  const graph = new SubmissionGraph(objects, column);
  for (const rule of asked.structure) hear(rule, rule.faults(graph));
  for (const association of graph.associations) {
    for (const rule of asked.association) {
      hear(rule, rule.faults(association, graph), association.id);
    }
  }
  for (const rule of asked.membership) hear(rule, rule.faults(graph));
}

function codeOf({ code }: MetadataRule, { column, by = 'Registry' }: SubmissionRules): string {
  const named = typeof code === 'function' ? code(column) : code;
  return named === 'MetadataError' || named === 'DuplicateUniqueIdInMessage'
    ? `XDS${by}${named}`
    : named;
}

/**
 * Every rule that is asked of a submission, with what came of it: for each object its own rules, then those of the whole.
 * A rule that an object breaks in several ways stands there as often. Codes are not looked up.
 *
 * Objects that `metadata-xml.ts` cannot tell the kind of are judged by the structure alone.
 *
 * @see ITI TF-3: 4.2.2, 4.2.3; ITI TF-2: 3.41.4.1.3, 3.42.4.1.3, 3.57.4.1.3, 3.61.4.1.3, 3.92.4.1.3
 */
export function judgeSubmission(
  objects: readonly RegistryObject[],
  rules: SubmissionRules,
): readonly RuleVerdict[] {
  const verdicts: RuleVerdict[] = [];
  judge(objects, { column: rules.column, severity: 'any' }, (rule, faults, objectId) => {
    if (faults.length === 0) {
      verdicts.push({ rule, outcome: 'pass', ...(objectId === undefined ? {} : { objectId }) });
    }
    for (const found of faults) verdicts.push(verdictOf({ rule, objectId, found, rules }));
  });
  return verdicts;
}

function verdictOf({
  rule,
  objectId,
  found,
  rules,
}: {
  readonly rule: MetadataRule;
  readonly objectId: string | undefined;
  readonly found: RuleFault;
  readonly rules: SubmissionRules;
}): RuleVerdict {
  const { en, ja, location = objectId } = found;
  const verdict = {
    rule,
    outcome: rule.severity,
    found: { en, ja },
    ...(location === undefined ? {} : { objectId: location }),
  };
  if (rule.severity === 'warning') return verdict;
  return { ...verdict, refusal: new Refusal(codeOf(rule, rules), contextOf(found), { location }) };
}

function contextOf({ en, value }: RuleFault): string {
  return value === undefined ? en : `${value}: ${en}`;
}

/**
 * All that is wrong with a submission and can be seen without a store: attributes, structure, references, memberships,
 * uniqueIds, patients, and in an update its operations. Codes are not looked up. Empty when it is sound.
 *
 * Each refusal's location is the id of the object at fault. Codes: XDSRegistryMetadataError,
 * XDSRegistryDuplicateUniqueIdInMessage (or their XDSRepository… forms), UnresolvedReferenceException,
 * XDSPatientIdDoesNotMatch; of updates XDSMetadataUpdateError, XDSMetadataUpdateOperationError, XDSInvalidRequestException,
 * XDSMetadataAnnotationError, XDSObjectTypeError.
 *
 * @see ITI TF-3: 4.2.2, 4.2.3; ITI TF-2: 3.41.4.1.3, 3.42.4.1.3
 */
export function refusalsOfSubmission(
  objects: readonly RegistryObject[],
  rules: SubmissionRules,
): readonly Refusal[] {
  const refusals: Refusal[] = [];
  judge(objects, { column: rules.column, severity: 'failure' }, (rule, faults, objectId) => {
    for (const fault of faults) {
      const { location = objectId } = fault;
      refusals.push(new Refusal(codeOf(rule, rules), contextOf(fault), { location }));
    }
  });
  return refusals;
}

/**
 * What is wrong between documents and DocumentEntries: each needs the other, by id.
 *
 * @param documentIds `xds:Document/@id` of each document
 * @returns XDSMissingDocument and XDSMissingDocumentMetadata, with the uniqueId or the document's id as location
 * @see ITI TF-2: 3.41.4.1.3
 */
export function refusalsOfDocuments(
  objects: readonly RegistryObject[],
  documentIds: readonly string[],
): readonly Refusal[] {
  const entries = objects.filter(({ element }) => element === 'ExtrinsicObject');
  const missing = entries
    .filter(({ id }) => !documentIds.includes(id))
    .map((entry) => {
      const location = identifierOf(entry, IDENTIFICATION.DocumentEntry.uniqueId) ?? entry.id;
      return new Refusal('XDSMissingDocument', `no document for ${entry.id}`, { location });
    });
  const surplus = documentIds
    .filter((id, at) => documentIds.indexOf(id) !== at || !entries.some((entry) => entry.id === id))
    .map((id) => {
      const context = `no DocumentEntry for the document ${id}, or two documents for it`;
      return new Refusal('XDSMissingDocumentMetadata', context, { location: id });
    });
  return [...missing, ...surplus];
}
