import { seqDelta } from '../../bytes/seq.ts';
import { MS, SECOND } from '../../bytes/time.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../../flow/rows.ts';
import { isOutdated, NOTED, type Noted, TRAIT } from '../../tcp/evidence/noted.ts';
import type { Predecessor } from '../../tcp/evidence/predecessor.ts';
import { STATE } from '../../tcp/machine.ts';
import { NOTE } from '../../tcp/verdict.ts';
import { ACK, FIN, RST, SYN } from '../../wire/segment.ts';
import type { FlowCase } from '../case.ts';
import type { Found } from '../found.ts';

/** Ports that are used again, and TIME_WAIT that does not last. */
export function reuse(flow: FlowCase, found: Found): void {
  takenOver(flow, found);
  if (!flow.hasEvidence) return;
  assassinated(flow, found);
  discovered(flow, found);
  outdated(flow, found);
}

/** The ports belonged to another connection before. */
export function takenOver(flow: FlowCase, found: Found): void {
  const takeover = takeoverOf(flow);
  if (takeover === TAKEOVER.none) return;
  const { client } = flow;
  const old = flow.predecessor!;
  const syn = flow.word(FLOW.synFrame);
  const since = flow.double(FLOW.synTimeF64) - old.timeWaitSince;
  if (takeover === TAKEOVER.refused) {
    const refusals = flow.noted.filter((noted) => isOldAck(noted, old));
    const first = refusals[0]!;
    const resets = flow.noted.filter(
      (noted) => noted.side === CLIENT && (noted.flags & RST) !== 0 && noted.seq === first.ack,
    );
    const accepted = flow.has(FLOW_BITS.synAckSeen) && !flow.has(FLOW_BITS.refused);
    found.add('port-reuse-refused', {
      frame: first.frame,
      frames: [syn, ...refusals.map((noted) => noted.frame), ...resets.map((noted) => noted.frame)],
      confidence: resets.length > 0 ? 'certain' : 'likely',
      values: {
        flow: old.flow,
        rounds: refusals.length,
        sinceMs: isClockSet(flow, old) ? null : since / MS,
        delayMs:
          accepted && !flow.isTimeVoid ? (flow.double(FLOW.synAckTimeF64) - flow.double(FLOW.synTimeF64)) / MS : null,
      },
    });
  } else if (takeover === TAKEOVER.accepted)
    found.add('port-reuse-in-time-wait', {
      frame: syn,
      frames: [flow.word(FLOW.synAckFrame)],
      values: {
        flow: old.flow,
        sinceMs: since / MS,
        isnAheadBy: seqDelta(old.clientNxt, client.word(END.isn)),
        linuxStillWaits: since < 60 * SECOND,
      },
    });
  else if (takeover === TAKEOVER.outdated)
    found.add('paws-refused', {
      frame: syn,
      frames: [old.lastFrame],
      confidence: 'possible',
      values: { by: 'client', what: 'SYN', times: 1 + flow.word(FLOW.synRetransmissions), flow: old.flow },
    });
  else found.add('time-wait-reused-by-owner', { frame: syn, values: { flow: old.flow, sinceMs: since / MS } });
}

/** What came of a SYN on ports that are in TIME_WAIT. */
export const TAKEOVER = { none: 0, refused: 1, accepted: 2, outdated: 3, byOwner: 4 } as const;

/** One of TAKEOVER. */
export function takeoverOf(flow: FlowCase): number {
  const { client, predecessor: old } = flow;
  if (old === undefined || !flow.has(FLOW_BITS.synSeen)) return TAKEOVER.none;
  if ((old.timeWait & SERVER_WAITS) !== 0) {
    if (flow.noted.some((noted) => isOldAck(noted, old))) return TAKEOVER.refused;
    if (isClockSet(flow, old)) return TAKEOVER.none;
    if (flow.has(FLOW_BITS.synAckSeen)) return isNewer(flow, old) ? TAKEOVER.accepted : TAKEOVER.none;
    const late = client.has(END_BITS.timestamps) && old.hasTsVal;
    return late && isOutdated(client.word(END.tsVal), old.clientTsVal) ? TAKEOVER.outdated : TAKEOVER.none;
  }
  if ((old.timeWait & CLIENT_WAITS) === 0 || !client.has(END_BITS.timestamps)) return TAKEOVER.none;
  if (isClockSet(flow, old)) return TAKEOVER.none;
  return flow.double(FLOW.synTimeF64) - old.timeWaitSince >= SECOND ? TAKEOVER.byOwner : TAKEOVER.none;
}

/** Whether nobody knows how much time passed since the old connection's last segment (G6). */
function isClockSet(flow: FlowCase, old: Predecessor): boolean {
  return flow.facts.clock.spans(old.lastFrame, flow.word(FLOW.synFrame));
}

const CLIENT_WAITS = 1;
const SERVER_WAITS = 2;

/**
 * Whether TIME_WAIT may give way to the SYN: its number, or its timestamp, is above the old ones (RFC 6191 2). Another one
 * is accepted only where TIME_WAIT was over, and the capture missed what ended it (G1).
 */
