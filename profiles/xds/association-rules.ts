import type { Association } from '../formats/ebxml.ts';
import { associationRule, ofTypes, sameLink } from './association-rule.ts';
import { fault, type Faults, NONE, REGISTERING } from './metadata-rule.ts';
import { classificationsOf, slotValues } from './metadata-xml.ts';
import { RELATIONSHIP_RULES } from './relationship-rules.ts';
import { type AssociationRule, type SubmissionGraph, typeOf } from './submission-graph.ts';
import { ASSOCIATION_TYPE, type AssociationTypeName, CLASSIFICATION } from './vocabulary.ts';

const OPERATIONS: readonly AssociationTypeName[] = [
  'UpdateAvailabilityStatus',
  'SubmitAssociation',
];

/** Source: ITI TF-3: 4.2.2. */
const EVERY: readonly AssociationRule[] = [
  associationRule('ends/resolve', {
    code: 'UnresolvedReferenceException',
    section: 'ITI TF-3: 4.2.2',
    text: {
      en: 'Both ends are objects of the submission, or UUIDs of registered ones.',
      ja: '両端は登録内容の中のオブジェクトか、登録済みのものの UUID です。',
    },
    faults: ({ sourceObject, targetObject }, graph) =>
      [sourceObject, targetObject]
        .filter((end) => !graph.resolves(end))
        .flatMap((end) =>
          fault(
            `${end} is nothing in this submission`,
            `${end} はこの登録内容のどれも指していません`,
          ),
        ),
  }),
  associationRule('ends/differ', {
    section: 'ITI TF-3: 4.2.2',
    text: {
      en: 'An Association points neither at itself nor at its own source.',
      ja: 'Association は自身や自身の始点を指しません。',
    },
    faults: (association, graph) => {
      const { sourceObject, targetObject } = association;
      const resolved = graph.resolves(sourceObject) && graph.resolves(targetObject);
      return resolved && !graph.isReadable(association)
        ? fault(
            'an Association does not point at itself or at its own source',
            'Association が自身か自身の始点を指しています',
          )
        : NONE;
    },
  }),
  associationRule('associationType/known', {
    attribute: 'associationType',
    section: 'ITI TF-3: Table 4.2.2-1',
    text: {
      en: 'The associationType is one of the table.',
      ja: 'associationType は表にあるものです。',
    },
    faults: (association, graph) =>
      graph.isReadable(association) && typeOf(association) === undefined
        ? fault('the associationType is not known', 'associationType が未知です')
        : NONE,
  }),
  associationRule('associationType/no update', {
    attribute: 'associationType',
    columns: REGISTERING,
    section: 'ITI TF-2: 3.57.4.1.3',
    text: {
      en: 'The operations of an update are sent by Update Document Set alone.',
      ja: '更新の操作は ITI-57 だけで送ります。',
    },
    faults: ofTypes(OPERATIONS, () =>
      fault(
        'the operations of an update do not belong into a registration',
        '登録の中に更新の操作があります',
      ),
    ),
  }),
  associationRule('slots/no update', {
    columns: REGISTERING,
    section: 'ITI TF-2: 3.57.4.1.3',
    text: {
      en: 'PreviousVersion and AssociationPropagation stand in updates alone.',
      ja: 'PreviousVersion と AssociationPropagation は更新だけで使います。',
    },
    faults: (association, graph) =>
      graph.isReadable(association)
        ? ['PreviousVersion', 'AssociationPropagation']
            .filter((name) => slotValues(association, name).length > 0)
            .flatMap((name) =>
              fault(`${name} does not belong into a registration`, `登録の中に ${name} があります`),
            )
        : NONE,
  }),
  associationRule('duplicate', {
    section: 'ITI TF-3: 4.2.2',
    text: {
      en: 'No two Associations of a submission have the same type and ends.',
      ja: '種類と両端が同じ Association を重ねません。',
    },
    faults: (association, graph) =>
      graph.associations.find((other) => sameLink(other, association)) === association
        ? NONE
        : fault(
            'an Association of this type and these ends stands twice',
            '種類と両端が同じ Association が重なっています',
          ),
  }),
];

