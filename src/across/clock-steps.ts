import { seqDelta } from '../bytes/seq.ts';
import { SECOND } from '../bytes/time.ts';
import { addressHash, ENDPOINT_WORDS, readEndpoint } from '../flow/endpoints.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../flow/rows.ts';
import type { Tracker } from '../tcp/tracker.ts';
import type { Verdict } from '../tcp/verdict.ts';
import type { SegmentView } from '../wire/segment.ts';

/** A place at which the clock of the capture was set. */
export interface ClockStep {
  /** The first record after it. */
  readonly frame: number;
  /** Nanoseconds that the capture's clock went on, as the hosts' clocks hardly did; below 0 when it was set back. */
  readonly step: number;
  /** Flows whose timestamps speak against the capture's clock. */
  readonly flows: readonly number[];
}

/** Timestamp of an end before the jump, and when it came. */
interface Before {
  readonly tsVal: number;
  readonly time: number;
}

/**
 * Where time jumps in the capture, the timestamps of hosts tell whether time passed (RFC 7323 5.4: a tick lasts from 1 ms to
 * 1 s). `begin` remembers those of open flows; `take` compares the first segments after the jump with them.
 */
export class ClockSteps {
  readonly steps: ClockStep[] = [];
  /** First records after places across which no interval is to be believed, in ascending order. */
  private readonly places: number[] = [];
  private readonly tracker: Tracker;
  private before: Map<number, readonly (Before | undefined)[]> = new Map();
  private frame = 0;
  private from = 0;
  private jumps: number[] = [];
  private flows: Set<number> = new Set();
  private hosts: Set<number> = new Set();
  private agrees = false;
  /** Rows that may still be looked at: a capture may have as many pauses as records. */
  private budget = BUDGET;
  private readonly scratch = new Int32Array(ENDPOINT_WORDS);

  constructor(tracker: Tracker) {
    this.tracker = tracker;
  }

  /** Whether it waits for segments after a jump. */
  get watches(): boolean {
    return this.before.size > 0;
  }

  /**
   * Whether the clock was set after one frame and before, or at, another one, as far as is known by now: an interval
   * between them is void. (RFC 7323 apart, time that goes back by more than a second is proof enough.)
   */
  spans(after: number, until: number): boolean {
    const { places } = this;
    const doubted = this.jumps.length > 0 && !this.agrees;
    if (doubted && this.frame > after && this.frame <= until) return true;
    const last = places.at(-1);
    if (last === undefined || after >= last) return last !== undefined && places.length === PLACES && until > last;
    let low = 0;
    for (let high = places.length - 1; low < high; ) {
      const middle = (low + high) >> 1;
      if (places[middle]! > after) high = middle;
      else low = middle + 1;
    }
    return places[low]! <= until;
  }

  /** The record with that time comes long after the one before it, or long before it. */
  begin(frame: number, time: number, isBefore: boolean): void {
    this.settle();
    if (isBefore) this.addPlace(frame);
    const { rows, table } = this.tracker;
    const { openings } = table;
    const { i32, f64 } = rows;
    this.budget -= rows.places.top;
    if (this.budget < 0 || rows.used + openings.count < FLOWS) return;
    this.tracker.eachOpen((row, place) => {
      if (this.before.size === REMEMBERED) return;
      if (row < 0) {
        this.rememberOpening(place);
        return;
      }
      // What is closed and waits has said its last word, and is most of what is there.
      if ((i32[row + FLOW.bits]! & FLOW_BITS.queued) !== 0) return;
      const ends = [FLOW.client, FLOW.server].map((at): Before | undefined => {
        const end = row + at;
        if ((i32[end + END.bits]! & END_BITS.timestamps) === 0) return undefined;
        return { tsVal: i32[end + END.tsVal]!, time: f64[(end >> 1) + END.lastTimeF64]! };
      });
      if (ends.some((end) => end !== undefined)) this.before.set(i32[row + FLOW.number]!, ends);
    });
    this.frame = frame;
    this.from = time;
  }

  /** What the ends of a flow without a row have sent. */
  private rememberOpening(place: number): void {
    const { openings } = this.tracker.table;
    const client = openings.timestamp(place, CLIENT);
    const server = openings.timestamp(place, SERVER);
    if (client !== undefined || server !== undefined) this.before.set(openings.numberAt(place), [client, server]);
  }

  /** A segment after the jump; answers whether more are wanted. */
  take({ flow, side, row, duplicateOf }: Verdict, segment: SegmentView): boolean {
    if (segment.time - this.from > WATCHED) this.settle();
    const ends = this.before.get(flow);
    const before = ends?.[side];
    if (ends === undefined || before === undefined || row < 0 || segment.hasTimestamps === 0 || duplicateOf !== 0)
      return this.watches;
    const passed = segment.time - before.time;
    const ticks = seqDelta(before.tsVal, segment.tsVal);
    this.before.set(flow, side === CLIENT ? [undefined, ends[SERVER]] : [ends[CLIENT], undefined]);
    const most = (ticks + 1) * LONGEST_TICK;
    if (ticks >= 0 && (passed < -SECOND || passed - most > SECOND)) {
      this.jumps.push(passed);
      this.flows.add(flow);
      readEndpoint(this.tracker.rows.i32, row, side, this.scratch, 0);
      this.hosts.add(addressHash(this.scratch, 0));
    } else if (ticks < 0 || ticks * USUAL_TICK > passed / 2) this.agrees = true;
    return this.watches;
  }

  private addPlace(frame: number): void {
    if (this.places.length < PLACES && this.places.at(-1) !== frame) this.places.push(frame);
  }

  /** What the segments since the jump came to. */
  settle(): void {
    if (this.flows.size >= FLOWS && this.hosts.size >= 2 && !this.agrees) {
      this.addPlace(this.frame);
      const sorted = this.jumps.sort((a, b) => a - b);
      const step = sorted[sorted.length >> 1]!;
      if (this.steps.length < SHOWN)
        this.steps.push({ frame: this.frame, step, flows: [...this.flows].slice(0, SHOWN) });
    }
    this.before = new Map();
    this.jumps = [];
    this.flows = new Set();
    this.hosts = new Set();
    this.agrees = false;
  }
}

/** RFC 7323 5.4; and what nearly every system's ticks do not last longer than. */
const LONGEST_TICK = SECOND;
const USUAL_TICK = 1e7;
/** Nanoseconds after a jump in which segments are looked at. */
const WATCHED = 5 * SECOND;
/** Flows that must disagree with the capture's clock, of two hosts at least: one may have been suspended. */
const FLOWS = 3;
/** Flows that are remembered at a jump: few of them are needed, and each takes memory until the next collection. */
const REMEMBERED = 512;
const BUDGET = 1_000_000;
const SHOWN = 10;
/** Places remembered; past the last of so many no interval is believed. */
const PLACES = 1024;
