import { ITI_61 } from '../../profiles/xds/iti-61.ts';
import { submission } from '../actor.ts';
import { registrationVerbs } from './registration.ts';

/**
 * ITI-61 Register On-Demand Document Entry, as the Document Registry answers it: metadata of documents that are made when they
 * are asked for. They have no creationTime, hash or size, and their uniqueIds are never those of Stable documents.
 *
 * Refuses: what ITI-42 refuses.
 */
export const registerOnDemandDocumentEntry = submission(ITI_61, registrationVerbs('ITI-61', 'OD'));
