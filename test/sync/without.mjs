/*
 * Loaded before the gateway by the test of the syncs alone: takes one of them away, so that the test can show that it would
 * notice. KAKEHASHI_PROOF_WITHOUT says which: document, directory, database or trail.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';

const without = process.env.KAKEHASHI_PROOF_WITHOUT;

/** Which files are opened without a sync from then on. */
const UNSYNCED = {
  document: (path, flags) => path.endsWith('.part') && flags === 'wx',
  directory: (path, flags) => /\/documents(\/[0-9a-f]{2})?$/.test(path) && flags === 'r',
  database: (path) => path.endsWith('-wal'),
  trail: (path, flags) => path.includes('/audit/') && flags === 'ax',
};

const isUnsynced = UNSYNCED[without];
if (isUnsynced) {
  const files = createRequire(import.meta.url)('node:fs/promises');
  const { open } = files;
  files.open = async (path, flags, mode) => {
    const file = await open(path, flags, mode);
    if (isUnsynced(String(path), flags)) {
      file.sync = async () => {};
      file.datasync = async () => {};
    }
    return file;
  };
  syncBuiltinESMExports();
} else {
  throw new Error(`nothing is called ${without}`);
}
