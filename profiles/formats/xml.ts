import { isUtf8 } from 'node:buffer';
import { SaxesParser, type SaxesTagNS } from 'saxes';
import { Fault } from '../refusal.ts';
import {
  ElementNames,
  LastCopy,
  oneCopyOf,
  type Prefixes,
  qualifiedName,
  type Scope,
} from './xml-names.ts';

/** An element with its namespace resolved. Prefixes are gone: XML is read by namespace and name. */
export interface XmlElement {
  readonly namespace: string;
  readonly name: string;
  /** Unqualified attributes by their name, qualified ones as `{namespace}name`; namespace declarations are left out. */
  readonly attributes: ReadonlyMap<string, string>;
  /** Elements and text in document order; comments and processing instructions are left out. Neighbouring texts are one. */
  readonly children: readonly XmlNode[];
  /**
   * Namespaces of the prefixes that this element's own text or attribute values use as qualified names (`xsi:type`,
   * a SOAP fault code), by prefix; the empty prefix is the default namespace. Absent where there is no such name.
   */
  readonly bindings?: ReadonlyMap<string, string>;
}

export type XmlNode = XmlElement | string;

/** What one document may take; whatever is beyond it is refused before it is read. */
export interface XmlLimits {
  /** Octets of the document (UTF-16 units, where it is read from a string). */
  readonly bytes: number;
  /** Elements inside each other; the root is 1. */
  readonly depth: number;
  /** Attributes of one element, namespace declarations included. */
  readonly attributes: number;
  readonly elements: number;
}

/** 16 MiB, 64 deep, 64 attributes an element, 200,000 elements: ten times the largest message known. */
export const XML_LIMITS: XmlLimits = {
  bytes: 16 * 1024 * 1024,
  depth: 64,
  attributes: 64,
  elements: 200_000,
};

/** The same limits, but for the octets. */
export function xmlLimits(bytes: number): XmlLimits {
  const { depth, attributes, elements } = XML_LIMITS;
  return { bytes, depth, attributes, elements };
}

/** `xml:` as in `xml:lang`; bound in every document, without a declaration. */
export const XML_NAMESPACE = 'http://www.w3.org/XML/1998/namespace';

/** `xsi:` as in `xsi:type`. */
export const XSI = 'http://www.w3.org/2001/XMLSchema-instance';

/** An element under construction. */
interface Growing extends XmlElement {
  readonly children: XmlNode[];
  bindings?: Map<string, string>;
}

/** The line, counted from 1, on which each element's name stands. */
export type ElementLines = WeakMap<XmlElement, number>;

const NO_ATTRIBUTES: ReadonlyMap<string, string> = new Map();

/**
 * Reads an XML 1.0 document, in UTF-8, with its namespaces resolved.
 *
 * Never overflows the stack, and stops where a limit is reached. Line ends and attribute values are normalised as
 * XML 1.0 asks; so is nothing else. The reason of a refusal gives the place and never a word of the document.
 *
 * @throws Fault Sender for octets that are not UTF-8, another declared encoding or version, a DOCTYPE, an undeclared
 * prefix, anything else that is not well-formed, and whatever is beyond a limit; no other error
 * @param lines filled with the line of every element, for those who show a message to people
 * @see XML 1.0, Namespaces in XML 1.0; SOAP 1.2 Part 1, section 5 (no document type declaration)
 */
export function parseXml(
  source: Uint8Array | string,
  limits: XmlLimits = XML_LIMITS,
  lines?: ElementLines,
): XmlElement {
  if (source.length > limits.bytes) throw refuse(`more than ${limits.bytes} octets`);
  const text = typeof source === 'string' ? source : decodeUtf8(source);
  // A lone surrogate, possible in a string only, is no character, and the parser would pair it with its neighbour.
  if (typeof source === 'string' && /\p{Surrogate}/u.test(text)) throw refuse('not Unicode');
  const builder = new Builder(limits, lines);
  try {
    return builder.read(text);
  } catch (error) {
    if (error instanceof Fault) throw error;
    throw refuse(`not well-formed at ${builder.place}: ${reasonOf(error)}`);
  }
}

class Builder {
  readonly #parser = new SaxesParser({ xmlns: true, position: false });
  readonly #limits: XmlLimits;
  readonly #open: Growing[] = [];
  readonly #namespaces = new LastCopy();
  #root: Growing | undefined;
  readonly #lines: ElementLines | undefined;
  #elements = 0;
  #attributes = 0;
  #line = 0;
  #source = '';

