import { seqDelta } from '../bytes/seq.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../flow/rows.ts';
import { ACK, FIN, RST, type SegmentView, SYN } from '../wire/segment.ts';
import { KEPT } from './events.ts';
import { STATE } from './machine.ts';
import { PATTERN, RESET_FORM, RESET_PACK } from './patterns.ts';
import type { Tracker } from './tracker.ts';
import { NOTE } from './verdict.ts';

/**
 * A RST: whether it counts (RFC 9293 3.5.3, RFC 5961 3.2), and what it closes. A counting RST closes both ends; one that
 * closes nobody leaves the flow as it is.
 */
export function takeReset(
  tracker: Tracker,
  row: number,
  side: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
): void {
  const { i32 } = tracker.rows;
  const other = sender === receiver ? side : 1 - side;
  const senderState = i32[row + FLOW.state + side]!;
  const receiverState = i32[row + FLOW.state + other]!;
  const bits = i32[row + FLOW.bits]!;
  if ((bits & FLOW_BITS.reset) !== 0) {
    // The first RST was not its sender's own; now that sender learns of it.
    if (receiverState !== STATE.CLOSED && receiverState !== STATE.unknown)
      tracker.log.enter(row, other, STATE.CLOSED, segment.frame, segment.time);
    return;
  }
  if ((bits & FLOW_BITS.reusePending) !== 0 && (segment.flags & ACK) === 0) {
    // The answer of a SYN_SENT socket to a challenge ACK: it stays in SYN_SENT, the old connection dies (3.5.1).
  } else if (receiverState === STATE.SYN_SENT && side === SERVER) {
    if (!answersSyn(i32, row, receiver, segment)) {
      tracker.verdict.notes |= NOTE.resetOutOfWindow;
      return;
    }
  } else if (senderState === STATE.SYN_SENT && receiverState === STATE.SYN_RECV) {
    // A SYN+ACK that met no socket in SYN_SENT any more: RST with SEQ = its ACK. Anything else changes nothing.
    if (!isExact(tracker, sender, segment)) return;
  } else if (
    senderState === STATE.SYN_SENT &&
    receiverState === STATE.unknown &&
    segment.seq !== i32[sender + END.sndNxt]
  ) {
    return; // a SYN+ACK with a wrong acknowledgment was answered (3.10.7.3): the client stays in SYN_SENT
  } else if (receiverState !== STATE.unknown && !isExact(tracker, sender, segment)) {
    if (receiverState === STATE.FIN_WAIT2 && inWindow(i32, row, sender, receiver, segment)) {
      // Linux: where close() has left FIN_WAIT2 to a minisocket, any RST in the window kills it, without a challenge.
      count(tracker, row, side, other, receiver, segment);
      i32[row + FLOW.reset] = i32[row + FLOW.reset]! | (1 << RESET_PACK.inexact);
      return;
    }
    tracker.verdict.notes |= inWindow(i32, row, sender, receiver, segment)
      ? NOTE.resetChallenged
      : NOTE.resetOutOfWindow;
    return;
  }
  if ((bits & FLOW_BITS.closed) === 0) count(tracker, row, side, other, receiver, segment);
  else if (
    senderState === STATE.TIME_WAIT &&
    formOf(segment) === RESET_FORM.reply &&
    tracker.log.frameOf(row, side) === i32[receiver + END.lastFrame]
  ) {
    // TIME_WAIT answers nothing with a RST: the socket was gone before the segment that seemed to take it there.
    tracker.log.retract(row, side);
    i32[row + FLOW.bits] = i32[row + FLOW.bits]! & ~timeWaitBit(side);
    const pattern = i32[row + FLOW.pattern]!;
    tracker.log.enter(row, side, STATE.CLOSED, 0, 0);
    count(tracker, row, side, other, receiver, segment);
    i32[row + FLOW.pattern] = pattern;
  } else closeAfterClose(tracker, row, side, other, segment);
}

