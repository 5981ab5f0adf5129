import type { Answer, World } from '../../actors/actor.ts';
import type { PatientId } from '../../profiles/patient.ts';
import { Fault, refusalsOf } from '../../profiles/refusal.ts';
import type { ConsentDecision } from './consent.ts';
import { DECIDED_OUTSIDE } from './consent.ts';

/** What the guarded middle needs beside the answer itself. */
export interface AttendOptions<Stores> {
  readonly answer: Answer<Stores>;
  readonly request: unknown;
  readonly stores: Stores;
  readonly world: World;
}

export interface Safeguards {
  readonly consent: ConsentDecision;
  /** Hears whose data a query has found, for the audit. */
  readonly found?: (subjects: readonly PatientId[]) => void;
  /** Throws when the audit trail cannot be written: then nothing is committed. */
  readonly trailWritable: () => Promise<void>;
  /** Takes the documents that travel with the request: afterwards their octets are at rest. */
  readonly receive: () => Promise<void>;
}

/**
 * The guarded middle of every path, and the only caller of an answer's verbs.
 *
 *   query:       receive, (check,) find, subjects, consent, (trail, prepare,) reveal
 *   submission:  subjects, consent, check, trail, receive, commit
 *   feed:        receive, check, trail, commit
 *
 * @returns the transaction's Response
 * @throws Refusal, Refusals; anything else is a defect
 */
export async function attend<Stores>(
  { answer, request, stores, world }: AttendOptions<Stores>,
  { consent, found: heard, trailWritable, receive }: Safeguards,
): Promise<unknown> {
  switch (answer.kind) {
    case 'query': {
      // A query brings no documents: this only makes sure that its message is whole.
      await receive();
      answer.check?.(request, stores, world);
      const found = await answer.find(request, stores, world);
      const subjects = answer.subjects(found);
      heard?.(subjects);
      if (answer.decidedBy === 'responder') return answer.reveal(found, DECIDED_OUTSIDE, request);
      const permission = await consent.permissionFor(world.caller, subjects);
      if (answer.prepare === undefined) return answer.reveal(found, permission, request);
      await trailWritable();
      const prepared = await answer.prepare(found, permission, stores, world);
      return answer.reveal(prepared, permission, request);
    }
    case 'submission': {
      const subjects = answer.subjects(request);
      const permission = await consent.permissionFor(world.caller, subjects);
      if (!subjects.every((patientId) => permission.shows({ patientId }))) {
        throw new Fault('Sender', 'this caller may not submit for this patient');
      }
      await answer.check(request, stores, world);
      await trailWritable();
      await receive();
      return await answer.commit(request, stores, world);
    }
    case 'feed':
      await receive();
      await answer.check(request, stores, world);
      await trailWritable();
      return await answer.commit(request, stores, world);
  }
}

/**
 * Looks for a fault that the request alone shows, of a query that will be answered elsewhere: what SOAP would carry as a
 * fault is said while the caller still listens. What is refused in the transaction's own form is its answer, and waits.
 *
 * @throws Fault, alone or among Refusals
 */
export function requireFaultless<Stores>({
  answer,
  read,
  stores,
  world,
}: Omit<AttendOptions<Stores>, 'request'> & { readonly read: () => unknown }): void {
  try {
    const request = read();
    if (answer.kind === 'query') answer.check?.(request, stores, world);
  } catch (error) {
    if (refusalsOf(error)?.some((refusal) => refusal instanceof Fault)) throw error;
  }
}

/**
 * The same for an ask between actors of this process: no wire, no documents under way, and consent is not decided again,
 * so that it is decided alike whether the actors share a process or not.
 */
export async function attendInside<Stores>({
  answer,
  request,
  stores,
  world,
}: AttendOptions<Stores>): Promise<unknown> {
  switch (answer.kind) {
    case 'query': {
      answer.check?.(request, stores, world);
      const found = await answer.find(request, stores, world);
      const prepared = (await answer.prepare?.(found, DECIDED_OUTSIDE, stores, world)) ?? found;
      return answer.reveal(prepared, DECIDED_OUTSIDE, request);
    }
    case 'submission':
    case 'feed':
      await answer.check(request, stores, world);
      return await answer.commit(request, stores, world);
  }
}
