import type { Actor } from '../actor.ts';
import { provideAndRegisterDocumentSet } from './iti-41-provide-and-register-document-set.ts';
import { retrieveDocumentSet } from './iti-43-retrieve-document-set.ts';
import { removeDocuments } from './iti-86-remove-documents.ts';
import type { DocumentRepositoryStores } from './stores.ts';

/** Keeps documents: takes them with their metadata, and gives their octets back. Source: ITI TF-1: 10.1. */
export const documentRepository: Actor<DocumentRepositoryStores> = {
  name: 'document-repository',
  answers: [provideAndRegisterDocumentSet, retrieveDocumentSet, removeDocuments],
};
