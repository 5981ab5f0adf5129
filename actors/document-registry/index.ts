import type { Actor } from '../actor.ts';
import { patientIdentityFeedV2 } from './iti-8-patient-identity-feed.ts';
import { registryStoredQuery } from './iti-18-registry-stored-query.ts';
import { registerDocumentSet } from './iti-42-register-document-set.ts';
import { patientIdentityFeed } from './iti-44-patient-identity-feed-hl7v3.ts';
import { multiPatientStoredQuery } from './iti-51-multi-patient-stored-query.ts';
import { updateDocumentSet } from './iti-57-update-document-set.ts';
import { registerOnDemandDocumentEntry } from './iti-61-register-on-demand-document-entry.ts';
import { removeMetadata } from './iti-62-remove-metadata.ts';
import { xadPidChangeManagement } from './iti-64-xad-pid-change-management.ts';
import { restrictedUpdateDocumentSet } from './iti-92-restricted-update-document-set.ts';
import type { DocumentRegistryStores } from './stores.ts';

/**
 * Keeps what is known of documents: takes, updates and removes metadata, and answers stored queries.
 * Source: ITI TF-1: 10.1; XDS Metadata Update; Remove Metadata and Documents; Restricted Metadata Update.
 */
export const documentRegistry: Actor<DocumentRegistryStores> = {
  name: 'document-registry',
  answers: [
    registryStoredQuery,
    multiPatientStoredQuery,
    registerDocumentSet,
    registerOnDemandDocumentEntry,
    updateDocumentSet,
    restrictedUpdateDocumentSet,
    removeMetadata,
    patientIdentityFeed,
    patientIdentityFeedV2,
    xadPidChangeManagement,
  ],
};
