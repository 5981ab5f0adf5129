import { escapeXml } from '../../profiles/formats/xml.ts';
import type { PatientRecord } from '../../profiles/patient.ts';
import type { DemoHospital } from './regions.ts';

/** What a referral says. */
export interface Referral {
  /** OID of the document. */
  readonly uniqueId: string;
  readonly from: DemoHospital;
  readonly to: DemoHospital;
  readonly patient: PatientRecord;
  /** HL7 TS, to the second, with an offset. */
  readonly effectiveTime: string;
  readonly sections: readonly {
    readonly title: string;
    readonly text: string;
    readonly code?: string;
  }[];
}

/** 診療情報提供書 (a letter of referral) as HL7 CDA R2; the words are invented. Source: HL7 CDA R2, POCD_HD000040. */
export function cdaReferral(referral: Referral): string {
  const { uniqueId, from, to, patient, effectiveTime, sections } = referral;
  return `<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
  <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
  <id root="${escapeXml(uniqueId)}"/>
  <code code="57133-1" codeSystem="2.16.840.1.113883.6.1" codeSystemName="LOINC" displayName="Referral note">
    <translation code="MD0020730" codeSystem="1.2.392.200119.5.3.1" displayName="診療情報提供書"/>
  </code>
  <title>診療情報提供書</title>
  <effectiveTime value="${escapeXml(effectiveTime)}"/>
  <confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25"/>
  <languageCode code="ja-JP"/>
  <recordTarget>
    <patientRole>
${patient.ids.map(({ id, assigningAuthority }) => `      <id root="${escapeXml(assigningAuthority)}" extension="${escapeXml(id)}"/>`).join('\n')}
      <patient>
${namesOf(patient)}
        <administrativeGenderCode code="${patient.demographics.administrativeGender ?? 'UN'}" codeSystem="2.16.840.1.113883.5.1"/>
        <birthTime value="${escapeXml(patient.demographics.birthTime ?? '')}"/>
      </patient>
      <providerOrganization>${organization(from)}</providerOrganization>
    </patientRole>
  </recordTarget>
  <author>
    <time value="${escapeXml(effectiveTime)}"/>
    <assignedAuthor>
      <id root="${escapeXml(from.device)}" extension="D-0001"/>
      <assignedPerson><name use="IDE"><family>見本</family><given>医師</given></name></assignedPerson>
      <representedOrganization>${organization(from)}</representedOrganization>
    </assignedAuthor>
  </author>
  <custodian>
    <assignedCustodian>
      <representedCustodianOrganization>${organization(from)}</representedCustodianOrganization>
    </assignedCustodian>
  </custodian>
  <informationRecipient typeCode="PRCP">
    <intendedRecipient><receivedOrganization>${organization(to)}</receivedOrganization></intendedRecipient>
  </informationRecipient>
  <component>
    <structuredBody>
${sections.map(sectionOf).join('\n')}
    </structuredBody>
  </component>
</ClinicalDocument>
`;
}

function namesOf({ demographics }: PatientRecord): string {
  return demographics.names
    .map(({ family, given, representation }) => {
      const use = representation === undefined ? '' : ` use="${representation}"`;
      const givens = given.map((each) => `<given>${escapeXml(each)}</given>`).join('');
      return `        <name${use}><family>${escapeXml(family)}</family>${givens}</name>`;
    })
    .join('\n');
}

function organization({ institutionCode, title }: DemoHospital): string {
  return `<id root="1.2.392.100495.20.3.23" extension="${institutionCode.slice(3)}"/><name>${escapeXml(title.ja)}</name>`;
}

function sectionOf({ title, text, code }: Referral['sections'][number]): string {
  const coded =
    code === undefined
      ? ''
      : `<code code="${escapeXml(code)}" codeSystem="2.16.840.1.113883.6.1"/>`;
  return `      <component><section>${coded}<title>${escapeXml(title)}</title><text>${escapeXml(text)}</text></section></component>`;
}
