import { FLOW } from '../flow/rows.ts';
import type { FlowCursor } from '../record/cursor.ts';
import type { Value } from '../where/value.ts';
import { broken } from './broken-flow.ts';
import { FirstFlows } from './first-flows.ts';
import type { BrokenFlow, Rule, RuleResult } from './rule.ts';
import { flowsText, judged, noFlow, type RunningRule, type Test } from './running-rule.ts';

/** `every` and `none`: each flow for itself. */
export class FlowRule implements RunningRule {
  private readonly rule: Rule;
  private readonly where: Test | null;
  private readonly holds: Test;
  private readonly reads: ReadonlyMap<string, Value<FlowCursor>>;
  private readonly first: FirstFlows<BrokenFlow>;
  private selected = 0;
  private broken = 0;

  constructor(
    rule: Rule,
    where: Test | null,
    holds: Test,
    reads: ReadonlyMap<string, Value<FlowCursor>>,
    show: number,
  ) {
    this.rule = rule;
    this.where = where;
    this.holds = holds;
    this.reads = reads;
    this.first = new FirstFlows(show);
  }

  take(flow: FlowCursor): void {
    if (this.where !== null && !this.where(flow)) return;
    this.selected++;
    if (this.holds(flow)) return;
    this.broken++;
    const number = flow.word(FLOW.number);
    if (this.first.wants(0, number)) this.first.add(0, number, broken(flow, this.reads));
  }

  result(_flow: FlowCursor, _seconds: number, today: string): RuleResult {
    const { rule, selected, broken: count } = this;
    const expected = rule.demand === 'every' ? `every flow: ${rule.condition.text}` : `no flow: ${rule.condition.text}`;
    if (selected === 0) return noFlow(rule, expected, today);
    const share = `${count} of ${flowsText(selected)} (${percentText(count / selected)})`;
    const found = rule.demand === 'every' ? `it is false of ${share}` : `it is true of ${share}`;
    const all = `it is ${rule.demand === 'every' ? 'true' : 'false'} of all ${flowsText(selected)}`;
    return judged(rule, today, {
      outcome: count > 0 ? 'failed' : 'passed',
      selected,
      broken: count,
      expected,
      found: count > 0 ? found : all,
      flows: this.first.items,
    });
  }
}

function percentText(share: number): string {
  const percent = share * 100;
  return `${percent >= 10 || Number.isInteger(percent) ? Math.round(percent) : percent.toPrecision(2)}%`;
}
