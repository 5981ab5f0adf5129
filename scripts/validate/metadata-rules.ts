import type { Classification, RegistryObject } from '../../profiles/formats/ebxml.ts';
import { decodeClassification, decodeRegistryObject } from '../../profiles/formats/ebxml-decode.ts';
import {
  childNamed,
  childrenNamed,
  elementsOf,
  isNamed,
  type XmlElement,
} from '../../profiles/formats/xml.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import {
  type AffinityDomain,
  type UnknownCode,
  unknownCodesOf,
  unknownCodeText,
} from '../../profiles/xds/affinity-domain.ts';
import type { MetadataColumn } from '../../profiles/xds/metadata-rule.ts';
import { judgeSubmission, refusalsOfDocuments } from '../../profiles/xds/metadata-rules.ts';
import { LIMITED_METADATA_NODE, NS } from '../../profiles/xds/vocabulary.ts';
import type { Message } from './message.ts';
import { both, type Finding, failure, type Places, type RuleReport, reportOf } from './rule.ts';

/** A submission as far as it could be read: its objects, and where each stands. */
export interface Submission {
  readonly objects: readonly RegistryObject[];
  readonly column: MetadataColumn;
  readonly by: 'Registry' | 'Repository';
  readonly elements: ReadonlyMap<string, XmlElement>;
  /** What could not be read at all. */
  readonly unread: readonly Finding[];
  /** `xds:Document/@id`; undefined for a submission without documents. */
  readonly documents?: readonly string[];
}

/** The submission that a payload carries; undefined for another payload. */
export function submissionOf(message: Message): Submission | undefined {
  const { payload } = message;
  if (payload === undefined) return undefined;
  const provides = isNamed(payload, NS.xds, 'ProvideAndRegisterDocumentSetRequest');
  const submit = provides ? childNamed(payload, NS.lcm, 'SubmitObjectsRequest') : payload;
  if (submit === undefined || !isNamed(submit, NS.lcm, 'SubmitObjectsRequest')) return undefined;
  const list = childNamed(submit, NS.rim, 'RegistryObjectList');
  const { objects, elements, unread } = read(list === undefined ? [] : elementsOf(list));
  const documents = childrenNamed(payload, NS.xds, 'Document').map(
    (document) => document.attributes.get('id') ?? '',
  );
  return {
    objects,
    elements,
    unread,
    column: columnOf(message, objects),
    by: provides ? 'Repository' : 'Registry',
    ...(provides ? { documents } : {}),
  };
}

const READING = { code: 'XDSRegistryMetadataError', unknown: 'kept' } as const;

/** Reads object by object, so that one that cannot be read hides no other. */
function read(list: readonly XmlElement[]) {
  const objects: RegistryObject[] = [];
  const loose: Classification[] = [];
  const elements = new Map<string, XmlElement>();
  const unread: Finding[] = [];
  for (const element of list) {
    if (isNamed(element, NS.rim, 'ObjectRef')) continue;
    const id = element.attributes.get('id') ?? '';
    try {
      if (isNamed(element, NS.rim, 'Classification')) {
        loose.push(decodeClassification(element, READING));
        continue;
      }
      elements.set(id, element);
      objects.push(decodeRegistryObject(element, READING));
    } catch (error) {
      const refusals = refusalsOf(error);
      if (refusals === undefined) throw error;
      const reasons = refusals.map(({ context }) => both(context, `読み取れません: ${context}`));
      unread.push(...reasons.map((reason) => failure(reason, element, id)));
    }
  }
  return { objects: objects.map((object) => labelled(object, loose)), elements, unread };
}

/** The Classification that labels a package may stand beside it. */
function labelled(object: RegistryObject, loose: readonly Classification[]): RegistryObject {
  const own = loose.filter(({ classifiedObject }) => classifiedObject === object.id);
  if (own.length === 0) return object;
  return { ...object, classifications: [...object.classifications, ...own] };
}

const COLUMNS: Readonly<Record<string, MetadataColumn>> = {
  'ITI-41': 'XDS DS',
  'ITI-42': 'XDS DR',
  'ITI-57': 'MU',
  'ITI-61': 'OD',
  'ITI-92': 'RMU',
};

