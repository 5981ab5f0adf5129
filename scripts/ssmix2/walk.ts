import type { Dirent } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DATA_TYPES } from '../../profiles/ss-mix2/data-types.ts';
import {
  type NameFault,
  readExtendedPath,
  readStandardPath,
  type StorageVersion,
} from '../../profiles/ss-mix2/storage-names.ts';
import { systemCodeOf } from '../system-error.ts';
import type { FoundVersion } from './plan.ts';

/** Which of the two storages a folder is. */
export type StorageKind = 'standard' | 'extended';

/** Something in the storage that cannot be shared as it lies there. */
export interface StorageFault {
  readonly path: string;
  readonly fault: NameFault | 'unreadable' | 'too many' | 'too deep' | 'no file' | 'link';
}

/** All that lies there for one patient, under one root of the storage. */
export interface PatientFolder {
  readonly versions: readonly FoundVersion[];
  readonly faults: readonly StorageFault[];
}

/** Levels above a patient's three folders: institution, period, type. */
const MOST_LEVELS_ABOVE = 6;
/** Files of one patient; a storage with more is no storage of patients. */
const MOST_FILES = 200_000;

/**
 * Walks a storage, patient by patient: what it holds in memory does not grow with the storage. Links are not followed.
 *
 * @throws the system's error when the root itself cannot be read
 */
export async function* patientFolders(
  root: string,
  kind: StorageKind,
): AsyncGenerator<PatientFolder> {
  yield* below({ root, path: [], kind });
}

interface Place {
  readonly root: string;
  /** Segments under the root. */
  readonly path: readonly string[];
  readonly kind: StorageKind;
}

async function* below(place: Place): AsyncGenerator<PatientFolder> {
  const { root, path, kind } = place;
  if (isPatientFolder(path)) {
    yield await patientFolder(place);
    return;
  }
  if (path.length > MOST_LEVELS_ABOVE + PATIENT_LEVELS) {
    yield { versions: [], faults: [{ path: join(root, ...path), fault: 'too deep' }] };
    return;
  }
  const faults: StorageFault[] = [];
  for (const entry of await listed(place, faults)) {
    const inner = [...path, entry.name];
    if (entry.isDirectory()) yield* below({ root, path: inner, kind });
    // What lies behind a link is not shared: that is told, for the hospital may have put half its storage there.
    else if (entry.isSymbolicLink() && (await leadsToFolder(join(root, ...inner)))) {
      faults.push({ path: join(root, ...inner), fault: 'link' });
    }
    // Beside the folders lie the index and what else the hospital keeps there; a file with a storage's name is misplaced.
    else if (entry.name.split('_').length >= 7) {
      faults.push({ path: join(root, ...inner), fault: 'folders' });
    }
  }
  if (faults.length > 0) yield { versions: [], faults };
}

async function leadsToFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
}

const PATIENT_LEVELS = 3;

function isPatientFolder(path: readonly string[]): boolean {
  const [first = '', second = '', id = ''] = path.slice(-PATIENT_LEVELS);
  return (
    path.length >= PATIENT_LEVELS &&
    first.length === 3 &&
    second.length === 3 &&
    id.length >= 6 &&
    id.startsWith(first + second)
  );
}

async function patientFolder({ root, path, kind }: Place): Promise<PatientFolder> {
  const versions: FoundVersion[] = [];
  const faults: StorageFault[] = [];
  let count = 0;
  const counted = (): boolean => {
    count += 1;
    if (count === MOST_FILES + 1) faults.push({ path: join(root, ...path), fault: 'too many' });
    return count <= MOST_FILES;
  };
  for (const date of await folders({ root, path, kind }, faults)) {
    for (const type of await folders({ root, path: [...path, date], kind }, faults)) {
      // What stays in the hospital is not looked at.
      if (kind === 'standard' && DATA_TYPES.get(type)?.sharedAs === 'nothing') continue;
      const typePath = [...path, date, type];
      for (const entry of await listed({ root, path: typePath, kind }, faults)) {
        if (!counted()) break;
        const at = [...typePath, entry.name];
        const read = readEntry(at, entry, kind);
        if (typeof read === 'string') faults.push({ path: join(root, ...at), fault: read });
        else if (kind === 'standard') versions.push({ version: read, path: join(root, ...at) });
        else
          versions.push(...(await contentsOf({ root, path: at, kind }, { version: read, faults })));
      }
    }
  }
  return { versions, faults };
}

function readEntry(
  at: readonly string[],
  entry: Dirent,
  kind: StorageKind,
): StorageVersion | StorageFault['fault'] {
  const last = at.slice(-6);
  if (kind === 'standard') return entry.isFile() ? readStandardPath(last) : 'unreadable';
  return entry.isDirectory() ? readExtendedPath(last) : 'folders';
}

/** The files of a content folder of the extended storage. */
async function contentsOf(
  place: Place,
  { version, faults }: { version: StorageVersion; faults: StorageFault[] },
): Promise<readonly FoundVersion[]> {
  const entries = await listed(place, faults);
  const files = entries.filter((entry) => entry.isFile());
  const folder = join(place.root, ...place.path);
  for (const entry of entries) {
    if (!entry.isFile()) faults.push({ path: join(folder, entry.name), fault: 'unreadable' });
  }
  if (entries.length === 0) faults.push({ path: folder, fault: 'no file' });
  return files.map(({ name }) => ({ version, path: join(folder, name), inner: name }));
}

async function folders(place: Place, faults: StorageFault[]): Promise<readonly string[]> {
  const names: string[] = [];
  for (const entry of await listed(place, faults)) {
    if (entry.isDirectory()) names.push(entry.name);
    else faults.push({ path: join(place.root, ...place.path, entry.name), fault: 'folders' });
  }
  return names;
}

/** The entries of a folder by name; one that cannot be read is a fault, unless it is the root. */
async function listed({ root, path }: Place, faults: StorageFault[]): Promise<readonly Dirent[]> {
  const folder = join(root, ...path);
  const entries: Dirent[] = [];
  try {
    for await (const entry of await opendir(folder)) {
      if (entries.length >= MOST_FILES) {
        faults.push({ path: folder, fault: 'too many' });
        break;
      }
      // Octets that are no UTF-8, as of a share that is mounted in another character set: nothing can be opened by such a name.
      if (entry.name.includes('\uFFFD')) {
        faults.push({ path: join(folder, entry.name), fault: 'unreadable' });
      } else entries.push(entry);
    }
  } catch (error) {
    if (path.length === 0) throw error;
    // Gone between two looks: the next one tells.
    if (systemCodeOf(error) !== 'ENOENT') faults.push({ path: folder, fault: 'unreadable' });
  }
  return entries.sort((one, other) => (one.name < other.name ? -1 : 1));
}
