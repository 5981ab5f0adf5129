import type { PatientId } from '../../profiles/patient.ts';
import type { PatientIdChangeFeed } from '../../profiles/pix/adt.ts';
import { ITI_30 } from '../../profiles/pix/iti-30.ts';
import type { AcceptAcknowledgement } from '../../profiles/pix/iti-44.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { type Caller, feed, type World } from '../actor.ts';
import { rememberAnswer, wasAnswered } from './answer-once.ts';
import { withoutBlanks } from './feed-v2.ts';
import { eitherFeed } from './iti-44-patient-identity-feed-hl7v3.ts';
import type { Change } from './regroup.ts';
import { linkPatients, unlinkPatients } from './steward.ts';
import { recordFor, StewardRefusal, type Stewarding } from './stewarding.ts';
import { domainsIn, type PatientIdentityStores } from './stores.ts';

/**
 * ITI-30 Patient Identity Management: what ITI-44 does, and linking, unlinking and correcting an identifier. What a source
 * links or parts counts as said by a person, whatever a rule says; it may do so with ids of its own domains only.
 *
 * Refuses as ITI-44; 204 also for an id that names nobody, and for a link or a parting that cannot be.
 * Source: ITI TF-2: 3.30.4.
 */
export const patientIdentityManagement = feed(ITI_30, {
  async check(request, stores: PatientIdentityStores, world) {
    switch (request.kind) {
      case 'link':
      case 'unlink':
        requireOwn(request.ids, stores, world.caller);
        if (!(await wasAnswered(stores, world))) await requireKnown(request.ids, { stores, world });
        return;
      case 'change':
        requireOwn([request.current, request.prior], stores, world.caller);
        if (!(await wasAnswered(stores, world))) await requireChangeable(request, stores);
        return;
      default:
        await eitherFeed.check(request, stores, world);
    }
  },

  async commit(request, stores: PatientIdentityStores, world): Promise<AcceptAcknowledgement> {
    switch (request.kind) {
      case 'link':
      case 'unlink': {
        if (await wasAnswered(stores, world)) return { code: 'CA', details: [] };
        const by = { by: world.caller.name };
        const decide = request.kind === 'link' ? linkPatients : unlinkPatients;
        const also = ({ records }: Change) => rememberAnswer(records, world, {});
        return await refusing(() => decide(request.ids, by, { stores, world, also }));
      }
      case 'change':
        return await change(request, stores, world);
      default:
        return await eitherFeed.commit(withoutBlanks(request), stores, world);
    }
  },
});

function requireOwn(
  ids: readonly PatientId[],
  stores: PatientIdentityStores,
  { kinds, assigningAuthorities }: Caller,
): void {
  for (const { assigningAuthority: authority } of ids) {
    domainsIn(stores).require(authority);
    if (kinds.includes('own') || assigningAuthorities.includes(authority)) continue;
    throw new Refusal('204', `the caller does not feed the assigning authority ${authority}`);
  }
}

/** Each of the two PID segments names somebody. */
async function requireKnown(ids: readonly PatientId[], stewarding: Stewarding): Promise<void> {
  await stewarding.stores.identities.look(async (records) => {
    for (const [at, id] of ids.entries()) {
      try {
        await recordFor(id, records, stewarding);
      } catch (error) {
        if (!(error instanceof StewardRefusal)) throw error;
        throw new Refusal('204', error.message, { location: `PID^${at + 1}^3` });
      }
    }
  });
}

async function refusing(work: () => Promise<unknown>): Promise<AcceptAcknowledgement> {
  try {
    await work();
    return { code: 'CA', details: [] };
  } catch (error) {
    if (error instanceof StewardRefusal) throw new Refusal('204', error.message);
    throw error;
  }
}

/** The wrong id has to be somebody's, and the right one nobody else's. */
async function requireChangeable(
  { current, prior }: PatientIdChangeFeed,
  { identities }: PatientIdentityStores,
): Promise<void> {
  await identities.look(async (records) => {
    const [before, after] = [await records.recordOf(prior), await records.recordOf(current)];
    if (before === undefined)
      throw new Refusal('204', 'the prior id is not known', { location: 'MRG^1^1^1^1' });
    if ((await records.idState(current))?.mergedInto !== undefined) {
      const location = 'PID^1^3^1^1';
      throw new Refusal('204', 'the new id was subsumed by another', { location });
    }
    if (after !== undefined && after.number !== before.number) {
      throw new Refusal('205', 'the new id is another patient’s', { location: 'PID^1^3^1^1' });
    }
  });
}

/** The record gets the new id, into which the old one is then merged, so that it is never anybody's again. */
async function change(
  { current, prior, transmission, custodian }: PatientIdChangeFeed,
  stores: PatientIdentityStores,
  world: World,
): Promise<AcceptAcknowledgement> {
  const wrapper = { transmission, custodian };
  const record = await stores.identities.look((records) => records.recordOf(prior));
  const revision = {
    kind: 'revise',
    ...wrapper,
    ids: [prior, current],
    otherIds: [],
    demographics: record?.demographics ?? { names: [] },
    providerOrganization: { id: current.assigningAuthority },
  } as const;
  const first = asStep(world);
  await eitherFeed.check(revision, stores, first);
  await eitherFeed.commit(revision, stores, first);
  const merge = {
    kind: 'merge',
    ...wrapper,
    surviving: current,
    subsumed: prior,
    names: [],
  } as const;
  await eitherFeed.check(merge, stores, world);
  return await eitherFeed.commit(merge, stores, world);
}

/** The first of the two steps of one message, to be told from the second when it comes again. */
function asStep({ message, ...world }: World): World {
  return message === undefined
    ? world
    : { ...world, message: { id: `${message.id} first`, bodyHash: message.bodyHash } };
}
