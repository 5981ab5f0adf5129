import { isOid, isOidUrn } from '../../profiles/formats/datatypes.ts';
import {
  childNamed,
  childrenNamed,
  elementsOf,
  isNamed,
  textOf,
  type XmlElement,
} from '../../profiles/formats/xml.ts';
import { isMimeType } from '../../profiles/xds/metadata-datatypes.ts';
import { NS } from '../../profiles/xds/vocabulary.ts';
import type { Message } from './message.ts';
import { both, type Finding, failure, type Rule, warning } from './rule.ts';

const REQUEST = ['HomeCommunityId', 'RepositoryUniqueId', 'DocumentUniqueId'];
const RESPONSE = [
  'HomeCommunityId',
  'RepositoryUniqueId',
  'DocumentUniqueId',
  'NewRepositoryUniqueId',
  'NewDocumentUniqueId',
  'mimeType',
  'Document',
];
const OPTIONAL = ['HomeCommunityId', 'NewRepositoryUniqueId', 'NewDocumentUniqueId'];

const PAYLOADS = [
  'RetrieveDocumentSetRequest',
  'RetrieveDocumentSetResponse',
  'RemoveDocumentsRequest',
];

/** True for a payload that asks for documents, returns or removes them. */
export function namesDocuments({ payload }: Message): boolean {
  return payload !== undefined && PAYLOADS.includes(payload.name);
}

/** The rows of such a payload: what is asked for, or returned. */
function rowsOf({ payload }: Message): readonly XmlElement[] {
  return payload === undefined
    ? []
    : elementsOf(payload).filter(
        ({ name }) => name === 'DocumentRequest' || name === 'DocumentResponse',
      );
}

function textIn(row: XmlElement, name: string): string | undefined {
  const child = childNamed(row, NS.xds, name);
  return child === undefined ? undefined : textOf(child).trim();
}

/** Rules of retrieving and removing documents. */
export const RETRIEVE_RULES: readonly Rule<Message>[] = [
  {
    name: 'retrieve.order',
    source: 'ITI TF-2: 3.43.5, schema XDS.b_DocumentRepository.xsd',
    what: both(
      'The elements of a document stand in the order of the schema, each once; none that is needed is missing.',
      '文書の要素はスキーマの順に一度ずつ並び、必須の要素が揃っている。',
    ),
    check: (message) => rowsOf(message).flatMap(order),
  },
  {
    name: 'retrieve.some',
    source: 'ITI TF-2: 3.43.4.1.2',
    what: both('A request names at least one document.', '要求には文書が一つ以上ある。'),
    check(message) {
      if (message.payload?.name === 'RetrieveDocumentSetResponse' || rowsOf(message).length > 0)
        return [];
      return [failure(both('it names none', '文書がありません'), message.payload)];
    },
  },
  {
    name: 'retrieve.identifiers',
    source: 'ITI TF-2: 3.43.4.1.2; ITI TF-3: 4.2.3.2',
    what: both(
      'HomeCommunityId is an OID URN, RepositoryUniqueId an OID, mimeType a media type; no document stands twice.',
      'HomeCommunityId は OID の URN、RepositoryUniqueId は OID、mimeType はメディア型で、同じ文書が二度現れない。',
    ),
    check: identifiers,
  },
  {
    name: 'retrieve.home',
    source: 'ITI TF-2: 3.39.4.1.2',
    what: both(
      'A cross-gateway request names the community of each document.',
      '地域間の要求では各文書の地域を示す。',
    ),
    check(message) {
      if (message.transaction?.id !== 'ITI-39' || message.direction !== 'request') return [];
      return rowsOf(message)
        .filter((row) => !textIn(row, 'HomeCommunityId'))
        .map((row) =>
          failure(both('HomeCommunityId is missing', 'HomeCommunityId がありません'), row),
        );
    },
  },
  {
    name: 'retrieve.on-demand',
    source: 'ITI TF-2: 3.43.4.2.2',
    what: both(
      'NewDocumentUniqueId differs from DocumentUniqueId, and stands wherever NewRepositoryUniqueId does.',
      'NewDocumentUniqueId は DocumentUniqueId と異なり、NewRepositoryUniqueId があるときは必ずある。',
    ),
    check: (message) => rowsOf(message).flatMap(onDemand),
  },
];

function order(row: XmlElement): readonly Finding[] {
  const sequence = row.name === 'DocumentRequest' ? REQUEST : RESPONSE;
  const findings: Finding[] = [];
  let last = -1;
  for (const child of elementsOf(row)) {
    const place = child.namespace === NS.xds ? sequence.indexOf(child.name) : -1;
    if (place < 0) {
      findings.push(
        failure(
          both(`${child.name} is not known there`, `${child.name} はここに置けません`),
          child,
        ),
      );
      continue;
    }
    if (place <= last) {
      findings.push(
        failure(
          both(`${child.name} is out of its place`, `${child.name} の位置が誤っています`),
          child,
        ),
      );
    }
    last = Math.max(last, place);
  }
  for (const name of sequence) {
    if (OPTIONAL.includes(name) || childNamed(row, NS.xds, name) !== undefined) continue;
    findings.push(failure(both(`${name} is missing`, `${name} がありません`), row));
  }
  return findings;
}

function identifiers(message: Message): readonly Finding[] {
  const seen = new Set<string>();
  return rowsOf(message).flatMap((row) => {
    const findings: Finding[] = [];
    const home = textIn(row, 'HomeCommunityId');
    const repository = textIn(row, 'RepositoryUniqueId') ?? '';
    const document = textIn(row, 'DocumentUniqueId') ?? '';
    const mimeType = textIn(row, 'mimeType');
    if (home !== undefined && !isOidUrn(home)) {
      findings.push(
        failure(
          both('HomeCommunityId is no OID URN', 'HomeCommunityId が OID の URN ではありません'),
          row,
        ),
      );
    }
    if (repository !== '' && !isOid(repository)) {
      findings.push(
        warning(
          both('RepositoryUniqueId is no OID', 'RepositoryUniqueId が OID ではありません'),
          row,
        ),
      );
    }
    if (document === '' && childrenNamed(row, NS.xds, 'DocumentUniqueId').length > 0) {
      findings.push(failure(both('DocumentUniqueId is empty', 'DocumentUniqueId が空です'), row));
    }
    if (mimeType !== undefined && !isMimeType(mimeType)) {
      findings.push(
        failure(both('mimeType is no media type', 'mimeType がメディア型ではありません'), row),
      );
    }
    const key = JSON.stringify([home, repository, document]);
    if (seen.has(key))
      findings.push(warning(both('the document stands twice', '同じ文書が二度現れます'), row));
    seen.add(key);
    return findings;
  });
}

function onDemand(row: XmlElement): readonly Finding[] {
  if (!isNamed(row, NS.xds, 'DocumentResponse')) return [];
  const fresh = textIn(row, 'NewDocumentUniqueId');
  if (fresh === undefined) {
    return textIn(row, 'NewRepositoryUniqueId') === undefined
      ? []
      : [failure(both('NewDocumentUniqueId is missing', 'NewDocumentUniqueId がありません'), row)];
  }
  return fresh === textIn(row, 'DocumentUniqueId')
    ? [
        failure(
          both('NewDocumentUniqueId is the old one', 'NewDocumentUniqueId が元の ID と同じです'),
          row,
        ),
      ]
    : [];
}
