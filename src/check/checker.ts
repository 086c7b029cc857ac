import type { ASTNode } from '@marcbachmann/cel-js';
import { FLOW } from '../flow/rows.ts';
import type { FlowCursor } from '../record/cursor.ts';
import { FLOW_FIELDS } from '../record/flow.ts';
import { compile, type Scope, scopeOf, testOf } from '../where/compile.ts';
import { ExpressionMistake, type MistakeAt } from '../where/mistake.ts';
import { phrase, type Value } from '../where/value.ts';
import { treeOf } from '../where/where.ts';
import { AGGREGATES, type Aggregate, aggregateOf } from './aggregate.ts';
import { broken, valueText } from './broken-flow.ts';
import { FirstFlows } from './first-flows.ts';
import type { BrokenFlow, Outcome, Placed, Rule, RuleResult } from './rule.ts';
import { mistakeIn } from './rules-file.ts';

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

type Test = (flow: FlowCursor) => boolean;

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

/** The numbers that `expect` knows; their arguments are about a flow. */
function aboutAll(scope: Scope<FlowCursor>, gathered: Gathered[], show: number): Scope<FlowCursor> {
  const functions = new Map<string, (args: readonly ASTNode[], mistake: MistakeAt) => Value<FlowCursor>>();
  for (const name in AGGREGATES) {
    functions.set(name, (args, mistake) => {
      const one = gather(name, args, mistake, scope, show);
      gathered.push(one);
      return { type: 'number', get: () => one.value };
    });
  }
  const none = { type: 'object', path: '', fields: {}, present: undefined, counts: false } as const;
  return { record: none, variables: new Map(), functions, otherwise: outsideAggregate };
}

function outsideAggregate(name: string): string | null {
  return Object.hasOwn(FLOW_FIELDS, name)
    ? `${name} is a field of one flow, and expect is about all of them: put it into count(…), percentile(…, 95) or the like`
    : null;
}

function gather(
  name: string,
  args: readonly ASTNode[],
  mistake: MistakeAt,
  outer: Scope<FlowCursor>,
  show: number,
): Gathered {
  const [first, second] = args;
  const kind = AGGREGATES[name]!;
  const reads = new Map<string, Value<FlowCursor>>();
  const scope = { ...outer, reads };
  if (args.length !== (kind === 'percentile' ? 2 : 1) && !(name === 'count' && args.length === 0)) {
    throw mistake(
      kind === 'percentile'
        ? 'percentile takes a number and which one: percentile(durationMs, 95)'
        : `${name} takes one argument`,
    );
  }
  if (first === undefined) return new Gathered(aggregateOf(name, 'count()', 0), () => 1, reads, show, false);
  const text = `${name}(${first.input.slice(first.start, first.end).trim()}${second === undefined ? '' : `, ${second.input.slice(second.start, second.end)}`})`;
  if (kind === 'condition') {
    const test = testOf(first, scope);
    return new Gathered(aggregateOf(name, text, 0), (flow) => (test(flow) ? 1 : 0), reads, show, true);
  }
  const value = compile(first, scope);
  if (value.type !== 'number') throw mistake(`${name} is of a number; this is ${phrase(value)}`);
  const part = second === undefined ? undefined : compile(second, scope);
  if (part !== undefined && (part.type !== 'number' || !(part.literal! > 0 && part.literal! <= 100))) {
    throw mistake('a percentile is a number above 0, up to 100');
  }
  const literal = part?.type === 'number' ? (part.literal ?? 0) : 0;
  return new Gathered(aggregateOf(name, text, literal), value.get, reads, show, name !== 'min');
}

/** One number about all flows, with the flows that made it what it is. */
class Gathered {
  value: number = Number.NaN;
  readonly aggregate: Aggregate;
  readonly worst: FirstFlows<BrokenFlow>;
  private readonly get: (flow: FlowCursor) => number;
  private readonly reads: ReadonlyMap<string, Value<FlowCursor>>;
  private readonly largest: boolean;

  /** @param largest whether the largest values are shown, or the smallest */
  constructor(
    aggregate: Aggregate,
    get: (flow: FlowCursor) => number,
    reads: ReadonlyMap<string, Value<FlowCursor>>,
    show: number,
    largest: boolean,
  ) {
    this.aggregate = aggregate;
    this.get = get;
    this.reads = reads;
    this.largest = largest;
    this.worst = new FirstFlows(reads.size === 0 ? 0 : show);
  }

  take(flow: FlowCursor): void {
    const value = this.get(flow);
    this.aggregate.take(value);
    if (Number.isNaN(value) || value === 0) return;
    const rank = this.largest ? -value : value;
    const number = flow.word(FLOW.number);
    if (this.worst.wants(rank, number)) this.worst.add(rank, number, broken(flow, this.reads));
  }
}

interface RunningRule {
  take(flow: FlowCursor): void;
  result(flow: FlowCursor, seconds: number, today: string): RuleResult;
}

/** `every` and `none`: each flow for itself. */
class FlowRule implements RunningRule {
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

/** `expect`: numbers about all flows. */
class ExpectRule implements RunningRule {
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

function noFlow(rule: Rule, expected: string, today: string): RuleResult {
  const found = rule.where === null ? 'no flow' : `no flow is selected by ${rule.where.text}`;
  const outcome = rule.allowNone ? 'passed' : 'failed';
  return judged(rule, today, { outcome, selected: 0, broken: 0, expected, found, flows: [] });
}

/** The result, as an expected failure has it. */
function judged(rule: Rule, today: string, result: Omit<RuleResult, 'rule' | 'note'>): RuleResult {
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

function flowsText(count: number): string {
  return count === 1 ? '1 flow' : `${count} flows`;
}

function percentText(share: number): string {
  const percent = share * 100;
  return `${percent >= 10 || Number.isInteger(percent) ? Math.round(percent) : percent.toPrecision(2)}%`;
}

function numberText(value: number): string {
  return valueText({ type: 'number', get: () => value }, undefined as never) ?? 'unknown';
}
