import type { SegmentView } from '../wire/segment.ts';
import { WITHIN } from './copies.ts';

/**
 * The segments of the last millisecond, whoever sent them: of a burst, a mirror port's copies come behind the burst, in its
 * order, and not each behind its original. A table of PLACES places, each segment's by a hash; a newer one takes the place.
 *
 * Only segments with an IP identification are kept: without one, a copy is known by following at once (tcp/copies.ts), for
 * a sender may repeat a segment that was lost within the same time.
 */
export class RecentSegments {
  private readonly i32 = new Int32Array(PLACES * RECENT.words);
  private readonly f64 = new Float64Array(this.i32.buffer);

  /** @param sender where its end lies in the rows. @param shape tcp/copies.ts */
  keep(sender: number, segment: SegmentView, shape: number): void {
    const { seq, ipId, ack } = segment;
    if (ipId <= 0) return;
    const { i32 } = this;
    const at = placeOf(sender, seq, ack, ipId);
    i32[at + RECENT.sender] = sender;
    i32[at + RECENT.seq] = seq;
    i32[at + RECENT.ack] = ack;
    i32[at + RECENT.ipIdAndTtl] = (ipId << 8) | segment.ttl;
    i32[at + RECENT.shape] = shape;
    i32[at + RECENT.frame] = segment.frame;
    this.f64[(at >> 1) + RECENT.timeF64] = segment.time;
  }

  /** The frame of the segment that this one is a copy of, or 0: the same but for a time to live that may be one lower. */
  originalOf(sender: number, segment: SegmentView, shape: number): number {
    const { seq, ipId, ack } = segment;
    if (ipId <= 0) return 0;
    const { i32 } = this;
    const at = placeOf(sender, seq, ack, ipId);
    if (
      i32[at + RECENT.sender] !== sender ||
      i32[at + RECENT.seq] !== seq ||
      i32[at + RECENT.ack] !== ack ||
      i32[at + RECENT.shape] !== shape ||
      i32[at + RECENT.ipIdAndTtl]! >> 8 !== ipId
    )
      return 0;
    const since = segment.time - this.f64[(at >> 1) + RECENT.timeF64]!;
    const hops = (i32[at + RECENT.ipIdAndTtl]! & 0xff) - segment.ttl;
    const frame = i32[at + RECENT.frame]!;
    // What is replayed is no copy of itself.
    return since >= 0 && since <= WITHIN && hops >= 0 && hops <= 1 && frame !== segment.frame ? frame : 0;
  }
}

const RECENT = { sender: 0, seq: 1, ack: 2, ipIdAndTtl: 3, shape: 4, frame: 5, timeF64: 3, words: 8 } as const;
/** A power of two: a busy link has a thousand segments in a millisecond. */
const PLACES = 2048;

function placeOf(sender: number, seq: number, ack: number, ipId: number): number {
  const hash = Math.imul(seq ^ Math.imul(ack ^ sender, 0x9e3779b1) ^ (ipId << 16), 0x85ebca6b);
  return (hash >>> 21) * RECENT.words;
}
