import { decodeCX } from '../../profiles/formats/datatypes.ts';
import type { ExtrinsicObject, RegistryObject, Slot } from '../../profiles/formats/ebxml.ts';
import type { DocumentContent } from '../../profiles/formats/mtom.ts';
import { type PatientId, patientKey } from '../../profiles/patient.ts';
import { Refusal, refusalsOf } from '../../profiles/refusal.ts';
import { ITI_41, type ProvideAndRegisterRequest } from '../../profiles/xds/iti-41.ts';
import { ITI_42, refuseAll, type SubmitObjectsRequest } from '../../profiles/xds/iti-42.ts';
import { refusalsOfDocuments, refusalsOfSubmission } from '../../profiles/xds/metadata-rules.ts';
import { identifierOf, slotValues } from '../../profiles/xds/metadata-xml.ts';
import type { RegistryResponse } from '../../profiles/xds/registry-response.ts';
import { IDENTIFICATION } from '../../profiles/xds/vocabulary.ts';
import { type Caller, PeerFailure, submission, type World } from '../actor.ts';
import type { HeldDocuments, Measure } from './document-store.ts';
import type { DocumentRepositoryStores } from './stores.ts';

/**
 * ITI-41 Provide and Register Document Set-b, as the Document Repository answers it: the documents become retrievable,
 * then the registry is asked to register them; its errors and warnings are the answer's.
 *
 * Documents that the registry certainly did not register go again. If nobody knows, they stay until the registry has been
 * asked (reconciliation.ts): a registered entry without its octets would be worse than octets without an entry.
 *
 * Refuses: XDSMissingDocument, XDSMissingDocumentMetadata, XDSRepositoryMetadataError, UnresolvedReferenceException,
 * XDSRepositoryDuplicateUniqueIdInMessage, XDSPatientIdDoesNotMatch, XDSNonIdenticalHash, XDSNonIdenticalSize,
 * XDSRegistryNotAvailable. Source: ITI TF-2: 3.41.4.1.3.
 */
export const provideAndRegisterDocumentSet = submission(ITI_41, {
  subjects: ({ submission: { objects } }) => patientsOf(objects),

  /** All that can be seen before the octets are here. */
  async check(
    { submission: { objects }, documents },
    _stores: DocumentRepositoryStores,
    { caller },
  ) {
    refuseAll([
      ...refusalsOfDocuments(
        objects,
        documents.map(({ id }) => id),
      ),
      ...refusalsOfSubmission(objects, { column: 'XDS DS', by: 'Repository' }),
      ...refusalsOfSource(objects, caller),
    ]);
  },

  async commit(request, { documents, community }: DocumentRepositoryStores, world) {
    const provided = await Promise.all(
      providedIn(request).map(async ({ entry, content }) => ({
        entry,
        content,
        measure: await documents.measure(content),
      })),
    );
    refuseAll(provided.flatMap(({ entry, measure }) => refusalsOfOctets(entry, measure)));
    const registered = { ...request.submission, objects: described(request, provided, community) };
    const held = await documents.hold(
      provided.map(({ entry, content }) => ({
        uniqueId: uniqueIdOf(entry),
        mimeType: entry.mimeType ?? '',
        content,
      })),
    );
    return await register(registered, held, world);
  },
});

/** A DocumentEntry with the document that came for it. */
interface Provided {
  readonly entry: ExtrinsicObject;
  readonly content: DocumentContent;
}

/** The check has seen that each needs, and has, the other. */
function providedIn({ submission: { objects }, documents }: ProvideAndRegisterRequest): Provided[] {
  const contents = new Map(documents.map(({ id, content }) => [id, content]));
  return objects.flatMap((entry) => {
    const content = contents.get(entry.id);
    return entry.element === 'ExtrinsicObject' && content ? [{ entry, content }] : [];
  });
}

