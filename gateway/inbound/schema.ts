import moduleLoader, { type LibXml2 } from 'libxml2-wasm/lib/libxml2raw.mjs';
import { HL7_V3 } from '../../profiles/formats/hl7v3-reading.ts';
import { Fault, Refusals } from '../../profiles/refusal.ts';
import type { Transaction } from '../../profiles/transaction.ts';
import { NS } from '../../profiles/xds/vocabulary.ts';
import { refusalsOfFaults, type SchemaFault, Vocabulary } from './schema-fault.ts';

/** Whatever has the wire and the codes of a transaction. */
type Judged = Pick<Transaction<unknown, unknown>, 'generalError' | 'schemaError' | 'wire'>;

const XSD = 'http://www.w3.org/2001/XMLSchema';
const XOP_INCLUDE = { namespace: 'http://www.w3.org/2004/08/xop/include', name: 'Include' };
const DRIVER = 'kakehashi:requests.xsd';

/** Of one message; what comes after is counted by nobody. */
const MOST_FAULTS = 20;
/** A fault may quote a value of any length: so much of its text is looked at. */
const LONGEST_MESSAGE = 4_096;

/** COMPACT, HUGE (our own limits have been kept before), NONET, NO_XXE, BIG_LINES, NO_SYS_CATALOG, SKIP_IDS. */
const READING =
  0x1_0000 | 0x8_0000 | 0x800 | 0x80_0000 | 0x40_0000 | 0x200_0000 | 0x800_0000 | 0x20 | 0x40;
const ELEMENT = 1;
/** Where libxml2 keeps what, on its 32-bit machine; `compile` proves it before a message depends on it. */
const NODE = { type: 4, name: 8, children: 12, parent: 20, next: 24, ns: 36, properties: 44 };
const ATTRIBUTE_TEXT = 40;
const NS_HREF = 8;
const ERROR = { code: 4, message: 8, line: 20, node: 48 };

/**
 * The schemas of `profiles/wsdl`, compiled: those that `?xsd=NAME` serves, so that a partner can hold its messages against
 * the very texts that they are judged by.
 *
 * libxml2 runs here as a machine of its own, without a file or a socket; nothing that a message names is fetched. A message
 * comes here after `parseXml` has taken it: octets, depth and elements are within their limits, and there is no DOCTYPE.
 */
export class RequestSchemas {
  readonly #xml: LibXml2;
  readonly #vocabulary: Vocabulary;
  /** `xmlSchemaValidCtxt`, used for one message after the other. */
  readonly #context: number;
  #faults: SchemaFault[] = [];

