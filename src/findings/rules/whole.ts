import { seqDelta } from '../../bytes/seq.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../../flow/rows.ts';
import { EVENT } from '../../tcp/events.ts';
import { STATE } from '../../tcp/machine.ts';
import { NOTE } from '../../tcp/verdict.ts';
import { ACK, SYN } from '../../wire/segment.ts';
import type { EndCase, FlowCase } from '../case.ts';
import type { Found } from '../found.ts';

/** How much of the flow the capture holds: bounds what the other rules may say. */
export function whole(flow: FlowCase, found: Found): void {
  if (flow.has(FLOW_BITS.midstream)) found.add('capture-midstream', { frame: flow.word(FLOW.firstFrame) });
  if (flow.facts.over() && isOpen(flow.i32, flow.row))
    found.add('capture-ended-open', { frame: flow.word(FLOW.lastFrame) });
  twoVantages(flow, found);
  for (const end of [flow.client, flow.server]) {
    oneWay(flow, end, found);
    gap(flow, end, found);
  }
}

/** Whether the row's connection is open: it was opened, and data can still be sent. */
export function isOpen(i32: Int32Array, row: number): boolean {
  if ((i32[row + FLOW.bits]! & OVER) !== 0) return false;
  const states = (1 << i32[row + FLOW.state + CLIENT]!) | (1 << i32[row + FLOW.state + SERVER]!);
  return (states & OPEN) !== 0 && (states & OPENING) === 0;
}

const OVER = FLOW_BITS.reset | FLOW_BITS.closed | FLOW_BITS.refused | FLOW_BITS.aborted;
const OPEN = (1 << STATE.ESTABLISHED) | (1 << STATE.FIN_WAIT1) | (1 << STATE.FIN_WAIT2) | (1 << STATE.CLOSE_WAIT);
const OPENING = (1 << STATE.SYN_SENT) | (1 << STATE.SYN_RECV);

/** One end's segments alone were captured, and the other must have answered. */
function oneWay(flow: FlowCase, end: EndCase, found: Found): void {
  if (!isOneWay(flow, end)) return;
  found.add('capture-one-way', {
    frame: flow.word(FLOW.lastFrame),
    frames: [flow.word(FLOW.firstFrame)],
    confidence: end.packets >= MANY ? 'certain' : 'likely',
    values: { by: end.name, segments: end.packets },
  });
}

/**
 * Whether segments of this end alone were captured, and they show that the other one answered: a SYN (or SYN+ACK) is
 * followed by something else than itself, what it acknowledges advances, or it sent more than anybody sends unanswered.
 */
export function isOneWay(flow: FlowCase, end: EndCase): boolean {
  const { packets } = end;
  const other = flow.other(end.side);
  if (packets === 0 || other.packets > 0 || flow.has(FLOW_BITS.selfConnect)) return false;
  const kept = flow.word(FLOW.completeness);
  const completeness = (kept | (kept >> 8)) & 0x3f;
  if ((completeness & SYNS) === 0)
    return (
      end.double(END.uniqueBytesF64) > UNANSWERED_LIMIT ||
      (packets >= MANY && other.has(END_BITS.unaKnown) && hasAdvanced(flow, other))
    );
  const again = flow.word(FLOW.synRetransmissions) + flow.word(FLOW.synAckRetransmissions);
  return (
    (completeness & (ACKS | DATA)) !== 0 &&
    (packets - again >= 3 || (end.side === SERVER && (completeness & DATA) !== 0))
  );
}

/** What was acknowledged of an end that was never captured is more than what the first segment acknowledged. */
function hasAdvanced(flow: FlowCase, end: EndCase): boolean {
  return seqDelta((flow.word(FLOW.eventBase + end.side) + 1) | 0, end.word(END.sndUna)) > 0;
}

/** Wireshark's completeness bits: SYN 1, SYN+ACK 2, ACK 4, data 8. */
const SYNS = 3;
const ACKS = 4;
const DATA = 8;
/** Segments of one end, so many that those of the other can't all have been lost. */
const MANY = 4;
/** Octets in one direction that nobody sends without an answer. */
const UNANSWERED_LIMIT = 1 << 17;

/** Octets that the other end acknowledged and the capture never saw. */
function gap(flow: FlowCase, end: EndCase, found: Found): void {
  const octets = gapOctets(flow, end);
  if (octets === 0) return;
  const acks = flow.noted.filter((noted) => noted.side !== end.side && (noted.events & EVENT.ackUnseenSegment) !== 0);
  found.add('capture-gap', {
    frame: acks[0]?.frame ?? flow.word(FLOW.lastFrame),
    frames: acks.slice(1, 20).map((noted) => noted.frame),
    values: { by: end.name, octets },
    confidence: flow.has(FLOW_BITS.midstream) ? 'likely' : 'certain',
  });
}

