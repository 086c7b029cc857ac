import { END, END_BITS } from '../flow/rows.ts';
import { checksumOnWire, FIN, type SegmentView, SYN } from '../wire/segment.ts';
import type { Tracker } from './tracker.ts';

/** A mirror port's copy follows within a millisecond. */
export const WITHIN = 1e6;
/** Without an IP identification that tells packets apart, only what no host sends twice so quickly is a copy. */
const WITHIN_UNPROVEN = 5e4;

/**
 * Whether the segment is a mirror port's copy of the one that this side sent last: same identification, TCP header,
 * length and checksum within 1 ms, time to live equal (bridged) or one lower (routed); MAC and VLAN may differ.
 * An identification of 0 (and IPv6, which has none) proves nothing: then only octets in sequence space, sent again
 * within 50 µs, are taken for a copy.
 */
export function isCopy(
  i32: Int32Array,
  f64: Float64Array,
  sender: number,
  segment: SegmentView,
  shape: number,
): boolean {
  if (
    i32[sender + END.lastSeq] !== segment.seq ||
    i32[sender + END.eventAck] !== segment.ack ||
    (i32[sender + END.bits]! & END_BITS.lastKnown) === 0 ||
    i32[sender + END.lastIpId] !== segment.ipId ||
    i32[sender + END.lastShape] !== shape
  )
    return false;
  const since = segment.time - f64[(sender >> 1) + END.lastTimeF64]!;
  const hops = i32[sender + END.lastTtl]! - segment.ttl;
  if (since < 0 || hops < 0 || hops > 1) return false;
  if (segment.ipId > 0) return since <= WITHIN;
  return since <= WITHIN_UNPROVEN && (segment.roomLength > 0 || (segment.flags & (SYN | FIN)) !== 0);
}

/** Keeps what copies are told by, and evidence looks back at. */
export function rememberSegment(tracker: Tracker, sender: number, segment: SegmentView, shape: number): void {
  const { i32, f64 } = tracker.rows;
  i32[sender + END.lastFrame] = segment.frame;
  i32[sender + END.lastSeq] = segment.seq;
  i32[sender + END.lastIpId] = segment.ipId;
  i32[sender + END.lastShape] = shape;
  i32[sender + END.lastTtl] = segment.ttl;
  f64[(sender >> 1) + END.lastTimeF64] = segment.time;
  if (segment.roomLength !== 0) i32[sender + END.payloadAck] = segment.ack;
  i32[sender + END.bits] = i32[sender + END.bits]! | END_BITS.lastKnown;
  tracker.recent.keep(sender, segment, shape);
}

/**
 * What tells segments of one place in a sequence apart: flags, window, length, and the checksum for all the rest. Where a
 * host leaves that to its network card, the copy that was taken behind the card has the finished one.
 */
export function shapeOf(segment: SegmentView): number {
  const word = (segment.window << 16) | checksumOnWire(segment);
  return shapeOfNumbers(word, segment.roomLength, segment.flags);
}

/** @param word window in the upper half, checksum in the lower */
export function shapeOfNumbers(word: number, roomLength: number, flags: number): number {
  return Math.imul(word, 0x9e3779b1) ^ ((roomLength << 9) | flags);
}
