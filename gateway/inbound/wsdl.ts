import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WSDL } from 'soap';
import type { ActorName } from '../../actors/actor.ts';
import {
  attributeOf,
  childNamed,
  childrenNamed,
  escapeXml,
  parseXml,
} from '../../profiles/formats/xml.ts';
import type { SoapWire, Transaction } from '../../profiles/transaction.ts';

/** An actor as far as its WSDL is concerned: every `Actor` is one. */
export interface DescribedActor {
  readonly name: ActorName;
  /** The file of its wrapper, without its ending; default: its name. */
  readonly wsdl?: string;
  readonly answers: readonly {
    readonly transaction: { readonly id: string; readonly wire: SoapWire };
  }[];
}

/** Judges a request by its schema. */
export interface RequestValidation {
  /** @throws Refusal or Refusals in the transaction's own codes */
  require(envelope: Uint8Array, transaction: Transaction<unknown, unknown>): void;
}

/** A page of the library, ready to be sent. */
export interface WsdlPage {
  readonly contentType: string;
  readonly body: string;
}

const WSDL_NAMESPACE = 'http://schemas.xmlsoap.org/wsdl/';
const WSAM_ACTION = '{http://www.w3.org/2007/05/addressing/metadata}Action';
/** A reference from one file of the library to another. */
const REFERENCE =
  /\b(?<attribute>location|schemaLocation)="(?<name>[a-z0-9-]+)\.(?<kind>wsdl|xsd)"/g;
