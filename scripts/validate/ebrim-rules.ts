import {
  childNamed,
  childrenNamed,
  elementsOf,
  isNamed,
  textOf,
  type XmlElement,
} from '../../profiles/formats/xml.ts';
import { NS } from '../../profiles/xds/vocabulary.ts';
import { ALLOWED, OBJECTS, ONCE, ORDER, REQUIRED } from './ebrim-schema.ts';
import type { Message } from './message.ts';
import { both, type Finding, failure, type Rule, warning } from './rule.ts';

const SOURCE = 'ebRIM 3.0, schema rim.xsd';

/** Every element of ebRIM in the payload, parents before their children. */
function rimElements({ payload }: Message): readonly XmlElement[] {
  const found: XmlElement[] = [];
  const open = payload === undefined ? [] : [payload];
  for (let element = open.pop(); element !== undefined; element = open.pop()) {
    if (element.namespace === NS.rim) found.push(element);
    for (const child of elementsOf(element).reverse()) open.push(child);
  }
  return found;
}

function idOf(element: XmlElement): string | undefined {
  return element.attributes.get('id');
}

/** True where a payload carries registry objects. */
export function hasRegistryObjects(message: Message): boolean {
  return rimElements(message).some(({ name }) => name in REQUIRED);
}

/** Rules of the ebRIM structure: what the schema asks, whatever the metadata mean. */
export const EBRIM_RULES: readonly Rule<Message>[] = [
  {
    name: 'ebrim.order',
    source: SOURCE,
    what: both(
      'The children of an object stand in the order Slot, Name, Description, VersionInfo, Classification, ExternalIdentifier.',
      '子要素は Slot、Name、Description、VersionInfo、Classification、ExternalIdentifier の順に並ぶ。',
    ),
    check: (message) => rimElements(message).filter(isObject).flatMap(orderOf),
  },
  {
    name: 'ebrim.elements',
    source: SOURCE,
    what: both(
      'Objects hold only elements that the schema knows.',
      'スキーマにない要素を含まない。',
    ),
    check: (message) => rimElements(message).filter(isObject).flatMap(strangers),
  },
  {
    name: 'ebrim.attributes',
    source: SOURCE,
    what: both(
      'Required attributes are there, and no others than the schema knows.',
      '必須の属性があり、スキーマにない属性がない。',
    ),
    check: (message) => rimElements(message).flatMap(attributesOf),
  },
  {
    name: 'ebrim.slots',
    source: SOURCE,
    what: both(
      'A Slot has a name, which its object has once, and one ValueList.',
      'Slot には名前と一つの ValueList があり、同じ名前は一つのオブジェクトに一度だけ現れる。',
    ),
    check: (message) => rimElements(message).flatMap(slotsOf),
  },
  {
    name: 'ebrim.lengths',
    source: SOURCE,
    what: both(
      'Values and names have at most 256 characters, titles and comments 1024.',
      '値と名前は 256 文字以内、標題とコメントは 1024 文字以内である。',
    ),
    check: (message) => rimElements(message).flatMap(lengths),
  },
  {
    name: 'ebrim.home',
    source: 'ITI TF-3: 4.2.3.2.12',
    what: both('home, where it is given, is urn:oid: and an OID.', 'home は urn:oid: の形である。'),
    check: (message) => rimElements(message).flatMap(homes),
  },
];

function isObject({ name }: XmlElement): boolean {
  return OBJECTS.includes(name);
}

function orderOf(object: XmlElement): readonly Finding[] {
  let last = 0;
  const findings: Finding[] = [];
  for (const child of elementsOf(object)) {
    const place = child.namespace === NS.rim ? ORDER.indexOf(child.name) : -1;
    if (place < 0) continue;
    if (place < last) {
      const before = ORDER[last] ?? '';
      findings.push(
        failure(
          both(
            `${child.name} stands behind ${before}`,
            `${child.name} が ${before} の後にあります`,
          ),
          child,
          idOf(object),
        ),
      );
    }
    last = Math.max(last, place);
  }
  return findings;
}

