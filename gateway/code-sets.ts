import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { XMLParser } from 'fast-xml-parser';
import {
  type AffinityDomain,
  type AllowedCode,
  affinityDomainOf,
  attributeOfScheme,
  CODED_ATTRIBUTES,
  type CodedAttribute,
  type CodeSets,
  type UnknownCodes,
} from '../profiles/xds/affinity-domain.ts';
import { parseYaml } from './config.ts';
import { type BothLanguages, type ConfigFault, ConfigFaults } from './config-faults.ts';
import { nearest } from './nearest.ts';

const MAX_BYTES = 4 * 1_048_576;
const MOST_CODES = 100_000;

/**
 * Reads the code sets of an affinity domain: a `codes.xml` in the form of NIST's XDS Toolkit, or YAML in ours.
 *
 * @throws ConfigFaults with all that is wrong at once; nothing of such a file is used
 */
export function readCodeSets(file: string): CodeSets {
  const name = basename(file);
  const text = textOf(file, name);
  return /^\s*</.test(text) ? codeSetsOfXml(text, name) : codeSetsOfYaml(text, name);
}

/** Reads a file of code sets, ready for the check of submissions. @throws ConfigFaults as `readCodeSets` does */
export function readAffinityDomain(file: string, unknownCodes: UnknownCodes): AffinityDomain {
  return affinityDomainOf(readCodeSets(file), unknownCodes);
}

function textOf(file: string, name: string): string {
  let bytes: Buffer;
  try {
    bytes = readFileSync(file);
  } catch {
    throw refused(name, { en: 'cannot be read', ja: '読めません' });
  }
  if (bytes.length > MAX_BYTES) {
    throw refused(name, { en: 'larger than 4 MiB', ja: '4 MiB を超えています' });
  }
  return bytes.toString('utf8').replace(/^\uFEFF/, '');
}

function refused(name: string, problem: BothLanguages): ConfigFaults {
  return new ConfigFaults(name, [{ path: '', problem }]);
}

/** What is gathered from either form; the faults are told together. */
class Gathering {
  readonly #codes = new Map<CodedAttribute, AllowedCode[]>();
  readonly #mimeTypes = new Set<string>();
  readonly #faults: ConfigFault[] = [];
  #count = 0;

