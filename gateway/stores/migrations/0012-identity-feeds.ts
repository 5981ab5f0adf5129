import type { Migration } from './migration.ts';

/**
 * Patient Identity: the answers already given, feeds that wait for a person, and which rule set decided by which thresholds.
 * Every record that is there is compared once more with the others, for before there were keys it was with none.
 */
export const IDENTITY_FEEDS: Migration = {
  name: 'identity feeds',
  statements: [
    `CREATE TABLE identity_answer (
      number integer NOT NULL PRIMARY KEY,
      caller text NOT NULL,
      message_id text NOT NULL,
      body_hash text NOT NULL,
      answer text NOT NULL,
      expires_at bigint NOT NULL
    )`,
    'CREATE UNIQUE INDEX identity_answer_message ON identity_answer (caller, message_id, body_hash)',
    'CREATE INDEX identity_answer_expiry ON identity_answer (expires_at)',
    `CREATE TABLE identity_held_feed (
      record_number integer NOT NULL PRIMARY KEY,
      review_number integer NOT NULL,
      ids text NOT NULL,
      demographics text NOT NULL,
      told_regional_id text,
      fed_by text NOT NULL,
      held_at text NOT NULL
    )`,
    'ALTER TABLE identity_decision ADD COLUMN thresholds text',
    "ALTER TABLE identity_record ADD COLUMN compared_by text NOT NULL DEFAULT ''",
    'CREATE INDEX identity_record_compared_by ON identity_record (compared_by)',
    // Without those that were not merged, which are nearly all: a query for these must not go through it.
    'DROP INDEX identity_record_merged_into',
    'CREATE INDEX identity_record_merged_into ON identity_record (merged_into) WHERE merged_into IS NOT NULL',
    // Document Registry: by whom patients were subsumed, which most never were, and where objects went to.
    'CREATE INDEX registry_patient_surviving ON registry_patient (assigning_authority, surviving_id) WHERE surviving_id IS NOT NULL',
    'CREATE INDEX registry_patient_merged_into ON registry_patient (assigning_authority, merged_into) WHERE merged_into IS NOT NULL',
    'CREATE INDEX registry_patient_change_from ON registry_patient_change (assigning_authority, from_id)',
  ],
};