/** How many octets (and a FIN) of this end the other one acknowledged and the capture never saw; 0 where that can't be told. */
export function gapOctets(flow: FlowCase, end: EndCase): number {
  if (!flow.bothWays || flow.has(FLOW_BITS.selfConnect)) return 0;
  if (!end.has(END_BITS.seqKnown) || !end.has(END_BITS.unaKnown)) return 0;
  const octets = unseenOctets(flow, end);
  // A segment with a wrong checksum counts for nothing, and its acknowledgment may tell that it arrived all the same.
  if (octets === 0 || flow.noticed(NOTE.checksumBad)) return 0;
  return flow.other(end.side).events('ack-unseen-segment') > 0 && notYetSent(flow, end) ? 0 : octets;
}

/** Sequence numbers that were acknowledged and that no captured segment (with a good checksum) held. */
export function unseenOctets(flow: FlowCase, end: EndCase): number {
  const sndNxt = end.word(END.sndNxt);
  const una = end.word(END.sndUna);
  const ahead = seqDelta(sndNxt, una);
  if (ahead > IMPLAUSIBLE) return 0;
  const beyond = Math.max(0, ahead);
  // A keep-alive's sequence number is one below what was sent before the capture began.
  if (!end.has(END_BITS.isnKnown) || isInDisorder(flow)) return beyond > 1 ? beyond : 0;
  const unique = end.double(END.uniqueBytesF64);
  if (unique >= 0x7fff_0000) return beyond;
  const sent = seqDelta((end.word(END.isn) + 1) | 0, ahead > 0 ? una : sndNxt) - (end.sentFin ? 1 : 0);
  // What is not acknowledged may have been lost before the tap, but for a FIN, which was captured: only a hole that is
  // larger was the capture's.
  const fin = end.sentFin && seqDelta(end.word(END.finSeq), una) <= 0 ? 1 : 0;
  const waiting = Math.max(0, -ahead - fin);
  return Math.max(0, sent - unique - waiting);
}

/** Records of the connection stand before its SYN and SYN+ACK: what came between is not counted from the SYN on. */
function isInDisorder(flow: FlowCase): boolean {
  return flow.has(FLOW_BITS.midstream) && flow.word(FLOW.firstFrame) !== flow.word(FLOW.synAckFrame);
}

/** An acknowledgment so far past what was captured is taken for garbage. */
const IMPLAUSIBLE = 1 << 24;

/** The end went on sending and never got to what was acknowledged: then it is the ACK that is wrong. */
function notYetSent(flow: FlowCase, end: EndCase): boolean {
  return flow.noted.some(
    (noted) =>
      noted.side !== end.side &&
      (noted.events & EVENT.ackUnseenSegment) !== 0 &&
      seqDelta(noted.peer.sndNxt, end.word(END.sndNxt)) > 0 &&
      seqDelta(end.word(END.sndNxt), noted.ack) > 0,
  );
}

/** The SYN before was this one with other numbers: the server answers both, and the client goes on with both. */
function twoVantages(flow: FlowCase, found: Found): void {
  const old = flow.predecessor;
  if (old === undefined || flow.word(FLOW.synAckFrame) === 0) return;
  const apart = flow.double(FLOW.synTimeF64) - old.lastTime;
  if (!(apart >= 0 && apart <= AT_ONCE) || old.clientNxt === ((flow.client.word(END.isn) + 1) | 0)) return;
  const answer = flow.noted.find(
    (noted) => noted.side === SERVER && (noted.flags & SYN_ACK) === SYN_ACK && noted.ack === old.clientNxt,
  );
  const last = flow.noted.find(
    (noted) => noted.side === CLIENT && (noted.flags & SYN_ACK) === ACK && noted.seq === old.clientNxt,
  );
  if (answer === undefined || last === undefined) return;
  found.add('capture-two-vantages', {
    frame: answer.frame,
    frames: [old.lastFrame, flow.word(FLOW.synFrame), flow.word(FLOW.synAckFrame), last.frame],
    confidence: 'likely',
    values: { apartMs: apart / 1e6, flow: old.flow },
  });
}

const SYN_ACK = SYN | ACK;
/** Nanoseconds that a device needs at most to pass a SYN on. */
const AT_ONCE = 5e7;
