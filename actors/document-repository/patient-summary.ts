import { decodeXON } from '../../profiles/formats/datatypes.ts';
import { isUid, v3, v3Text, writeAssignedId } from '../../profiles/formats/hl7v3-datatypes.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import type { Code, DocumentEntry } from '../../profiles/xds/metadata.ts';
import type { Community } from '../actor.ts';
import { summaryWords, type SummaryWords } from './summary-words.ts';

/** What a summary is made of. */
export interface SummaryFacts {
  /** OID of the summary as a document. */
  readonly uniqueId: string;
  /** When it was made: DTM, UTC, to the second. */
  readonly creationTime: string;
  /** The On-Demand entry that promises it: its language, title, type and patient. */
  readonly entry: DocumentEntry;
  /** The documents that it tells of, the newest first. */
  readonly documents: readonly DocumentEntry[];
  readonly community: Community;
}

/**
 * A patient's summary as HL7 CDA R2: her documents by class, the newest first, each with a reference by which it can be
 * retrieved; in Japanese or English, as the entry's languageCode says.
 *
 * The same facts give the same octets. Source: HL7 CDA R2, POCD_HD000040.
 */
export function patientSummary(facts: SummaryFacts): string {
  const { uniqueId, creationTime, entry, community } = facts;
  const words = summaryWords(entry.languageCode);
  const effectiveTime = `${creationTime}+0000`;
  const organization = community.homeCommunityId.replace(/^urn:oid:/, '');
  const document = [
    v3('typeId', { root: '2.16.840.1.113883.1.3', extension: 'POCD_HD000040' }),
    v3('id', { root: uniqueId }),
    codeElement(entry.typeCode),
    v3Text('title', entry.title ?? words.title),
    v3('effectiveTime', { value: effectiveTime }),
    codeElement(entry.confidentialityCode[0], 'confidentialityCode'),
    v3('languageCode', { code: entry.languageCode }),
    v3('recordTarget', {}, patientRole(facts)),
    v3(
      'author',
      {},
      v3('time', { value: effectiveTime }),
      v3(
        'assignedAuthor',
        {},
        v3('id', { root: community.device }),
        v3('assignedAuthoringDevice', {}, v3Text('softwareName', 'Kakehashi')),
        v3('representedOrganization', {}, v3('id', { root: organization })),
      ),
    ),
    v3(
      'custodian',
      {},
      v3(
        'assignedCustodian',
        {},
        v3('representedCustodianOrganization', {}, v3('id', { root: organization })),
      ),
    ),
    v3('component', {}, v3('structuredBody', {}, ...sections(facts.documents, words))),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ClinicalDocument xmlns="urn:hl7-org:v3">${document.join('')}</ClinicalDocument>\n`;
}

function patientRole({ entry, documents }: SummaryFacts): string {
  const told = [entry, ...documents].find(({ sourcePatientInfo = [] }) =>
    sourcePatientInfo.some((line) => line.startsWith('PID-5|')),
  );
  const person = told ? patientOf(told.sourcePatientInfo ?? []) : undefined;
  return v3('patientRole', {}, writeAssignedId(entry.patientId), person);
}

/** HL7 V2 administrative sex, as V3 says it. */
const GENDER: Readonly<Record<string, string>> = { M: 'M', F: 'F', A: 'UN', O: 'UN' };

/** What the source of a document wrote of the patient. Source: ITI TF-3: 4.2.3.2.23. */
function patientOf(info: readonly string[]): string {
  const values = (field: string) =>
    info.filter((line) => line.startsWith(`${field}|`)).map((line) => line.slice(field.length + 1));
  const names = values('PID-5').flatMap((field) => field.split('~'));
  const gender = GENDER[values('PID-8')[0] ?? ''];
  const [birthTime] = values('PID-7');
  return v3(
    'patient',
    {},
    ...names.map((name) => {
      const [family, given] = name.split('^');
      return v3(
        'name',
        {},
        v3Text('family', family || undefined),
        v3Text('given', given || undefined),
      );
    }),
    gender && v3('administrativeGenderCode', { code: gender, codeSystem: '2.16.840.1.113883.5.1' }),
    birthTime && /^\d{4}(\d{2}){0,2}$/.test(birthTime)
      ? v3('birthTime', { value: birthTime })
      : undefined,
  );
}

/** One section a class, in the order of the classes' codes. */
function sections(documents: readonly DocumentEntry[], words: SummaryWords): readonly string[] {
  const classes = new Map<string, DocumentEntry[]>();
  for (const document of documents) {
    const { code, codingScheme } = document.classCode;
    const key = `${code} ${codingScheme}`;
    const known = classes.get(key);
    if (known) known.push(document);
    else classes.set(key, [document]);
  }
  if (classes.size === 0) {
    return [component(v3Text('title', words.documents), v3Text('text', words.none))];
  }
  return [...classes]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([, members]) => section(members, words));
}

function section(members: readonly DocumentEntry[], words: SummaryWords): string {
  const [first] = members;
  const heading = first?.classCode.displayName ?? first?.classCode.code ?? words.documents;
  const head = [words.date, words.name, words.kind, words.author].map((word) => v3Text('th', word));
  const rows = members.map((document) => {
    const cells = [
      dateOf(document.creationTime),
      document.title ?? '',
      document.typeCode.displayName ?? document.typeCode.code,
      institutionOf(document),
    ];
    return v3('tr', {}, ...cells.map((cell) => v3Text('td', cell)));
  });
  const table = v3('table', {}, v3('thead', {}, v3('tr', {}, ...head)), v3('tbody', {}, ...rows));
  return component(
    first && codeElement(first.classCode),
    v3Text('title', heading),
    v3('text', {}, table),
    ...members.map(reference),
  );
}

function component(...content: readonly (string | undefined)[]): string {
  return v3('component', {}, v3('section', {}, ...content));
}

/** The document itself, by its uniqueId and, for retrieval, by its uniqueId in its repository. */
function reference(document: DocumentEntry): string {
  const { uniqueId, repositoryUniqueId, typeCode, mimeType } = document;
  const external = v3(
    'externalDocument',
    { classCode: 'DOC', moodCode: 'EVN' },
    uniqueIdElement(uniqueId),
    repositoryUniqueId === undefined
      ? undefined
      : v3('id', { root: repositoryUniqueId, extension: uniqueId }),
    codeElement(typeCode),
    v3('text', { mediaType: mimeType }),
  );
  const act = v3(
    'act',
    { classCode: 'ACT', moodCode: 'EVN' },
    codeElement(typeCode),
    v3('reference', { typeCode: 'REFR' }, external),
  );
  return v3('entry', { typeCode: 'DRIV' }, act);
}

/** `root^extension`, or an OID; what is neither is told by its repository alone. */
function uniqueIdElement(uniqueId: string): string | undefined {
  const [root = '', extension] = uniqueId.split('^');
  return isUid(root) ? v3('id', { root, extension }) : undefined;
}

/** A coded value; what V3 cannot carry as a code is told as text. */
function codeElement(code: Code | undefined, name = 'code'): string {
  if (code === undefined) return v3(name, { nullFlavor: 'NI' });
  const { codingScheme, displayName } = code;
  if (/\s/.test(code.code) || code.code === '') {
    return v3(name, { nullFlavor: 'OTH' }, v3Text('originalText', displayName ?? code.code));
  }
  const scheme = isUid(codingScheme)
    ? { codeSystem: codingScheme }
    : { codeSystemName: codingScheme };
  return v3(name, { code: code.code, ...scheme, displayName });
}

/** `20250102…` as 2025-01-02, as far as it is given. */
function dateOf(dtm = ''): string {
  return [dtm.slice(0, 4), dtm.slice(4, 6), dtm.slice(6, 8)]
    .filter((part) => part !== '')
    .join('-');
}

function institutionOf({ author }: DocumentEntry): string {
  const [institution] = author.flatMap(({ authorInstitution = [] }) => authorInstitution);
  if (institution === undefined) return '';
  try {
    return decodeXON(institution).organizationName;
  } catch (error) {
    if (refusalsOf(error)) return '';
    throw error;
  }
}
