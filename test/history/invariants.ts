import type { Action, Operation } from './operations.ts';
import { lineOf, short } from './operations.ts';

type Done<Kind extends Action['kind']> = Operation & {
  readonly action: Extract<Action, { kind: Kind }>;
};

/** A sentence that does not hold, and of which sort it is. */
export interface Broken {
  readonly sort: 'done twice' | 'two Approved versions' | 'Approved though replaced' | 'lost';
  readonly sentence: string;
}

/**
 * What can be said of one lineage without a search, each in a sentence that names what was seen. A history may be wrong
 * without breaking any of these; that the search finds.
 */
export function brokenInvariants(history: readonly Operation[]): readonly Broken[] {
  const of = (sort: Broken['sort'], sentences: readonly string[]) =>
    sentences.map((sentence) => ({ sort, sentence }));
  return [
    ...of('done twice', onlyOnce(history)),
    ...of('two Approved versions', oneApprovedVersion(history)),
    ...of('Approved though replaced', replacedStaysDeprecated(history)),
    ...of('lost', nothingLost(history)),
  ];
}

function done<Kind extends Action['kind']>(
  history: readonly Operation[],
  kind: Kind,
): readonly Done<Kind>[] {
  return history.filter(
    (one): one is Done<Kind> => one.action.kind === kind && one.outcome.kind === 'done',
  );
}

/** A uniqueId is registered once, a version replaced once, a version of the metadata followed once. */
function onlyOnce(history: readonly Operation[]): readonly string[] {
  const registered = done(history, 'register');
  const findings =
    registered.length > 1 ? [`the uniqueId was registered ${registered.length} times`] : [];
  for (const kind of ['replace', 'revise'] as const) {
    const by = new Map<string, string[]>();
    for (const { action, began } of done(history, kind)) {
      if (isRevivedAfter(history, action.target, began)) continue;
      by.set(action.target, [...(by.get(action.target) ?? []), action.entry]);
    }
    for (const [target, entries] of by) {
      if (entries.length < 2) continue;
      findings.push(
        `${short(target)} has two successors (${kind}): ${entries.map(short).join(', ')}`,
      );
    }
  }
  return findings;
}

/** Among what a query shows, one version at most is Approved; addenda stand beside it. */
function oneApprovedVersion(history: readonly Operation[]): readonly string[] {
  const addenda = new Set(
    history.flatMap(({ action }) => (action.kind === 'append' ? action.entry : [])),
  );
  return history.flatMap((one) => {
    if (one.outcome.kind !== 'found') return [];
    const approved = [...one.outcome.entries]
      .filter(([id, status]) => status === 'Approved' && !addenda.has(id))
      .map(([id]) => short(id));
    return approved.length < 2
      ? []
      : [`two Approved versions, ${approved.join(' and ')}, in one answer: ${lineOf(one)}`];
  });
}

/** What was replaced, and its addenda, is Approved in no answer to a query that began afterwards. */
function replacedStaysDeprecated(history: readonly Operation[]): readonly string[] {
  const addenda = done(history, 'append');
  return done(history, 'replace').flatMap(({ action: { target }, began, ended }) => {
    // Whoever was made Approved again takes new addenda.
    const isRevived = isRevivedAfter(history, target, began);
    const taken = isRevived ? [] : addenda.filter(({ action }) => action.target === target);
    const gone = new Set([target, ...taken.map(({ action }) => action.entry)]);
    return queriesAfter(history, ended).flatMap((query) => {
      if (query.outcome.kind !== 'found') return [];
      const still = [...query.outcome.entries].filter(
        ([id, status]) =>
          gone.has(id) && status === 'Approved' && !isRevivedAfter(history, id, began),
      );
      return still.map(
        ([id]) => `${short(id)} is Approved after ${short(target)} was replaced: ${lineOf(query)}`,
      );
    });
  });
}

/** What was registered is in every answer to a query for all that began afterwards, unless a newer version hides it. */
function nothingLost(history: readonly Operation[]): readonly string[] {
  const revised = new Set(
    history.flatMap(({ action }) => (action.kind === 'revise' ? action.target : [])),
  );
  return history.flatMap(({ action, outcome, ended }) => {
    if (!('entry' in action) || outcome.kind !== 'done' || revised.has(action.entry)) return [];
    return queriesAfter(history, ended).flatMap((query) =>
      query.action.kind === 'find' &&
      query.action.among === 'all' &&
      query.outcome.kind === 'found' &&
      !query.outcome.entries.has(action.entry)
        ? [`${action.kind} of ${short(action.entry)} is lost: ${lineOf(query)}`]
        : [],
    );
  });
}

/** Whether it may have become Approved again after an instant. */
function isRevivedAfter(history: readonly Operation[], id: string, instant: number): boolean {
  return history.some(
    ({ action, outcome, ended }) =>
      action.kind === 'set-status' &&
      action.to === 'Approved' &&
      action.target === id &&
      outcome.kind !== 'refused' &&
      ended > instant,
  );
}

function queriesAfter(history: readonly Operation[], instant: number): readonly Operation[] {
  return history.filter(({ began, outcome }) => outcome.kind === 'found' && began > instant);
}
