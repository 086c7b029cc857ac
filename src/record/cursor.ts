import { UtcTimes } from '../bytes/time.ts';
import type { Facts } from '../findings/case.ts';
import type { Judgement } from '../findings/finding.ts';
import { Judge } from '../findings/judge.ts';
import { FLOW } from '../flow/rows.ts';
import type { History } from '../tcp/history/history.ts';
import type { RoundTrips } from '../tcp/round-trips.ts';
import type { Timing } from '../tcp/timing.ts';

/** What a record of a flow needs beyond its row. */
export interface FlowContext extends Facts {
  /** Names of a stack of layers, by `FLOW.layers`. */
  readonly layerNames: (layers: number) => readonly string[];
  /** Paths of the inputs, by `FLOW.firstFile`. */
  readonly files: readonly string[];
  /** Samples of round trips. */
  readonly roundTrips: RoundTrips;
  /** Zeek's view of the flows. */
  readonly history: History;
  /** First payload, timers and late ACKs of the flows. */
  readonly timing: Timing;
  /** Maximum segment lifetime in seconds. */
  readonly msl: number;
  /** Codes of findings that are left out; none by default. */
  readonly ignored?: ReadonlySet<string>;
}

/**
 * Stands on a row, so that accessors can read it. Valid until the row changes or rows are made: `move` comes first.
 */
export class FlowCursor {
  readonly context: FlowContext;
  /** Whole seconds since 1970-01-01T00:00Z from which the rows' times count. */
  baseSeconds = 0;
  /** Where the row starts, in words and in doubles. */
  row = 0;
  half = 0;
  i32: Int32Array;
  f64: Float64Array;
  /** The item that a list's accessors read. */
  item = 0;
  layers: readonly string[] = [];
  readonly times: UtcTimes = new UtcTimes();
  readonly judge: Judge;
  private judged: Judgement | null = null;

  constructor(context: FlowContext) {
    this.context = context;
    this.i32 = context.rows.i32;
    this.f64 = context.rows.f64;
    this.judge = new Judge(context, context.ignored ?? NONE);
  }

  move(row: number): void {
    this.i32 = this.context.rows.i32;
    this.f64 = this.context.rows.f64;
    this.row = row;
    this.half = row / 2;
    this.judged = null;
  }

  /** What was found of the flow, which must be finished. */
  get judgement(): Judgement {
    this.judged ??= this.judge.judge(this.row);
    return this.judged;
  }

  /** Whether the capture's clock was set while the flow went on: what was measured on the way is not to be believed. */
  get isTimeVoid(): boolean {
    return this.context.clock.spans(this.word(FLOW.firstFrame), this.word(FLOW.lastFrame));
  }

  /** The word of the row at an offset of `FLOW`. */
  word(field: number): number {
    return this.i32[this.row + field]!;
  }

  /** The double of the row at an offset of `FLOW` whose name ends in F64. */
  double(field: number): number {
    return this.f64[this.half + field]!;
  }

  bits(): number {
    return this.i32[this.row + FLOW.bits]!;
  }
}

const NONE: ReadonlySet<string> = new Set();
