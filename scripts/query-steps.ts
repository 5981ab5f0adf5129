import type { Slot } from '../profiles/formats/ebxml.ts';
import type { RegistryError } from '../profiles/xds/registry-response.ts';
import {
  type AdhocQueryRequest,
  STORED_QUERIES,
  type StoredQueryName,
  type StoredQueryRow,
} from '../profiles/xds/stored-queries.ts';
import { explainQuery } from '../profiles/xds/stored-query-explanation.ts';
import { list, statuses } from '../profiles/xds/stored-query-slots.ts';
import { DOCUMENT_ENTRY_TYPE } from '../profiles/xds/vocabulary.ts';
import type { AskRegistry } from './document-history.ts';

/** What is left once one more parameter is asked. */
export interface QueryStep {
  /** The parameter; of the first step all that the query cannot do without. */
  readonly names: readonly string[];
  /** The first step is what the query is about, with `every status` and type where it asks for them; then what was given, or its default. */
  readonly asks: 'about' | 'every status' | 'given' | 'default';
  /** Objects that fit this parameter and all before it; undefined where the registry would not say. */
  readonly found: number | undefined;
  readonly errors: readonly RegistryError[];
}

/** Why a registry finds what it finds. */
export interface QuerySteps {
  /** From everything that the query is about to what it finds. */
  readonly steps: readonly QueryStep[];
  /** Ids that the query names and nothing is shown of; at most `MOST_IDS` are looked up. */
  readonly missing: readonly { readonly name: string; readonly value: string }[];
  /** What the registry answers to the query as it is. */
  readonly answer: { readonly found: number; readonly errors: readonly RegistryError[] };
}

const MOST_IDS = 50;
const EVERY_STATUS = ['Approved', 'Deprecated'] as const;
const EVERY_TYPE = Object.values(DOCUMENT_ENTRY_TYPE);
const TYPE = '$XDSDocumentEntryType';
const LEVEL = '$MetadataLevel';

/**
 * Asks a registry a query step by step: first what it is about with every status and type, then one parameter more each time,
 * so that it shows which of them leaves nothing over.
 *
 * @param name of a query that nothing speaks against
 * @see ITI TF-2: 3.18.4.1.2.3
 */
export async function stepsOf(
  request: AdhocQueryRequest,
  name: StoredQueryName,
  ask: AskRegistry,
): Promise<QuerySteps> {
  const row: StoredQueryRow = STORED_QUERIES[name];
  const { about, narrowing } = parted(request, row);
  const steps: QueryStep[] = [];
  const add = async (slots: readonly Slot[], names: readonly string[], asks: QueryStep['asks']) => {
    const { found, errors } = await counted({ ...request, slots }, ask);
    const failed = errors.some(({ severity }) => severity === 'Error');
    steps.push({ names, asks, found: failed ? undefined : found, errors });
  };
  const names = about.map((slot) => slot.name).filter((one) => one !== LEVEL);
  const everything = narrowing.flatMap(({ widest }) => widest);
  await add([...about, ...everything], names, everything.length > 0 ? 'every status' : 'about');
  for (const [at, { name: asked, given }] of narrowing.entries()) {
    const before = narrowing.slice(0, at + 1).flatMap(({ given: slot }) => slot ?? []);
    const after = narrowing.slice(at + 1).flatMap(({ widest }) => widest);
    await add([...about, ...before, ...after], [asked], given === undefined ? 'default' : 'given');
  }
  const { found, errors } = await counted(request, ask, request.returnType);
  return { steps, missing: await missingIds(request, row, ask), answer: { found, errors } };
}

/** A parameter that makes the result smaller: as it was given, and as what asks nothing. */
interface Narrowing {
  readonly name: string;
  /** Undefined where its default applies. */
  readonly given: Slot | undefined;
  readonly widest: readonly Slot[];
}

/** What the query is about, and what narrows it: status, type, then the others in the order in which they were sent. */
function parted(request: AdhocQueryRequest, row: StoredQueryRow) {
  const known = request.slots.filter(
    (slot) => row.parameters[slot.name] !== undefined && slot.values.length > 0,
  );
  const isStatus = ({ name }: Slot) => name.endsWith('Status');
  const isType = ({ name }: Slot) => name === TYPE;
  const needed = [row.patient, LEVEL, ...(row.either ?? []), ...(row.anyOf ?? [])];
  const isAbout = (slot: Slot) =>
    !isStatus(slot) &&
    !isType(slot) &&
    (needed.includes(slot.name) || row.parameters[slot.name]?.required === true);
  const types = list(TYPE, EVERY_TYPE);
  const typed = known.filter(isType);
  const narrowing: Narrowing[] = [
    ...known.filter(isStatus).map((given) => ({
      name: given.name,
      given,
      widest: statuses(given.name, EVERY_STATUS),
    })),
    ...typed.map((given) => ({ name: TYPE, given, widest: types })),
    ...(typed.length === 0 && row.parameters[TYPE] !== undefined
      ? [{ name: TYPE, given: undefined, widest: types }]
      : []),
    ...known
      .filter((slot) => !isStatus(slot) && !isType(slot) && !isAbout(slot))
      .map((given) => ({ name: given.name, given, widest: [] })),
  ];
  return { about: known.filter(isAbout), narrowing };
}

async function counted(
  request: AdhocQueryRequest,
  ask: AskRegistry,
  returnType: AdhocQueryRequest['returnType'] = 'ObjectRef',
) {
  const { objects, objectRefs, errors } = await ask({ ...request, returnType });
  return { found: objects.length + objectRefs.length, errors };
}

/** Each id that the query names is looked for by itself. */
async function missingIds(request: AdhocQueryRequest, row: StoredQueryRow, ask: AskRegistry) {
  const missing: { readonly name: string; readonly value: string }[] = [];
  const named = explainQuery(request, { transaction: row.transaction, reading: 'lenient' })
    .parameters.filter(({ name }) => row.either?.includes(name))
    .flatMap(({ name, values }) => values.map((value) => ({ name, value })));
  if (named.length < 2) return missing;
  const others = request.slots.filter(({ name }) => !row.either?.includes(name));
  for (const one of named.slice(0, MOST_IDS)) {
    const slots = [...others, ...list(one.name, [one.value])];
    if ((await counted({ ...request, slots }, ask)).found === 0) missing.push(one);
  }
  return missing;
}