  private constructor(xml: LibXml2, files: ReadonlyMap<string, string>) {
    this.#xml = xml;
    this.#vocabulary = new Vocabulary([...files.values()]);
    const collect = xml.addFunction((_: number, error: number) => this.#collect(error), 'vii');
    this.#context = xml._xmlSchemaNewValidCtxt(this.#parse(files, collect));
    xml._xmlSchemaSetValidStructuredErrors(this.#context, collect, 0);
  }

  /**
   * @param files texts by file name; every `.xsd` among them is compiled
   * @throws Error for a text that is no schema
   */
  static async compile(files: ReadonlyMap<string, string>): Promise<RequestSchemas> {
    const schemas = new RequestSchemas(
      await moduleLoader(),
      new Map([...files].filter(([name]) => name.endsWith('.xsd'))),
    );
    schemas.#prove();
    return schemas;
  }

  /** What the machine has taken of the memory; it never gives any back. */
  get memoryBytes(): number {
    return this.#xml.HEAPU8.length;
  }

  /**
   * Holds the payload of an envelope against its schema. What MTOM has put beside the message counts as base64.
   *
   * @throws Refusal, or Refusals, in the transaction's own codes; Fault Sender for what is no XML to libxml2
   */
  require(envelope: Uint8Array, transaction: Judged): void {
    const faults = this.#faultsIn(envelope);
    if (faults.length === 0) return;
    const refusals = refusalsOfFaults(faults, {
      vocabulary: this.#vocabulary,
      code: transaction.wire.messages.some(({ body }) => body.namespace === HL7_V3)
        ? undefined
        : (transaction.schemaError ?? transaction.generalError ?? 'XDSRegistryError'),
    });
    throw refusals.length === 1 && refusals[0] ? refusals[0] : new Refusals(refusals);
  }

  #faultsIn(envelope: Uint8Array): readonly SchemaFault[] {
    const document = this.#read(envelope);
    if (document === 0) throw new Fault('Sender', 'not well-formed, or no envelope');
    try {
      const payload = this.#payloadOf(document);
      if (payload === 0) throw new Fault('Sender', 'the envelope has no payload');
      this.#withoutIncludes(payload);
      this.#faults = [];
      const verdict = this.#xml._xmlSchemaValidateOneElement(this.#context, payload);
      if (verdict < 0) throw new Error(`libxml2 could not validate: ${verdict}`);
      if (verdict > 0 && this.#faults.length === 0) throw new Error('invalid without a fault');
      return this.#faults;
    } finally {
      this.#xml._xmlFreeDoc(document);
    }
  }

  #read(bytes: Uint8Array): number {
    const xml = this.#xml;
    const buffer = xml._malloc(bytes.length + 1);
    if (buffer === 0) throw new Error('libxml2 has no memory left');
    xml.HEAPU8.set(bytes, buffer);
    xml.HEAPU8[buffer + bytes.length] = 0;
    const parser = xml._xmlNewParserCtxt();
    const document = xml._xmlCtxtReadMemory(parser, buffer, bytes.length, 0, 0, READING);
    xml._xmlFreeParserCtxt(parser);
    xml._free(buffer);
    return document;
  }

  /** The one element in the Body. */
  #payloadOf(document: number): number {
    const root = this.#xml._xmlDocGetRootElement(document);
    for (const part of this.#elementsOf(root)) {
      if (this.#nameOf(part) === 'Body') return this.#elementsOf(part)[0] ?? 0;
    }
    return 0;
  }

  /** An `xop:Include` stands for octets: without it, its element is an empty base64. Source: XOP, section 3.2. */
  #withoutIncludes(payload: number): void {
    for (const child of this.#elementsOf(payload)) {
      if (this.#nameOf(child) !== 'Document') continue;
      const [include, ...others] = this.#elementsOf(child);
      if (include === undefined || others.length > 0) continue;
      if (this.#nameOf(include) !== XOP_INCLUDE.name) continue;
      if (this.#namespaceOf(include) !== XOP_INCLUDE.namespace) continue;
      this.#xml._xmlUnlinkNode(include);
      this.#xml._xmlFreeNode(include);
    }
  }

  #collect(error: number): void {
    if (this.#faults.length >= MOST_FAULTS) return;
    const node = this.#at(error + ERROR.node);
    this.#faults.push({
      code: this.#at(error + ERROR.code),
      line: this.#at(error + ERROR.line),
      message: this.#xml.UTF8ToString(this.#at(error + ERROR.message), LONGEST_MESSAGE),
      path: this.#pathOf(node),
      objectId: this.#objectIdOf(node),
    });
  }

  /** Local names from the payload down. */
  #pathOf(node: number): readonly string[] {
    const names: string[] = [];
    for (let at = node; at !== 0; at = this.#at(at + NODE.parent)) {
      if (this.#at(at + NODE.type) !== ELEMENT) continue;
      const name = this.#nameOf(at);
      if (name === 'Body') break;
      names.unshift(name);
    }
    return names;
  }

  /** The id of the registry object that is concerned, or that is around what is concerned. */
  #objectIdOf(node: number): string | undefined {
    for (let at = node; at !== 0; at = this.#at(at + NODE.parent)) {
      if (this.#at(at + NODE.type) !== ELEMENT || this.#namespaceOf(at) !== NS.rim) continue;
      const parts = /^(Classification|ExternalIdentifier|Slot)$/;
      if (parts.test(this.#nameOf(at))) continue;
      for (let one = this.#at(at + NODE.properties); one !== 0; one = this.#at(one + NODE.next)) {
        if (this.#nameOf(one) !== 'id') continue;
        const text = this.#at(one + NODE.children);
        return text === 0 ? undefined : this.#text(this.#at(text + ATTRIBUTE_TEXT), 256);
      }
    }
    return undefined;
  }

  #elementsOf(node: number): number[] {
    const elements: number[] = [];
    const first = node === 0 ? 0 : this.#at(node + NODE.children);
    for (let at = first; at !== 0; at = this.#at(at + NODE.next)) {
      if (this.#at(at + NODE.type) === ELEMENT) elements.push(at);
    }
    return elements;
  }

  #nameOf(node: number): string {
    return this.#text(this.#at(node + NODE.name), 256);
  }

  #namespaceOf(node: number): string {
    const ns = this.#at(node + NODE.ns);
    return ns === 0 ? '' : this.#text(this.#at(ns + NS_HREF), 256);
  }

  #text(pointer: number, most: number): string {
    return pointer === 0 ? '' : this.#xml.UTF8ToString(pointer, most);
  }

  #at(address: number): number {
    return this.#xml.HEAP32[address >>> 2] ?? 0;
  }

