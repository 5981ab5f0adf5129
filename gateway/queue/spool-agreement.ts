import { randomUUID } from 'node:crypto';
import type { RedisClient } from '../stores/redis.ts';
import type { Spool } from './spool.ts';

/** A gateway and a worker use one queue and two spools: what one fetches the other never finds. It stops the start. */
export class SpoolNotShared extends Error {
  constructor(directory: string) {
    super(
      `another process of this queue does not use the spool ${directory}; gateways and workers must share one directory`,
    );
    this.name = 'SpoolNotShared';
  }
}

const SIGN_OF_LIFE_SECONDS = 30;

/**
 * Proves that all processes of one queue see the same spool. Each leaves a token in the spool and its name in Redis, then
 * looks in the spool for the tokens of all others. It is registered before it looks, so of two that start at once with
 * different spools at least one sees the other.
 */
export class SpoolAgreement {
  readonly #redis: RedisClient;
  readonly #key: string;
  readonly #spool: Spool;
  readonly #instance = randomUUID();
  readonly #token = randomUUID();
  #timer: ReturnType<typeof setInterval> | undefined;

  private constructor(redis: RedisClient, prefix: string, spool: Spool) {
    this.#redis = redis;
    this.#key = `${prefix}:spool:`;
    this.#spool = spool;
  }

  /** @throws SpoolNotShared */
  static async reach(redis: RedisClient, prefix: string, spool: Spool): Promise<SpoolAgreement> {
    const agreement = new SpoolAgreement(redis, prefix, spool);
    await spool.writeToken(agreement.#instance, agreement.#token);
    await agreement.#giveSign();
    try {
      await agreement.#requireOthersHere();
    } catch (error) {
      await agreement.end();
      throw error;
    }
    agreement.#timer = setInterval(
      () => {
        // A missed sign costs nothing: it is only looked for when another process starts.
        agreement.#giveSign().catch(() => {});
      },
      (SIGN_OF_LIFE_SECONDS / 3) * 1_000,
    );
    agreement.#timer.unref();
    return agreement;
  }

  async end(): Promise<void> {
    clearInterval(this.#timer);
    await this.#redis.del(this.#key + this.#instance).catch(() => {});
    await this.#spool.removeToken(this.#instance);
  }

  async #giveSign(): Promise<void> {
    await this.#redis.set(this.#key + this.#instance, this.#token, 'EX', SIGN_OF_LIFE_SECONDS);
    await this.#spool.writeToken(this.#instance, this.#token);
  }

  async #requireOthersHere(): Promise<void> {
    let cursor = '0';
    do {
      const [next, keys] = await this.#redis.scan(cursor, 'MATCH', `${this.#key}*`, 'COUNT', 1_000);
      cursor = next;
      for (const key of keys) {
        const token = await this.#redis.get(key);
        const instance = key.slice(this.#key.length);
        if (token !== null && !(await this.#isHere(key, instance, token))) {
          throw new SpoolNotShared(this.#spool.directory);
        }
      }
    } while (cursor !== '0');
  }

  /** A process may end between the two looks: then it is asked for nothing. */
  async #isHere(key: string, instance: string, token: string): Promise<boolean> {
    if (await this.#spool.hasToken(instance, token)) return true;
    return (await this.#redis.get(key)) !== token;
  }
}
