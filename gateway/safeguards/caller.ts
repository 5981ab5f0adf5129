import type { ActorName, Caller } from '../../actors/actor.ts';
import type { CertificateIdentity, DirectoryEntry, SystemEntry } from './directory.ts';

/** What is called: the room, which is the endpoint, and the transaction. */
export interface Call {
  readonly actor: ActorName;
  /** `ITI-18` */
  readonly transaction: string;
}

/** Why a peer that the directory knows may not make this call. */
export interface CallerRefusal {
  readonly kind: 'refused';
  readonly reason: 'unlisted' | 'wrong-room' | 'transaction-not-allowed';
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
  entries: readonly DirectoryEntry[],
  call: Call,
): CallerAdmitted | CallerRefusal {
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
