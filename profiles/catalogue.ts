import { ITI_21 } from './pdq/iti-21.ts';
import { ITI_47 } from './pdq/iti-47.ts';
import { ITI_8 } from './pix/iti-8.ts';
import { ITI_9 } from './pix/iti-9.ts';
import { ITI_10 } from './pix/iti-10.ts';
import { ITI_30 } from './pix/iti-30.ts';
import { ITI_44 } from './pix/iti-44.ts';
import { ITI_45 } from './pix/iti-45.ts';
import { ITI_46 } from './pix/iti-46.ts';
import type { MllpTransaction, SoapMessage, Transaction } from './transaction.ts';
import { ITI_38 } from './xca/iti-38.ts';
import { ITI_39 } from './xca/iti-39.ts';
import { ITI_55 } from './xcpd/iti-55.ts';
import { ITI_56 } from './xcpd/iti-56.ts';
import { ITI_18 } from './xds/iti-18.ts';
import { ITI_41 } from './xds/iti-41.ts';
import { ITI_42 } from './xds/iti-42.ts';
import { ITI_43 } from './xds/iti-43.ts';
import { ITI_51 } from './xds/iti-51.ts';
import { ITI_57 } from './xds/iti-57.ts';
import { ITI_61 } from './xds/iti-61.ts';
import { ITI_62 } from './xds/iti-62.ts';
import { ITI_64 } from './xds/iti-64.ts';
import { ITI_86 } from './xds/iti-86.ts';
import { ITI_92 } from './xds/iti-92.ts';

/** Any transaction, where its values are of no concern. */
export type AnyTransaction = Transaction<unknown, unknown>;

/** Every transaction that this system speaks, by ITI number. */
export const CATALOGUE: readonly AnyTransaction[] = [
  ITI_18,
  ITI_38,
  ITI_39,
  ITI_41,
  ITI_42,
  ITI_43,
  // It has an action in common with ITI-44, which we answer: of two, the later is found by it.
  ITI_46,
  ITI_44,
  ITI_45,
  ITI_47,
  ITI_51,
  ITI_55,
  ITI_56,
  ITI_57,
  ITI_61,
  ITI_62,
  ITI_64,
  ITI_86,
  ITI_92,
];

/** Every transaction over HL7 v2 and MLLP, by ITI number. */
export const MLLP_CATALOGUE: readonly MllpTransaction<unknown, unknown>[] = [
  ITI_8,
  ITI_9,
  ITI_10,
  ITI_21,
  ITI_30,
];

const BY_ID = new Map(CATALOGUE.map((transaction) => [transaction.id, transaction]));

const BY_ACTION = new Map(
  CATALOGUE.flatMap((transaction) =>
    transaction.wire.messages.map((message) => [message.action, { transaction, message }] as const),
  ),
);

/** The transaction of that number, such as `ITI-18`. */
export function findTransaction(id: string): AnyTransaction | undefined {
  return BY_ID.get(id);
}

/** The transaction, and which of its messages, that a request with this `wsa:Action` announces. */
export function findByAction(
  action: string,
): { readonly transaction: AnyTransaction; readonly message: SoapMessage } | undefined {
  return BY_ACTION.get(action);
}
