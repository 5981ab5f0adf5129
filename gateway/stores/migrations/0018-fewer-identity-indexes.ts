import type { Migration } from './migration.ts';

/** Patient Identity: memberships are looked up by their record alone, and a regional id is in a page of its own among many. */
export const FEWER_IDENTITY_INDEXES: Migration = {
  name: 'fewer identity indexes',
  statements: ['DROP INDEX identity_membership_regional_id'],
};