  constructor(limits: XmlLimits, lines: ElementLines | undefined) {
    this.#limits = limits;
    this.#lines = lines;
    const parser = this.#parser;
    // Six handlers and no more, unless lines are asked for: with a seventh the parser object grows beyond what V8 keeps fast, and reads at a fifth.
    parser.on('doctype', () => {
      throw this.#refuse('a DOCTYPE');
    });
    parser.on('attribute', () => {
      this.#attributes += 1;
      if (this.#attributes > limits.attributes) {
        throw this.#refuse(`more than ${limits.attributes} attributes on one element`);
      }
    });
    parser.on('opentag', (tag) => this.#opened(tag));
    parser.on('text', (text) => this.#text(text));
    parser.on('cdata', (text) => this.#text(text));
    parser.on('closetag', () => this.#closed());
    if (lines === undefined) return;
    parser.on('opentagstart', () => {
      // The parser has read one character beyond the name, which may be the end of the line.
      const isNext = /[\r\n]/.test(this.#source.charAt(parser.position - 1));
      this.#line = isNext ? parser.line - 1 : parser.line;
    });
  }

  get place(): string {
    return `line ${this.#parser.line}, column ${this.#parser.column}`;
  }

  read(text: string): XmlElement {
    this.#source = text;
    this.#parser.write(text).close();
    if (this.#root === undefined) throw this.#refuse('no root element');
    return this.#root;
  }

  #refuseTooMuch(): void {
    if (this.#root === undefined) {
      const { version = '1.0', encoding = 'UTF-8' } = this.#parser.xmlDecl;
      if (version !== '1.0') throw this.#refuse('an XML version other than 1.0');
      if (encoding.toUpperCase() !== 'UTF-8') throw this.#refuse('an encoding other than UTF-8');
    }
    this.#attributes = 0;
    this.#elements += 1;
    if (this.#elements > this.#limits.elements) {
      throw this.#refuse(`more than ${this.#limits.elements} elements`);
    }
    if (this.#open.length >= this.#limits.depth) {
      throw this.#refuse(`more than ${this.#limits.depth} elements inside each other`);
    }
  }

  #opened(tag: SaxesTagNS): void {
    this.#refuseTooMuch();
    let attributes: Map<string, string> | undefined;
    let bindings: Map<string, string> | undefined;
    for (const qualified in tag.attributes) {
      const attribute = tag.attributes[qualified];
      if (attribute === undefined) continue;
      const { prefix, local, uri, value } = attribute;
      if (prefix === 'xmlns' || qualified === 'xmlns') continue;
      attributes ??= new Map();
      // A key is one copy already; `local` is cut out of the document.
      attributes.set(prefix === '' ? qualified : `{${uri}}${local}`, value);
      bindings = this.#bound(value, bindings, uri === XSI && local === 'type');
    }
    const element: Growing = {
      namespace: this.#namespaces.of(tag.uri),
      name: oneCopyOf(tag.local),
      attributes: attributes ?? NO_ATTRIBUTES,
      children: [],
    };
    if (bindings !== undefined) element.bindings = bindings;
    if (this.#lines !== undefined) this.#lines.set(element, this.#line);
    const parent = this.#open.at(-1);
    if (parent === undefined) this.#root = element;
    else parent.children.push(element);
    this.#open.push(element);
  }

  #text(text: string): void {
    const parent = this.#open.at(-1);
    if (parent === undefined || text === '') return;
    const { children } = parent;
    const last = children.at(-1);
    // Comments, CDATA sections and processing instructions part a text; readers want it whole.
    if (typeof last === 'string') children[children.length - 1] = last + text;
    else children.push(text);
  }

  #closed(): void {
    const element = this.#open.pop();
    const only = element?.children[0];
    if (element === undefined || typeof only !== 'string' || element.children.length > 1) return;
    const bindings = this.#bound(only, element.bindings, false);
    if (bindings !== undefined) element.bindings = bindings;
  }

  /** `bindings`, and that of the prefix of `value` if `value` may be a qualified name. */
  #bound(
    value: string,
    bindings: Map<string, string> | undefined,
    mayBeUnprefixed: boolean,
  ): Map<string, string> | undefined {
    if (value.length > 256 || (!mayBeUnprefixed && !value.includes(':'))) return bindings;
    const name = qualifiedName(value);
    if (name === undefined || name.prefix === 'xml' || name.prefix === 'xmlns') return bindings;
    const namespace = this.#parser.resolve(name.prefix) ?? (name.prefix === '' ? '' : undefined);
    if (namespace === undefined) return bindings;
    return (bindings ?? new Map<string, string>()).set(name.prefix, namespace);
  }

  #refuse(what: string): Fault {
    return refuse(`${what}, at ${this.place}`);
  }
}

/** The element children, in order. */
export function elementsOf(element: XmlElement): XmlElement[] {
  return element.children.filter((child) => typeof child !== 'string');
}

/** The element children of that namespace and name, in order. */
export function childrenNamed(element: XmlElement, namespace: string, name: string): XmlElement[] {
  return elementsOf(element).filter((child) => isNamed(child, namespace, name));
}

/** The first element child of that namespace and name. */
export function childNamed(
  element: XmlElement,
  namespace: string,
  name: string,
): XmlElement | undefined {
  for (const child of element.children) {
    if (typeof child !== 'string' && isNamed(child, namespace, name)) return child;
  }
  return undefined;
}

/** True when the element has that namespace and name. */
export function isNamed(element: XmlElement, namespace: string, name: string): boolean {
  return element.name === name && element.namespace === namespace;
}

/** The element's own text, not that of its children; whitespace is kept. Empty where there is none. */
export function textOf(element: XmlElement): string {
  const [only] = element.children;
  if (element.children.length === 1 && typeof only === 'string') return only;
  return element.children.filter((child) => typeof child === 'string').join('');
}

/** The value of an attribute: an unqualified name, or `{namespace}name`. */
export function attributeOf(element: XmlElement, name: string): string | undefined {
  return element.attributes.get(name);
}

/**
 * Resolves a qualified name that stands in the element's own text or in one of its attributes.
 *
 * @returns undefined when the value is no qualified name, or its prefix is not bound
 */
export function resolveName(
  element: XmlElement,
  value: string,
): { readonly namespace: string; readonly name: string } | undefined {
  const qualified = qualifiedName(value);
  const namespace = qualified && element.bindings?.get(qualified.prefix);
  return namespace === undefined ? undefined : { namespace, name: qualified?.name ?? '' };
}

function decodeUtf8(bytes: Uint8Array): string {
  if (!isUtf8(bytes)) throw refuse('not UTF-8');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

/** The parser's own words, but for the names that it quotes from the document. */
function reasonOf(error: unknown): string {
  return error instanceof Error
    ? (/^[^:.{<"]*/.exec(error.message)?.[0] ?? '').trim()
    : 'unreadable';
}

function refuse(what: string): Fault {
  return new Fault('Sender', `XML refused: ${what}`);
}

const NO_PREFIXES: Prefixes = new Map();

/**
 * Text as XML carries it, within an element or within an attribute in double or single quotes.
 *
 * Tabs and line ends become character references, so that an attribute keeps them.
 *
 * @throws TypeError, a defect, for what XML 1.0 cannot carry at all (most control characters, a lone surrogate): whoever
 * lets text in from elsewhere than XML refuses these first
 */
export function escapeXml(text: string): string {
  if (!SPECIAL.test(text)) return text;
  requireCharacters(text);
  return text.replace(/[&<>"'\t\n\r]/g, (character) => REFERENCES[character] ?? character);
}

// What may have to be replaced or refused, in one quick glance; most texts have none of it.
const SPECIAL = /[&<>"'\u0000-\u001f\ud800-\udfff\ufffe\uffff]/;
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Surrogate}/u;

const REFERENCES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '\t': '&#x9;',
  '\n': '&#xA;',
  '\r': '&#xD;',
};

function requireCharacters(text: string): void {
  const forbidden = FORBIDDEN.exec(text)?.[0];
  if (forbidden === undefined) return;
  const code = forbidden.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
  throw new TypeError(`XML cannot carry U+${code}`);
}

/** As `escapeXml`, but line ends stay readable: between tags only a carriage return needs a reference. */
function escapeText(text: string): string {
  if (!SPECIAL.test(text)) return text;
  requireCharacters(text);
  return text.replace(/[&<>\r]/g, (character) => REFERENCES[character] ?? character);
}

/**
 * The element as XML that stands alone: each namespace is declared where it is first needed.
 *
 * `parseXml(serializeXml(element))` equals `element`. A prefix that a value uses (`bindings`) stays bound as it was.
 *
 * @param preferredPrefixes by namespace; taken where they are free, else `ns1`, `ns2` and so on
 */
export function serializeXml(
  element: XmlElement,
  preferredPrefixes: Prefixes = NO_PREFIXES,
): string {
  return write(element, scopeOf(NO_PREFIXES), preferredPrefixes);
}

/**
 * The element as XML for a place where `declared` is in force: a fragment. Other namespaces are declared inside it.
 *
 * @param declared the prefixes that the caller has declared, by namespace; no default namespace unless it is among them
 */
export function serializeWithin(element: XmlElement, declared: Prefixes): string {
  return write(element, scopeOf(declared), declared);
}

/** The element's children, texts included, as XML for a place where `declared` is in force. The element itself is left out. */
export function serializeChildren(element: XmlElement, declared: Prefixes): string {
  const scope = scopeOf(declared);
  return element.children
    .map((child) => (typeof child === 'string' ? escapeText(child) : write(child, scope, declared)))
    .join('');
}

function scopeOf(declared: Prefixes): Scope {
  const scope = new Map([['xml', XML_NAMESPACE]]);
  for (const [namespace, prefix] of declared) scope.set(prefix, namespace);
  return scope;
}

function write(element: XmlElement, outer: Scope, preferred: Prefixes): string {
  const names = new ElementNames(outer, preferred);
  for (const [prefix, namespace] of element.bindings ?? []) names.pin(prefix, namespace);
  const name = names.ofElement(element.namespace, element.name);
  let attributes = '';
  for (const [qualified, value] of element.attributes) {
    attributes += ` ${names.ofAttribute(qualified)}="${escapeXml(value)}"`;
  }
  const declarations = names.declarations.map(
    ([prefix, namespace]) => ` xmlns${prefix && ':'}${prefix}="${escapeXml(namespace)}"`,
  );
  const start = `<${name}${declarations.join('')}${attributes}`;
  if (element.children.length === 0) return `${start}/>`;
  let content = '';
  for (const child of element.children) {
    content += typeof child === 'string' ? escapeText(child) : write(child, names.scope, preferred);
  }
  return `${start}>${content}</${name}>`;
}
