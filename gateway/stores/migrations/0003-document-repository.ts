import type { Migration } from './migration.ts';

/** Table of the Document Repository: which content a uniqueId names. The octets lie in files. */
export const DOCUMENT_REPOSITORY: Migration = {
  name: 'document repository',
  statements: [
    `CREATE TABLE repository_document (
      unique_id text NOT NULL PRIMARY KEY,
      mime_type text NOT NULL,
      sha256 text NOT NULL,
      sha1 text NOT NULL,
      size_bytes integer NOT NULL
    )`,
    'CREATE INDEX repository_document_sha256 ON repository_document (sha256)',
  ],
};
