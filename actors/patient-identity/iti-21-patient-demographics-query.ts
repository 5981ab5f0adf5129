import {
  ITI_21,
  type PatientDemographicsQuery,
  type PatientDemographicsResponse,
  unknownPointer,
  type V2DemographicsQuery,
} from '../../profiles/pdq/iti-21.ts';
import type { DemographicsMatch } from '../../profiles/pdq/iti-47.ts';
import { query, type World } from '../actor.ts';
import { ContinuationsOf, type Holder } from './continuations.ts';
import {
  answerOf,
  type FoundDemographics,
  findDemographics,
  MOST_AT_ONCE,
  shownMatches,
} from './demographics-answer.ts';
import type { PatientIdentityStores } from './stores.ts';

/** What was found, and where in it this answer begins. */
interface Found {
  /** Undefined for a cancellation, and where nobody can be meant. */
  readonly found: FoundDemographics | undefined;
  readonly from: number;
  /** Under which the rest is found again. */
  readonly name: string;
}

const KEPT = new ContinuationsOf<FoundDemographics>();

/**
 * ITI-21 Patient Demographics Query: what ITI-47 answers, over HL7 v2, in blocks of RCP-2 with a pointer to the next. A pointer
 * is good for ten minutes, for the same query of the same sender. A patient without an id in the wanted domains is left out.
 *
 * Refuses as ITI-47, and 204 for a pointer that is not known. Source: ITI TF-2: 3.21.
 */
export const patientDemographicsQuery = query(ITI_21, {
  async find(request, stores: PatientIdentityStores, world): Promise<Found> {
    const kept = KEPT.of(stores);
    const holder = holderOf(request, world);
    if (request.kind === 'cancel') {
      kept.cancel(holder);
      return { found: undefined, from: 0, name: '' };
    }
    // Nothing here has account numbers: a query by one is a query for nobody.
    if (request.criteria.patientAccountNumber) return { found: undefined, from: 0, name: '' };
    const asked = askedBy(request);
    if (request.pointer === undefined) {
      const found = await findDemographics(request, stores);
      const weight = found.patients.length;
      const name =
        weight > (request.initialQuantity ?? weight)
          ? kept.keep({ found, query: asked, weight }, holder, world)
          : '';
      return { found, from: 0, name };
    }
    const [, name = '', from = ''] = /^(.+)-(\d{1,9})$/.exec(request.pointer) ?? [];
    const found = kept.find(name, asked, holder, world.now());
    if (found === undefined) throw unknownPointer();
    return { found, from: Number(from), name };
  },

  subjects: ({ found }) => (found?.patients ?? []).map(({ patient }) => patient.regionalId),

  reveal: ({ found, from, name }, permission, request): PatientDemographicsResponse => {
    if (found === undefined || request.kind === 'cancel') {
      return { acknowledgement: 'AA', queryResponseCode: 'NF', matches: [], details: [] };
    }
    // Who goes on without RCP-2 gets what comes after the pointer, not all of it once more.
    const { initialQuantity = request.pointer === undefined ? undefined : MOST_AT_ONCE } = request;
    const matches = shownMatches(found, permission, request).filter(hasId);
    if (initialQuantity === undefined || found.isMore) {
      const answer = answerOf(matches, found);
      return answer.acknowledgement === 'AA' ? answer : { ...answer, matches: [] };
    }
    const to = from + initialQuantity;
    const remaining = Math.max(0, matches.length - to);
    const isOneOfSeveral = from > 0 || remaining > 0;
    return {
      ...answerOf(matches, found, { from, quantity: initialQuantity }),
      matches: matches.slice(from, to),
      ...(isOneOfSeveral && {
        continuation: {
          ...(remaining > 0 && { pointer: `${name}-${to}` }),
          total: matches.length,
          remaining,
        },
      }),
    };
  },
});

function hasId({ ids, otherIds }: DemographicsMatch): boolean {
  return ids.length > 0 || otherIds.some(({ id }) => id !== undefined);
}

function holderOf({ asker, queryId }: PatientDemographicsQuery, { caller }: World): Holder {
  const { application, facility } = asker;
  return {
    caller: caller.name,
    sender: JSON.stringify([application, facility]),
    tag: queryId.extension ?? queryId.root,
  };
}

/** The question, without what differs when more of the answer is asked for. */
function askedBy({ criteria, scopingOrganizations }: V2DemographicsQuery): string {
  return JSON.stringify([criteria, scopingOrganizations]);
}
