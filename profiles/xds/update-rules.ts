import { isUuidUrn } from '../formats/datatypes.ts';
import type { Association, RegistryObject } from '../formats/ebxml.ts';
import {
  fault,
  type Faults,
  type MetadataColumn,
  NONE,
  type RuleCode,
  type RuleFault,
} from './metadata-rule.ts';
import { slotValues, versionOf } from './metadata-xml.ts';
import { type SubmissionGraph, type SubmissionRule, typeOf } from './submission-graph.ts';

const UPDATES: readonly MetadataColumn[] = ['MU', 'RMU'];
const RMU: readonly MetadataColumn[] = ['RMU'];

/** The code in an update, and the one in a restricted update. */
const codes = (mu: RuleCode, rmu: RuleCode) => (column: MetadataColumn) =>
  column === 'RMU' ? rmu : mu;

const BY_VERSION = codes('XDSMetadataUpdateError', 'XDSInvalidRequestException');
const BY_MEMBERSHIP = codes('XDSMetadataUpdateError', 'XDSMetadataAnnotationError');

/** The DocumentEntries and Folders, each of which is a new version. */
function versionsIn(graph: SubmissionGraph): readonly RegistryObject[] {
  return [...graph.of('DocumentEntry'), ...graph.of('Folder')];
}

function at(location: string, en: string, ja: string): RuleFault {
  return { en, ja, location };
}

type Row = Pick<SubmissionRule, 'section' | 'text' | 'faults' | 'columns' | 'code'>;

function updateRule(name: string, row: Row): SubmissionRule {
  return {
    ...row,
    name: `update.${name}`,
    kind: 'Submission',
    check: 'predicate',
    severity: 'failure',
  };
}

/** What the operations of ITI-57 and ITI-92 ask of the message as a whole. Source: XDS Metadata Update; Restricted Metadata Update. */
export const UPDATE_RULES: readonly SubmissionRule[] = [
  updateRule('operations/some', {
    columns: UPDATES,
    code: 'XDSMetadataUpdateOperationError',
    section: 'ITI TF-2: 3.57.4.1.3',
    text: { en: 'An update holds one operation at least.', ja: '更新には操作が一つ以上必要です。' },
    faults: (graph) => {
      if (versionsIn(graph).length > 0) return NONE;
      const operations = ['UpdateAvailabilityStatus', 'SubmitAssociation'];
      return graph.associations.some((one) => operations.includes(typeOf(one) ?? ''))
        ? NONE
        : fault('the update holds no operation', '更新の操作がありません');
    },
  }),
  updateRule('logicalID', {
    columns: UPDATES,
    code: BY_VERSION,
    section: 'ITI TF-2: 3.57.4.1.3.3.1',
    text: {
      en: 'A new version has the logicalID of what it updates, which is not its own id.',
      ja: '新しい版の logicalID は更新するものの logicalID で、id とは異なります。',
    },
    faults: (graph) => versionsIn(graph).flatMap((object) => logicalIdFaults(object, graph)),
  }),
  updateRule('membership', {
    columns: UPDATES,
    code: BY_MEMBERSHIP,
    section: 'ITI TF-2: 3.57.4.1.3.3.1',
    text: {
      en: 'A new version is a member of the SubmissionSet, once, with the PreviousVersion that it follows.',
      ja: '新しい版は、直前の版の PreviousVersion を付けて SubmissionSet の要素とします。',
    },
    faults: (graph) => versionsIn(graph).flatMap((object) => membershipFaults(object, graph)),
  }),
  updateRule('once', {
    columns: UPDATES,
    code: codes('XDSMetadataUpdateOperationError', 'XDSMetadataUpdateError'),
    section: 'ITI TF-2: 3.57.4.1.3',
    text: {
      en: 'An object is updated once in a request.',
      ja: '一つの要求で同じものを二度更新しません。',
    },
    faults: (graph) => {
      const seen = new Set<string>();
      return versionsIn(graph).flatMap(({ id, lid }) => {
        if (lid === undefined || !seen.has(lid)) {
          if (lid !== undefined) seen.add(lid);
          return [];
        }
        return [at(id, 'the logicalID is updated twice', '同じ logicalID を二度更新しています')];
      });
    },
  }),
  updateRule('no Folder', {
    columns: RMU,
    code: 'XDSObjectTypeError',
    section: 'ITI TF-2: 3.92.4.1.2',
    text: {
      en: 'A restricted update changes DocumentEntries alone.',
      ja: '制限付き更新の対象は DocumentEntry だけです。',
    },
    faults: (graph) =>
      graph
        .of('Folder')
        .map(({ id }) => at(id, 'a Folder is not updated here', 'Folder は更新できません')),
  }),
];

function logicalIdFaults({ id, lid }: RegistryObject, graph: SubmissionGraph): Faults {
  if (lid === undefined) {
    // A restricted update may leave it out, and is then known by its PreviousVersion.
    const restricted = graph.column === 'RMU' && previousVersions(id, graph).length > 0;
    return restricted ? NONE : [at(id, 'the logicalID is missing', 'logicalID がありません')];
  }
  if (lid === id) {
    return [
      at(id, 'the logicalID is the id: an initial version', 'logicalID が id と同じ初版です'),
    ];
  }
  return isUuidUrn(lid)
    ? NONE
    : [at(id, 'the logicalID is no UUID', 'logicalID が UUID ではありません')];
}

function previousVersions(id: string, graph: SubmissionGraph): readonly string[] {
  return graph.membershipsOf(id).flatMap((one) => slotValues(one, 'PreviousVersion'));
}

function membershipFaults({ id }: RegistryObject, graph: SubmissionGraph): Faults {
  const memberships = graph.membershipsOf(id);
  const [membership] = memberships;
  if (membership === undefined || memberships.length > 1) {
    return [
      at(
        id,
        'it needs one HasMember from the SubmissionSet',
        'SubmissionSet からの HasMember が一つ必要です',
      ),
    ];
  }
  const [version, ...more] = slotValues(membership, 'PreviousVersion');
  if (versionOf(version) === undefined || more.length > 0) {
    return [
      at(
        id,
        'its HasMember needs one PreviousVersion, a number',
        'HasMember に PreviousVersion（数値）が一つ必要です',
      ),
    ];
  }
  return propagationFaults(id, membership, graph);
}

function propagationFaults(id: string, membership: Association, graph: SubmissionGraph): Faults {
  const values = slotValues(membership, 'AssociationPropagation');
  const [value = 'yes'] = values;
  if (values.length > 1 || !['yes', 'no'].includes(value)) {
    return [
      at(
        id,
        'AssociationPropagation is yes or no',
        'AssociationPropagation が yes でも no でもありません',
      ),
    ];
  }
  return graph.column === 'RMU' && value === 'no'
    ? [
        at(
          id,
          'AssociationPropagation is not switched off here',
          'AssociationPropagation は no にできません',
        ),
      ]
    : NONE;
}
