import { seqDelta } from '../bytes/seq.ts';
import { END, FLOW } from '../flow/rows.ts';
import { ACK, FIN, RST, type SegmentView, SYN } from '../wire/segment.ts';
import type { Tracker } from './tracker.ts';
import { NOTE } from './verdict.ts';

/**
 * The contract's events in the order of their bits, each with the Wireshark field that it equals. They say what Wireshark
 * 4.0 says, right or wrong; lastack's own judgement of repeats is in tcp/sequence.ts.
 */
export const EVENT_NAMES = [
  'retransmission', // tcp.analysis.retransmission
  'fast-retransmission', // tcp.analysis.fast_retransmission
  'spurious-retransmission', // tcp.analysis.spurious_retransmission
  'out-of-order', // tcp.analysis.out_of_order
  'lost-segment', // tcp.analysis.lost_segment
  'duplicate-ack', // tcp.analysis.duplicate_ack
  'ack-unseen-segment', // tcp.analysis.ack_lost_segment
  'keep-alive', // tcp.analysis.keep_alive
  'keep-alive-ack', // tcp.analysis.keep_alive_ack
  'zero-window', // tcp.analysis.zero_window
  'zero-window-probe', // tcp.analysis.zero_window_probe
  'zero-window-probe-ack', // tcp.analysis.zero_window_probe_ack
  'window-full', // tcp.analysis.window_full
  'window-update', // tcp.analysis.window_update
  'port-reused', // tcp.analysis.reused_ports
] as const;

/** Bits of the events. */
export const EVENT = {
  retransmission: 0x1,
  fastRetransmission: 0x2,
  spuriousRetransmission: 0x4,
  outOfOrder: 0x8,
  lostSegment: 0x10,
  duplicateAck: 0x20,
  ackUnseenSegment: 0x40,
  keepAlive: 0x80,
  keepAliveAck: 0x100,
  zeroWindow: 0x200,
  zeroWindowProbe: 0x400,
  zeroWindowProbeAck: 0x800,
  windowFull: 0x1000,
  windowUpdate: 0x2000,
  portReused: 0x4000,
} as const;

/** A fast retransmission follows the last duplicate ACK within 20 ms. */
const FAST = 2e7;
/** Out of order: within 3 ms of the highest sequence number where the handshake's round trip is not known. */
const SOON = 3e6;

/** Window scales as Wireshark keeps them; others are the shift plus `known`. */
const SCALE = { unknown: 0, none: 1, known: 2 } as const;

/** Bits of END.eventBits. */
export const KEPT = {
  /** It has sent a SYN, and no ACK without SYN since: the window that counts is the SYN's, which is never scaled. */
  synWindow: 0x1,
  /** Its initial sequence number is known (FLOW.eventBase). */
  base: 0x2,
  /** Kept at both ends: a SYN waits for the first ACK, which tells the round trip. */
  roundTrip: 0x4,
  /** An option of Multipath TCP was new to the connection, and this end has sent nothing since. */
  multipathNews: 0x8,
  /** Its last segment had no ACK: END.eventAck acknowledges nothing. */
  bare: 0x10,
  /** Kept at both ends: subtypes of Multipath TCP that either has used, the first at this bit. */
  multipathShift: 8,
} as const;

/** Multipath TCP's part of END.eventBits; 0 in nearly every connection. */
export const MULTIPATH: number = KEPT.multipathNews | (0xffff << KEPT.multipathShift);

/**
 * The events of a segment (bits of EVENT), and what the next ones are told by. A sequence number of 0 counts as not
 * known, as in Wireshark.
 */
