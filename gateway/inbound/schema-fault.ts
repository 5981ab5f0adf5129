import { shape } from '../../profiles/formats/datatypes.ts';
import { HL7_V3 } from '../../profiles/formats/hl7v3-reading.ts';
import type { DetailCode } from '../../profiles/formats/hl7v3-codes.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { NS } from '../../profiles/xds/vocabulary.ts';

/** What libxml2 finds wrong with a message. */
export interface SchemaFault {
  /** Of libxml2's list of errors. */
  readonly code: number;
  /** Of the envelope, counted from 1. */
  readonly line: number;
  /** As libxml2 words it, with the sender's values in it: for no one's eyes. */
  readonly message: string;
  /** Local names from the payload down to the element. */
  readonly path: readonly string[];
  /** The id of the registry object around it. */
  readonly objectId: string | undefined;
}

const PREFIXES: Readonly<Record<string, string>> = {
  ...Object.fromEntries(Object.entries(NS).map(([prefix, namespace]) => [namespace, prefix])),
  [HL7_V3]: 'hl7',
  'urn:ihe:iti:xcpd:2009': 'xcpd',
  'urn:x-kakehashi:document-registry': 'kkh',
  'http://www.w3.org/2001/XMLSchema': 'xsd',
  'http://www.w3.org/2001/XMLSchema-instance': 'xsi',
};

/** The names that the schemas know: they may be said aloud; every other name comes from the sender. */
export class Vocabulary {
  readonly #names: ReadonlySet<string>;

  /** @param schemas the texts of the schemas */
  constructor(schemas: readonly string[]) {
    const found = schemas.flatMap((text) => [...text.matchAll(/\bname="([^"]+)"/g)]);
    this.#names = new Set(found.map(([, name = '']) => name));
  }

  /** `{namespace}name` as people write it; a name of the sender's own as its shape. */
  said(qualified: string): string {
    const [, namespace, local = ''] = /^(?:\{([^}]*)\})?(.*)$/s.exec(qualified) ?? [];
    const name = this.#names.has(local) ? local : shape(local);
    if (namespace === undefined) return name;
    return `${PREFIXES[namespace] ?? '{another namespace}'}:${name}`;
  }
}

/** A kind of fault: how libxml2 words it, how we do, and what V3 calls it. */
interface Kind {
  /** Named groups: `list` is of our schemas, `names` one of ours, `value` the sender's. */
  readonly says: RegExp;
  readonly v3: DetailCode;
  readonly text: (groups: Readonly<Record<string, string>>) => string;
}

const KINDS: readonly Kind[] = [
  {
    says: /^Missing child element\(s\)\. Expected is (?:one of )?\( (?<list>.*?) \)\.$/s,
    v3: 'SYN100',
    text: ({ list }) => `expected ${list} inside it, received nothing more`,
  },
  {
    says: /^This element is not expected\. Expected is (?:one of )?\( (?<list>.*?) \)\.$/s,
    v3: 'SYN110',
    text: ({ list }) => `expected ${list}, received this element`,
  },
  {
    says: /^This element is not expected\.$/s,
    v3: 'SYN110',
    text: () => 'expected no further element, received this one',
  },
  {
    says: /^The attribute '(?<name>[^']*)' is required but missing\.$/s,
    v3: 'SYN101',
    text: ({ name }) => `expected the attribute ${name}, received none`,
  },
  {
    says: /^The attribute '[^']*' is not allowed\.$/s,
    v3: 'SYN110',
    text: () => 'expected no such attribute, received one',
  },
  {
    says: /^\[facet 'enumeration'\] The value '(?<value>.*)' is not an element of the set \{(?<set>[^{}]*)\}\.$/s,
    v3: 'SYN103',
    text: ({ value, set }) => `expected one of ${set?.replaceAll("'", '')}, received ${value}`,
  },
  {
    says: /^\[facet 'pattern'\] The value '(?<value>.*)' is not accepted by the pattern '.*'\.$/s,
    v3: 'SYN102',
    text: ({ value }) => `expected a value of its form, received ${value}`,
  },
  {
    says: /^\[facet '(?<facet>[A-Za-z]+)'\] The value '(?<value>.*)' (?:has a length|must be|is )[^']*'?(?<bound>[\d.]*)'?[^']*\.$/s,
    v3: 'SYN102',
    text: ({ facet, value }) => `expected a value within ${facet}, received ${value}`,
  },
  {
    says: /^'(?<value>.*)' is not a valid value of (?:the )?(?:atomic|list|union|local atomic|local list|local union) type(?: '(?<type>[^']*)')?\.$/s,
    v3: 'SYN102',
    text: ({ value, type }) => `expected ${type || 'a value of its type'}, received ${value}`,
  },
  {
    says: /^The (?:actual )?value '(?<value>.*)' does not match the fixed value constraint '(?<fixed>[^']*)'\.$/s,
    v3: 'SYN102',
    text: ({ value, fixed }) => `expected ${fixed}, received ${value}`,
  },
  {
    says: /^(?:Character content|Element content|Character content other than whitespace) is not allowed/s,
    v3: 'SYN110',
    text: () => 'expected no content of this kind, received some',
  },
];

