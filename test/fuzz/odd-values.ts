import type { Random } from '../support/seeded.ts';

/** Texts that have broken readers before: of numbers, dates, names, lists, identifiers, keys of objects. */
export const ODD_TEXTS: readonly string[] = [
  '',
  ' ',
  '\n\t',
  '0',
  '-1',
  '1e309',
  'NaN',
  'true',
  '9'.repeat(25),
  '9'.repeat(400),
  '20250231',
  '00000000000000',
  '20250101000000.0000+9999',
  "'",
  "''",
  "('a','b')",
  "('a',",
  '((((',
  "'%'",
  '^^^&&',
  '^^^^^^^^^^^^^^^^^^^^',
  "'R-1^^^&2.999.1.1&ISO'",
  "'R-1^^^&&ISO'",
  '|||PID-3|||',
  'PID-99|x',
  '__proto__',
  'constructor',
  'toString',
  'hasOwnProperty',
  'urn:uuid:',
  'urn:uuid:00000000-0000-0000-0000-000000000000',
  'urn:oid:',
  'urn:oid:2.999.1',
  'cid:',
  'cid:%',
  'cid:%E0%A4%A',
  'cid:document-1',
  `2.999.${'1.'.repeat(200)}1`,
  'P1Y',
  'PT',
  'P99999999999999999Y',
  'PT0.0000001S',
  '../../../../etc/passwd',
  'http://127.0.0.1/',
  '\u{1F600}',
  '\u202E',
  'e\u0301'.repeat(50),
  '\uFFFD',
  '試験'.repeat(300),
  'a'.repeat(70_000),
];

const NAMESPACES: readonly string[] = [
  '',
  'urn:hl7-org:v3',
  'urn:ihe:iti:xds-b:2007',
  'urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0',
  'urn:oasis:names:tc:ebxml-regrep:xsd:rs:3.0',
  'urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0',
  'http://www.w3.org/2003/05/soap-envelope',
  'http://schemas.xmlsoap.org/soap/envelope/',
  'http://www.w3.org/2005/08/addressing',
  'http://www.w3.org/2004/08/xop/include',
  'http://www.w3.org/XML/1998/namespace',
  'http://www.w3.org/2000/xmlns/',
];

export function oddText(random: Random): string {
  return random.pick(ODD_TEXTS);
}

export function oddNamespace(random: Random): string {
  return random.pick(NAMESPACES);
}

/** A value with one or a few of its leaves, members or elements changed. What holds functions (octets) stays. */
export function oddValue(value: unknown, random: Random, depth = 0): unknown {
  if (typeof value === 'string') return random.chance(0.5) ? oddText(random) : mixed(value, random);
  if (typeof value === 'number') return random.pick([0, -1, 1.5, 1e21, Number.NaN, value + 1]);
  if (typeof value === 'boolean') return !value;
  if (Array.isArray(value)) return oddArray(value, random, depth);
  if (value instanceof Map || typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value);
  if (members.length === 0 || members.some(([, member]) => typeof member === 'function')) {
    return value;
  }
  const [chosen] = random.pick(members);
  if (random.chance(0.08)) {
    return Object.fromEntries(members.filter(([name]) => name !== chosen));
  }
  return Object.fromEntries(
    members.map(([name, member]) => [
      name,
      name === chosen ? oddValue(member, random, depth + 1) : member,
    ]),
  );
}

function oddArray(values: readonly unknown[], random: Random, depth: number): unknown[] {
  if (values.length === 0) return [];
  const at = random.below(values.length);
  const dice = random.next();
  if (dice < 0.1) return values.filter((_, index) => index !== at);
  if (dice < 0.2) return [...values, values[at]];
  if (dice < 0.22) return Array.from({ length: 500 }, () => values[at]);
  if (dice < 0.3) return [...values].reverse();
  return values.map((value, index) => (index === at ? oddValue(value, random, depth) : value));
}

function mixed(text: string, random: Random): string {
  const at = random.below(text.length + 1);
  const dice = random.next();
  if (dice < 0.3) return text.slice(0, at);
  if (dice < 0.6) return text.slice(0, at) + oddText(random) + text.slice(at);
  return text + text;
}
