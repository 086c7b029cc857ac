import { END, FLOW, type FlowRows, type Side } from '../flow/rows.ts';
import { ipLengthOf, SegmentView } from '../wire/segment.ts';

/** SYNs kept a flow: a client that is only challenged repeats its SYN six or seven times. */
export const KEPT = 8;

interface Waiting {
  readonly side: number;
  readonly senderIsHigh: number;
  readonly isn: number;
  /** The flow's number, should it become one: numbers go by first segments. */
  readonly number: number;
  /** The old flow's last frame before the first of these. */
  readonly frameBefore: number;
  readonly copies: SegmentView[];
}

/**
 * SYNs with another initial sequence number inside a connection that is still open. Such a SYN stays a segment of the
 * old flow while it is only challenged (RFC 5961 4.2), and begins a new one as soon as a SYN+ACK acknowledges it.
 */
export class Reuse {
  private readonly waiting: Map<number, Waiting> = new Map();

  /**
   * Keeps a SYN; answers whether it is the first of its initial sequence number, which takes a flow's number.
   *
   * @param number the flow's, should it become one: not yet taken
   */
  wait(
    row: number,
    side: number,
    senderIsHigh: number,
    segment: SegmentView,
    frameBefore: number,
    number: number,
  ): boolean {
    const before = this.waiting.get(row);
    if (before !== undefined && before.isn === segment.seq && before.side === side) {
      if (before.copies.length < KEPT) before.copies.push(copyOf(segment));
      return false;
    }
    this.waiting.set(row, { side, senderIsHigh, isn: segment.seq, number, frameBefore, copies: [copyOf(segment)] });
    return true;
  }

  /** The SYNs of `side` that a SYN+ACK with this acknowledgment number answers. */
  matching(row: number, side: number, ack: number): SegmentView[] | undefined {
    const waiting = this.waiting.get(row);
    if (waiting === undefined || waiting.side !== side) return undefined;
    const octets = (ack - waiting.isn) | 0;
    return octets >= 1 && octets <= 1 + waiting.copies[0]!.roomLength ? waiting.copies : undefined;
  }

  /** How many copies of the SYN wait, at most KEPT. */
  copies(row: number): number {
    return this.waiting.get(row)!.copies.length;
  }

  /** The number that a SYN which waits on the row would have; 0 when none does. */
  numberWaiting(row: number): number {
    return this.waiting.size === 0 ? 0 : (this.waiting.get(row)?.number ?? 0);
  }

  /** Takes the SYNs out of the old flow's counts. */
  uncount(rows: FlowRows, row: number, copies: readonly SegmentView[]): void {
    const waiting = this.waiting.get(row)!;
    const { i32, f64 } = rows;
    const end = row + ((waiting.side as Side) === 0 ? FLOW.client : FLOW.server);
    for (const copy of copies) {
      i32[end + END.packets] = i32[end + END.packets]! - 1;
      f64[end / 2 + END.bytesF64] = f64[end / 2 + END.bytesF64]! - copy.roomLength;
      f64[end / 2 + END.ipBytesF64] = f64[end / 2 + END.ipBytesF64]! - ipLengthOf(copy);
    }
    if (i32[row + FLOW.lastFrame] === copies[copies.length - 1]!.frame) i32[row + FLOW.lastFrame] = waiting.frameBefore;
  }

  forget(row: number): void {
    if (this.waiting.size > 0) this.waiting.delete(row);
  }
}

/** A segment that outlives its chunk: all numbers, with the octets that the tracker may look at again. */
function copyOf(segment: SegmentView): SegmentView {
  const copy = Object.assign(new SegmentView(), segment);
  const from = Math.min(segment.sourceAt, segment.tcpAt);
  const kept = segment.bytes.slice(from, segment.tcpEnd);
  copy.bytes = kept;
  copy.view = new DataView(kept.buffer);
  copy.sourceAt -= from;
  copy.destinationAt -= from;
  copy.ipAt -= from;
  copy.tcpAt -= from;
  copy.tcpEnd -= from;
  copy.sackAt -= from;
  return copy;
}
