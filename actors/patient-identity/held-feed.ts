import { Refusal } from '../../profiles/refusal.ts';
import type { IdentityReader, KeptReview, SourceRecord } from './identity-store.ts';
import type { FedRecord } from './linking.ts';
import { register } from './linking.ts';
import type { Evidence } from './matcher.ts';
import type { Change } from './regroup.ts';
import { type Steward, StewardRefusal } from './stewarding.ts';

/** What the source is told: the number is another person's. Source: HL7 table 0357. */
export function heldRefusal(): Refusal {
  return new Refusal(
    '205',
    'the record of this id is another person’s by birth date and name: nothing was changed, a person has to look',
  );
}

/**
 * Keeps a feed from its record when birth date and name are another person's: the number was given a second time, or another
 * chart was open. The new person must not come to the links and documents of the one before, nor these to the new one's. A
 * person is asked once, with the last such feed, and not again about somebody who was turned away before.
 *
 * @returns whether it was kept; nothing but the question is written then
 */
export async function holdIfAnother(
  { ids, demographics, toldRegionalId, fedBy, stored }: FedRecord,
  { records, matcher, issue }: Change,
): Promise<boolean> {
  const fed = { ids, demographics };
  if (!stored || !matcher.isAnother?.(stored, fed)) return false;
  const { number } = stored;
  const open = (await records.openReviewsOf([number])).find(
    ({ kind, low }) => kind === 'feed' && low === number,
  );
  const before = await records.heldFeedOf(number);
  if (!open && before && !matcher.isAnother(before, fed)) return true;
  const review = open?.number ?? (await ask(stored, fed, { records, matcher, issue }));
  const told = toldRegionalId === undefined ? {} : { toldRegionalId };
  await records.holdFeed(
    { record: number, review, ids, demographics, fedBy, ...told },
    issue.now(),
  );
  return true;
}

async function ask(
  stored: SourceRecord,
  fed: Pick<FedRecord, 'ids' | 'demographics'>,
  { records, matcher, issue }: Pick<Change, 'records' | 'matcher' | 'issue'>,
): Promise<number> {
  const { score, why } = matcher.decide(stored, fed);
  const both = { low: stored.number, high: stored.number };
  const judged = { score, ruleSet: matcher.version, why: [HELD, ...why] };
  const thresholds = matcher.thresholds === undefined ? {} : { thresholds: matcher.thresholds };
  await records.decide(
    { ...both, ...judged, ...thresholds, verdict: 'review', by: 'auto' },
    issue.now(),
  );
  return await records.openReview({ ...both, ...judged, kind: 'feed' }, issue.now());
}

const HELD: Evidence = { field: 'feed', weight: 0, agreement: 'another person' };

/**
 * Answers the question whether a feed is of its record's person. Accepted, it is a correction, and the record is revised;
 * rejected, the record stays and the source has to give another number.
 *
 * @throws StewardRefusal where the record or an id of the feed has changed hands meanwhile
 */
export async function answerHeldFeed(
  { low: number }: Pick<KeptReview, 'low'>,
  isAccepted: boolean,
  { steward: { by, reason }, change }: { steward: Steward; change: Change },
): Promise<void> {
  const { records, matcher, issue } = change;
  const [stored] = await records.recordsWith([number]);
  const held = await records.heldFeedOf(number);
  const both = { low: number, high: number };
  const verdict = isAccepted ? 'linked' : 'apart';
  const compared = stored && held ? matcher.decide(stored, held) : undefined;
  await records.decide(
    {
      ...both,
      verdict,
      why: compared?.why ?? [],
      ...(compared === undefined ? {} : { score: compared.score, ruleSet: matcher.version }),
      ...(matcher.thresholds === undefined ? {} : { thresholds: matcher.thresholds }),
      by,
      ...(reason === undefined ? {} : { reason }),
    },
    issue.now(),
  );
  if (!isAccepted) return;
  if (!stored || stored.mergedInto !== undefined || !held) {
    throw new StewardRefusal('the record was merged meanwhile: reject it, and have it sent again');
  }
  await requireFree(held.ids, stored, records);
  const { ids, demographics, toldRegionalId, fedBy } = held;
  const told = toldRegionalId === undefined ? {} : { toldRegionalId };
  await register({ ids, demographics, fedBy, stored, ...told }, change);
  await records.releaseFeed(number);
}

async function requireFree(
  ids: FedRecord['ids'],
  { number }: SourceRecord,
  records: IdentityReader,
): Promise<void> {
  for (const id of ids) {
    const state = await records.idState(id);
    if (!state || (state.record === number && state.mergedInto === undefined)) continue;
    throw new StewardRefusal('an id of the feed has become another’s meanwhile: reject it');
  }
}
