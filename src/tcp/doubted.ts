import { seqDelta } from '../bytes/seq.ts';
import { END, END_BITS, FLOW } from '../flow/rows.ts';
import { FIN, type SegmentView, SYN } from '../wire/segment.ts';
import { copyOf } from './reuse.ts';

/**
 * Segments with a wrong checksum of hosts that have sent good ones. One that was damaged is dropped, and has to be sent
 * again; one that the other end acknowledges, with no good copy in between, arrived: the card repaired its checksum, or
 * somebody edited the capture. Until an ACK tells, they wait here, in the order in which they came.
 */
export class Doubted {
  /** By where the words of their sender begin. */
  private readonly waiting: Map<number, SegmentView[]> = new Map();
  /** Frames of those that turned out to have arrived, by their flow's row. */
  private readonly arrived: Map<number, number[]> = new Map();

  /** Keeps a segment that can be acknowledged, unless its octets were sent before; answers whether it did. */
  wait(i32: Int32Array, sender: number, segment: SegmentView): boolean {
    if (lengthOf(segment) === 0 || aheadBy(i32, sender, segment) < 0) return false;
    const waiting = this.waiting.get(sender);
    if (waiting === undefined) this.waiting.set(sender, [copyOf(segment)]);
    else if (waiting.length < MOST) waiting.push(copyOf(segment));
    return true;
  }

  /**
   * The next segment of the sender that the other end's ACK shows to have arrived: it begins where the good ones end. Those
   * that the ACK covers and that were sent again, or follow a hole, are forgotten.
   */
  next(i32: Int32Array, row: number, sender: number, ack: number): SegmentView | undefined {
    const waiting = this.waiting.get(sender);
    while (waiting !== undefined && waiting.length > 0) {
      const [segment] = waiting;
      if (segment === undefined || seqDelta((segment.seq + lengthOf(segment)) | 0, ack) < 0) return undefined;
      waiting.shift();
      if (waiting.length === 0) this.waiting.delete(sender);
      if (aheadBy(i32, sender, segment) !== 0) continue;
      const frames = this.arrived.get(row);
      if (frames === undefined) this.arrived.set(row, [segment.frame]);
      else frames.push(segment.frame);
      return segment;
    }
    return undefined;
  }

  /** Whether any of the flow's still waits. */
  waits(row: number): boolean {
    return this.waiting.has(row + FLOW.client) || this.waiting.has(row + FLOW.server);
  }

  /** Whether the frame, of the row's flow, arrived for all its checksum. */
  hasArrived(row: number, frame: number): boolean {
    return this.arrived.get(row)?.includes(frame) ?? false;
  }

  forget(row: number): void {
    if (this.waiting.size + this.arrived.size === 0) return;
    this.arrived.delete(row);
    this.waiting.delete(row + FLOW.client);
    this.waiting.delete(row + FLOW.server);
  }
}

/** Of one direction. */
const MOST = 16;

function lengthOf({ roomLength, flags }: SegmentView): number {
  return roomLength + ((flags & SYN) !== 0 ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0);
}

/** How far past its sender's good segments it begins; 0 where there are none. */
function aheadBy(i32: Int32Array, sender: number, segment: SegmentView): number {
  if ((i32[sender + END.bits]! & END_BITS.seqKnown) === 0) return 0;
  return seqDelta(i32[sender + END.sndNxt]!, segment.seq);
}
