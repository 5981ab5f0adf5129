import type { Migration } from './migration.ts';

/** Requests of partners that are answered by a message of its own, until that has been taken. Instants are milliseconds since 1970. */
export const WAITING_REQUESTS: Migration = {
  name: '0017-waiting-requests',
  statements: [
    `CREATE TABLE waiting_request (
      id text PRIMARY KEY,
      node text NOT NULL,
      partner text NOT NULL,
      transaction_id text NOT NULL,
      message_id text NOT NULL,
      actor text NOT NULL,
      endpoint text NOT NULL,
      caller text NOT NULL,
      reply_to text NOT NULL,
      fault_to text NOT NULL,
      is_mtom integer NOT NULL,
      envelope blob NOT NULL,
      state text NOT NULL CHECK (state IN ('waiting', 'answered', 'given-up')),
      answer text,
      attempts integer NOT NULL,
      since bigint NOT NULL,
      not_before bigint NOT NULL,
      reason text
    )`,
    'CREATE INDEX waiting_request_by_since ON waiting_request (since)',
  ],
};
