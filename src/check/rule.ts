/** How grave a broken rule is; `error` alone makes the check fail. */
export const RULE_SEVERITIES = ['error', 'warning', 'notice'] as const;
export type RuleSeverity = (typeof RULE_SEVERITIES)[number];

/** Text of a rules file, and where it stands in it, so that a mistake in it can be pointed at. */
export interface Placed {
  readonly text: string;
  /** 0-based offset in the file of the first letter of `text`, where that is known. */
  readonly at: number;
  /** Whether the letters of `text` are those of the file, one by one. */
  readonly verbatim: boolean;
}

/** What must hold: of every flow, of none, or of numbers about all of them. */
export type Demand = 'every' | 'none' | 'expect';

/** A rule as it is written. */
export interface Rule {
  readonly name: string;
  /** The file and the 1-based line where it stands. */
  readonly file: string;
  readonly line: number;
  readonly description: string | null;
  readonly severity: RuleSeverity;
  /** CEL on a flow that selects flows; null for all. */
  readonly where: Placed | null;
  readonly demand: Demand;
  /** CEL: on a flow for `every` and `none`, on numbers about flows for `expect`. */
  readonly condition: Placed;
  /** Whether it holds when it selects no flow. */
  readonly allowNone: boolean;
  readonly expectedFailure: ExpectedFailure | null;
}

/** A failure that is known, and for how long it is put up with. */
export interface ExpectedFailure {
  readonly reason: string;
  /** The last day, `2026-12-31`, UTC. */
  readonly until: string;
}

/** A flow that broke a rule, or is the worst of those that did. */
export interface BrokenFlow {
  readonly flow: number;
  readonly client: string;
  readonly server: string;
  /** What the rule read of it: `close.pattern is "reset"`. */
  readonly values: string;
  /** The frame where it shows; where `repeats` says so, that of the first segment sent again, once the lines are read. */
  frame: number;
  readonly repeats: boolean;
  /** What lastack found in the flow that bears on it, `code: message`. */
  readonly why: readonly string[];
  /** That frame's line of the timeline with the one before and after it, marked; empty while nobody has read them. */
  lines: readonly string[];
}

/**
 * What came of a rule. `undecided` is a rule for which there are too few flows to judge; `expected` one that fails as
 * its author said it would.
 */
export type Outcome = 'passed' | 'failed' | 'undecided' | 'expected';

export interface RuleResult {
  readonly rule: Rule;
  readonly outcome: Outcome;
  /** Flows that the rule selects, and how many of them broke it. */
  readonly selected: number;
  readonly broken: number;
  readonly expected: string;
  readonly found: string;
  /** Anything else to say: an expected failure's reason, or that it has expired or is over. */
  readonly note: string | null;
  /** The first that broke it, by number, or the worst. */
  readonly flows: readonly BrokenFlow[];
}

/** What a check found, as reporters tell it. */
export interface Report {
  /** Version of lastack. */
  readonly version: string;
  /** Paths of the captures. */
  readonly captures: readonly string[];
  /** Flows in them. */
  readonly flows: number;
  readonly results: readonly RuleResult[];
}

/** Whether a rule's result makes the check fail. */
export function isViolation(result: RuleResult): boolean {
  return result.outcome === 'failed' && result.rule.severity === 'error';
}
