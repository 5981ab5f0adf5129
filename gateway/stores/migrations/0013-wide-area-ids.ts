import type { Migration } from './migration.ts';

/** Patient Identity as a wide-area id service: the opaque ids that it has issued, each for a regional id of a network. */
export const WIDE_AREA_IDS: Migration = {
  name: 'wide-area ids',
  statements: [
    `CREATE TABLE identity_wide_area_id (
      number integer NOT NULL PRIMARY KEY,
      assigning_authority text NOT NULL,
      id text NOT NULL,
      regional_authority text NOT NULL,
      regional_id text NOT NULL,
      state text NOT NULL,
      issued_at text NOT NULL
    )`,
    'CREATE UNIQUE INDEX identity_wide_area_id_id ON identity_wide_area_id (assigning_authority, id)',
    `CREATE INDEX identity_wide_area_id_regional
      ON identity_wide_area_id (regional_authority, regional_id)`,
    // Who gave it which state, and why; kept for ever.
    `CREATE TABLE identity_wide_area_change (
      number integer NOT NULL PRIMARY KEY,
      assigning_authority text NOT NULL,
      id text NOT NULL,
      state text NOT NULL,
      changed_by text NOT NULL,
      reason text,
      changed_at text NOT NULL
    )`,
    'CREATE INDEX identity_wide_area_change_id ON identity_wide_area_change (assigning_authority, id)',
  ],
};
