import type { Weakening } from '../support/proof-region.ts';

/** Each takes away what keeps transactions apart, in a copy of the product: no setting of it can. */
export const WEAKENINGS: Readonly<
  Record<string, Weakening & { readonly engine: 'sqlite' | 'postgres'; readonly what: string }>
> = {
  'sqlite-writes': {
    engine: 'sqlite',
    what: 'the writes of a commit run beside each other instead of one after the other',
    file: 'gateway/stores/database.ts',
    replace: [
      ['settle.push(await this.#run(next));', 'settle.push(this.#run(next));'],
      [
        "this.#connection.exec('COMMIT');",
        "const told = await Promise.all(settle); this.#connection.exec('COMMIT');",
      ],
      ['for (const tell of settle)', 'for (const tell of told)'],
    ],
  },
  'postgres-writes': {
    engine: 'postgres',
    what: 'writes are READ COMMITTED instead of SERIALIZABLE',
    file: 'gateway/stores/postgres-writes.ts',
    replace: [['BEGIN ISOLATION LEVEL SERIALIZABLE', 'BEGIN ISOLATION LEVEL READ COMMITTED']],
  },
  'postgres-snapshot-writes': {
    engine: 'postgres',
    what: 'writes are REPEATABLE READ instead of SERIALIZABLE',
    file: 'gateway/stores/postgres-writes.ts',
    replace: [['BEGIN ISOLATION LEVEL SERIALIZABLE', 'BEGIN ISOLATION LEVEL REPEATABLE READ']],
  },
  'postgres-reads': {
    engine: 'postgres',
    what: 'reads are READ COMMITTED instead of REPEATABLE READ',
    file: 'gateway/stores/postgres-transactions.ts',
    replace: [
      [
        'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY',
        'BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY',
      ],
    ],
  },
};
