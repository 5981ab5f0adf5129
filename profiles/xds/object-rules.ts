import { isOidUrn, isUuidUrn } from '../formats/datatypes.ts';
import type { RegistryObject } from '../formats/ebxml.ts';
import { ATTRIBUTE_RULES, columnsWith, optionalityOf } from './attribute-rules.ts';
import { AUTHOR_RULES } from './author-rules.ts';
import { DOCUMENT_ENTRY_RULES } from './document-entry-rules.ts';
import { LIMITED_METADATA_OPTIONALITY } from './metadata-attributes.ts';
import {
  fault,
  type Faults,
  NONE,
  type ObjectRule,
  REGISTERING,
  type RuleFault,
  rulesFor,
  type SharedRule,
} from './metadata-rule.ts';
import { kindOf, type MetadataKind } from './metadata-xml.ts';
import { IDENTIFICATION, LIMITED_METADATA_NODE, nameOfUrn, SLOT_NAMES } from './vocabulary.ts';

const HEADER: readonly SharedRule[] = [
  {
    rule: 'entryUUID/not empty',
    attribute: 'entryUUID',
    section: 'ITI TF-3: 4.2.3.2.7',
    text: { en: 'Every object has an id.', ja: 'すべてのオブジェクトに id が必要です。' },
    faults: ({ id }) => (id.trim() === '' ? fault('the id is empty', 'id が空です') : NONE),
  },
  {
    rule: 'entryUUID/UUID',
    attribute: 'entryUUID',
    section: 'ITI TF-3: 4.2.3.2.7',
    text: {
      en: 'An id that begins with urn:uuid: is a UUID in lower case.',
      ja: 'urn:uuid: で始まる id は小文字の UUID です。',
    },
    faults: ({ id }) =>
      id.toLowerCase().startsWith('urn:uuid:') && !isUuidUrn(id)
        ? fault(
            'the entryUUID is no UUID in lower case',
            'entryUUID が小文字の UUID ではありません',
          )
        : NONE,
  },
  {
    rule: 'logicalID/new',
    attribute: 'logicalID',
    columns: REGISTERING,
    section: 'XDS Metadata Update: logicalID',
    text: {
      en: 'A new object has no logicalID, or its own id.',
      ja: '新しいオブジェクトの logicalID は、ないか id と同じです。',
    },
    faults: ({ id, lid }) =>
      lid !== undefined && lid !== id
        ? fault(
            'a new object has no other logicalID than its id',
            '新しいオブジェクトに id と異なる logicalID があります',
          )
        : NONE,
  },
  {
    rule: 'homeCommunityId/OID URN',
    attribute: 'homeCommunityId',
    section: 'ITI TF-3: 4.2.3.2.12',
    text: { en: 'A homeCommunityId is an OID URN.', ja: 'homeCommunityId は OID の URN です。' },
    // An empty one says nothing, and is written by some for a missing one.
    faults: ({ home }) =>
      home && !isOidUrn(home)
        ? fault('the homeCommunityId is no OID URN', 'homeCommunityId が OID の URN ではありません')
        : NONE,
  },
];

const LIMITED: SharedRule = {
  rule: 'limitedMetadata/prohibited',
  attribute: 'limitedMetadata',
  columns: columnsWith(LIMITED_METADATA_OPTIONALITY, 'X'),
  check: 'prohibited',
  section: 'ITI TF-3: 4.2.3.2.30',
  text: {
    en: 'limitedMetadata is not flagged in an affinity domain.',
    ja: 'アフィニティドメインでは limitedMetadata は使えません。',
  },
  faults: (object, column) =>
    optionalityOf(LIMITED_METADATA_OPTIONALITY, column, object) === 'X' && isLimited(object)
      ? fault(
          `limitedMetadata is not allowed on a ${kindOf(object)} here`,
          `この ${kindOf(object)} に limitedMetadata は使えません`,
        )
      : NONE,
};

const LIMITED_NEEDED: SharedRule = {
  rule: 'limitedMetadata/required',
  attribute: 'limitedMetadata',
  columns: ['XDR MS'],
  check: 'required',
  section: 'ITI TF-3: 4.2.3.2.30',
  text: {
    en: 'A Metadata-Limited Document Source flags limitedMetadata.',
    ja: 'Metadata-Limited Document Source は limitedMetadata を付けます。',
  },
  faults: (object) =>
    isLimited(object) ? NONE : fault('limitedMetadata is missing', 'limitedMetadata がありません'),
};

function isLimited({ classifications }: RegistryObject): boolean {
  return classifications.some(
    ({ classificationNode }) => nameOfUrn(LIMITED_METADATA_NODE, classificationNode) !== undefined,
  );
}

