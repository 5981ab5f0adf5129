import { shape } from '../formats/datatypes.ts';
import type { RegistryObject } from '../formats/ebxml.ts';
import {
  ATTRIBUTES,
  type AttributeRow,
  LONGEST_TITLE,
  type Optionality,
  PRINTED_COLUMNS,
} from './metadata-attributes.ts';
import { DATATYPES } from './metadata-datatypes.ts';
import type { MetadataColumn, ObjectRule, RuleCheck, RuleFault } from './metadata-rule.ts';
import { classificationsOf, type MetadataKind, slotValues } from './metadata-xml.ts';
import { DOCUMENT_ENTRY_TYPE } from './vocabulary.ts';

/** The printed column that an object is held against: an update asks what the registration of such an object asks. */
function printedColumn(
  column: MetadataColumn,
  object: RegistryObject,
): (typeof PRINTED_COLUMNS)[number] {
  if (column !== 'MU' && column !== 'RMU') return column;
  return object.objectType === DOCUMENT_ENTRY_TYPE['On-Demand'] ? 'OD' : 'XDS DR';
}

/** What a column asks of an attribute of that object. */
export function optionalityOf(
  optionality: AttributeRow['optionality'],
  column: MetadataColumn,
  object: RegistryObject,
): Optionality {
  return optionality[PRINTED_COLUMNS.indexOf(printedColumn(column, object))] ?? 'O';
}

/** The columns in which an attribute is of that optionality; the updates belong to the columns that they borrow. */
export function columnsWith(
  optionality: AttributeRow['optionality'],
  wanted: Optionality,
): readonly MetadataColumn[] {
  const printed = PRINTED_COLUMNS.filter((_, at) => optionality[at] === wanted);
  const updated = printed.includes('XDS DR') || printed.includes('OD');
  return updated ? [...printed, 'MU', 'RMU'] : printed;
}

/** The values of an attribute, as they were written. */
function valuesOf(object: RegistryObject, { carrier, at }: AttributeRow): readonly string[] {
  switch (carrier) {
    case 'slot':
      return slotValues(object, at);
    case 'code':
      return classificationsOf(object, at).map((one) => one.nodeRepresentation ?? '');
    case 'identifier':
      return object.externalIdentifiers
        .filter((one) => one.identificationScheme === at)
        .map((one) => one.value);
    case 'title': {
      const title = object.name[0]?.value ?? '';
      return title === '' ? [] : [title];
    }
  }
}

const CHECKS = {
  required: {
    severity: 'failure',
    en: (what: string) => `A ${what} must be given.`,
    ja: (what: string) => `${what} は必須です。`,
  },
  'required if known': {
    severity: 'warning',
    en: (what: string) => `A ${what} must be given where it is known.`,
    ja: (what: string) => `${what} は、分かっていれば必須です。`,
  },
  prohibited: {
    severity: 'failure',
    en: (what: string) => `A ${what} must not be given.`,
    ja: (what: string) => `${what} は指定できません。`,
  },
  once: {
    severity: 'failure',
    en: (what: string) => `A ${what} has one value.`,
    ja: (what: string) => `${what} の値は一つです。`,
  },
  datatype: {
    severity: 'failure',
    en: (what: string) => `Every ${what} is written as its datatype asks.`,
    ja: (what: string) => `${what} はデータ型どおりに書きます。`,
  },
} as const;

function rule(
  kind: MetadataKind,
  row: AttributeRow,
  {
    check,
    columns,
    faults,
  }: {
    readonly check: Exclude<RuleCheck, 'predicate'>;
    readonly columns?: readonly MetadataColumn[];
    readonly faults: ObjectRule['faults'];
  },
): ObjectRule {
  const { severity, en, ja } = CHECKS[check];
  const { attribute, section } = row;
  const text = { en: en(`${kind}.${attribute}`), ja: ja(`${kind}.${attribute}`) };
  const name = `${kind}.${attribute}/${check}`;
  const given = columns === undefined ? {} : { columns };
  return {
    name,
    kind,
    attribute,
    ...given,
    check,
    severity,
    code: 'MetadataError',
    section,
    text,
    faults,
  };
}

