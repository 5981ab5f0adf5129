import type { Migration } from './migration.ts';

/**
 * Names as they are looked up stand beside the birth date, so that the one who asks by both goes through one range of an
 * index, however many records there are. The keys of names are made anew, with those of matching, at the next start.
 */
export const NAME_SEARCH: Migration = {
  name: 'name search',
  statements: [
    'DROP INDEX identity_name_full',
    'DROP INDEX identity_name_family',
    'DROP INDEX identity_name_given',
    "ALTER TABLE identity_name ADD COLUMN birth_date text NOT NULL DEFAULT ''",
    'CREATE INDEX identity_name_family ON identity_name (family, birth_date)',
    'CREATE INDEX identity_name_given ON identity_name (given, birth_date)',
    'CREATE INDEX identity_name_birth_date ON identity_name (birth_date, family)',
    // Of the merged ones alone: SQLite would go through all others by it, who have none, and they grow with the region.
    'DROP INDEX identity_record_merged_into',
    'CREATE INDEX identity_record_merged_into ON identity_record (merged_into) WHERE merged_into IS NOT NULL',
    "UPDATE identity_record SET keyed_by = ''",
  ],
};
