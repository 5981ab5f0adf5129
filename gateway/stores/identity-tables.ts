import type { Generated } from './database.ts';

/** Tables of Patient Identity. No other actor reads them. Lists and evidence are JSON, instants ISO 8601. */
export interface IdentityTables {
  identity_regional_id: {
    id: string;
    confirmed: number;
    /** By which it was subsumed. */
    merged_into: string | null;
    /** The wide-area id service that was told of it, and the SHA-256, hex, of what. */
    told_to: Generated<string | null>;
    told_hash: Generated<string | null>;
  };
  identity_record: {
    /** Given by the engine. */
    number: Generated<number>;
    /** Empty while a new record has no place yet. */
    regional_id: string;
    home_regional_id: string | null;
    told_regional_id: string | null;
    /** The record that it was merged into. */
    merged_into: number | null;
    version: number;
    /** As far as it is known, at most to the day. */
    birth_date: string | null;
    administrative_gender: string | null;
    demographics: string;
    keyed_by: string;
    /** The rule set by which it was compared with the others. */
    compared_by: Generated<string>;
    revised_at: string;
  };
  identity_record_version: {
    record_number: number;
    version: number;
    ids: string;
    demographics: string;
    fed_by: string;
    revised_at: string;
  };
  identity_id: {
    assigning_authority: string;
    id: string;
    record_number: number;
    /** The id of the same authority by which it was subsumed. */
    merged_into: string | null;
  };
  identity_name: {
    record_number: number;
    position: number;
    /** No longer looked at. */
    full_name: string;
    /** Keys of the parts; empty where a part is missing. */
    family: string;
    given: string;
    /** As far as it is known, at most to the day; empty where it is not. */
    birth_date: string;
  };
  /** The mother's maiden name, in the keys of names. */
  identity_mothers_name: {
    record_number: number;
    position: number;
    family: string;
    given: string;
  };
  identity_key: { key: string; record_number: number };
  identity_decision: {
    number: Generated<number>;
    verdict: string;
    low: number;
    high: number;
    score: number | null;
    rule_set: string | null;
    /** From which scores on the rule set links and asks. */
    thresholds: string | null;
    why: string;
    decided_by: string;
    reason: string | null;
    decided_at: string;
  };
  identity_pair: {
    low: number;
    high: number;
    verdict: string;
    by_hand: number;
    score: number;
    rule_set: string;
    decision_number: number;
  };
  identity_review: {
    number: Generated<number>;
    kind: string;
    low: number;
    high: number;
    score: number;
    rule_set: string;
    why: string;
    state: string;
    opened_at: string;
    closed_at: string | null;
    closed_by: string | null;
  };
  identity_merge: {
    number: Generated<number>;
    assigning_authority: string;
    subsumed_id: string;
    surviving_id: string;
    subsumed_record: number;
    surviving_record: number;
    moved_ids: string;
    message: string | null;
    merged_at: string;
    undone_at: string | null;
  };
  identity_membership: {
    number: Generated<number>;
    record_number: number;
    regional_id: string;
    since: string;
  };
  identity_registry_task: {
    number: Generated<number>;
    change_id: string;
    kind: string;
    from_id: string;
    to_id: string;
    moving: string;
    staying: string;
    state: string;
    reason: string | null;
    asked_at: string;
  };
  identity_notification: {
    number: Generated<number>;
    consumer: string;
    ids: string;
    message_id: string;
    attempts: number;
    not_before: number;
    made_at: string;
    /** Empty: a notification; else what a wide-area id service is fed. */
    kind: Generated<string>;
    person: Generated<string | null>;
    state: Generated<string>;
    reason: Generated<string | null>;
  };
  identity_answer: {
    number: Generated<number>;
    caller: string;
    message_id: string;
    body_hash: string;
    answer: string;
    /** Milliseconds since 1970. */
    expires_at: number;
  };
  identity_held_feed: {
    record_number: number;
    review_number: number;
    ids: string;
    demographics: string;
    told_regional_id: string | null;
    fed_by: string;
    held_at: string;
  };
  identity_wide_area_id: {
    number: Generated<number>;
    assigning_authority: string;
    id: string;
    regional_authority: string;
    regional_id: string;
    state: string;
    issued_at: string;
  };
  identity_wide_area_change: {
    number: Generated<number>;
    assigning_authority: string;
    id: string;
    state: string;
    changed_by: string;
    reason: string | null;
    changed_at: string;
  };
}
