import type { Migration } from './migration.ts';

/**
 * Patient Identity of a region: what it owes a wide-area id service, in the outbox of the notifications, and what it has told.
 * And when the Initiating Gateway forgot what it was told of a patient.
 */
export const WIDE_AREA_FEED: Migration = {
  name: 'wide-area feed',
  statements: [
    // Empty for a notification of ITI-46 or ITI-10; else add, revise or merge.
    "ALTER TABLE identity_notification ADD COLUMN kind text NOT NULL DEFAULT ''",
    'ALTER TABLE identity_notification ADD COLUMN person text',
    "ALTER TABLE identity_notification ADD COLUMN state text NOT NULL DEFAULT 'open'",
    'ALTER TABLE identity_notification ADD COLUMN reason text',
    'DROP INDEX identity_notification_consumer',
    "CREATE INDEX identity_notification_consumer ON identity_notification (consumer, number) WHERE kind = ''",
    "CREATE INDEX identity_notification_feed ON identity_notification (consumer, state, number) WHERE kind > ''",
    // The service that was told last, and the SHA-256 of what.
    'ALTER TABLE identity_regional_id ADD COLUMN told_to text',
    'ALTER TABLE identity_regional_id ADD COLUMN told_hash text',
    // Initiating Gateway: of whom everything was forgotten, and when, in milliseconds since 1970.
    `CREATE TABLE correlation_forgotten (
      patient_id text NOT NULL,
      assigning_authority text NOT NULL,
      forgotten_at bigint NOT NULL,
      PRIMARY KEY (patient_id, assigning_authority)
    )`,
  ],
};
