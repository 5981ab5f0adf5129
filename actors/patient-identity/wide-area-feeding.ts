import { timestampOf } from '../../profiles/formats/hl7v3-datatypes.ts';
import { ITI_44, type PatientIdentityFeed } from '../../profiles/pix/iti-44.ts';
import { Fault, refusalsOf } from '../../profiles/refusal.ts';
import { PeerFailure, type World } from '../actor.ts';
import { waitAfter } from './notifications.ts';
import { changeRecords, type PatientIdentityStores } from './stores.ts';
import type { KeptOwedFeed } from './wide-area-outbox.ts';
import { oweRegionalId, type WideAreaAbove } from './wide-area-owing.ts';

/** So many are read at a time. */
const READ_AT_ONCE = 50;
/** A service that has not answered after so long is asked again later. */
const DEADLINE_MS = 30_000;

/** How a round of feeding ended. */
export interface FedAbove {
  readonly delivered: number;
  /** Codes for which messages were refused in this round, one for each message; they wait for a person. */
  readonly refused: readonly string[];
  /** How often the message at the head was sent in vain, where it was so in this round. */
  readonly failedAttempts?: number;
}

/**
 * Feeds the wide-area id service what the region owes it, strictly in order, so that of each patient nothing overtakes what went
 * before, and a merge neither of its two. A service that is away, or that blames itself, is asked again after a while with the
 * very same message, which it does once; what it refuses for what the message says waits for a person, and the rest goes on.
 *
 * @param goesOn asked before each message; false ends the round
 * @see ITI TF-2: 3.44
 */
export async function feedWideArea(
  stores: PatientIdentityStores,
  world: World,
  goesOn: () => boolean = () => true,
): Promise<FedAbove> {
  const { identities, above } = stores;
  let delivered = 0;
  const refused: string[] = [];
  if (!above) return { delivered, refused };
  for (;;) {
    const owed = await identities.look((records) =>
      records.owedFeeds(above.service, 'open', READ_AT_ONCE),
    );
    if (owed.length === 0) return { delivered, refused };
    for (const feed of owed) {
      if (!goesOn() || feed.notBefore > world.now().getTime()) return { delivered, refused };
      const outcome = await send(feed, above, { stores, world });
      if (outcome === 'failed') {
        const notBefore = world.now().getTime() + waitAfter(feed.attempts);
        await identities.change((records) => records.postponeNotification(feed.number, notBefore));
        return { delivered, refused, failedAttempts: feed.attempts + 1 };
      }
      if (outcome === 'taken') {
        await identities.change((records) => records.settleFeed(feed));
        delivered += 1;
      } else {
        await identities.change((records) => records.refuseFeed(feed.number, outcome.code));
        refused.push(outcome.code);
      }
    }
  }
}

type Outcome = 'taken' | 'failed' | { readonly code: string };

async function send(
  feed: KeptOwedFeed,
  above: WideAreaAbove,
  { stores, world }: { readonly stores: PatientIdentityStores; readonly world: World },
): Promise<Outcome> {
  const request = messageOf(feed, above, stores);
  const { messageId } = feed;
  try {
    const options = { messageId, deadlineMs: DEADLINE_MS };
    const answer = await world.ask(ITI_44, { system: above.service }, request, options);
    if (answer.code === 'CA') return 'taken';
    const codes = answer.details.flatMap(({ code }) => code ?? []);
    const blamesItself = answer.code === 'CR' || codes.includes('INTERR');
    return blamesItself ? 'failed' : { code: codes.join(' ') || answer.code };
  } catch (error) {
    if (error instanceof PeerFailure) return isOfMessage(error.cause) ? FAULTY : 'failed';
    if (refusalsOf(error)) return FAULTY;
    throw error;
  }
}

const FAULTY: Outcome = { code: 'soap:Sender' };

/** A fault that speaks of this message alone; one with a subcode speaks of us, such as NotAuthorized, and of all messages. */
function isOfMessage(cause: unknown): boolean {
  return cause instanceof Fault && cause.fault === 'Sender' && cause.subcodes.length === 0;
}

/** Of a merge no name is told: nothing that a merge says of the patient counts. */
function messageOf(
  { kind, ids, person, messageId, madeAt }: KeptOwedFeed,
  above: WideAreaAbove,
  { community: { device, affinityDomain } }: PatientIdentityStores,
): PatientIdentityFeed {
  const message = {
    transmission: {
      messageId: { root: messageId },
      creationTime: timestampOf(new Date(madeAt)),
      sender: { device },
      receiver: { device: above.device ?? device },
    },
    custodian: device,
    providerOrganization: { id: affinityDomain },
  };
  const [first, second] = ids;
  if (kind === 'merge' && first && second) {
    return { ...message, kind, surviving: first, subsumed: second, names: [] };
  }
  const { insuranceDomain } = above;
  const otherIds = person?.otherIds ?? [];
  return {
    ...message,
    kind: kind === 'add' ? 'add' : 'revise',
    ids,
    otherIds,
    // Of the insurances it tells all or that there is none: it may have told one before.
    ...(kind === 'revise' && insuranceDomain !== undefined && otherIds.length === 0
      ? { noneIn: [insuranceDomain] }
      : {}),
    demographics: person?.demographics ?? { names: [] },
  };
}

/** Regional ids that are looked at in one change. Few: a feed waits meanwhile. */
const LOOKED_AT_ONCE = 50;
/** While more than these wait to be sent, no further ones are written down. */
const MOST_WAITING = 1_000;

/** How far it has come to write down everybody. */
export interface FedAll {
  /** The last regional id that was looked at; absent when all were. */
  readonly after?: string;
  readonly looked: number;
  readonly owed: number;
  /** What waits to be sent by now. */
  readonly waiting: number;
}

/**
 * Writes down some of the patients whom the region knows and the wide-area id service does not, or not as they are: after the
 * feed was switched on, or switched off for a while. Call again with `after` until it is absent. Whoever was told is passed over,
 * so it may begin at the start again at any time. Looks at nobody while much waits to be sent.
 *
 * @param isAgain tells of everybody, told before or not, such as after the service has lost its memory
 */
export async function oweSome(
  { after, isAgain }: { readonly after: string; readonly isAgain: boolean },
  stores: PatientIdentityStores,
  world: World,
): Promise<FedAll> {
  const { identities, above } = stores;
  if (!above) return { looked: 0, owed: 0, waiting: 0 };
  const { waiting } = await identities.look((records) => records.owedTo(above.service));
  if (waiting >= MOST_WAITING) return { after, looked: 0, owed: 0, waiting };
  const { ids, owed } = await changeRecords(stores, world, async (change) => {
    const some = await change.records.regionalIds(after, LOOKED_AT_ONCE);
    let written = 0;
    for (const id of some) {
      const isInUse = (await change.records.regionalIdState(id))?.mergedInto === undefined;
      if (isAgain && isInUse) await change.records.rememberTold(id, above.service);
      written += await oweRegionalId(id, { ...change, above });
    }
    return { ids: some, owed: written };
  });
  const last = ids.at(-1);
  return {
    ...(last === undefined || ids.length < LOOKED_AT_ONCE ? {} : { after: last }),
    looked: ids.length,
    owed,
    waiting: waiting + owed,
  };
}
