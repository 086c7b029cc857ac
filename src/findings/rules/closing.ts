import { seqDelta } from '../../bytes/seq.ts';
import { MS, SECOND } from '../../bytes/time.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../../flow/rows.ts';
import { type Noted, TRAIT } from '../../tcp/evidence/noted.ts';
import { STATE } from '../../tcp/machine.ts';
import { PATTERN, RESET_FORM } from '../../tcp/patterns.ts';
import { NOTE } from '../../tcp/verdict.ts';
import { FIN, RST, SYN } from '../../wire/segment.ts';
import { CLOCK_STEP, type EndCase, type FlowCase } from '../case.ts';
import type { Found } from '../found.ts';

/** How the connection closed. */
export function closing(flow: FlowCase, found: Found): void {
  const frame = flow.word(FLOW.firstFinFrame);
  if (frame === 0) return;
  const closer = flow.end(flow.has(FLOW_BITS.serverFinFirst) ? SERVER : CLIENT);
  const other = flow.other(closer.side);
  if (flow.has(FLOW_BITS.finWithData)) found.add('fin-with-data', { frame, values: { by: closer.name } });
  closesFirst(flow, found);
  const transferred = halfClose(flow, closer, other, found);
  closeWait(flow, closer, other, found);
  if (flow.hasEvidence) {
    for (const end of [closer, other]) if (end.sentFin) repeatedFin(flow, end, end !== closer, found);
    for (const end of [closer, other]) if (end.sentFin) beyondFin(flow, end, found);
    reordered(flow, found);
  }
  const took = flow.double(FLOW.lastAckTimeF64) - flow.double(FLOW.firstFinTimeF64);
  const isVoid = flow.spans(FLOW.firstFinFrame, FLOW.lastAckFrame);
  if (flow.has(FLOW_BITS.closed) && !transferred && took > 5 * SECOND && took < CLOCK_STEP && !isVoid)
    found.add('close-slow', {
      frame: flow.word(FLOW.lastAckFrame),
      frames: [frame, flow.word(FLOW.secondFinFrame)],
      values: { tookMs: took / MS, by: other.name },
    });
}

/** It was the server that began to close. */
export function closesFirst(flow: FlowCase, found: Found): void {
  if (isClosedByServer(flow)) found.add('server-closes-first', { frame: flow.word(FLOW.firstFinFrame) });
}

export function isClosedByServer(flow: FlowCase): boolean {
  const simultaneous = flow.word(FLOW.pattern) === PATTERN.simultaneous;
  return flow.has(FLOW_BITS.serverFinFirst) && !simultaneous && flow.has(FLOW_BITS.synSeen | FLOW_BITS.synAckSeen);
}

/** New payload of the other end after the FIN, which the first end acknowledged; whether there was any. */
function halfClose(flow: FlowCase, closer: EndCase, other: EndCase, found: Found): boolean {
  if (!flow.keeps(TRAIT.news)) return false;
  const payload = flow.noted.filter(
    (noted) =>
      noted.side === other.side &&
      noted.length > 0 &&
      !noted.repeats &&
      noted.frame > flow.word(FLOW.firstFinFrame) &&
      seqDelta(closer.word(END.finSeq), noted.ack) > 0 &&
      seqDelta((noted.seq + noted.length) | 0, other.word(END.sndUna)) >= 0,
  );
  const [first] = payload;
  if (first === undefined) return false;
  found.add('half-close-transfer', {
    frame: first.frame,
    frames: [flow.word(FLOW.firstFinFrame)],
    values: { by: closer.name },
  });
  return true;
}

const LEAK = 60 * SECOND;

function closeWait(flow: FlowCase, closer: EndCase, other: EndCase, found: Found): void {
  if (!closer.has(END_BITS.finAcked) || other.packets === 0 || flow.isTimeVoid) return;
  if (!other.sentFin && mayHaveSentFin(flow, other)) return;
  const from = flow.double(FLOW.firstFinTimeF64);
  let waited: number;
  let frame = flow.word(FLOW.firstFinFrame);
  if (other.sentFin) {
    if (!flow.noticed(NOTE.afterQuiet)) return;
    const fin = flow.noted.find(
      (noted) => noted.frame === other.word(END.finFrame) && (noted.notes & NOTE.afterQuiet) !== 0,
    );
    if (fin === undefined) return;
    waited = fin.time - Math.max(fin.own.time, from);
    frame = fin.frame;
  } else if (flow.has(FLOW_BITS.reset)) {
    const { reset } = flow;
    if (reset === undefined) return;
    const active = reset.side === other.side ? other.activeTime : Math.min(other.activeTime, reset.peer.time);
    waited = reset.time - Math.max(active, from);
    frame = reset.frame;
  } else {
    if (other.state !== STATE.CLOSE_WAIT) return;
    waited = flow.since(Math.max(other.activeTime || 0, from), frame);
  }
  if (waited >= LEAK && waited < CLOCK_STEP)
    found.add('close-wait-leak', {
      frame,
      frames: [flow.word(FLOW.firstFinFrame), flow.word(FLOW.finAckFrame)],
      confidence: other.hasGap ? 'possible' : 'certain',
      values: { by: closer.name, waitedMs: waited / MS },
    });
}

/**
 * Whether a FIN of this end may be what the capture lacks: something beyond what was captured is acknowledged (G1), or
 * the capture begins within the connection, and nothing in it says that this end was still open then (G3).
 */
function mayHaveSentFin(flow: FlowCase, end: EndCase): boolean {
  return end.sentUnseen || (flow.has(FLOW_BITS.midstream) && end.payloadSegments === 0);
}

