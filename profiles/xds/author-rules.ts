import { shape } from '../formats/datatypes.ts';
import type { RegistryObject } from '../formats/ebxml.ts';
import { columnsWith } from './attribute-rules.ts';
import { AUTHOR_OPTIONALITY } from './metadata-attributes.ts';
import { DATATYPES, type Datatype } from './metadata-datatypes.ts';
import { fault, NONE, type SharedRule } from './metadata-rule.ts';
import { classificationsOf, kindOf, slotValues } from './metadata-xml.ts';
import { type AUTHOR_SLOTS, CLASSIFICATION } from './vocabulary.ts';

/** Role and specialty are any text: what looks like no code is warned of by a rule of its own. */
const AUTHOR_TYPES = {
  authorPerson: 'XCN',
  authorInstitution: 'XON',
  authorTelecommunication: 'XTN',
} as const satisfies Partial<Record<(typeof AUTHOR_SLOTS)[number], Datatype>>;
const TYPED = ['authorPerson', 'authorInstitution', 'authorTelecommunication'] as const;

function authorsOf(object: RegistryObject) {
  const kind = kindOf(object);
  return kind === 'DocumentEntry' || kind === 'SubmissionSet'
    ? classificationsOf(object, CLASSIFICATION[kind].author)
    : [];
}

/** The rules about authors. Source: ITI TF-3: 4.2.3.1.4. */
export const AUTHOR_RULES: readonly SharedRule[] = [
  {
    rule: 'author/required if known',
    attribute: 'author',
    columns: columnsWith(AUTHOR_OPTIONALITY, 'R2'),
    check: 'required if known',
    severity: 'warning',
    section: 'ITI TF-3: 4.2.3.2.1',
    text: {
      en: 'An author is given where one is known.',
      ja: '作成者が分かれば author を書きます。',
    },
    faults: (object) =>
      authorsOf(object).length === 0 ? fault('author is missing', 'author がありません') : NONE,
  },
  ...TYPED.map(
    (name): SharedRule => ({
      rule: `author.${name}/datatype`,
      attribute: name,
      check: 'datatype',
      section: 'ITI TF-3: 4.2.3.1.4',
      text: {
        en: `Every ${name} is written as ${AUTHOR_TYPES[name]}.`,
        ja: `${name} は ${AUTHOR_TYPES[name]} として書きます。`,
      },
      faults: (object) =>
        authorsOf(object).flatMap((author) => {
          const type = AUTHOR_TYPES[name];
          const wrong = slotValues(author, name).find((value) => !DATATYPES[type](value));
          if (wrong === undefined) return NONE;
          return fault(
            `${name} is no ${type}: ${shape(wrong)}`,
            `${name} が ${type} の形ではありません: ${shape(wrong)}`,
          );
        }),
    }),
  ),
  {
    rule: 'author.authorPerson/once',
    attribute: 'authorPerson',
    check: 'once',
    section: 'ITI TF-3: 4.2.3.1.4',
    text: {
      en: 'An author has one authorPerson.',
      ja: '一つの author の authorPerson は一つです。',
    },
    faults: (object) =>
      authorsOf(object).flatMap((author) =>
        slotValues(author, 'authorPerson').length > 1
          ? fault(
              'an author has one authorPerson; several authors are several Classifications',
              '一つの author に authorPerson が複数あります。作成者ごとに Classification を分けます',
            )
          : NONE,
      ),
  },
  {
    rule: 'author/named',
    attribute: 'author',
    section: 'ITI TF-3: 4.2.3.1.4',
    text: {
      en: `An author has one of ${TYPED.join(', ')}.`,
      ja: `author には ${TYPED.join('、')} のいずれかが必要です。`,
    },
    faults: (object) =>
      authorsOf(object).flatMap((author) =>
        TYPED.some((name) => slotValues(author, name).length > 0)
          ? NONE
          : fault(
              `an author needs one of ${TYPED.join(', ')}`,
              `author に ${TYPED.join('、')} のいずれもありません`,
            ),
      ),
  },
  {
    rule: 'author/no code',
    attribute: 'author',
    section: 'ITI TF-3: 4.2.3.1.4',
    text: {
      en: 'The Classification of an author has an empty nodeRepresentation, and no codingScheme.',
      ja: 'author の Classification の nodeRepresentation は空で、codingScheme はありません。',
    },
    faults: (object) =>
      authorsOf(object).flatMap((author) =>
        author.nodeRepresentation || slotValues(author, 'codingScheme').length > 0
          ? fault('an author is no code', 'author がコードとして書かれています')
          : NONE,
      ),
  },
  {
    rule: 'author/nodeRepresentation',
    attribute: 'author',
    severity: 'warning',
    section: 'ITI TF-3: 4.2.3.1.4',
    text: {
      en: 'The Classification of an author has the attribute nodeRepresentation, though it is empty.',
      ja: 'author の Classification には、空の nodeRepresentation 属性が必要です。',
    },
    faults: (object) =>
      authorsOf(object).flatMap(({ nodeRepresentation }) =>
        nodeRepresentation === undefined
          ? fault(
              'the nodeRepresentation of an author is missing',
              'author に nodeRepresentation 属性がありません',
            )
          : NONE,
      ),
  },
  {
    rule: 'author/coded role',
    attribute: 'authorRole',
    severity: 'warning',
    section: 'ITI TF-3: 4.2.3.1.4.3',
    text: {
      en: 'A role or specialty is a plain text, or code^^^&OID&ISO.',
      ja: 'authorRole と authorSpecialty は文字列か code^^^&OID&ISO です。',
    },
    faults: (object) =>
      authorsOf(object).flatMap((author) =>
        ['authorRole', 'authorSpecialty']
          .filter((name) => slotValues(author, name).some((one) => !DATATYPES.CodedString(one)))
          .flatMap((name) =>
            fault(
              `${name} is neither a plain text nor code^^^&OID&ISO`,
              `${name} が文字列でも code^^^&OID&ISO でもありません`,
            ),
          ),
      ),
  },
];
