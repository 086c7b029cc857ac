import { grown } from '../bytes/grown.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, type FlowRows } from '../flow/rows.ts';
import type { SegmentView } from '../wire/segment.ts';
import type { HeldSegments } from './evidence/held-segments.ts';
import { NOTE, type Verdict } from './verdict.ts';

/**
 * What a flow's times tell beside its round trips: first payload, timers that sent something again, late ACKs. Kept
 * beside the row, from the first payload or repeated SYN+ACK on; what needs a look at each segment is not here.
 */
export class Timing {
  private readonly rows: FlowRows;
  private readonly verdict: Verdict;
  private readonly held: HeldSegments;
  private values: Float64Array = new Float64Array(64 * VALUES);
  private readonly free: number[] = [];
  private made = 0;

  constructor(rows: FlowRows, verdict: Verdict, held: HeldSegments) {
    this.rows = rows;
    this.verdict = verdict;
    this.held = held;
  }

  /** A side sent payload: the first is remembered. */
  takePayload(row: number, side: number, time: number): void {
    const at = this.entryOf(row) + FIRST_PAYLOAD + side;
    if (Number.isNaN(this.values[at]!)) this.values[at] = time;
  }

  /** A segment that repeats something, or acknowledges late: asked after it was replayed. */
  take(row: number, segment: SegmentView): void {
    const i32 = this.rows.i32;
    if ((i32[row + FLOW.bits]! & FLOW_BITS.selfConnect) !== 0) return;
    const { verdict } = this;
    if (verdict.repeats === 0) this.takeLateAck(row, segment);
    else if ((verdict.notes & NOTE.synAckRepeated) !== 0) {
      if (!this.isAfterAck(row, segment.time)) return;
      const at = this.entryOf(row) + SYN_ACKS_AFTER_ACK;
      this.values[at] = this.values[at]! + 1;
    } else if ((verdict.notes & NOTE.synRepeated) === 0) this.takeRepeat(row, segment);
  }

  /** The flow is handed on. */
  forget(row: number): void {
    const number = this.rows.i32[row + FLOW.timing]!;
    if (number !== 0) this.free.push(number - 1);
  }

  /** When a side sent its first payload; NaN when it sent none. */
  firstPayload(row: number, side: number): number {
    return this.valueOf(row, FIRST_PAYLOAD + side, Number.NaN);
  }

  /** How often a timer made a side send something again. */
  timeouts(row: number, side: number): number {
    return this.valueOf(row, REPEATS + side * SIDE_VALUES + TIMEOUTS, 0);
  }

  /** How often at most for the same octets, one after the other. */
  timeoutsInARow(row: number, side: number): number {
    return this.valueOf(row, REPEATS + side * SIDE_VALUES + LONGEST_RUN, 0);
  }

  /** How long it waited at most, nanoseconds; NaN when it never did. */
  longestTimeout(row: number, side: number): number {
    return this.valueOf(row, REPEATS + side * SIDE_VALUES + LONGEST_WAIT, 0) || Number.NaN;
  }

  /** Lone ACKs of a side that came as late as a delayed-ACK timer makes them. */
  delayedAcks(row: number, side: number): number {
    return this.valueOf(row, DELAYED_ACKS + side, 0);
  }

  /** SYN+ACKs sent again after the ACK that completed the handshake was captured. */
  synAcksAfterAck(row: number): number {
    return this.valueOf(row, SYN_ACKS_AFTER_ACK, 0);
  }

  /** Whether the server should have had the ACK of its SYN+ACK: it had the time to get there, and back. */
  private isAfterAck(row: number, time: number): boolean {
    const { i32, f64 } = this.rows;
    const half = row >> 1;
    if (i32[row + FLOW.ackFrame] === 0) return false;
    const way = f64[half + FLOW.synAckTimeF64]! - f64[half + FLOW.lastSynTimeF64]!;
    return time - f64[half + FLOW.ackTimeF64]! > Math.max(way, 0) * 1.5 + 1e6;
  }

  /**
   * A repeat that a timer sent (RFC 6298 5, or a tail loss probe, RFC 8985 7.2): nothing came from the other end for as
   * long as a timer waits at least, so that neither duplicate ACKs nor new ones can have caused it.
   */
  private takeRepeat(row: number, segment: SegmentView): void {
    const { i32, f64 } = this.rows;
    const { side } = this.verdict;
    const sender = row + (side === CLIENT ? FLOW.client : FLOW.server);
    const receiver = row + (side === CLIENT ? FLOW.server : FLOW.client);
    const { values } = this;
    const at = this.entryOf(row) + REPEATS + side * SIDE_VALUES;
    let since = Number.NaN;
    let run = 0;
    if (values[at + AGAIN_SEQ] === segment.seq) {
      since = values[at + AGAIN_TIME]!;
      run = values[at + RUN]!;
    } else if (
      i32[sender + END.oldestStart] === segment.seq &&
      i32[sender + END.oldestEnd] !== i32[sender + END.oldestStart]
    )
      since = f64[(sender >> 1) + END.oldestTimeF64]!;
    this.values[at + AGAIN_SEQ] = segment.seq;
    this.values[at + AGAIN_TIME] = segment.time;
    this.values[at + RUN] = run;
    // The other end's last word, and a window of zero, whose probes are no repeats.
    const heard = i32[receiver + END.packets] === 0 ? since : f64[(receiver >> 1) + END.lastTimeF64]!;
    const waited = segment.time - Math.max(since, heard);
    const shut = (i32[receiver + END.bits]! & END_BITS.windowKnown) !== 0 && i32[receiver + END.eventWindow] === 1;
    if (shut || !(waited >= this.leastTimeout(row))) return;
    this.values[at + RUN] = run + 1;
    this.values[at + TIMEOUTS] = this.values[at + TIMEOUTS]! + 1;
    this.values[at + LONGEST_RUN] = Math.max(this.values[at + LONGEST_RUN]!, run + 1);
    this.values[at + LONGEST_WAIT] = Math.max(this.values[at + LONGEST_WAIT]!, segment.time - since);
  }

