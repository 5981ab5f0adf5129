import type { Migration } from './migration.ts';

/** Document Registry: versions of an object, availability of a document, merged patients, and the answers already given. */
export const REGISTRY_LIFECYCLE: Migration = {
  name: 'registry lifecycle',
  statements: [
    'ALTER TABLE registry_object ADD COLUMN version integer NOT NULL DEFAULT 1',
    'ALTER TABLE registry_object ADD COLUMN latest integer NOT NULL DEFAULT 1',
    'ALTER TABLE registry_object ADD COLUMN document_availability text',
    'ALTER TABLE registry_object ADD COLUMN logical_id text',
    // All objects that were there before are first versions.
    "UPDATE registry_object SET logical_id = entry_uuid WHERE kind <> 'Association'",
    'CREATE INDEX registry_object_logical_id ON registry_object (logical_id)',
    'ALTER TABLE registry_patient ADD COLUMN surviving_id text',
    `CREATE TABLE registry_answer (
      caller text NOT NULL,
      message_id text NOT NULL,
      body_hash text NOT NULL,
      answer text NOT NULL,
      expires_at bigint NOT NULL,
      PRIMARY KEY (caller, message_id, body_hash)
    )`,
    'CREATE INDEX registry_answer_expiry ON registry_answer (expires_at)',
  ],
};
