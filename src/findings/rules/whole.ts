import { seqDelta } from '../../bytes/seq.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../../flow/rows.ts';
import { EVENT } from '../../tcp/events.ts';
import { STATE } from '../../tcp/machine.ts';
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
    if (end.packets > 0) gap(flow, end, found);
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

/** Enough segments of one end, in an established connection, that the other's cannot all have been lost. */
function oneWay(flow: FlowCase, end: EndCase, found: Found): void {
  const other = flow.other(end.side);
  if (other.packets > 0 || end.packets < 4 || !other.has(END_BITS.unaKnown)) return;
  found.add('capture-one-way', { frame: flow.word(FLOW.lastFrame), values: { by: end.name, segments: end.packets } });
}

/** Octets that the other end acknowledged and the capture never saw. */
function gap(flow: FlowCase, end: EndCase, found: Found): void {
  const other = flow.other(end.side);
  if (other.packets === 0 || !end.has(END_BITS.seqKnown) || !end.has(END_BITS.unaKnown)) return;
  const ahead = seqDelta(end.word(END.sndNxt), end.word(END.sndUna));
  const missing = missingInside(end) + Math.max(0, ahead);
  if (missing <= 0 || ahead > 1 << 24) return;
  if (other.events('ack-unseen-segment') === 0 || notYetSent(flow, end)) return;
  const acks = flow.noted.filter((noted) => noted.side !== end.side && (noted.events & EVENT.ackUnseenSegment) !== 0);
  found.add('capture-gap', {
    frame: acks[0]?.frame ?? flow.word(FLOW.lastFrame),
    frames: acks.slice(1, 20).map((noted) => noted.frame),
    values: { by: end.name, octets: missing },
    confidence: flow.has(FLOW_BITS.midstream) ? 'likely' : 'certain',
  });
}

/** Sequence numbers below what was sent last that no captured segment held; 0 where the beginning is not known. */
function missingInside(end: EndCase): number {
  if (!end.has(END_BITS.isnKnown)) return 0;
  const unique = end.double(END.uniqueBytesF64);
  const room = (end.word(END.sndNxt) - end.word(END.isn) - 1 - (end.sentFin ? 1 : 0)) >>> 0;
  return unique > 2 ** 31 || room < unique ? 0 : room - unique;
}

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