/** The address of a port; what stands in the files is an example. */
const ADDRESS = /(<wsoap12:address location=")[^"]*(")/g;

/**
 * The WSDLs that we serve: for each actor a wrapper with one service a port type, whose imports are served beside it. They
 * are files of ours under `profiles/wsdl`; what they say is held against the catalogue before the listener opens.
 */
export class WsdlLibrary {
  readonly #actors: readonly DescribedActor[];
  readonly #directory: string;
  /** Text by file name. */
  readonly #files: ReadonlyMap<string, string>;

  /** @param directory where the files lie; found beside the program if left out */
  constructor(actors: readonly DescribedActor[], directory: string = findDirectory()) {
    this.#actors = actors;
    this.#directory = directory;
    this.#files = new Map(
      readdirSync(directory)
        .filter((name) => /\.(wsdl|xsd)$/.test(name))
        .map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
    );
  }

  /**
   * Holds each actor's answers against its WSDL, in both directions: action, payload element, action of the answer.
   *
   * @throws Error that lists every difference
   */
  async checkAtStart(): Promise<void> {
    const faults: string[] = [];
    for (const actor of this.#actors) faults.push(...(await this.#faultsOf(actor)));
    if (faults.length > 0)
      throw new Error(`the WSDL and the catalogue differ: ${faults.join('; ')}`);
  }

  /** Every file of the library: its text by its name. */
  get texts(): ReadonlyMap<string, string> {
    return this.#files;
  }

  /**
   * How requests are judged before they are decoded: by the schemas that are served here, or not at all.
   *
   * @throws Error for a file that is no schema
   */
  async validation(requests: 'decode' | 'schema'): Promise<RequestValidation | undefined> {
    if (requests === 'decode') return undefined;
    // Only who asks for it pays for the machine.
    const { RequestSchemas } = await import('./schema.ts');
    return await RequestSchemas.compile(this.#files);
  }

  /**
   * The page that a query asks for: `?wsdl` is the actor's wrapper; `?wsdl=NAME` and `?xsd=NAME` are what it imports, by
   * whatever number of steps. Undefined for everything else.
   *
   * @param endpointUrl the URL that the request came in on, without its query; it becomes the address of the services
   */
  serve(actor: ActorName, query: URLSearchParams, endpointUrl: string): WsdlPage | undefined {
    const described = this.#actors.find(({ name }) => name === actor);
    if (!described) return undefined;
    const wrapper = wrapperOf(described);
    const name = fileAskedFor(query, wrapper);
    const text = name === undefined ? undefined : this.#files.get(name);
    if (name === undefined || text === undefined || !this.#reachableFrom(wrapper).has(name)) {
      return undefined;
    }
    const url = escapeXml(endpointUrl);
    const body = text
      .replace(REFERENCE, (_, attribute, target, kind) => `${attribute}="${url}?${kind}=${target}"`)
      .replace(ADDRESS, (_, before, after) => `${before}${url}${after}`);
    return { contentType: 'text/xml; charset=UTF-8', body };
  }

  /** The files that a file refers to, itself among them. */
  #reachableFrom(name: string): ReadonlySet<string> {
    const reached = new Set([name]);
    for (const file of reached) {
      for (const { groups } of (this.#files.get(file) ?? '').matchAll(REFERENCE)) {
        reached.add(`${groups?.['name']}.${groups?.['kind']}`);
      }
    }
    return reached;
  }

  async #faultsOf(actor: DescribedActor): Promise<string[]> {
    const wrapper = wrapperOf(actor);
    const reached = [...this.#reachableFrom(wrapper)];
    const lost = reached.filter((name) => !this.#files.has(name));
    if (lost.length > 0) return lost.map((name) => `${name} is not in profiles/wsdl`);
    const promised = new Set(await this.#promisesOf(wrapper, reached));
    const kept = new Set(actor.answers.flatMap(({ transaction }) => messagesOf(transaction.wire)));
    return [
      ...[...kept]
        .filter((message) => !promised.has(message))
        .map((message) => `${wrapper} does not offer ${message}`),
      ...[...promised]
        .filter((message) => !kept.has(message))
        .map((message) => `${wrapper} offers ${message}, which /${actor.name} does not answer`),
    ];
  }

  /** What the services of a wrapper offer, as node-soap reads them; the answers' actions as they stand in the port types. */
  async #promisesOf(wrapper: string, reached: readonly string[]): Promise<string[]> {
    const { definitions } = await readWsdl(this.#files.get(wrapper) ?? '', this.#pathOf(wrapper));
    const actions = new Map(
      reached
        .filter((name) => name.endsWith('.wsdl'))
        .flatMap((name) => actionsOf(this.#files.get(name) ?? '')),
    );
    return Object.values(definitions.services)
      .flatMap((service) => Object.values(service.ports))
      .flatMap(({ binding }) => Object.entries(binding.methods))
      .map(([operation, { input, soapAction }]) => {
        const { request, reply } = actions.get(operation) ?? {};
        const action = request === soapAction ? soapAction : `${soapAction} (or ${request})`;
        return described(action, `{${input.targetNamespace}}${input.$name}`, reply ?? 'nothing');
      });
  }

  #pathOf(name: string): string {
    return join(this.#directory, name);
  }
}

function wrapperOf({ name, wsdl = name }: DescribedActor): string {
  return `${wsdl}.wsdl`;
}

function messagesOf(wire: SoapWire): string[] {
  return wire.messages
    .filter(({ isRefused }) => !isRefused)
    .map(({ action, body, replyAction }) =>
      described(action, `{${body.namespace}}${body.name}`, replyAction),
    );
}

function described(action: string, element: string, replyAction: string): string {
  return `${action} with ${element}, answered by ${replyAction}`;
}

/** `?wsdl` is asked in both cases by the tools of the field. */
function fileAskedFor(query: URLSearchParams, wrapper: string): string | undefined {
  for (const [key, value] of query) {
    const kind = key.toLowerCase();
    if (kind === 'wsdl') return value === '' ? wrapper : `${value}.wsdl`;
    if (kind === 'xsd') return `${value}.xsd`;
  }
  return undefined;
}

/** The `wsam:Action` of each operation's input and output. node-soap does not keep them. */
function actionsOf(text: string): (readonly [string, { request?: string; reply?: string }])[] {
  return childrenNamed(parseXml(text), WSDL_NAMESPACE, 'portType')
    .flatMap((portType) => childrenNamed(portType, WSDL_NAMESPACE, 'operation'))
    .map((operation) => {
      const input = childNamed(operation, WSDL_NAMESPACE, 'input');
      const output = childNamed(operation, WSDL_NAMESPACE, 'output');
      const actions = {
        request: input?.attributes.get(WSAM_ACTION),
        reply: output?.attributes.get(WSAM_ACTION),
      };
      return [attributeOf(operation, 'name') ?? '', actions];
    });
}

function readWsdl(text: string, path: string): Promise<WSDL> {
  return new Promise((resolve, reject) => {
    const wsdl = new WSDL(text, path, {});
    wsdl.onReady((error) => (error ? reject(error) : resolve(wsdl)));
  });
}

/** `profiles/wsdl` lies beside the package's manifest, whether this file runs from the sources or from `dist/`. */
function findDirectory(): string {
  for (let at = dirname(fileURLToPath(import.meta.url)); ; at = dirname(at)) {
    const directory = join(at, 'profiles', 'wsdl');
    if (existsSync(join(at, 'package.json')) && existsSync(directory)) return directory;
    if (at === dirname(at)) throw new Error('profiles/wsdl is not part of this installation');
  }
}
