import { seqDelta } from '../bytes/seq.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../flow/rows.ts';
import { ACK, FIN, type SegmentView } from '../wire/segment.ts';
import { ON, STATE } from './machine.ts';
import { step } from './opening/opening.ts';
import { PATTERN } from './patterns.ts';
import { fillByAck, settleAcknowledged } from './sequence.ts';
import type { Tracker } from './tracker.ts';
import { NOTE } from './verdict.ts';

/** An acknowledgment number further than this past what was sent is taken for garbage. */
const PLAUSIBLE = 1 << 30;

/** The acknowledgment in a segment: `end` (the endpoint on `side`) learns what arrived, its FIN among it. */
export function takeAcknowledgment(
  tracker: Tracker,
  row: number,
  side: number,
  end: number,
  segment: SegmentView,
): void {
  const { i32 } = tracker.rows;
  const ack = segment.ack;
  settleAcknowledged(tracker, end, segment);
  const bits = i32[end + END.bits]!;
  if ((bits & END_BITS.unaKnown) !== 0) {
    const advance = seqDelta(i32[end + END.sndUna]!, ack);
    if (advance < 0 || (advance === 0 && (bits & END_BITS.finSent) === 0)) return;
    if (advance > 0) {
      if (advance > PLAUSIBLE) return;
      // Segments of an end that was never captured: it answers, and the capture does not see it.
      if (i32[end + END.packets] === 0) tracker.oneWays.note(i32, row, side);
      i32[end + END.sndUna] = ack;
    }
  } else {
    // RFC 9293 3.10.7.3: before a handshake is over, an ACK of what was never sent is not acceptable.
    if ((bits & END_BITS.synSent) !== 0 && seqDelta(i32[end + END.sndNxt]!, ack) > 0) return;
    i32[end + END.sndUna] = ack;
    i32[end + END.bits] = bits | END_BITS.unaKnown;
  }
  if (i32[end + END.islands] !== 0) fillByAck(tracker, end);
  if ((bits & END_BITS.finSent) !== 0 && seqDelta(i32[end + END.finSeq]!, ack) > 0)
    takeAckOfFin(tracker, row, side, end, segment);
}

/** `end`, the endpoint on `side`, learns that its FIN arrived. */
export function takeAckOfFin(tracker: Tracker, row: number, side: number, end: number, segment: SegmentView): void {
  const { i32, f64 } = tracker.rows;
  const other = selfOrOther(i32, row, side);
  if ((i32[end + END.bits]! & END_BITS.finAcked) !== 0) {
    // Acknowledged again: after a repeat of the FIN, and then TIME_WAIT starts over (RFC 9293 3.10.7.4 eighth check).
    if (
      (i32[row + FLOW.bits]! & FLOW_BITS.closed) === 0 ||
      i32[row + FLOW.lastAckFrame]! >= i32[end + END.lastFinFrame]!
    )
      return;
    if (i32[end + END.lastFinFrame] === i32[end + END.finFrame]) return;
  }
  // The other end has the FIN, whatever the capture missed before it.
  deliverFin(tracker, row, side, end, i32[end + END.lastFinFrame]!, segment);
  i32[end + END.bits] = i32[end + END.bits]! | END_BITS.finAcked;
  if (i32[row + FLOW.finAckFrame] === 0) i32[row + FLOW.finAckFrame] = segment.frame;
  step(tracker, row, side, ON.getsAckOfFin, segment);
  if (i32[row + FLOW.state + side] === STATE.TIME_WAIT) enterTimeWait(tracker, row, side, segment.time);
  const otherEnd = other === CLIENT ? row + FLOW.client : row + FLOW.server;
  if ((i32[otherEnd + END.bits]! & END_BITS.finAcked) === 0) return;
  i32[row + FLOW.bits] = i32[row + FLOW.bits]! | FLOW_BITS.closed;
  // The repeated FIN starts TIME_WAIT over, and so does its acknowledgment.
  if (i32[row + FLOW.lastAckFrame] !== 0 && i32[row + FLOW.state + other] === STATE.TIME_WAIT)
    enterTimeWait(tracker, row, other, segment.time);
  i32[row + FLOW.lastAckFrame] = segment.frame;
  f64[(row >> 1) + FLOW.lastAckTimeF64] = segment.time;
  tracker.verdict.notes |= NOTE.closeComplete;
  tracker.handingOn.close(row, segment.time);
}

/** The FIN of a segment, and the FIN that a segment before a hole makes effective. */
export function takeFin(
  tracker: Tracker,
  row: number,
  side: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
): void {
  const { i32 } = tracker.rows;
  if ((segment.flags & FIN) !== 0) {
    const finSeq = (segment.seq + segment.roomLength) | 0;
    if ((i32[sender + END.bits]! & END_BITS.finSent) === 0)
      sendFin(tracker, row, side, sender, receiver, segment, finSeq);
    else if (i32[sender + END.finSeq] === finSeq) repeatFin(tracker, row, side, sender, segment);
  }
  const bits = i32[sender + END.bits]!;
  if (
    (bits & (END_BITS.finSent | END_BITS.finDelivered)) === END_BITS.finSent &&
    seqDelta(i32[sender + END.finSeq]!, i32[sender + END.seenNxt]!) > 0
  )
    deliverFin(tracker, row, side, sender, segment.frame, segment);
}

