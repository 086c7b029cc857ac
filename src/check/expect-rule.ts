import type { FlowCursor } from '../record/cursor.ts';
import { valueText } from './broken-flow.ts';
import type { Gathered } from './gathered.ts';
import type { Rule, RuleResult } from './rule.ts';
import { flowsText, judged, noFlow, type RunningRule, type Test } from './running-rule.ts';

/** `expect`: numbers about all flows. */
export class ExpectRule implements RunningRule {
  private readonly rule: Rule;
  private readonly where: Test | null;
  private readonly test: Test;
  private readonly gathered: readonly Gathered[];
  private selected = 0;

  constructor(rule: Rule, where: Test | null, test: Test, gathered: readonly Gathered[]) {
    this.rule = rule;
    this.where = where;
    this.test = test;
    this.gathered = gathered;
  }

  take(flow: FlowCursor): void {
    if (this.where !== null && !this.where(flow)) return;
    this.selected++;
    for (const one of this.gathered) one.take(flow);
  }

  result(flow: FlowCursor, seconds: number, today: string): RuleResult {
    const { rule, selected, gathered } = this;
    const expected = rule.condition.text;
    // A count of no flow is 0, which may be what is demanded.
    if (selected === 0 && !(rule.allowNone && gathered.every(({ aggregate }) => aggregate.text.startsWith('count'))))
      return noFlow(rule, expected, today);
    for (const one of gathered) one.value = one.aggregate.result(selected, seconds);
    const shortages = gathered.flatMap(({ aggregate }) => aggregate.shortage() ?? []);
    const numbers = gathered.map(({ aggregate, value }) => `${aggregate.text} is ${numberText(value)}`);
    const found = `${[...new Set(numbers)].join(', ')} (of ${flowsText(selected)})`;
    if (shortages.length > 0) {
      return judged(rule, today, {
        outcome: 'undecided',
        selected,
        broken: 0,
        expected,
        found: `too few flows: ${shortages.join('; ')}`,
        flows: [],
      });
    }
    const holds = this.test(flow);
    const flows = new Map(gathered.flatMap(({ worst }) => worst.items).map((item) => [item.flow, item]));
    return judged(rule, today, {
      outcome: holds ? 'passed' : 'failed',
      selected,
      broken: 0,
      expected,
      found,
      flows: holds ? [] : [...flows.values()],
    });
  }
}

function numberText(value: number): string {
  return valueText({ type: 'number', get: () => value }, undefined as never) ?? 'unknown';
}
