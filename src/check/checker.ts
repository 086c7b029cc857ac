import type { ASTNode } from '@marcbachmann/cel-js';
import type { FlowCursor } from '../record/cursor.ts';
import { FLOW_FIELDS } from '../record/flow.ts';
import { type Scope, scopeOf, testOf } from '../where/compile.ts';
import { ExpressionMistake } from '../where/mistake.ts';
import type { Value } from '../where/value.ts';
import { treeOf } from '../where/where.ts';
import { AGGREGATES } from './aggregate.ts';
import { ExpectRule } from './expect-rule.ts';
import { FlowRule } from './flow-rule.ts';
import { aboutAll, type Gathered } from './gathered.ts';
import type { Placed, Rule, RuleResult } from './rule.ts';
import { mistakeIn } from './rules-file.ts';
import type { RunningRule } from './running-rule.ts';

/** What a check needs to know besides its rules. */
export interface CheckOptions {
  /** Today, `2026-12-31` (UTC): whether a failure is still expected. */
  readonly today: string;
  /** Flows shown of those that broke a rule. */
  readonly show: number;
  /** The text of a rules file, by its name, to point at mistakes. */
  readonly textOf: (file: string) => string;
}

/** Rules, and what flows have to say to them. Throws UsageError for a rule that says nothing. */
export class Checker {
  private readonly rules: readonly RunningRule[];
  private readonly today: string;
  flows = 0;

  constructor(rules: readonly Rule[], options: CheckOptions) {
    this.rules = rules.map((rule) => running(rule, options));
    this.today = options.today;
  }

  take(flow: FlowCursor): void {
    this.flows++;
    const { rules } = this;
    for (let i = 0; i < rules.length; i++) rules[i]!.take(flow);
  }

  /**
   * @param flow any cursor: nothing is read from it
   * @param seconds how long the capture lasts
   */
  results(flow: FlowCursor, seconds: number): readonly RuleResult[] {
    return this.rules.map((rule) => rule.result(flow, seconds, this.today));
  }
}

/** The rule as something that takes flows: its expressions compiled, a mistake in one told at its place in the file. */
function running(rule: Rule, options: CheckOptions): RunningRule {
  const compiled = <Result>(placed: Placed, make: (tree: ASTNode) => Result): Result => {
    try {
      return make(treeOf(placed.text));
    } catch (error) {
      if (!(error instanceof ExpressionMistake)) throw error;
      const at = placed.at + (placed.verbatim ? error.at : 0);
      const text = options.textOf(rule.file);
      if (placed.verbatim) throw mistakeIn(text, rule.file, at, error.problem);
      throw mistakeIn(text, rule.file, at, error.describe('in this expression'));
    }
  };
  const reads = new Map<string, Value<FlowCursor>>();
  const scope: Scope<FlowCursor> = { ...scopeOf(FLOW_FIELDS), reads };
  const where = rule.where === null ? null : compiled(rule.where, (tree) => testOf(tree, scopeOf(FLOW_FIELDS)));
  const { demand } = rule;
  if (demand === 'expect') {
    const gathered: Gathered[] = [];
    const test = compiled(rule.condition, (tree) => testOf(tree, aboutAll(scope, gathered, options.show)));
    if (gathered.length === 0) {
      throw mistakeIn(
        options.textOf(rule.file),
        rule.file,
        rule.condition.at,
        `expect is about all flows: ${Object.keys(AGGREGATES).join(', ')}`,
      );
    }
    return new ExpectRule(rule, where, test, gathered);
  }
  const test = compiled(rule.condition, (tree) => testOf(tree, scope));
  return new FlowRule(rule, where, demand === 'every' ? test : (flow) => !test(flow), reads, options.show);
}