  /** What no sender's timer goes below: 200 ms in Linux, and more than the round trip. */
  private leastTimeout(row: number): number {
    const { i32, f64 } = this.rows;
    const half = row >> 1;
    let roundTrip = UNKNOWN_ROUND_TRIP;
    if (i32[row + FLOW.synFrame] !== 0 && i32[row + FLOW.ackFrame] !== 0)
      roundTrip = f64[half + FLOW.ackTimeF64]! - f64[half + FLOW.lastSynTimeF64]!;
    else if (i32[row + FLOW.client + END.rttSamples] !== 0 && i32[row + FLOW.server + END.rttSamples] !== 0)
      roundTrip = f64[half + FLOW.client / 2 + END.rttMinF64]! + f64[half + FLOW.server / 2 + END.rttMinF64]!;
    return Math.max(LEAST_TIMEOUT, roundTrip * 1.5);
  }

  /**
   * A pure ACK that came late: its sender had the segment, and waited for a second one, or for something to say
   * (RFC 9293 3.8.6.3). Late by its own fastest ACK, so that the path's time is not counted; and nothing else waits.
   */
  private takeLateAck(row: number, segment: SegmentView): void {
    const { i32, f64 } = this.rows;
    const { side, rtt, acksFrame } = this.verdict;
    const receiver = row + (side === CLIENT ? FLOW.server : FLOW.client);
    if (segment.roomLength !== 0 || i32[receiver + END.lastFrame] !== acksFrame) return;
    if (i32[receiver + END.oldestEnd] !== i32[receiver + END.oldestStart] || i32[receiver + END.rttSamples] === 0)
      return;
    const late = rtt - f64[(receiver >> 1) + END.rttMinF64]!;
    if (late < LATE_ACK || late > LATEST_ACK) return;
    const at = this.entryOf(row) + DELAYED_ACKS + side;
    this.values[at] = this.values[at]! + 1;
    this.held.takeLateAck(i32, row, 1 - side, late, segment);
  }

  /** Where the flow's values begin; they are made when they are first needed. */
  private entryOf(row: number): number {
    const i32 = this.rows.i32;
    if (i32[row + FLOW.timing] === 0) i32[row + FLOW.timing] = 1 + this.make();
    return (i32[row + FLOW.timing]! - 1) * VALUES;
  }

  private make(): number {
    const number = this.free.pop() ?? this.made++;
    const at = number * VALUES;
    if (at + VALUES > this.values.length) this.values = grown(this.values);
    this.values.fill(0, at, at + VALUES);
    this.values[at + FIRST_PAYLOAD] = Number.NaN;
    this.values[at + FIRST_PAYLOAD + 1] = Number.NaN;
    this.values[at + REPEATS + AGAIN_SEQ] = Number.NaN;
    this.values[at + REPEATS + SIDE_VALUES + AGAIN_SEQ] = Number.NaN;
    return number;
  }

  private valueOf(row: number, field: number, absent: number): number {
    const number = this.rows.i32[row + FLOW.timing]!;
    return number === 0 ? absent : (this.values[(number - 1) * VALUES + field] ?? absent);
  }
}

/** Nanoseconds after which an ACK is worth a look: Linux delays by 40 ms at least, others by up to 500. */
export const LATE_ACK = 35e6;
const LATEST_ACK = 510e6;

const LEAST_TIMEOUT = 190e6;
/** Taken for a round trip when nothing tells it: longer than most. */
const UNKNOWN_ROUND_TRIP = 400e6;

/** A flow's values: what they are, and where. Those of a side's repeats stand together. */
const FIRST_PAYLOAD = 0;
const DELAYED_ACKS = 2;
const SYN_ACKS_AFTER_ACK = 4;
const REPEATS = 5;
const AGAIN_SEQ = 0;
const AGAIN_TIME = 1;
const RUN = 2;
const TIMEOUTS = 3;
const LONGEST_RUN = 4;
const LONGEST_WAIT = 5;
const SIDE_VALUES = 6;
const VALUES = 17;