/** RFC 9293 3.10.7.3: in SYN_SENT a RST counts only with an acceptable ACK. */
function answersSyn(i32: Int32Array, row: number, client: number, segment: SegmentView): boolean {
  if ((segment.flags & ACK) === 0) return false;
  const octets = seqDelta(i32[client + END.isn]!, segment.ack);
  return octets >= 1 && octets <= 1 + i32[row + FLOW.dataInSyn]!;
}

/** Whether the RST's sequence number is the one that its receiver waits for, as far as the tap can know. */
function isExact(tracker: Tracker, sender: number, segment: SegmentView): boolean {
  const { i32 } = tracker.rows;
  const bits = i32[sender + END.bits]!;
  const seq = segment.seq;
  if ((bits & END_BITS.seqKnown) === 0) return (bits & END_BITS.unaKnown) === 0 || seq === i32[sender + END.sndUna];
  if (seq === i32[sender + END.sndNxt] || seq === i32[sender + END.seenNxt]) return true;
  if ((bits & END_BITS.unaKnown) !== 0 && seq === i32[sender + END.sndUna]) return true;
  // Linux takes a RST on the FIN's own sequence number too, once the FIN has arrived.
  if ((bits & END_BITS.finDelivered) !== 0 && seq === i32[sender + END.finSeq]) return true;
  if (i32[sender + END.oldestEnd] !== i32[sender + END.oldestStart] && seq === i32[sender + END.oldestEnd]) return true;
  const number = i32[sender + END.outstanding]!;
  if (number === 0) return false;
  const ring = tracker.rings.at(number - 1);
  for (let i = 0; i < ring.count; i++) if (ring.end(i) === seq) return true;
  return false;
}

function inWindow(i32: Int32Array, row: number, sender: number, receiver: number, segment: SegmentView): boolean {
  const bits = i32[sender + END.bits]!;
  const from = (bits & END_BITS.unaKnown) !== 0 ? i32[sender + END.sndUna]! : i32[sender + END.seenNxt]!;
  const unscaled = (i32[receiver + END.eventBits]! & KEPT.synWindow) !== 0;
  const shift = unscaled ? 0 : Math.max(0, i32[row + FLOW.shift + (receiver === row + FLOW.client ? 0 : 1)]! - 1);
  const ahead = seqDelta(from, segment.seq);
  return ahead >= 0 && ahead < Math.max(1, (i32[receiver + END.eventWindow]! - 1) << shift);
}

/** Whether the connection is not open yet: neither is there an ACK of the SYN+ACK, nor do both ends show that they had them. */
function isOpening(i32: Int32Array, row: number): boolean {
  const bits = i32[row + FLOW.bits]!;
  if ((bits & (FLOW_BITS.synSeen | FLOW_BITS.ackSeen)) !== FLOW_BITS.synSeen) return false;
  const client = i32[row + FLOW.state]!;
  return (bits & FLOW_BITS.synAckSeen) !== 0 || client < STATE.ESTABLISHED || client === STATE.unknown;
}