function isNewer({ client }: FlowCase, old: Predecessor): boolean {
  if (seqDelta(old.clientNxt, client.word(END.isn)) >= 0) return true;
  return client.has(END_BITS.timestamps) && old.hasTsVal && seqDelta(old.clientTsVal, client.word(END.tsVal)) > 0;
}

/** The server's last ACK of the old connection, said again. */
function isOldAck(noted: Noted, old: Predecessor): boolean {
  return (
    noted.kind === NOTED.segment &&
    noted.side === SERVER &&
    (noted.flags & (SYN | RST | ACK)) === ACK &&
    noted.ack === old.clientNxt
  );
}

/** TIME_WAIT ended by a RST that answers the ACK of an old segment (RFC 1337). */
function assassinated(flow: FlowCase, found: Found): void {
  if (!flow.has(FLOW_BITS.closed) || !flow.keeps(RST)) return;
  for (const noted of flow.noted) {
    if ((noted.flags & RST) === 0 || noted.kind !== NOTED.segment) continue;
    const waiting = 1 - noted.side;
    if (noted.before[waiting] !== STATE.TIME_WAIT || noted.after[waiting] !== STATE.CLOSED) continue;
    // The ACK of the close itself, which no old segment drew: the other end had aborted, or got it twice.
    if (noted.peer.frame === flow.word(FLOW.lastAckFrame)) continue;
    const answered = flow.noted.find((other) => other.frame === noted.peer.frame);
    // What drew the ACK need not have passed this tap.
    const old = flow.noted.find((other) => isOldDuplicate(other, noted, flow.word(FLOW.lastAckFrame)));
    if (noted.seq !== noted.peer.ack || answered === undefined) continue;
    if (answered.length > 0 || (answered.flags & (FIN | SYN)) !== 0) continue;
    found.add('time-wait-assassinated', {
      frame: noted.frame,
      frames: [noted.peer.frame, old?.frame ?? 0],
      confidence: 'likely',
      values: { by: flow.end(waiting).name },
    });
    const late = found.findings.findIndex((finding) => finding.code === 'reset-after-close');
    if (late >= 0) found.findings.splice(late, 1);
    return;
  }
}

/** A segment of the closed end that came after the close, and before the RST's ACK: an old duplicate. */
function isOldDuplicate(noted: Noted, rst: Noted, lastAck: number): boolean {
  return (
    noted.kind === NOTED.segment &&
    noted.side === rst.side &&
    noted.frame > lastAck &&
    noted.frame < rst.peer.frame &&
    (noted.flags & RST) === 0
  );
}

/** A SYN on a connection that the other end still holds: challenge, RST, and the next SYN succeeds. */
function discovered(flow: FlowCase, found: Found): void {
  if (!flow.noticed(NOTE.synInsideConnection)) return;
  const syn = flow.noted.find((noted) => (noted.notes & NOTE.synInsideConnection) !== 0);
  if (syn === undefined) return;
  const challenge = flow.noted.find(
    (noted) =>
      noted.frame > syn.frame &&
      noted.side !== syn.side &&
      (noted.flags & (SYN | RST | ACK)) === ACK &&
      noted.length === 0,
  );
  const reset = flow.noted.find(
    (noted) =>
      challenge !== undefined &&
      noted.frame > challenge.frame &&
      noted.side === syn.side &&
      (noted.flags & RST) !== 0 &&
      noted.seq === challenge.ack,
  );
  if (challenge === undefined || reset === undefined) return;
  // Of a connection whose other FIN may lie before the capture, or be what it missed, TIME_WAIT is as good an explanation.
  if (flow.has(FLOW_BITS.midstream) && flow.end(syn.side).sentFin) return;
  if (flow.end(challenge.side).sentFin && seqDelta(challenge.peer.sndNxt, challenge.ack) > 0) return;
  found.add('half-open-discovered', {
    frame: reset.frame,
    frames: [syn.frame, challenge.frame],
    values: { by: flow.end(syn.side).name },
  });
}

/** Payload that came in order with an old timestamp, drew the ACK of before (RFC 7323 5.3, R1), and was sent again. */
function outdated(flow: FlowCase, found: Found): void {
  if (!flow.keeps(TRAIT.outdated)) return;
  for (const end of [flow.client, flow.server]) {
    const refused = flow.noted.filter((noted) => {
      if (noted.side !== end.side || noted.length === 0 || !isOld(noted) || noted.seq !== noted.peer.ack) return false;
      const again = flow.noted.find(
        (other) => other.side === end.side && other.frame > noted.frame && other.seq === noted.seq,
      );
      return (
        again !== undefined &&
        again.peer.frame > noted.frame &&
        again.peer.ack === noted.seq &&
        again.peer.payloads === noted.peer.payloads
      );
    });
    const [first] = refused;
    if (first === undefined) continue;
    found.add('paws-refused', {
      frame: first.frame,
      frames: refused.map((noted) => noted.frame),
      confidence: 'possible',
      values: {
        by: end.name,
        what: 'payload',
        times: refused.length,
        behindBy: seqDelta(first.tsVal, first.own.tsVal),
      },
    });
  }
}

/** A segment whose timestamp is so far below its sender's newest that reordering does not explain it. */
export function isOld(noted: Noted): boolean {
  return noted.kind === NOTED.segment && noted.hasTimestamps && isOutdated(noted.tsVal, noted.own.tsVal);
}
