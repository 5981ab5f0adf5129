import { createHash } from 'node:crypto';
import { XOP } from '../../profiles/formats/mtom.ts';
import { contentIdOf } from '../../profiles/formats/mtom.ts';
import {
  childNamed,
  childrenNamed,
  elementsOf,
  isNamed,
  textOf,
  type XmlElement,
} from '../../profiles/formats/xml.ts';
import { NS } from '../../profiles/xds/vocabulary.ts';
import { reasonOf } from './capture.ts';
import type { Message } from './message.ts';
import { both, type Finding, failure, type Rule, warning } from './rule.ts';

/** An `xop:Include`, the element that it stands in, and the Content-ID that it names. */
interface Inclusion {
  readonly include: XmlElement;
  readonly holder: XmlElement;
  readonly contentId?: string;
  readonly broken?: { readonly en: string; readonly ja: string };
}

function inclusionsIn(element: XmlElement): readonly Inclusion[] {
  return elementsOf(element).flatMap((child) => {
    if (!isNamed(child, XOP, 'Include')) return inclusionsIn(child);
    try {
      const contentId = contentIdOf(child.attributes.get('href') ?? '');
      return [{ include: child, holder: element, contentId }];
    } catch (error) {
      return [{ include: child, holder: element, broken: reasonOf(error) }];
    }
  });
}

function inclusions({ payload }: Message): readonly Inclusion[] {
  return payload === undefined ? [] : inclusionsIn(payload);
}

/** The `xds:Document` elements of a submission or an answer. */
function documentsOf({ payload }: Message): readonly XmlElement[] {
  if (payload === undefined) return [];
  return elementsOf(payload).flatMap((child) =>
    isNamed(child, NS.xds, 'Document') ? [child] : childrenNamed(child, NS.xds, 'Document'),
  );
}

/** Rules of documents inside and beside the envelope. */
export const PACKAGING_RULES: readonly Rule<Message>[] = [
  {
    name: 'xop.include',
    source: 'XOP 1.0, section 2.1',
    what: both(
      'An xop:Include is alone in its element, and its href is a cid: URL.',
      'xop:Include は要素の中に単独であり、href は cid: の URL である。',
    ),
    check: (message) => inclusions(message).flatMap(formOf),
  },
  {
    name: 'xop.parts',
    source: 'XOP 1.0, section 3.2; ITI TF-2: Appendix V.3.6',
    what: both(
      'Every xop:Include names a part, and every part is named by one xop:Include.',
      'どの xop:Include にも対応するパートがあり、どのパートも一つの xop:Include から参照される。',
    ),
    check: partsNamed,
  },
  {
    name: 'xop.base64',
    source: 'XML Schema Part 2, section 3.2.16',
    what: both(
      'A document that stands in the envelope is base64.',
      '封筒の中に直接置かれた文書は base64 である。',
    ),
    check: (message) => documentsOf(message).flatMap(base64Of),
  },
  {
    name: 'xop.fits-metadata',
    source: 'ITI TF-2: 3.41.4.1.3; ITI TF-3: 4.2.3.2',
    what: both(
      'hash and size in the metadata are those of the document.',
      'メタデータの hash と size は文書のものと一致する。',
    ),
    check: measured,
  },
];

function formOf({ include, holder, broken }: Inclusion): readonly Finding[] {
  const findings: Finding[] = [];
  if (broken !== undefined) findings.push(failure(broken, include));
  if (elementsOf(holder).length > 1 || textOf(holder).trim() !== '') {
    findings.push(failure(both('something stands beside it', '他の内容と並んでいます'), include));
  } else if (holder.children.length > 1) {
    findings.push(warning(both('whitespace stands beside it', '前後に空白があります'), include));
  }
  return findings;
}

