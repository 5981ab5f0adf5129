import type { Datatype } from './metadata-datatypes.ts';
import type { MetadataKind } from './metadata-xml.ts';
import { CLASSIFICATION, IDENTIFICATION, REFERENCE_ID_LIST } from './vocabulary.ts';

/** Required, required if known, optional, prohibited. Source: ITI TF-3: 4.3.1. */
export type Optionality = 'R' | 'R2' | 'O' | 'X';

/** The columns of the table that the Framework prints, in its order. */
export const PRINTED_COLUMNS = ['XDS DS', 'XDS DR', 'XDM', 'XDR DS', 'XDR MS', 'OD'] as const;

/** One row of the tables of attributes. */
export interface AttributeRow {
  readonly attribute: string;
  readonly carrier: 'slot' | 'code' | 'identifier' | 'title';
  /** Slot name, classificationScheme or identificationScheme; empty for the title. */
  readonly at: string;
  readonly many?: true;
  readonly type: Datatype;
  /** By printed column. */
  readonly optionality: readonly [
    Optionality,
    Optionality,
    Optionality,
    Optionality,
    Optionality,
    Optionality,
  ];
  /** Where ITI TF-3 describes it. */
  readonly section: string;
}

type Six = AttributeRow['optionality'];

// Whole rows of the printed table, which repeat.
const ALWAYS: Six = ['R', 'R', 'R', 'R', 'R', 'R'];
const OPTIONAL: Six = ['O', 'O', 'O', 'O', 'O', 'O'];
const USUAL: Six = ['R', 'R', 'R2', 'R', 'R2', 'R'];
const IF_KNOWN: Six = ['R2', 'R2', 'R2', 'R2', 'R2', 'R2'];
const IF_KNOWN_BUT_ON_DEMAND: Six = ['R2', 'R2', 'R2', 'R2', 'R2', 'O'];
const OF_BYTES: Six = ['O', 'R', 'R', 'O', 'O', 'X'];

const MANY = { many: true } as const;

function slot(attribute: string, type: Datatype, optionality: Six, section: string): AttributeRow {
  return { attribute, carrier: 'slot', at: attribute, type, optionality, section };
}

function code(
  kind: keyof typeof CLASSIFICATION,
  attribute: string,
  { optionality, section }: { readonly optionality: Six; readonly section: string },
): AttributeRow {
  const schemes: Readonly<Record<string, string>> = CLASSIFICATION[kind];
  const at = schemes[attribute] ?? '';
  return { attribute, carrier: 'code', at, type: 'String', optionality, section };
}

function identifier(
  kind: keyof typeof IDENTIFICATION,
  attribute: string,
  row: Pick<AttributeRow, 'type' | 'optionality' | 'section'>,
): AttributeRow {
  const schemes: Readonly<Record<string, string>> = IDENTIFICATION[kind];
  return { attribute, carrier: 'identifier', at: schemes[attribute] ?? '', ...row };
}

function title(optionality: Six, section: string): AttributeRow {
  return { attribute: 'title', carrier: 'title', at: '', type: 'String', optionality, section };
}

const DE = 'ITI TF-3: 4.2.3.2';
const SS = 'ITI TF-3: 4.2.3.3';
const FD = 'ITI TF-3: 4.2.3.4';

/**
 * The attributes whose rules are made from the table. author, entryUUID, homeCommunityId, limitedMetadata, mimeType and
 * objectType have rules of their own.
 *
 * @see ITI TF-3: Tables 4.2.3.2-1, 4.2.3.3-1, 4.2.3.4-1 and 4.3.1-3
 */
