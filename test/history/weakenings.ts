import type { Weakening } from '../support/proof-region.ts';

/** Each takes away what keeps transactions apart, in a copy of the product: no setting of it can. */
export const WEAKENINGS: Readonly<
  Record<string, Weakening & { readonly engine: 'sqlite' | 'postgres'; readonly what: string }>
> = {
  'sqlite-writes': {
    engine: 'sqlite',
    what: 'the writes of a commit run beside each other instead of one after the other',
    file: 'gateway/stores/commit-together.ts',
    replace: [
      [
        'const settle: Tell[] = [];\n  while',
        'const settle: Tell[] = [];\n  const beside: Promise<unknown>[] = [];\n  while',
      ],
      [
        'const { changing } = connection;\n    try {\n      const value = await write.work();\n      settle.push(() => write.resolve(value));',
        'const { changing } = connection;\n    try {\n      const working = write.work();\n      beside.push(working.catch(() => {}));\n      settle.push(() => void working.then(write.resolve, write.reject));',
      ],
      [
        '  return settle;\n}\n\n/** Takes all back',
        '  await Promise.all(beside);\n  return settle;\n}\n\n/** Takes all back',
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
