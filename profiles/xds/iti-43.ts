import type { DocumentContent } from '../formats/mtom.ts';
import type { RegistryError, ResponseStatus } from './registry-response.ts';

/** `xds:DocumentRequest`. */
export interface DocumentRequest {
  /** `urn:oid:…` */
  readonly homeCommunityId?: string;
  readonly repositoryUniqueId: string;
  readonly documentUniqueId: string;
}

/** `xds:RetrieveDocumentSetRequest`. */
export interface RetrieveDocumentSetRequest {
  readonly documents: readonly DocumentRequest[];
}

/** `xds:DocumentResponse`: the ids echo the request's. */
export interface DocumentResponse extends DocumentRequest {
  readonly newRepositoryUniqueId?: string;
  readonly newDocumentUniqueId?: string;
  readonly mimeType: string;
  readonly content: DocumentContent;
}

/** `xds:RetrieveDocumentSetResponse`. */
export interface RetrieveDocumentSetResponse {
  readonly status: ResponseStatus;
  readonly errors: readonly RegistryError[];
  readonly documents: readonly DocumentResponse[];
}
