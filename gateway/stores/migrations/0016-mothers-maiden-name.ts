import type { Migration } from './migration.ts';

/** Patient Identity: the mother's maiden name, by which a Patient Demographics Query may ask. No record has one yet. */
export const MOTHERS_MAIDEN_NAME: Migration = {
  name: 'mothers maiden name',
  statements: [
    `CREATE TABLE identity_mothers_name (
      record_number integer NOT NULL,
      position integer NOT NULL,
      family text NOT NULL,
      given text NOT NULL,
      PRIMARY KEY (record_number, position)
    )`,
    'CREATE INDEX identity_mothers_name_family ON identity_mothers_name (family)',
    'CREATE INDEX identity_mothers_name_given ON identity_mothers_name (given)',
  ],
};
