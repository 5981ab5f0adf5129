import {
  childNamed,
  childrenNamed,
  elementsOf,
  isNamed,
  textOf,
  type XmlElement,
} from '../../profiles/formats/xml.ts';
import { NS, nameOfUrn, RESPONSE_STATUS } from '../../profiles/xds/vocabulary.ts';
import { errorForm, highestSeverity, severityOf, strangersIn } from './error-list-rules.ts';
import type { Message } from './message.ts';
import { both, type Finding, failure, type Rule, warning } from './rule.ts';

/** The element with the status, wherever the payload keeps it. */
function responseOf({ payload }: Message): XmlElement | undefined {
  if (payload === undefined) return undefined;
  if (isNamed(payload, NS.xds, 'RetrieveDocumentSetResponse')) {
    return childNamed(payload, NS.rs, 'RegistryResponse');
  }
  const isResponse =
    isNamed(payload, NS.rs, 'RegistryResponse') || isNamed(payload, NS.query, 'AdhocQueryResponse');
  return isResponse ? payload : undefined;
}

/** True for a payload that the rules of answers are about. */
export function isXdsAnswer({ payload }: Message): boolean {
  return (
    payload !== undefined &&
    (isNamed(payload, NS.rs, 'RegistryResponse') ||
      isNamed(payload, NS.query, 'AdhocQueryResponse') ||
      isNamed(payload, NS.xds, 'RetrieveDocumentSetResponse'))
  );
}

function listsOf(message: Message): readonly XmlElement[] {
  const response = responseOf(message);
  return response === undefined ? [] : childrenNamed(response, NS.rs, 'RegistryErrorList');
}

function errorsOf(message: Message): readonly XmlElement[] {
  return listsOf(message).flatMap((list) => childrenNamed(list, NS.rs, 'RegistryError'));
}

function statusOf(message: Message) {
  return nameOfUrn(RESPONSE_STATUS, responseOf(message)?.attributes.get('status'));
}

/** Objects, references and documents that an answer returns. */
function resultsOf({ payload }: Message): readonly XmlElement[] {
  if (payload === undefined) return [];
  return [
    ...childrenNamed(payload, NS.rim, 'RegistryObjectList').flatMap(elementsOf),
    ...childrenNamed(payload, NS.xds, 'DocumentResponse'),
  ];
}

/** Transactions that either do all or nothing. Source: ITI TF-3: Table 4.2.4.2-1. */
const ALL_OR_NOTHING = ['ITI-41', 'ITI-42', 'ITI-57', 'ITI-61', 'ITI-62', 'ITI-92'];

const STATUS_SOURCE = 'ITI TF-3: Table 4.2.4.2-1';

/** Rules of answers with a status. */
export const RESPONSE_RULES: readonly Rule<Message>[] = [
  {
    name: 'response.status',
    source: STATUS_SOURCE,
    what: both(
      'The status is one that IHE knows and that the transaction allows.',
      'status は IHE の定めるもので、そのトランザクションに許されたものである。',
    ),
    check: status,
  },
  {
    name: 'response.errors-fit-status',
    source: STATUS_SOURCE,
    what: both(
      'Success has warnings at most; Failure and PartialSuccess have at least one Error.',
      'Success には警告だけ、Failure と PartialSuccess にはエラーが一つ以上ある。',
    ),
    check: errorsFitStatus,
  },
  {
    name: 'response.results-fit-status',
    source: STATUS_SOURCE,
    what: both(
      'A Failure returns no objects and no documents.',
      'Failure ではオブジェクトも文書も返さない。',
    ),
    check(message) {
      const [first] = resultsOf(message);
      if (first === undefined || statusOf(message) !== 'Failure') return [];
      return [warning(both('something is returned', '結果が返されています'), first)];
    },
  },
  {
    name: 'response.order',
    source: 'ebRS 3.0, schema query.xsd and rs.xsd; ITI TF-2: 3.18.4.1.3, 3.43.4.2.2',
    what: both(
      'Errors stand before the results, and a query is answered with a RegistryObjectList, even an empty one.',
      'エラー一覧は結果より前にあり、照会の応答には空でも RegistryObjectList がある。',
    ),
    check: order,
  },
  {
    name: 'response.errors',
    source: 'ITI TF-3: 4.2.4.1',
    what: both(
      'Each error has errorCode, codeContext and a severity of ebRS; its code is known.',
      '各エラーには errorCode、codeContext、規定の severity があり、コードは既知である。',
    ),
    check: (message) => [
      ...listsOf(message).flatMap(strangersIn),
      ...errorsOf(message).flatMap(errorForm),
    ],
  },
  {
    name: 'response.highest-severity',
    source: 'ebRS 3.0, section 2.1.5',
    what: both(
      'highestSeverity, where it is given, is the worst severity in the list.',
      'highestSeverity があれば、一覧の中で最も重いものに等しい。',
    ),
    check: (message) => listsOf(message).flatMap(highestSeverity),
  },
  {
    name: 'response.objects',
    source: 'ITI TF-3: 4.2.1, 4.2.3.2',
    what: both(
      'Returned objects have UUIDs and a status.',
      '返されたオブジェクトには UUID と status がある。',
    ),
    check: returnedObjects,
  },
  {
    name: 'response.home',
    source: 'ITI TF-2: 3.38.4.1.3, 3.39.4.1.3',
    what: both(
      'An answer across communities names the community: home on each object, HomeCommunityId in each document, location in each error.',
      '地域間の応答では、各オブジェクトの home、各文書の HomeCommunityId、各エラーの location に地域を示す。',
    ),
    check: homes,
  },
];