/** The first copy of a FIN. */
function sendFin(
  tracker: Tracker,
  row: number,
  side: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
  finSeq: number,
): void {
  const { i32, f64 } = tracker.rows;
  i32[sender + END.bits] = i32[sender + END.bits]! | END_BITS.finSent;
  i32[sender + END.finSeq] = finSeq;
  i32[sender + END.finFrame] = segment.frame;
  i32[sender + END.lastFinFrame] = segment.frame;
  if (i32[row + FLOW.firstFinFrame] === 0) {
    i32[row + FLOW.firstFinFrame] = segment.frame;
    f64[(row >> 1) + FLOW.firstFinTimeF64] = segment.time;
    let bits = i32[row + FLOW.bits]!;
    if (side === SERVER) bits |= FLOW_BITS.serverFinFirst;
    if (segment.roomLength > 0) bits |= FLOW_BITS.finWithData;
    i32[row + FLOW.bits] = bits;
    fixPattern(i32, row, PATTERN.halfClosed);
    step(tracker, row, side, ON.sendsFin, segment);
    return;
  }
  i32[row + FLOW.secondFinFrame] = segment.frame;
  f64[(row >> 1) + FLOW.secondFinTimeF64] = segment.time;
  const covers = (segment.flags & ACK) !== 0 && seqDelta(i32[receiver + END.finSeq]!, segment.ack) > 0;
  const state = i32[row + FLOW.state + side]!;
  if (covers) {
    const merged = i32[row + FLOW.finAckFrame] === segment.frame;
    fixPattern(i32, row, merged ? PATTERN.threeWay : PATTERN.fourWay);
    if (merged) tracker.verdict.notes |= NOTE.ackAndFinMerged;
    step(tracker, row, side, ON.sendsFin, segment);
    return;
  }
  // It had not got the other side's FIN when it sent its own: both were on the way at once.
  fixPattern(i32, row, PATTERN.simultaneous);
  tracker.verdict.notes |= NOTE.finsCross;
  if (state === STATE.CLOSE_WAIT) tracker.log.retract(row, side);
  step(tracker, row, side, ON.sendsFin, segment);
  if ((i32[receiver + END.bits]! & END_BITS.finDelivered) !== 0) getFin(tracker, row, side, segment.frame, segment);
}

/** What a reset has fixed stays, though the other end has not heard of it and closes in its own way. */
function fixPattern(i32: Int32Array, row: number, pattern: number): void {
  if ((i32[row + FLOW.bits]! & FLOW_BITS.reset) === 0) i32[row + FLOW.pattern] = pattern;
}

/** A FIN sent again: its sender has not got the acknowledgment that was captured, if one was. */
function repeatFin(tracker: Tracker, row: number, side: number, sender: number, segment: SegmentView): void {
  const { i32 } = tracker.rows;
  tracker.verdict.notes |= NOTE.finRepeated;
  i32[sender + END.lastFinFrame] = segment.frame;
  const bits = i32[sender + END.bits]!;
  const state = i32[row + FLOW.state + side]!;
  const other = selfOrOther(i32, row, side);
  if ((bits & END_BITS.finAcked) !== 0) {
    const moved =
      state === STATE.FIN_WAIT2 ||
      (state === STATE.CLOSED &&
        (i32[row + FLOW.bits]! & FLOW_BITS.reset) === 0 &&
        i32[row + FLOW.secondFinFrame] !== 0);
    if (moved) {
      tracker.log.retract(row, side);
      i32[sender + END.bits] = bits & ~END_BITS.finAcked;
      i32[row + FLOW.bits] = i32[row + FLOW.bits]! & ~FLOW_BITS.closed;
    }
  } else if ((bits & END_BITS.finDelivered) !== 0) {
    const peer = i32[row + FLOW.state + other]!;
    if (peer === STATE.CLOSE_WAIT || peer === STATE.CLOSING || peer === STATE.TIME_WAIT)
      tracker.log.move(row, other, segment.frame, segment.time);
  }
}

/** The other end gets the FIN of the endpoint on `side`: all before it is there. `frame` is the copy that took effect. */
function deliverFin(
  tracker: Tracker,
  row: number,
  side: number,
  end: number,
  frame: number,
  segment: SegmentView,
): void {
  const i32 = tracker.rows.i32;
  if ((i32[end + END.bits]! & END_BITS.finDelivered) !== 0) return;
  i32[end + END.bits] = i32[end + END.bits]! | END_BITS.finDelivered;
  getFin(tracker, row, selfOrOther(i32, row, side), frame, segment);
}

function getFin(tracker: Tracker, row: number, side: number, frame: number, segment: SegmentView): void {
  const state = tracker.rows.i32[row + FLOW.state + side]!;
  step(tracker, row, side, ON.getsFin, segment);
  if (tracker.rows.i32[row + FLOW.state + side] === state) return;
  if (frame !== segment.frame) tracker.log.move(row, side, frame, segment.time);
  if (tracker.rows.i32[row + FLOW.state + side] === STATE.TIME_WAIT) enterTimeWait(tracker, row, side, segment.time);
}

function enterTimeWait(tracker: Tracker, row: number, side: number, time: number): void {
  const { i32, f64 } = tracker.rows;
  i32[row + FLOW.bits] =
    i32[row + FLOW.bits]! | (side === CLIENT ? FLOW_BITS.timeWaitClient : FLOW_BITS.timeWaitServer);
  f64[(row >> 1) + FLOW.timeWaitF64] = time;
}

function selfOrOther(i32: Int32Array, row: number, side: number): number {
  return (i32[row + FLOW.bits]! & FLOW_BITS.selfConnect) !== 0 ? side : 1 - side;
}
