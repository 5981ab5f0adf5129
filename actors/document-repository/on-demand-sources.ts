import { dtmOf } from '../../profiles/formats/datatypes.ts';
import type { Code, DocumentEntry } from '../../profiles/xds/metadata.ts';
import { documentEntryOf, slotValues, submissionSetOf } from '../../profiles/xds/metadata-xml.ts';
import { objectOfText } from '../../profiles/xds/registry-object-text.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import {
  findDocuments,
  getAssociations,
  getSubmissionSetAndContents,
  getSubmissionSets,
} from '../../profiles/xds/stored-query-builders.ts';
import { ASSOCIATION_TYPE } from '../../profiles/xds/vocabulary.ts';
import type { World } from '../actor.ts';
import { namesRepository, objectsFound, versionsOf } from './entries.ts';

/** An On-Demand document could not be made; the message says why, and names no person. */
export class NotMade extends Error {}

/** How far back is looked, in days, when a patient has more documents than the registry returns at once. */
const WINDOWS = [undefined, 730, 365, 90, 30, 7] as const;
const DAY_MS = 86_400_000;
/** Objects whose Associations are asked for at once. */
const AT_ONCE = 50;

/** A snapshot of an On-Demand document. */
export interface RegisteredSnapshot {
  readonly entry: DocumentEntry;
  /** The entryUUID of the On-Demand entry, which it has now. */
  readonly of: string;
}

/**
 * A patient's Approved documents, and beside them those that are snapshots of this repository's On-Demand
 * documents, in the order in which they were registered.
 *
 * @throws NotMade, RegistryAway
 */
export async function documentsOf(
  { patientId }: DocumentEntry,
  repositoryUniqueId: string,
  { ask, now: at }: World,
): Promise<{ documents: readonly DocumentEntry[]; snapshots: readonly RegisteredSnapshot[] }> {
  // A snapshot outlives its entry.
  const onDemand = { objectType: ['On-Demand'], status: ['Approved', 'Deprecated'] } as const;
  const found = await objectsFound(findDocuments({ patientId, ...onDemand }), ask);
  const promises = await everyVersion(ours(found ?? [], repositoryUniqueId), ask);
  const kinds = new Set(promises.map(({ text }) => kindOf(text)));
  const now = new Map(promises.map(({ text, current }) => [text.id, current]));
  const stable = await recentDocuments(patientId, at(), ask);
  const candidates = ours(stable, repositoryUniqueId).filter((one) => kinds.has(kindOf(one)));
  const snapshotOfs = new Map<string, string>();
  for (let start = 0; start < candidates.length; start += AT_ONCE) {
    const uuid = candidates.slice(start, start + AT_ONCE).map(({ id }) => id);
    for (const link of (await objectsFound(getAssociations({ uuid }), ask)) ?? []) {
      const { associationType, sourceObject = '', targetObject = '' } = link;
      if (associationType === ASSOCIATION_TYPE.IsSnapshotOf) {
        snapshotOfs.set(sourceObject, now.get(targetObject) ?? targetObject);
      }
    }
  }
  return {
    documents: stable.filter(({ id }) => !snapshotOfs.has(id)).map(entryOf),
    snapshots: candidates.flatMap((one) => {
      const of = snapshotOfs.get(one.id);
      return of === undefined ? [] : [{ entry: entryOf(one), of }];
    }),
  };
}

/** Those that are in this repository. */
function ours(
  entries: readonly RegistryObjectText[],
  repositoryUniqueId: string,
): readonly RegistryObjectText[] {
  return entries.filter((entry) => namesRepository(entry, repositoryUniqueId));
}

/**
 * On-Demand entries with their earlier versions, each with the entryUUID that it has now: a snapshot is that of the version
 * of which it was made, and of its kind.
 */
async function everyVersion(
  entries: readonly RegistryObjectText[],
  ask: World['ask'],
): Promise<readonly { readonly text: RegistryObjectText; readonly current: string }[]> {
  const all = entries.map((text) => ({ text, current: text.id }));
  for (const entry of entries) {
    if (entry.lid === undefined || entry.lid === entry.id) continue;
    const versions = await versionsOf(entry.lid, ask);
    all.push(...versions.map((text) => ({ text, current: entry.id })));
  }
  return all;
}

/** A snapshot is of the kind of what it is a snapshot of. */
function kindOf(text: RegistryObjectText): string {
  const { typeCode, formatCode } = entryOf(text);
  const codes = [typeCode, formatCode].map(({ code, codingScheme }) => [code, codingScheme]);
  return JSON.stringify(codes);
}

/** All of them, or as far back as the registry returns at once. */
async function recentDocuments(
  patientId: DocumentEntry['patientId'],
  now: Date,
  ask: World['ask'],
): Promise<readonly RegistryObjectText[]> {
  for (const days of WINDOWS) {
    const window =
      days === undefined
        ? {}
        : { creationTimeFrom: dtmOf(new Date(now.getTime() - days * DAY_MS)) };
    const found = await objectsFound(findDocuments({ patientId, ...window }), ask);
    if (found !== undefined) return found;
  }
  throw new NotMade('the patient has too many documents');
}

/** What the submission that registered the On-Demand entry said of its content: those codes are known to the registry. */
export async function contentTypeOf(
  { entryUUID, typeCode }: DocumentEntry,
  { ask }: World,
): Promise<Code> {
  const sets = getSubmissionSets({ uuid: [entryUUID] });
  // A SubmissionSet of another patient may refer to the entry: then they do not come together.
  const found = (await objectsFound(sets, ask)) ?? (await originalSetOf(entryUUID, ask));
  const set = found.find(({ kind }) => kind === 'SubmissionSet');
  return (set && contentTypeCodeOf(set)) ?? typeCode;
}

async function originalSetOf(
  document: string,
  ask: World['ask'],
): Promise<readonly RegistryObjectText[]> {
  const links = await objectsFound(getAssociations({ uuid: [document] }), ask);
  const original = links?.find(
    (link) =>
      link.targetObject === document &&
      slotValues(objectOfText(link), 'SubmissionSetStatus').includes('Original'),
  );
  if (original?.sourceObject === undefined) return [];
  const contents = getSubmissionSetAndContents({ entryUUID: original.sourceObject });
  return (await objectsFound(contents, ask)) ?? [];
}

function contentTypeCodeOf(text: RegistryObjectText): Code | undefined {
  const object = objectOfText(text);
  return object.element === 'RegistryPackage' ? submissionSetOf(object).contentTypeCode : undefined;
}

/** The DocumentEntry as the registry returned it. */
export function entryOf(text: RegistryObjectText): DocumentEntry {
  const object = objectOfText(text);
  if (object.element !== 'ExtrinsicObject') throw new NotMade('the registry returned no entry');
  return documentEntryOf(object);
}
