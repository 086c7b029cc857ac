import { seqDelta } from '../../bytes/seq.ts';
import { MS, SECOND } from '../../bytes/time.ts';
import { END, END_BITS, FLOW, FLOW_BITS } from '../../flow/rows.ts';
import type { Noted } from '../../tcp/evidence/noted.ts';
import { resetCodeMeaning } from '../../tcp/evidence/reset-codes.ts';
import { RESET_FORM } from '../../tcp/patterns.ts';
import { NOTE } from '../../tcp/verdict.ts';
import { FIN, RST } from '../../wire/segment.ts';
import type { FlowCase } from '../case.ts';
import type { Found } from '../found.ts';
import { abortsOnFin } from './closing.ts';
import { resetCause } from './reset-causes.ts';

/** RSTs: whether they count, what they cost and carry; why the one that closed the flow was sent, `resetCause` says. */
export function resets(flow: FlowCase, found: Found): void {
  const all = flow.resets;
  if (all.length === 0) return;
  const { reset } = flow;
  for (const noted of all) uncounted(flow, noted, found);
  alive(flow, all, found);
  if (reset !== undefined) {
    resetCause(flow, reset, all, found);
    if (abortsOnFin(flow, reset))
      found.add('reset-by-passive-closer', {
        frame: reset.frame,
        frames: [flow.word(FLOW.firstFinFrame)],
        values: { by: flow.end(reset.side).name },
      });
    dataLost(flow, reset, found);
  } else afterClose(flow, all, found);
  for (const noted of all) carried(flow, noted, found);
}

/** A RST that its receiver does not take. */
function uncounted(flow: FlowCase, noted: Noted, found: Found): void {
  const by = flow.end(noted.side);
  const other = flow.other(noted.side);
  // Without anything after it nobody can tell that the connection went on.
  const wentOn = flow.word(FLOW.lastFrame) > noted.frame && other.word(END.lastFrame) > noted.frame;
  if ((noted.notes & NOTE.resetOutOfWindow) !== 0 && !found.has('reset-out-of-window')) {
    const known = flow.word(FLOW.shift) !== 0 || !other.has(END_BITS.windowKnown);
    if (!known || !wentOn || by.hasGap) return;
    const expected = noted.own.frame === 0 ? noted.peer.ack : noted.own.sndNxt;
    const octets = expected === null ? 0 : Math.abs(seqDelta(expected, noted.seq));
    if (octets === 0) return;
    found.add('reset-out-of-window', { frame: noted.frame, values: { by: by.name, octets } });
  } else if ((noted.notes & NOTE.resetChallenged) !== 0 && !found.has('reset-challenged')) {
    const after = flow.noted.filter((later) => later.frame > noted.frame);
    const challenge = after.find(
      (later) => later.side === other.side && later.length === 0 && (later.flags & RST) === 0,
    );
    const answered = challenge !== undefined && challenge.time - noted.time < 2 * flow.roundTrip + SECOND / 2;
    // Where no ACK tells, one that is ahead may be exact: the capture missed what is between (G1).
    const ahead = noted.own.frame !== 0 && seqDelta(noted.own.sndNxt, noted.seq) > 0;
    if (!answered && (!wentOn || ahead)) return;
    // What the capture missed was acknowledged: up to there, at the least, the RST's sender had come.
    if (answered && ahead && seqDelta(noted.own.sndNxt, challenge.ack) > 0) return;
    // Payload that was under way may have drawn the ACK as well.
    const inFlight = ahead && noted.peer.ack !== noted.own.sndNxt;
    const next = after.find((later) => later.side === by.side);
    const genuine = answered && next !== undefined && (next.flags & RST) !== 0 && next.seq === challenge.ack;
    found.add('reset-challenged', {
      frame: noted.frame,
      frames: [challenge?.frame ?? 0, next?.frame ?? 0],
      confidence: by.hasGap || inFlight ? 'possible' : 'certain',
      values: { by: by.name, answered, genuine: answered && next !== undefined ? genuine : null },
    });
  }
}

