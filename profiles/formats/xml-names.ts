/** Prefixes by the namespace they stand for; the empty prefix is the default namespace. */
export type Prefixes = ReadonlyMap<string, string>;

/** Namespaces by prefix, at one place of a document; the empty prefix is the default namespace. */
export type Scope = ReadonlyMap<string, string>;

/** The prefixes of one element that is being written: those in force around it, and those that it has to declare. */
export class ElementNames {
  /** What is in force for the element's children. */
  scope: Scope;
  /** Prefix and namespace of each declaration that the element carries. */
  readonly declarations: [prefix: string, namespace: string][] = [];
  readonly #preferred: Prefixes;
  /** Prefixes that this element uses already, so that it cannot declare them otherwise. */
  readonly #used = new Set<string>();

  constructor(outer: Scope, preferred: Prefixes) {
    this.scope = outer;
    this.#preferred = preferred;
  }

  /** Sees to it that the prefix stands for the namespace here. */
  pin(prefix: string, namespace: string): void {
    if ((this.scope.get(prefix) ?? '') !== namespace) this.#declare(prefix, namespace);
    this.#used.add(prefix);
  }

  /** The element's name as written; call it after `pin` and before `ofAttribute`. */
  ofElement(namespace: string, name: string): string {
    if (namespace === '') {
      if (this.#used.has('') && (this.scope.get('') ?? '') !== '') {
        throw new TypeError(
          'an element without namespace cannot hold names of a default namespace',
        );
      }
      this.pin('', '');
      return name;
    }
    const prefix = this.#prefixFor(namespace, true);
    return prefix === '' ? name : `${prefix}:${name}`;
  }

  /** The attribute's name as written, of a name such as XmlElement has: `name` or `{namespace}name`. */
  ofAttribute(qualified: string): string {
    if (!qualified.startsWith('{')) return qualified;
    const end = qualified.lastIndexOf('}');
    return `${this.#prefixFor(qualified.slice(1, end), false)}:${qualified.slice(end + 1)}`;
  }

  #prefixFor(namespace: string, mayBeDefault: boolean): string {
    const preferred = this.#preferred.get(namespace);
    const fits = (prefix: string) =>
      (mayBeDefault || prefix !== '') && this.scope.get(prefix) === namespace;
    let prefix = preferred !== undefined && fits(preferred) ? preferred : undefined;
    if (prefix === undefined) prefix = [...this.scope.keys()].find(fits);
    if (prefix === undefined) {
      prefix = this.#free(preferred, mayBeDefault);
      this.#declare(prefix, namespace);
    }
    this.#used.add(prefix);
    return prefix;
  }

  #free(preferred: string | undefined, mayBeDefault: boolean): string {
    if (
      preferred !== undefined &&
      !this.#used.has(preferred) &&
      (mayBeDefault || preferred !== '')
    ) {
      return preferred;
    }
    for (let number = 1; ; number += 1) {
      if (!this.scope.has(`ns${number}`) && !this.#used.has(`ns${number}`)) return `ns${number}`;
    }
  }

  #declare(prefix: string, namespace: string): void {
    this.scope = new Map([...this.scope, [prefix, namespace]]);
    this.declarations.push([prefix, namespace]);
  }
}

/** Names and namespaces of which one copy is kept; what comes when it is full is left as it is. */
const KEPT = new Map<string, string>();
const MOST_KEPT = 4_096;
const LONGEST_KEPT = 128;

/**
 * The same text, as the engine's one copy of it, which compares with a text of the program in one step. A name that is cut out
 * of a document is compared letter by letter each time that it is asked for, and holds on to the document.
 */
export function oneCopyOf(name: string): string {
  const kept = KEPT.get(name);
  if (kept !== undefined) return kept;
  if (KEPT.size >= MOST_KEPT || name.length > LONGEST_KEPT) return name;
  // Keys of objects are such copies.
  const [copy = name] = Object.keys({ [name]: true });
  KEPT.set(copy, copy);
  return copy;
}

/** `oneCopyOf` for texts that mostly are the very same as the one before, as the namespaces that a parser resolves are. */
export class LastCopy {
  #text = '';
  #copy = '';

  of(text: string): string {
    if (text !== this.#text) {
      this.#text = text;
      this.#copy = oneCopyOf(text);
    }
    return this.#copy;
  }
}

/**
 * The prefix and the local part of what may be a qualified name; the prefix is empty where there is none.
 *
 * @returns undefined when the value cannot be one: it has whitespace inside, two colons, or more than 256 characters
 */
export function qualifiedName(value: string): { prefix: string; name: string } | undefined {
  if (value.length > 256) return undefined;
  const [, prefix = '', name] = QUALIFIED_NAME.exec(value) ?? [];
  return name === undefined ? undefined : { prefix, name };
}

const QUALIFIED_NAME = /^\s*(?:([^\s:]+):)?([^\s:]+)\s*$/;
