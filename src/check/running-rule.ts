import type { FlowCursor } from '../record/cursor.ts';
import type { Outcome, Rule, RuleResult } from './rule.ts';

/** What is asked of a flow. */
export type Test = (flow: FlowCursor) => boolean;

/** A rule while flows come. */
export interface RunningRule {
  take(flow: FlowCursor): void;
  /**
   * @param flow any cursor: nothing is read from it
   * @param seconds how long the capture lasts
   * @param today `2026-12-31`, UTC
   */
  result(flow: FlowCursor, seconds: number, today: string): RuleResult;
}

/** The result of a rule that selects no flow. */
export function noFlow(rule: Rule, expected: string, today: string): RuleResult {
  const found = rule.where === null ? 'no flow' : `no flow is selected by ${rule.where.text}`;
  const outcome = rule.allowNone ? 'passed' : 'failed';
  return judged(rule, today, { outcome, selected: 0, broken: 0, expected, found, flows: [] });
}

/** The result, as an expected failure has it. */
export function judged(rule: Rule, today: string, result: Omit<RuleResult, 'rule' | 'note'>): RuleResult {
  const known = rule.expectedFailure;
  if (known === null) return { ...result, rule, note: null };
  const { reason, until } = known;
  if (result.outcome === 'passed') {
    return { ...result, rule, note: `no longer fails: remove expected-failure (${reason})` };
  }
  if (result.outcome !== 'failed') return { ...result, rule, note: null };
  const expired = today > until;
  const outcome: Outcome = expired ? 'failed' : 'expected';
  return {
    ...result,
    rule,
    outcome,
    note: expired ? `was expected to fail until ${until}: ${reason}` : `expected to fail until ${until}: ${reason}`,
  };
}

/** `1 flow`, `12 flows`: without the commas of `plural`. */
export function flowsText(count: number): string {
  return count === 1 ? '1 flow' : `${count} flows`;
}
