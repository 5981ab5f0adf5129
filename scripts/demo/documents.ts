import { createHash } from 'node:crypto';
import type { DocumentContent } from '../../profiles/formats/mtom.ts';
import { encodeCX, encodeXCN, encodeXON } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { Code, DocumentEntry } from '../../profiles/xds/metadata.ts';
import {
  CONFIDENTIALITY_CODES,
  DOCUMENT_TYPES,
  FORMAT_CODES,
  MEDICAL_INSTITUTION,
  PRACTICE_SETTINGS,
} from '../document-codes.ts';
import { cdaReferral } from './cda-referral.ts';
import { type Bitmap, bitmap, bitmapBytes } from './image.ts';
import { type DemoPatient, demoPatients, recordIn } from './patients.ts';
import { smallPdf } from './pdf.ts';
import { type DemoRegion, demoRegion } from './regions.ts';

/** A document of the demo: its octets, and what its DocumentEntry says. */
export interface DemoDocument {
  readonly fileName: string;
  /** Whose it is. */
  readonly patient: DemoPatient['key'];
  readonly uniqueId: string;
  readonly title: string;
  readonly mimeType: string;
  readonly typeCode: Code;
  readonly formatCode: Code;
  readonly practiceSettingCode: Code;
  /** HL7 DTM, UTC. */
  readonly creationTime: string;
  /** Always with size and SHA-1; `open` may be called any number of times. */
  readonly content: DocumentContent & { readonly sizeBytes: number; readonly sha1: string };
}

/** The picture is this large: a little over 20 MB. */
const PHANTOM: Bitmap = { width: 2_500, height: 2_668 };

const CREATED = '20260110010000';

/**
 * What the hospital of a region submits about Hanako: Okayama a CDA referral and a text, Kagawa a PDF and a picture of 20 MB,
 * Shimane a text of its own.
 */
export function demoDocuments(region: DemoRegion): readonly DemoDocument[] {
  switch (region.name) {
    case 'okayama':
      return [referral(region), progressNote(region, 2)];
    case 'kagawa':
      return [dischargeSummary(region), picture(region)];
    case 'shimane':
      return [progressNote(region, 1)];
  }
}

/** The DocumentEntry of a document, once its patient has a regional id. `entryUUID` may be symbolic. */
export function demoDocumentEntry(
  document: DemoDocument,
  region: DemoRegion,
  about: { readonly entryUUID: string; readonly patientId: PatientId },
): DocumentEntry {
  const patient = demoPatient(document.patient);
  const record = recordIn(patient, region.name);
  const [chartNumber] = record?.ids ?? [];
  const { gender, birth } = {
    gender: patient.demographics.administrativeGender ?? 'U',
    birth: patient.demographics.birthTime ?? '',
  };
  return {
    kind: 'DocumentEntry',
    objectType: 'Stable',
    entryUUID: about.entryUUID,
    patientId: about.patientId,
    uniqueId: document.uniqueId,
    mimeType: document.mimeType,
    title: document.title,
    author: [
      {
        authorPerson: encodeXCN({
          id: 'D-0001',
          family: '見本',
          given: '医師',
          assigningAuthority: region.hospital.device,
        }),
        authorInstitution: [encodeXON({ organizationName: region.hospital.title.ja })],
        authorRole: ['医師'],
      },
    ],
    classCode: document.typeCode,
    typeCode: document.typeCode,
    formatCode: document.formatCode,
    confidentialityCode: [CONFIDENTIALITY_CODES.N],
    healthcareFacilityTypeCode: MEDICAL_INSTITUTION,
    practiceSettingCode: document.practiceSettingCode,
    eventCodeList: [],
    languageCode: 'ja-JP',
    creationTime: document.creationTime,
    hash: document.content.sha1,
    size: document.content.sizeBytes,
    ...(chartNumber === undefined ? {} : { sourcePatientId: encodeCX(chartNumber) }),
    sourcePatientInfo: [`PID-7|${birth}`, `PID-8|${gender}`],
  };
}

function demoPatient(key: DemoPatient['key']): DemoPatient {
  const found = demoPatients().find((each) => each.key === key);
  if (found === undefined) throw new Error(`no demo patient ${key}`);
  return found;
}

