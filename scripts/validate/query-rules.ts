import {
  childNamed,
  childrenNamed,
  elementsOf,
  isNamed,
  type XmlElement,
} from '../../profiles/formats/xml.ts';
import type { Refusal } from '../../profiles/refusal.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import { decodeStoredQuery } from '../../profiles/xds/iti-18.ts';
import {
  type AdhocQueryRequest,
  needsHome,
  STORED_QUERIES,
  type StoredQueryRow,
  storedQueryNamed,
} from '../../profiles/xds/stored-queries.ts';
import {
  readSlots,
  refusalsOfQuery,
  type SlotReading,
} from '../../profiles/xds/stored-query-reading.ts';
import { QUERY_TOLERANCES } from '../../profiles/xds/stored-query-values.ts';
import { NS } from '../../profiles/xds/vocabulary.ts';
import type { Message } from './message.ts';
import { both, type Finding, failure, type Rule, warning } from './rule.ts';

/** A stored query as far as it could be read. */
interface Query {
  readonly message: Message;
  readonly payload: XmlElement;
  readonly adhoc?: XmlElement;
  readonly request?: AdhocQueryRequest;
  readonly unreadable?: readonly Refusal[];
  readonly row?: StoredQueryRow;
  readonly slots: readonly SlotReading[];
}

/** The query that a payload carries; undefined for another payload. */
export function queryOf(message: Message): Query | undefined {
  const { payload, transaction } = message;
  if (payload === undefined || !isNamed(payload, NS.query, 'AdhocQueryRequest')) return undefined;
  const adhoc = childNamed(payload, NS.rim, 'AdhocQuery');
  const found = { message, payload, ...(adhoc === undefined ? {} : { adhoc }) };
  try {
    const request = decodeStoredQuery(payload);
    const name = storedQueryNamed(
      request.queryId,
      transaction?.id === 'ITI-51' ? 'ITI-51' : 'ITI-18',
    );
    const row: StoredQueryRow | undefined = name === undefined ? undefined : STORED_QUERIES[name];
    if (row === undefined) return { ...found, request, slots: [] };
    return { ...found, request, row, slots: readSlots(request, row, 'strict') };
  } catch (error) {
    const unreadable = refusalsOf(error);
    if (unreadable === undefined) throw error;
    return { ...found, unreadable, slots: [] };
  }
}

/** A registry's refusal, with what it means in Japanese. */
function told({ code, context }: Refusal) {
  return both(`${code}: ${context}`, `${REFUSED[code] ?? '誤りがあります'}（${code}: ${context}）`);
}

const REFUSED: Readonly<Record<string, string>> = {
  XDSStoredQueryMissingParam: '必須のパラメーターがありません',
  XDSStoredQueryParamNumber: 'パラメーターの数が誤っています',
  XDSRegistryError: '読み取れません',
};

/** A parameter that could not be read is not missing, too. */
function isFollowing({ code, context }: Refusal, unread: readonly string[]): boolean {
  return (
    code === 'XDSStoredQueryMissingParam' &&
    unread.some((name) => context.split(' ').includes(name))
  );
}

/** Rules of a stored query. */
export const QUERY_RULES: readonly Rule<Query>[] = [
  {
    name: 'query.structure',
    source: 'ITI TF-2: 3.18.4.1.2; ebRS 3.0, section 6',
    what: both(
      'A ResponseOption with returnType LeafClass or ObjectRef, then one AdhocQuery with an id.',
      'returnType が LeafClass か ObjectRef の ResponseOption と、id のある AdhocQuery が一つずつある。',
    ),
    check: ({ payload, unreadable }) =>
      (unreadable ?? []).map((refusal) => failure(told(refusal), payload)),
  },
  {
    name: 'query.known',
    source: 'ITI TF-2: 3.18.4.1.2.4; ITI TF-2: 3.51',
    what: both('The id is that of a stored query.', 'id は規定の照会のものである。'),
    check: ({ request, row, adhoc }) =>
      request === undefined || row !== undefined
        ? []
        : [
            failure(
              both(`no query has ${request.queryId}`, `${request.queryId} という照会はありません`),
              adhoc,
            ),
          ],
  },
  {
    name: 'query.parameters',
    source: 'ITI TF-2: 3.18.4.1.2.3',
    what: both(
      'Required parameters are there, each once where it may not be repeated, and every value is written as it must be.',
      '必須のパラメーターがあり、個数と値の書き方が正しい。',
    ),
    check: ({ row, slots, adhoc }) => {
      if (row === undefined) return [];
      const own = new Map(
        slots.flatMap(({ slot, refusal }) => (refusal ? [[refusal, slot.name]] : [])),
      );
      return refusalsOfQuery(slots, row)
        .filter((refusal) => !isFollowing(refusal, [...own.values()]))
        .map((refusal) => failure(told(refusal), slotElement(adhoc, own.get(refusal)) ?? adhoc));
    },
  },
  {
    name: 'query.spelling',
    source: 'ITI TF-2: 3.18.4.1.2.3.5',
    what: both(
      'Parameters are spelled exactly: known names, quotes, parentheses and numbers as the Framework writes them.',
      'パラメーターの名前・引用符・括弧・数値が規定どおりに書かれている。',
    ),
    check: ({ slots, adhoc }) =>
      slots.flatMap(({ slot, notes }) =>
        notes
          .filter((note) => QUERY_TOLERANCES[note].strict !== 'refused')
          .map((note) => {
            const { en, ja } = QUERY_TOLERANCES[note].text;
            return warning(
              both(`${slot.name}: ${en}`, `${slot.name}: ${ja}`),
              slotElement(adhoc, slot.name),
            );
          }),
      ),
  },
  {
    name: 'query.home',
    source: 'ITI TF-2: 3.38.4.1.2.1; ITI TF-2: 3.18.4.1.2.3.8',
    what: both(
      'A cross-gateway query by id names the community in home.',
      '地域間の ID による照会では home に地域を示す。',
    ),
    check: ({ message, request, adhoc }) =>
      message.transaction?.id === 'ITI-38' &&
      request !== undefined &&
      needsHome(request) &&
      !request.home
        ? [failure(both('AdhocQuery has no home', 'AdhocQuery に home がありません'), adhoc)]
        : [],
  },
];

function slotElement(
  adhoc: XmlElement | undefined,
  name: string | undefined,
): XmlElement | undefined {
  if (adhoc === undefined || name === undefined) return adhoc;
  return (
    childrenNamed(adhoc, NS.rim, 'Slot').find((slot) => slot.attributes.get('name') === name) ??
    adhoc
  );
}

/** Removal by ids, and by documents: what they must name. */
export const REMOVAL_RULES: readonly Rule<Message>[] = [
  {
    name: 'removal.objects',
    source: 'ITI TF-2: 3.62.4.1',
    what: both(
      'A removal names at least one object, each by a UUID.',
      '削除する対象が一つ以上あり、UUID で示されている。',
    ),
    check({ payload }): readonly Finding[] {
      if (payload === undefined) return [];
      const refs = elementsOf(payload).flatMap((list) => childrenNamed(list, NS.rim, 'ObjectRef'));
      if (refs.length === 0) return [failure(both('it names none', '対象がありません'), payload)];
      return refs
        .filter((ref) => !/^urn:uuid:[0-9a-f-]{36}$/.test(ref.attributes.get('id') ?? ''))
        .map((ref) =>
          failure(
            both('the id is no UUID in lower case', 'id が小文字の UUID ではありません'),
            ref,
          ),
        );
    },
  },
];
