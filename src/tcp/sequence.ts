import { seqDelta } from '../bytes/seq.ts';
import { END, END_BITS, FLOW } from '../flow/rows.ts';
import { FIN, type SegmentView, SYN } from '../wire/segment.ts';
import { SEARCH_LIMIT } from './outstanding.ts';
import type { Tracker } from './tracker.ts';
import { NOTE } from './verdict.ts';

/**
 * What a segment sends: new octets, a repeat, or octets past a hole (RFC 9293 3.4).
 * Keeps `sndNxt`, `seenNxt`, the octets that are new, what waits for its acknowledgment, and what was sent again.
 */
export function takeSequence(tracker: Tracker, row: number, sender: number, segment: SegmentView): void {
  const { i32, f64 } = tracker.rows;
  const flags = segment.flags;
  const payload = segment.roomLength;
  const start = (flags & SYN) !== 0 ? (segment.seq + 1) | 0 : segment.seq;
  const phantom = (flags & FIN) !== 0 ? 1 : 0;
  const length = payload + phantom;
  const bits = i32[sender + END.bits]!;
  if ((bits & END_BITS.seqKnown) === 0) {
    i32[sender + END.bits] = bits | END_BITS.seqKnown;
    i32[sender + END.sndNxt] = (start + length) | 0;
    i32[sender + END.seenNxt] = (start + length) | 0;
    f64[(sender >> 1) + END.uniqueBytesF64] = payload;
    if (length === 0 && (flags & SYN) === 0) return;
    if (length !== 0) leaveOpen(tracker, sender, start, (start + length) | 0);
    // A SYN+ACK that was overtaken comes after what it was sent before.
    if (i32[sender + END.oldestEnd] !== i32[sender + END.oldestStart])
      i32[sender + END.bits] = i32[sender + END.bits]! | END_BITS.disordered;
    expectAck(tracker, sender, segment.seq, (start + length) | 0, segment, 0);
    return;
  }
  if (length === 0) {
    if ((flags & SYN) !== 0) expectAckAnyway(tracker, sender, segment);
    else if (segment.seq !== i32[sender + END.sndNxt]) {
      if (seqDelta(segment.seq, i32[sender + END.sndNxt]!) === 1) tracker.verdict.notes |= NOTE.keepAlive;
      tracker.evidence.storms.take(i32, row, sender, segment);
    }
    return;
  }
  const end = (start + length) | 0;
  const ahead = seqDelta(i32[sender + END.sndNxt]!, start);
  if (ahead === 0) {
    // In order: nothing of it was sent before.
    i32[sender + END.sndNxt] = end;
    if (i32[sender + END.islands] === 0) i32[sender + END.seenNxt] = end;
    else tracker.islands.add(sender, start, end);
    f64[(sender >> 1) + END.uniqueBytesF64] = f64[(sender >> 1) + END.uniqueBytesF64]! + payload;
    expectAck(tracker, sender, start, end, segment, 0);
  } else if (ahead > 0) {
    tracker.verdict.notes |= NOTE.leavesHole;
    i32[sender + END.sndNxt] = end;
    i32[sender + END.islands] = 1;
    tracker.islands.add(sender, start, end);
    f64[(sender >> 1) + END.uniqueBytesF64] = f64[(sender >> 1) + END.uniqueBytesF64]! + payload;
    expectAck(tracker, sender, start, end, segment, 0);
    if (acknowledged(i32, sender, start)) fillByAck(tracker, sender);
  } else repeat(tracker, row, sender, segment, start, end, -ahead);
}

/**
 * The first octets that were captured of an end lie past what the other end has acknowledged: what is between was on its
 * way when the capture began, or comes behind them. Whether it is then sent again, or was overtaken, is told as of any hole.
 */
function leaveOpen(tracker: Tracker, sender: number, start: number, end: number): void {
  const { i32 } = tracker.rows;
  if ((i32[sender + END.bits]! & END_BITS.unaKnown) === 0) return;
  const una = i32[sender + END.sndUna]!;
  const open = seqDelta(una, start);
  if (open <= 0 || open > LARGEST_FLIGHT) return;
  i32[sender + END.seenNxt] = una;
  i32[sender + END.islands] = 1;
  tracker.islands.add(sender, start, end);
}

/** Octets that an end has on its way at most, as far as is believed of one of which nothing was captured. */
const LARGEST_FLIGHT = 1 << 24;

