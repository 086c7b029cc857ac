import type { ASTNode } from '@marcbachmann/cel-js';
import { FLOW } from '../flow/rows.ts';
import type { FlowCursor } from '../record/cursor.ts';
import { FLOW_FIELDS } from '../record/flow.ts';
import { compile, type Scope, testOf } from '../where/compile.ts';
import type { MistakeAt } from '../where/mistake.ts';
import { phrase, type Value } from '../where/value.ts';
import { AGGREGATES, type Aggregate, aggregateOf } from './aggregate.ts';
import { broken } from './broken-flow.ts';
import { FirstFlows } from './first-flows.ts';
import type { BrokenFlow } from './rule.ts';

/** One number about all flows, with the flows that made it what it is. */
export class Gathered {
  /** What the rule's expression reads: set once all flows were taken. */
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

/**
 * What an `expect` can name: numbers about all flows, whose arguments are about a flow, in `scope`.
 *
 * @param gathered gets those that the expression names
 */
export function aboutAll(scope: Scope<FlowCursor>, gathered: Gathered[], show: number): Scope<FlowCursor> {
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
