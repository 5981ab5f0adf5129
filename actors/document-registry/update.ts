import type { Association, RegistryObject } from '../../profiles/formats/ebxml.ts';
import type { Refusal } from '../../profiles/refusal.ts';
import { refuseAll } from '../../profiles/xds/iti-42.ts';
import { type UpdateOperation, updateOperationsOf } from '../../profiles/xds/update-operations.ts';
import type { World } from '../actor.ts';
import { type Place, withAssignedIds } from './assigned-ids.ts';
import { REPLACEMENTS } from './association-rules.ts';
import { newAssociation } from './new-association.ts';
import { identityOf } from './object-identity.ts';
import { propagate } from './propagation.ts';
import type { ObjectVersion, RegistryReader, RegistryWriter } from './registry-store.ts';
import { replace } from './replacement.ts';
import { refusalsOfStatusUpdate } from './status-rules.ts';
import {
  SubmissionBesideRegistry,
  submissionInstant,
  submissionSetIn,
  withLastUpdateTime,
} from './submission.ts';
import { refusalsOfSubmitted } from './submitted-association.ts';
import {
  type AnyVersionUpdate,
  refusalsOfStatusBefore,
  refusalsOfVersion,
  type UpdateForm,
} from './version-rules.ts';

type Kinded<Kind extends UpdateOperation['kind']> = Extract<UpdateOperation, { kind: Kind }>;

/**
 * Runs the operations of an update one after the other, each on what those before it have left. What is refused is
 * collected, and thrown at the end: with it, the change that surrounds this is undone.
 *
 * @see XDS Metadata Update, 3.57.4.1.3.3
 */
export class Update {
  readonly #objects: readonly RegistryObject[];
  readonly #writer: RegistryWriter;
  readonly #world: World;
  readonly #form: UpdateForm;
  readonly #refusals: Refusal[] = [];
  /** Folders that gain a document. */
  readonly #grown = new Set<string>();
  /** By the id of the message: the object as it is stored. */
  readonly #stored = new Map<string, RegistryObject>();
  /** By the id of the message: the version that is followed. */
  readonly #previous = new Map<string, ObjectVersion>();

  constructor(
    objects: readonly RegistryObject[],
    form: UpdateForm,
    { writer, world }: { writer: RegistryWriter; world: World },
  ) {
    this.#objects = objects;
    this.#form = form;
    this.#writer = writer;
    this.#world = world;
  }

