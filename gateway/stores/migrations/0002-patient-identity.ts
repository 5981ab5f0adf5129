import type { Migration } from './migration.ts';

/** Tables of Patient Identity: regional ids, the records that sources feed, their ids and the keys of their names. */
export const PATIENT_IDENTITY: Migration = {
  name: 'patient identity',
  statements: [
    `CREATE TABLE identity_regional_id (
      id text NOT NULL PRIMARY KEY,
      confirmed integer NOT NULL
    )`,
    'CREATE INDEX identity_regional_id_confirmed ON identity_regional_id (confirmed)',
    `CREATE TABLE identity_record (
      number integer NOT NULL PRIMARY KEY,
      regional_id text NOT NULL,
      birth_date text,
      administrative_gender text,
      demographics text NOT NULL,
      revised_at text NOT NULL
    )`,
    'CREATE INDEX identity_record_regional_id ON identity_record (regional_id)',
    'CREATE INDEX identity_record_birth_date ON identity_record (birth_date)',
    `CREATE TABLE identity_id (
      assigning_authority text NOT NULL,
      id text NOT NULL,
      record_number integer NOT NULL,
      PRIMARY KEY (assigning_authority, id)
    )`,
    'CREATE INDEX identity_id_record ON identity_id (record_number)',
    `CREATE TABLE identity_name (
      record_number integer NOT NULL,
      position integer NOT NULL,
      full_name text NOT NULL,
      family text NOT NULL,
      given text NOT NULL,
      PRIMARY KEY (record_number, position)
    )`,
    'CREATE INDEX identity_name_full ON identity_name (full_name)',
    'CREATE INDEX identity_name_family ON identity_name (family)',
    'CREATE INDEX identity_name_given ON identity_name (given)',
  ],
};