/** Faults that only repeat, in the words of the type, what a facet has said of the same value before. */
const REPEATS = /is not a valid value of/;
const SUBJECT = /^Element '(?<element>[^']*)'(?:, attribute '(?<attribute>[^']*)')?: (?<says>.*)$/s;

/**
 * Faults in the words of a refusal: line, element, what the schema expects and what was received. Of the sender's values
 * only shapes; names that the schemas do not know are values.
 *
 * @param code of every refusal; without it, the SYN1xx of the fault's kind
 * @see ITI TF-3: Table 4.2.4.1-2; HL7 V3 AcknowledgementDetailCode
 */
export function refusalsOfFaults(
  faults: readonly SchemaFault[],
  { vocabulary, code }: { readonly vocabulary: Vocabulary; readonly code: string | undefined },
): readonly Refusal[] {
  return faults
    .filter((fault, index) => !isRepetition(fault, faults[index - 1]))
    .map((fault) => refusalOf(fault, vocabulary, code));
}

function isRepetition(fault: SchemaFault, before: SchemaFault | undefined): boolean {
  if (before === undefined || !REPEATS.test(fault.message)) return false;
  if (!before.message.includes("[facet '") || before.line !== fault.line) return false;
  const subject = (message: string) => message.slice(0, message.indexOf(': '));
  return subject(before.message) === subject(fault.message);
}

function refusalOf(fault: SchemaFault, vocabulary: Vocabulary, code: string | undefined): Refusal {
  const { element, attribute, says = '' } = SUBJECT.exec(fault.message.trim())?.groups ?? {};
  const subject = element === undefined ? 'the payload' : vocabulary.said(element);
  const at = attribute === undefined ? subject : `${subject}/@${vocabulary.said(attribute)}`;
  const [kind, groups] = kindOf(says);
  const text = kind?.text(spoken(groups, vocabulary)) ?? 'expected what the schema says';
  const location =
    code === undefined
      ? `/${fault.path.map((name) => vocabulary.said(name)).join('/')}`
      : fault.objectId;
  return new Refusal(code ?? kind?.v3 ?? 'SYN102', `line ${fault.line}, ${at}: ${text}`, {
    location,
  });
}

function kindOf(says: string): readonly [Kind | undefined, Readonly<Record<string, string>>] {
  for (const kind of KINDS) {
    const found = kind.says.exec(says);
    if (found) return [kind, found.groups ?? {}];
  }
  return [undefined, {}];
}

/** The groups of a match as they may be said. */
function spoken(
  groups: Readonly<Record<string, string | undefined>>,
  vocabulary: Vocabulary,
): Record<string, string> {
  const words: Readonly<Record<string, (text: string) => string>> = {
    value: shape,
    name: (text) => vocabulary.said(text),
    type: (text) => text.replace(/^\{[^}]*\}/, '').replace(/^xs:/, 'xsd:'),
    list: (text) =>
      text
        .split(', ')
        .map((name) => (/^[{\w]/.test(name) ? vocabulary.said(name) : 'others'))
        .join(' or '),
  };
  return Object.fromEntries(
    Object.entries(groups).map(([key, text = '']) => [key, words[key]?.(text) ?? text]),
  );
}
