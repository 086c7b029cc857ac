import { END, FLOW, FLOW_BITS } from '../flow/rows.ts';
import { STATE } from './machine.ts';
import type { Tracker } from './tracker.ts';

/**
 * When flows are handed on, so that memory follows the flows that are open: two MSL after their close, or sooner where very
 * many wait; when they were idle for as long as the caller said; and openings to which nothing can come any more.
 */
export class HandingOn {
  /** Closed flows that wait. */
  closed = 0;
  private readonly tracker: Tracker;
  private readonly msl: number;
  private readonly idleTimeout: number;
  /** Of the closed flows, in the order in which they closed: the first and the last, or -1. */
  private head = -1;
  private tail = -1;
  private ticks = 0;
  private idleSwept = 0;
  private openingsSwept = 0;
  /** Rows in use at which flows are looked through for those that were given up. */
  private sweepFrom = MANY_ROWS;

  /** Both in nanoseconds: TrackerOptions. */
  constructor(tracker: Tracker, msl: number, idleTimeout: number) {
    this.tracker = tracker;
    this.msl = msl;
    this.idleTimeout = idleTimeout;
  }

  /**
   * Between segments, when everybody has looked at the verdict on the last one: hands on what waited long enough, which
   * may have to be replayed for that.
   *
   * @param now the time of the last segment
   */
  rest(now: number): void {
    const { tracker } = this;
    const { rows } = tracker;
    while (this.closed > CLOSED_LIMIT) {
      const oldest = this.head;
      // The one that the next to close will hand on.
      rows.fetch(rows.i32[oldest + FLOW.next]!);
      if ((rows.i32[oldest + FLOW.bits]! & OVER) === 0) this.forget(oldest);
      else tracker.finish(oldest);
    }
    if ((++this.ticks & 0xff) === 0) this.handOn(now);
  }

  /** Puts a flow on the list of those that are closed: it is handed on after two MSL. */
  close(row: number, time: number): void {
    const { i32, f64 } = this.tracker.rows;
    f64[(row >> 1) + FLOW.closedTimeF64] = time;
    if ((i32[row + FLOW.bits]! & FLOW_BITS.queued) !== 0) return;
    i32[row + FLOW.bits] = i32[row + FLOW.bits]! | FLOW_BITS.queued;
    i32[row + FLOW.next] = -1;
    i32[row + FLOW.previous] = this.tail;
    if (this.tail < 0) this.head = row;
    else i32[this.tail + FLOW.next] = row;
    this.tail = row;
    this.closed++;
  }

  /** Hands on what has been closed, and silent, for two MSL; and what was idle for too long. */
  private handOn(now: number): void {
    const { i32, f64 } = this.tracker.rows;
    while (this.head >= 0) {
      const row = this.head;
      if ((i32[row + FLOW.bits]! & OVER) === 0) this.forget(row);
      else if (now - f64[(row >> 1) + FLOW.lastTimeF64]! > 2 * this.msl) this.tracker.finish(row);
      else if (now - f64[(row >> 1) + FLOW.closedTimeF64]! > 2 * this.msl) {
        // Closed long ago and still spoken to: it waits behind the others, from its last segment on.
        this.forget(row);
        this.close(row, f64[(row >> 1) + FLOW.lastTimeF64]!);
      } else break;
    }
    if (now - this.idleSwept > this.idleTimeout / 4) this.sweepIdle(now);
    if (this.tracker.rows.used > this.sweepFrom) this.sweepGivenUp(now);
    if (this.tracker.table.openings.count > MANY_OPENINGS && now - this.openingsSwept > GIVEN_UP)
      this.sweepOpenings(now);
  }

  /** For each flow that gets a row, some eight rows are looked at. */
  private sweepGivenUp(now: number): void {
    const { rows } = this.tracker;
    for (let row = 0; row < rows.end; row += rows.words) {
      const isUsed = rows.i32[row + FLOW.number] !== 0;
      if (isUsed && now - rows.f64[(row >> 1) + FLOW.lastTimeF64]! > GIVEN_UP && this.isUnanswered(row))
        this.tracker.finish(row);
    }
    this.sweepFrom = Math.max(MANY_ROWS, rows.used + (rows.used >> 3));
  }

  /** Each is looked at once in GIVEN_UP. */
  private sweepOpenings(now: number): void {
    const { rows, table } = this.tracker;
    const { openings } = table;
    this.openingsSwept = now;
    for (let place = 0; place < rows.places.top; place++)
      if (openings.isKept(place) && now - openings.lastTime(place) > GIVEN_UP)
        this.tracker.finish(this.tracker.moveOpening(place, false));
  }

  /** Whether nothing but SYNs of the client was captured. */
  private isUnanswered(row: number): boolean {
    const { i32 } = this.tracker.rows;
    const syns = 1 + i32[row + FLOW.synRetransmissions]!;
    return (
      i32[row + FLOW.state] === STATE.SYN_SENT &&
      i32[row + FLOW.client + END.packets] === syns &&
      i32[row + FLOW.server + END.packets] === 0
    );
  }

  private sweepIdle(now: number): void {
    this.idleSwept = now;
    const { tracker, idleTimeout } = this;
    const { openings } = tracker.table;
    tracker.eachOpen((row, place) => {
      const last = row >= 0 ? tracker.rows.f64[(row >> 1) + FLOW.lastTimeF64]! : openings.lastTime(place);
      if (now - last > idleTimeout) tracker.finish(row >= 0 ? row : tracker.moveOpening(place, false));
    });
  }

  /** Takes a flow off the list, if it is on it. */
  forget(row: number): void {
    const { i32 } = this.tracker.rows;
    if ((i32[row + FLOW.bits]! & FLOW_BITS.queued) === 0) return;
    i32[row + FLOW.bits] = i32[row + FLOW.bits]! & ~FLOW_BITS.queued;
    this.closed--;
    const next = i32[row + FLOW.next]!;
    const previous = i32[row + FLOW.previous]!;
    if (previous < 0) this.head = next;
    else i32[previous + FLOW.next] = next;
    if (next < 0) this.tail = previous;
    else i32[next + FLOW.previous] = previous;
  }
}

/**
 * Closed flows that wait for their 2 MSL to pass; past it the oldest are handed on early. What then comes on their ports
 * is told by their tombstones.
 */
const CLOSED_LIMIT = 4096;

/**
 * Rows in use from which on flows are handed on whose SYN nobody answered for GIVEN_UP: their client has given up
 * (RFC 9293 3.8.3: it tries for three minutes, in Linux at least every 64 seconds). A stream without end always has some.
 */
const MANY_ROWS = 6144;
const GIVEN_UP = 180e9;
/** Flows without a row from which on those are handed on that have been silent for GIVEN_UP: a flood, too, may never end. */
const MANY_OPENINGS = 1 << 18;
/** The flow is over: reset, refused, or both FINs acknowledged. */
export const OVER: number = FLOW_BITS.reset | FLOW_BITS.closed;