/** What the metadata say of the octets must be true, where they say it. */
function refusalsOfOctets(
  entry: ExtrinsicObject,
  { sizeBytes, sha1 }: Measure,
): readonly Refusal[] {
  const location = uniqueIdOf(entry);
  const differs = (what: string) =>
    new Refusal('XDSRepositoryMetadataError', `the ${what} is not that of the document`, {
      location,
    });
  const [hash] = slotValues(entry, 'hash');
  const [size] = slotValues(entry, 'size');
  return [
    ...(hash === undefined || hash.toLowerCase() === sha1 ? [] : [differs('hash')]),
    ...(size === undefined || Number(size) === sizeBytes ? [] : [differs('size')]),
  ];
}

/** The objects with what the repository adds to each entry: where the document lies, its hash and its size. */
function described(
  { submission: { objects } }: ProvideAndRegisterRequest,
  provided: readonly (Provided & { readonly measure: Measure })[],
  { repositoryUniqueId }: { readonly repositoryUniqueId: string },
): readonly RegistryObject[] {
  const measures = new Map(provided.map(({ entry, measure }) => [entry.id, measure]));
  return objects.map((object) => {
    const measure = measures.get(object.id);
    if (!measure) return object;
    const added: readonly Slot[] = [
      { name: 'repositoryUniqueId', values: [repositoryUniqueId] },
      { name: 'hash', values: [measure.sha1] },
      { name: 'size', values: [String(measure.sizeBytes)] },
    ];
    const names = added.map(({ name }) => name);
    const others = object.slots.filter(({ name }) => !names.includes(name));
    return { ...object, slots: [...others, ...added] };
  });
}

async function register(
  registered: SubmitObjectsRequest,
  held: HeldDocuments,
  { ask, message }: World,
): Promise<RegistryResponse> {
  let response: RegistryResponse;
  try {
    // Sent again, the same message is registered once: its documents are the same, or were refused above.
    const options = message === undefined ? {} : { message };
    response = await ask(ITI_42, 'document-registry', registered, options);
  } catch (error) {
    if (refusalsOf(error)) {
      await held.discard();
      throw error;
    }
    // Nobody knows what the registry did: the documents stay until it has been asked.
    if (!(error instanceof PeerFailure)) throw error;
    throw new Refusal('XDSRegistryNotAvailable', 'the Document Registry did not answer', {
      cause: error,
    });
  }
  if (response.status === 'Failure') await held.discard();
  else held.keep();
  return response;
}

/** A system submits under the sourceIds of its directory entry. */
function refusalsOfSource(objects: readonly RegistryObject[], caller: Caller): readonly Refusal[] {
  if (caller.kinds.includes('own') || caller.sourceIds.length === 0) return [];
  return objects.flatMap((object) => {
    const sourceId = identifierOf(object, IDENTIFICATION.SubmissionSet.sourceId);
    if (sourceId === undefined || caller.sourceIds.includes(sourceId)) return [];
    const context = 'the sourceId is not one of the caller';
    return [new Refusal('XDSRepositoryMetadataError', context, { location: object.id })];
  });
}

function uniqueIdOf(entry: ExtrinsicObject): string {
  return identifierOf(entry, IDENTIFICATION.DocumentEntry.uniqueId) ?? entry.id;
}

/** Whose the submission is. An id that cannot be read belongs to nobody, and is refused by the check. */
function patientsOf(objects: readonly RegistryObject[]): readonly PatientId[] {
  const schemes = Object.values(IDENTIFICATION).map(({ patientId }) => patientId);
  const patients = objects
    .flatMap((object) => schemes.map((scheme) => identifierOf(object, scheme)))
    .flatMap((text) => (text === undefined ? [] : (patientIdIn(text) ?? [])));
  return [...new Map(patients.map((patient) => [patientKey(patient), patient])).values()];
}

function patientIdIn(text: string): PatientId | undefined {
  try {
    return decodeCX(text);
  } catch (error) {
    if (refusalsOf(error)) return undefined;
    throw error;
  }
}
