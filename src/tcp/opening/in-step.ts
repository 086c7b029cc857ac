import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../../flow/rows.ts';
import { ACK, CHECKSUM, ipLengthOf, PSH, type SegmentView, SYN } from '../../wire/segment.ts';
import { takeAcknowledgment } from '../closing.ts';
import { rememberSegment, shapeOf } from '../copies.ts';
import { EVENT, isAtEpoch, isHeaderCut, KEPT, MULTIPATH, takeEventScale } from '../events.ts';
import { ON, STATE } from '../machine.ts';
import { expectAck } from '../sequence.ts';
import type { Tracker } from '../tracker.ts';
import { NOTE, type Verdict } from '../verdict.ts';
import { noteSynOptions, settleScale, step, takeHandshakeAck } from './opening.ts';

/**
 * The straight way for an opening in which nothing is odd: a SYN, its SYN+ACK and the ACK of that, each of them the first,
 * in order, without payload. As tcp/steady.ts does for what follows, it does what `Tracker.replay` would do, without
 * asking at each step what could be different.
 *
 * Answers false, having changed nothing, for any other segment.
 */
export function takeOpeningInStep(tracker: Tracker, row: number, side: number, segment: SegmentView): boolean {
  if (segment.checksum === CHECKSUM.bad || !isStraight(segment)) return false;
  switch (segment.flags & ~PSH) {
    case SYN:
      return side === CLIENT && takeFirstSyn(tracker, row, segment);
    case SYN | ACK:
      return side === SERVER && takeFirstSynAck(tracker, row, segment);
    case ACK:
      return side === CLIENT && takeFirstAck(tracker, row, segment);
    default:
      return false;
  }
}

/** Whether nothing is odd about a SYN, a SYN+ACK or the ACK of that, as far as its header tells, beside the checksum. */
function isStraight(segment: SegmentView): boolean {
  return (
    segment.roomLength === 0 &&
    segment.window !== 0 &&
    segment.seq !== 0 &&
    segment.fastOpenCookie < 0 &&
    segment.multipath === 0 &&
    !isHeaderCut(segment)
  );
}

/** The same of a SYN that begins a flow: then nothing is to be said of it but that. */
export function isStraightSyn(segment: SegmentView): boolean {
  return isStraight(segment) && segment.ack === 0 && !isAtEpoch(segment);
}

/** And of the SYN+ACK that acknowledges it. */
export function isStraightSynAck(segment: SegmentView): boolean {
  return isStraight(segment) && segment.ack !== 0;
}

/** The SYN that a flow begins with; the ports may have been used before. */
function takeFirstSyn(tracker: Tracker, row: number, segment: SegmentView): boolean {
  const { i32, f64 } = tracker.rows;
  const { verdict } = tracker;
  const { frame, time, seq, ack } = segment;
  const bits = i32[row + FLOW.bits]!;
  if (
    i32[row + FLOW.firstFrame] !== frame ||
    i32[row + FLOW.lastFrame] !== 0 ||
    (bits & (FLOW_BITS.selfConnect | FLOW_BITS.clientByMask)) !== 0 ||
    (verdict.notes & ~(NOTE.portsReused | NOTE.reusedInTimeWait)) !== 0 ||
    ack !== 0 ||
    isAtEpoch(segment)
  )
    return false;
  const client = row + FLOW.client;
  const server = row + FLOW.server;
  begin(tracker, row, CLIENT, client, segment);
  i32[row + FLOW.completeness] = 1;
  if ((verdict.notes & NOTE.portsReused) !== 0) tracker.countEvents(client, EVENT.portReused);
  i32[client + END.eventNext] = (seq + 1) | 0;
  i32[client + END.eventBound] = (seq + 1) | 0;
  f64[(client >> 1) + END.eventNextTimeF64] = time;
  i32[client + END.eventWindow] = segment.window + 1;
  i32[row + FLOW.eventBase] = seq;
  f64[(row >> 1) + FLOW.eventRoundTripF64] = time;
  i32[client + END.eventBits] = KEPT.base | KEPT.synWindow | KEPT.roundTrip | KEPT.bare;
  i32[server + END.eventBits] = KEPT.roundTrip;
  takeEventScale(i32, client, server, segment);
  tracker.history.beginWithSyn(row, seq, time);
  noteSynOptions(i32, client, segment);
  i32[row + FLOW.bits] = bits | FLOW_BITS.synSeen;
  i32[row + FLOW.synFrame] = frame;
  f64[(row >> 1) + FLOW.synTimeF64] = time;
  i32[row + FLOW.lastSynFrame] = frame;
  f64[(row >> 1) + FLOW.lastSynTimeF64] = time;
  tracker.log.enter(row, CLIENT, STATE.SYN_SENT, frame, time);
  sendSyn(tracker, client, segment);
  return end(tracker, row, client, segment);
}

