import { END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../flow/rows.ts';
import { ACK, CHECKSUM, FIN, ipLengthOf, RST, type SegmentView, SYN } from '../wire/segment.ts';
import { takeAckOfFin, takeFin } from './closing.ts';
import { shapeOf } from './copies.ts';
import { KEPT } from './events.ts';
import { isQuiet } from './history/quiet.ts';
import { STATE } from './machine.ts';
import { expectAck, settleAcknowledged } from './sequence.ts';
import type { Tracker } from './tracker.ts';

/**
 * The straight way for a segment in step: an ACK within an established connection that sends the next octets or none,
 * acknowledges what was captured and has no event; and the segments of a close that has nothing else in between. It does
 * what `Tracker.replay` would do, in one function and hardly with a call: most segments are of this kind, and a call that
 * the compiler leaves costs more than their work.
 *
 * Answers false, having changed nothing, for any other segment.
 */
export function takeInStep(tracker: Tracker, row: number, side: number, segment: SegmentView): boolean {
  const { i32, f64 } = tracker.rows;
  const sender = row + (side === 0 ? FLOW.client : FLOW.server);
  const receiver = row + (side === 0 ? FLOW.server : FLOW.client);
  const { flags, seq, ack, window, checksum, roomLength: length } = segment;
  // FIN is the lowest bit: 1 in sequence space, or 0.
  const fin = flags & FIN;
  const closes =
    fin !== 0 || i32[row + FLOW.state] !== STATE.ESTABLISHED || i32[row + FLOW.state + 1] !== STATE.ESTABLISHED;
  if (
    (flags & (SYN | RST | ACK)) !== ACK ||
    (closes && (length !== 0 || !closesInStep(i32, row, side, fin))) ||
    i32[sender + END.sndNxt] !== seq ||
    i32[sender + END.eventNext] !== seq ||
    i32[sender + END.eventBound] !== seq ||
    seq === 0 ||
    window === 0 ||
    segment.multipath !== 0 ||
    (i32[sender + END.islands]! | i32[receiver + END.islands]!) !== 0
  )
    return false;
  const flowBits = i32[row + FLOW.bits]!;
  const proves = !closes && (flowBits & UNPROVEN_MASK) === UNPROVEN;
  if (!proves && (flowBits & PROVEN_MASK) !== PROVEN) return false;
  const senderBits = i32[sender + END.bits]!;
  let receiverBits = i32[receiver + END.bits]!;
  const lastAck = i32[sender + END.eventAck]!;
  const peerWindow = i32[receiver + END.eventWindow]! - 1;
  const bound = i32[receiver + END.eventBound]!;
  const advance = (ack - i32[receiver + END.sndUna]!) | 0;
  if (
    (senderBits & (END_BITS.seqKnown | (closes && fin === 0 ? 0 : END_BITS.finSent))) !== END_BITS.seqKnown ||
    (receiverBits & (closes ? UNDISTURBED : END_BITS.unaKnown | END_BITS.finSent)) !== END_BITS.unaKnown ||
    checksum === CHECKSUM.bad ||
    (i32[sender + END.eventBits]! & ~KEPT.synWindow) !== KEPT.base ||
    (checksum === CHECKSUM.good && (senderBits & END_BITS.checksumGood) === 0) ||
    i32[sender + END.lastTtl] !== segment.ttl ||
    peerWindow <= 0 ||
    bound === 0 ||
    ((ack - bound) | 0) > 0 ||
    advance >>> 30 !== 0
  )
    return false;
  const end = (seq + length + fin) | 0;
  if (length === 0) {
    if (fin !== 0) {
      if (i32[sender + END.outstanding] !== 0 || i32[receiver + END.eventBits] !== KEPT.base) return false;
    } else if (ack === lastAck) return false;
  } else {
    const peerAck = i32[receiver + END.eventAck]!;
    if (((end - peerAck) | 0) <= 0) return false;
    const scale = i32[receiver + END.eventScale]!;
    const shift = scale <= 1 || (i32[receiver + END.eventBits]! & KEPT.synWindow) !== 0 ? 0 : scale - 2;
    if (scale !== 0 && end === ((peerAck + (peerWindow << shift)) | 0)) return false;
  }
  const silence = segment.time - f64[(row >> 1) + FLOW.lastTimeF64]!;
  if (silence >= SILENCE) return false;

  // From here on it is in step.
  const { verdict } = tracker;
  const { time, frame } = segment;
  if (tracker.forRecords && !isQuiet(i32, row, side, sender, receiver, segment)) {
    tracker.history.takeInStep(row, side, sender, receiver, segment);
    if (length !== 0) tracker.timing.takePayload(row, side, time);
  }
  const half = sender >> 1;
  verdict.row = row;
  verdict.side = side;
  verdict.flow = i32[row + FLOW.number]!;
  verdict.clientState = STATE.ESTABLISHED;
  verdict.serverState = STATE.ESTABLISHED;
  tracker.segments++;
  // A server that sends anything but its SYN+ACK got the handshake's ACK.
  if (proves && side === SERVER) i32[row + FLOW.bits] = flowBits | FLOW_BITS.serverProven;
  if (checksum === CHECKSUM.partial) tracker.checksumsForgiven++;
  i32[row + FLOW.lastFrame] = frame;
  f64[(row >> 1) + FLOW.lastTimeF64] = time;
  if (silence > f64[(row >> 1) + FLOW.longestSilenceF64]!) f64[(row >> 1) + FLOW.longestSilenceF64] = silence;
  const before = i32[row + FLOW.completeness]!;
  i32[row + FLOW.completeness] = (before | (before >> 8) | (length === 0 ? 4 : 8) | (fin << 4)) & 0x3f;
  i32[sender + END.lastFrame] = frame;
  i32[sender + END.packets] = i32[sender + END.packets]! + 1;
  f64[half + END.ipBytesF64] = f64[half + END.ipBytesF64]! + ipLengthOf(segment);
  let bits = senderBits | END_BITS.lastKnown;

  // What a copy, and the next segment's events, are told by.
  i32[sender + END.lastSeq] = seq;
  i32[sender + END.lastIpId] = segment.ipId;
  i32[sender + END.lastTtl] = segment.ttl;
  const shape = shapeOf(segment);
  i32[sender + END.lastShape] = shape;
  tracker.recent.keep(sender, segment, shape);
  i32[sender + END.eventAck] = ack;
  i32[sender + END.eventWindow] = window + 1;
  i32[sender + END.eventLast] = 0;
  i32[sender + END.eventBits] = KEPT.base;
  f64[half + END.lastTimeF64] = time;
  if (ack !== lastAck) i32[sender + END.eventDuplicates] = 0;

  if (length !== 0) {
    f64[half + END.bytesF64] = f64[half + END.bytesF64]! + length;
    f64[half + END.uniqueBytesF64] = f64[half + END.uniqueBytesF64]! + length;
    i32[sender + END.payloadSegments] = i32[sender + END.payloadSegments]! + 1;
    i32[sender + END.payloadAck] = ack;
  }
  if (end !== seq) {
    i32[sender + END.sndNxt] = end;
    i32[sender + END.seenNxt] = end;
    i32[sender + END.eventNext] = end;
    i32[sender + END.eventBound] = end;
    f64[half + END.eventNextTimeF64] = time;
    if (i32[sender + END.oldestEnd] === i32[sender + END.oldestStart]) {
      i32[sender + END.oldestStart] = seq;
      i32[sender + END.oldestEnd] = end;
      i32[sender + END.oldestFrame] = frame;
      f64[half + END.oldestTimeF64] = time;
      bits &= ~END_BITS.oldestRepeated;
    } else expectAck(tracker, sender, seq, end, segment, 0);
  }

  const shift = i32[row + FLOW.shift + side]! - 1;
  if (shift >= 0) {
    const scaled = window << shift;
    if ((bits & END_BITS.windowKnown) === 0) {
      bits |= END_BITS.windowKnown;
      i32[sender + END.minWindow] = scaled;
      i32[sender + END.maxWindow] = scaled;
    } else if (scaled < i32[sender + END.minWindow]!) i32[sender + END.minWindow] = scaled;
    else if (scaled > i32[sender + END.maxWindow]!) i32[sender + END.maxWindow] = scaled;
  }
  if (segment.hasTimestamps !== 0) {
    const { tsVal } = segment;
    if ((bits & END_BITS.timestamps) === 0 || ((tsVal - i32[sender + END.tsVal]!) | 0) >= 0)
      i32[sender + END.tsVal] = tsVal;
    bits |= END_BITS.timestamps;
  }
  i32[sender + END.bits] = bits;

  i32[receiver + END.sndUna] = ack;
  const waits = i32[receiver + END.oldestEnd]!;
  const start = i32[receiver + END.oldestStart]!;
  const disordered = (receiverBits & END_BITS.disordered) !== 0;
  if (disordered || (waits !== start && ((ack - waits) | 0) >= 0)) {
    if (disordered || waits !== ack || i32[receiver + END.outstanding] !== 0)
      settleAcknowledged(tracker, receiver, segment);
    else {
      const peerHalf = receiver >> 1;
      const sentFrame = i32[receiver + END.oldestFrame]!;
      const roundTrip = time - f64[peerHalf + END.oldestTimeF64]!;
      verdict.acksFrame = sentFrame;
      verdict.rtt = roundTrip;
      if ((receiverBits & END_BITS.oldestRepeated) === 0) {
        const samples = i32[receiver + END.rttSamples]!;
        if (tracker.forRecords) tracker.roundTrips.add(i32, f64, receiver, roundTrip);
        i32[receiver + END.rttSamples] = samples + 1;
        f64[peerHalf + END.rttSumF64] = f64[peerHalf + END.rttSumF64]! + roundTrip;
        if (samples === 0) {
          f64[peerHalf + END.rttMinF64] = roundTrip;
          f64[peerHalf + END.rttMaxF64] = roundTrip;
        } else if (roundTrip < f64[peerHalf + END.rttMinF64]!) f64[peerHalf + END.rttMinF64] = roundTrip;
        else if (roundTrip > f64[peerHalf + END.rttMaxF64]!) f64[peerHalf + END.rttMaxF64] = roundTrip;
      }
      receiverBits |= END_BITS.ackedKnown;
      i32[receiver + END.ackedStart] = start;
      i32[receiver + END.ackedFrame] = sentFrame;
      i32[receiver + END.oldestEnd] = start;
      i32[receiver + END.bits] = receiverBits;
    }
  }
  if (closes) {
    if ((receiverBits & END_BITS.finSent) !== 0 && ((ack - i32[receiver + END.finSeq]!) | 0) > 0)
      takeAckOfFin(tracker, row, 1 - side, receiver, segment);
    takeFin(tracker, row, side, sender, receiver, segment);
    verdict.clientState = i32[row + FLOW.state]!;
    verdict.serverState = i32[row + FLOW.state + 1]!;
  }
  return true;
}

/** The first FIN, the second one (which may acknowledge the first), or the ACK of either: with nothing else in between. */
function closesInStep(i32: Int32Array, row: number, side: number, fin: number): boolean {
  const own = i32[row + FLOW.state + side]!;
  const peer = i32[row + FLOW.state + 1 - side]!;
  if (own === STATE.ESTABLISHED) return peer === STATE.ESTABLISHED && fin !== 0;
  if (own === STATE.CLOSE_WAIT) return peer === STATE.FIN_WAIT1 || (peer === STATE.FIN_WAIT2 && fin !== 0);
  return own === STATE.TIME_WAIT && peer === STATE.LAST_ACK && fin === 0;
}

const PROVEN = FLOW_BITS.serverProven | FLOW_BITS.clientProven;
const PROVEN_MASK =
  PROVEN | FLOW_BITS.selfConnect | FLOW_BITS.followed | FLOW_BITS.lateAck | FLOW_BITS.reset | FLOW_BITS.ghost;
/** The handshake is complete, but for a sign that its ACK arrived. */
const UNPROVEN = FLOW_BITS.clientProven | FLOW_BITS.synAckSeen | FLOW_BITS.ackSeen;
const UNPROVEN_MASK = PROVEN_MASK | UNPROVEN | FLOW_BITS.simultaneousOpen | FLOW_BITS.midstream;
/** Nanoseconds after which a silence means something to others (tcp/history/history.ts, tcp/evidence/evidence.ts). */
const SILENCE = 30e9;
/** Of the end that is acknowledged, in a close: something was acknowledged before, nothing was sent again. */
const UNDISTURBED = END_BITS.unaKnown | END_BITS.disordered;
