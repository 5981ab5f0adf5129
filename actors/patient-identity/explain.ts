import type { PatientId } from '../../profiles/patient.ts';
import type {
  Decision,
  IdentityReader,
  KeptDecision,
  KeptReview,
  SourceRecord,
} from './identity-store.ts';
import type { Evidence, Thresholds } from './matcher.ts';
import { domainsIn, type PatientIdentityStores } from './stores.ts';

/** A record as an explanation names it: ids only, never what a person is called. */
export interface ExplainedRecord {
  readonly record: number;
  readonly ids: readonly PatientId[];
  /** Ids that were given up, each for which. */
  readonly subsumed: readonly { readonly id: PatientId; readonly by: string }[];
  readonly regionalId: string;
  /** The regional id that the affinity domain has told for it. */
  readonly told?: string;
  /** The record that it was merged into. */
  readonly mergedInto?: number;
}

/** What holds of two records, or was decided of them. */
export interface ExplainedDecision {
  readonly records: readonly [number, number];
  readonly verdict: Decision['verdict'];
  readonly score?: number;
  readonly ruleSet?: string;
  /** Of that rule set: from which scores on it links, and asks. */
  readonly thresholds?: Thresholds;
  readonly why: readonly Evidence[];
  readonly by: string;
  readonly reason?: string;
  /** ISO 8601. */
  readonly at: string;
}

/** Why a patient is who she is here. */
export interface Explanation {
  readonly asked: PatientId;
  /** Kind and owner of the domain of the id that was asked. */
  readonly domain: { readonly kind: string; readonly owner?: string };
  /** Where the id is out of use: which has taken its place. */
  readonly subsumedBy?: PatientId;
  readonly regionalId: PatientId;
  readonly records: readonly ExplainedRecord[];
  /** What links and parts them now. */
  readonly inForce: readonly (ExplainedDecision & { readonly byHand: boolean })[];
  readonly reviews: readonly KeptReview[];
}

/**
 * Why an id belongs to the patient to whom it belongs: her records, what holds of each pair of them with its evidence, and what
 * waits for a person. Undefined for an id that was never used.
 */
export async function explain(
  asked: PatientId,
  stores: PatientIdentityStores,
): Promise<Explanation | undefined> {
  const { affinityDomain } = stores.community;
  return await stores.identities.look(async (records) => {
    const found = await groupOf(asked, records, affinityDomain);
    if (!found) return undefined;
    const { regionalId, members, subsumedBy } = found;
    const all = [...members, ...(await records.mergedInto(members.map(({ number }) => number)))];
    const numbers = all.map(({ number }) => number);
    const decisions = await records.decisionsOf(numbers);
    const byNumber = new Map(decisions.map((one) => [one.number, one]));
    const pairs = await records.pairsOf(numbers);
    const { kind, owner } = domainsIn(stores).require(asked.assigningAuthority);
    return {
      asked,
      domain: { kind, ...(owner === undefined ? {} : { owner }) },
      ...(subsumedBy === undefined ? {} : { subsumedBy }),
      regionalId: { id: regionalId, assigningAuthority: affinityDomain },
      records: await explained(all, records),
      inForce: pairs.flatMap(({ decision, byHand }) => {
        const kept = byNumber.get(decision);
        return kept ? [{ ...decisionOf(kept), byHand }] : [];
      }),
      reviews: await records.openReviewsOf(numbers),
    };
  });
}

/** What became of a patient's records, in order. */
export interface History {
  readonly records: readonly ExplainedRecord[];
  readonly events: readonly HistoryEvent[];
}

export type HistoryEvent =
  | ({ readonly kind: 'decision' } & ExplainedDecision)
  | {
      readonly kind: 'fed';
      readonly record: number;
      readonly version: number;
      readonly by: string;
      readonly at: string;
    }
  | {
      readonly kind: 'placed';
      readonly record: number;
      readonly regionalId: string;
      readonly at: string;
    };

/** Undefined for an id that was never used. */
export async function historyOf(
  asked: PatientId,
  stores: PatientIdentityStores,
): Promise<History | undefined> {
  const { affinityDomain } = stores.community;
  return await stores.identities.look(async (records) => {
    const found = await groupOf(asked, records, affinityDomain);
    if (!found) return undefined;
    const merged = await records.mergedInto(found.members.map(({ number }) => number));
    const all = [...found.members, ...merged];
    const numbers = all.map(({ number }) => number);
    const events: HistoryEvent[] = (await records.decisionsOf(numbers)).map((decision) => ({
      kind: 'decision',
      ...decisionOf(decision),
    }));
    for (const { record, regionalId, since } of await records.membershipsOf(numbers)) {
      events.push({ kind: 'placed', record, regionalId, at: since });
    }
    for (const record of numbers) {
      for (const { version, fedBy: by, at } of await records.versionsOf(record)) {
        events.push({ kind: 'fed', record, version, by, at });
      }
    }
    events.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
    return { records: await explained(all, records), events };
  });
}

interface Group {
  readonly regionalId: string;
  readonly members: readonly SourceRecord[];
  readonly subsumedBy?: PatientId;
}

/** An id that is out of use leads to the patient who has taken it over. */
async function groupOf(
  asked: PatientId,
  records: IdentityReader,
  affinityDomain: string,
): Promise<Group | undefined> {
  const { assigningAuthority } = asked;
  const group = async (regionalId: string, by?: string): Promise<Group> => ({
    regionalId,
    members: await records.recordsOf([regionalId]),
    ...(by === undefined ? {} : { subsumedBy: { id: by, assigningAuthority } }),
  });
  if (assigningAuthority === affinityDomain) {
    let state = await records.regionalIdState(asked.id);
    if (!state) return undefined;
    const by = state.mergedInto;
    let at = asked.id;
    while (state?.mergedInto !== undefined) {
      at = state.mergedInto;
      state = await records.regionalIdState(at);
    }
    return await group(at, by);
  }
  const state = await records.idState(asked);
  if (!state) return undefined;
  let [record] = await records.recordsWith([state.record]);
  while (record?.mergedInto !== undefined)
    [record] = await records.recordsWith([record.mergedInto]);
  return record && (await group(record.regionalId, state.mergedInto));
}

async function explained(
  all: readonly SourceRecord[],
  records: IdentityReader,
): Promise<readonly ExplainedRecord[]> {
  const ids = await records.everyIdOf(all.map(({ number }) => number));
  return all.map(({ number, ids: inUse, regionalId, toldRegionalId, mergedInto }) => ({
    record: number,
    ids: mergedInto === undefined ? inUse : [],
    subsumed: ids.flatMap(({ id, assigningAuthority, record, mergedInto: by }) =>
      record === number && by !== undefined ? [{ id: { id, assigningAuthority }, by }] : [],
    ),
    regionalId,
    ...(toldRegionalId === undefined ? {} : { told: toldRegionalId }),
    ...(mergedInto === undefined ? {} : { mergedInto }),
  }));
}

function decisionOf({
  low,
  high,
  verdict,
  score,
  ruleSet,
  thresholds,
  why,
  by,
  reason,
  at,
}: KeptDecision): ExplainedDecision {
  return {
    records: [low, high],
    verdict,
    ...(score === undefined ? {} : { score }),
    ...(ruleSet === undefined ? {} : { ruleSet }),
    ...(thresholds === undefined ? {} : { thresholds }),
    why,
    by,
    ...(reason === undefined ? {} : { reason }),
    at,
  };
}
