import type { ElementLines, XmlElement } from '../../profiles/formats/xml.ts';
import type { Text } from '../messages.ts';

/** How bad a finding is: a warning is tolerated by most receivers, a failure breaks the Framework. */
export type FindingVerdict = 'warning' | 'failure';

/** One thing that a rule found wrong. */
export interface Finding {
  readonly verdict: FindingVerdict;
  readonly reason: Text;
  /** Where it stands: an element, or a line of the file. */
  readonly at?: XmlElement | number;
  /** The id of the registry object concerned. */
  readonly object?: string;
}

/** One rule about a subject; found nothing means passed. */
export interface Rule<Subject> {
  /** Unique, and the same from one version to the next: `soap.envelope`. */
  readonly name: string;
  /** Where it is written: `ITI TF-2: Appendix V.3`. */
  readonly source: string;
  /** What it asks. */
  readonly what: Text;
  check(subject: Subject): readonly Finding[];
}

/** A finding as it is told. */
export interface ReportedFinding {
  readonly verdict: FindingVerdict;
  /** Line of the file, counted from 1. */
  readonly line?: number;
  readonly object?: string;
  readonly reason: Text;
}

/** What came of one rule. */
export interface RuleReport {
  readonly rule: string;
  readonly source: string;
  readonly what: Text;
  readonly verdict: 'pass' | FindingVerdict;
  readonly findings: readonly ReportedFinding[];
}

/** How elements become lines of the file. */
export interface Places {
  readonly lines: ElementLines;
  /** Lines of the file before the XML; undefined where the XML does not lie in the file as it is. */
  readonly before: number | undefined;
}

/** A finding that breaks the Framework. */
export function failure(reason: Text, at?: Finding['at'], object?: string): Finding {
  return finding('failure', reason, at, object);
}

/** A finding that is tolerated. */
export function warning(reason: Text, at?: Finding['at'], object?: string): Finding {
  return finding('warning', reason, at, object);
}

function finding(
  verdict: FindingVerdict,
  reason: Text,
  ...[at, object]: [at?: Finding['at'], object?: string]
): Finding {
  return {
    verdict,
    reason,
    ...(at === undefined ? {} : { at }),
    ...(object === undefined ? {} : { object }),
  };
}

/** Runs every rule of a table. */
export function judge<Subject>(
  rules: readonly Rule<Subject>[],
  subject: Subject,
  places: Places,
): readonly RuleReport[] {
  return rules.map(({ name, source, what, check }) =>
    reportOf({ rule: name, source, what }, check(subject), places),
  );
}

/** One rule's report; at most 100 findings are told, so that a broken file is not answered with a flood. */
export function reportOf(
  rule: Pick<RuleReport, 'rule' | 'source' | 'what'>,
  findings: readonly Finding[],
  places: Places,
): RuleReport {
  const verdicts = findings.map(({ verdict }) => verdict);
  return {
    ...rule,
    verdict: verdicts.includes('failure') ? 'failure' : (verdicts[0] ?? 'pass'),
    findings: findings.slice(0, MOST_FINDINGS).map(({ verdict, reason, at, object }) => {
      const line = lineOf(at, places);
      return {
        verdict,
        ...(line === undefined ? {} : { line }),
        ...(object === undefined ? {} : { object }),
        reason,
      };
    }),
  };
}

const MOST_FINDINGS = 100;

function lineOf(at: Finding['at'], { lines, before }: Places): number | undefined {
  if (at === undefined || typeof at === 'number') return at;
  const line = lines.get(at);
  return line === undefined || before === undefined ? undefined : line + before;
}

/** A text of both languages; the shorter way to write it. */
export function both(en: string, ja: string): Text {
  return { en, ja };
}