/** The SYN+ACK that answers it. */
function takeFirstSynAck(tracker: Tracker, row: number, segment: SegmentView): boolean {
  const { i32, f64 } = tracker.rows;
  const client = row + FLOW.client;
  const server = row + FLOW.server;
  const { frame, time, seq, ack } = segment;
  const silence = time - f64[(row >> 1) + FLOW.lastTimeF64]!;
  if (
    (i32[row + FLOW.bits]! & ~FIXED) !== FLOW_BITS.synSeen ||
    i32[row + FLOW.state] !== STATE.SYN_SENT ||
    i32[client + END.packets] !== 1 ||
    i32[server + END.packets] !== 0 ||
    ack !== ((i32[client + END.isn]! + 1) | 0) ||
    ack === 0 ||
    i32[row + FLOW.dataInSyn] !== 0 ||
    (i32[client + END.bits]! & (END_BITS.unaKnown | END_BITS.finSent | END_BITS.disordered)) !== 0 ||
    tracker.verdict.notes !== 0 ||
    (i32[client + END.eventBits]! & MULTIPATH) !== 0 ||
    !(silence >= 0 && silence < SOON) ||
    !tracker.history.awaitsAnswer(row, time)
  )
    return false;
  tracker.oneWays.both = true;
  begin(tracker, row, SERVER, server, segment);
  if (silence > f64[(row >> 1) + FLOW.longestSilenceF64]!) f64[(row >> 1) + FLOW.longestSilenceF64] = silence;
  i32[row + FLOW.completeness] = (i32[row + FLOW.completeness]! | 2) & 0x3f;
  i32[server + END.eventNext] = (seq + 1) | 0;
  i32[server + END.eventBound] = (seq + 1) | 0;
  f64[(server >> 1) + END.eventNextTimeF64] = time;
  i32[server + END.eventWindow] = segment.window + 1;
  i32[server + END.eventAck] = ack;
  i32[row + FLOW.eventBase + 1] = seq;
  i32[server + END.eventBits] = i32[server + END.eventBits]! | KEPT.base | KEPT.synWindow;
  takeEventScale(i32, server, client, segment);
  tracker.history.answer(row, seq);
  noteSynOptions(i32, server, segment);
  settleScale(i32, row);
  i32[row + FLOW.bits] = i32[row + FLOW.bits]! | FLOW_BITS.synAckSeen | FLOW_BITS.clientDoubtful;
  i32[row + FLOW.synAckFrame] = frame;
  f64[(row >> 1) + FLOW.synAckTimeF64] = time;
  tracker.log.enter(row, SERVER, STATE.LISTEN, 0, 0);
  tracker.log.enter(row, SERVER, STATE.SYN_RECV, i32[row + FLOW.lastSynFrame]!, f64[(row >> 1) + FLOW.lastSynTimeF64]!);
  step(tracker, row, CLIENT, ON.getsSynAck, segment);
  sendSyn(tracker, server, segment);
  takeAcknowledgment(tracker, row, CLIENT, client, segment);
  return end(tracker, row, server, segment);
}