/** A segment that starts before the highest octet sent: sent again, overtaken, or a keep-alive's one octet. */
function repeat(
  tracker: Tracker,
  row: number,
  sender: number,
  segment: SegmentView,
  start: number,
  end: number,
  behind: number,
): void {
  const { i32, f64 } = tracker.rows;
  const verdict = tracker.verdict;
  const payload = segment.roomLength;
  const phantom = (segment.flags & FIN) !== 0 ? 1 : 0;
  const sndNxt = i32[sender + END.sndNxt]!;
  if (payload === 1 && phantom === 0 && behind === 1 && acknowledged(i32, sender, end)) {
    // RFC 9293 3.8.4: a keep-alive may carry one garbage octet that was acknowledged long ago.
    verdict.notes |= NOTE.keepAlive;
    expectAck(tracker, sender, start, end, segment, 1);
    return;
  }
  const seen = isFromBefore(tracker, row, sender, segment, end) ? 0 : known(tracker, sender, start, end);
  if (seen > 0) {
    i32[sender + END.retransmittedSegments] = i32[sender + END.retransmittedSegments]! + 1;
    const finRepeated =
      phantom === 1 &&
      (i32[sender + END.bits]! & END_BITS.finSent) !== 0 &&
      i32[sender + END.finSeq] === ((end - 1) | 0);
    const octets = finRepeated ? seen - 1 : seen;
    f64[(sender >> 1) + END.retransmittedBytesF64] = f64[(sender >> 1) + END.retransmittedBytesF64]! + octets;
    f64[(sender >> 1) + END.uniqueBytesF64] = f64[(sender >> 1) + END.uniqueBytesF64]! + Math.max(0, payload - octets);
    verdict.repeats = 1;
    verdict.retransmitsFrame = repeatedFrame(tracker, sender, start, finRepeated);
  } else {
    f64[(sender >> 1) + END.uniqueBytesF64] = f64[(sender >> 1) + END.uniqueBytesF64]! + payload;
    verdict.notes |= NOTE.fillsHole;
    if (sentLate(tracker, row, sender, segment)) {
      i32[sender + END.retransmittedSegments] = i32[sender + END.retransmittedSegments]! + 1;
      f64[(sender >> 1) + END.retransmittedBytesF64] = f64[(sender >> 1) + END.retransmittedBytesF64]! + payload;
      verdict.repeats = 1;
    }
  }
  if (seqDelta(sndNxt, end) > 0) i32[sender + END.sndNxt] = end;
  const seenNxt = i32[sender + END.seenNxt]!;
  if (seqDelta(seenNxt, end) > 0) {
    if (seqDelta(seenNxt, start) <= 0) {
      i32[sender + END.seenNxt] = tracker.islands.reach(sender, end);
      if (i32[sender + END.seenNxt] === i32[sender + END.sndNxt]) i32[sender + END.islands] = 0;
    } else {
      i32[sender + END.islands] = 1;
      tracker.islands.add(sender, start, end);
    }
  }
  i32[sender + END.bits] = i32[sender + END.bits]! | END_BITS.disordered;
  expectAck(tracker, sender, start, end, segment, verdict.repeats);
}

/**
 * Whether a segment ends before the first one of a connection that was captured from its middle on, and was not sent late:
 * that one overtook it, unless the other end had it already.
 */
function isFromBefore(tracker: Tracker, row: number, sender: number, segment: SegmentView, end: number): boolean {
  const i32 = tracker.rows.i32;
  if ((i32[sender + END.bits]! & END_BITS.isnKnown) !== 0) return false;
  const first = (i32[row + FLOW.eventBase + (sender === row + FLOW.client ? 0 : 1)]! + 1) | 0;
  if (seqDelta(end, first) < 0 || acknowledged(i32, sender, end)) return false;
  return !sentLate(tracker, row, sender, segment);
}

/** How many sequence numbers of `start` to `end` were captured before. */
function known(tracker: Tracker, sender: number, start: number, end: number): number {
  const i32 = tracker.rows.i32;
  const below = seqDelta(start, i32[sender + END.seenNxt]!);
  const low = below <= 0 ? 0 : Math.min(below, seqDelta(start, end));
  return i32[sender + END.islands] === 0 ? low : low + tracker.islands.known(sender, start, end);
}

/**
 * A hole is filled: did the sender send these octets late (the first copy was lost before the tap), or were they
 * overtaken on the way? An overtaken segment carries an older timestamp than what overtook it, and comes soon.
 */
function sentLate(tracker: Tracker, row: number, sender: number, segment: SegmentView): boolean {
  const { i32, f64 } = tracker.rows;
  if (segment.hasTimestamps !== 0 && (i32[sender + END.bits]! & END_BITS.timestamps) !== 0) {
    const age = seqDelta(i32[sender + END.tsVal]!, segment.tsVal);
    if (age < 0) return false;
    if (age > 0) return true;
  }
  const frame = i32[row + FLOW.synAckFrame]!;
  const roundTrip = frame === 0 ? 3e6 : f64[(row >> 1) + FLOW.synAckTimeF64]! - f64[(row >> 1) + FLOW.lastSynTimeF64]!;
  return segment.time - f64[(sender >> 1) + END.oldestTimeF64]! > Math.max(3e6, roundTrip * 0.9);
}

