import { findTransaction } from '../../profiles/catalogue.ts';
import { NO_PARTS } from '../../profiles/formats/mtom.ts';
import type { Opened } from '../../profiles/formats/soap.ts';
import {
  type ElementLines,
  parseXml,
  XML_LIMITS,
  type XmlElement,
} from '../../profiles/formats/xml.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import type { AffinityDomain } from '../../profiles/xds/affinity-domain.ts';
import { type Capture, readCapture, reasonOf } from './capture.ts';
import { HTTP_RULES, MIME_RULES } from './capture-rules.ts';
import { EBRIM_RULES, hasRegistryObjects } from './ebrim-rules.ts';
import { ENVELOPE_RULES } from './envelope-rules.ts';
import { type Message, messageOf } from './message.ts';
import { codesReport, metadataReports, submissionOf } from './metadata-rules.ts';
import { PACKAGING_RULES, TRANSPORT_RULE } from './packaging-rules.ts';
import { QUERY_RULES, queryOf, REMOVAL_RULES } from './query-rules.ts';
import { isXdsAnswer, RESPONSE_RULES } from './response-rules.ts';
import { namesDocuments, RETRIEVE_RULES } from './retrieve-rules.ts';
import {
  both,
  type Finding,
  failure,
  judge,
  type Places,
  type RuleReport,
  reportOf,
} from './rule.ts';

/** What is known beside the file. */
export interface ValidateOptions {
  /** The Content-Type header, for a body that was captured without its HTTP header. */
  readonly contentType?: string;
  /** The transaction, such as `ITI-41`, where neither action nor payload tells it. */
  readonly transaction?: string;
  /** Where given, codes are looked up. */
  readonly domain?: AffinityDomain;
}

/** What came of a file. */
export interface Validation {
  readonly form: Capture['form'];
  readonly transaction?: string;
  readonly direction?: Message['direction'];
  /** Every rule that applies, in the order from the outside in. */
  readonly rules: readonly RuleReport[];
  /** False where a rule failed. */
  readonly passed: boolean;
}

/** Judges a SOAP message, a bare payload or a capture by every rule that applies to it. Never throws for its contents. */
export async function validate(bytes: Buffer, options: ValidateOptions = {}): Promise<Validation> {
  const capture = await readCapture(bytes, options.contentType);
  const lines: ElementLines = new WeakMap();
  const places: Places = { lines, before: capture.linesBefore };
  const outer = [
    ...(capture.form === 'http' ? judge(HTTP_RULES, capture, places) : []),
    ...(isMultipart(capture) ? judge(MIME_RULES, capture, places) : []),
  ];
  if (capture.xml === undefined) return concluded(capture, outer);
  const { root, findings } = readXml(capture.xml, places);
  const wellFormed = reportOf(WELL_FORMED, findings, places);
  if (root === undefined) return concluded(capture, [...outer, wellFormed]);
  const { parts, isExact } = capture;
  const { transaction } = options;
  const message = messageOf(root, {
    isExact,
    ...(parts === undefined ? {} : { parts }),
    ...(transaction === undefined ? {} : { transaction }),
  });
  const rules = [...outer, wellFormed, ...reportsOf(message, capture, { places, ...options })];
  return concluded(capture, rules, message);
}

function isMultipart({ form, contentType, parts }: Capture): boolean {
  return (
    form === 'multipart' ||
    parts !== undefined ||
    contentType?.type.startsWith('multipart/') === true
  );
}

const WELL_FORMED = {
  rule: 'xml.well-formed',
  source: 'XML 1.0; Namespaces in XML 1.0; SOAP 1.2 Part 1, section 5',
  what: both(
    'The XML is well-formed, in UTF-8, without a DOCTYPE, every prefix declared.',
    'XML は整形式で UTF-8、DOCTYPE がなく、接頭辞はすべて宣言されている。',
  ),
};

function readXml(
  xml: Uint8Array,
  { lines, before }: Places,
): { readonly root?: XmlElement; readonly findings: readonly Finding[] } {
  try {
    return { root: parseXml(xml, { ...XML_LIMITS, bytes: 256 * 1_048_576 }, lines), findings: [] };
  } catch (error) {
    if (refusalsOf(error) === undefined) throw error;
    const reason = reasonOf(error);
    const line = /line (\d+)/.exec(reason.en)?.[1];
    const at = line === undefined || before === undefined ? undefined : Number(line) + before;
    return { findings: [failure(reason, at)] };
  }
}

