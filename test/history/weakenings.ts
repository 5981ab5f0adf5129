import type { Weakening } from '../support/proof-region.ts';

/** Each takes away what keeps transactions apart, in a copy of the product: no setting of it can. */
export const WEAKENINGS: Readonly<
  Record<string, Weakening & { readonly engine: 'sqlite' | 'postgres'; readonly what: string }>
> = {
  'sqlite-writes': {
    engine: 'sqlite',
    what: 'the writes of a commit run beside each other instead of one after the other',
    file: 'gateway/stores/commit-together.ts',
    // Each line stands alike in the source and in what is compiled of it.
    replace: [
      [
        'const outcome = await write.work();',
        'const working = write.work(); (taken.beside ??= []).push(working.catch(() => {}));',
      ],
      [
        'settle.push(() => write.resolve(outcome));',
        'settle.push(() => void working.then(write.resolve, write.reject));',
      ],
      [
        "connection.exec('COMMIT');",
        "await Promise.all(taken.beside ?? []); connection.exec('COMMIT');",
      ],
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
