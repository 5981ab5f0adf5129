import { FIELDS, type Comparison, type Field } from './fields.ts';

/** Fields and, of each, the agreements that are meant. */
export type Conditions = { readonly [Key in Field]?: readonly Comparison[Key][] };

/** One way in which two records can deserve a decision: all of `all`, and at least one of `any` where there is one. */
export interface Ground {
  readonly name: string;
  readonly all: Conditions;
  readonly any?: readonly Conditions[];
}

/**
 * How records are decided upon: data with a version, so that another one can run in its shadow.
 *
 * AUTO needs the score and an automatic ground, and no contradiction; REVIEW the score and any ground.
 */
export interface RuleSet {
  readonly version: string;
  /** Where the weights come from. */
  readonly source: string;
  /** Weight of each agreement of each field; what is missing weighs nothing. */
  readonly weights: { readonly [Key in Field]: Readonly<Partial<Record<Comparison[Key], number>>> };
  readonly thresholds: { readonly auto: number; readonly review: number };
  readonly automatic: readonly Ground[];
  readonly review: readonly Ground[];
  /** What speaks against it by itself, whatever the score. */
  readonly contradictions: readonly Ground[];
}

/** A rule set that is none: what is wrong, and where in it. */
export class RuleSetError extends Error {
  readonly path: string;

  constructor(path: string, reason: string) {
    super(`${path}: ${reason}`);
    this.name = 'RuleSetError';
    this.path = path;
  }
}

/** True when the comparison is as the ground says. */
export function meets(comparison: Comparison, { all, any }: Ground): boolean {
  if (!hasAll(comparison, all)) return false;
  return any === undefined || any.some((conditions) => hasAll(comparison, conditions));
}

function hasAll(comparison: Comparison, conditions: Conditions): boolean {
  for (const field in conditions) {
    const wanted: readonly string[] | undefined = conditions[field as Field];
    if (wanted && !wanted.includes(comparison[field as Field])) return false;
  }
  return true;
}

const LARGEST_WEIGHT = 100;
const MOST_GROUNDS = 100;

/**
 * A rule set from JSON.
 * @throws RuleSetError when it is no rule set, or names a field or an agreement that there is none of
 */
export function readRuleSet(json: unknown): RuleSet {
  const { version, source, weights, thresholds, automatic, review, contradictions } = objectAt(
    'rule set',
    json,
  );
  const { auto, review: least } = objectAt('thresholds', thresholds);
  const table = objectAt('weights', weights);
  refuseUnknown('weights', Object.keys(table), Object.keys(FIELDS));
  const set = {
    version: textAt('version', version),
    source: textAt('source', source),
    weights: Object.fromEntries(
      Object.keys(FIELDS).map((field) => [field, weightsAt(field as Field, table[field] ?? {})]),
    ) as unknown as RuleSet['weights'],
    thresholds: {
      auto: numberAt('thresholds.auto', auto),
      review: numberAt('thresholds.review', least),
    },
    automatic: groundsAt('automatic', automatic),
    review: groundsAt('review', review),
    contradictions: groundsAt('contradictions', contradictions),
  };
  if (set.thresholds.review > set.thresholds.auto) {
    throw new RuleSetError('thresholds.review', 'must not be above thresholds.auto');
  }
  return set;
}

function weightsAt(field: Field, value: unknown): Readonly<Record<string, number>> {
  const path = `weights.${field}`;
  const rows = objectAt(path, value);
  refuseUnknown(path, Object.keys(rows), FIELDS[field]);
  return Object.fromEntries(
    Object.entries(rows).map(([agreement, weight]) => [
      agreement,
      numberAt(`${path}.${agreement}`, weight),
    ]),
  );
}

function groundsAt(path: string, value: unknown): readonly Ground[] {
  if (!Array.isArray(value) || value.length > MOST_GROUNDS) {
    throw new RuleSetError(path, `must be a list of at most ${MOST_GROUNDS}`);
  }
  return value.map((row: unknown, at) => {
    const place = `${path}[${at}]`;
    const { name, all, any } = objectAt(place, row);
    if (any !== undefined && !Array.isArray(any))
      throw new RuleSetError(`${place}.any`, 'must be a list');
    const choices: readonly unknown[] | undefined = any;
    return {
      name: textAt(`${place}.name`, name),
      all: conditionsAt(`${place}.all`, all),
      ...(choices
        ? { any: choices.map((choice, index) => conditionsAt(`${place}.any[${index}]`, choice)) }
        : {}),
    };
  });
}

function conditionsAt(path: string, value: unknown): Conditions {
  const rows = objectAt(path, value);
  refuseUnknown(path, Object.keys(rows), Object.keys(FIELDS));
  // Without a condition everybody would be linked with everybody.
  if (Object.keys(rows).length === 0) throw new RuleSetError(path, 'must name a field');
  for (const [field, wanted] of Object.entries(rows)) {
    if (!Array.isArray(wanted)) throw new RuleSetError(`${path}.${field}`, 'must be a list');
    refuseUnknown(`${path}.${field}`, wanted.map(String), FIELDS[field as Field]);
  }
  return rows as Conditions;
}

function refuseUnknown(path: string, given: readonly string[], known: readonly string[]): void {
  const unknown = given.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new RuleSetError(path, `must be of ${known.join(', ')}`);
}

function objectAt(path: string, value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Readonly<Record<string, unknown>>;
  }
  throw new RuleSetError(path, 'must be an object');
}

function textAt(path: string, value: unknown): string {
  if (typeof value === 'string' && value !== '' && value.length <= 500) return value;
  throw new RuleSetError(path, 'must be a text of at most 500 characters');
}

function numberAt(path: string, value: unknown): number {
  if (typeof value === 'number' && Math.abs(value) <= LARGEST_WEIGHT) return value;
  throw new RuleSetError(path, `must be a number from -${LARGEST_WEIGHT} to ${LARGEST_WEIGHT}`);
}
