import type { RegistryObject } from '../formats/ebxml.ts';
import type { Refusal } from '../refusal.ts';
import type { MetadataKind } from './metadata-xml.ts';

/**
 * Whose duty the metadata are judged by, one column of the Framework's tables each: `XDS DS` a Document Source (ITI-41),
 * `XDS DR` a Document Repository (ITI-42), `XDM`, `XDR DS` and `XDR MS` media and limited metadata, `OD` an On-Demand Document
 * Source (ITI-61). `MU` and `RMU` are an update (ITI-57) and a restricted one (ITI-92): their objects are complete as `XDS DR`
 * or, for an On-Demand entry, `OD` asks.
 *
 * @see ITI TF-3: Table 4.3.1-3
 */
export type MetadataColumn =
  | 'XDS DS'
  | 'XDS DR'
  | 'XDM'
  | 'XDR DS'
  | 'XDR MS'
  | 'OD'
  | 'MU'
  | 'RMU';

/** How a submission is judged. */
export interface SubmissionRules {
  readonly column: MetadataColumn;
  /** Whose error codes are used. Default: Registry. */
  readonly by?: 'Registry' | 'Repository';
}

/** A text for developers and operators, in both languages. It never holds a value out of a message, but for its shape. */
export interface RuleText {
  readonly en: string;
  readonly ja: string;
}

/** What is wrong with one object. */
export interface RuleFault extends RuleText {
  /** Default: the id of the object that is judged. */
  readonly location?: string;
  /** The value that the Framework wants told with its error code: it stands in the refusal, and in no text. */
  readonly value?: string;
}

/** An error code, or its end where the two actors spell it each their own way: `XDSRegistryMetadataError`. */
export type RuleCode =
  | 'MetadataError'
  | 'DuplicateUniqueIdInMessage'
  | 'UnresolvedReferenceException'
  | 'XDSPatientIdDoesNotMatch'
  | 'XDSMetadataUpdateError'
  | 'XDSMetadataUpdateOperationError'
  | 'XDSMetadataAnnotationError'
  | 'XDSInvalidRequestException'
  | 'XDSObjectTypeError';

/** What a rule is about. */
export type RuleKind = MetadataKind | 'Submission';

/** What a rule asks: that an attribute is there, is not, stands once, has its datatype, is a whole code, or something of its own. */
export type RuleCheck =
  | 'required'
  | 'required if known'
  | 'prohibited'
  | 'once'
  | 'datatype'
  | 'predicate';

/** One row of the table of rules. */
export interface MetadataRule {
  /** `DocumentEntry.creationTime/required`. Unique, and the same from one version to the next. */
  readonly name: string;
  readonly kind: RuleKind;
  /** As the Framework spells it. */
  readonly attribute?: string;
  /** Where it is asked; all columns where absent. */
  readonly columns?: readonly MetadataColumn[];
  readonly check: RuleCheck;
  readonly severity: 'failure' | 'warning';
  readonly code: RuleCode | ((column: MetadataColumn) => RuleCode);
  /** `ITI TF-3: 4.2.3.2.6` */
  readonly section: string;
  /** What it asks. */
  readonly text: RuleText;
}

/** A rule about one object. */
export interface ObjectRule extends MetadataRule {
  readonly kind: MetadataKind;
  readonly faults: (object: RegistryObject, column: MetadataColumn) => readonly RuleFault[];
}

/** What came of one rule for one object, or for the submission as a whole. */
export interface RuleVerdict {
  readonly rule: MetadataRule;
  readonly outcome: 'pass' | 'warning' | 'failure';
  /** The id of the object; absent for the submission as a whole. */
  readonly objectId?: string;
  /** What was found; absent where it passed. */
  readonly found?: RuleText;
  /** What it is refused with; on failures alone. */
  readonly refusal?: Refusal;
}

/** What a rule found. */
export type Faults = readonly RuleFault[];

/** Nothing. */
export const NONE: Faults = [];

/** One fault of the object that is judged. */
export function fault(en: string, ja: string): Faults {
  return [{ en, ja }];
}

/** The columns of what is new; the others are updates. */
export const REGISTERING: readonly MetadataColumn[] = [
  'XDS DS',
  'XDS DR',
  'XDM',
  'XDR DS',
  'XDR MS',
  'OD',
];

/** A rule that objects of several kinds share: `rule` is the second half of its name. */
export type SharedRule = Omit<ObjectRule, 'name' | 'kind' | 'severity' | 'code' | 'check'> &
  Partial<Pick<ObjectRule, 'severity' | 'check'>> & { readonly rule: string };

/** The rules of one kind of object. */
export function rulesFor(kind: MetadataKind, shared: readonly SharedRule[]): readonly ObjectRule[] {
  return shared.map(({ rule, severity = 'failure', check = 'predicate', ...rest }) => ({
    ...rest,
    name: `${kind}.${rule}`,
    kind,
    check,
    severity,
    code: 'MetadataError',
  }));
}
