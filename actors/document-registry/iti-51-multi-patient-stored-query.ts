import { ITI_51 } from '../../profiles/xds/iti-51.ts';
import { query } from '../actor.ts';
import { storedQueryVerbs } from './iti-18-registry-stored-query.ts';

/**
 * ITI-51 Multi-Patient Stored Query, as the Document Registry answers it: like ITI-18, for several patients or for any. Each
 * patient's objects are shown as that patient's consent allows.
 */
export const multiPatientStoredQuery = query(ITI_51, storedQueryVerbs('ITI-51'));
