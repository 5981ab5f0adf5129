import type { XdsErrorCode } from '../../profiles/xds/error-codes.ts';
import { ITI_86 } from '../../profiles/xds/iti-86.ts';
import type { DocumentRequest } from '../../profiles/xds/iti-43.ts';
import {
  type RegistryError,
  type RegistryResponse,
  statusOf,
} from '../../profiles/xds/registry-response.ts';
import { feed } from '../actor.ts';
import type { Removal } from './document-store.ts';
import type { DocumentRepositoryStores } from './stores.ts';

/** Why a document was not removed. */
// biome-ignore format: a table is read by its columns.
const NOT_REMOVED: Readonly<Record<Exclude<Removal, 'removed'>, readonly [XdsErrorCode, string]>> = {
  absent:    ['XDSDocumentUniqueIdError', 'no such document is available'],
  held:      ['XDSRemoveDocumentsError', 'the document is being submitted'],
  undeleted: ['XDSRemoveDocumentsError', 'the document can no longer be retrieved; its octets are still on the disk'],
};

/**
 * ITI-86 Remove Documents, as the Document Repository answers it: the octets go, unless another uniqueId has the same.
 * The metadata are not touched: they are for ITI-62.
 *
 * Each document is removed for itself; if some were and others not, the answer is a PartialSuccess.
 *
 * Errors in the answer: XDSUnknownRepositoryId, XDSDocumentUniqueIdError, XDSRemoveDocumentsError; location is the
 * uniqueId. Source: ITI TF-2: 3.86.4.1.3.
 */
export const removeDocuments = feed(ITI_86, {
  /** Whether a document is there can be seen only when it is taken. */
  async check() {},

  async commit(
    request,
    { documents, community }: DocumentRepositoryStores,
  ): Promise<RegistryResponse> {
    const isOurs = (one: DocumentRequest) =>
      one.repositoryUniqueId === community.repositoryUniqueId;
    const removals = await documents.remove(
      request.documents.filter(isOurs).map(({ documentUniqueId }) => documentUniqueId),
    );
    const errors = request.documents.flatMap((one) =>
      isOurs(one)
        ? errorOfRemoval(one, removals.get(one.documentUniqueId) ?? 'absent')
        : error(one, 'XDSUnknownRepositoryId', 'the repository is not this one'),
    );
    const anyRemoved = [...removals.values()].includes('removed');
    return { status: statusOf(errors, anyRemoved), errors };
  },
});

function errorOfRemoval(one: DocumentRequest, removal: Removal): readonly RegistryError[] {
  return removal === 'removed' ? [] : [error(one, ...NOT_REMOVED[removal])];
}

function error(
  { documentUniqueId }: DocumentRequest,
  errorCode: XdsErrorCode,
  codeContext: string,
): RegistryError {
  return { errorCode, codeContext, location: documentUniqueId, severity: 'Error' };
}
