import type { AcceptAcknowledgement } from '../../profiles/pix/iti-44.ts';
import { ITI_46 } from '../../profiles/pix/iti-46.ts';
import { feed } from '../actor.ts';
import type { InitiatingGatewayStores } from './stores.ts';

/**
 * ITI-46 PIXV3 Update Notification, as the Initiating Gateway takes it: what other communities told of the patients whom it
 * names is forgotten, so that the next query asks anew. Its cache of correlations lies in the database of its own process, and
 * Patient Identity may run in another; hence a message, and no reaching into the table.
 *
 * Our own Patient Identity sends it whenever a regional id changes hands: by a link, a parting, a merge or its undoing. A
 * wide-area id service may, too, whose links lead to other communities as well. All that a caller can bring about by it is that
 * a patient is discovered once more. Refuses nothing. Source: ITI TF-2: 3.46.4.1.3, 3.55.4.2.2.1.
 */
export const pixUpdateNotification = feed(ITI_46, {
  async check() {},

  async commit({ ids }, { correlations }: InitiatingGatewayStores): Promise<AcceptAcknowledgement> {
    for (const id of ids) await correlations.forget(id);
    return { code: 'CA', details: [] };
  },
});