function partsNamed(message: Message): readonly Finding[] {
  const named = inclusions(message);
  const { parts, payload } = message;
  const findings: Finding[] = [];
  const seen = new Set<string>();
  for (const { include, contentId } of named) {
    if (contentId === undefined) continue;
    if (seen.has(contentId)) {
      findings.push(
        failure(
          both('two elements name the same part', '同じパートを二つの要素が参照しています'),
          include,
        ),
      );
    }
    seen.add(contentId);
    if (parts !== undefined && !parts.some((part) => part.contentId === contentId)) {
      findings.push(
        failure(both('the message has no such part', '対応するパートがありません'), include),
      );
    }
  }
  for (const { contentId } of parts ?? []) {
    if (seen.has(contentId)) continue;
    findings.push(
      failure(
        both(
          `nothing names the part ${contentId}`,
          `パート ${contentId} を参照する要素がありません`,
        ),
        payload,
      ),
    );
  }
  return findings;
}

function base64Of(document: XmlElement): readonly Finding[] {
  if (elementsOf(document).length > 0) return [];
  const text = textOf(document).replace(/[ \t\r\n]+/g, '');
  if (text.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(text)) return [];
  return [failure(both('it is not', 'base64 ではありません'), document)];
}

/** Compares what a DocumentEntry says with the octets of its document, where both are here. */
function measured(message: Message): readonly Finding[] {
  const { payload, parts, isExact } = message;
  if (payload === undefined || !isNamed(payload, NS.xds, 'ProvideAndRegisterDocumentSetRequest')) {
    return [];
  }
  const entries = elementsOf(payload)
    .flatMap(elementsOf)
    .flatMap(elementsOf)
    .filter((element) => isNamed(element, NS.rim, 'ExtrinsicObject'));
  return childrenNamed(payload, NS.xds, 'Document').flatMap((document) => {
    const [inclusion] = inclusionsIn({ ...document, children: [document] });
    const part = parts?.find(({ contentId }) => contentId === inclusion?.contentId);
    // What was beside the envelope is no longer what was sent once the line ends have changed.
    const bytes =
      inclusion === undefined ? inlineBytes(document) : isExact ? part?.bytes : undefined;
    const id = document.attributes.get('id') ?? '';
    const entry = entries.find((element) => element.attributes.get('id') === id);
    if (bytes === undefined || entry === undefined) return [];
    const findings: Finding[] = [];
    const size = slotOf(entry, 'size');
    if (size !== undefined && size !== String(bytes.length)) {
      findings.push(
        failure(
          both(`the document has ${bytes.length} octets`, `文書は ${bytes.length} バイトです`),
          entry,
          id,
        ),
      );
    }
    const hash = createHash('sha1').update(bytes).digest('hex');
    const said = slotOf(entry, 'hash');
    if (said !== undefined && said.toLowerCase() !== hash) {
      findings.push(failure(both(`its SHA-1 is ${hash}`, `SHA-1 は ${hash} です`), entry, id));
    }
    return findings;
  });
}

function inlineBytes(document: XmlElement): Uint8Array | undefined {
  return base64Of(document).length > 0 ? undefined : Buffer.from(textOf(document), 'base64');
}

function slotOf(entry: XmlElement, name: string): string | undefined {
  const slot = childrenNamed(entry, NS.rim, 'Slot').find(
    (one) => one.attributes.get('name') === name,
  );
  const list = slot && childNamed(slot, NS.rim, 'ValueList');
  const value = list && childNamed(list, NS.rim, 'Value');
  return value === undefined ? undefined : textOf(value).trim();
}

/** Whether a message travels as its transaction asks: MTOM or not. Only a capture with its Content-Type tells. */
export const TRANSPORT_RULE: Rule<{ readonly type: string; readonly message: Message }> = {
  name: 'xop.transport',
  source: 'ITI TF-2: Appendix V.3.6; ITI TF-2: 3.41.3, 3.43.3',
  what: both(
    'ITI-39, ITI-41 and ITI-43 are multipart both ways, even without a document; all others never.',
    'ITI-39・ITI-41・ITI-43 は要求も応答も、文書がなくても multipart。それ以外は multipart にしない。',
  ),
  check({ type, message: { transaction, root } }) {
    if (transaction === undefined) return [];
    const isMultipart = type === 'multipart/related';
    if (isMultipart === (transaction.wire.mtom === 'both')) return [];
    return [
      failure(
        isMultipart
          ? both(`${transaction.id} is not multipart`, `${transaction.id} は multipart にしません`)
          : both(
              `${transaction.id} must be multipart`,
              `${transaction.id} は multipart でなければなりません`,
            ),
        root,
      ),
    ];
  },
};