/** FINs sent again: unanswered, lost, or acknowledged in vain. */
function repeatedFin(flow: FlowCase, end: EndCase, second: boolean, found: Found): void {
  if (end.word(END.lastFinFrame) === end.word(END.finFrame)) return;
  const fins = flow.noted.filter((noted) => noted.side === end.side && (noted.notes & NOTE.finRepeated) !== 0);
  const again = fins.filter((noted, i) => !isHasty(flow, end, noted, fins[i - 1]?.frame ?? end.word(END.finFrame)));
  const [first] = again;
  if (first === undefined) return;
  const last = again[again.length - 1]!;
  const frames = [end.word(END.finFrame), ...again.map((noted) => noted.frame)];
  found.add('fin-retransmitted', { frame: first.frame, frames, values: { by: end.name, times: again.length } });
  const other = flow.other(end.side);
  const acked = again.find(
    (noted) =>
      noted.peer.frame > end.word(END.finFrame) &&
      noted.peer.ack !== null &&
      seqDelta(end.word(END.finSeq), noted.peer.ack) > 0 &&
      noted.time - noted.peer.time > flow.roundTrip,
  );
  if (second && acked !== undefined && flow.has(FLOW_BITS.closed) && !flow.isTimeVoid)
    found.add('last-ack-lost', { frame: acked.frame, frames: [acked.peer.frame], values: { by: end.name } });
  const silent =
    again.every((noted) => noted.peer.frame < end.word(END.finFrame)) && other.word(END.lastFrame) < last.frame;
  if (end.has(END_BITS.finAcked) || !silent || again.length < 2 || other.packets === 0 || other.sentUnseen) return;
  found.add('fin-unanswered', {
    frame: end.word(END.finFrame),
    frames,
    values: {
      by: end.name,
      fins: again.length + 1,
      overMs: flow.isTimeVoid ? null : (last.time - first.own.time) / MS,
    },
  });
}

/**
 * Whether a FIN's repeat tells of no loss: no answer to the FIN was due yet, its ACK was on the way, or it is how BSD's stacks
 * acknowledge what comes before their FIN is acknowledged (tcp_output of FreeBSD and Darwin: a FIN in each ACK of FIN_WAIT_1,
 * CLOSING and LAST_ACK).
 *
 * @param before the frame that had the FIN before
 */
function isHasty(flow: FlowCase, end: EndCase, { time, ack, own, peer }: Noted, before: number): boolean {
  if (peer.frame > own.frame && peer.sndNxt === ack && seqDelta(peer.seq, ack) > 0) return true;
  if (flow.isTimeVoid) return false;
  const roundTrip = flow.quickestRoundTrip;
  const acked = peer.ack !== null && seqDelta(end.word(END.finSeq), peer.ack) > 0;
  const soon = own.frame === before && time - own.time < roundTrip;
  return soon || (acked && time - peer.time < roundTrip);
}

function beyondFin(flow: FlowCase, end: EndCase, found: Found): void {
  // Where both ends had closed, another connection whose SYN was not captured is the better explanation.
  if (flow.has(FLOW_BITS.closed)) return;
  const past = flow.noted.filter((noted) => {
    if (noted.side !== end.side || noted.length === 0 || noted.frame <= end.word(END.finFrame)) return false;
    if ((noted.flags & (SYN | RST)) !== 0 || (noted.notes & (NOTE.checksumBad | NOTE.keepAlive)) !== 0) return false;
    const beyond = seqDelta(end.word(END.finSeq), noted.seq);
    return beyond >= 1 && beyond < 1 << 20;
  });
  const [first] = past;
  // The SYN+ACK of another connection, whose SYN was not captured, stands between.
  if (first === undefined || flow.noted.some((noted) => isSynBetween(noted, end, first.frame))) return;
  found.add('data-beyond-fin', {
    frame: first.frame,
    frames: [end.word(END.finFrame), ...past.map((noted) => noted.frame)],
    confidence: end.hasGap ? 'possible' : 'certain',
    severity: end.hasGap ? 'notice' : 'alert',
    values: { by: end.name, segments: past.length },
  });
}

function isSynBetween(noted: Noted, end: EndCase, frame: number): boolean {
  return (
    noted.side === end.side && (noted.flags & SYN) !== 0 && noted.frame > end.word(END.finFrame) && noted.frame < frame
  );
}

function reordered(flow: FlowCase, found: Found): void {
  if (!flow.noticed(NOTE.leavesHole) || !flow.noticed(NOTE.fillsHole)) return;
  const early = flow.noted.find((noted) => (noted.flags & FIN) !== 0 && (noted.notes & NOTE.leavesHole) !== 0);
  if (early === undefined) return;
  const fills = flow.noted.find((noted: Noted) => noted.side === early.side && isOvertaken(noted, early));
  if (fills === undefined) return;
  const by = flow.end(early.side).name;
  found.add('fin-reordered', { frame: early.frame, frames: [fills.frame], values: { by } });
}

function isOvertaken(noted: Noted, fin: Noted): boolean {
  return noted.frame > fin.frame && (noted.notes & NOTE.fillsHole) !== 0 && !noted.repeats;
}

/** Whether the end other than the first closer aborted in answer to its FIN. Called where the cause is known. */
export function abortsOnFin(flow: FlowCase, reset: Noted): boolean {
  return (
    flow.word(FLOW.pattern) === PATTERN.resetAfterFin &&
    reset.side !== (flow.has(FLOW_BITS.serverFinFirst) ? SERVER : CLIENT) &&
    flow.resetForm === RESET_FORM.abort &&
    !flow.end(reset.side).sentFin
  );
}
