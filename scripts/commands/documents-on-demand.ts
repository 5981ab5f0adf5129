import { dtmOf, encodeCX, encodeXON } from '../../profiles/formats/datatypes.ts';
import type { PatientId } from '../../profiles/patient.ts';
import type { SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import { ITI_61 } from '../../profiles/xds/iti-61.ts';
import type { DocumentEntry } from '../../profiles/xds/metadata.ts';
import {
  associationToEbxml,
  documentEntryToEbxml,
  submissionSetToEbxml,
} from '../../profiles/xds/metadata-ebxml.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';
import { command, EXIT, option, required } from '../command.ts';
import {
  CONFIDENTIALITY_CODES,
  DOCUMENT_TYPES,
  FORMAT_CODES,
  MEDICAL_INSTITUTION,
  oidOfUuid,
  PRACTICE_SETTINGS,
} from '../document-codes.ts';
import { refusedBy, regionalIdOf, sourceIdOf } from '../documents.ts';
import { type AskedRegion, patientIdOf, REGION_OPTIONS, withRegion } from '../region.ts';

const TITLES = { 'ja-JP': '患者サマリー', 'en-US': 'Patient summary' } as const;

/** What an operator says of the summary. */
interface Wanted {
  readonly patientId: PatientId;
  readonly sourcePatientId: PatientId;
  readonly sourceId: string;
  readonly language: keyof typeof TITLES;
  readonly title: string | undefined;
  readonly confidentiality: keyof typeof CONFIDENTIALITY_CODES;
}

/** `kakehashi documents on-demand register`. */
export const documentsOnDemand = command({
  name: 'documents on-demand',
  summary: {
    en: "Promise a patient's summary, which is made when it is retrieved (ITI-61): documents on-demand register.",
    ja: '取得時に作成される患者サマリーを登録する（ITI-61）: documents on-demand register。',
  },
  arguments: {
    action: required(
      option.oneOf(['register'], { en: 'What to do: register.', ja: '操作: register（登録）。' }),
    ),
  },
  options: {
    ...REGION_OPTIONS,
    patient: required(
      option.text({
        en: "A number of the patient that the region knows, 'ID^^^&OID&ISO'.",
        ja: "地域が知っている患者番号 'ID^^^&OID&ISO'。",
      }),
    ),
    language: option.oneOf(
      ['ja-JP', 'en-US'],
      { en: 'Language of the summary.', ja: 'サマリーの言語。' },
      'ja-JP',
    ),
    title: option.text({ en: 'Title.', ja: '標題。' }),
    confidentiality: option.oneOf(
      ['N', 'R', 'V'],
      {
        en: 'Normal, restricted, very restricted; it tells of documents of this confidentiality alone.',
        ja: '機密度: 通常、制限、厳重制限。この機密度の文書だけを載せる。',
      },
      'N',
    ),
    sourceId: option.oid({
      en: 'OID to submit under; from the directory, if not given.',
      ja: '登録元の OID。無指定なら連携先一覧から取る。',
    }),
  },
  async run({ folder, as, url, patient, sourceId, ...wanted }, { print, progress }) {
    const sourcePatientId = patientIdOf(patient, '--patient');
    const { response, uniqueId } = await progress({ en: 'sending', ja: '送信中です' }, async () =>
      withRegion({ folder, as, url }, async (region) => {
        const patientId = await regionalIdOf(region, sourcePatientId);
        const source = sourceId ?? sourceIdOf(region);
        const entry = entryOf(region, { ...wanted, patientId, sourcePatientId, sourceId: source });
        const request = submissionOf(entry, source, region);
        const answer = await region.ask(ITI_61, 'document-registry', request);
        return { response: answer, uniqueId: entry.uniqueId };
      }),
    );
    if (response.status !== 'Success') throw refusedBy(response.errors);
    print(uniqueId, { uniqueId, warnings: response.errors });
    return EXIT.done;
  },
});

function entryOf({ config, issue }: AskedRegion, wanted: Wanted): DocumentEntry {
  const { patientId, sourcePatientId, language, title, confidentiality } = wanted;
  return {
    kind: 'DocumentEntry',
    objectType: 'On-Demand',
    entryUUID: 'Document1',
    patientId,
    sourcePatientId: encodeCX(sourcePatientId),
    uniqueId: oidOfUuid(issue.uuid()),
    repositoryUniqueId: config.repositoryUniqueId,
    mimeType: 'text/xml',
    title: title ?? TITLES[language],
    author: [{ authorInstitution: [encodeXON({ organizationName: config.name })] }],
    classCode: DOCUMENT_TYPES.summary,
    typeCode: DOCUMENT_TYPES.summary,
    formatCode: FORMAT_CODES.mimeTypeSufficient,
    confidentialityCode: [CONFIDENTIALITY_CODES[confidentiality]],
    healthcareFacilityTypeCode: MEDICAL_INSTITUTION,
    practiceSettingCode: PRACTICE_SETTINGS.internalMedicine,
    eventCodeList: [],
    languageCode: language,
  };
}

function submissionOf(
  entry: DocumentEntry,
  sourceId: string,
  { issue }: AskedRegion,
): SubmitObjectsRequest {
  const set = submissionSetToEbxml({
    kind: 'SubmissionSet',
    entryUUID: 'SubmissionSet',
    patientId: entry.patientId,
    uniqueId: oidOfUuid(issue.uuid()),
    sourceId,
    author: entry.author,
    contentTypeCode: entry.typeCode,
    submissionTime: dtmOf(issue.now()),
  });
  const member = associationToEbxml({
    kind: 'Association',
    entryUUID: 'Member1',
    associationType: ASSOCIATION_TYPE.HasMember,
    sourceObject: 'SubmissionSet',
    targetObject: entry.entryUUID,
    submissionSetStatus: 'Original',
  });
  return { objects: [set, documentEntryToEbxml(entry), member] };
}