  /** Compiles one schema that imports all of them; afterwards nothing can be opened any more. */
  #parse(files: ReadonlyMap<string, string>, collect: number): number {
    const xml = this.#xml;
    const utf8 = new TextEncoder();
    const texts = new Map([...files].map(([name, text]) => [name, utf8.encode(text)] as const));
    const callbacks = openingOnly(xml, texts);
    const driver = this.#read(utf8.encode(driverOf(files)));
    const parser = xml._xmlSchemaNewDocParserCtxt(driver);
    xml._xmlSchemaSetParserStructuredErrors(parser, collect, 0);
    const schema = xml._xmlSchemaParse(parser);
    xml._xmlSchemaFreeParserCtxt(parser);
    xml._xmlCleanupInputCallbacks();
    for (const callback of callbacks) xml.removeFunction(callback);
    const [fault] = this.#faults;
    if (schema === 0 || fault !== undefined) {
      throw new Error(
        `profiles/wsdl: line ${fault?.line}: ${fault?.message.trim() ?? 'no schema'}`,
      );
    }
    return schema;
  }

  /** That names, lines, ids and codes are read where this version of libxml2 keeps them. */
  #prove(): void {
    const [fault] = this.#faultsIn(
      new TextEncoder().encode(
        `<e><Body>\n<lcm:SubmitObjectsRequest xmlns:lcm="${NS.lcm}" xmlns:rim="${NS.rim}"><rim:RegistryObjectList>` +
          '<rim:ObjectRef id="o" strange=""/></rim:RegistryObjectList></lcm:SubmitObjectsRequest></Body></e>',
      ),
    );
    const read = `${fault?.code} ${fault?.line} ${fault?.path.join('/')} ${fault?.objectId}`;
    if (read !== '1866 2 SubmitObjectsRequest/RegistryObjectList/ObjectRef o') {
      throw new Error(`libxml2 is not the one that this program was written for: ${read}`);
    }
  }
}

/** A schema without content of its own that imports, by its namespace, each of the others that is no other's part. */
function driverOf(files: ReadonlyMap<string, string>): string {
  const parts = new Set(
    [...files.values()].flatMap((text) =>
      [...text.matchAll(/<xsd:include schemaLocation="([^"]*)"/g)].map(([, name]) => name),
    ),
  );
  const imports = [...files]
    .filter(([name]) => !parts.has(name))
    .map(([name, text]) => {
      const [, namespace = ''] = /targetNamespace="([^"]*)"/.exec(text) ?? [];
      return `<xsd:import namespace="${namespace}" schemaLocation="${name}"/>`;
    });
  return `<xsd:schema xmlns:xsd="${XSD}" targetNamespace="${DRIVER}">${imports.join('')}</xsd:schema>`;
}

/** Lets libxml2 open the texts by their names and nothing else. */
function openingOnly(xml: LibXml2, texts: ReadonlyMap<string, Uint8Array>): readonly number[] {
  const open = new Map<number, { readonly text: Uint8Array; at: number }>();
  const nameAt = (pointer: number) => xml.UTF8ToString(pointer).replace(/^.*\//, '');
  const callbacks = [
    xml.addFunction((name: number) => (texts.has(nameAt(name)) ? 1 : 0), 'ii'),
    xml.addFunction((name: number) => {
      const handle = open.size + 1;
      open.set(handle, { text: texts.get(nameAt(name)) ?? new Uint8Array(), at: 0 });
      return handle;
    }, 'ii'),
    xml.addFunction((handle: number, buffer: number, length: number) => {
      const file = open.get(handle);
      if (file === undefined) return -1;
      const part = file.text.subarray(file.at, file.at + length);
      xml.HEAPU8.set(part, buffer);
      file.at += part.length;
      return part.length;
    }, 'iiii'),
    xml.addFunction(() => 0, 'ii'),
  ] as const;
  xml._xmlRegisterInputCallbacks(...callbacks);
  return callbacks;
}
