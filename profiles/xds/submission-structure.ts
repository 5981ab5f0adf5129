import { fault, type Faults, NONE, REGISTERING, type RuleFault } from './metadata-rule.ts';
import {
  identifiersOf,
  patientKeyOf,
  type SubmissionGraph,
  type SubmissionRule,
} from './submission-graph.ts';
import { kindOf } from './metadata-xml.ts';
import { ASSOCIATION_TYPE } from './vocabulary.ts';

type Row = Pick<SubmissionRule, 'section' | 'text' | 'faults'> &
  Partial<Pick<SubmissionRule, 'code' | 'columns'>>;

function submissionRule(name: string, row: Row): SubmissionRule {
  return {
    code: 'MetadataError',
    ...row,
    name: `Submission.${name}`,
    kind: 'Submission',
    check: 'predicate',
    severity: 'failure',
  };
}

/** What is asked of the objects together, before their Associations are looked at. Source: ITI TF-3: 4.2.1.4. */
export const STRUCTURE_RULES: readonly SubmissionRule[] = [
  submissionRule('objects/known', {
    section: 'ITI TF-3: 4.2.1',
    text: {
      en: 'Every object is a DocumentEntry, SubmissionSet, Folder or Association.',
      ja: 'オブジェクトは DocumentEntry、SubmissionSet、Folder、Association のいずれかです。',
    },
    faults: ({ objects }) =>
      objects
        .filter((object) => kindOf(object) === undefined)
        .map(({ id }) => ({
          en: 'neither DocumentEntry, SubmissionSet, Folder nor Association',
          ja: 'DocumentEntry、SubmissionSet、Folder、Association のいずれでもありません',
          location: id,
        })),
  }),
  submissionRule('SubmissionSet/one', {
    section: 'ITI TF-3: 4.2.1.4',
    text: { en: 'A submission has one SubmissionSet.', ja: 'SubmissionSet は一つです。' },
    faults: (graph) => {
      const sets = graph.of('SubmissionSet').length;
      return sets === 1
        ? NONE
        : fault(
            `a submission has one SubmissionSet, not ${sets}`,
            `SubmissionSet が ${sets} 個あります（一つであること）`,
          );
    },
  }),
  submissionRule('id/once', {
    section: 'ITI TF-3: 4.2.3.2.7',
    text: { en: 'No id stands twice.', ja: 'id は重なりません。' },
    faults: ({ objects }) =>
      repeated(objects, ({ id }) => id).map(({ id }) => ({
        en: 'the id stands twice in the submission',
        ja: 'id が重なっています',
        location: id,
      })),
  }),
  submissionRule('uniqueId/once', {
    code: 'DuplicateUniqueIdInMessage',
    section: 'ITI TF-3: Table 4.2.4.1-2',
    text: { en: 'No uniqueId stands twice.', ja: 'uniqueId は重なりません。' },
    faults: ({ objects }) =>
      repeated(objects, (object) => identifiersOf(object)?.uniqueId).map((object) => {
        // The Framework asks for the value itself.
        const uniqueId = identifiersOf(object)?.uniqueId ?? '';
        return { en: uniqueId, ja: uniqueId, location: object.id };
      }),
  }),
  submissionRule('patientId/same', {
    code: 'XDSPatientIdDoesNotMatch',
    section: 'ITI TF-3: 4.2.1.4',
    text: {
      en: 'DocumentEntries and Folders are of the patient of the SubmissionSet.',
      ja: 'DocumentEntry と Folder の patientId は SubmissionSet と同じです。',
    },
    faults: patientFaults,
  }),
];

/** Those whose key an earlier one has. */
function repeated<Value>(
  values: readonly Value[],
  keyOf: (value: Value) => string | undefined,
): readonly Value[] {
  const seen = new Set<string>();
  return values.filter((value) => {
    const key = keyOf(value);
    if (key === undefined) return false;
    if (seen.has(key)) return true;
    seen.add(key);
    return false;
  });
}

function patientFaults(graph: SubmissionGraph): Faults {
  const set = graph.submissionSet;
  const expected = set && patientKeyOf(set);
  if (expected === undefined) return NONE;
  return graph.objects.flatMap((object): readonly RuleFault[] => {
    const found = patientKeyOf(object);
    if (found === undefined || found === expected) return [];
    const kind = kindOf(object);
    return [
      {
        en: `the patientId of this ${kind} is not that of the SubmissionSet`,
        ja: `この ${kind} の patientId が SubmissionSet と異なります`,
        location: object.id,
        value: identifiersOf(object)?.patientId,
      },
    ];
  });
}

/** What each object needs from the SubmissionSet. Source: ITI TF-3: 4.2.1.4, 4.2.2.1. */
export const MEMBERSHIP_RULES: readonly SubmissionRule[] = [
  submissionRule('members/all', {
    columns: REGISTERING,
    section: 'ITI TF-3: 4.2.2.1',
    text: {
      en: 'Every DocumentEntry, Folder and filing into a Folder is a member of the SubmissionSet.',
      ja: 'DocumentEntry、Folder、Folder への登録は、すべて SubmissionSet の要素です。',
    },
    faults: memberFaults,
  }),
];

function memberFaults(graph: SubmissionGraph): Faults {
  const set = graph.submissionSet;
  if (set === undefined) return NONE;
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
    .map(({ id }) => ({
      en: 'it is no member of the SubmissionSet',
      ja: 'SubmissionSet の要素になっていません',
      location: id,
    }));
}