export const ATTRIBUTES: Readonly<Record<MetadataKind, readonly AttributeRow[]>> = {
  DocumentEntry: [
    code('DocumentEntry', 'classCode', { optionality: USUAL, section: `${DE}.3` }),
    {
      ...code('DocumentEntry', 'confidentialityCode', { optionality: USUAL, section: `${DE}.5` }),
      ...MANY,
    },
    {
      ...code('DocumentEntry', 'eventCodeList', { optionality: OPTIONAL, section: `${DE}.8` }),
      ...MANY,
    },
    code('DocumentEntry', 'formatCode', { optionality: USUAL, section: `${DE}.9` }),
    code('DocumentEntry', 'healthcareFacilityTypeCode', {
      optionality: USUAL,
      section: `${DE}.11`,
    }),
    code('DocumentEntry', 'practiceSettingCode', { optionality: USUAL, section: `${DE}.17` }),
    code('DocumentEntry', 'typeCode', { optionality: USUAL, section: `${DE}.25` }),
    slot('creationTime', 'DTM', ['R', 'R', 'R2', 'R', 'R2', 'X'], `${DE}.6`),
    slot(
      'documentAvailability',
      'Availability',
      OPTIONAL,
      'XDS Metadata Update: documentAvailability',
    ),
    slot('hash', 'SHA1', OF_BYTES, `${DE}.10`),
    slot('languageCode', 'Language', USUAL, `${DE}.13`),
    slot('legalAuthenticator', 'XCN', OPTIONAL, `${DE}.14`),
    {
      ...slot('referenceIdList', 'CXi', OPTIONAL, `${DE}.28`),
      at: REFERENCE_ID_LIST,
      ...MANY,
    },
    slot('repositoryUniqueId', 'OID', ['O', 'R', 'O', 'O', 'O', 'R'], `${DE}.18`),
    slot('serviceStartTime', 'DTM', IF_KNOWN_BUT_ON_DEMAND, `${DE}.19`),
    slot('serviceStopTime', 'DTM', IF_KNOWN_BUT_ON_DEMAND, `${DE}.20`),
    slot('size', 'Integer', OF_BYTES, `${DE}.21`),
    slot('sourcePatientId', 'CX', USUAL, `${DE}.22`),
    {
      ...slot(
        'sourcePatientInfo',
        'SourcePatientInfo',
        ['O', 'O', 'R2', 'O', 'R2', 'O'],
        `${DE}.23`,
      ),
      ...MANY,
    },
    // Long file names are cut over several values.
    { ...slot('URI', 'String', ['O', 'O', 'R', 'O', 'O', 'O'], `${DE}.27`), ...MANY },
    identifier('DocumentEntry', 'patientId', {
      type: 'CX',
      optionality: USUAL,
      section: `${DE}.16`,
    }),
    identifier('DocumentEntry', 'uniqueId', {
      type: 'Identifier',
      optionality: ALWAYS,
      section: `${DE}.26`,
    }),
    title(OPTIONAL, `${DE}.24`),
  ],
  SubmissionSet: [
    code('SubmissionSet', 'contentTypeCode', { optionality: USUAL, section: `${SS}.4` }),
    {
      ...slot('intendedRecipient', 'Recipient', ['O', 'O', 'R2', 'R2', 'R2', 'O'], `${SS}.7`),
      ...MANY,
    },
    slot('submissionTime', 'DTM', ALWAYS, `${SS}.10`),
    identifier('SubmissionSet', 'patientId', {
      type: 'CX',
      optionality: USUAL,
      section: `${SS}.8`,
    }),
    identifier('SubmissionSet', 'sourceId', {
      type: 'OID',
      optionality: ALWAYS,
      section: `${SS}.9`,
    }),
    identifier('SubmissionSet', 'uniqueId', {
      type: 'OID',
      optionality: ALWAYS,
      section: `${SS}.12`,
    }),
    title(OPTIONAL, `${SS}.11`),
  ],
  Folder: [
    { ...code('Folder', 'codeList', { optionality: USUAL, section: `${FD}.2` }), ...MANY },
    slot('lastUpdateTime', 'DTM', OPTIONAL, `${FD}.6`),
    identifier('Folder', 'patientId', { type: 'CX', optionality: USUAL, section: `${FD}.7` }),
    identifier('Folder', 'uniqueId', { type: 'OID', optionality: ALWAYS, section: `${FD}.9` }),
    title(['R', 'R', 'O', 'R', 'O', 'R'], `${FD}.8`),
  ],
  Association: [
    code('Association', 'associationDocumentation', {
      optionality: OPTIONAL,
      section: 'ITI TF-3: 4.2.2.2',
    }),
  ],
};

/** Attributes that the Framework asks for where they are known, and that are Classifications without a code. */
export const AUTHOR_OPTIONALITY: Six = IF_KNOWN;
/** Of the label limitedMetadata. */
export const LIMITED_METADATA_OPTIONALITY: Six = ['X', 'X', 'O', 'X', 'R', 'X'];

/** Characters of a title. Source: ITI TF-3: 4.2.3.2.24, 4.2.3.3.11, 4.2.3.4.8. */
export const LONGEST_TITLE = {
  DocumentEntry: 128,
  SubmissionSet: 256,
  Folder: 256,
  Association: 256,
} as const;
