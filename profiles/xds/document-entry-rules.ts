import { lowerBound } from '../formats/datatypes.ts';
import type { RegistryObject } from '../formats/ebxml.ts';
import { DATATYPES } from './metadata-datatypes.ts';
import { fault, type Faults, type MetadataColumn, NONE, type SharedRule } from './metadata-rule.ts';
import { slotValues } from './metadata-xml.ts';
import { DOCUMENT_ENTRY_TYPE, IDENTIFICATION } from './vocabulary.ts';

function stableOnly(column: MetadataColumn): boolean {
  return column !== 'OD' && column !== 'MU' && column !== 'RMU';
}

/** The rules that a DocumentEntry alone has, beside the table of attributes. */
export const DOCUMENT_ENTRY_RULES: readonly SharedRule[] = [
  {
    rule: 'mimeType/required',
    attribute: 'mimeType',
    check: 'required',
    section: 'ITI TF-3: 4.2.3.2.15',
    text: { en: 'A DocumentEntry has a mimeType.', ja: 'DocumentEntry に mimeType は必須です。' },
    faults: (object) =>
      mimeTypeOf(object) ? NONE : fault('mimeType is missing', 'mimeType がありません'),
  },
  {
    rule: 'mimeType/datatype',
    attribute: 'mimeType',
    check: 'datatype',
    section: 'ITI TF-3: 4.2.3.2.15',
    text: {
      en: 'A mimeType is type/subtype, without parameters.',
      ja: 'mimeType は type/subtype で、引数を持ちません。',
    },
    faults: (object) =>
      DATATYPES.MediaType(mimeTypeOf(object) || 'a/b')
        ? NONE
        : fault('mimeType is no media type', 'mimeType がメディアタイプではありません'),
  },
  {
    rule: 'objectType/Stable',
    attribute: 'objectType',
    columns: ['XDS DS', 'XDS DR', 'XDM', 'XDR DS', 'XDR MS'],
    section: 'ITI TF-2: 3.42.4.1.2',
    text: {
      en: 'A submission holds Stable DocumentEntries; On-Demand ones are registered by ITI-61.',
      ja: '登録する DocumentEntry は Stable です。On-Demand は ITI-61 で登録します。',
    },
    faults: ({ objectType }, column) =>
      stableOnly(column) && objectType !== DOCUMENT_ENTRY_TYPE.Stable
        ? fault(
            'the objectType must be that of a Stable DocumentEntry',
            'objectType が Stable の DocumentEntry のものではありません',
          )
        : NONE,
  },
  {
    rule: 'objectType/On-Demand',
    attribute: 'objectType',
    columns: ['OD'],
    section: 'ITI TF-2: 3.61.4.1.2',
    text: {
      en: 'Register On-Demand Document Entry registers On-Demand DocumentEntries alone.',
      ja: 'ITI-61 で登録するのは On-Demand の DocumentEntry だけです。',
    },
    faults: ({ objectType }, column) =>
      column === 'OD' && objectType !== DOCUMENT_ENTRY_TYPE['On-Demand']
        ? fault(
            'the objectType must be that of an On-Demand DocumentEntry',
            'objectType が On-Demand の DocumentEntry のものではありません',
          )
        : NONE,
  },
  {
    rule: 'legalAuthenticator/On-Demand',
    attribute: 'legalAuthenticator',
    severity: 'warning',
    section: 'ITI TF-3: 4.2.3.2.14',
    text: {
      en: 'A document that is made on demand has no legalAuthenticator.',
      ja: 'On-Demand の文書に legalAuthenticator は勧められません。',
    },
    faults: (object) =>
      object.objectType === DOCUMENT_ENTRY_TYPE['On-Demand'] &&
      slotValues(object, 'legalAuthenticator').length > 0
        ? fault(
            'an On-Demand DocumentEntry has a legalAuthenticator',
            'On-Demand の DocumentEntry に legalAuthenticator があります',
          )
        : NONE,
  },
  {
    rule: 'uniqueId/length',
    attribute: 'uniqueId',
    severity: 'warning',
    section: 'ITI TF-3: 4.2.3.2.26',
    text: {
      en: 'Many systems take no uniqueId of more than 128 characters.',
      ja: '128 文字を超える uniqueId は多くのシステムが受け付けません。',
    },
    faults: ({ externalIdentifiers }) =>
      externalIdentifiers.some(
        ({ identificationScheme, value }) =>
          identificationScheme === IDENTIFICATION.DocumentEntry.uniqueId && [...value].length > 128,
      )
        ? fault('uniqueId is longer than 128 characters', 'uniqueId が 128 文字を超えています')
        : NONE,
  },
  {
    rule: 'serviceStartTime/before serviceStopTime',
    attribute: 'serviceStartTime',
    section: 'ITI TF-3: 4.2.3.2.20',
    text: {
      en: 'The service does not stop before it starts.',
      ja: '診療の終了時刻は開始時刻より前ではありません。',
    },
    faults: serviceTimeFaults,
  },
  {
    rule: 'sourcePatientInfo/fields',
    attribute: 'sourcePatientInfo',
    section: 'ITI TF-3: 4.2.3.2.23',
    text: {
      en: 'sourcePatientInfo holds PID-7 and PID-8 once each, and neither PID-2, PID-4, PID-12 nor PID-19.',
      ja: 'sourcePatientInfo の PID-7 と PID-8 は一つずつで、PID-2、PID-4、PID-12、PID-19 は含みません。',
    },
    faults: sourcePatientInfoFaults,
  },
];

function mimeTypeOf(object: RegistryObject): string | undefined {
  return object.element === 'ExtrinsicObject' ? object.mimeType : undefined;
}

function serviceTimeFaults(object: RegistryObject): Faults {
  const [start] = slotValues(object, 'serviceStartTime');
  const [stop] = slotValues(object, 'serviceStopTime');
  if (!start || !stop || !DATATYPES.DTM(start) || !DATATYPES.DTM(stop)) return NONE;
  // Compared at the precision that both have.
  const precision = Math.min(start.length, stop.length);
  return lowerBound(start.slice(0, precision)) > lowerBound(stop.slice(0, precision))
    ? fault(
        'serviceStartTime is after serviceStopTime',
        'serviceStartTime が serviceStopTime より後です',
      )
    : NONE;
}

const ONCE = ['PID-7', 'PID-8'];
const NEVER = ['PID-2', 'PID-4', 'PID-12', 'PID-19'];

function sourcePatientInfoFaults(object: RegistryObject): Faults {
  const fields = slotValues(object, 'sourcePatientInfo').map((value) => value.split('|')[0] ?? '');
  return [
    ...ONCE.filter((name) => fields.filter((field) => field === name).length > 1).flatMap((name) =>
      fault(
        `sourcePatientInfo gives ${name} more than once`,
        `sourcePatientInfo に ${name} が複数あります`,
      ),
    ),
    ...NEVER.filter((name) => fields.includes(name)).flatMap((name) =>
      fault(`sourcePatientInfo holds ${name}`, `sourcePatientInfo に ${name} があります`),
    ),
  ];
}
