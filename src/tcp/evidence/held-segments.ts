import { MS } from '../../bytes/time.ts';
import { CLIENT, END, FLOW, FLOW_BITS } from '../../flow/rows.ts';
import type { SegmentView } from '../../wire/segment.ts';

/** Small segments that waited for a delayed ACK: how often, of which side, how long in all, and the frames of ACK and segment. */
export interface Held {
  readonly side: number;
  readonly times: number;
  readonly waited: number;
  readonly frames: readonly number[];
}

interface Wait {
  side: number;
  times: number;
  waited: number;
  frames: number[];
  /** The late ACK that came last. */
  ackFrame: number;
  ackTime: number;
  late: number;
}

/**
 * Nagle's algorithm against delayed ACKs (RFC 9293 3.7.4, 3.8.6.3): a small segment that goes out the moment a late ACK
 * of the one before has come. Late ACKs are rare; FLOW_BITS.lateAck sends the one segment after it here.
 */
export class HeldSegments {
  private readonly waits = new Map<number, Wait>();

  /**
   * A lone ACK of a small segment came as late as a timer makes it.
   *
   * @param side whose octets it acknowledges
   * @param late nanoseconds by which it is late
   */
  takeLateAck(i32: Int32Array, row: number, side: number, late: number, { frame, time, ack }: SegmentView): void {
    const sender = row + (side === CLIENT ? FLOW.client : FLOW.server);
    const octets = (ack - i32[sender + END.ackedStart]!) | 0;
    if (!isDelay(late) || octets <= 0 || octets >= largest(i32, row, side)) return;
    let wait = this.waits.get(row);
    if (wait === undefined || wait.side !== side) {
      if (wait !== undefined && wait.times > 0) return;
      wait = { side, times: 0, waited: 0, frames: [], ackFrame: 0, ackTime: 0, late: 0 };
      this.waits.set(row, wait);
    }
    wait.ackFrame = frame;
    wait.ackTime = time;
    wait.late = late;
    i32[row + FLOW.bits] = i32[row + FLOW.bits]! | FLOW_BITS.lateAck;
  }

  /** The segment after a late ACK. */
  take(i32: Int32Array, f64: Float64Array, row: number, side: number, segment: SegmentView): void {
    i32[row + FLOW.bits] = i32[row + FLOW.bits]! & ~FLOW_BITS.lateAck;
    const wait = this.waits.get(row);
    const { roomLength, time, frame } = segment;
    if (wait === undefined || wait.side !== side || roomLength === 0 || roomLength >= largest(i32, row, side)) return;
    const sender = row + (side === CLIENT ? FLOW.client : FLOW.server);
    const roundTrip = i32[sender + END.rttSamples] === 0 ? 0 : f64[(sender >> 1) + END.rttMinF64]!;
    if (time - wait.ackTime > AT_ONCE + 1.5 * roundTrip) return;
    wait.times++;
    wait.waited += wait.late;
    if (wait.frames.length < SHOWN) wait.frames.push(wait.ackFrame, frame);
    if (wait.times === LEAST) i32[row + FLOW.bits] = i32[row + FLOW.bits]! | FLOW_BITS.held;
  }

  /** Told when it happened three times or more. */
  of(row: number): Held | undefined {
    const wait = this.waits.get(row);
    return wait !== undefined && wait.times >= LEAST ? wait : undefined;
  }

  forget(row: number): void {
    if (this.waits.size > 0) this.waits.delete(row);
  }
}

const AT_ONCE = 2 * MS;
const LEAST = 3;
const SHOWN = 20;

/** As stacks delay ACKs: Linux 40 ms, others 200. */
function isDelay(late: number): boolean {
  return (late >= 35 * MS && late <= 45 * MS) || (late >= 180 * MS && late <= 220 * MS);
}

/** What is no small segment: as much as the other end takes in one. */
function largest(i32: Int32Array, row: number, side: number): number {
  const mss = i32[row + (side === CLIENT ? FLOW.server : FLOW.client) + END.mss]!;
  return mss > 0 ? Math.min(mss, 1400) : 1400;
}
