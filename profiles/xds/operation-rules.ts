import type { Association } from '../formats/ebxml.ts';
import { associationRule } from './association-rule.ts';
import { fault, type Faults, type MetadataColumn, NONE, type RuleFault } from './metadata-rule.ts';
import { slotValues } from './metadata-xml.ts';
import { type AssociationRule, type SubmissionGraph, typeOf } from './submission-graph.ts';
import { nameOfUrn, RELATIONSHIPS, STATUS_TYPE } from './vocabulary.ts';

const UPDATES: readonly MetadataColumn[] = ['MU', 'RMU'];
const MU: readonly MetadataColumn[] = ['MU'];

/** What the operations ask of the Associations that trigger them. */
export const OPERATION_RULES: readonly AssociationRule[] = [
  associationRule('operation', {
    columns: UPDATES,
    code: (column) =>
      column === 'RMU' ? 'XDSMetadataUpdateError' : 'XDSMetadataUpdateOperationError',
    section: 'ITI TF-2: 3.57.4.1.3',
    text: {
      en: 'Every Association of an update is an operation, or is submitted by one.',
      ja: '更新の Association は操作か、操作で登録されるものです。',
    },
    faults: (association, graph) =>
      graph.isReadable(association) && !isOperation(association, graph)
        ? fault('this Association is no operation here', 'この Association は操作ではありません')
        : NONE,
  }),
  associationRule('UpdateAvailabilityStatus/slots', {
    columns: MU,
    code: 'XDSMetadataUpdateOperationError',
    section: 'ITI TF-2: 3.57.4.1.3.3.2',
    text: {
      en: 'OriginalStatus and NewStatus are Approved and Deprecated or the other way round, and no other slot of IHE stands beside them.',
      ja: 'OriginalStatus と NewStatus は Approved と Deprecated のいずれかで互いに異なり、IHE のほかのスロットは付きません。',
    },
    faults: (association) =>
      typeOf(association) === 'UpdateAvailabilityStatus' ? statusSlotFaults(association) : NONE,
  }),
  associationRule('UpdateAvailabilityStatus/ends', {
    columns: MU,
    code: 'XDSMetadataUpdateError',
    section: 'ITI TF-2: 3.57.4.1.3.3.2',
    text: {
      en: 'A status is updated by the SubmissionSet, of anything but a SubmissionSet.',
      ja: 'ステータスは SubmissionSet から、SubmissionSet 以外のものについて更新します。',
    },
    faults: (association, graph) =>
      typeOf(association) === 'UpdateAvailabilityStatus' &&
      graph.isReadable(association) &&
      graph.kind(association.targetObject) === 'SubmissionSet'
        ? fault(
            'the status of a SubmissionSet is not updated',
            'SubmissionSet のステータスは更新できません',
          )
        : NONE,
  }),
  associationRule('SubmitAssociation/ends', {
    columns: MU,
    code: 'XDSMetadataUpdateError',
    section: 'ITI TF-2: 3.57.4.1.3.3.3',
    text: {
      en: 'A SubmitAssociation points at an Association of the message whose ends are registered: a HasMember of a Folder or a relationship.',
      ja: 'SubmitAssociation は、両端が登録済みの Folder の HasMember か関係で、要求の中にある Association を指します。',
    },
    faults: (association, graph) =>
      typeOf(association) === 'SubmitAssociation' ? submitFaults(association, graph) : NONE,
  }),
];

function isOperation(association: Association, graph: SubmissionGraph): boolean {
  const { id, sourceObject, targetObject } = association;
  const bySet = graph.kind(sourceObject) === 'SubmissionSet';
  const target = graph.kind(targetObject);
  switch (typeOf(association)) {
    case 'HasMember':
      if (bySet) {
        return target === 'DocumentEntry' || (target === 'Folder' && graph.column === 'MU');
      }
      return graph.column === 'MU' && graph.submitted.has(id);
    case 'UpdateAvailabilityStatus':
    case 'SubmitAssociation':
      return graph.column === 'MU' && bySet;
    // Refused already.
    case undefined:
      return true;
    default:
      return graph.column === 'MU' && graph.submitted.has(id);
  }
}

function statusSlotFaults(association: Association): Faults {
  const faults: RuleFault[] = [];
  const read = ['OriginalStatus', 'NewStatus'].map((name) => {
    const [value, ...more] = slotValues(association, name);
    const status = nameOfUrn(STATUS_TYPE, value);
    if (status === undefined || more.length > 0) {
      faults.push({
        en: `${name} is Approved or Deprecated, and given once`,
        ja: `${name} に Approved か Deprecated を一つ指定します`,
      });
    }
    return status;
  });
  if (read[0] !== undefined && read[0] === read[1]) {
    faults.push({
      en: 'OriginalStatus and NewStatus are the same',
      ja: 'OriginalStatus と NewStatus が同じです',
    });
  }
  for (const name of ['AssociationPropagation', 'PreviousVersion', 'SubmissionSetStatus']) {
    if (association.slots.some((slot) => slot.name === name)) {
      faults.push({
        en: `${name} is no slot of an UpdateAvailabilityStatus`,
        ja: `UpdateAvailabilityStatus に ${name} は使えません`,
      });
    }
  }
  return faults;
}

function submitFaults({ targetObject }: Association, graph: SubmissionGraph): Faults {
  const submitted = graph.find(targetObject);
  if (submitted?.element !== 'Association') {
    return fault(
      'a SubmitAssociation points at an Association of the message',
      'SubmitAssociation が要求の中の Association を指していません',
    );
  }
  const type = typeOf(submitted);
  const types: readonly (typeof type)[] = ['HasMember', ...RELATIONSHIPS];
  if (!types.includes(type)) {
    return fault(
      'only a HasMember or a relationship is submitted',
      '登録できるのは HasMember か関係だけです',
    );
  }
  const registered = [submitted.sourceObject, submitted.targetObject].every(
    (end) => graph.kind(end) === 'elsewhere',
  );
  return registered
    ? NONE
    : fault(
        'both ends of a submitted Association are registered objects',
        '登録する Association の両端は登録済みのものです',
      );
}
