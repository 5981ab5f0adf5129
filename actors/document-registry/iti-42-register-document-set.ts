import { ITI_42 } from '../../profiles/xds/iti-42.ts';
import { submission } from '../actor.ts';
import { registrationVerbs } from './registration.ts';

/**
 * ITI-42 Register Document Set-b, as the Document Registry answers it: metadata of documents that lie still in a repository.
 *
 * Refuses: XDSRegistryMetadataError, XDSRegistryDuplicateUniqueIdInMessage, XDSUnknownPatientId, XDSPatientIdDoesNotMatch,
 * XDSDuplicateUniqueIdInRegistry, XDSNonIdenticalHash, XDSNonIdenticalSize, UnresolvedReferenceException,
 * XDSRegistryDeprecatedDocumentError.
 */
export const registerDocumentSet = submission(ITI_42, registrationVerbs('ITI-42', 'XDS DR'));
