import type { RegistryObject, RegistryPackage } from '../../profiles/formats/ebxml.ts';
import { Refusal } from '../../profiles/refusal.ts';
import { ITI_42, refuseAll } from '../../profiles/xds/iti-42.ts';
import { refusalsOfSubmission } from '../../profiles/xds/metadata-rules.ts';
import { identifierOf, kindOf } from '../../profiles/xds/metadata-xml.ts';
import type { RegistryResponse } from '../../profiles/xds/registry-response.ts';
import { ASSOCIATION_TYPE, IDENTIFICATION, STATUS_TYPE } from '../../profiles/xds/vocabulary.ts';
import { type Caller, submission, type World } from '../actor.ts';
import { withAssignedIds } from './assigned-ids.ts';
import { identityOf, patientsOf } from './object-identity.ts';
import type { RegistryReader, RegistryWriter } from './registry-store.ts';
import type { DocumentRegistryStores } from './stores.ts';
import {
  carriedOver,
  replacementsIn,
  SubmissionBesideRegistry,
  submissionInstant,
  withLastUpdateTime,
} from './submission.ts';

/**
 * ITI-42 Register Document Set-b, as the Document Registry answers it: the whole submission or none of it, in one
 * transaction of the store, and all that is wrong with it is told at once.
 *
 * Refuses: XDSRegistryMetadataError, XDSRegistryDuplicateUniqueIdInMessage, XDSUnknownPatientId, XDSPatientIdDoesNotMatch,
 * XDSDuplicateUniqueIdInRegistry, XDSNonIdenticalHash, XDSNonIdenticalSize, UnresolvedReferenceException,
 * XDSRegistryDeprecatedDocumentError.
 */
export const registerDocumentSet = submission(ITI_42, {
  subjects: ({ objects }) => patientsOf(objects.map(identityOf)),

  /** What is wrong with the message itself, and what the registry holds against it so far. */
  async check({ objects }, { registry }: DocumentRegistryStores, { caller }) {
    refuseAll(refusalsOfSubmission(objects, { column: 'XDS DR' }));
    refuseForeignSource(objects, caller);
    await registry.look((reader) => refuseAgainst(objects, reader));
  },

  async commit(
    { objects },
    { registry }: DocumentRegistryStores,
    world,
  ): Promise<RegistryResponse> {
    await registry.change(async (writer) => {
      // Between check and commit others may have registered.
      const grown = await refuseAgainst(objects, writer);
      await register(withAssignedIds(objects, world), grown, { registry: writer, world });
    });
    return { status: 'Success', errors: [] };
  },
});

/** @returns the Folders of the registry that the submission adds to */
async function refuseAgainst(
  objects: readonly RegistryObject[],
  registry: RegistryReader,
): Promise<readonly string[]> {
  const submission = await SubmissionBesideRegistry.look(objects, registry);
  refuseAll(submission.refusals());
  return submission.grownFolders();
}

async function register(
  objects: readonly RegistryObject[],
  grownFolders: readonly string[],
  { registry, world }: { registry: RegistryWriter; world: World },
): Promise<void> {
  const lastUpdateTime = submissionInstant(world);
  const grown = new Set(grownFolders);
  await registry.add(withLastUpdateTime(objects, lastUpdateTime));
  const submissionSet = submissionSetIn(objects).id;
  for (const { sourceObject: document, targetObject: replaced } of replacementsIn(objects)) {
    const folders = await approvedFoldersOf(replaced, registry);
    const filed = new Set(foldersHolding(document, objects));
    const others = folders.filter((folder) => !filed.has(folder));
    await registry.add(carriedOver(others, { document, submissionSet }, world));
    await registry.deprecate([replaced]);
    for (const folder of folders) grown.add(folder);
  }
  await registry.updateFolders([...grown], lastUpdateTime);
}

/** Where the submission itself puts the document: there it is not put twice. */
function foldersHolding(document: string, objects: readonly RegistryObject[]): readonly string[] {
  return objects.flatMap((object) =>
    object.element === 'Association' && object.targetObject === document ? object.sourceObject : [],
  );
}

async function approvedFoldersOf(
  document: string,
  registry: RegistryWriter,
): Promise<readonly string[]> {
  const memberships = await registry.associationsOf(
    { target: [document], associationTypes: [ASSOCIATION_TYPE.HasMember] },
    MOST_MEMBERSHIPS,
  );
  const sources = await registry.objectsOf(
    memberships.flatMap(({ sourceObject = [] }) => sourceObject),
  );
  return sources
    .filter(({ kind, status }) => kind === 'Folder' && status === STATUS_TYPE.Approved)
    .map(({ id }) => id);
}

/** A document is a member of its SubmissionSets and Folders; more of them than this is no document's life. */
const MOST_MEMBERSHIPS = 10_000;

/** A system submits under the sourceIds of its directory entry; an actor of our own has seen to that already. */
function refuseForeignSource(objects: readonly RegistryObject[], caller: Caller): void {
  if (caller.kinds.includes('own') || caller.sourceIds.length === 0) return;
  const set = submissionSetIn(objects);
  const sourceId = identifierOf(set, IDENTIFICATION.SubmissionSet.sourceId) ?? '';
  if (caller.sourceIds.includes(sourceId)) return;
  throw new Refusal('XDSRegistryMetadataError', 'the sourceId is not one of the caller', {
    location: set.id,
  });
}

/** The rules have seen that there is exactly one. */
function submissionSetIn(objects: readonly RegistryObject[]): RegistryPackage {
  for (const object of objects) {
    if (object.element === 'RegistryPackage' && kindOf(object) === 'SubmissionSet') return object;
  }
  throw new Refusal('XDSRegistryMetadataError', 'a submission has one SubmissionSet');
}
