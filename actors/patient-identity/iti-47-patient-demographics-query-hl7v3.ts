import { writtenII } from '../../profiles/formats/hl7v3-datatypes.ts';
import {
  type DemographicsQuery,
  type DemographicsQueryResponse,
  type DemographicsRequest,
  ITI_47,
  type QueryContinuation,
  unknownQuery,
} from '../../profiles/pdq/iti-47.ts';
import { isContinuation } from '../../profiles/pdq/query-continuation.ts';
import { query, type World } from '../actor.ts';
import { type Continuations, ContinuationsOf, type Holder } from './continuations.ts';
import {
  answerOf,
  type FoundDemographics,
  findDemographics,
  type Part,
  shownMatches,
} from './demographics-answer.ts';
import type { PatientIdentityStores } from './stores.ts';

/** What is kept of a query that is answered in parts. */
interface Kept {
  readonly found: FoundDemographics;
  readonly query: DemographicsQuery;
  /** Where the next part begins, for one who does not say. */
  next: number;
}

/** What a request is answered with; undefined for one that cancels. */
type Found =
  | {
      readonly found: FoundDemographics;
      readonly query: DemographicsQuery;
      readonly part: Part | undefined;
    }
  | undefined;

const KEPT = new ContinuationsOf<Kept>();

/**
 * ITI-47 Patient Demographics Query HL7 V3, as the Patient Demographics Supplier answers it, with the Continuation Option:
 * who gives an initialQuantity gets so many, and more of them for ten minutes by the queryId, as long as it is the same caller
 * and device. Without one, more patients than are answered at once give AE with the first of them.
 *
 * Refuses: 204 for a scoping organisation that is unknown, or a queryId of which nothing is left. Source: ITI TF-2: 3.47.4.
 */
export const patientDemographicsQuery = query(ITI_47, {
  async find(request, stores: PatientIdentityStores, world): Promise<Found> {
    const kept = KEPT.of(stores);
    const holder = holderOf(request, world);
    if (isContinuation(request)) return continued(request, kept, { holder, now: world.now() });
    const found = await findDemographics(request, stores);
    // The same id again is another query: what was left of the one before is not part of its answer.
    kept.cancel(holder);
    const { initialQuantity } = request;
    if (initialQuantity === undefined) return { found, query: request, part: undefined };
    const weight = found.patients.length;
    if (weight > initialQuantity) {
      const keeping = { found, query: request, next: initialQuantity };
      kept.keep({ found: keeping, query: '', weight }, holder, world);
    }
    return { found, query: request, part: { from: 0, quantity: initialQuantity } };
  },

  subjects: (found) =>
    found === undefined ? [] : found.found.patients.map(({ patient }) => patient.regionalId),

  reveal: (found, permission): DemographicsQueryResponse => {
    if (found === undefined) {
      return { acknowledgement: 'AA', queryResponseCode: 'NF', matches: [], details: [] };
    }
    return answerOf(shownMatches(found.found, permission, found.query), found.found, found.part);
  },
});

/** @throws Refusal 204 where nothing is left of the query */
function continued(
  { kind, startResultNumber, continuationQuantity }: QueryContinuation,
  kept: Continuations<Kept>,
  { holder, now }: { holder: Holder; now: Date },
): Found {
  if (kind === 'cancel') {
    kept.cancel(holder);
    return undefined;
  }
  const before = kept.latest(holder, now);
  if (!before) throw unknownQuery();
  const from = startResultNumber === undefined ? before.next : startResultNumber - 1;
  const quantity = continuationQuantity ?? before.query.initialQuantity ?? 1;
  before.next = from + quantity;
  return { ...before, part: { from, quantity } };
}

function holderOf({ transmission, queryId }: DemographicsRequest, { caller }: World): Holder {
  return { caller: caller.name, sender: transmission.sender.device, tag: writtenII(queryId) };
}
