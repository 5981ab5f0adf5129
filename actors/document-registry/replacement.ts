import { STATUS_TYPE } from '../../profiles/xds/vocabulary.ts';
import type { World } from '../actor.ts';
import { DEPENDENCES } from './association-rules.ts';
import { allLinks, HAS_MEMBER, sourcesOf } from './association-ends.ts';
import { filed } from './new-association.ts';
import type { RegistryReader, RegistryWriter } from './registry-store.ts';

/** A document that takes the place of another. */
export interface Replacement {
  readonly document: string;
  readonly replaced: string;
  readonly submissionSet: string;
  /** Objects of the submission: they are new, and nothing that they replace takes them along. */
  readonly own: ReadonlySet<string>;
}

/**
 * Lets a stored document take the place of another: the old one and all that depends on it are Deprecated, and its Approved
 * Folders get the new one, each once: not those where the submission has put it itself, nor those of another that it replaces.
 *
 * @returns the Folders that have gained the document
 * @see ITI TF-3: 4.2.2.2.1; ITI TF-2: 3.42.4.1.3.3
 */
export async function replace(
  { document, replaced, submissionSet, own }: Replacement,
  writer: RegistryWriter,
  world: World,
): Promise<readonly string[]> {
  const before = await approvedFoldersOf(replaced, writer);
  const alreadyIn = before.length > 0 ? await approvedFoldersOf(document, writer) : [];
  const folders = before.filter((folder) => !alreadyIn.includes(folder));
  await writer.add(filed(folders, { document, submissionSet }, world));
  const dependants = await dependantsOf(replaced, own, writer);
  await writer.setAvailabilityStatus([replaced, ...dependants], 'Deprecated');
  return folders;
}

async function approvedFoldersOf(
  document: string,
  reader: RegistryReader,
): Promise<readonly string[]> {
  const filings = await allLinks(
    { target: [document], associationTypes: HAS_MEMBER, availabilityStatus: ['Approved'] },
    reader,
  );
  const sources = await reader.objectsOf(sourcesOf(filings), 'latest');
  return sources
    .filter(({ kind, status }) => kind === 'Folder' && status === STATUS_TYPE.Approved)
    .map(({ id }) => id);
}

/** Transformations and addenda of a document, and theirs in turn. */
async function dependantsOf(
  document: string,
  own: ReadonlySet<string>,
  reader: RegistryReader,
): Promise<readonly string[]> {
  const found = new Set<string>();
  let targets: readonly string[] = [document];
  while (targets.length > 0) {
    const links = await allLinks(
      { target: targets, associationTypes: DEPENDENCES, availabilityStatus: ['Approved'] },
      reader,
    );
    targets = sourcesOf(links).filter((id) => id !== document && !found.has(id) && !own.has(id));
    for (const id of targets) found.add(id);
  }
  return [...found];
}
