import type { Random } from '../support/seeded.ts';
import { oddNamespace, oddText } from './odd-values.ts';

/** Where an element begins and ends in the text. */
interface Span {
  readonly start: number;
  readonly end: number;
}

/** Changes the text of an XML document in one way; what comes out may be well-formed or not. */
type Mutation = (xml: string, random: Random) => string;

const NOTHING: Span = { start: 0, end: 0 };

function spansOf(xml: string): Span[] {
  const spans: Span[] = [];
  const open: number[] = [];
  for (const tag of xml.matchAll(/<(\/?)[^<>?!][^<>]*?(\/?)>/g)) {
    const [whole, closing, empty] = tag;
    if (closing === '/') {
      const start = open.pop();
      if (start !== undefined) spans.push({ start, end: tag.index + whole.length });
    } else if (empty === '/') {
      spans.push({ start: tag.index, end: tag.index + whole.length });
    } else {
      open.push(tag.index);
    }
  }
  return spans;
}

/** Small elements mostly: the large ones are the whole message. */
function someSpan(xml: string, random: Random): Span {
  const spans = spansOf(xml);
  return spans.length === 0 ? NOTHING : random.pick(spans);
}

function cut(xml: string, { start, end }: Span): string {
  return xml.slice(0, start) + xml.slice(end);
}

function insert(xml: string, at: number, text: string): string {
  return xml.slice(0, at) + text + xml.slice(at);
}

/** Replaces one of the places that fit, if there is one. */
function replaceOne(
  xml: string,
  { pattern, random }: { pattern: RegExp; random: Random },
  change: (found: RegExpMatchArray) => string,
): string {
  const places = [...xml.matchAll(pattern)];
  if (places.length === 0) return xml;
  const place = random.pick(places);
  const start = place.index ?? 0;
  return xml.slice(0, start) + change(place) + xml.slice(start + place[0].length);
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

const ATTRIBUTE = /\s[\w:.-]+="[^"]*"/g;
const NAMESPACE = /xmlns(:[\w.-]+)?="[^"]*"/g;
const TEXT = />[^<>]+</g;
const NAME = /<\/?[\w.-]+:?[\w.-]*/g;
const ANY_TAG = /<[^<>]+>/g;

const DEPTHS = [60, 70, 1_000, 10_000];
const LENGTHS = [300, 5_000, 70_000, 400_000];

const MUTATIONS: readonly Mutation[] = [
  (xml, random) => {
    const span = someSpan(xml, random);
    return insert(xml, span.end, xml.slice(span.start, span.end));
  },
  (xml, random) => cut(xml, someSpan(xml, random)),
  (xml, random) => cut(xml, someSpan(xml, random)),
  (xml, random) => {
    const span = someSpan(xml, random);
    const rest = cut(xml, span);
    const goal = someSpan(rest, random);
    const at = random.chance(0.5) ? goal.start : goal.end;
    return insert(rest, at, xml.slice(span.start, span.end));
  },
  (xml, random) => {
    const span = someSpan(xml, random);
    const times = random.pick([2, 30, 1_500]);
    const one = xml.slice(span.start, span.end);
    return one.length * times > 1_000_000 ? xml : insert(xml, span.end, one.repeat(times));
  },
  (xml, random) =>
    replaceOne(
      xml,
      { pattern: NAMESPACE, random },
      ([, prefix = '']) => `xmlns${prefix}="${oddNamespace(random)}"`,
    ),
  (xml, random) =>
    replaceOne(xml, { pattern: ATTRIBUTE, random }, ([whole]) =>
      whole.replace(/"[^"]*"/, () => `"${escaped(oddText(random))}"`),
    ),
  (xml, random) =>
    replaceOne(xml, { pattern: ATTRIBUTE, random }, ([whole]) =>
      whole.replace(/"[^"]*"/, () => `"${escaped(oddText(random))}"`),
    ),
  (xml, random) => replaceOne(xml, { pattern: ATTRIBUTE, random }, () => ''),
  (xml, random) => replaceOne(xml, { pattern: ATTRIBUTE, random }, ([whole]) => whole + whole),
  (xml, random) =>
    replaceOne(
      xml,
      { pattern: ATTRIBUTE, random },
      ([whole]) => ` ${oddText(random).replaceAll(/[^\w]/g, '')}${whole.trim()}`,
    ),
  (xml, random) =>
    replaceOne(xml, { pattern: ATTRIBUTE, random }, ([whole]) =>
      whole.replace(/"[^"]*"/, `"${'x'.repeat(random.pick(LENGTHS))}"`),
    ),
  (xml, random) =>
    replaceOne(xml, { pattern: TEXT, random }, () => `>${escaped(oddText(random))}<`),
  (xml, random) =>
    replaceOne(xml, { pattern: TEXT, random }, () => `>${escaped(oddText(random))}<`),
  (xml, random) =>
    replaceOne(xml, { pattern: TEXT, random }, ([whole]) => `><![CDATA[${whole.slice(1, -1)}]]><`),
  (xml, random) =>
    replaceOne(xml, { pattern: NAME, random }, ([whole]) => `${whole}${random.below(10)}`),
  (xml, random) =>
    replaceOne(xml, { pattern: ANY_TAG, random }, ([whole]) => {
      const depth = random.pick(DEPTHS);
      return `${whole}${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`;
    }),
  (xml, random) =>
    replaceOne(xml, { pattern: ANY_TAG, random }, ([whole]) => {
      const many = Array.from({ length: random.pick([20, 100]) }, (_, at) => ` a${at}="1"`);
      return whole.replace(/\/?>$/, (end) => many.join('') + end);
    }),
  (xml, random) =>
    replaceOne(
      xml,
      { pattern: ANY_TAG, random },
      ([whole]) =>
        whole +
        random.pick([
          '<!-- -->',
          '<?php x?>',
          '<!DOCTYPE x>',
          '&nbsp;',
          '&#0;',
          '&#x110000;',
          '&#x1F600;',
          '&lt;',
          ']]>',
          '<',
          '\u0000',
          '\uFFFE',
          '\r',
        ]),
    ),
  (xml, random) =>
    random.pick([
      '<!DOCTYPE x [<!ENTITY a "b">]>',
      '<?xml version="1.1"?>',
      '<?xml version="1.0" encoding="ISO-8859-1"?>',
      '<?xml version="1.0" encoding="Shift_JIS"?>',
      '\uFEFF',
      ' ',
      'x',
    ]) + (random.chance(0.5) ? xml.replace(/^<\?xml[^>]*\?>/, '') : xml),
  (xml) => xml.replaceAll('soap:', 'env:').replaceAll(':soap=', ':env='),
];

/** The document with one to three changes. */
export function mutateXml(xml: string, random: Random): string {
  let changed = xml;
  for (let left = 1 + random.below(3); left > 0; left -= 1) {
    changed = random.pick(MUTATIONS)(changed, random);
  }
  return changed;
}
