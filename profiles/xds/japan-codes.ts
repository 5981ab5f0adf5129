import type { CodeSets } from './affinity-domain.ts';

const LOINC = '2.16.840.1.113883.6.1';
const CONFIDENTIALITY = '2.16.840.1.113883.5.25';
const IHE_FORMATS = '1.3.6.1.4.1.19376.1.2.3';
const DICOM_SOP_CLASSES = '1.2.840.10008.2.6.1';
const DICOM = '1.2.840.10008.2.16.4';
const FEE_TABLE = '1.2.392.100495.20.3.22';
const DEPARTMENTS = '1.2.392.200250.2.2.2';

/** Kinds of document. Source: LOINC; SS-MIX2 extended storage, Table of document types; JP FHIR document types. */
// biome-ignore format: a table is read by its columns.
const DOCUMENT_TYPES = [
  { code: '57133-1', codingScheme: LOINC, displayName: '診療情報提供書・紹介状' },
  { code: '18842-5', codingScheme: LOINC, displayName: '退院時サマリー' },
  { code: '11506-3', codingScheme: LOINC, displayName: '経過記録' },
  { code: '34108-1', codingScheme: LOINC, displayName: '外来診療録' },
  { code: '34112-3', codingScheme: LOINC, displayName: '入院診療録' },
  { code: '74465-6', codingScheme: LOINC, displayName: '災害時 J-SPEED 記録' },
  { code: '57833-6', codingScheme: LOINC, displayName: '処方箋' },
  { code: '56447-6', codingScheme: LOINC, displayName: '計画書・患者サマリー' },
  { code: '53576-5', codingScheme: LOINC, displayName: '健診結果報告書' },
  { code: '11502-2', codingScheme: LOINC, displayName: '検体検査報告' },
  { code: '18748-4', codingScheme: LOINC, displayName: '画像診断報告' },
  { code: '18725-2', codingScheme: LOINC, displayName: '微生物検査報告' },
  { code: '11526-1', codingScheme: LOINC, displayName: '病理検査報告' },
  { code: '18782-3', codingScheme: LOINC, displayName: '内視鏡・放射線所見' },
  { code: '11369-6', codingScheme: LOINC, displayName: '予防接種歴' },
  { code: '59284-0', codingScheme: LOINC, displayName: '同意書' },
  { code: '34133-9', codingScheme: LOINC, displayName: '患者要約' },
  { code: '60591-5', codingScheme: LOINC, displayName: '患者サマリー' },
  { code: '34746-8', codingScheme: LOINC, displayName: '看護記録' },
  { code: '34109-9', codingScheme: LOINC, displayName: 'ノート' },
  { code: '67796-3', codingScheme: LOINC, displayName: '救急搬送記録' },
  { code: '11450-4', codingScheme: LOINC, displayName: '病名一覧' },
  { code: '48765-2', codingScheme: LOINC, displayName: 'アレルギー' },
];

/** Source: HL7 v3 Confidentiality. */
const CONFIDENTIALITY_CODES = [
  { code: 'N', codingScheme: CONFIDENTIALITY, displayName: '通常' },
  { code: 'R', codingScheme: CONFIDENTIALITY, displayName: '制限' },
  { code: 'V', codingScheme: CONFIDENTIALITY, displayName: '厳重制限' },
];

/** Source: IHE format codes; DICOM Key Object Selection; a local list for what only Japan has. */
function formatCodes(localScheme: string) {
  return [
    {
      code: 'urn:ihe:iti:xds:2017:mimeTypeSufficient',
      codingScheme: IHE_FORMATS,
      displayName: 'mimeType Sufficient',
    },
    {
      code: 'urn:ihe:iti:xds-sd:pdf:2008',
      codingScheme: IHE_FORMATS,
      displayName: 'XDS-SD (PDF)',
    },
    {
      code: 'urn:ihe:iti:xds-sd:text:2008',
      codingScheme: IHE_FORMATS,
      displayName: 'XDS-SD (text)',
    },
    { code: 'urn:ihe:iti:bppc:2007', codingScheme: IHE_FORMATS, displayName: '同意書（BPPC）' },
    {
      code: '1.2.840.10008.5.1.4.1.1.88.59',
      codingScheme: DICOM_SOP_CLASSES,
      displayName: 'DICOM Key Object Selection',
    },
    { code: 'jp:cda-referral:1', codingScheme: localScheme, displayName: '診療情報提供書 CDA' },
    {
      code: 'jp:fhir-clins-ereferral:1',
      codingScheme: localScheme,
      displayName: '電子紹介状（FHIR）',
    },
    ...SSMIX2_DATA_TYPES.map(([type, displayName]) => ({
      code: `jp:ssmix2:${type}`,
      codingScheme: localScheme,
      displayName: `SS-MIX2 ${displayName}`,
    })),
  ];
}