/** The flow ends here: both endpoints are CLOSED. */
function count(
  tracker: Tracker,
  row: number,
  side: number,
  other: number,
  receiver: number,
  segment: SegmentView,
): void {
  const { i32, f64 } = tracker.rows;
  const { log, verdict } = tracker;
  const senderState = i32[row + FLOW.state + side]!;
  const receiverState = i32[row + FLOW.state + other]!;
  const bits = i32[row + FLOW.bits]!;
  const form = formOf(segment);
  i32[row + FLOW.beforeReset] = i32[row + FLOW.state]! | (i32[row + FLOW.state + 1]! << 4);
  i32[row + FLOW.resetFrame] = segment.frame;
  f64[(row >> 1) + FLOW.resetTimeF64] = segment.time;
  i32[row + FLOW.reset] =
    form |
    (stageOf(i32, row) << RESET_PACK.stage) |
    (side << RESET_PACK.side) |
    ((senderState === STATE.unknown ? STATE.CLOSED : senderState) << RESET_PACK.state);
  let more: number = FLOW_BITS.reset;
  if (isOpening(i32, row)) {
    i32[row + FLOW.pattern] = PATTERN.refused;
    if ((bits & FLOW_BITS.synAckSeen) !== 0) more |= FLOW_BITS.aborted;
    else if (side === SERVER) more |= FLOW_BITS.refused;
  } else i32[row + FLOW.pattern] = i32[row + FLOW.firstFinFrame] === 0 ? PATTERN.reset : PATTERN.resetAfterFin;
  verdict.notes |= NOTE.resetCounts;
  // The sender of a reply had no socket for the segment it answers: it was CLOSED before, since when is not captured,
  // unless that very segment killed it (data after its close).
  if (
    side === CLIENT &&
    (bits & FLOW_BITS.clientDoubtful) !== 0 &&
    senderState === STATE.ESTABLISHED &&
    form === RESET_FORM.reply
  )
    log.retract(row, side);
  // A FIN that the sender never acknowledged, not even by this RST, met no socket.
  const peerBits = i32[receiver + END.bits]! & (END_BITS.finDelivered | END_BITS.finAcked);
  const covered = form === RESET_FORM.abort && seqDelta(i32[receiver + END.finSeq]!, segment.ack) > 0;
  if (
    peerBits === END_BITS.finDelivered &&
    !covered &&
    (senderState === STATE.CLOSE_WAIT || senderState === STATE.CLOSING || senderState === STATE.TIME_WAIT)
  ) {
    log.retract(row, side);
    if (senderState === STATE.TIME_WAIT) i32[row + FLOW.bits] = i32[row + FLOW.bits]! & ~timeWaitBit(side);
  }
  if (senderState !== STATE.CLOSED) {
    const before = form === RESET_FORM.reply && (senderState === STATE.ESTABLISHED || senderState === STATE.CLOSE_WAIT);
    const unknownSince = senderState === STATE.unknown || (before && (bits & FLOW_BITS.clientDoubtful) === 0);
    if (unknownSince) log.enter(row, side, STATE.CLOSED, 0, 0);
    else log.enter(row, side, STATE.CLOSED, segment.frame, segment.time);
  }
  const receives = receiver !== (side === CLIENT ? row + FLOW.client : row + FLOW.server);
  if (receives && receiverState !== STATE.CLOSED && receiverState !== STATE.unknown)
    log.enter(row, other, STATE.CLOSED, segment.frame, segment.time);
  i32[row + FLOW.bits] = i32[row + FLOW.bits]! | more;
  tracker.handingOn.close(row, segment.time);
}

/** After both FINs were acknowledged a RST changes no pattern; it may end TIME_WAIT (RFC 1337). */
function closeAfterClose(tracker: Tracker, row: number, side: number, other: number, segment: SegmentView): void {
  const i32 = tracker.rows.i32;
  for (const which of [side, other])
    if (i32[row + FLOW.state + which] === STATE.TIME_WAIT)
      tracker.log.enter(row, which, STATE.CLOSED, segment.frame, segment.time);
}

function timeWaitBit(side: number): number {
  return side === CLIENT ? FLOW_BITS.timeWaitClient : FLOW_BITS.timeWaitServer;
}

function formOf(segment: SegmentView): number {
  if ((segment.flags & ACK) === 0) return RESET_FORM.reply;
  return segment.seq === 0 ? RESET_FORM.replyToSyn : RESET_FORM.abort;
}

/** `post-syn`, `post-ack`, `post-psh`, `later`: indexes of RESET_STAGES. */
function stageOf(i32: Int32Array, row: number): number {
  if (isOpening(i32, row)) return 0;
  const payloads = i32[row + FLOW.client + END.payloadSegments]! + i32[row + FLOW.server + END.payloadSegments]!;
  return payloads === 0 ? 1 : payloads === 1 ? 2 : 3;
}