interface Judging extends ValidateOptions {
  readonly places: Places;
}

function reportsOf(
  message: Message,
  capture: Capture,
  { places, domain }: Judging,
): readonly RuleReport[] {
  const query = queryOf(message);
  const submission = submissionOf(message);
  const type = capture.contentType?.type;
  return [
    ...(type === undefined ? [] : judge([TRANSPORT_RULE], { type, message }, places)),
    ...(message.envelope === undefined ? [] : judge(ENVELOPE_RULES, message, places)),
    reportOf(PAYLOAD_KNOWN, payloadKnown(message), places),
    ...(isV3(message) ? [reportOf(READABLE, unreadable(message), places)] : []),
    ...(carriesDocuments(message) ? judge(PACKAGING_RULES, message, places) : []),
    ...(hasRegistryObjects(message) || query !== undefined
      ? judge(EBRIM_RULES, message, places)
      : []),
    ...(submission === undefined ? [] : metadataReports(submission, places)),
    ...(submission === undefined || domain === undefined
      ? []
      : [codesReport(submission, domain, places)]),
    ...(query === undefined ? [] : judge(QUERY_RULES, query, places)),
    ...(message.payload?.name === 'RemoveObjectsRequest'
      ? judge(REMOVAL_RULES, message, places)
      : []),
    ...(isXdsAnswer(message) ? judge(RESPONSE_RULES, message, places) : []),
    ...(namesDocuments(message) ? judge(RETRIEVE_RULES, message, places) : []),
  ];
}

function carriesDocuments({ payload, parts }: Message): boolean {
  const names = ['ProvideAndRegisterDocumentSetRequest', 'RetrieveDocumentSetResponse'];
  return parts !== undefined || names.includes(payload?.name ?? '');
}

const PAYLOAD_KNOWN = {
  rule: 'message.known',
  source: 'ITI TF-2',
  what: both(
    'The payload is a message of a known transaction.',
    '既知のトランザクションの電文である。',
  ),
};

/** A fault and a V3 message are known by their action; a bare payload only by its name. */
function payloadKnown(message: Message): readonly Finding[] {
  const { transaction, payload, root } = message;
  const isKnown = transaction !== undefined || isXdsAnswer(message) || payload?.name === 'Fault';
  if (isKnown) return [];
  const name = payload?.name ?? root.name;
  return [failure(both(`${name} is not`, `${name} は既知の電文ではありません`), payload ?? root)];
}

const READABLE = {
  rule: 'message.readable',
  source: 'ITI TF-2: Appendix O; HL7 Version 3',
  what: both(
    'Everything that the transaction needs is there and can be read.',
    'トランザクションに必要な内容が揃い、読み取れる。',
  ),
};

function isV3({ payload }: Message): boolean {
  return payload?.namespace === 'urn:hl7-org:v3';
}

/** What the transaction itself refuses to read. */
function unreadable({ transaction, direction, headers, payload, action }: Message) {
  const known = findTransaction(transaction?.id ?? '');
  if (known === undefined || payload === undefined) return [];
  const opened: Opened = { action: action ?? '', headers, body: payload };
  try {
    if (direction === 'answer') known.response.decode(opened, NO_PARTS);
    else known.request.decode(opened, NO_PARTS);
    return [];
  } catch (error) {
    const refusals = refusalsOf(error);
    if (refusals === undefined) throw error;
    return refusals.map(({ code, context }) =>
      failure(both(`${code}: ${context}`, `読み取れません（${code}: ${context}）`), payload),
    );
  }
}

function concluded({ form }: Capture, rules: readonly RuleReport[], message?: Message): Validation {
  const { transaction, direction } = message ?? {};
  return {
    form,
    ...(transaction === undefined ? {} : { transaction: transaction.id }),
    ...(direction === undefined ? {} : { direction }),
    rules,
    passed: rules.every(({ verdict }) => verdict !== 'failure'),
  };
}
