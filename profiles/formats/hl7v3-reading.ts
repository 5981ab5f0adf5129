import { Refusal } from '../refusal.ts';
import { shape } from './datatypes.ts';
import type { DetailCode } from './hl7v3-codes.ts';
import { attributeOf, childrenNamed, textOf, type XmlElement, XSI } from './xml.ts';

/** The namespace of every V3 message. */
export const HL7_V3 = 'urn:hl7-org:v3';

/** How often an element may stand in its parent, and how long a value may be (UTF-16 units), beyond what a type says. */
export const V3_LIMITS = { repetitions: 100, value: 1000 } as const;

/** An element and where it stands: the XPath that a refusal gives as its location. */
export interface Located {
  readonly element: XmlElement;
  readonly path: string;
}

/** The root of a message. */
export function located(root: XmlElement): Located {
  return { element: root, path: `/${root.name}` };
}

/** A Refusal of the message at one place of it. The context never holds a value as it was received. */
export function refusalAt(at: Located, code: DetailCode, context: string): Refusal {
  return new Refusal(code, context, { location: at.path });
}

/**
 * The children of that name, in order, each with its index in the path where there are several.
 *
 * @throws Refusal SYN110 beyond `most`
 */
export function childrenOf(
  at: Located,
  name: string,
  most: number = V3_LIMITS.repetitions,
): readonly Located[] {
  const found = childrenNamed(at.element, HL7_V3, name);
  if (found.length > most) {
    throw refusalAt(at, 'SYN110', `${name}: at most ${most}, received ${found.length}`);
  }
  return found.map((element, index) => ({
    element,
    path: `${at.path}/${name}${found.length > 1 ? `[${index + 1}]` : ''}`,
  }));
}

/**
 * Goes down through children that may stand there once each; undefined as soon as one is missing.
 *
 * @throws Refusal SYN110 where one stands more than once
 */
export function findChild(at: Located, ...names: readonly string[]): Located | undefined {
  let place: Located | undefined = at;
  for (const name of names) {
    place = place && childrenOf(place, name, 1)[0];
  }
  return place;
}

/**
 * Goes down through children that must stand there exactly once each.
 *
 * @throws Refusal SYN100 where one is missing, SYN110 where one stands more than once
 */
export function requireChild(at: Located, ...names: readonly string[]): Located {
  let place = at;
  for (const name of names) {
    const next = childrenOf(place, name, 1)[0];
    if (next === undefined) throw refusalAt(place, 'SYN100', `${name} is required`);
    place = next;
  }
  return place;
}

/** True for a value that the sender declares missing: `nullFlavor`, or `xsi:nil`. */
export function isNull(at: Located): boolean {
  const nil = attributeOf(at.element, `{${XSI}}nil`);
  return attributeOf(at.element, 'nullFlavor') !== undefined || nil === 'true' || nil === '1';
}

/**
 * An attribute's value, trimmed; undefined where it is missing or empty.
 *
 * @throws Refusal SYN102 where it is too long
 */
export function findAttribute(at: Located, name: string): string | undefined {
  const value = attributeOf(at.element, name)?.trim();
  return value === undefined || value === '' ? undefined : bounded(at, value);
}

/** @throws Refusal SYN101 where the attribute is missing or empty, SYN102 where it is too long */
export function requireAttribute(at: Located, name: string): string {
  const value = findAttribute(at, name);
  if (value === undefined) throw refusalAt(at, 'SYN101', `@${name} is required`);
  return value;
}

/** The element's own text, trimmed. @throws Refusal SYN102 where it is too long */
export function trimmedText(at: Located): string {
  return bounded(at, textOf(at.element).trim());
}

/**
 * The `code` of a coded element, where it is one of `allowed`; undefined where the element is missing or null.
 *
 * @throws Refusal SYN101 for no code, SYN103 for another
 */
export function findCode<Code extends string>(
  at: Located | undefined,
  allowed: readonly Code[],
): Code | undefined {
  if (at === undefined || isNull(at)) return undefined;
  const code = requireAttribute(at, 'code');
  const known = allowed.find((one) => one === code);
  if (known === undefined) {
    throw refusalAt(at, 'SYN103', `one of ${allowed.join(', ')}, received ${shape(code)}`);
  }
  return known;
}

/** As `findCode`, but the element must be there and not null. @throws Refusal SYN100, SYN101 or SYN103 */
export function requireCode<Code extends string>(
  at: Located,
  name: string,
  allowed: readonly Code[],
): Code {
  const place = requireChild(at, name);
  const code = findCode(place, allowed);
  if (code === undefined) throw refusalAt(place, 'SYN101', '@code is required');
  return code;
}

/** The value without the keys that are undefined, so that what is decoded equals what was encoded. */
export function known<Value extends object>(value: Value): Value {
  const entries = Object.entries(value).filter(([, one]) => one !== undefined);
  return Object.fromEntries(entries) as Value;
}

function bounded(at: Located, value: string): string {
  if (value.length <= V3_LIMITS.value) return value;
  throw refusalAt(at, 'SYN102', `at most ${V3_LIMITS.value} characters, received ${value.length}`);
}
