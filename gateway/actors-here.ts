import type { Actor, ActorName, Answer } from '../actors/actor.ts';
import { speaksMllp, speaksSoap, type Transaction } from '../profiles/transaction.ts';

/** An answer together with what it works on. */
export interface Inside {
  readonly answer: Answer<unknown>;
  readonly stores: unknown;
}

/** The actors of this process: each answer with the stores that it works on. */
export class ActorsHere {
  readonly #byAction = new Map<string, Inside>();
  readonly #byTransaction = new Map<string, Inside>();
  readonly #byTrigger = new Map<string, readonly Inside[]>();
  readonly #types = new Set<string>();
  readonly names = new Set<ActorName>();
  readonly actors: Actor<unknown>[] = [];

  /** @throws Error when two answers of one endpoint claim the same action */
  add<Stores>(actor: Actor<Stores>, stores: Stores): void {
    this.names.add(actor.name);
    this.actors.push(actor as Actor<unknown>);
    for (const answer of actor.answers as readonly Answer<unknown>[]) {
      const inside = { answer, stores };
      this.#byTransaction.set(`${actor.name} ${answer.transaction.id}`, inside);
      this.#addTriggers(actor.name, inside);
      if (!speaksSoap(answer.transaction)) continue;
      for (const { action } of answer.transaction.wire.messages) {
        const key = `${actor.name} ${action}`;
        if (this.#byAction.has(key)) throw new Error(`two answers claim ${key}`);
        this.#byAction.set(key, inside);
      }
    }
  }

  /** The actors with what they answer over SOAP, for their WSDL. */
  get overSoap(): readonly {
    readonly name: ActorName;
    readonly wsdl?: string;
    readonly answers: readonly { readonly transaction: Transaction<unknown, unknown> }[];
  }[] {
    return this.actors.map(({ name, wsdl, answers }) => ({
      name,
      ...(wsdl === undefined ? {} : { wsdl }),
      answers: answers.flatMap(({ transaction }) =>
        speaksSoap(transaction) ? [{ transaction }] : [],
      ),
    }));
  }

  /** The answers of an actor to HL7 v2 messages of this type, and of those to this trigger event. */
  byTrigger(
    actor: ActorName,
    { type, trigger }: { readonly type: string; readonly trigger?: string },
  ): { readonly ofType: boolean; readonly answers: readonly Inside[] } {
    return {
      ofType: this.#types.has(`${actor} ${type}`),
      answers: this.#byTrigger.get(`${actor} ${type} ${trigger ?? ''}`) ?? [],
    };
  }

  byAction(actor: ActorName, action: string): Inside | undefined {
    return this.#byAction.get(`${actor} ${action}`);
  }

  #addTriggers(actor: ActorName, inside: Inside): void {
    const { transaction } = inside.answer;
    if (!speaksMllp(transaction)) return;
    for (const { type, trigger } of transaction.wire.messages) {
      const key = `${actor} ${type} ${trigger}`;
      this.#types.add(`${actor} ${type}`);
      this.#byTrigger.set(key, [...(this.#byTrigger.get(key) ?? []), inside]);
    }
  }

  byTransaction(actor: ActorName, transaction: string): Inside | undefined {
    return this.#byTransaction.get(`${actor} ${transaction}`);
  }
}
