import { transmissionOf } from '../../profiles/formats/hl7v3.ts';
import type { PatientRegistrationFeed } from '../../profiles/pix/iti-44.ts';
import { ITI_10 } from '../../profiles/pix/iti-10.ts';
import { ITI_46 } from '../../profiles/pix/iti-46.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import { PeerFailure, type World } from '../actor.ts';
import { OWN_INITIATING_GATEWAY } from './correlations.ts';
import type { KeptNotification } from './identity-store.ts';
import type { PatientIdentityStores } from './stores.ts';
import type { Subscription } from './subscriptions.ts';

/** Waits after a notification that was not taken: doubled each time, from a second to ten minutes. */
const FIRST_WAIT_MS = 1_000;
const LONGEST_WAIT_MS = 600_000;

/** Not subscribed: what it is to be told is written down where it could not be reached. */
const OWN_GATEWAY: Subscription = {
  consumer: OWN_INITIATING_GATEWAY,
  domains: [],
  wire: 'ITI-46',
};

/** Milliseconds until what was sent so often in vain before is sent again. */
export function waitAfter(attempts: number): number {
  return Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** Math.min(attempts, 20));
}

/** How a round of telling ended. */
export interface Told {
  readonly delivered: number;
  /** Consumers that did not take theirs; they are told again, in the same order. */
  readonly waiting: number;
  /** Of these, those that have refused in this round, and how often by now. */
  readonly refusing: readonly { readonly consumer: string; readonly attempts: number }[];
}

/**
 * Tells subscribed consumers what has changed for them, each in order and each thing until it is acknowledged: what a consumer
 * does not take is sent again after a while, and what follows it waits. What is for a consumer without a subscription is let
 * go.
 *
 * @param goesOn asked before each message; false ends the round
 * @see ITI TF-2: 3.10, 3.46
 */
export async function notifyConsumers(
  stores: PatientIdentityStores,
  world: World,
  goesOn: () => boolean = () => true,
): Promise<Told> {
  const { identities, subscriptions = [] } = stores;
  const told = stores.hasInitiatingGateway ? [...subscriptions, OWN_GATEWAY] : subscriptions;
  let delivered = 0;
  const waiting = new Set<string>();
  const refusing: { consumer: string; attempts: number }[] = [];
  for (;;) {
    const next = (await identities.look((records) => records.nextNotifications())).filter(
      ({ consumer }) => !waiting.has(consumer),
    );
    if (next.length === 0) return { delivered, waiting: waiting.size, refusing };
    for (const notification of next) {
      if (!goesOn()) return { delivered, waiting: waiting.size, refusing };
      const { consumer, number, attempts } = notification;
      const subscription = told.find((one) => one.consumer === consumer);
      if (notification.notBefore > world.now().getTime()) {
        waiting.add(consumer);
      } else if (!subscription || (await isTaken(notification, subscription, { stores, world }))) {
        await identities.change((records) => records.removeNotification(number));
        if (subscription) delivered += 1;
      } else {
        const notBefore = world.now().getTime() + waitAfter(attempts);
        await identities.change((records) => records.postponeNotification(number, notBefore));
        waiting.add(consumer);
        refusing.push({ consumer, attempts: attempts + 1 });
      }
    }
  }
}

async function isTaken(
  notification: KeptNotification,
  { consumer, wire }: Subscription,
  { stores, world }: { stores: PatientIdentityStores; world: World },
): Promise<boolean> {
  const transaction = wire === 'ITI-46' ? ITI_46 : ITI_10;
  const request = requestOf(notification, stores, world);
  try {
    const isOwn = consumer === OWN_INITIATING_GATEWAY;
    const destination = isOwn ? 'initiating-gateway' : { system: consumer };
    const { code } = await world.ask(transaction, destination, request);
    return code === 'CA';
  } catch (error) {
    if (error instanceof PeerFailure || refusalsOf(error)) return false;
    throw error;
  }
}

/** The provider organisation is the domain of the first id; the message has the same id however often it is sent. */
function requestOf(
  { ids, messageId }: KeptNotification,
  { community: { device } }: PatientIdentityStores,
  world: World,
): PatientRegistrationFeed {
  const parties = { sender: { device }, receiver: { device } };
  return {
    kind: 'revise',
    transmission: { ...transmissionOf(world, parties), messageId: { root: messageId } },
    ids,
    otherIds: [],
    demographics: { names: [] },
    providerOrganization: { id: ids[0]?.assigningAuthority ?? device },
    custodian: device,
  };
}