function strangers(object: XmlElement): readonly Finding[] {
  const findings: Finding[] = [];
  for (const child of elementsOf(object)) {
    const isKnown =
      child.namespace === NS.rim
        ? ORDER.includes(child.name)
        : isNamed(child, NS.xds, 'Document') && object.name === 'ExtrinsicObject';
    if (!isKnown) {
      findings.push(
        failure(
          both(`${child.name} is not known there`, `${child.name} はここに置けません`),
          child,
          idOf(object),
        ),
      );
    }
  }
  for (const name of ONCE) {
    const [, second] = childrenNamed(object, NS.rim, name);
    if (second === undefined) continue;
    findings.push(
      failure(both(`${name} stands twice`, `${name} が二つあります`), second, idOf(object)),
    );
  }
  if (textOf(object).trim() !== '') {
    findings.push(
      failure(
        both(`${object.name} holds text`, `${object.name} に文字列があります`),
        object,
        idOf(object),
      ),
    );
  }
  return findings;
}

function attributesOf(element: XmlElement): readonly Finding[] {
  const findings: Finding[] = [];
  for (const name of REQUIRED[element.name] ?? []) {
    if (element.attributes.has(name)) continue;
    findings.push(
      failure(
        both(`${element.name} has no ${name}`, `${element.name} に ${name} がありません`),
        element,
        idOf(element),
      ),
    );
  }
  const allowed = ALLOWED[element.name];
  if (allowed === undefined) return findings;
  for (const name of element.attributes.keys()) {
    if (allowed.includes(name) || name.startsWith('{')) continue;
    findings.push(
      failure(
        both(
          `${element.name} has an attribute that is not known: ${name}`,
          `${element.name} に未知の属性 ${name} があります`,
        ),
        element,
        idOf(element),
      ),
    );
  }
  return findings;
}

function slotsOf(element: XmlElement): readonly Finding[] {
  const slots = childrenNamed(element, NS.rim, 'Slot');
  // A query repeats a slot to say that each must fit.
  const mayRepeat = element.name === 'AdhocQuery';
  const seen = new Set<string>();
  const findings: Finding[] = [];
  for (const slot of slots) {
    const name = slot.attributes.get('name') ?? '';
    if (name === '')
      findings.push(
        failure(both('a Slot has no name', 'Slot に名前がありません'), slot, idOf(element)),
      );
    else if (seen.has(name) && !mayRepeat) {
      findings.push(
        failure(
          both(`the Slot ${name} stands twice`, `Slot ${name} が二つあります`),
          slot,
          idOf(element),
        ),
      );
    }
    seen.add(name);
    const lists = elementsOf(slot);
    const list = childNamed(slot, NS.rim, 'ValueList');
    if (list === undefined || lists.length !== 1) {
      findings.push(
        failure(
          both(`the Slot ${name} needs one ValueList`, `Slot ${name} に ValueList が一つ必要です`),
          slot,
          idOf(element),
        ),
      );
      continue;
    }
    const values = elementsOf(list);
    if (values.some((value) => !isNamed(value, NS.rim, 'Value') || elementsOf(value).length > 0)) {
      findings.push(
        failure(
          both(
            `the Slot ${name} holds something else than values`,
            `Slot ${name} に Value 以外があります`,
          ),
          list,
          idOf(element),
        ),
      );
    }
    if (values.length === 0) {
      findings.push(
        warning(
          both(`the Slot ${name} has no value`, `Slot ${name} に値がありません`),
          list,
          idOf(element),
        ),
      );
    }
  }
  return findings;
}

const LONGEST: Readonly<Record<string, number>> = { Value: 256, LocalizedString: 1024, Slot: 256 };

function lengths(element: XmlElement): readonly Finding[] {
  const most = LONGEST[element.name];
  if (most === undefined) return [];
  const attribute = element.name === 'Slot' ? 'name' : 'value';
  const text =
    element.name === 'Value' ? textOf(element) : (element.attributes.get(attribute) ?? '');
  const length = [...text].length;
  return length <= most
    ? []
    : [
        failure(
          both(
            `${element.name} has ${length} characters`,
            `${element.name} が ${length} 文字あります`,
          ),
          element,
        ),
      ];
}

function homes(element: XmlElement): readonly Finding[] {
  const home = element.attributes.get('home');
  if (home === undefined || /^urn:oid:[0-2](?:\.(?:0|[1-9]\d*))+$/.test(home)) return [];
  return home === ''
    ? [
        warning(
          both('it is empty; leave it out', '空です。属性ごと省いてください'),
          element,
          idOf(element),
        ),
      ]
    : [failure(both('it is not', 'その形ではありません'), element, idOf(element))];
}
