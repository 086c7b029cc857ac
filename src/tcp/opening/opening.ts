import { seqDelta } from '../../bytes/seq.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../../flow/rows.ts';
import { FIN, type SegmentView } from '../../wire/segment.ts';
import { OVER } from '../handing-on.ts';
import { nextState, ON, STATE } from '../machine.ts';
import { PATTERN } from '../patterns.ts';
import type { Tracker } from '../tracker.ts';
import { NOTE } from '../verdict.ts';

/** A SYN without ACK: an active open, its repeat, or the other half of a simultaneous open (RFC 9293 3.5). */
export function takeSyn(tracker: Tracker, row: number, side: number, sender: number, segment: SegmentView): void {
  const { i32, f64 } = tracker.rows;
  const bits = i32[row + FLOW.bits]!;
  const endBits = i32[sender + END.bits]!;
  if ((endBits & END_BITS.synSent) !== 0) {
    i32[row + FLOW.synRetransmissions] = i32[row + FLOW.synRetransmissions]! + 1;
    tracker.verdict.notes |= NOTE.synRepeated;
    tracker.verdict.repeats = 1;
    tracker.verdict.retransmitsFrame = i32[row + FLOW.synFrame]!;
    // A client that repeats its SYN has not got the SYN+ACK that was captured.
    if (
      (bits & (FLOW_BITS.clientProven | FLOW_BITS.simultaneousOpen)) === 0 &&
      i32[row + FLOW.state + side] === STATE.ESTABLISHED
    )
      tracker.log.retract(row, side);
  } else {
    noteSynOptions(i32, sender, segment);
    if ((bits & FLOW_BITS.synSeen) !== 0) i32[row + FLOW.bits] = bits | FLOW_BITS.simultaneousOpen;
    else {
      i32[row + FLOW.bits] = bits | FLOW_BITS.synSeen | (segment.fastOpenCookie > 0 ? FLOW_BITS.fastOpenCookie : 0);
      i32[row + FLOW.synFrame] = segment.frame;
      f64[(row >> 1) + FLOW.synTimeF64] = segment.time;
      i32[row + FLOW.dataInSyn] = segment.roomLength;
      if (segment.fastOpenCookie > 0 && segment.roomLength > 0) tracker.verdict.notes |= NOTE.fastOpenData;
    }
    const state = i32[row + FLOW.state + side]!;
    if (state === STATE.unknown || state === STATE.CLOSED)
      tracker.log.enter(row, side, STATE.SYN_SENT, segment.frame, segment.time);
  }
  if ((bits & FLOW_BITS.synAckSeen) === 0 || (bits & FLOW_BITS.ackSeen) === 0) {
    i32[row + FLOW.lastSynFrame] = segment.frame;
    f64[(row >> 1) + FLOW.lastSynTimeF64] = segment.time;
  }
}

