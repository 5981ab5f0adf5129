/** What the Initiating Gateway remembers: retrievals that are under way, and the patient ids that communities told.
 * Instants are milliseconds since 1970. */
export const RETRIEVAL_AND_CORRELATION = {
  name: '0004-retrieval-and-correlation',
  statements: [
    `CREATE TABLE retrieval (
      identity text PRIMARY KEY,
      home_community_id text NOT NULL,
      repository_unique_id text NOT NULL,
      document_unique_id text NOT NULL,
      organization text NOT NULL,
      state text NOT NULL CHECK (state IN ('waiting', 'running', 'failed')),
      attempts integer NOT NULL,
      since bigint NOT NULL,
      not_before bigint NOT NULL,
      failure_class text
    )`,
    'CREATE INDEX retrieval_by_since ON retrieval (since)',
    `CREATE TABLE correlation (
      patient_id text NOT NULL,
      assigning_authority text NOT NULL,
      home_community_id text NOT NULL,
      remote_patient_id text NOT NULL,
      remote_assigning_authority text NOT NULL,
      expires_at bigint NOT NULL,
      PRIMARY KEY (patient_id, assigning_authority, home_community_id)
    )`,
    'CREATE INDEX correlation_by_expiry ON correlation (expires_at)',
  ],
};