function presenceRules(kind: MetadataKind, row: AttributeRow): readonly ObjectRule[] {
  const { attribute, optionality } = row;
  const missing = { en: `${attribute} is missing`, ja: `${attribute} がありません` };
  const unwanted = { en: `${attribute} is not allowed here`, ja: `${attribute} は使えません` };
  const rows = [
    { check: 'required', wanted: 'R', fault: missing, wrong: (count: number) => count === 0 },
    {
      check: 'required if known',
      wanted: 'R2',
      fault: missing,
      wrong: (count: number) => count === 0,
    },
    { check: 'prohibited', wanted: 'X', fault: unwanted, wrong: (count: number) => count > 0 },
  ] as const;
  return rows.flatMap(({ check, wanted, fault, wrong }) => {
    const columns = columnsWith(optionality, wanted);
    if (columns.length === 0) return [];
    const faults = (object: RegistryObject, column: MetadataColumn) =>
      optionalityOf(optionality, column, object) === wanted && wrong(valuesOf(object, row).length)
        ? [fault]
        : [];
    return [rule(kind, row, { check, columns, faults })];
  });
}

function onceRule(kind: MetadataKind, row: AttributeRow): readonly ObjectRule[] {
  if (row.many === true || row.carrier === 'title') return [];
  const fault = {
    en: `${row.attribute} is given more than once`,
    ja: `${row.attribute} が複数あります`,
  };
  const faults = (object: RegistryObject) => (valuesOf(object, row).length > 1 ? [fault] : []);
  return [rule(kind, row, { check: 'once', faults })];
}

function datatypeRule(kind: MetadataKind, row: AttributeRow): ObjectRule {
  const faults = (object: RegistryObject): readonly RuleFault[] => {
    const wrong = valuesOf(object, row).flatMap((value) => datatypeFaults(value, kind, row));
    if (row.carrier !== 'code') return wrong;
    return [...wrong, ...codeFaults(object, row)];
  };
  return rule(kind, row, { check: 'datatype', faults });
}

function datatypeFaults(
  value: string,
  kind: MetadataKind,
  { attribute, type, carrier }: AttributeRow,
): readonly RuleFault[] {
  if (carrier === 'title') {
    const most = LONGEST_TITLE[kind];
    if ([...value].length <= most) return [];
    return [
      {
        en: `${attribute} is longer than ${most} characters`,
        ja: `${attribute} が ${most} 文字を超えています`,
      },
    ];
  }
  if (value === '') return [{ en: `${attribute} is empty`, ja: `${attribute} が空です` }];
  if (DATATYPES[type](value)) return [];
  return [
    {
      en: `${attribute} is no ${type}: ${shape(value)}`,
      ja: `${attribute} が ${type} の形ではありません: ${shape(value)}`,
    },
  ];
}

/** Source: ITI TF-3: 4.2.3.1.2. */
function codeFaults(object: RegistryObject, { at, attribute }: AttributeRow): readonly RuleFault[] {
  return classificationsOf(object, at).flatMap((classification) => {
    const faults: RuleFault[] = [];
    const schemes = slotValues(classification, 'codingScheme');
    if (schemes.length !== 1 || schemes[0] === '') {
      faults.push({
        en: `${attribute} needs one codingScheme`,
        ja: `${attribute} には codingScheme が一つ必要です`,
      });
    }
    if (!classification.name[0]?.value) {
      faults.push({
        en: `${attribute} needs a display name`,
        ja: `${attribute} には表示名が必要です`,
      });
    }
    return faults;
  });
}

function rulesOf(kind: MetadataKind): readonly ObjectRule[] {
  return ATTRIBUTES[kind].flatMap((row) => [
    ...presenceRules(kind, row),
    ...onceRule(kind, row),
    datatypeRule(kind, row),
  ]);
}

/** The rules that the tables of attributes make, by the kind of object. */
export const ATTRIBUTE_RULES: Readonly<Record<MetadataKind, readonly ObjectRule[]>> = {
  DocumentEntry: rulesOf('DocumentEntry'),
  SubmissionSet: rulesOf('SubmissionSet'),
  Folder: rulesOf('Folder'),
  Association: rulesOf('Association'),
};
