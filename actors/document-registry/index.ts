import type { Actor } from '../actor.ts';
import { registryStoredQuery } from './iti-18-registry-stored-query.ts';
import { registerDocumentSet } from './iti-42-register-document-set.ts';
import { patientIdentityFeed } from './iti-44-patient-identity-feed-hl7v3.ts';
import type { DocumentRegistryStores } from './stores.ts';

/** Keeps what is known of documents: takes submissions of metadata, and answers stored queries. Source: ITI TF-1: 10.1. */
export const documentRegistry: Actor<DocumentRegistryStores> = {
  name: 'document-registry',
  answers: [registryStoredQuery, registerDocumentSet, patientIdentityFeed],
};