function referral(region: DemoRegion): DemoDocument {
  const uniqueId = uniqueIdIn(region, 1);
  const record = recordIn(demoPatient('hanako'), region.name);
  if (record === undefined) throw new Error(`hanako was never seen in ${region.name}`);
  const text = cdaReferral({
    uniqueId,
    from: region.hospital,
    to: demoRegion('shimane').hospital,
    patient: record,
    effectiveTime: '20260110100000+0900',
    sections: [
      { title: '紹介目的', text: '動悸の精査をお願いします。', code: '42349-1' },
      { title: '傷病名', text: '発作性心房細動の疑い（架空の症例）', code: '29548-5' },
      {
        title: '現病歴',
        text: '2 か月前から月に数回、数分間の動悸を自覚している。',
        code: '10164-2',
      },
      { title: 'アレルギー', text: '特記すべきことなし。', code: '48765-2' },
      { title: '現在の処方', text: 'なし。', code: '10160-0' },
    ],
  });
  return {
    fileName: 'referral.xml',
    patient: 'hanako',
    uniqueId,
    title: '診療情報提供書',
    mimeType: 'text/xml',
    typeCode: DOCUMENT_TYPES.referral,
    formatCode: FORMAT_CODES.cdaReferral,
    practiceSettingCode: PRACTICE_SETTINGS.internalMedicine,
    creationTime: CREATED,
    content: inMemory(Buffer.from(text, 'utf8')),
  };
}

function progressNote(region: DemoRegion, number: number): DemoDocument {
  const text = [
    `${region.hospital.title.ja}　経過記録（架空）`,
    '患者: 試験 花子',
    '主訴: 動悸',
    '所見: 脈拍 72/分、整。血圧 124/76 mmHg。',
    '計画: 心電図を記録し、次回に説明する。',
    '',
  ].join('\n');
  return {
    fileName: 'progress-note.txt',
    patient: 'hanako',
    uniqueId: uniqueIdIn(region, number),
    title: '経過記録',
    mimeType: 'text/plain',
    typeCode: DOCUMENT_TYPES.progress,
    formatCode: FORMAT_CODES.mimeTypeSufficient,
    practiceSettingCode: PRACTICE_SETTINGS.internalMedicine,
    creationTime: CREATED,
    content: inMemory(Buffer.from(text, 'utf8')),
  };
}

function dischargeSummary(region: DemoRegion): DemoDocument {
  const bytes = smallPdf('退院時サマリー', [
    { text: '退院時サマリー（架空）', size: 20 },
    { text: 'Discharge summary (invented)', size: 12 },
    { text: region.hospital.title.ja, size: 12 },
    { text: '患者: 試験 花子　1970 年 1 月 1 日生', size: 12 },
    { text: '診断: 発作性心房細動の疑い', size: 12 },
    { text: '経過: 入院中に発作なく、独歩で退院した。', size: 12 },
  ]);
  return {
    fileName: 'discharge-summary.pdf',
    patient: 'hanako',
    uniqueId: uniqueIdIn(region, 1),
    title: '退院時サマリー',
    mimeType: 'application/pdf',
    typeCode: DOCUMENT_TYPES.discharge,
    formatCode: FORMAT_CODES.mimeTypeSufficient,
    practiceSettingCode: PRACTICE_SETTINGS.cardiology,
    creationTime: CREATED,
    content: inMemory(bytes),
  };
}

function picture(region: DemoRegion): DemoDocument {
  return {
    fileName: 'phantom.bmp',
    patient: 'hanako',
    uniqueId: uniqueIdIn(region, 2),
    title: '画像診断　見本画像',
    mimeType: 'image/bmp',
    typeCode: DOCUMENT_TYPES.imaging,
    formatCode: FORMAT_CODES.mimeTypeSufficient,
    practiceSettingCode: PRACTICE_SETTINGS.cardiology,
    creationTime: CREATED,
    content: drawn(PHANTOM),
  };
}

function uniqueIdIn({ homeCommunityId }: DemoRegion, number: number): string {
  return `${homeCommunityId.slice('urn:oid:'.length)}.20.${number}`;
}

function inMemory(bytes: Uint8Array): DemoDocument['content'] {
  return {
    sizeBytes: bytes.length,
    sha1: createHash('sha1').update(bytes).digest('hex'),
    async *open() {
      yield bytes;
    },
  };
}

/** Pictures are the same each time, and so are their hashes. */
const DRAWN = new Map<string, string>();

/** Drawn anew for each reader; its hash is taken the first time that it is asked for. */
function drawn(size: Bitmap): DemoDocument['content'] {
  return {
    sizeBytes: bitmapBytes(size),
    get sha1() {
      const key = `${size.width}x${size.height}`;
      const sha1 = DRAWN.get(key) ?? hashOf(bitmap(size));
      DRAWN.set(key, sha1);
      return sha1;
    },
    async *open() {
      yield* bitmap(size);
    },
  };
}

function hashOf(chunks: Iterable<Uint8Array>): string {
  const hash = createHash('sha1');
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest('hex');
}
