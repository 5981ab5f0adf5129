import type { RegistryObject } from '../formats/ebxml.ts';
import { Refusal } from '../refusal.ts';
import { ASSOCIATION_RULES } from './association-rules.ts';
import type {
  MetadataColumn,
  MetadataRule,
  RuleFault,
  RuleVerdict,
  SubmissionRules,
} from './metadata-rule.ts';
import { identifierOf, kindOf } from './metadata-xml.ts';
import { OBJECT_RULES } from './object-rules.ts';
import { OPERATION_RULES } from './operation-rules.ts';
import { SubmissionGraph } from './submission-graph.ts';
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

/** One rule, and what it found about one object. */
interface Judged {
  readonly rule: MetadataRule;
  readonly objectId?: string;
  readonly faults: readonly RuleFault[];
}

function* judged(
  objects: readonly RegistryObject[],
  column: MetadataColumn,
): Generator<Judged, void> {
  const asked = ({ columns }: MetadataRule) => columns === undefined || columns.includes(column);
  for (const object of objects) {
    const kind = kindOf(object);
    // An object of no kind is refused with the structure.
    for (const rule of kind === undefined ? [] : OBJECT_RULES[kind]) {
      if (asked(rule)) yield { rule, objectId: object.id, faults: rule.faults(object, column) };
    }
  }
  const graph = new SubmissionGraph(objects, column);
  for (const rule of STRUCTURE_RULES) {
    if (asked(rule)) yield { rule, faults: rule.faults(graph) };
  }
  const rules = [...ASSOCIATION_RULES, ...OPERATION_RULES].filter(asked);
  for (const association of graph.associations) {
    for (const rule of rules) {
      yield { rule, objectId: association.id, faults: rule.faults(association, graph) };
    }
  }
  for (const rule of [...MEMBERSHIP_RULES, ...UPDATE_RULES]) {
    if (asked(rule)) yield { rule, faults: rule.faults(graph) };
  }
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
  for (const { rule, objectId, faults } of judged(objects, rules.column)) {
    if (faults.length === 0) {
      verdicts.push({ rule, outcome: 'pass', ...(objectId === undefined ? {} : { objectId }) });
    }
    for (const found of faults) verdicts.push(verdictOf({ rule, objectId, found, rules }));
  }
  return verdicts;
}

function verdictOf({
  rule,
  objectId,
  found: { en, ja, location = objectId },
  rules,
}: {
  readonly rule: MetadataRule;
  readonly objectId: string | undefined;
  readonly found: RuleFault;
  readonly rules: SubmissionRules;
}): RuleVerdict {
  const verdict = {
    rule,
    outcome: rule.severity,
    found: { en, ja },
    ...(location === undefined ? {} : { objectId: location }),
  };
  if (rule.severity === 'warning') return verdict;
  return { ...verdict, refusal: new Refusal(codeOf(rule, rules), en, { location }) };
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
  for (const { rule, objectId, faults } of judged(objects, rules.column)) {
    if (rule.severity === 'warning') continue;
    for (const { en, location = objectId } of faults) {
      refusals.push(new Refusal(codeOf(rule, rules), en, { location }));
    }
  }
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