/** A SYN+ACK: the server's answer, its repeat, or one half of a simultaneous open's second round. */
export function takeSynAck(
  tracker: Tracker,
  row: number,
  side: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
): void {
  const { i32, f64 } = tracker.rows;
  const other = sender === receiver ? side : 1 - side;
  const bits = i32[row + FLOW.bits]!;
  const peerBits = i32[receiver + END.bits]!;
  if ((peerBits & END_BITS.synSent) !== 0) {
    // RFC 9293 3.10.7.3 first check: an ACK of something never sent draws a RST and changes nothing.
    const octets = seqDelta(i32[receiver + END.isn]!, segment.ack);
    if (octets < 1 || octets > 1 + i32[row + FLOW.dataInSyn]!) return;
    // A late copy of the SYN met the listener again: what comes of that is no part of the connection that is over.
    const another = (i32[sender + END.bits]! & END_BITS.synSent) !== 0 && i32[sender + END.isn] !== segment.seq;
    if (another && (bits & OVER) !== 0 && i32[row + FLOW.state + other] !== STATE.SYN_SENT) {
      i32[row + FLOW.bits] = bits | FLOW_BITS.ghost;
      return;
    }
    // The client is connected: another number draws a challenge ACK and changes nothing (RFC 5961 4.2).
    if (another && (bits & FLOW_BITS.ackSeen) !== 0) return;
    if (another) tracker.answers.keep(row, i32, sender);
    if (octets > 1) i32[row + FLOW.bits] = i32[row + FLOW.bits]! | FLOW_BITS.fastOpen;
  } else if ((peerBits & END_BITS.isnKnown) === 0) {
    i32[receiver + END.isn] = (segment.ack - 1) | 0;
    i32[receiver + END.bits] = peerBits | END_BITS.isnKnown;
  }
  const again =
    (i32[sender + END.bits]! & END_BITS.synSent) !== 0 &&
    (bits & FLOW_BITS.synAckSeen) !== 0 &&
    i32[sender + END.isn] === segment.seq;
  if (
    sender === receiver ||
    ((i32[sender + END.bits]! & END_BITS.synSent) !== 0 && i32[row + FLOW.state + side] === STATE.SYN_SENT)
  ) {
    crossSyns(tracker, row, side, other, sender, segment);
    return;
  }
  if (again && (bits & FLOW_BITS.simultaneousOpen) === 0) {
    repeatSynAck(tracker, row, side, other, segment);
    return;
  }
  if ((i32[sender + END.bits]! & (END_BITS.synSent | END_BITS.finSent)) === END_BITS.finSent)
    forgetFin(i32, row, sender);
  noteSynOptions(i32, sender, segment);
  if ((i32[receiver + END.bits]! & END_BITS.synSent) !== 0) settleScale(i32, row);
  if ((bits & FLOW_BITS.synAckSeen) === 0) {
    i32[row + FLOW.bits] = i32[row + FLOW.bits]! | FLOW_BITS.synAckSeen;
    i32[row + FLOW.synAckFrame] = segment.frame;
    f64[(row >> 1) + FLOW.synAckTimeF64] = segment.time;
  }
  if (i32[row + FLOW.state + side] === STATE.unknown || i32[row + FLOW.state + side] === STATE.CLOSED) {
    tracker.log.enter(row, side, STATE.LISTEN, 0, 0);
    const synFrame = i32[row + FLOW.lastSynFrame]!;
    tracker.log.enter(row, side, STATE.SYN_RECV, synFrame, synFrame === 0 ? 0 : f64[(row >> 1) + FLOW.lastSynTimeF64]!);
  }
  if (i32[row + FLOW.state + other] === STATE.unknown) tracker.log.enter(row, other, STATE.SYN_SENT, 0, 0);
  step(tracker, row, other, ON.getsSynAck, segment);
  i32[row + FLOW.bits] = i32[row + FLOW.bits]! | FLOW_BITS.clientDoubtful;
}

/** Its FIN overtook the SYN+ACK: in SYN_SENT nothing is taken before (RFC 9293 3.10.7.3), so it must come again. */
function forgetFin(i32: Int32Array, row: number, sender: number): void {
  i32[sender + END.bits] = i32[sender + END.bits]! & ~(END_BITS.finSent | END_BITS.finDelivered);
  i32[row + FLOW.firstFinFrame] = 0;
  i32[row + FLOW.bits] = i32[row + FLOW.bits]! & ~(FLOW_BITS.serverFinFirst | FLOW_BITS.finWithData);
  i32[row + FLOW.pattern] = PATTERN.open;
}

/** A SYN+ACK sent again: either it or the client's ACK of it was lost, or the server threw that ACK away. */
function repeatSynAck(tracker: Tracker, row: number, side: number, other: number, segment: SegmentView): void {
  const i32 = tracker.rows.i32;
  i32[row + FLOW.synAckRetransmissions] = i32[row + FLOW.synAckRetransmissions]! + 1;
  tracker.verdict.notes |= NOTE.synAckRepeated;
  tracker.verdict.repeats = 1;
  tracker.verdict.retransmitsFrame = i32[row + FLOW.synAckFrame]!;
  const bits = i32[row + FLOW.bits]!;
  if (i32[row + FLOW.state + other] === STATE.SYN_SENT) step(tracker, row, other, ON.getsSynAck, segment);
  else if ((bits & FLOW_BITS.clientProven) === 0 && i32[row + FLOW.state + other] === STATE.ESTABLISHED)
    tracker.log.move(row, other, segment.frame, segment.time);
  if ((bits & FLOW_BITS.serverProven) === 0 && i32[row + FLOW.state + side] === STATE.ESTABLISHED)
    tracker.log.retract(row, side);
}

/**
 * Simultaneous open (RFC 9293 3.5 figure 7): whoever sends SYN+ACK after its own SYN got the other's SYN in SYN_SENT.
 * It is connected when its own SYN is acknowledged.
 */
