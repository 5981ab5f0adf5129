import type { PatientId } from '../../profiles/patient.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import { ITI_64 } from '../../profiles/xds/iti-64.ts';
import { PeerFailure, type World } from '../actor.ts';
import {
  type IdentityReader,
  type KeptRegistryTask,
  pairOf,
  type SourceRecord,
} from './identity-store.ts';
import type { Change } from './regroup.ts';
import { changeOf, feedRegistry, settleRegistry } from './registry-feed.ts';
import { type SharedMeanwhile, sharedMeanwhile } from './shared-meanwhile.ts';
import { changeRecords, type PatientIdentityStores } from './stores.ts';

/** Who decides, and why in a few words; both are kept with what was decided. */
export interface Steward {
  readonly by: string;
  readonly reason?: string;
}

/** What a steward asked for cannot be done; `message` says why, in the operator's terms. */
export class StewardRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'StewardRefusal';
  }
}

/** How the patients concerned stand after a decision. */
export interface Outcome {
  readonly patients: readonly { readonly id: PatientId; readonly regionalId: PatientId }[];
  /** Moves of documents that the registry refused; they wait in the review list. */
  readonly refusedMoves: number;
  /** What the patients had in common before, and since when: whatever was disclosed by it may have been another's. */
  readonly shared?: SharedMeanwhile;
}

/** What a steward works with. */
export interface Stewarding {
  readonly stores: PatientIdentityStores;
  readonly world: World;
  /** Done in the same change as what is decided. */
  readonly also?: (change: Change) => Promise<void>;
}

/** More tasks are not looked at at once. */
export const MOST_TASKS = 1_000;

/** What was tried and taken back. */
class Tried extends Error {
  readonly tasks: readonly KeptRegistryTask[];

  constructor(tasks: readonly KeptRegistryTask[]) {
    super('tried');
    this.tasks = tasks;
  }
}

/** Asks the registry first whether documents could be moved so, then decides, then has them moved. */
export async function decideByHand(
  ids: readonly PatientId[],
  stewarding: Stewarding,
  work: (change: Change) => Promise<void>,
): Promise<Outcome> {
  const { stores, world, also } = stewarding;
  return await refusing(async () => {
    for (const task of await tasksOf(stewarding, work)) {
      if (task.kind !== 'divide') continue;
      await feedRegistry(task.from, stores, world);
      const trial = { ...changeOf(task, stores), isTrial: true };
      const { status, errors } = await world.ask(ITI_64, 'document-registry', trial);
      if (status !== 'Success') throw new StewardRefusal(errors[0]?.codeContext ?? 'refused');
    }
    const { affinityDomain } = stores.community;
    const shared = await stores.identities.look((records) =>
      sharedMeanwhile(ids, records, affinityDomain),
    );
    await changeRecords(stores, world, async (change) => {
      await work(change);
      await also?.(change);
    });
    const refused = await settleRegistry(stores, world);
    return await outcomeOf(ids, stewarding, refused, shared);
  });
}

async function tasksOf(
  { stores, world }: Stewarding,
  work: (change: Change) => Promise<void>,
): Promise<readonly KeptRegistryTask[]> {
  try {
    await changeRecords(stores, world, async (change) => {
      const before = await change.records.registryTasks('open', MOST_TASKS);
      await work(change);
      const known = new Set(before.map(({ number }) => number));
      const after = await change.records.registryTasks('open', MOST_TASKS);
      throw new Tried(after.filter(({ number }) => !known.has(number)));
    });
  } catch (error) {
    if (error instanceof Tried) return error.tasks;
    throw error;
  }
  return [];
}

/** What the actor or the registry refuses, in the steward's terms. @throws StewardRefusal */
export async function refusing<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof PeerFailure) {
      throw new StewardRefusal('the Document Registry did not answer');
    }
    const [refusal] = refusalsOf(error) ?? [];
    if (refusal) throw new StewardRefusal(refusal.context);
    throw error;
  }
}

/** Writes down what was decided of two records by hand, and closes what was asked of them. */
export async function putVerdict(
  verdict: 'linked' | 'apart',
  [one, other]: readonly [SourceRecord, SourceRecord],
  {
    steward: { by, reason },
    change: { records, matcher, issue },
  }: { steward: Steward; change: Change },
): Promise<void> {
  const pair = pairOf(one.number, other.number);
  const { score, why } = matcher.decide(one, other);
  const ruleSet = matcher.version;
  const decision = await records.decide(
    {
      ...pair,
      verdict,
      score,
      ruleSet,
      ...(matcher.thresholds === undefined ? {} : { thresholds: matcher.thresholds }),
      why,
      by,
      ...(reason === undefined ? {} : { reason }),
    },
    issue.now(),
  );
  await records.putPair({ ...pair, verdict, byHand: true, score, ruleSet, decision });
  for (const review of await records.openReviewsOf([pair.low])) {
    if (review.high !== pair.high || review.low !== pair.low) continue;
    const state = verdict === 'linked' ? 'accepted' : 'rejected';
    await records.closeReview(review.number, { state, by, at: issue.now() });
  }
}

/** Two records by their ids. @throws StewardRefusal where they are one, or not known */
export async function pairFor(
  one: PatientId,
  other: PatientId,
  records: IdentityReader,
  stewarding: Stewarding,
): Promise<readonly [SourceRecord, SourceRecord]> {
  const a = await recordFor(one, records, stewarding);
  const b = await recordFor(other, records, stewarding);
  if (a.number !== b.number) return [a, b];
  throw new StewardRefusal('both are ids of one and the same record');
}

/** The record that an id means: a source's own; of a regional id, the only one. */
export async function recordFor(
  id: PatientId,
  records: IdentityReader,
  { stores: { community } }: Stewarding,
): Promise<SourceRecord> {
  const record = await records.recordOf(id);
  if (record) return record;
  if (id.assigningAuthority === community.affinityDomain) {
    const [only, ...more] = await records.recordsOf([id.id]);
    if (only && more.length === 0) return only;
    if (only)
      throw new StewardRefusal('the regional id has several records: name one by its own id');
  }
  throw new StewardRefusal('the id is not known, or was subsumed by another');
}

/** The record in use that this one is, or was merged into. @throws StewardRefusal where there is none */
export async function activeOf(number: number, records: IdentityReader): Promise<SourceRecord> {
  let at: number | undefined = number;
  while (at !== undefined) {
    const [record] = await records.recordsWith([at]);
    if (record && record.mergedInto === undefined) return record;
    at = record?.mergedInto;
  }
  throw new StewardRefusal('a record of the review is not there any more');
}

/** How the patients of these ids stand. */
export async function outcomeOf(
  ids: readonly PatientId[],
  { stores: { identities, community } }: Stewarding,
  refusedMoves: number,
  shared?: Outcome['shared'],
): Promise<Outcome> {
  const patients = await identities.look(async (records) => {
    const found: { id: PatientId; regionalId: PatientId }[] = [];
    for (const id of ids) {
      const regional = id.assigningAuthority === community.affinityDomain;
      const regionalId = regional ? id.id : (await records.recordOf(id))?.regionalId;
      if (regionalId === undefined) continue;
      const assigningAuthority = community.affinityDomain;
      found.push({ id, regionalId: { id: regionalId, assigningAuthority } });
    }
    return found;
  });
  return { patients, refusedMoves, ...(shared === undefined ? {} : { shared }) };
}