export function takeEvents(
  tracker: Tracker,
  row: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
): number {
  const { i32, f64 } = tracker.rows;
  const { seq, ack, flags, window, roomLength: length } = segment;
  const special = (flags & (SYN | FIN | RST)) !== 0;
  const reused = (flags & SYN) !== 0 && startsAnew(i32, row, sender, seq, flags);
  const next = i32[sender + END.eventNext]!;
  const repeatsAck = seq === next && ack === i32[sender + END.eventAck];
  const sameWindow = window === i32[sender + END.eventWindow]! - 1;
  const before = i32[receiver + END.eventLast]!;
  // What says something new of Multipath TCP's paths comes as a duplicate ACK that means no loss (RFC 8684 4).
  const hasNews = (i32[sender + END.eventBits]! & KEPT.multipathNews) !== 0;
  let events = 0;
  let settled = false;
  if (length === 1 && seq === next && i32[receiver + END.eventWindow] === 1) {
    events = EVENT.zeroWindowProbe;
    settled = true;
  } else {
    if (window === 0 && !special) events |= EVENT.zeroWindow;
    if (next !== 0 && isPast(seq, next) && (flags & RST) === 0) events |= EVENT.lostSegment;
    if (length <= 1 && seq === ((next - 1) | 0) && !special) events |= EVENT.keepAlive;
    if (length === 0 && !special && repeatsAck) {
      if (!sameWindow) noteShrunkWindow(tracker, row, sender, window);
      if (window !== 0 && !sameWindow) events |= EVENT.windowUpdate;
      else if (sameWindow && window !== 0 && (before & EVENT.keepAlive) !== 0) {
        events |= EVENT.keepAliveAck;
        settled = true;
      } else if (sameWindow && window === 0 && (before & EVENT.zeroWindowProbe) !== 0) {
        events |= EVENT.zeroWindowProbeAck;
        settled = true;
      }
    }
    if (length > 0 && !special && fillsWindow(i32, receiver, (seq + length) | 0)) events |= EVENT.windowFull;
    if (!settled && length === 0 && !special && repeatsAck && sameWindow && window !== 0 && !hasNews) {
      events |= EVENT.duplicateAck;
      const duplicates = i32[sender + END.eventDuplicates]!;
      i32[sender + END.eventDuplicates] = duplicates === -1 ? 1 : duplicates + 1;
    }
  }
  if (ack !== i32[sender + END.eventAck]) i32[sender + END.eventDuplicates] = 0;
  if ((flags & ACK) !== 0 && acksUnseen(i32, receiver, ack)) events |= EVENT.ackUnseenSegment;
  if ((length > 0 || (flags & (SYN | FIN)) !== 0) && (events & EVENT.keepAlive) === 0)
    events |= repeatOf(i32, f64, row, sender, receiver, segment, next);
  remember(tracker, sender, segment, events);
  if (hasNews || segment.multipath !== 0) noteMultipath(i32, sender, receiver, segment);
  const bits = i32[sender + END.eventBits]!;
  if (special || bits !== KEPT.base || (i32[receiver + END.eventBits]! & KEPT.base) === 0)
    rememberOpening(i32, f64, row, sender, receiver, segment);
  return reused ? events | EVENT.portReused : events;
}

/**
 * Which Multipath TCP options were used. Wireshark passes over an end's duplicate ACK when something was new to the
 * connection, whoever sent it, since that end's segment before.
 */
function noteMultipath(i32: Int32Array, sender: number, receiver: number, segment: SegmentView): void {
  const own = i32[sender + END.eventBits]! & ~KEPT.multipathNews;
  const fresh = (segment.multipath << KEPT.multipathShift) & ~own;
  if (fresh === 0) i32[sender + END.eventBits] = own;
  else {
    i32[sender + END.eventBits] = own | fresh | KEPT.multipathNews;
    i32[receiver + END.eventBits] = i32[receiver + END.eventBits]! | fresh | KEPT.multipathNews;
  }
}

/** The same ACK with a smaller window: more than its scale rounds off (RFC 9293 3.8.6 SHLD-14). */
function noteShrunkWindow({ rows, verdict }: Tracker, row: number, sender: number, window: number): void {
  const { i32 } = rows;
  const shift = i32[row + FLOW.shift + (sender === row + FLOW.client ? 0 : 1)]! - 1;
  const units = i32[sender + END.eventWindow]! - 1 - window;
  if (units <= 1 || shift < 0 || (i32[sender + END.eventBits]! & KEPT.synWindow) !== 0) return;
  verdict.notes |= NOTE.windowShrunk;
  verdict.takenBack = units << shift;
}

/**
 * A SYN within a flow. Whether it is a SYN+ACK with another initial sequence number than its sender has used: Wireshark
 * then speaks of reused ports. The same SYN once more makes it forget what a RST may have said since.
 */
function startsAnew(i32: Int32Array, row: number, sender: number, seq: number, flags: number): boolean {
  if ((i32[sender + END.eventBits]! & KEPT.base) === 0) return false;
  const base = baseOf(row, sender);
  if ((flags & ACK) === 0) {
    if (i32[base] === seq) i32[sender + END.eventNext] = i32[sender + END.eventBound]!;
    return false;
  }
  if (i32[base] === seq) return false;
  i32[base] = seq;
  return true;
}

