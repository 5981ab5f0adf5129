import type { PatientId } from '../../profiles/patient.ts';
import type { Code, DocumentEntry } from '../../profiles/xds/metadata.ts';
import type { SubmissionParts } from '../support/xds-builders.ts';

let counted = 0;

/** An OID that nobody else in this run has. */
export function freshOid(): string {
  counted += 1;
  return `2.999.78.${counted}`;
}

const displayed = (code: string, codingScheme: string, displayName: string): Code => ({
  code,
  codingScheme,
  displayName,
});

const AUTHOR = {
  authorPerson: '11111^試験^医師^^^^^^&2.999.6.197&ISO',
  authorInstitution: ['試験病院^^^^^^^^^2.999.1.2'],
  authorRole: ['主治医'],
  authorSpecialty: ['内科'],
};

/** A DocumentEntry with Japanese text in every attribute that may carry it. */
export function aJapaneseEntry(): Partial<DocumentEntry> {
  return {
    title: '診療情報提供書',
    comments: '担当医より、髙橋・﨑・𠮷のとおり',
    author: [AUTHOR],
    legalAuthenticator: '33333^確認^次郎^^^^^^&2.999.6.197&ISO',
    classCode: displayed('57133-1', '2.16.840.1.113883.6.1', '紹介状'),
    typeCode: displayed('57133-1', '2.16.840.1.113883.6.1', '紹介状'),
    confidentialityCode: [displayed('N', '2.16.840.1.113883.5.25', '通常')],
    eventCodeList: [displayed('EV-1', '2.999.5.3', '検査')],
    formatCode: displayed(
      'urn:ihe:iti:xds:2017:mimeTypeSufficient',
      '1.3.6.1.4.1.19376.1.2.3',
      '種別で足りる',
    ),
    healthcareFacilityTypeCode: displayed('HOSP', '2.16.840.1.113883.5.111', '病院'),
    practiceSettingCode: displayed('394802001', '2.16.840.1.113883.6.96', '総合診療'),
    sourcePatientInfo: [
      'PID-3|MRN-9^^^&2.999.3.8&ISO',
      'PID-5|試験^太郎',
      'PID-7|19700101',
      'PID-8|M',
      'PID-11|試験町1-2-3^^松江市^島根県^690-0000^JPN',
    ],
  };
}

/** A submission of one document and a folder, in Japanese. */
export function aJapaneseSubmission(patientId: PatientId, sourceId: string): SubmissionParts {
  return {
    submissionSet: {
      patientId,
      sourceId,
      uniqueId: freshOid(),
      title: '提出一式',
      comments: '紹介に伴う提出',
      author: [AUTHOR],
      contentTypeCode: displayed('57133-1', '2.16.840.1.113883.6.1', '診療情報提供'),
      intendedRecipient: ['受取病院^^^^^^^^^2.999.1.3|22222^受取^花子^^^^^^&2.999.6.197&ISO'],
    },
    documentEntries: [{ ...aJapaneseEntry(), uniqueId: freshOid() }],
    folders: [
      {
        uniqueId: freshOid(),
        title: '入院一回目',
        comments: '入院の記録',
        codeList: [displayed('EPI', '2.999.5.2', '入院')],
      },
    ],
  };
}