/** Whose duty the metadata are judged by; who flags them as limited is a metadata-limited source. */
function columnOf({ transaction }: Message, objects: readonly RegistryObject[]): MetadataColumn {
  const column = COLUMNS[transaction?.id ?? ''] ?? 'XDS DR';
  const nodes: readonly string[] = Object.values(LIMITED_METADATA_NODE);
  const isLimited = objects.some(({ classifications }) =>
    classifications.some(({ classificationNode }) => nodes.includes(classificationNode ?? '')),
  );
  return column === 'XDS DS' && isLimited ? 'XDR MS' : column;
}

/** One report for each rule of metadata that the transaction asks. */
export function metadataReports(submission: Submission, places: Places): readonly RuleReport[] {
  const { objects, column, by, elements, unread } = submission;
  const findings = new Map<string, Finding[]>();
  const rules = new Map<string, Pick<RuleReport, 'rule' | 'source' | 'what'>>();
  for (const { rule, outcome, objectId, found } of judgeSubmission(objects, { column, by })) {
    const name = `metadata.${rule.name}`;
    rules.set(name, { rule: name, source: rule.section, what: rule.text });
    if (outcome === 'pass') continue;
    const at = objectId === undefined ? undefined : elements.get(objectId);
    const ofRule = findings.get(name) ?? [];
    findings.set(name, ofRule);
    ofRule.push({
      verdict: outcome,
      reason: found ?? rule.text,
      ...(at === undefined ? {} : { at }),
      ...(objectId === undefined ? {} : { object: objectId }),
    });
  }
  return [
    reportOf(READABLE, unread, places),
    ...[...rules].map(([name, rule]) => reportOf(rule, findings.get(name) ?? [], places)),
    ...documentReports(submission, places),
  ];
}

const READABLE = {
  rule: 'metadata.readable',
  source: 'ITI TF-3: 4.2.1',
  what: both('Every object can be read.', 'どのオブジェクトも読み取れる。'),
};

function documentReports(
  { objects, documents, elements }: Submission,
  places: Places,
): readonly RuleReport[] {
  if (documents === undefined) return [];
  const findings = refusalsOfDocuments(objects, documents).map(({ code, context, location = '' }) =>
    failure(
      both(`${code}: ${context}`, `${code}: ${MISSING[code] ?? context}（${location}）`),
      elements.get(location),
      location,
    ),
  );
  const rule = {
    rule: 'metadata.documents',
    source: 'ITI TF-2: 3.41.4.1.3',
    what: both(
      'Every DocumentEntry has its document, and every document its DocumentEntry.',
      'どの DocumentEntry にも文書があり、どの文書にも DocumentEntry がある。',
    ),
  };
  return [reportOf(rule, findings, places)];
}

const MISSING: Readonly<Record<string, string>> = {
  XDSMissingDocument: 'DocumentEntry に対応する文書がありません',
  XDSMissingDocumentMetadata: '文書に対応する DocumentEntry がありません',
};

/** The report on codes that the affinity domain does not know. */
export function codesReport(
  { objects, elements }: Submission,
  domain: AffinityDomain,
  places: Places,
): RuleReport {
  const verdict = domain.unknownCodes === 'refuse' ? 'failure' : 'warning';
  const findings = unknownCodesOf(objects, domain).map((unknown) => {
    const at = elements.get(unknown.object);
    return {
      verdict,
      reason: both(unknownCodeText(unknown), japaneseText(unknown)),
      object: unknown.object,
      ...(at === undefined ? {} : { at }),
    } as const;
  });
  const rule = {
    rule: 'codes.known',
    source: 'ITI TF-2: 3.42.4.1.3',
    what: both(
      'Codes and mimeTypes are those of the affinity domain.',
      'コードと mimeType は地域で定めたものである。',
    ),
  };
  return reportOf(rule, findings, places);
}

function japaneseText({ attribute, code, codingScheme, nearest }: UnknownCode): string {
  const given = codingScheme === undefined ? code : `${codingScheme} の ${code}`;
  const near =
    typeof nearest === 'string' ? nearest : nearest && `${nearest.codingScheme} の ${nearest.code}`;
  const hint = near === undefined ? '' : `。最も近いのは ${near}`;
  return `${attribute} の ${given} はこの地域のコードにありません${hint}`;
}
