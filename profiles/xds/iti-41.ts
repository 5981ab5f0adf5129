import type { DocumentContent } from '../formats/mtom.ts';
import type { SubmitObjectsRequest } from './iti-42.ts';

/** `xds:ProvideAndRegisterDocumentSetRequest`. */
export interface ProvideAndRegisterRequest {
  readonly submission: SubmitObjectsRequest;
  readonly documents: readonly SubmittedDocument[];
}

/** `xds:Document`: `id` is the ExtrinsicObject's id. */
export interface SubmittedDocument {
  readonly id: string;
  readonly content: DocumentContent;
}
