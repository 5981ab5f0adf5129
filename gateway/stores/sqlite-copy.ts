import { constants } from 'node:fs';
import { copyFile, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncDirectory } from './content-files.ts';
import { CHECKPOINT_PAGES, type SqliteConnection } from './sqlite-connection.ts';

/**
 * Copies a database while its one connection goes on working.
 *
 * All that is committed is moved from the write-ahead log into the database file, and then nothing more for a while: what
 * is written meanwhile stands in the log alone, so that the file stays as it is while it is copied. Up to the first await
 * the caller keeps writes away.
 *
 * @throws Error EEXIST when the target is there already
 */
export async function copySqlite(connection: SqliteConnection, target: string): Promise<void> {
  const source = connection.path;
  if (source === ':memory:') {
    connection.run('VACUUM INTO ?', [target]);
    return;
  }
  const [checkpoint] = connection.rows('PRAGMA wal_checkpoint(TRUNCATE)');
  if (checkpoint?.['busy'] !== 0) throw new Error('SQLite could not empty its write-ahead log');
  connection.rows('PRAGMA wal_autocheckpoint=0');
  try {
    await copyFile(source, target, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
    const file = await open(target, 'r+');
    try {
      await file.chmod(0o600);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncDirectory(dirname(target));
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EEXIST') await rm(target, { force: true });
    throw error;
  } finally {
    connection.rows(`PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES}`);
  }
}