  attribute(attribute: CodedAttribute): void {
    if (!this.#codes.has(attribute)) this.#codes.set(attribute, []);
  }

  code(attribute: CodedAttribute, code: AllowedCode): void {
    this.attribute(attribute);
    if (this.#counted()) this.#codes.get(attribute)?.push(code);
  }

  mimeType(mimeType: string): void {
    if (this.#counted()) this.#mimeTypes.add(mimeType);
  }

  fault(path: string, problem: BothLanguages): void {
    if (this.#faults.length < MOST_FAULTS) this.#faults.push({ path, problem });
  }

  sets(name: string): CodeSets {
    if (this.#codes.size === 0 && this.#mimeTypes.size === 0 && this.#faults.length === 0) {
      this.fault('', { en: 'holds no codes', ja: 'コードがありません' });
    }
    for (const [attribute, codes] of this.#codes) {
      if (codes.length > 0 || this.#faults.length > 0) continue;
      this.fault(attribute, {
        en: `${attribute} has no codes; leave it out to allow all`,
        ja: `${attribute} にコードがありません。制限しないなら項目ごと省いてください`,
      });
    }
    if (this.#faults.length > 0) throw new ConfigFaults(name, this.#faults);
    return {
      codes: Object.fromEntries(this.#codes),
      ...(this.#mimeTypes.size === 0 ? {} : { mimeTypes: [...this.#mimeTypes] }),
    };
  }

  #counted(): boolean {
    this.#count += 1;
    if (this.#count === MOST_CODES + 1) {
      this.fault('', {
        en: `more than ${MOST_CODES} codes`,
        ja: `コードが ${MOST_CODES} 件を超えています`,
      });
    }
    return this.#count <= MOST_CODES;
  }
}

const MOST_FAULTS = 50;

type Row = Readonly<Record<string, unknown>>;

function codeSetsOfXml(text: string, name: string): CodeSets {
  const types = listOf(rootOf(text, name).CodeType);
  const gathering = new Gathering();
  for (const type of types) {
    const rows = listOf(type.Code);
    const title = wordOf(type.name) ?? '?';
    const scheme = wordOf(type.classScheme);
    const attribute = scheme === undefined ? undefined : attributeOfScheme(scheme);
    if (attribute !== undefined) {
      gathering.attribute(attribute);
      for (const row of rows) gatherXmlCode(row, { attribute, title, gathering });
    } else if (title === 'mimeType') {
      for (const row of rows) gatherMimeType(row.code, gathering);
    } else {
      gathering.fault(title, {
        en: `CodeType ${title}: its classScheme is that of no attribute`,
        ja: `CodeType ${title} の classScheme に当たる属性がありません`,
      });
    }
  }
  return gathering.sets(name);
}

function rootOf(text: string, name: string): Row {
  // A DOCTYPE could define entities that grow without end.
  if (/<!DOCTYPE/i.test(text)) {
    throw refused(name, { en: 'has a DOCTYPE; take it out', ja: 'DOCTYPE は使えません' });
  }
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: '',
    parseAttributeValue: false,
    parseTagValue: false,
    ignoreDeclaration: true,
    ignorePiTags: true,
    removeNSPrefix: true,
    isArray: (tag) => tag === 'CodeType' || tag === 'Code',
  });
  let parsed: Row;
  try {
    parsed = parser.parse(text, true) as Row;
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : '';
    throw refused(name, {
      en: `is not well-formed XML: ${reason}`,
      ja: `XML として読めません: ${reason}`,
    });
  }
  const root = parsed.Codes;
  if (!isRow(root)) {
    throw refused(name, {
      en: 'its root element is not Codes',
      ja: '最上位の要素が Codes ではありません',
    });
  }
  return root;
}

function gatherXmlCode(
  row: Row,
  into: { attribute: CodedAttribute; title: string; gathering: Gathering },
): void {
  const { attribute, title, gathering } = into;
  const [code, codingScheme] = [wordOf(row.code), wordOf(row.codingScheme)];
  if (code !== undefined && codingScheme !== undefined) {
    gathering.code(attribute, { code, codingScheme, displayName: wordOf(row.display) });
    return;
  }
  gathering.fault(title, {
    en: `CodeType ${title}: Code ${code ?? ''} needs code and codingScheme`,
    ja: `CodeType ${title}: Code ${code ?? ''} には code と codingScheme が必要です`,
  });
}

function gatherMimeType(given: unknown, gathering: Gathering): void {
  const mimeType = wordOf(given);
  if (mimeType !== undefined && /^[!-~]+\/[!-~]+$/.test(mimeType)) {
    gathering.mimeType(mimeType);
    return;
  }
  gathering.fault('mimeType', {
    en: `mimeType ${mimeType ?? ''} must be type/subtype`,
    ja: `mimeType ${mimeType ?? ''} は「型/副型」でなければなりません`,
  });
}

function codeSetsOfYaml(text: string, name: string): CodeSets {
  const parsed = parseYaml(text, name);
  if (!isRow(parsed)) {
    throw refused(name, {
      en: 'must be a table of attributes with their codes',
      ja: '属性ごとのコードの表でなければなりません',
    });
  }
  const gathering = new Gathering();
  for (const [key, value] of Object.entries(parsed)) {
    const rows: readonly unknown[] = Array.isArray(value) ? value : [];
    const attribute = CODED_ATTRIBUTES.find((known) => known === key);
    if (attribute === undefined && key !== 'mimeType') {
      gathering.fault(key, unknownAttribute(key));
    } else if (!Array.isArray(value)) {
      gathering.fault(key, { en: `${key} must be a list`, ja: `${key} は一覧で書いてください` });
    } else if (attribute === undefined) {
      for (const row of rows) gatherMimeType(row, gathering);
    } else {
      gathering.attribute(attribute);
      for (const [at, row] of rows.entries()) gatherYamlCode(row, { attribute, at, gathering });
    }
  }
  return gathering.sets(name);
}

function unknownAttribute(key: string): BothLanguages {
  const known = nearest(key, [...CODED_ATTRIBUTES, 'mimeType']);
  return {
    en: `${key} is no coded attribute${known === undefined ? '' : `; did you mean ${known}?`}`,
    ja: `${key} という属性はありません${known === undefined ? '' : `。${known} のことですか`}`,
  };
}

const FIELDS = ['code', 'codingScheme', 'displayName'];

function gatherYamlCode(
  row: unknown,
  into: { attribute: CodedAttribute; at: number; gathering: Gathering },
): void {
  const { attribute, at, gathering } = into;
  const path = `${attribute}[${at + 1}]`;
  const given: Row = isRow(row) ? row : {};
  const [code, codingScheme] = [wordOf(given.code), wordOf(given.codingScheme)];
  const isSound =
    Object.keys(given).every((key) => FIELDS.includes(key)) &&
    codingScheme !== undefined &&
    (code !== undefined || given.code === undefined);
  if (isSound) {
    gathering.code(attribute, { code, codingScheme, displayName: wordOf(given.displayName) });
    return;
  }
  gathering.fault(path, {
    en: `${path} must be { code, codingScheme, displayName }, with numbers in quotes; without code, every code of the scheme is allowed`,
    ja: `${path} は { code, codingScheme, displayName } の形で、数字は引用符で囲んでください。code を省くと体系の全コードを認めます`,
  });
}

/** A text that is not empty; a number is none, since 01 would have become 1. */
function wordOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

function isRow(value: unknown): value is Row {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function listOf(value: unknown): readonly Row[] {
  return Array.isArray(value) ? value.filter(isRow) : [];
}

/** Code sets in our YAML, one code a line, each set under a heading. `readCodeSets` reads it back. */
export function codeSetsText({ codes, mimeTypes }: CodeSets, heading: readonly string[]): string {
  const lines = heading.map((line) => `# ${line}`);
  for (const attribute of CODED_ATTRIBUTES) {
    const allowed = codes[attribute];
    if (allowed === undefined) continue;
    lines.push('', `${attribute}:`);
    for (const { code, codingScheme, displayName } of allowed) {
      const fields = Object.entries({ code, codingScheme, displayName })
        .filter(([, value]) => value !== undefined)
        // JSON is YAML 1.2: quoted, so that 01 stays what it is.
        .map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
      lines.push(`  - { ${fields.join(', ')} }`);
    }
  }
  if (mimeTypes !== undefined) {
    lines.push('', 'mimeType:', ...mimeTypes.map((mimeType) => `  - ${mimeType}`));
  }
  return `${lines.join('\n')}\n`;
}
