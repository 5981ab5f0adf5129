import { rename, rm, writeFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';
import { DATA_TYPES } from '../../profiles/ss-mix2/data-types.ts';
import type { Held } from './look.ts';

/** Parts of a name in the storage that say nothing of a patient: a date, a time, a condition flag, or nothing. */
const HARMLESS = /^(?:-|[012]|(?:19|20)\d{6}|(?:19|20)\d{15})$/;

/**
 * A path in the storage as it is shown and logged: data type, dates, time and flag as they are; of all else, the patient's
 * number first of all, its shape.
 */
export function shownPath(root: string, path: string): string {
  const shown = relative(root, path)
    .split(sep)
    .map((segment) => segment.split('_').map(shownPart).join('_'));
  return shown.join('/');
}

function shownPart(part: string): string {
  if (HARMLESS.test(part) || DATA_TYPES.has(part)) return part;
  return part.replace(/\d/g, '9').replace(/[^\d\W]|[^\x20-\x7e]/g, 'a');
}

/** The file beside a ledger that lists what is held with its whole path, for whoever may read the storage, too. */
export function heldFileOf(ledger: string): string {
  return `${ledger}.held`;
}

/** Writes what is held now (0600), a line each; nothing held, no file. */
export async function writeHeldFile(file: string, held: readonly Held[]): Promise<void> {
  if (held.length === 0) return await rm(file, { force: true });
  const fresh = `${file}.new`;
  const lines = held.map(({ path, reason }) => `${path}\t${reason}\n`);
  await writeFile(fresh, lines.join(''), { mode: 0o600 });
  await rename(fresh, file);
}