/** One end went on after the RST that seemed to end it. */
function alive(flow: FlowCase, all: readonly Noted[], found: Found): void {
  const sign = flow.aliveAfterReset;
  if (sign === undefined || flow.isTimeVoid) return;
  const side = flow.resetSide;
  const reset = all.findLast((noted) => noted.frame < sign.frame && noted.side === side);
  if (reset === undefined || sign.time - reset.time < Math.min(flow.roundTrip, SECOND)) return;
  // Of the first segment of all nobody can say that it was exact.
  if (reset.own.frame === 0 && reset.peer.frame === 0) return;
  // So far from all before it is another connection, whose SYN was not captured.
  if (sign.own.frame !== 0 && Math.abs(seqDelta(sign.own.seq, sign.seq)) > REACH) return;
  const by = flow.end(side).name;
  const evidence = { frame: reset.frame, frames: [sign.frame] };
  if (sign.side !== side) {
    // One late ACK may have been under way.
    const more = flow.noted.some((noted) => noted.side === sign.side && noted.frame > sign.frame);
    if (sign.length === 0 && (sign.flags & FIN) === 0 && !more) return;
    found.add('reset-receiver-alive', { ...evidence, values: { by, afterMs: (sign.time - reset.time) / MS } });
    return;
  }
  const beyond = seqDelta(reset.seq, sign.seq + sign.length) > 0 || (sign.flags & FIN) !== 0;
  if (!beyond || flow.end(side).hasGap) return;
  const how = sign.length > 0 ? 'new payload' : 'a FIN';
  found.add('reset-sender-alive', {
    ...evidence,
    confidence: 'likely',
    values: { by, how, afterMs: (sign.time - reset.time) / MS },
  });
}

/** Octets that a capture may have missed of a connection. */
const REACH = 1 << 20;

/** Octets that the sender of an abort had sent and the other end not acknowledged. */
function dataLost(flow: FlowCase, rst: Noted, found: Found): void {
  const by = flow.end(rst.side);
  const { ack } = rst.peer;
  if (flow.resetForm !== RESET_FORM.abort || rst.peer.frame === 0 || ack === null) return;
  if (!by.has(END_BITS.unaKnown) || by.payloadSegments === 0) return;
  const fin = by.sentFin ? 1 : 0;
  // An ACK that was under way covers what had arrived before the RST.
  const octets = seqDelta(by.word(END.sndUna), rst.seq) - fin;
  if (octets <= 0 || octets > 1 << 30 || found.has('reset-sender-alive')) return;
  found.add('reset-data-lost', {
    frame: rst.frame,
    frames: [rst.peer.frame],
    confidence: rst.time - by.activeTime > flow.roundTrip && !flow.isTimeVoid ? 'likely' : 'possible',
    values: { by: by.name, octets },
  });
}

/** RSTs after both FINs were acknowledged; one that ends TIME_WAIT is a finding of its own (rules/reuse.ts). */
function afterClose(flow: FlowCase, all: readonly Noted[], found: Found): void {
  if (!flow.has(FLOW_BITS.closed)) return;
  const late = all.filter((noted) => noted.frame > flow.word(FLOW.firstFinFrame));
  const [first] = late;
  if (first === undefined || isUncounted(first)) return;
  found.add('reset-after-close', {
    frame: first.frame,
    frames: late.map((noted) => noted.frame),
    values: { by: flow.end(first.side).name, resets: late.length },
  });
}

function isUncounted(noted: Noted): boolean {
  return (noted.notes & (NOTE.resetOutOfWindow | NOTE.resetChallenged)) !== 0;
}

/** What a RST carries beside its header. */
function carried(flow: FlowCase, noted: Noted, found: Found): void {
  const by = flow.end(noted.side).name;
  if (noted.length > 0 && !found.has('reset-with-payload'))
    found.add('reset-with-payload', { frame: noted.frame, values: { by, bytes: noted.length } });
  vendorCoded(flow, noted, found);
  const subtype = noted.extra >> 8;
  if (noted.extra < 0 || found.has('reset-mptcp') || found.has('mptcp-fastclose')) return;
  if (subtype === TCPRST) {
    const reason = MPTCP_REASONS[noted.extra & 15] ?? `${noted.extra & 15}`;
    found.add('reset-mptcp', {
      frame: noted.frame,
      values: { by, reason, transient: (noted.extra & 0x80) !== 0 },
    });
  } else if (subtype === FASTCLOSE) found.add('mptcp-fastclose', { frame: noted.frame, values: { by } });
}

/** A device's reason, in the window. */
function vendorCoded(flow: FlowCase, noted: Noted, found: Found): void {
  const meaning = resetCodeMeaning(noted.window);
  if (meaning === undefined || found.has('reset-vendor-coded')) return;
  if (!flow.facts.evidence.resetCodes.areWrittenBy(flow.i32, flow.row, noted.side)) return;
  found.add('reset-vendor-coded', {
    frame: noted.frame,
    confidence: 'likely',
    values: { by: flow.end(noted.side).name, window: noted.window, meaning },
  });
}

/** RFC 8684 3.6: subtypes of option 30, and the reasons of MP_TCPRST. */
const FASTCLOSE = 7;
const TCPRST = 8;
const MPTCP_REASONS = [
  'unspecified',
  'MPTCP error',
  'lack of resources',
  'administratively prohibited',
  'too much outstanding data',
  'unacceptable performance',
  'middlebox interference',
];
