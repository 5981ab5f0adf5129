import { createHash } from 'node:crypto';
import type {
  Actor,
  ActorName,
  Ask,
  Caller,
  Community,
  Destination,
  Message,
  Permission,
  World,
} from '../../actors/actor.ts';

/** The sample region: the affinity domain is that of the XDS builders. */
export const SAMPLE_COMMUNITY: Community = {
  homeCommunityId: 'urn:oid:2.999.1',
  affinityDomain: '2.999.3.7',
  repositoryUniqueId: '2.999.7.1',
  device: '2.999.1.2',
  assigningAuthorities: ['2.999.3.7', '2.999.3.8', '2.999.3.9', '2.999.1.10.1'],
};

/** A hospital system; a test says what it is entitled to. */
export function aCaller(over: Partial<Caller> = {}): Caller {
  return {
    name: 'hospital',
    kinds: ['system'],
    institution: '1234567890',
    homeCommunityIds: [],
    sourceIds: [],
    assigningAuthorities: ['2.999.3.8', '2.999.1.10.1'],
    ...over,
  };
}

/** Shows everything: what an inner ask is told. */
export const SHOWN: Permission = { shows: () => true };

interface Running {
  readonly actor: Actor<never>;
  readonly stores: unknown;
}

/** Actors that ask each other by typed calls, with a clock that stands still and ids that count up. */
export class WorldOfActors {
  now = new Date('2030-04-01T09:15:00Z');
  /** The message that is being answered, where a test sends one twice. */
  message: Message | undefined;
  /** Takes the place of whom it answers for: throws or answers as the test wants. */
  readonly instead = new Map<
    ActorName,
    (transaction: string, request: unknown) => Promise<unknown>
  >();
  readonly #actors: Running[] = [];
  #uuids = 0;

  /** Lets an actor live in this world. */
  add<Stores>(actor: Actor<Stores>, stores: Stores): this {
    this.#actors.push({ actor: actor as unknown as Actor<never>, stores });
    return this;
  }

  /** Asks as the caller, through the same steps as the pipeline. */
  as(caller: Caller, permission: Permission = SHOWN): Ask {
    return async (transaction, destination, request) =>
      (await this.#attend({ transaction, destination, request }, caller, permission)) as never;
  }

  /** A UUID that no world gives twice, lower case. */
  uuid(): string {
    this.#uuids += 1;
    const hex = createHash('sha1').update(String(this.#uuids)).digest('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  }

  /** What an answer sees when this caller asks. */
  seenBy(caller: Caller): World {
    const inner: Caller = { ...caller, kinds: [...new Set([...caller.kinds, 'own' as const])] };
    return {
      now: () => this.now,
      uuid: () => this.uuid(),
      caller,
      message: this.message,
      ask: this.as(inner),
    };
  }

  async #attend(
    asked: { transaction: { readonly id: string }; destination: Destination; request: unknown },
    caller: Caller,
    permission: Permission,
  ): Promise<unknown> {
    const { transaction, destination, request } = asked;
    if (typeof destination !== 'string') throw new Error('nobody lives outside this world');
    const stranger = this.instead.get(destination);
    if (stranger && caller.kinds.includes('own')) return await stranger(transaction.id, request);
    const { actor, stores } =
      this.#actors.find((one) => one.actor.name === destination) ?? fail(destination);
    const answer =
      actor.answers.find((one) => one.transaction.id === transaction.id) ?? fail(transaction.id);
    const world = this.seenBy(caller);
    const given = stores as never;
    if (answer.kind === 'query') {
      const found = await answer.find(request, given, world);
      answer.subjects(found);
      const prepared = (await answer.prepare?.(found, permission, given, world)) ?? found;
      return answer.reveal(prepared, permission, request);
    }
    if (answer.kind === 'submission') answer.subjects(request);
    await answer.check(request, given, world);
    return await answer.commit(request, given, world);
  }
}

function fail(what: string): never {
  throw new Error(`${what} is not in this world`);
}
