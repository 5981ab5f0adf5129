import { ITI_57 } from '../../profiles/xds/iti-57.ts';
import { submission } from '../actor.ts';
import { updateVerbs } from './update-verbs.ts';

/**
 * ITI-57 Update Document Set, as the Document Registry answers it: new versions of DocumentEntries and Folders, changes of
 * availabilityStatus, and new Associations between what is registered.
 *
 * Refuses: XDSMetadataUpdateError, XDSMetadataUpdateOperationError, XDSMetadataVersionError, XDSPatientIDReconciliationError,
 * XDSUnknownPatientId, XDSDuplicateUniqueIdInRegistry, UnresolvedReferenceException, and what the metadata are refused for.
 */
export const updateDocumentSet = submission(ITI_57, updateVerbs('ITI-57', 'update'));
