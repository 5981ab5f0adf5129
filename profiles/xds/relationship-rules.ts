import { associationRule, ofTypes, sameLink } from './association-rule.ts';
import { fault, type MetadataColumn, NONE, REGISTERING } from './metadata-rule.ts';
import { type AssociationRule, typeOf } from './submission-graph.ts';
import { type AssociationTypeName, DOCUMENT_ENTRY_TYPE, RELATIONSHIPS } from './vocabulary.ts';

/** Types whose target is of the registry, since they say what becomes of it. */
const INTO_REGISTRY: readonly AssociationTypeName[] = ['RPLC', 'XFRM_RPLC', 'IsSnapshotOf'];
/** Types whose target may be of the message, too. */
const TO_ANYWHERE: readonly AssociationTypeName[] = ['XFRM', 'APND', 'signs'];
const REPLACEMENTS: readonly AssociationTypeName[] = ['RPLC', 'XFRM_RPLC'];
const NOT_RESTRICTED: readonly MetadataColumn[] = [...REGISTERING, 'MU'];

/** The rules about relationships of DocumentEntries. Source: ITI TF-3: 4.2.2.2. */
export const RELATIONSHIP_RULES: readonly AssociationRule[] = [
  associationRule('relationship/source in submission', {
    code: 'UnresolvedReferenceException',
    columns: REGISTERING,
    section: 'ITI TF-3: 4.2.2.2',
    text: {
      en: 'The source of a relationship is in the submission.',
      ja: '関係の始点は登録内容の中にあります。',
    },
    faults: ofTypes(RELATIONSHIPS, ({ sourceObject }, graph) =>
      graph.kind(sourceObject) === 'elsewhere'
        ? fault(
            'the new document is not in this submission',
            '新しい文書が登録内容の中にありません',
          )
        : NONE,
    ),
  }),
  associationRule('relationship/source', {
    columns: REGISTERING,
    section: 'ITI TF-3: 4.2.2.2',
    text: {
      en: 'The source of a relationship is a DocumentEntry.',
      ja: '関係の始点は DocumentEntry です。',
    },
    faults: ofTypes(RELATIONSHIPS, (association, graph) =>
      ['DocumentEntry', 'elsewhere'].includes(graph.kind(association.sourceObject) ?? '')
        ? NONE
        : fault(
            `the source of a ${typeOf(association)} is a DocumentEntry`,
            `${typeOf(association)} の始点が DocumentEntry ではありません`,
          ),
    ),
  }),
  associationRule('relationship/target', {
    columns: NOT_RESTRICTED,
    section: 'ITI TF-3: 4.2.2.2',
    text: {
      en: 'RPLC, XFRM_RPLC and IsSnapshotOf point into the registry; XFRM, APND and signs at any DocumentEntry.',
      ja: 'RPLC、XFRM_RPLC、IsSnapshotOf は登録済みの文書を、XFRM、APND、signs はいずれかの DocumentEntry を指します。',
    },
    faults: ofTypes(RELATIONSHIPS, (association, graph) => {
      if (graph.kind(association.sourceObject) !== 'DocumentEntry') return NONE;
      const type = typeOf(association) ?? 'RPLC';
      const target = graph.kind(association.targetObject);
      if (target === 'elsewhere') return NONE;
      if (INTO_REGISTRY.includes(type)) {
        return fault(
          `the target of a ${type} is a DocumentEntry of the registry`,
          `${type} の終点が登録済みの DocumentEntry ではありません`,
        );
      }
      return TO_ANYWHERE.includes(type) && target !== 'DocumentEntry'
        ? fault(
            `the target of a ${type} is a DocumentEntry`,
            `${type} の終点が DocumentEntry ではありません`,
          )
        : NONE;
    }),
  }),
  associationRule('IsSnapshotOf/Stable', {
    section: 'ITI TF-3: 4.2.2.2.6',
    text: {
      en: 'A snapshot is a Stable DocumentEntry of an On-Demand one.',
      ja: 'スナップショットは、On-Demand の DocumentEntry の Stable な写しです。',
    },
    faults: ofTypes(['IsSnapshotOf'], ({ sourceObject }, graph) => {
      const source = graph.find(sourceObject);
      return source?.element === 'ExtrinsicObject' &&
        source.objectType !== DOCUMENT_ENTRY_TYPE.Stable
        ? fault(
            'the source of an IsSnapshotOf is a Stable DocumentEntry',
            'IsSnapshotOf の始点が Stable の DocumentEntry ではありません',
          )
        : NONE;
    }),
  }),
  associationRule('APND/no transformation', {
    section: 'ITI TF-3: 4.2.2.2.3',
    text: { en: 'A transformation is not appended to.', ja: '変換した文書には追記しません。' },
    faults: ofTypes(['APND'], ({ targetObject }, graph) =>
      graph.associations.some(
        (other) => typeOf(other) === 'XFRM' && other.sourceObject === targetObject,
      )
        ? fault('a transformation is not appended to', '変換した文書に追記しています')
        : NONE,
    ),
  }),
  associationRule('RPLC/once', {
    section: 'ITI TF-3: 4.2.2.2.2',
    text: {
      en: 'A document is replaced once: what has been replaced is no longer Approved.',
      ja: '文書の置き換えは一度だけです。置き換え後は Approved ではありません。',
    },
    faults: ofTypes(REPLACEMENTS, (association, graph) => {
      const first = graph.associations.find(
        (other) =>
          REPLACEMENTS.includes(typeOf(other) ?? 'HasMember') &&
          other.targetObject === association.targetObject,
      );
      return first === association || first === undefined || sameLink(first, association)
        ? NONE
        : fault(
            'the document is replaced twice in this submission',
            'この登録内容で同じ文書を二度置き換えています',
          );
    }),
  }),
];