const PARTS: readonly SharedRule[] = [
  {
    rule: 'slots/names',
    section: 'ITI TF-3: 4.2.3.1.6',
    text: {
      en: 'A slot that IHE does not define has a URN for its name, and not one of IHE; no slot stands twice.',
      ja: 'IHE が定めないスロットの名前は IHE 以外の URN とし、同じスロットを重ねません。',
    },
    faults: slotFaults,
  },
  {
    rule: 'Classification/owner',
    section: 'ITI TF-3: 4.2.3.1.2',
    text: {
      en: 'A Classification names the object that holds it, and has a scheme or a node.',
      ja: 'Classification は自身を含むオブジェクトを指し、scheme か node の一方を持ちます。',
    },
    faults: ({ id, classifications }) =>
      classifications.flatMap((one) => [
        ...(one.classifiedObject === id
          ? NONE
          : fault(
              `the Classification ${one.id} is that of another object`,
              `Classification ${one.id} が別のオブジェクトを指しています`,
            )),
        ...((one.classificationScheme === undefined) !== (one.classificationNode === undefined)
          ? NONE
          : fault(
              `the Classification ${one.id} needs a scheme or a node, and not both`,
              `Classification ${one.id} には scheme か node の一方だけが必要です`,
            )),
      ]),
  },
  {
    rule: 'ExternalIdentifier/owner',
    section: 'ITI TF-3: 4.2.3.1.3',
    text: {
      en: 'An ExternalIdentifier names the object that holds it.',
      ja: 'ExternalIdentifier は自身を含むオブジェクトを指します。',
    },
    faults: ({ id, externalIdentifiers }) =>
      externalIdentifiers
        .filter(({ registryObject }) => registryObject !== id)
        .flatMap((one) =>
          fault(
            `the ExternalIdentifier ${one.id} is that of another object`,
            `ExternalIdentifier ${one.id} が別のオブジェクトを指しています`,
          ),
        ),
  },
];

const NAMED: SharedRule = {
  rule: 'ExternalIdentifier/name',
  severity: 'warning',
  section: 'ITI TF-3: Table 4.2.5.1-2',
  text: {
    en: 'An ExternalIdentifier has the name that the Framework fixes, such as XDSDocumentEntry.uniqueId.',
    ja: 'ExternalIdentifier の名前は XDSDocumentEntry.uniqueId などに決まっています。',
  },
  faults: identifierNameFaults,
};

function slotFaults(object: RegistryObject): Faults {
  const kind = kindOf(object) ?? 'Association';
  const known: readonly string[] = SLOT_NAMES[kind];
  const seen = new Set<string>();
  return object.slots.flatMap(({ name }) => {
    const faults: RuleFault[] = [];
    if (seen.has(name)) {
      faults.push({ en: `the slot ${name} stands twice`, ja: `スロット ${name} が重なっています` });
    }
    seen.add(name);
    if (known.includes(name)) return faults;
    const lower = name.toLowerCase();
    if (!/^urn:\S+$/.test(lower)) {
      faults.push({
        en: `the slot ${name} is not known, and its name is no URN`,
        ja: `スロット ${name} は未知で、名前が URN ではありません`,
      });
    } else if (lower.startsWith('urn:ihe:')) {
      faults.push({
        en: `the slot ${name} is not one that IHE defines here`,
        ja: `スロット ${name} は IHE がここで定めるものではありません`,
      });
    }
    return faults;
  });
}

function identifierNameFaults(object: RegistryObject): Faults {
  const kind = kindOf(object);
  if (kind === undefined || kind === 'Association') return NONE;
  return object.externalIdentifiers.flatMap(({ identificationScheme, name }) => {
    const attribute = nameOfUrn<string>(IDENTIFICATION[kind], identificationScheme);
    const expected = `XDS${kind}.${attribute}`;
    if (attribute === undefined || name[0]?.value === expected) return NONE;
    return fault(
      `the ExternalIdentifier of ${attribute} is not named ${expected}`,
      `${attribute} の ExternalIdentifier の名前が ${expected} ではありません`,
    );
  });
}

const ALL_KINDS = [...HEADER, ...PARTS];
const LABELLED = [LIMITED, LIMITED_NEEDED];

/** Every rule about one object by itself, by its kind: the header, the table of attributes, authors, slots, parts. */
export const OBJECT_RULES: Readonly<Record<MetadataKind, readonly ObjectRule[]>> = {
  DocumentEntry: [
    ...rulesFor('DocumentEntry', [...HEADER, ...LABELLED]),
    ...ATTRIBUTE_RULES.DocumentEntry,
    ...rulesFor('DocumentEntry', [...AUTHOR_RULES, ...PARTS, NAMED, ...DOCUMENT_ENTRY_RULES]),
  ],
  SubmissionSet: [
    ...rulesFor('SubmissionSet', [...HEADER, ...LABELLED]),
    ...ATTRIBUTE_RULES.SubmissionSet,
    ...rulesFor('SubmissionSet', [...AUTHOR_RULES, ...PARTS, NAMED]),
  ],
  Folder: [
    ...rulesFor('Folder', [...HEADER, ...LABELLED]),
    ...ATTRIBUTE_RULES.Folder,
    ...rulesFor('Folder', [...PARTS, NAMED]),
  ],
  Association: [...ATTRIBUTE_RULES.Association, ...rulesFor('Association', ALL_KINDS)],
};
