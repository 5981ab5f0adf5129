import type { PatientId } from '../../profiles/patient.ts';
import type { Issue } from '../../profiles/transaction.ts';
import type { IdentityWriter } from './identity-store.ts';
import { type IdList, type Subscription, tidingsFor } from './subscriptions.ts';
import { type View, viewOf, type WideArea } from './wide-area.ts';
import { networkPatients } from './wide-area-ids.ts';

/** The ids of the patients around a change, as they were and as they are. */
export interface Lists {
  readonly before: readonly IdList[];
  readonly after: readonly IdList[];
}

/** What is told is written down in the change that it is told of. */
export interface Telling {
  readonly records: IdentityWriter;
  readonly issue: Issue;
  readonly subscriptions: readonly Subscription[];
  readonly wideArea?: WideArea;
}

/** Writes down what each subscribed consumer is to be told of a change. */
export async function tellConsumers(lists: Lists, telling: Telling): Promise<void> {
  const { records, subscriptions, issue } = telling;
  for (const subscription of subscriptions) {
    const seen = seenBy(subscription, lists, telling);
    for (const ids of tidingsFor(subscription, seen)) {
      const notification = { consumer: subscription.consumer, ids, messageId: issue.uuid() };
      await records.addNotification(notification, issue.now());
    }
  }
}

/** At a wide-area id service, a list of regional ids as it hands them out: each with its opaque id, the retired ones left out. */
export async function handedOut(
  list: IdList,
  { wideArea, records }: Pick<Telling, 'wideArea' | 'records'>,
): Promise<IdList> {
  if (!wideArea) return list;
  const patients = await networkPatients(list, wideArea, records);
  return patients.flatMap(({ regionalId, wideAreaId }) => [regionalId, wideAreaId]);
}

/** A network hears of persons whom it knows itself, and of these what it may see. */
function seenBy(
  { assigningAuthorities = [] }: Subscription,
  { before, after }: Lists,
  { wideArea }: Telling,
): Lists {
  if (!wideArea) return { before, after };
  const view = viewOf(wideArea, assigningAuthorities);
  const shown = (list: IdList) => shownOf(list, view);
  return { before: before.map(shown), after: after.map(shown) };
}

/** Its own ids first: whose they are is the first thing that the message says. */
function shownOf(list: IdList, { own, domains }: View): IdList {
  const isIn = (names: readonly ('affinityDomain' | 'wideAreaDomain')[]) => (id: PatientId) =>
    own.some((network) => names.some((name) => network[name] === id.assigningAuthority));
  if (!list.some(isIn(['affinityDomain']))) return [];
  const isOwn = isIn(['affinityDomain', 'wideAreaDomain']);
  return [
    ...list.filter(isOwn),
    ...list.filter((id) => !isOwn(id) && domains.has(id.assigningAuthority)),
  ];
}
