import type { ActorName, Caller } from '../../actors/actor.ts';
import type { CertificateIdentity, DirectoryEntry, SystemEntry, V2Sender } from './directory.ts';

/** What is called: the room, which is the endpoint, and the transaction. */
export interface Call {
  readonly actor: ActorName;
  /** `ITI-18` */
  readonly transaction: string;
  /** MSH-3 and MSH-4, where the call is an HL7 v2 message. */
  readonly sender?: V2Sender;
}

/** Why a peer that the directory knows may not make this call. */
export interface CallerRefusal {
  readonly kind: 'refused';
  readonly reason: 'unlisted' | 'wrong-room' | 'transaction-not-allowed' | 'wrong-sender';
  /** Names of entries, rooms and transactions; no person. */
  readonly detail: string;
}

/** A caller that may make the call. */
export interface CallerAdmitted {
  readonly kind: 'admitted';
  readonly caller: Caller;
}

/**
 * May one entry call this? A gateway: the Responding Gateway alone. A system of our own community: every other room.
 * An own actor: any room. All of them: only the transactions of their row.
 */
export function mayCall(entry: DirectoryEntry, { actor, transaction }: Call): boolean {
  return mayEnter(entry, actor) && entry.transactions.includes(transaction);
}

/**
 * The Caller of a call, as the certificate and the directory say. Where a certificate is bound to several entries, only
 * those that may make this call lend it their rights.
 */
export function callerFor(
  identity: CertificateIdentity,
  listed: readonly DirectoryEntry[],
  call: Call,
): CallerAdmitted | CallerRefusal {
  const entries = listed.filter((entry) => maySendAs(entry, call.sender));
  if (listed.length > 0 && entries.length === 0) {
    const names = listed.map(({ name }) => name).join(', ');
    return {
      kind: 'refused',
      reason: 'wrong-sender',
      detail: `MSH-3 and MSH-4 are none of those of ${names}`,
    };
  }
  const permitting = entries.filter((entry) => mayCall(entry, call));
  const [first] = permitting;
  if (first)
    return { kind: 'admitted', caller: callerOf(identity, [first, ...permitting.slice(1)]) };
  if (entries.length === 0) {
    return { kind: 'refused', reason: 'unlisted', detail: 'no entry has this certificate' };
  }
  const names = entries.map(({ name }) => name).join(', ');
  if (!entries.some((entry) => mayEnter(entry, call.actor))) {
    return {
      kind: 'refused',
      reason: 'wrong-room',
      detail: `${names} may not call /${call.actor}`,
    };
  }
  return {
    kind: 'refused',
    reason: 'transaction-not-allowed',
    detail: `${names} may not call ${call.transaction} at /${call.actor}`,
  };
}

/** A v2 message names its sender: who lists any may send as those alone. Source: ITI TF-2: 3.8.4.1.2. */
function maySendAs({ mllp }: DirectoryEntry, sender: V2Sender | undefined): boolean {
  if (sender === undefined || mllp === undefined || mllp.senders.length === 0) return true;
  return mllp.senders.some(
    ({ application, facility }) =>
      application === sender.application && facility === sender.facility,
  );
}

function mayEnter(entry: DirectoryEntry, actor: ActorName): boolean {
  if (entry.kind === 'gateway') return actor === 'responding-gateway';
  return entry.own || actor !== 'responding-gateway';
}

function callerOf(
  identity: CertificateIdentity,
  entries: readonly [DirectoryEntry, ...DirectoryEntry[]],
): Caller {
  const systems = entries.filter((entry): entry is SystemEntry => entry.kind === 'system');
  const unbounded = systems.some(({ sourceIds }) => sourceIds.length === 0);
  return {
    name: entries[0].name,
    kinds: [...new Set(entries.map(kindOf))],
    institution: systems[0]?.institution ?? identity.serialNumber,
    homeCommunityIds: entries.flatMap((entry) =>
      entry.kind === 'gateway' ? entry.homeCommunityIds : [],
    ),
    sourceIds: unbounded ? [] : systems.flatMap(({ sourceIds }) => sourceIds),
    assigningAuthorities: systems.flatMap(({ assigningAuthorities }) => assigningAuthorities),
  };
}

function kindOf(entry: DirectoryEntry): 'gateway' | 'system' | 'own' {
  if (entry.kind === 'gateway') return 'gateway';
  return entry.own ? 'own' : 'system';
}