  /** @throws Refusals all that speaks against the update */
  async run(): Promise<void> {
    const beside = await SubmissionBesideRegistry.look(this.#objects, this.#writer);
    this.#refusals.push(...beside.refusalsOfPatients());
    const operations = updateOperationsOf(this.#objects);
    const versions = operations.filter(isVersionUpdate);
    const updated = new Set(versions.map(({ object }) => object.id));
    for (const object of this.#objects) {
      this.#refusals.push(...beside.refusalsOfId(object));
      // The uniqueId of a new version is that of the version before, or refused as such.
      if (!updated.has(object.id)) this.#refusals.push(...beside.refusalsOfUniqueId(object));
    }
    for (const version of versions) await this.#followVersion(version);
    // What follows would be told of ids and versions that are not there.
    refuseAll(this.#refusals);
    await this.#store();
    for (const operation of operations) await this.#do(operation);
    refuseAll(this.#refusals);
    await this.#writer.updateFolders([...this.#grown], submissionInstant(this.#world));
  }

  async #followVersion({ object, logicalID, previousVersion }: AnyVersionUpdate): Promise<void> {
    const place = await latestOf(object, logicalID, this.#writer);
    const [text] = place ? await this.#writer.objectsOf([place.entryUUID]) : [];
    const latest = place && text && { place, text };
    this.#refusals.push(...refusalsOfVersion({ object, previousVersion, latest }, this.#form));
    if (place !== undefined) this.#previous.set(object.id, place);
  }

  /** Gives every object its ids and its place; only the SubmissionSet is stored before the operations are done. */
  async #store(): Promise<void> {
    const places = new Map<string, Place>();
    for (const [id, { logicalID, version, availabilityStatus }] of this.#previous) {
      // What is updated is Approved when its turn comes, or refused then; a restricted update leaves it as it is.
      const kept = this.#form === 'update' ? 'Approved' : availabilityStatus;
      places.set(id, { logicalID, version: version + 1, availabilityStatus: kept });
    }
    const assigned = withLastUpdateTime(
      withAssignedIds(this.#objects, this.#world, places),
      submissionInstant(this.#world),
    );
    assigned.forEach((object, index) => {
      const { id } = this.#objects[index] ?? object;
      this.#stored.set(id, object);
    });
    await this.#writer.add([submissionSetIn(assigned)]);
  }

  async #do(operation: UpdateOperation): Promise<void> {
    switch (operation.kind) {
      case 'update-document-entry':
      case 'update-folder':
        return this.#updateVersion(operation);
      case 'update-status':
        return this.#updateStatus(operation);
      case 'submit-association':
        return this.#submitAssociation(operation);
    }
  }

  async #updateVersion({ object, membership, propagation }: AnyVersionUpdate): Promise<void> {
    const stored = this.#stored.get(object.id);
    const link = this.#stored.get(membership.id);
    const previous = this.#previous.get(object.id);
    if (stored === undefined || link === undefined || previous === undefined) return;
    const [before] = await this.#writer.versionsOf([previous.entryUUID]);
    const refusals = refusalsOfStatusBefore(before ?? previous, object.id, this.#form);
    this.#refusals.push(...refusals);
    if (refusals.length > 0) return;
    await this.#writer.supersede([previous.entryUUID]);
    await this.#writer.setAvailabilityStatus([previous.entryUUID], 'Deprecated');
    await this.#writer.add([stored, link]);
    if (!propagation) return;
    const carried = await propagate(
      { from: previous.entryUUID, to: identityOf(stored), location: object.id },
      this.#writer,
      this.#world,
    );
    this.#refusals.push(...carried.refusals);
    for (const folder of carried.grownFolders) this.#grown.add(folder);
  }

  async #updateStatus(operation: Kinded<'update-status'>): Promise<void> {
    const { by, newStatus } = operation;
    const target = this.#stored.get(operation.target)?.id ?? operation.target;
    const submissionSet = identityOf(submissionSetIn(this.#objects));
    const refusals = await refusalsOfStatusUpdate(
      { ...operation, target, location: by.id, patientId: submissionSet.patientId },
      this.#writer,
    );
    this.#refusals.push(...refusals);
    if (refusals.length > 0) return;
    await this.#writer.setAvailabilityStatus([target], newStatus);
  }

  async #submitAssociation({ association }: Kinded<'submit-association'>): Promise<void> {
    const { patientId } = identityOf(submissionSetIn(this.#objects));
    const refusals = await refusalsOfSubmitted(association, patientId, this.#writer);
    this.#refusals.push(...refusals);
    const stored = this.#stored.get(association.id);
    if (refusals.length > 0 || stored?.element !== 'Association') return;
    const submissionSet = this.#stored.get(submissionSetIn(this.#objects).id)?.id ?? '';
    await this.#writer.add([stored]);
    await this.#effectsOf(stored, submissionSet);
  }

  /** A filing is a member of its SubmissionSet, and lets its Folder grow; a replacement replaces. */
  async #effectsOf(association: Association, submissionSet: string): Promise<void> {
    const { associationType, sourceObject, targetObject, id } = association;
    const [source] = await this.#writer.objectsOf([sourceObject]);
    if (source?.kind === 'Folder') {
      const membership = { sourceObject: submissionSet, targetObject: id };
      await this.#writer.add([newAssociation(membership, this.#world)]);
      this.#grown.add(sourceObject);
    }
    if (!REPLACEMENTS.includes(associationType)) return;
    const own = new Set([sourceObject]);
    const folders = await replace(
      { document: sourceObject, replaced: targetObject, submissionSet, own },
      this.#writer,
      this.#world,
    );
    for (const folder of folders) this.#grown.add(folder);
  }
}

function isVersionUpdate(
  operation: UpdateOperation,
): operation is Kinded<'update-document-entry'> | Kinded<'update-folder'> {
  return operation.kind === 'update-document-entry' || operation.kind === 'update-folder';
}

/** The most recent version of what is updated: that of the logicalID or, in its place, of the uniqueId. */
async function latestOf(
  object: RegistryObject,
  logicalID: string | undefined,
  reader: RegistryReader,
): Promise<ObjectVersion | undefined> {
  const { uniqueId = '', kind } = identityOf(object);
  if (logicalID !== undefined) {
    const versions = await reader.versionsOfLogical([logicalID]);
    return versions.find((one) => one.latest && one.kind === kind);
  }
  const uses = await reader.usesOf([uniqueId]);
  const entries = uses.filter((use) => use.kind === kind && use.latest);
  const [only, ...others] = entries.map(({ entryUUID }) => entryUUID);
  // Two documents of the same octets share a uniqueId: then it does not say which is meant.
  if (only === undefined || others.length > 0) return undefined;
  const [version] = await reader.versionsOf([only]);
  return version;
}