function crossSyns(
  tracker: Tracker,
  row: number,
  side: number,
  other: number,
  sender: number,
  segment: SegmentView,
): void {
  const { i32, f64 } = tracker.rows;
  const bits = i32[row + FLOW.bits]!;
  if (i32[row + FLOW.state + side] === STATE.SYN_SENT)
    tracker.log.enter(row, side, STATE.SYN_RECV, i32[row + FLOW.lastSynFrame]!, f64[(row >> 1) + FLOW.lastSynTimeF64]!);
  i32[row + FLOW.bits] = bits | FLOW_BITS.synAckSeen | FLOW_BITS.simultaneousOpen;
  settleScale(i32, row);
  if ((bits & FLOW_BITS.synAckSeen) === 0) {
    i32[row + FLOW.synAckFrame] = segment.frame;
    f64[(row >> 1) + FLOW.synAckTimeF64] = segment.time;
  }
  if (i32[row + FLOW.state + other] === STATE.SYN_RECV) step(tracker, row, other, ON.getsAckOfSyn, segment);
  // Its own SYN was acknowledged before this segment showed that it had got the other one.
  if (
    (i32[sender + END.bits]! & END_BITS.unaKnown) !== 0 &&
    i32[row + FLOW.state + side] === STATE.SYN_RECV &&
    seqDelta(i32[sender + END.isn]!, i32[sender + END.sndUna]!) > 0
  )
    tracker.log.enter(
      row,
      side,
      STATE.ESTABLISHED,
      i32[row + FLOW.synAckFrame]!,
      f64[(row >> 1) + FLOW.synAckTimeF64]!,
    );
  finishIfBothConnected(tracker, row, segment);
}

/** RFC 7323 2.2: windows are scaled only when both SYNs offer it. */
export function settleScale(i32: Int32Array, row: number): void {
  const client = i32[row + FLOW.client + END.windowScale]!;
  const server = i32[row + FLOW.server + END.windowScale]!;
  const both = client >= 0 && server >= 0;
  i32[row + FLOW.shift] = 1 + (both ? Math.min(client, LARGEST_SHIFT) : 0);
  i32[row + FLOW.shift + 1] = 1 + (both ? Math.min(server, LARGEST_SHIFT) : 0);
}

/** A segment with ACK and no SYN, while the handshake is not proven at both ends. */
export function takeHandshakeAck(
  tracker: Tracker,
  row: number,
  side: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
): void {
  const { i32 } = tracker.rows;
  const bits = i32[row + FLOW.bits]!;
  if ((bits & PROVEN) === PROVEN) return;
  const other = sender === receiver ? side : 1 - side;
  const state = i32[row + FLOW.state + side]!;
  if ((bits & FLOW_BITS.simultaneousOpen) !== 0) {
    if (i32[row + FLOW.state + other] === STATE.SYN_RECV && acksSyn(i32, receiver, segment.ack))
      step(tracker, row, other, ON.getsAckOfSyn, segment);
    if (state === STATE.SYN_SENT && (i32[sender + END.bits]! & END_BITS.unaKnown) !== 0)
      step(tracker, row, side, ON.getsSynAck, segment);
    finishIfBothConnected(tracker, row, segment);
    return;
  }
  if ((bits & FLOW_BITS.synAckSeen) === 0) return;
  if (side === CLIENT) {
    const server = i32[row + FLOW.state + SERVER]!;
    if (!acksSyn(i32, receiver, segment.ack)) {
      if (!tracker.answers.takeBack(row, i32, receiver, segment.ack)) return;
      settleScale(i32, row);
    }
    if (state === STATE.SYN_SENT) step(tracker, row, CLIENT, ON.getsSynAck, segment);
    i32[row + FLOW.bits] = (bits | FLOW_BITS.clientProven) & ~FLOW_BITS.clientDoubtful;
    if (server === STATE.SYN_RECV) step(tracker, row, SERVER, ON.getsAckOfSyn, segment);
    completeHandshake(tracker, row, segment);
  } else if (state === STATE.SYN_RECV || (bits & FLOW_BITS.serverProven) === 0) {
    // A server that sends anything but its SYN+ACK is connected: the final ACK came by, captured or not. Only Fast Open
    // lets it speak before (RFC 7413 4.2.2).
    if (state === STATE.SYN_RECV) {
      if ((bits & FAST_OPEN) !== 0 || isChallenge(i32, receiver, segment)) return;
      step(tracker, row, SERVER, ON.getsAckOfSyn, segment);
    }
    i32[row + FLOW.bits] = i32[row + FLOW.bits]! | FLOW_BITS.serverProven | FLOW_BITS.ackSeen;
  }
}

/**
 * A segment with ACK, and of the server nothing is known yet. The client that sent a SYN goes on, or the server sends
 * payload on it: so there was a SYN+ACK, which the capture missed (G1), and both ends are connected.
 */