/** The frame that sent the octet at `start` first, as far as it is remembered; else 0. */
function repeatedFrame(tracker: Tracker, sender: number, start: number, finRepeated: boolean): number {
  const i32 = tracker.rows.i32;
  if (i32[sender + END.oldestEnd] !== i32[sender + END.oldestStart]) {
    if (seqDelta(i32[sender + END.oldestStart]!, start) >= 0 && seqDelta(start, i32[sender + END.oldestEnd]!) > 0)
      return i32[sender + END.oldestFrame]!;
    const number = i32[sender + END.outstanding]!;
    if (number !== 0) {
      const ring = tracker.rings.at(number - 1);
      for (let i = 0; i < Math.min(ring.count, SEARCH_LIMIT); i++)
        if (seqDelta(ring.start(i), start) >= 0 && seqDelta(start, ring.end(i)) > 0) return ring.frame(i);
    }
  }
  if (finRepeated && i32[sender + END.finSeq] === start) return i32[sender + END.finFrame]!;
  if ((i32[sender + END.bits]! & END_BITS.ackedKnown) !== 0 && i32[sender + END.ackedStart] === start)
    return i32[sender + END.ackedFrame]!;
  return 0;
}

/** Whether the other end has acknowledged everything before `seq`. */
function acknowledged(i32: Int32Array, sender: number, seq: number): boolean {
  return (i32[sender + END.bits]! & END_BITS.unaKnown) !== 0 && seqDelta(seq, i32[sender + END.sndUna]!) >= 0;
}

/** The other end has acknowledged past the hole: what is missing there, the capture missed. */
export function fillByAck(tracker: Tracker, sender: number): void {
  const i32 = tracker.rows.i32;
  const una = i32[sender + END.sndUna]!;
  if (seqDelta(i32[sender + END.seenNxt]!, una) <= 0) return;
  const bound = seqDelta(una, i32[sender + END.sndNxt]!) < 0 ? i32[sender + END.sndNxt]! : una;
  i32[sender + END.seenNxt] = tracker.islands.reach(sender, bound);
  if (i32[sender + END.seenNxt] === i32[sender + END.sndNxt]) i32[sender + END.islands] = 0;
}

/**
 * A segment that is no news to its flow (a SYN sent again, a wrong checksum, a RST with data), but may be acknowledged: the
 * receiver knows better. It gives no sample.
 */
export function expectAckAnyway(tracker: Tracker, sender: number, segment: SegmentView): void {
  const { seq, flags, roomLength } = segment;
  const phantom = (flags & (SYN | FIN)) !== 0 ? 1 : 0;
  if (roomLength + phantom === 0) return;
  const { i32 } = tracker.rows;
  i32[sender + END.bits] = i32[sender + END.bits]! | END_BITS.disordered;
  expectAck(tracker, sender, seq, (seq + roomLength + phantom) | 0, segment, 1);
}

/** A segment of `sender` now waits for its acknowledgment. */
export function expectAck(
  tracker: Tracker,
  sender: number,
  start: number,
  end: number,
  segment: SegmentView,
  repeated: number,
): void {
  const { i32, f64 } = tracker.rows;
  if (i32[sender + END.oldestEnd] === i32[sender + END.oldestStart]) {
    i32[sender + END.oldestStart] = start;
    i32[sender + END.oldestEnd] = end;
    i32[sender + END.oldestFrame] = segment.frame;
    f64[(sender >> 1) + END.oldestTimeF64] = segment.time;
    if (repeated !== 0) i32[sender + END.bits] = i32[sender + END.bits]! | END_BITS.oldestRepeated;
    else i32[sender + END.bits] = i32[sender + END.bits]! & ~END_BITS.oldestRepeated;
    return;
  }
  if (
    repeated !== 0 &&
    seqDelta(i32[sender + END.oldestStart]!, start) >= 0 &&
    seqDelta(start, i32[sender + END.oldestEnd]!) > 0
  )
    i32[sender + END.bits] = i32[sender + END.bits]! | END_BITS.oldestRepeated;
  let number = i32[sender + END.outstanding]!;
  if (number === 0) {
    number = tracker.rings.take() + 1;
    i32[sender + END.outstanding] = number;
  }
  const ring = tracker.rings.at(number - 1);
  if (repeated !== 0)
    for (let i = 0; i < Math.min(ring.count, SEARCH_LIMIT); i++)
      if (seqDelta(ring.start(i), start) >= 0 && seqDelta(start, ring.end(i)) > 0) ring.markRepeated(i);
  if (!ring.push(start, end, segment.frame, segment.time, repeated, i32[sender + END.oldestEnd]!))
    tracker.rings.overflowed++;
  // It was sent in order, and yet ends before one that waits: that one had a wrong checksum.
  else if (!ring.isInOrder) i32[sender + END.bits] = i32[sender + END.bits]! | END_BITS.disordered;
}

