import { type PatientId, patientKey } from '../../profiles/patient.ts';
import {
  type DocumentRequest,
  type DocumentResponse,
  ITI_43,
  type RetrieveDocumentSetResponse,
} from '../../profiles/xds/iti-43.ts';
import { type RegistryError, statusOf } from '../../profiles/xds/registry-response.ts';
import type { RegistryObjectText } from '../../profiles/xds/stored-queries.ts';
import type { XdsErrorCode } from '../../profiles/xds/error-codes.ts';
import { type Ask, type Permission, query, type World } from '../actor.ts';
import type { StoredDocument } from './document-store.ts';
import { entriesOf, namesRepository, RegistryAway } from './entries.ts';
import { isOnDemand, onDemandDocument } from './on-demand.ts';
import { NotMade } from './on-demand-sources.ts';
import type { DocumentRepositoryStores } from './stores.ts';

/** One wanted document: its octets with the entries that describe it, or why there are none. */
type Wanted =
  | {
      readonly request: DocumentRequest;
      readonly error: RegistryError;
      /** Where the error is that of a document which is there: whoever may not see it may not hear of its state either. */
      readonly entries?: readonly RegistryObjectText[];
    }
  | {
      readonly request: DocumentRequest;
      readonly document: DocumentResponse;
      readonly entries: readonly RegistryObjectText[];
    }
  | Promised;

/** An On-Demand document, before it is made. */
interface Promised {
  readonly request: DocumentRequest;
  readonly entries: readonly RegistryObjectText[];
}

/**
 * ITI-43 Retrieve Document Set, as the Document Repository answers it.
 *
 * The registry says whose a document is, now; the repository keeps no copy that could go stale. A document without an
 * entry, and one that may not be shown, answer like one that is not there. If the registry is away, nothing is shown.
 *
 * An On-Demand document is made when it is asked for (on-demand.ts); the answer names the snapshot that was kept of it.
 *
 * Errors in the answer: XDSUnknownRepositoryId, XDSDocumentUniqueIdError, XDSRepositoryError; location is the uniqueId.
 * Source: ITI TF-2: 3.43.4.
 */
export const retrieveDocumentSet = query(ITI_43, {
  async find(request, { documents, community }: DocumentRepositoryStores, { ask }) {
    const { repositoryUniqueId } = community;
    const ours = request.documents.filter((one) => one.repositoryUniqueId === repositoryUniqueId);
    const uniqueIds = [...new Set(ours.map(({ documentUniqueId }) => documentUniqueId))];
    // Settled, since an answer must not name octets that are gone when they are to be sent.
    const found = await documents.find(uniqueIds, { settled: true });
    const stored = new Map(found.map((one) => [one.uniqueId, one]));
    const entries = await entriesIn(repositoryUniqueId, uniqueIds, ask);
    return request.documents.map((wanted): Wanted => {
      if (wanted.repositoryUniqueId !== repositoryUniqueId) {
        return refused(wanted, 'XDSUnknownRepositoryId', 'the repository is not this one');
      }
      return wantedOf(wanted, stored.get(wanted.documentUniqueId), entries);
    });
  },

  subjects: (found) => {
    const patients = found.flatMap(({ entries = [] }) =>
      entries.flatMap(({ patientId }) => patientId ?? []),
    );
    return [
      ...new Map(patients.map((one): [string, PatientId] => [patientKey(one), one])).values(),
    ];
  },

  /** On-Demand documents are made now, each once: those that may be shown. */
  async prepare(found, permission, stores: DocumentRepositoryStores, world) {
    const made = new Map<string, Promise<Made>>();
    const once = ({ request: { documentUniqueId }, entries }: Promised): Promise<Made> => {
      const making = made.get(documentUniqueId) ?? make(entries, stores, world);
      made.set(documentUniqueId, making);
      return making;
    };
    return await Promise.all(
      found.map(async (wanted) =>
        isPromised(wanted) && isShown(wanted.entries, permission)
          ? fulfilled(wanted, await once(wanted), stores)
          : wanted,
      ),
    );
  },

  /** A document is shown when every entry that describes it may be: one restriction is enough to hide it. */
  reveal: (found, permission): RetrieveDocumentSetResponse => {
    const told = found.map((wanted) =>
      isShown(wanted.entries ?? [], permission) ? wanted : absent(wanted.request),
    );
    const shown = told.flatMap((wanted) => ('document' in wanted ? wanted.document : []));
    const errors = told.flatMap((wanted) => ('error' in wanted ? wanted.error : []));
    return { status: statusOf(errors, shown.length > 0), errors, documents: shown };
  },
});

