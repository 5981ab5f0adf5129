import type { Code } from '../profiles/xds/metadata.ts';

const LOINC = '2.16.840.1.113883.6.1';
const CONFIDENTIALITY = '2.16.840.1.113883.5.25';
const IHE_FORMATS = '1.3.6.1.4.1.19376.1.2.3';
const FACILITY_TYPES = '1.2.392.100495.20.3.22';
const DEPARTMENTS = '1.2.392.200250.2.2.2';

/** Kinds of document, by the word that the command line takes. Source: LOINC; titles as Japanese hospitals use them. */
// biome-ignore format: a table is read by its columns.
export const DOCUMENT_TYPES = {
  referral:   { code: '57133-1', codingScheme: LOINC, displayName: '診療情報提供書' },
  discharge:  { code: '18842-5', codingScheme: LOINC, displayName: '退院時サマリー' },
  progress:   { code: '11506-3', codingScheme: LOINC, displayName: '経過記録' },
  laboratory: { code: '11502-2', codingScheme: LOINC, displayName: '検体検査報告' },
  imaging:    { code: '18748-4', codingScheme: LOINC, displayName: '画像診断報告' },
  summary:    { code: '60591-5', codingScheme: LOINC, displayName: '患者サマリー' },
} as const satisfies Record<string, Code>;

export type DocumentType = keyof typeof DOCUMENT_TYPES;

/** How confidential: normal, restricted, very restricted. Source: HL7 Confidentiality. */
export const CONFIDENTIALITY_CODES = {
  N: { code: 'N', codingScheme: CONFIDENTIALITY, displayName: '通常' },
  R: { code: 'R', codingScheme: CONFIDENTIALITY, displayName: '制限' },
  V: { code: 'V', codingScheme: CONFIDENTIALITY, displayName: '厳重制限' },
} as const satisfies Record<string, Code>;

/** How a document's octets are to be understood. Source: IHE format codes; the last is this domain's own. */
export const FORMAT_CODES = {
  mimeTypeSufficient: {
    code: 'urn:ihe:iti:xds:2017:mimeTypeSufficient',
    codingScheme: IHE_FORMATS,
    displayName: 'mimeType Sufficient',
  },
  cdaReferral: {
    code: 'jp:cda-referral:1',
    codingScheme: '2.999.392.100.1',
    displayName: '診療情報提供書 CDA',
  },
} as const satisfies Record<string, Code>;

/** The kind of institution. Source: fee table digit. */
export const MEDICAL_INSTITUTION: Code = {
  code: '1',
  codingScheme: FACILITY_TYPES,
  displayName: '医科',
};

/** Departments that the samples use. Source: SS-MIX2 department table. */
export const PRACTICE_SETTINGS = {
  internalMedicine: { code: '01', codingScheme: DEPARTMENTS, displayName: '内科' },
  cardiology: { code: '08', codingScheme: DEPARTMENTS, displayName: '循環器科' },
} as const satisfies Record<string, Code>;

const MIME_TYPES: Readonly<Record<string, string>> = {
  '.xml': 'text/xml',
  '.txt': 'text/plain',
  '.pdf': 'application/pdf',
  '.bmp': 'image/bmp',
  '.png': 'image/png',
  '.jpg': 'image/jpeg',
  '.jpeg': 'image/jpeg',
  '.dcm': 'application/dicom',
  '.json': 'application/fhir+json',
  '.mp4': 'video/mp4',
  '.hl7': 'x-application/hl7-v2+er7',
  '.html': 'text/html',
  '.htm': 'text/html',
  '.css': 'text/css',
  '.gif': 'image/gif',
  '.tif': 'image/tiff',
  '.tiff': 'image/tiff',
};

/** The mimeType of a file by its ending, or undefined when the ending does not tell. */
export function mimeTypeOf(fileName: string): string | undefined {
  const ending = /\.[A-Za-z0-9]+$/.exec(fileName)?.[0].toLowerCase();
  return ending === undefined ? undefined : MIME_TYPES[ending];
}

/** An OID under 2.25 for a UUID: unique without an authority. Source: ITU-T X.667, section 8. */
export function oidOfUuid(uuid: string): string {
  return `2.25.${BigInt(`0x${uuid.replaceAll('-', '')}`)}`;
}

/** The ending of a file of that mimeType, with its dot; empty when none is known. */
export function endingOf(mimeType: string): string {
  return Object.entries(MIME_TYPES).find(([, known]) => known === mimeType)?.[0] ?? '';
}