/**
 * A segment after the reset. If its sender is the one that seemed to have sent the RST and it sends something new, it did
 * not send that RST: it lives, and only the other end is closed. If it is the other end and it goes on, a round trip
 * later, the RST never arrived or was refused: it lives until another RST comes, and the sender of the first one is dead
 * unless it, too, says anything but RST.
 */
export function takeSignOfLife(
  tracker: Tracker,
  row: number,
  side: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
): void {
  if ((segment.flags & (RST | SYN)) !== 0) return;
  const { i32, f64 } = tracker.rows;
  if (i32[row + FLOW.pattern] === PATTERN.refused || (i32[sender + END.bits]! & END_BITS.seqKnown) === 0) return;
  const resetBy = (i32[row + FLOW.reset]! >> RESET_PACK.side) & 1;
  const end = (segment.seq + segment.roomLength + ((segment.flags & FIN) !== 0 ? 1 : 0)) | 0;
  const fresh = seqDelta(i32[sender + END.sndNxt]!, end) > 0 && seqDelta(i32[sender + END.sndNxt]!, end) < 1 << 20;
  const later = segment.time - f64[(row >> 1) + FLOW.resetTimeF64]! >= flightTime(i32, f64, row);
  if (resetBy === side) {
    if (fresh || (later && (i32[row + FLOW.reset]! & RESET_PACK.formMask) !== RESET_FORM.reply))
      restore(tracker, row, side);
    return;
  }
  const news =
    fresh ||
    ((segment.flags & ACK) !== 0 &&
      (i32[receiver + END.bits]! & END_BITS.unaKnown) !== 0 &&
      seqDelta(i32[receiver + END.sndUna]!, segment.ack) > 0);
  const challenges = !fresh && segment.roomLength === 0 && i32[row + FLOW.reset]! >> RESET_PACK.inexact !== 0;
  if ((news && later) || (challenges && !news)) restore(tracker, row, side);
}

/**
 * After this long, nanoseconds, what comes from the other end was sent after the RST had reached it: one and a half times
 * the handshake's round trip (SYN to the final ACK, the same from every vantage), else 300 ms.
 */
function flightTime(i32: Int32Array, f64: Float64Array, row: number): number {
  if (i32[row + FLOW.ackFrame] === 0 || i32[row + FLOW.synFrame] === 0) return 3e8;
  const roundTrip = f64[(row >> 1) + FLOW.ackTimeF64]! - f64[(row >> 1) + FLOW.lastSynTimeF64]!;
  return roundTrip > 0 ? 1.5 * roundTrip + 1e6 : 3e8;
}

/** Takes back that the reset closed `side`, which goes on. When neither end is closed by it, there was no reset. */
function restore(tracker: Tracker, row: number, side: number): void {
  const i32 = tracker.rows.i32;
  tracker.verdict.notes |= NOTE.aliveAfterReset;
  if (i32[row + FLOW.state + side] !== STATE.CLOSED || !closedByReset(i32, row, side)) return;
  tracker.log.retract(row, side);
  const other = (i32[row + FLOW.bits]! & FLOW_BITS.selfConnect) !== 0 ? side : 1 - side;
  if (i32[row + FLOW.state + other] === STATE.CLOSED || !closedByReset(i32, row, other)) return;
  i32[row + FLOW.bits] = i32[row + FLOW.bits]! & ~(FLOW_BITS.reset | FLOW_BITS.aborted | FLOW_BITS.refused);
  i32[row + FLOW.resetFrame] = 0;
  i32[row + FLOW.pattern] = i32[row + FLOW.firstFinFrame] === 0 ? PATTERN.open : PATTERN.halfClosed;
}

/** Whether the endpoint was neither closed nor unknown when the RST came. */
function closedByReset(i32: Int32Array, row: number, side: number): boolean {
  const before = (i32[row + FLOW.beforeReset]! >> (side * 4)) & 15;
  return before !== STATE.CLOSED && before !== STATE.unknown;
}