/** The ACK that completes the handshake. */
function takeFirstAck(tracker: Tracker, row: number, segment: SegmentView): boolean {
  const { i32, f64 } = tracker.rows;
  const client = row + FLOW.client;
  const server = row + FLOW.server;
  const { time, seq, ack } = segment;
  const half = row >> 1;
  const silence = time - f64[half + FLOW.lastTimeF64]!;
  const asked = f64[half + FLOW.eventRoundTripF64]!;
  if (
    (i32[row + FLOW.bits]! & ~FIXED) !== ANSWERED ||
    i32[row + FLOW.state] !== STATE.ESTABLISHED ||
    i32[row + FLOW.state + 1] !== STATE.SYN_RECV ||
    i32[client + END.packets] !== 1 ||
    i32[server + END.packets] !== 1 ||
    seq !== i32[client + END.sndNxt] ||
    seq !== i32[client + END.eventNext] ||
    seq !== i32[client + END.eventBound] ||
    ack !== i32[server + END.eventNext] ||
    ack !== i32[server + END.eventBound] ||
    ack !== i32[server + END.sndNxt] ||
    ack === 0 ||
    i32[client + END.lastTtl] !== segment.ttl ||
    (i32[client + END.eventBits]! & (KEPT.roundTrip | MULTIPATH)) !== KEPT.roundTrip ||
    !(time > asked) ||
    !(silence >= 0 && silence < SOON) ||
    tracker.verdict.notes !== 0
  )
    return false;
  begin(tracker, row, CLIENT, client, segment);
  if (silence > f64[half + FLOW.longestSilenceF64]!) f64[half + FLOW.longestSilenceF64] = silence;
  i32[row + FLOW.completeness] = (i32[row + FLOW.completeness]! | 4) & 0x3f;
  i32[client + END.eventWindow] = segment.window + 1;
  i32[client + END.eventAck] = ack;
  i32[client + END.eventLast] = 0;
  f64[half + FLOW.eventRoundTripF64] = time - asked;
  i32[client + END.eventBits] = KEPT.base;
  i32[server + END.eventBits] = i32[server + END.eventBits]! & ~KEPT.roundTrip;
  if (tracker.forRecords) tracker.history.takeInStep(row, CLIENT, client, server, segment);
  takeHandshakeAck(tracker, row, CLIENT, client, server, segment);
  takeAcknowledgment(tracker, row, SERVER, server, segment);
  const shift = i32[row + FLOW.shift]!;
  if (shift !== 0) {
    i32[client + END.bits] = i32[client + END.bits]! | END_BITS.windowKnown;
    i32[client + END.minWindow] = segment.window << (shift - 1);
    i32[client + END.maxWindow] = segment.window << (shift - 1);
  }
  if (segment.hasTimestamps !== 0) {
    const known = (i32[client + END.bits]! & END_BITS.timestamps) !== 0;
    if (!known || ((segment.tsVal - i32[client + END.tsVal]!) | 0) >= 0) i32[client + END.tsVal] = segment.tsVal;
    i32[client + END.bits] = i32[client + END.bits]! | END_BITS.timestamps;
  }
  tracker.evidence.services.complete(i32, row, time);
  return end(tracker, row, client, segment);
}

/** What is counted of every segment. */
function begin(tracker: Tracker, row: number, side: number, sender: number, segment: SegmentView): void {
  const { i32, f64 } = tracker.rows;
  const { verdict } = tracker;
  verdict.row = row;
  verdict.side = side;
  verdict.flow = i32[row + FLOW.number]!;
  tracker.segments++;
  i32[row + FLOW.lastFrame] = segment.frame;
  f64[(row >> 1) + FLOW.lastTimeF64] = segment.time;
  i32[sender + END.packets] = i32[sender + END.packets]! + 1;
  f64[(sender >> 1) + END.ipBytesF64] = f64[(sender >> 1) + END.ipBytesF64]! + ipLengthOf(segment);
  if (segment.checksum === CHECKSUM.good) tracker.noteGood(sender, segment);
  else if (segment.checksum >= CHECKSUM.partial) tracker.checksumsForgiven++;
}

/** The sequence number of a SYN waits for its acknowledgment. */
function sendSyn(tracker: Tracker, sender: number, segment: SegmentView): void {
  const { i32 } = tracker.rows;
  const next = (segment.seq + 1) | 0;
  i32[sender + END.bits] = i32[sender + END.bits]! | END_BITS.seqKnown;
  i32[sender + END.sndNxt] = next;
  i32[sender + END.seenNxt] = next;
  expectAck(tracker, sender, segment.seq, next, segment, 0);
}

function end(tracker: Tracker, row: number, sender: number, segment: SegmentView): true {
  rememberSegment(tracker, sender, segment, shapeOf(segment));
  noteStates(tracker.verdict, tracker.rows.i32, row);
  return true;
}

function noteStates(verdict: Verdict, i32: Int32Array, row: number): void {
  verdict.clientState = i32[row + FLOW.state]!;
  verdict.serverState = i32[row + FLOW.state + 1]!;
}

/** What is known of a flow before its first segment is taken. */
const FIXED = FLOW_BITS.v6 | FLOW_BITS.clientIsHigh;
/** The bits after a SYN and its SYN+ACK. */
const ANSWERED = FLOW_BITS.synSeen | FLOW_BITS.synAckSeen | FLOW_BITS.clientDoubtful;
/** Nanoseconds: below all after which a silence means something to anybody (tcp/history/history.ts: five seconds). */
const SOON = 5e9;