/** Source: ITI TF-3: 4.2.2.1. */
const MEMBERSHIP: readonly AssociationRule[] = [
  associationRule('HasMember/documentation', {
    attribute: 'associationDocumentation',
    section: 'ITI TF-3: 4.2.2.1',
    text: {
      en: 'A HasMember carries no associationDocumentation.',
      ja: 'HasMember に associationDocumentation は付きません。',
    },
    faults: ofTypes(['HasMember'], (association) =>
      classificationsOf(association, CLASSIFICATION.Association.associationDocumentation).length > 0
        ? fault(
            'a HasMember carries no associationDocumentation',
            'HasMember に associationDocumentation があります',
          )
        : NONE,
    ),
  }),
  associationRule('HasMember/source', {
    section: 'ITI TF-3: 4.2.2.1',
    text: {
      en: 'The source of a HasMember is a SubmissionSet or a Folder.',
      ja: 'HasMember の始点は SubmissionSet か Folder です。',
    },
    faults: ofTypes(['HasMember'], ({ sourceObject }, graph) =>
      ['SubmissionSet', 'Folder', 'elsewhere'].includes(graph.kind(sourceObject) ?? '')
        ? NONE
        : fault(
            'the source of a HasMember is a SubmissionSet or a Folder',
            'HasMember の始点が SubmissionSet でも Folder でもありません',
          ),
    ),
  }),
  associationRule('HasMember/member of a Folder', {
    section: 'ITI TF-3: 4.2.2.1.3',
    text: {
      en: 'The member of a Folder is a DocumentEntry.',
      ja: 'Folder に入るのは DocumentEntry です。',
    },
    // A source that is not in the message can only be a Folder of the registry: a SubmissionSet does not grow.
    faults: ofTypes(['HasMember'], ({ sourceObject, targetObject }, graph) =>
      ['Folder', 'elsewhere'].includes(graph.kind(sourceObject) ?? '') &&
      !['DocumentEntry', 'elsewhere'].includes(graph.kind(targetObject) ?? '')
        ? fault(
            'the member of a Folder is a DocumentEntry',
            'Folder の要素が DocumentEntry ではありません',
          )
        : NONE,
    ),
  }),
  associationRule('HasMember/member of a SubmissionSet', {
    section: 'ITI TF-3: 4.2.2.1.1',
    text: {
      en: 'SubmissionSetStatus is Original for a DocumentEntry of the submission and Reference for a registered one; the other members are Folders and the HasMembers of Folders.',
      ja: 'SubmissionSetStatus は、登録内容の中の DocumentEntry なら Original、登録済みなら Reference です。ほかの要素は Folder と、Folder の HasMember です。',
    },
    faults: ofTypes(['HasMember'], (association, graph) =>
      graph.kind(association.sourceObject) === 'SubmissionSet'
        ? setMemberFaults(association, graph)
        : NONE,
    ),
  }),
];

function setMemberFaults(association: Association, graph: SubmissionGraph): Faults {
  const statuses = slotValues(association, 'SubmissionSetStatus');
  const [status] = statuses;
  if (
    statuses.length > 1 ||
    (status !== undefined && !['Original', 'Reference'].includes(status))
  ) {
    return fault(
      'SubmissionSetStatus is Original or Reference',
      'SubmissionSetStatus が Original でも Reference でもありません',
    );
  }
  switch (graph.kind(association.targetObject)) {
    case 'DocumentEntry':
      return status === 'Original'
        ? NONE
        : fault(
            'SubmissionSetStatus must be Original for a DocumentEntry of this submission',
            '登録内容の中の DocumentEntry の SubmissionSetStatus が Original ではありません',
          );
    case 'elsewhere':
      return status === 'Reference'
        ? NONE
        : fault(
            'SubmissionSetStatus must be Reference for what is already registered',
            '登録済みのものの SubmissionSetStatus が Reference ではありません',
          );
    case 'Association': {
      const member = graph.find(association.targetObject);
      return member?.element === 'Association' &&
        member.associationType === ASSOCIATION_TYPE.HasMember &&
        graph.kind(member.sourceObject) !== 'SubmissionSet'
        ? NONE
        : fault(
            'the only Association that is a member of a SubmissionSet is the HasMember of a Folder',
            'SubmissionSet の要素になる Association は Folder の HasMember だけです',
          );
    }
    case 'Folder':
      return NONE;
    default:
      return fault(
        'a SubmissionSet is no member of a SubmissionSet',
        'SubmissionSet は SubmissionSet の要素になりません',
      );
  }
}

/** The rules about Associations that registrations and updates share. */
export const ASSOCIATION_RULES: readonly AssociationRule[] = [
  ...EVERY,
  ...MEMBERSHIP,
  ...RELATIONSHIP_RULES,
];
