import type { Migration } from './migrations/migration.ts';
import { type AppliedStep, SCHEMA_MIGRATION, unapplied } from './migrations/unapplied.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** Brings the schema up to date: all steps that are new, or none. */
export function migrateSqlite(
  connection: SqliteConnection,
  migrations: readonly Migration[],
  now: () => Date,
): void {
  connection.exec(SCHEMA_MIGRATION);
  const done = connection.rows('SELECT number, name FROM schema_migration ORDER BY number');
  const steps = unapplied(done as unknown as AppliedStep[], migrations);
  connection.exec('BEGIN IMMEDIATE');
  try {
    for (const { number, name, statements } of steps) {
      for (const statement of statements) connection.exec(statement);
      connection.rows('INSERT INTO schema_migration VALUES (?, ?, ?) RETURNING number', [
        number,
        name,
        now().toISOString(),
      ]);
    }
    connection.exec('COMMIT');
  } catch (error) {
    connection.exec('ROLLBACK');
    throw error;
  }
}