/**
 * A segment acknowledges `sender`: forgets what waited for it, and tells the verdict which frame's end that was and
 * how long ago (as Wireshark's `tcp.analysis.acks_frame` and `.ack_rtt`: the oldest copy counts). Samples of round trips
 * follow Karn's rule: nothing that was sent more than once.
 */
export function settleAcknowledged(tracker: Tracker, sender: number, segment: SegmentView): void {
  const { i32, f64 } = tracker.rows;
  const { ack, time: now } = segment;
  const verdict = tracker.verdict;
  while (i32[sender + END.oldestEnd] !== i32[sender + END.oldestStart]) {
    const end = i32[sender + END.oldestEnd]!;
    if (seqDelta(end, ack) < 0) break;
    const sent = f64[(sender >> 1) + END.oldestTimeF64]!;
    if (end === ack && verdict.acksFrame === 0) {
      verdict.acksFrame = i32[sender + END.oldestFrame]!;
      verdict.rtt = now - sent;
      if ((i32[sender + END.bits]! & END_BITS.oldestRepeated) === 0) sample(tracker, sender, now - sent);
    }
    i32[sender + END.ackedStart] = i32[sender + END.oldestStart]!;
    i32[sender + END.ackedFrame] = i32[sender + END.oldestFrame]!;
    i32[sender + END.bits] = i32[sender + END.bits]! | END_BITS.ackedKnown;
    shiftOldest(tracker, sender);
  }
  if ((i32[sender + END.bits]! & END_BITS.disordered) === 0) return;
  const number = i32[sender + END.outstanding]!;
  if (number === 0) {
    i32[sender + END.bits] = i32[sender + END.bits]! & ~END_BITS.disordered;
    return;
  }
  const ring = tracker.rings.at(number - 1);
  if (!ring.isInOrder) {
    const found = verdict.acksFrame === 0 ? ring.endingAt(ack) : -1;
    if (found >= 0) {
      verdict.acksFrame = ring.frame(found);
      verdict.rtt = now - ring.time(found);
    }
    ring.keepPast(ack);
  }
  if (ring.isInOrder) i32[sender + END.bits] = i32[sender + END.bits]! & ~END_BITS.disordered;
}

/** The next segment in the ring becomes the oldest one. */
function shiftOldest(tracker: Tracker, sender: number): void {
  const { i32, f64 } = tracker.rows;
  const number = i32[sender + END.outstanding]!;
  const ring = number === 0 ? undefined : tracker.rings.at(number - 1);
  if (ring === undefined || ring.count === 0) {
    i32[sender + END.oldestEnd] = i32[sender + END.oldestStart]!;
    i32[sender + END.bits] = i32[sender + END.bits]! & ~END_BITS.disordered;
    return;
  }
  i32[sender + END.oldestStart] = ring.start(0);
  i32[sender + END.oldestEnd] = ring.end(0);
  i32[sender + END.oldestFrame] = ring.frame(0);
  f64[(sender >> 1) + END.oldestTimeF64] = ring.time(0);
  if (ring.repeated(0) !== 0) i32[sender + END.bits] = i32[sender + END.bits]! | END_BITS.oldestRepeated;
  else i32[sender + END.bits] = i32[sender + END.bits]! & ~END_BITS.oldestRepeated;
  ring.shift();
  if (ring.count > 0) return;
  // Rings are few: most flows need one for a moment, and closed ones wait for long.
  tracker.rings.give(number - 1);
  i32[sender + END.outstanding] = 0;
}

function sample(tracker: Tracker, sender: number, roundTrip: number): void {
  const { i32, f64 } = tracker.rows;
  const half = sender >> 1;
  const samples = i32[sender + END.rttSamples]!;
  if (tracker.forRecords) tracker.roundTrips.add(i32, f64, sender, roundTrip);
  i32[sender + END.rttSamples] = samples + 1;
  if (samples === 0) {
    f64[half + END.rttMinF64] = roundTrip;
    f64[half + END.rttMaxF64] = roundTrip;
    f64[half + END.rttSumF64] = roundTrip;
    return;
  }
  if (roundTrip < f64[half + END.rttMinF64]!) f64[half + END.rttMinF64] = roundTrip;
  if (roundTrip > f64[half + END.rttMaxF64]!) f64[half + END.rttMaxF64] = roundTrip;
  f64[half + END.rttSumF64] = f64[half + END.rttSumF64]! + roundTrip;
}
