import type { Actor, ActorName, Answer } from '../actors/actor.ts';

/** An answer together with what it works on. */
export interface Inside {
  readonly answer: Answer<unknown>;
  readonly stores: unknown;
}

/** The actors of this process: each answer with the stores that it works on. */
export class ActorsHere {
  readonly #byAction = new Map<string, Inside>();
  readonly #byTransaction = new Map<string, Inside>();
  readonly names = new Set<ActorName>();
  readonly actors: Actor<unknown>[] = [];

  /** @throws Error when two answers of one endpoint claim the same action */
  add<Stores>(actor: Actor<Stores>, stores: Stores): void {
    this.names.add(actor.name);
    this.actors.push(actor as Actor<unknown>);
    for (const answer of actor.answers as readonly Answer<unknown>[]) {
      const inside = { answer, stores };
      this.#byTransaction.set(`${actor.name} ${answer.transaction.id}`, inside);
      for (const { action } of answer.transaction.wire.messages) {
        const key = `${actor.name} ${action}`;
        if (this.#byAction.has(key)) throw new Error(`two answers claim ${key}`);
        this.#byAction.set(key, inside);
      }
    }
  }

  byAction(actor: ActorName, action: string): Inside | undefined {
    return this.#byAction.get(`${actor} ${action}`);
  }

  byTransaction(actor: ActorName, transaction: string): Inside | undefined {
    return this.#byTransaction.get(`${actor} ${transaction}`);
  }
}
