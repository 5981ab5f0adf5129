import type { Migration } from './migration.ts';

/**
 * Document Repository: who waits to know whether a document was registered, which contents are on their way out, and who
 * keeps them in for a while. Times are milliseconds since 1970.
 */
export const DOCUMENT_CLAIMS: Migration = {
  name: 'document claims',
  statements: [
    // A document is settled once it is known to be registered; all that were there before are.
    'ALTER TABLE repository_document ADD COLUMN settled integer NOT NULL DEFAULT 1',
    `CREATE TABLE repository_claim (
      unique_id text NOT NULL,
      holder text NOT NULL,
      claimed_at bigint NOT NULL,
      PRIMARY KEY (unique_id, holder)
    )`,
    'CREATE INDEX repository_claim_holder ON repository_claim (holder)',
    `CREATE TABLE repository_removal (
      sha256 text NOT NULL PRIMARY KEY,
      state text NOT NULL,
      since bigint NOT NULL
    )`,
    `CREATE TABLE repository_pause (
      holder text NOT NULL PRIMARY KEY,
      expires_at bigint NOT NULL
    )`,
  ],
};
