import { dtmOf } from '../../profiles/formats/datatypes.ts';
import { bytesContent } from '../../profiles/formats/mtom.ts';
import { patientKey } from '../../profiles/patient.ts';
import { refusalsOf } from '../../profiles/refusal.ts';
import { ITI_42, type SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import type { DocumentEntry } from '../../profiles/xds/metadata.ts';
import { failureOf, type RegistryResponse } from '../../profiles/xds/registry-response.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import { DOCUMENT_ENTRY_TYPE, STATUS_TYPE } from '../../profiles/xds/vocabulary.ts';
import { PeerFailure, type World } from '../actor.ts';
import type { StoredDocument } from './document-store.ts';
import { RegistryAway } from './entries.ts';
import { contentTypeOf, documentsOf, entryOf, NotMade } from './on-demand-sources.ts';
import { patientSummary } from './patient-summary.ts';
import { oidOf, snapshotSubmission } from './snapshot-submission.ts';
import type { DocumentRepositoryStores } from './stores.ts';

/** A summary tells of at most so many documents, the newest. */
const MOST_DOCUMENTS = 100;
/** A summary is CDA. */
const MIME_TYPE = 'text/xml';
/** How often it is tried again when another process has replaced the snapshot in the meantime. */
const TRIES = 3;

/** True for an entry whose document is made when it is asked for. */
export function isOnDemand({ objectType }: RegistryObjectText): boolean {
  return objectType === DOCUMENT_ENTRY_TYPE['On-Demand'];
}

/**
 * The On-Demand Document Source of this repository: every On-Demand entry that names the repository promises its patient's
 * summary as it is when it is asked for, and every summary that is given out is kept. It is stored and registered as a
 * Stable document, a snapshot of the On-Demand one that replaces the snapshot before it; so long as nothing has changed,
 * that one is given again.
 *
 * A summary tells of no document that is more confidential than the On-Demand entry says, and of no other snapshot.
 *
 * @param entries all entries of one documentUniqueId, On-Demand, of this repository
 * @returns the snapshot, registered; undefined when the On-Demand document is Deprecated
 * @throws NotMade, RegistryAway
 * @see ITI TF-2: 3.43.4.1.3, 3.43.4.2.3 (Persistence of Retrieved Documents Option)
 */
export async function onDemandDocument(
  entries: readonly RegistryObjectText[],
  stores: DocumentRepositoryStores,
  world: World,
): Promise<StoredDocument | undefined> {
  const approved = entries.filter(({ status }) => status === STATUS_TYPE.Approved);
  const current = approved.at(-1);
  if (current === undefined) return undefined;
  const patients = approved.map(({ patientId }) => (patientId ? patientKey(patientId) : ''));
  if (new Set(patients).size > 1) throw new NotMade('its entries are of several patients');
  const promised = { entry: entryOf(current), ids: new Set(entries.map(({ id }) => id)) };
  // Two who ask at once get one snapshot.
  return await stores.documents.oneByOne(promised.entry.uniqueId, async () => {
    for (let tries = 1; ; tries += 1) {
      const made = await snapshotOf(promised, stores, world);
      if (made !== 'replaced meanwhile') return made;
      if (tries >= TRIES) throw new NotMade('its snapshot is being replaced all the time');
    }
  });
}

/** What is promised: the entry that stands for it, and the ids of all entries of its uniqueId. */
interface Promised {
  readonly entry: DocumentEntry;
  readonly ids: ReadonlySet<string>;
}

async function snapshotOf(
  { entry, ids }: Promised,
  stores: DocumentRepositoryStores,
  world: World,
): Promise<StoredDocument | 'replaced meanwhile'> {
  const { documents: store, community } = stores;
  const { documents, snapshots } = await documentsOf(entry, community.repositoryUniqueId, world);
  const told = toldOf(entry, documents);
  const earlier = snapshots.filter(({ of }) => ids.has(of)).map((one) => one.entry);
  const latest = earlier.at(-1);
  const facts = { entry, documents: told, community };
  if (latest?.creationTime !== undefined) {
    const { uniqueId, creationTime, hash } = latest;
    const again = contentOf(patientSummary({ ...facts, uniqueId, creationTime }));
    const [stored] = await store.find([uniqueId]);
    if (stored?.content !== undefined && again.sha1 === hash) return stored;
  }
  const uniqueId = oidOf(world.uuid());
  const creationTime = dtmOf(world.now());
  const content = contentOf(patientSummary({ ...facts, uniqueId, creationTime }));
  const { sha1: hash, sizeBytes: size } = content;
  const submission = snapshotSubmission({
    snapshot: { uniqueId, creationTime, mimeType: MIME_TYPE, hash, size },
    of: entry,
    replaced: earlier.map(({ entryUUID }) => entryUUID),
    repositoryUniqueId: community.repositoryUniqueId,
    contentTypeCode: await contentTypeOf(entry, world),
    issue: world,
  });
  const held = await store.hold([{ uniqueId, mimeType: MIME_TYPE, content }]);
  const response = await registered(submission, world);
  if (response.status === 'Failure') {
    await held.discard();
    const codes = response.errors.map(({ errorCode }) => errorCode);
    if (codes.includes('XDSRegistryDeprecatedDocumentError')) return 'replaced meanwhile';
    throw new NotMade(`its snapshot was not registered: ${[...new Set(codes)].join(', ')}`);
  }
  held.keep();
  const [stored] = await store.find([uniqueId]);
  if (stored === undefined) throw new NotMade('its snapshot was removed again');
  return stored;
}

/** What a summary tells of, the newest first. */
function toldOf(
  { confidentialityCode }: DocumentEntry,
  documents: readonly DocumentEntry[],
): readonly DocumentEntry[] {
  const key = ({ code, codingScheme }: { code: string; codingScheme: string }) =>
    `${code} ${codingScheme}`;
  const allowed = new Set(confidentialityCode.map(key));
  return documents
    .filter((document) => document.confidentialityCode.every((code) => allowed.has(key(code))))
    .sort((one, other) => order(other).localeCompare(order(one), 'en'))
    .slice(0, MOST_DOCUMENTS);
}

function order({ creationTime = '', uniqueId }: DocumentEntry): string {
  return `${creationTime.padEnd(14, '0')} ${uniqueId}`;
}

async function registered(
  submission: SubmitObjectsRequest,
  { ask }: World,
): Promise<RegistryResponse> {
  try {
    return await ask(ITI_42, 'document-registry', submission);
  } catch (error) {
    const refusals = refusalsOf(error);
    if (refusals) return failureOf(refusals);
    // Nobody knows what the registry did: the snapshot stays until it has been asked.
    if (error instanceof PeerFailure) throw new RegistryAway('no answer', { cause: error });
    throw error;
  }
}

function contentOf(text: string) {
  const { sizeBytes = 0, sha1 = '', open } = bytesContent(new TextEncoder().encode(text));
  return { sizeBytes, sha1, open };
}