/** Data types of SS-MIX2 for whose documents LOINC has no code that fits: they are kinds of their own. */
const SSMIX2_KINDS = [
  ...['ADT-22', 'ADT-52', 'OMD', 'OMP-02', 'OMP-12', 'OML-01'],
  ...['OMG-01', 'OMG-02', 'OMG-12', 'OMG-03', 'OMG-13'],
];

function documentTypes(localScheme: string) {
  const local = SSMIX2_DATA_TYPES.filter(([type]) => SSMIX2_KINDS.includes(type));
  return [
    ...DOCUMENT_TYPES,
    ...local.map(([type, displayName]) => ({
      code: `jp:ssmix2:${type}`,
      codingScheme: localScheme,
      displayName,
    })),
  ];
}

/** SS-MIX2 standard storage, the data types that are shared as documents. */
// biome-ignore format: a table is read by its columns.
const SSMIX2_DATA_TYPES = [
  ['ADT-22', '入院実施'],
  ['ADT-52', '退院実施'],
  ['ADT-61', 'アレルギー'],
  ['OMD',    '食事オーダー'],
  ['OMP-01', '処方オーダー'],
  ['OMP-11', '処方実施'],
  ['OMP-02', '注射オーダー'],
  ['OMP-12', '注射実施'],
  ['OML-01', '検体検査オーダー'],
  ['OML-11', '検体検査結果'],
  ['OMG-01', '放射線検査オーダー'],
  ['OMG-11', '放射線検査実施'],
  ['OMG-02', '内視鏡検査オーダー'],
  ['OMG-12', '内視鏡検査実施'],
  ['OMG-03', '生理検査オーダー'],
  ['OMG-13', '生理検査結果'],
  ['PPR-01', '病名'],
] as const;

/** Source: fee table digit of the institution code. */
const FACILITY_TYPES = [
  { code: '1', codingScheme: FEE_TABLE, displayName: '医科' },
  { code: '2', codingScheme: FEE_TABLE, displayName: '健診機関等（保険外）' },
  { code: '3', codingScheme: FEE_TABLE, displayName: '歯科' },
  { code: '4', codingScheme: FEE_TABLE, displayName: '調剤' },
  { code: '6', codingScheme: FEE_TABLE, displayName: '訪問看護' },
];

/**
 * Code systems that no list can hold: disease and procedure codes, laboratory codes, modalities.
 * Source: MEDIS disease names, ICD-10, JLAC10, DICOM.
 */
const EVENT_CODES = [
  { codingScheme: DICOM, displayName: 'DICOM（モダリティー）' },
  { codingScheme: '1.2.392.200119.4.101.6', displayName: 'MEDIS 病名' },
  { codingScheme: '2.16.840.1.113883.6.3', displayName: 'ICD-10' },
  { codingScheme: '1.2.392.200119.4.504', displayName: 'JLAC10' },
];

const MIME_TYPES = [
  'text/xml',
  'text/plain',
  'application/pdf',
  'application/dicom',
  'application/fhir+json',
  'application/fhir+xml',
  'image/bmp',
  'image/jpeg',
  'image/png',
  'video/mp4',
  'x-application/hl7-v2+er7',
];

/**
 * Code sets of a Japanese affinity domain: LOINC document types and the classes of the JAHIS guide. A region starts with
 * these; they become its own as soon as they lie in its folder.
 *
 * @param localScheme OID of the region's own list of format codes
 */
export function japaneseCodeSets(localScheme: string): CodeSets {
  const types = documentTypes(localScheme);
  return {
    codes: {
      classCode: types,
      typeCode: types,
      contentTypeCode: types,
      confidentialityCode: CONFIDENTIALITY_CODES,
      formatCode: formatCodes(localScheme),
      healthcareFacilityTypeCode: FACILITY_TYPES,
      // Two digits are a department, a third its detail: hospitals have their own.
      practiceSettingCode: [{ codingScheme: DEPARTMENTS, displayName: 'SS-MIX2 診療科' }],
      eventCodeList: EVENT_CODES,
    },
    mimeTypes: MIME_TYPES,
  };
}