/** Where the initial sequence number of an end is kept. */
function baseOf(row: number, end: number): number {
  return row + FLOW.eventBase + (end === row + FLOW.client ? 0 : 1);
}

/** The segment ends exactly at the edge of the other side's window, whose scale is known. */
function fillsWindow(i32: Int32Array, receiver: number, end: number): boolean {
  const scale = i32[receiver + END.eventScale]!;
  if (scale === SCALE.unknown) return false;
  const shift =
    scale <= SCALE.none || (i32[receiver + END.eventBits]! & KEPT.synWindow) !== 0 ? 0 : scale - SCALE.known;
  const window = i32[receiver + END.eventWindow]!;
  if (window === 0) return false;
  return end === ((i32[receiver + END.eventAck]! + ((window - 1) << shift)) | 0);
}

/**
 * An ACK past the highest octet that was captured without a hole. It is told each time that more was captured since; an ACK
 * of what never was captured at all only once, until the other end acknowledges something new.
 */
function acksUnseen(i32: Int32Array, receiver: number, ack: number): boolean {
  const bound = i32[receiver + END.eventBound]!;
  if (bound === 0 || !isPast(ack, bound)) return false;
  const next = i32[receiver + END.eventNext]!;
  if (isPast(next, bound)) {
    i32[receiver + END.eventBound] = next;
    return true;
  }
  const first = i32[receiver + END.eventDuplicates] === 0;
  i32[receiver + END.eventDuplicates] = -1;
  return first;
}

/** Retransmission, fast, spurious, or out of order: the first that fits. */
function repeatOf(
  i32: Int32Array,
  f64: Float64Array,
  row: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
  next: number,
): number {
  const { seq, flags, roomLength: length, time } = segment;
  let behind = next !== 0 && isBefore(seq, next);
  if (length > 1 && ((next - 1) | 0) === seq) behind = false;
  const acked = i32[receiver + END.eventAck]!;
  if (length > 0 && acked !== 0 && seqDelta((seq + length) | 0, acked) >= 0)
    return EVENT.retransmission | EVENT.spuriousRetransmission;
  if (!behind) return 0;
  if (
    isRepeated(i32[receiver + END.eventDuplicates]!) &&
    acked === seq &&
    within(time - f64[(receiver >> 1) + END.lastTimeF64]!, FAST)
  )
    return EVENT.retransmission | EVENT.fastRetransmission;
  const end = (seq + length + ((flags & (SYN | FIN)) !== 0 ? 1 : 0)) | 0;
  const roundTrip = roundTripOfOpening(i32, f64, row);
  const soon = roundTrip === 0 ? SOON : roundTrip;
  if (within(time - f64[(sender >> 1) + END.eventNextTimeF64]!, soon) && next !== end) return EVENT.outOfOrder;
  return EVENT.retransmission;
}

/** Two duplicates or more; Wireshark counts without a sign, so that an ACK of an unseen segment will do too. */
function isRepeated(duplicates: number): boolean {
  return duplicates >>> 0 >= 2;
}

/** As Wireshark compares sequence numbers: at 2^31 from one another each is past the other, and before it. */
function isPast(seq: number, other: number): boolean {
  return seqDelta(seq, other) < 0;
}

function isBefore(seq: number, other: number): boolean {
  return seqDelta(other, seq) < 0;
}

/** Whether `elapsed` is below `limit` as unsigned numbers: nothing is soon after a clock went back. */
function within(elapsed: number, limit: number): boolean {
  return elapsed >= 0 ? limit < 0 || elapsed < limit : limit < 0 && elapsed < limit;
}

function remember(tracker: Tracker, sender: number, segment: SegmentView, events: number): void {
  const { i32, f64 } = tracker.rows;
  const { seq, flags, roomLength: length, time } = segment;
  const phantom = (flags & (SYN | FIN)) !== 0 && !waitsForTooMany(tracker, sender) ? 1 : 0;
  const end = (seq + length + phantom) | 0;
  const next = i32[sender + END.eventNext]!;
  const probe = (events & EVENT.zeroWindowProbe) !== 0;
  if (!probe && (next === 0 || isPast(end, next))) {
    i32[sender + END.eventNext] = end;
    f64[(sender >> 1) + END.eventNextTimeF64] = time;
  }
  const bound = i32[sender + END.eventBound]!;
  if (!probe && (bound === 0 || seq === bound)) i32[sender + END.eventBound] = i32[sender + END.eventNext]!;
  i32[sender + END.eventWindow] = segment.window + 1;
  i32[sender + END.eventAck] = segment.ack;
  i32[sender + END.eventLast] = events;
  const bits = i32[sender + END.eventBits]!;
  if ((flags & ACK) === 0) i32[sender + END.eventBits] = bits | KEPT.bare;
  else if ((bits & KEPT.bare) !== 0) i32[sender + END.eventBits] = bits & ~KEPT.bare;
}

