import type { Migration } from './migration.ts';

/** Tables of the Document Registry: known patients, objects with their columns and ebRIM text, values of many-valued attributes. */
export const DOCUMENT_REGISTRY: Migration = {
  name: 'document registry',
  statements: [
    `CREATE TABLE registry_patient (
      assigning_authority text NOT NULL,
      id text NOT NULL,
      PRIMARY KEY (assigning_authority, id)
    )`,
    `CREATE TABLE registry_object (
      number integer NOT NULL PRIMARY KEY,
      entry_uuid text NOT NULL UNIQUE,
      kind text NOT NULL,
      availability_status text NOT NULL,
      object_type text,
      patient_authority text,
      patient_id text,
      unique_id text,
      association_type text,
      source_object text,
      target_object text,
      class_code text,
      type_code text,
      practice_setting_code text,
      healthcare_facility_type_code text,
      format_code text,
      content_type_code text,
      source_id text,
      hash text,
      size_bytes integer,
      creation_time text,
      service_start_time text,
      service_stop_time text,
      submission_time text,
      last_update_time text,
      head text NOT NULL,
      content bytea NOT NULL
    )`,
    `CREATE INDEX registry_object_of_patient
      ON registry_object (patient_authority, patient_id, kind, availability_status)`,
    'CREATE INDEX registry_object_unique_id ON registry_object (unique_id)',
    'CREATE INDEX registry_object_source ON registry_object (source_object)',
    'CREATE INDEX registry_object_target ON registry_object (target_object)',
    `CREATE TABLE registry_value (
      object_number integer NOT NULL,
      name text NOT NULL,
      value text NOT NULL,
      PRIMARY KEY (object_number, name, value)
    )`,
  ],
};
