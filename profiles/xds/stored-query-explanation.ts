import type { Refusal } from '../refusal.ts';
import type { RuleText } from './metadata-rule.ts';
import {
  type AdhocQueryRequest,
  type QueryTransaction,
  STORED_QUERIES,
  type StoredQueryName,
  type StoredQueryRow,
  storedQueryNamed,
} from './stored-queries.ts';
import type { ParameterKind, ParameterRow } from './stored-query-parameters.ts';
import {
  readSlots,
  refusalsOfQuery,
  type SlotReading,
  unknownQuery,
} from './stored-query-reading.ts';
import { QUERY_TOLERANCES, type QueryReading } from './stored-query-values.ts';
import { DOCUMENT_ENTRY_TYPE } from './vocabulary.ts';

/** How one parameter of a query was read. */
export interface ParameterExplanation {
  readonly name: string;
  /** The `rim:Value`s as they were sent; empty for a default. It may hold a patient's number: for the operator's eyes alone. */
  readonly written: readonly string[];
  /** Undefined for a parameter that the query does not know. */
  readonly kind?: ParameterKind;
  /** `default` where the query did not give it. */
  readonly outcome: 'read' | 'left out' | 'refused' | 'default';
  /** Unquoted; any of them fits. */
  readonly values: readonly string[];
  /** What it asks of an object that is found. */
  readonly effect: RuleText;
  /** What was written otherwise than it should be. */
  readonly notes: readonly RuleText[];
  readonly refusal?: Refusal;
}

/** How a registry reads a query. */
export interface QueryExplanation {
  readonly queryId: string;
  /** Undefined for a query that is not known, or is of another transaction. */
  readonly name?: StoredQueryName;
  readonly transaction: QueryTransaction;
  readonly returnType: AdhocQueryRequest['returnType'];
  readonly home?: string;
  /** In the order in which they were sent; repetitions of a slot each by itself, then the defaults. */
  readonly parameters: readonly ParameterExplanation[];
  /** All that the query is refused for; the registry answers with the first. */
  readonly refusals: readonly Refusal[];
}

/**
 * Tells how a registry reads a query: each parameter with what it was taken for, what was passed over, which defaults apply,
 * and all that is wrong with it. Never throws a Refusal.
 *
 * @param transaction who was asked; where it is left out, the query's own
 * @see ITI TF-2: 3.18.4.1.2.3
 */
export function explainQuery(
  request: AdhocQueryRequest,
  {
    transaction = transactionOf(request),
    reading = 'strict',
  }: { readonly transaction?: QueryTransaction; readonly reading?: QueryReading } = {},
): QueryExplanation {
  const { queryId, returnType, home } = request;
  const name = storedQueryNamed(queryId, transaction);
  const told = { queryId, transaction, returnType, ...(home === undefined ? {} : { home }) };
  if (name === undefined) {
    return { ...told, parameters: [], refusals: [unknownQuery(request)] };
  }
  const query: StoredQueryRow = STORED_QUERIES[name];
  const slots = readSlots(request, query, reading);
  return {
    ...told,
    name,
    parameters: [...slots.map(explained), ...defaultsOf(query, slots)],
    refusals: refusalsOfQuery(slots, query),
  };
}

function transactionOf({ queryId }: AdhocQueryRequest): QueryTransaction {
  return storedQueryNamed(queryId, 'ITI-51') === undefined ? 'ITI-18' : 'ITI-51';
}

function explained({ slot, row, values, notes, refusal }: SlotReading): ParameterExplanation {
  const outcome = refusal === undefined ? (values.length > 0 ? 'read' : 'left out') : 'refused';
  return {
    name: slot.name,
    written: slot.values,
    ...(row === undefined ? {} : { kind: row.kind }),
    outcome,
    values,
    effect: outcome === 'read' && row !== undefined ? effectOf(slot.name, row, values) : NO_EFFECT,
    notes: notes.map((note) => QUERY_TOLERANCES[note].text),
    ...(refusal === undefined ? {} : { refusal }),
  };
}

const NO_EFFECT: RuleText = { en: 'nothing is asked by it', ja: '条件になりません' };

function effectOf(name: string, row: ParameterRow, values: readonly string[]): RuleText {
  const special = SPECIAL[name];
  if (special !== undefined) return special;
  if (row.kind === 'time') {
    return name.endsWith('From')
      ? { en: 'at this time or later', ja: 'この時刻以後' }
      : { en: 'before this time', ja: 'この時刻より前' };
  }
  if (row.kind === 'pattern') {
    return {
      en: 'any value fits one of these patterns (% any characters, _ one)',
      ja: 'いずれかの値がこのパターンのどれかに合う（% は任意の文字列、_ は一文字）',
    };
  }
  if (row.and === true) {
    return {
      en: 'one of these is among its values; each repetition of the slot asks again',
      ja: '値の中にこのどれかがある。スロットを繰り返すと、そのすべてを満たすもの',
    };
  }
  return values.length > 1
    ? { en: 'it is one of these', ja: 'このどれかである' }
    : { en: 'it is this', ja: 'これと一致する' };
}

const SPECIAL: Readonly<Record<string, RuleText>> = {
  $MetadataLevel: {
    en: '1 shows the latest versions alone, 2 shows all',
    ja: '1 は最新版だけ、2 はすべての版を返す',
  },
  $XDSDocumentEntryServiceStartTimeFrom: {
    en: 'at this time or later; entries without the attribute are found, too',
    ja: 'この時刻以後。属性のないものも一致する',
  },
  $XDSDocumentEntryServiceStartTimeTo: {
    en: 'before this time; entries without the attribute are found, too',
    ja: 'この時刻より前。属性のないものも一致する',
  },
  $XDSDocumentEntryServiceStopTimeFrom: {
    en: 'at this time or later; entries without the attribute are found, too',
    ja: 'この時刻以後。属性のないものも一致する',
  },
  $XDSDocumentEntryServiceStopTimeTo: {
    en: 'before this time; entries without the attribute are found, too',
    ja: 'この時刻より前。属性のないものも一致する',
  },
  $XDSDocumentEntryCreationTimeFrom: {
    en: 'at this time or later; not asked of On-Demand entries',
    ja: 'この時刻以後。On-Demand には適用しない',
  },
  $XDSDocumentEntryCreationTimeTo: {
    en: 'before this time; not asked of On-Demand entries',
    ja: 'この時刻より前。On-Demand には適用しない',
  },
};

interface Default {
  readonly name: string;
  readonly values: readonly string[];
  readonly effect: RuleText;
}

const DEFAULTS: readonly Default[] = [
  {
    name: '$XDSDocumentEntryType',
    values: [DOCUMENT_ENTRY_TYPE.Stable],
    effect: { en: 'Stable documents alone', ja: 'Stable の文書だけ' },
  },
  {
    name: '$MetadataLevel',
    values: ['1'],
    effect: { en: 'the latest versions alone', ja: '最新版だけ' },
  },
];

function defaultsOf(
  query: StoredQueryRow,
  slots: readonly SlotReading[],
): readonly ParameterExplanation[] {
  const given = slots.filter(({ values }) => values.length > 0).map(({ slot }) => slot.name);
  return DEFAULTS.flatMap(({ name, values, effect }) => {
    const row = query.parameters[name];
    if (row === undefined || given.includes(name)) return [];
    return [
      { name, written: [], kind: row.kind, outcome: 'default', values, effect, notes: [] } as const,
    ];
  });
}
