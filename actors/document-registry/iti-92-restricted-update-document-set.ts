import { ITI_92 } from '../../profiles/xds/iti-92.ts';
import { submission } from '../actor.ts';
import { updateVerbs } from './update-verbs.ts';

/**
 * ITI-92 Restricted Update Document Set, as the Document Registry answers it: new versions of DocumentEntries alone, also of
 * Deprecated ones, which stay Deprecated. Patient, sourcePatientId, uniqueId, repositoryUniqueId, documentAvailability and
 * objectType do not change.
 *
 * Refuses: XDSMetadataVersionError, XDSInvalidRequestException, XDSMetadataAnnotationError, XDSMetadataIdentifierError,
 * XDSObjectTypeError, XDSPatientIDReconciliationError, UnmodifiableMetadataError, and what the metadata are refused for.
 */
export const restrictedUpdateDocumentSet = submission(
  ITI_92,
  updateVerbs('ITI-92', 'restricted update'),
);
