/** Codes of Node, SQLite and PostgreSQL that say that disk, memory or handles are used up. */
const OUT_OF_RESOURCES = new Set([
  'ENOSPC',
  'EDQUOT',
  'ENOMEM',
  'EMFILE',
  'ENFILE',
  'SQLITE_FULL',
  'SQLITE_NOMEM',
  '53000',
  '53100',
  '53200',
]);

/** Codes that say that others are in the way, and that the same request may do later: locks, conflicts, connections. */
const BUSY = new Set(['SQLITE_BUSY', 'DATABASE_AWAY', '40001', '40P01', '53300', '55P03', '57P03']);

const MOST_CAUSES = 10;

/**
 * The better code for what is nobody's fault but ours, where the machine is short of something:
 * `XDSRegistryOutOfResources` or `XDSRegistryBusy` in place of `XDSRegistryError`, and so for the repository.
 *
 * @param generalError of the transaction
 * @param error with the code of the system or the database, itself or among its causes
 * @see ITI TF-3: Table 4.2.4.1-2
 */
export function codeOfShortage(generalError: string, error: unknown): string {
  const [, actor] = /^(XDSRegistry|XDSRepository)Error$/.exec(generalError) ?? [];
  if (actor === undefined) return generalError;
  let cause = error;
  for (let depth = 0; depth < MOST_CAUSES && cause instanceof Error; depth += 1) {
    const { code } = cause as { code?: unknown };
    if (typeof code === 'string' && OUT_OF_RESOURCES.has(code)) return `${actor}OutOfResources`;
    if (typeof code === 'string' && BUSY.has(code)) return `${actor}Busy`;
    cause = cause.cause;
  }
  return generalError;
}