/** Wireshark keeps 10,000 unacknowledged segments of a direction, and a SYN or FIN past them has no number of its own. */
function waitsForTooMany(tracker: Tracker, sender: number): boolean {
  const number = tracker.rows.i32[sender + END.outstanding]!;
  return number !== 0 && tracker.rings.at(number - 1).isFull;
}

/** What begins with the first segments of an end, and with SYNs: initial sequence numbers, the handshake's round trip. */
function rememberOpening(
  i32: Int32Array,
  f64: Float64Array,
  row: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
): void {
  const { seq, ack, flags, time } = segment;
  let own = i32[sender + END.eventBits]!;
  let other = i32[receiver + END.eventBits]!;
  if ((own & KEPT.base) === 0) {
    own |= KEPT.base;
    i32[baseOf(row, sender)] = (flags & SYN) !== 0 ? seq : (seq - 1) | 0;
  }
  if ((other & KEPT.base) === 0 && (flags & ACK) !== 0) {
    other |= KEPT.base;
    i32[baseOf(row, receiver)] = (ack - 1) | 0;
  }
  if ((flags & SYN) !== 0) {
    own |= KEPT.synWindow;
    if ((flags & ACK) === 0 && !isAtEpoch(segment)) {
      if ((own & KEPT.roundTrip) !== 0 || f64[(row >> 1) + FLOW.eventRoundTripF64] === 0) {
        f64[(row >> 1) + FLOW.eventRoundTripF64] = time;
        own |= KEPT.roundTrip;
        other |= KEPT.roundTrip;
      }
    }
  } else if ((flags & ACK) !== 0) {
    own &= ~KEPT.synWindow;
    if ((own & KEPT.roundTrip) !== 0) {
      const roundTrip = time - f64[(row >> 1) + FLOW.eventRoundTripF64]!;
      if (roundTrip !== 0) {
        f64[(row >> 1) + FLOW.eventRoundTripF64] = roundTrip;
        own &= ~KEPT.roundTrip;
        other &= ~KEPT.roundTrip;
      }
    }
  }
  i32[sender + END.eventBits] = own;
  i32[receiver + END.eventBits] = other;
}

/** Captures that were made of text begin at the very epoch: of a SYN there, Wireshark holds that it has no time. */
export function isAtEpoch({ seconds, nanoseconds }: SegmentView): boolean {
  return seconds === 0 && nanoseconds === 0;
}

/** Whether the end's last segment acknowledged nothing. */
export function isBare(i32: Int32Array, end: number): boolean {
  return (i32[end + END.eventBits]! & KEPT.bare) !== 0;
}

function isAwaited(i32: Int32Array, end: number): boolean {
  return (i32[end + END.eventBits]! & KEPT.roundTrip) !== 0;
}

/** From the last SYN to the first ACK without SYN, whoever sent them; 0 while unknown. */
export function roundTripOfOpening(i32: Int32Array, f64: Float64Array, row: number): number {
  return isAwaited(i32, row + FLOW.client) ? 0 : f64[(row >> 1) + FLOW.eventRoundTripF64]!;
}

/** Window scaling as a SYN or SYN+ACK settles it: used only when both sides offered it (RFC 7323 2.2). */
export function takeEventScale(i32: Int32Array, sender: number, receiver: number, segment: SegmentView): void {
  const own = i32[sender + END.eventScale]!;
  if (segment.windowScale >= 0) i32[sender + END.eventScale] = SCALE.known + Math.min(segment.windowScale, 14);
  else if (isHeaderCut(segment)) return;
  else if (own === SCALE.unknown) {
    i32[sender + END.eventScale] = SCALE.none;
    i32[receiver + END.eventScale] = SCALE.none;
    return;
  }
  if ((segment.flags & ACK) !== 0 && i32[receiver + END.eventScale] === SCALE.none)
    i32[sender + END.eventScale] = SCALE.none;
}

/** Whether the capture lacks a part of the TCP header: there Wireshark stops, and shows no analysis of the segment. */
export function isHeaderCut(segment: SegmentView): boolean {
  return segment.tcpEnd - segment.tcpAt < segment.headerLength;
}
