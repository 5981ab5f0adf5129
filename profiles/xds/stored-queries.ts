import type { Slot } from '../formats/ebxml.ts';
import type { PatientId } from '../patient.ts';
import type { Code } from './metadata.ts';
import type { RegistryError, ResponseStatus } from './registry-response.ts';

/** `query:AdhocQueryRequest` as it was sent, kept whole: a gateway passes on what it does not know. */
export interface AdhocQueryRequest {
  readonly returnType: 'LeafClass' | 'ObjectRef';
  /** The stored query's UUID, `urn:uuid:…`. */
  readonly queryId: string;
  /** `rim:AdhocQuery/@home`, `urn:oid:…`. */
  readonly home?: string;
  readonly slots: readonly Slot[];
}

/**
 * A registry object as a query returns it: the start tag's attributes and the patient identifier as values, everything
 * else as ebRIM text that is joined, not rebuilt. `metadata-xml.ts` turns it into a DocumentEntry and so on when asked.
 */
export interface RegistryObjectText {
  readonly element: 'ExtrinsicObject' | 'RegistryPackage' | 'Association';
  readonly id: string;
  readonly lid?: string;
  readonly home?: string;
  /** The URN. */
  readonly status?: string;
  readonly objectType?: string;
  /** ExtrinsicObject only. */
  readonly mimeType?: string;
  readonly isOpaque?: boolean;
  /** Association only. */
  readonly associationType?: string;
  readonly sourceObject?: string;
  readonly targetObject?: string;
  /** Whose it is; absent on an Association. */
  readonly patientId?: PatientId;
  /** The `id` of the ExternalIdentifier that carries the patientId. */
  readonly patientIdentifierId?: string;
  /** The classification node or object type tells which; absent on an Association. */
  readonly kind?: 'DocumentEntry' | 'SubmissionSet' | 'Folder';
  readonly uniqueId?: string;
  readonly confidentialityCode?: readonly Code[];
  /** The children as XML with the prefix `rim`, but for the patientId's ExternalIdentifier. */
  readonly content: string;
}

/** `query:AdhocQueryResponse`. With `ObjectRef` only `id` and `home` of each object go out. */
export interface AdhocQueryResponse {
  readonly status: ResponseStatus;
  readonly errors: readonly RegistryError[];
  readonly objects: readonly RegistryObjectText[];
  readonly objectRefs: readonly { readonly id: string; readonly home?: string }[];
}
