import type { Migration } from './migrations/migration.ts';
import { type AppliedStep, SCHEMA_MIGRATION, unapplied } from './migrations/unapplied.ts';
import type { PostgresConnections, PostgresSession } from './postgres-connection.ts';
import { postgresStatement } from './postgres-schema.ts';

/** One process at a time, of all that share the database: a number of our own for its lock. */
const MIGRATION_LOCK = 4_915_203;
const LOCK_MS = 120_000;

/** Until the end of this transaction nobody else starts on the database; its statements may take as long as they need. */
export async function lockSchema(session: PostgresSession): Promise<void> {
  await session.takeTime();
  await session.exec(`SET LOCAL lock_timeout = ${LOCK_MS}`);
  await session.rows(`SELECT pg_advisory_xact_lock(${MIGRATION_LOCK})`);
}

/** Brings the schema up to date: all steps that are new, or none. Other processes that start wait meanwhile. */
export async function migratePostgres(
  connections: PostgresConnections,
  migrations: readonly Migration[],
  now: () => Date,
): Promise<void> {
  const session = await connections.take();
  let isSound = false;
  try {
    // READ COMMITTED: what another process did while this one waited for the lock is seen.
    await session.exec('BEGIN ISOLATION LEVEL READ COMMITTED');
    await lockSchema(session);
    await session.exec(postgresStatement(SCHEMA_MIGRATION));
    const done = await session.rows('SELECT number, name FROM schema_migration ORDER BY number');
    for (const step of unapplied(done as unknown as AppliedStep[], migrations)) {
      for (const statement of step.statements) await session.exec(postgresStatement(statement));
      await session.run('INSERT INTO schema_migration VALUES ($1, $2, $3)', [
        step.number,
        step.name,
        now().toISOString(),
      ]);
    }
    await session.exec('COMMIT');
    isSound = true;
  } finally {
    // A connection that is closed takes back what was not committed.
    connections.release(session, isSound);
  }
}