function status(message: Message): readonly Finding[] {
  const response = responseOf(message);
  if (response === undefined) {
    return [
      failure(
        both('there is no RegistryResponse', 'RegistryResponse がありません'),
        message.payload,
      ),
    ];
  }
  const found = statusOf(message);
  if (found === undefined) {
    return [
      failure(both('the status is missing or unknown', 'status がないか、未知の値です'), response),
    ];
  }
  const { transaction } = message;
  if (found !== 'PartialSuccess' || !ALL_OR_NOTHING.includes(transaction?.id ?? '')) return [];
  return [
    failure(
      both(
        `${transaction?.id} has no PartialSuccess`,
        `${transaction?.id} に PartialSuccess はありません`,
      ),
      response,
    ),
  ];
}

function errorsFitStatus(message: Message): readonly Finding[] {
  const found = statusOf(message);
  if (found === undefined) return [];
  const errors = errorsOf(message).filter((error) => severityOf(error) !== 'Warning');
  const [first] = errors;
  if (found === 'Success') {
    if (first === undefined) return [];
    const code = first.attributes.get('errorCode') ?? '';
    return [
      failure(
        both(
          `the status is Success, but there is an Error: ${code}`,
          `status が Success なのにエラー ${code} があります`,
        ),
        first,
      ),
    ];
  }
  if (first !== undefined) return [];
  return [
    failure(
      both(
        `the status is ${found}, but there is no Error`,
        `status が ${found} なのにエラーがありません`,
      ),
      responseOf(message),
    ),
  ];
}

function order({ payload }: Message): readonly Finding[] {
  if (payload === undefined) return [];
  const names = elementsOf(payload).map(({ name }) => name);
  const sequence = isNamed(payload, NS.query, 'AdhocQueryResponse')
    ? ['ResponseSlotList', 'RegistryErrorList', 'RegistryObjectList']
    : isNamed(payload, NS.xds, 'RetrieveDocumentSetResponse')
      ? ['RegistryResponse', 'DocumentResponse']
      : ['ResponseSlotList', 'RegistryErrorList'];
  const findings: Finding[] = [];
  let last = 0;
  for (const child of elementsOf(payload)) {
    const place = sequence.indexOf(child.name);
    if (place < 0) {
      findings.push(
        failure(
          both(`${child.name} is not known there`, `${child.name} はここに置けません`),
          child,
        ),
      );
    } else if (place < last) {
      const before = sequence[last] ?? '';
      findings.push(
        failure(
          both(
            `${child.name} stands behind ${before}`,
            `${child.name} が ${before} の後にあります`,
          ),
          child,
        ),
      );
    }
    last = Math.max(last, place);
  }
  if (payload.name === 'AdhocQueryResponse' && !names.includes('RegistryObjectList')) {
    findings.push(
      failure(both('there is no RegistryObjectList', 'RegistryObjectList がありません'), payload),
    );
  }
  return findings;
}

function returnedObjects({ payload }: Message): readonly Finding[] {
  if (payload === undefined || !isNamed(payload, NS.query, 'AdhocQueryResponse')) return [];
  return childrenNamed(payload, NS.rim, 'RegistryObjectList')
    .flatMap(elementsOf)
    .flatMap((object) => {
      const id = object.attributes.get('id') ?? '';
      const findings: Finding[] = [];
      if (!id.startsWith('urn:uuid:')) {
        findings.push(failure(both('the id is no UUID', 'id が UUID ではありません'), object, id));
      }
      if (object.name !== 'ObjectRef' && !object.attributes.has('status')) {
        findings.push(warning(both('there is no status', 'status がありません'), object, id));
      }
      return findings;
    });
}

const ACROSS = ['ITI-38', 'ITI-39'];

function homes(message: Message): readonly Finding[] {
  if (!ACROSS.includes(message.transaction?.id ?? '')) return [];
  const findings: Finding[] = [];
  for (const result of resultsOf(message)) {
    if (result.name === 'DocumentResponse') {
      const home = childNamed(result, NS.xds, 'HomeCommunityId');
      if (home !== undefined && textOf(home).trim() !== '') continue;
      findings.push(
        failure(
          both(
            'DocumentResponse has no HomeCommunityId',
            'DocumentResponse に HomeCommunityId がありません',
          ),
          result,
        ),
      );
    } else if (result.name !== 'Association' && !result.attributes.get('home')) {
      const id = result.attributes.get('id');
      findings.push(
        failure(
          both(`${result.name} has no home`, `${result.name} に home がありません`),
          result,
          id,
        ),
      );
    }
  }
  for (const error of errorsOf(message)) {
    if (error.attributes.get('location')?.includes('urn:oid:')) continue;
    findings.push(
      warning(
        both('the location of an error names no community', 'エラーの location に地域がありません'),
        error,
      ),
    );
  }
  return findings;
}