export function takeMissedSynAck(tracker: Tracker, row: number, side: number, segment: SegmentView): void {
  const { i32, f64 } = tracker.rows;
  const client = row + FLOW.client;
  const bits = i32[row + FLOW.bits]!;
  if (i32[row + FLOW.state] !== STATE.SYN_SENT || (bits & FLOW_BITS.selfConnect) !== 0) return;
  if (side === CLIENT) {
    const ahead = seqDelta(i32[client + END.isn]!, segment.seq);
    if (ahead < 1 || ahead > INITIAL_WINDOW) return;
    if (i32[row + FLOW.server + END.packets] === 0) tracker.oneWays.note(i32, row, SERVER);
  } else if (segment.roomLength === 0 || !acksSyn(i32, client, segment.ack)) return;
  tracker.log.enter(row, CLIENT, STATE.ESTABLISHED, 0, 0);
  tracker.log.enter(row, SERVER, STATE.LISTEN, 0, 0);
  tracker.log.enter(row, SERVER, STATE.SYN_RECV, i32[row + FLOW.lastSynFrame]!, f64[(row >> 1) + FLOW.lastSynTimeF64]!);
  step(tracker, row, SERVER, ON.getsAckOfSyn, segment);
}

/** A bare ACK of nothing but the SYN may answer a RST or SYN that was not taken (RFC 5961): it proves nothing. */
function isChallenge(i32: Int32Array, client: number, segment: SegmentView): boolean {
  if (segment.roomLength > 0 || (segment.flags & FIN) !== 0) return false;
  return seqDelta(i32[client + END.isn]!, segment.ack) <= 1;
}

function completeHandshake(tracker: Tracker, row: number, segment: SegmentView): void {
  const { i32, f64 } = tracker.rows;
  if (i32[row + FLOW.ackFrame] !== 0) return;
  i32[row + FLOW.bits] = i32[row + FLOW.bits]! | FLOW_BITS.ackSeen;
  i32[row + FLOW.ackFrame] = segment.frame;
  f64[(row >> 1) + FLOW.ackTimeF64] = segment.time;
  tracker.verdict.notes |= NOTE.handshakeComplete;
}

function finishIfBothConnected(tracker: Tracker, row: number, segment: SegmentView): void {
  const i32 = tracker.rows.i32;
  if (i32[row + FLOW.state] !== STATE.ESTABLISHED) return;
  if (i32[row + FLOW.state + 1] !== STATE.ESTABLISHED && (i32[row + FLOW.bits]! & FLOW_BITS.selfConnect) === 0) return;
  i32[row + FLOW.bits] = (i32[row + FLOW.bits]! | PROVEN) & ~FLOW_BITS.clientDoubtful;
  completeHandshake(tracker, row, segment);
}

/** Whether `ack` acknowledges `end`'s SYN and nothing that it never sent. */
function acksSyn(i32: Int32Array, end: number, ack: number): boolean {
  return seqDelta(i32[end + END.isn]!, ack) >= 1 && seqDelta(ack, i32[end + END.sndNxt]!) >= 0;
}

/** Takes an event; enters the next state if that is another one. */
export function step(tracker: Tracker, row: number, side: number, event: number, segment: SegmentView): void {
  const state = tracker.rows.i32[row + FLOW.state + side]!;
  const next = nextState(state, event);
  if (next !== state) tracker.log.enter(row, side, next, segment.frame, segment.time);
}

/** What a SYN or SYN+ACK offers. */
export function noteSynOptions(i32: Int32Array, sender: number, segment: SegmentView): void {
  // What it sent before this SYN (the last words of an older connection, say) was of another sequence space.
  const first = (i32[sender + END.bits]! & END_BITS.synSent) === 0 || i32[sender + END.isn] !== segment.seq;
  const ahead = seqDelta(segment.seq, i32[sender + END.sndNxt]!);
  const overtaken = (i32[sender + END.bits]! & END_BITS.seqKnown) !== 0 && ahead >= 1 && ahead <= INITIAL_WINDOW;
  const fresh = first && !overtaken;
  let bits = i32[sender + END.bits]! | END_BITS.isnKnown | END_BITS.synSent;
  if (fresh) bits &= ~END_BITS.seqKnown;
  if (segment.sackPermitted !== 0) bits |= END_BITS.sackPermitted;
  if (segment.hasTimestamps !== 0) {
    // The first one, whatever it is: from 2^31 on it is below the 0 of a new row.
    if (fresh || (bits & END_BITS.timestamps) === 0) i32[sender + END.tsVal] = segment.tsVal;
    bits |= END_BITS.timestamps;
  }
  i32[sender + END.bits] = bits;
  i32[sender + END.isn] = segment.seq;
  i32[sender + END.mss] = segment.mss;
  i32[sender + END.windowScale] = segment.windowScale;
}

/** What may overtake a SYN, or follow it without an ACK: no initial window is larger. */
const INITIAL_WINDOW = 1 << 16;

/** RFC 7323 2.3: larger shift counts are taken for 14. */
const LARGEST_SHIFT = 14;

const PROVEN = FLOW_BITS.serverProven | FLOW_BITS.clientProven;
const FAST_OPEN = FLOW_BITS.fastOpen | FLOW_BITS.fastOpenCookie;
