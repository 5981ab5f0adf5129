import type { Migration } from './migration.ts';

/**
 * Patient Identity: what was decided and by whom, what waits for a person, ids that were merged, and what others are still to
 * be told. Document Registry: which objects a change of patients moved, so that it can be undone.
 */
export const IDENTITY: Migration = {
  name: 'identity',
  statements: [
    'ALTER TABLE identity_regional_id ADD COLUMN merged_into text',
    'ALTER TABLE identity_record ADD COLUMN merged_into integer',
    'ALTER TABLE identity_record ADD COLUMN version integer NOT NULL DEFAULT 1',
    // Under which regional id the record came first: where it goes back to.
    'ALTER TABLE identity_record ADD COLUMN home_regional_id text',
    'UPDATE identity_record SET home_regional_id = regional_id',
    // The regional id that the affinity domain itself has told for the record.
    'ALTER TABLE identity_record ADD COLUMN told_regional_id text',
    // By which rule set the keys of the record were made; empty: it has none yet.
    "ALTER TABLE identity_record ADD COLUMN keyed_by text NOT NULL DEFAULT ''",
    'CREATE INDEX identity_record_merged_into ON identity_record (merged_into)',
    'CREATE INDEX identity_record_keyed_by ON identity_record (keyed_by)',
    'ALTER TABLE identity_id ADD COLUMN merged_into text',
    `CREATE TABLE identity_record_version (
      record_number integer NOT NULL,
      version integer NOT NULL,
      ids text NOT NULL,
      demographics text NOT NULL,
      fed_by text NOT NULL,
      revised_at text NOT NULL,
      PRIMARY KEY (record_number, version)
    )`,
    `CREATE TABLE identity_key (
      key text NOT NULL,
      record_number integer NOT NULL,
      PRIMARY KEY (key, record_number)
    )`,
    'CREATE INDEX identity_key_record ON identity_key (record_number)',
    `CREATE TABLE identity_decision (
      number integer NOT NULL PRIMARY KEY,
      verdict text NOT NULL,
      low integer NOT NULL,
      high integer NOT NULL,
      score integer,
      rule_set text,
      why text NOT NULL,
      decided_by text NOT NULL,
      reason text,
      decided_at text NOT NULL
    )`,
    'CREATE INDEX identity_decision_low ON identity_decision (low)',
    'CREATE INDEX identity_decision_high ON identity_decision (high)',
    // What holds of a pair now; the decision says why.
    `CREATE TABLE identity_pair (
      low integer NOT NULL,
      high integer NOT NULL,
      verdict text NOT NULL,
      by_hand integer NOT NULL,
      score integer NOT NULL,
      rule_set text NOT NULL,
      decision_number integer NOT NULL,
      PRIMARY KEY (low, high)
    )`,
    'CREATE INDEX identity_pair_high ON identity_pair (high)',
    `CREATE TABLE identity_review (
      number integer NOT NULL PRIMARY KEY,
      kind text NOT NULL,
      low integer NOT NULL,
      high integer NOT NULL,
      score integer NOT NULL,
      rule_set text NOT NULL,
      why text NOT NULL,
      state text NOT NULL,
      opened_at text NOT NULL,
      closed_at text,
      closed_by text
    )`,
    'CREATE INDEX identity_review_pair ON identity_review (low, high)',
    'CREATE INDEX identity_review_high ON identity_review (high)',
    'CREATE INDEX identity_review_state ON identity_review (state, number)',
    `CREATE TABLE identity_merge (
      number integer NOT NULL PRIMARY KEY,
      assigning_authority text NOT NULL,
      subsumed_id text NOT NULL,
      surviving_id text NOT NULL,
      subsumed_record integer NOT NULL,
      surviving_record integer NOT NULL,
      moved_ids text NOT NULL,
      message text,
      merged_at text NOT NULL,
      undone_at text
    )`,
    'CREATE INDEX identity_merge_subsumed ON identity_merge (assigning_authority, subsumed_id)',
    `CREATE TABLE identity_membership (
      number integer NOT NULL PRIMARY KEY,
      record_number integer NOT NULL,
      regional_id text NOT NULL,
      since text NOT NULL
    )`,
    'CREATE INDEX identity_membership_record ON identity_membership (record_number)',
    'CREATE INDEX identity_membership_regional_id ON identity_membership (regional_id)',
    // What the Document Registry is still to do, in this order.
    `CREATE TABLE identity_registry_task (
      number integer NOT NULL PRIMARY KEY,
      change_id text NOT NULL,
      kind text NOT NULL,
      from_id text NOT NULL,
      to_id text NOT NULL,
      moving text NOT NULL,
      staying text NOT NULL,
      state text NOT NULL,
      reason text,
      asked_at text NOT NULL
    )`,
    'CREATE INDEX identity_registry_task_state ON identity_registry_task (state, number)',
    `CREATE TABLE identity_notification (
      number integer NOT NULL PRIMARY KEY,
      consumer text NOT NULL,
      ids text NOT NULL,
      message_id text NOT NULL,
      attempts integer NOT NULL,
      not_before bigint NOT NULL,
      made_at text NOT NULL
    )`,
    'CREATE INDEX identity_notification_consumer ON identity_notification (consumer, number)',
    // The patient by whom one was subsumed directly; surviving_id is the end of the chain.
    'ALTER TABLE registry_patient ADD COLUMN merged_into text',
    'UPDATE registry_patient SET merged_into = surviving_id',
    `CREATE TABLE registry_patient_change (
      number integer NOT NULL PRIMARY KEY,
      change_id text,
      assigning_authority text NOT NULL,
      from_id text NOT NULL,
      to_id text NOT NULL
    )`,
    'CREATE UNIQUE INDEX registry_patient_change_id ON registry_patient_change (change_id)',
    `CREATE TABLE registry_moved_object (
      object_number integer NOT NULL,
      change_number integer NOT NULL,
      PRIMARY KEY (object_number, change_number)
    )`,
  ],
};