/** The entries by uniqueId; undefined when the registry is away. */
async function entriesIn(
  repositoryUniqueId: string,
  uniqueIds: readonly string[],
  ask: Ask,
): Promise<ReadonlyMap<string, readonly RegistryObjectText[]> | undefined> {
  const byUniqueId = new Map<string, RegistryObjectText[]>();
  try {
    for (const entry of await entriesOf(uniqueIds, ask)) {
      if (entry.uniqueId === undefined || !namesRepository(entry, repositoryUniqueId)) continue;
      const known = byUniqueId.get(entry.uniqueId);
      if (known) known.push(entry);
      else byUniqueId.set(entry.uniqueId, [entry]);
    }
    return byUniqueId;
  } catch (error) {
    if (error instanceof RegistryAway) return undefined;
    throw error;
  }
}

function wantedOf(
  request: DocumentRequest,
  stored: StoredDocument | undefined,
  entries: ReadonlyMap<string, readonly RegistryObjectText[]> | undefined,
): Wanted {
  if (!entries) {
    return refused(request, 'XDSRepositoryError', 'the Document Registry is not available');
  }
  const described = entries.get(request.documentUniqueId) ?? [];
  // What lies here under the uniqueId of an On-Demand document is none that is registered.
  const promised = described.filter(isOnDemand);
  if (promised.length > 0) return { request, entries: promised };
  if (described.length === 0 || !stored) return absent(request);
  const { mimeType, content } = stored;
  if (!content) return { ...damaged(request), entries: described };
  return { request, document: { ...request, mimeType, content }, entries: described };
}

/** What became of a promise: the snapshot, or why there is none. */
type Made = StoredDocument | { readonly refused: XdsErrorCode; readonly why: string };

async function make(
  entries: readonly RegistryObjectText[],
  stores: DocumentRepositoryStores,
  world: World,
): Promise<Made> {
  try {
    const snapshot = await onDemandDocument(entries, stores, world);
    if (snapshot !== undefined) return snapshot;
    return { refused: 'XDSDocumentUniqueIdError', why: 'the On-Demand document is Deprecated' };
  } catch (error) {
    if (error instanceof RegistryAway) {
      return { refused: 'XDSRepositoryError', why: 'the Document Registry is not available' };
    }
    if (!(error instanceof NotMade)) throw error;
    const why = `the On-Demand document could not be made: ${error.message}`;
    return { refused: 'XDSRepositoryError', why };
  }
}

function isPromised(wanted: Wanted): wanted is Promised {
  return !('error' in wanted) && !('document' in wanted);
}

function fulfilled(
  { request, entries }: Promised,
  made: Made,
  { community }: DocumentRepositoryStores,
): Wanted {
  if ('refused' in made) return refused(request, made.refused, made.why);
  const { uniqueId, mimeType, content } = made;
  if (!content) return damaged(request);
  const document: DocumentResponse = {
    ...request,
    newRepositoryUniqueId: community.repositoryUniqueId,
    newDocumentUniqueId: uniqueId,
    mimeType,
    content,
  };
  return { request, document, entries };
}

function isShown(entries: readonly RegistryObjectText[], permission: Permission): boolean {
  return entries.every(({ patientId, confidentialityCode }) =>
    permission.shows({ patientId, confidentialityCode }),
  );
}

function absent(request: DocumentRequest): Wanted {
  return refused(request, 'XDSDocumentUniqueIdError', 'no such document is available');
}

function damaged(request: DocumentRequest): Wanted {
  return refused(request, 'XDSRepositoryError', 'the stored document is damaged');
}

function refused(request: DocumentRequest, errorCode: XdsErrorCode, codeContext: string): Wanted {
  const location = request.documentUniqueId;
  return { request, error: { errorCode, codeContext, location, severity: 'Error' } };
}
