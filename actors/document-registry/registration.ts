import type { RegistryObject } from '../../profiles/formats/ebxml.ts';
import type { Refusal } from '../../profiles/refusal.ts';
import { refusalsOfCodes } from '../../profiles/xds/affinity-domain.ts';
import { refuseAll, type SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import type { MetadataColumn } from '../../profiles/xds/metadata-rule.ts';
import { refusalsOfSubmission } from '../../profiles/xds/metadata-rules.ts';
import type { RegistryResponse } from '../../profiles/xds/registry-response.ts';
import type { Submission, World } from '../actor.ts';
import { answerOnce, wasAnswered } from './answer-once.ts';
import { withAssignedIds } from './assigned-ids.ts';
import { REPLACEMENTS } from './association-rules.ts';
import { identityOf, patientsOf } from './object-identity.ts';
import type { RegistryWriter } from './registry-store.ts';
import { replace } from './replacement.ts';
import type { DocumentRegistryStores } from './stores.ts';
import {
  associationsIn,
  refusalsOfSource,
  SubmissionBesideRegistry,
  submissionInstant,
  submissionSetIn,
  withLastUpdateTime,
} from './submission.ts';

/**
 * How metadata are registered: the whole submission or none of it, in one transaction of the store, and all that is wrong
 * with it is told at once. The same message again is told what it was told.
 *
 * @param transaction its number, by which answers are remembered
 * @param column whose duties the metadata are judged by
 */
export function registrationVerbs(
  transaction: string,
  column: MetadataColumn,
): Omit<
  Submission<SubmitObjectsRequest, RegistryResponse, DocumentRegistryStores>,
  'kind' | 'transaction'
> {
  return {
    subjects: ({ objects }) => patientsOf(objects.map(identityOf)),

    /** What is wrong with the message itself; if something is, then also what the registry holds against it so far. */
    async check({ objects }, { registry, affinityDomain }, world) {
      const faults = [
        ...refusalsOfSubmission(objects, { column }),
        ...(affinityDomain ? refusalsOfCodes(objects, affinityDomain) : []),
        ...refusalsOfSource(objects, world.caller),
      ];
      // A sound message is held against the registry once, where it is registered: no document travels with it.
      if (faults.length === 0) return;
      await registry.look(async (reader) => {
        if (await wasAnswered(transaction, reader, world)) return;
        const beside = await SubmissionBesideRegistry.look(objects, reader);
        refuseAll([...faults, ...withoutKnown(beside.refusals(), faults)]);
      });
    },

    async commit({ objects }, { registry }, world) {
      return await answerOnce(transaction, { registry, world }, async (writer) => {
        const beside = await SubmissionBesideRegistry.look(objects, writer);
        refuseAll(beside.refusals());
        await register(withAssignedIds(objects, world), beside.grownFolders(), { writer, world });
        return { status: 'Success', errors: [] };
      });
    },
  };
}

/** What the registry says of an object that is faulty by itself is mostly the same fault again. */
function withoutKnown(refusals: readonly Refusal[], known: readonly Refusal[]): readonly Refusal[] {
  const told = new Set(known.map(({ code, location }) => `${code} ${location}`));
  const faulty = new Set(known.map(({ location }) => location));
  return refusals.filter(
    ({ code, location }) =>
      !told.has(`${code} ${location}`) &&
      !(code === 'UnresolvedReferenceException' && faulty.has(location)),
  );
}

async function register(
  objects: readonly RegistryObject[],
  grownFolders: readonly string[],
  { writer, world }: { writer: RegistryWriter; world: World },
): Promise<void> {
  const lastUpdateTime = submissionInstant(world);
  const grown = new Set(grownFolders);
  await writer.add(withLastUpdateTime(objects, lastUpdateTime));
  for (const folder of await replaceAll(objects, writer, world)) grown.add(folder);
  await writer.updateFolders([...grown], lastUpdateTime);
}

/** @returns the Folders that gain a document */
async function replaceAll(
  objects: readonly RegistryObject[],
  writer: RegistryWriter,
  world: World,
): Promise<readonly string[]> {
  const replacements = associationsIn(objects).filter(({ associationType }) =>
    REPLACEMENTS.includes(associationType),
  );
  if (replacements.length === 0) return [];
  const own = new Set(objects.map(({ id }) => id));
  const submissionSet = submissionSetIn(objects).id;
  const grown: string[] = [];
  for (const { sourceObject: document, targetObject: replaced } of replacements) {
    grown.push(...(await replace({ document, replaced, submissionSet, own }, writer, world)));
  }
  return grown;
}
