/** One step of the schema, forward only: once released it is never changed. The SQL is the same for both engines. */
export interface Migration {
  /** For the reader: what the step is about. */
  readonly name: string;
  /** Run in order, in one transaction with all that is new. Columns are text, integer and bytes only. */
  readonly statements: readonly string[];
}
