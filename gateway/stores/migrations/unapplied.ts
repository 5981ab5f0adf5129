import type { Migration } from './migration.ts';

/** A step that a database has had, as its table `schema_migration` tells. */
export interface AppliedStep {
  readonly number: number;
  readonly name: string;
}

/** The table of the steps; both engines take it as it is. */
export const SCHEMA_MIGRATION =
  'CREATE TABLE IF NOT EXISTS schema_migration (number integer PRIMARY KEY, name text NOT NULL, applied_at text NOT NULL)';

/** The database has steps that this version does not know. For the operator. */
export class DatabaseOfAnotherVersion extends Error {
  override readonly name = 'DatabaseOfAnotherVersion';
}

/**
 * The steps that a database has not had, each with its number.
 *
 * @throws DatabaseOfAnotherVersion when the database was written by a newer version, or by another program
 */
export function unapplied(
  done: readonly AppliedStep[],
  migrations: readonly Migration[],
): readonly (Migration & AppliedStep)[] {
  if (done.length > migrations.length) {
    throw new DatabaseOfAnotherVersion(
      `the database is at step ${done.length}; this version knows ${migrations.length}`,
    );
  }
  const strange = done.find(({ name }, index) => name !== migrations[index]?.name);
  if (strange) {
    throw new DatabaseOfAnotherVersion(
      `step ${strange.number} of the database is none of this version`,
    );
  }
  return migrations
    .map((migration, index) => ({ ...migration, number: index + 1 }))
    .slice(done.length);
}
