import { seqDelta } from '../../bytes/seq.ts';
import { MS, SECOND } from '../../bytes/time.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../../flow/rows.ts';
import { EVENT } from '../../tcp/events.ts';
import { QUIET } from '../../tcp/evidence/evidence.ts';
import { type Noted, TRAIT } from '../../tcp/evidence/noted.ts';
import { RESET_FORM } from '../../tcp/patterns.ts';
import { NOTE } from '../../tcp/verdict.ts';
import { ACK, SYN } from '../../wire/segment.ts';
import type { EndCase, FlowCase } from '../case.ts';
import type { Confidence, Values } from '../finding.ts';
import type { Found } from '../found.ts';
import { isResetFirst } from './opening.ts';

/**
 * Why `rst`, which closed the flow, was sent: exactly one cause, the first that fits.
 *
 * @param all every RST of the flow that is kept
 */
export function resetCause(flow: FlowCase, rst: Noted, all: readonly Noted[], found: Found): void {
  const by = flow.end(rst.side);
  const form = flow.resetForm;
  // Near the other end that has got the FIN, and acknowledged it, since it sent what is answered.
  const atFin = by.sentFin && rst.seq === by.word(END.finSeq) && rst.peer.ack === ((rst.seq + 1) | 0);
  const answers =
    form === RESET_FORM.reply && rst.peer.frame !== 0 && (rst.seq === (rst.peer.bare ? 0 : rst.peer.ack) || atFin);
  const answered = answers ? flow.noted.find((noted) => noted.frame === rst.peer.frame) : undefined;
  const reset: Reset = { flow, rst, all, by, other: flow.other(rst.side), form, answers, answered };
  const { code, confidence, values, frames } = firstThatFits(reset);
  if (code === 'unsolicited-reset' || code === 'reset-sender-alive') {
    // Told, if at all, by the rule of their own.
    found.cause = code;
    found.confidence = confidence ?? 'certain';
    return;
  }
  found.addCause(code, {
    frame: rst.frame,
    ...(frames === undefined ? {} : { frames }),
    ...(confidence === undefined ? {} : { confidence }),
    values: { by: by.name, ...values },
  });
}

function firstThatFits(reset: Reset): Cause {
  for (const rule of CAUSES) {
    const cause = rule(reset);
    if (cause !== null) return cause;
  }
  return { code: 'reset-unexplained' };
}

/** What a cause is told from. */
interface Reset {
  readonly flow: FlowCase;
  readonly rst: Noted;
  readonly all: readonly Noted[];
  /** The end that sent it, and the other. */
  readonly by: EndCase;
  readonly other: EndCase;
  /** Of RESET_FORM. */
  readonly form: number;
  /** It answers the last segment of the other end, or one just before: SEQ is that segment's ACK. */
  readonly answers: boolean;
  /** That segment, where it is kept. */
  readonly answered: Noted | undefined;
}

/** Every code that can be the cause of a RST. */
export const RESET_CAUSES = [
  'unsolicited-reset',
  'reset-sender-alive',
  'handshake-refused',
  'accept-queue-reset',
  'handshake-aborted-by-client',
  'data-after-close',
  'fin-wait2-expired',
  'linger2-abort',
  'reset-both-ways',
  'reset-keepalive-timeout',
  'gave-up-silently',
  'reset-idle',
  'reset-peer-restarted',
  'reset-bad-ack',
  'reset-syn-in-window',
  'reset-no-socket',
  'reset-unaccepted',
  'reset-unread-data',
  'reset-linger-zero',
  'reset-unexplained',
] as const;

interface Cause {
  readonly code: (typeof RESET_CAUSES)[number];
  readonly confidence?: Confidence;
  readonly values?: Values;
  readonly frames?: readonly number[];
}

type CauseRule = (reset: Reset) => Cause | null;

/** What is more particular comes first. */
const CAUSES: readonly CauseRule[] = [
  unsolicited,
  refused,
  senderAlive,
  acceptQueueReset,
  abortedByClient,
  afterFin,
  bothWays,
  keepAliveTimeout,
  gaveUp,
  idle,
  badAck,
  peerRestarted,
  synInWindow,
  noSocket,
  unaccepted,
  unread,
  lingerZero,
];

function unsolicited({ flow }: Reset): Cause | null {
  return isResetFirst(flow) ? { code: 'unsolicited-reset', confidence: 'likely' } : null;
}

function senderAlive({ flow, rst }: Reset): Cause | null {
  return flow.aliveAfterReset?.side === rst.side ? { code: 'reset-sender-alive', confidence: 'likely' } : null;
}

function refused({ flow }: Reset): Cause | null {
  if (!flow.has(FLOW_BITS.refused)) return null;
  return { code: 'handshake-refused', frames: [flow.word(FLOW.synFrame)] };
}

/** The server's first word after the handshake is a RST for it, and the listener lives. */
function acceptQueueReset({ flow, rst, all, by, other, form, answers }: Reset): Cause | null {
  if (by.side !== SERVER || form !== RESET_FORM.reply || !flow.complete || !answers) return null;
  if (rst.own.packets !== 2 + flow.word(FLOW.synAckRetransmissions)) return null;
  // Each segment of the client draws one, from its ACK on; none of them knows of anything that the server had sent.
  const drawn = all.filter((noted) => noted.side === SERVER);
  if (drawn.length < other.packets - 1 - flow.word(FLOW.synRetransmissions)) return null;
  if (drawn.some(({ seq }) => seq !== ((by.word(END.isn) + 1) | 0))) return null;
  if (flow.isTimeVoid || rst.time - flow.double(FLOW.ackTimeF64) > 2 * flow.roundTrip + 50 * MS) return null;
  const service = flow.facts.services.of(flow.i32, flow.row);
  if (service.completed < 2) return null;
  return { code: 'accept-queue-reset', confidence: 'likely', frames: [flow.word(FLOW.ackFrame)] };
}

function abortedByClient({ flow, by, form }: Reset): Cause | null {
  if (!flow.has(FLOW_BITS.aborted) || by.side !== CLIENT) return null;
  return {
    code: 'handshake-aborted-by-client',
    frames: [flow.word(FLOW.synAckFrame)],
    values: { form: form === RESET_FORM.abort ? 'abort' : 'reply' },
  };
}

/** The sender had closed: its FIN came before. */
function afterFin({ flow, rst, by, other, form, answers, answered }: Reset): Cause | null {
  if (!by.sentFin) return null;
  const fin = by.word(END.finFrame);
  if (form === RESET_FORM.abort) return refusesPayload(flow, rst, by, fin);
  if (form !== RESET_FORM.reply) return null;
  if (answered !== undefined && answered.length > 0 && answered.frame > fin && answered.side === other.side) {
    const quiet = answered.time - Math.max(answered.own.time, answered.peer.time);
    const values = { quietMs: flow.isTimeVoid ? null : quiet / MS, bytes: answered.length };
    const expired = quiet >= 55 * SECOND && by.has(END_BITS.finAcked) && !flow.isTimeVoid;
    return { code: expired ? 'fin-wait2-expired' : 'data-after-close', values, frames: [fin, answered.frame] };
  }
  const afterAck = rst.time - rst.peer.time;
  const lost = seqDelta(other.word(END.sndUna), other.word(END.sndNxt)) - (other.sentFin ? 1 : 0);
  if (answers && other.payloadSegments > 0 && lost > 0 && lost < 1 << 30)
    return { code: 'data-after-close', values: { bytes: lost }, frames: [fin, rst.peer.frame] };
  const lingers =
    answers &&
    by.has(END_BITS.finAcked) &&
    rst.seq === ((by.word(END.finSeq) + 1) | 0) &&
    rst.peer.frame === flow.word(FLOW.finAckFrame) &&
    afterAck < 10 * MS + flow.roundTrip &&
    !other.sentFin;
  if (!lingers || flow.isTimeVoid) return null;
  return {
    code: 'linger2-abort',
    confidence: 'likely',
    values: { afterMs: afterAck / MS },
    frames: [fin, rst.peer.frame],
  };
}

/**
 * Windows answers payload that comes after its end has closed with RST+ACK, without a window: the numbers are those after
 * its FIN, and after that payload, which nothing of it acknowledged before.
 */
function refusesPayload(
  flow: FlowCase,
  { seq, ack, window, time, own, peer }: Noted,
  by: EndCase,
  fin: number,
): Cause | null {
  const bytes = seqDelta(peer.seq, ack);
  const isAnswer = peer.frame > fin && own.frame < peer.frame && peer.sndNxt === ack && bytes > 0;
  if (!isAnswer || window !== 0 || seq !== ((by.word(END.finSeq) + 1) | 0)) return null;
  if (flow.other(by.side).word(END.finFrame) === peer.frame || time - peer.time > 2 * flow.roundTrip || flow.isTimeVoid)
    return null;
  return { code: 'data-after-close', confidence: 'likely', values: { bytes }, frames: [fin, peer.frame] };
}

/** RSTs from both ends at once, neither in answer to the other end. */
function bothWays({ flow, rst, all }: Reset): Cause | null {
  const second = all.find(
    (noted) =>
      noted.side !== rst.side &&
      noted.frame > rst.frame &&
      noted.time - rst.time <= flow.roundTrip &&
      !isAnswer(noted, flow.end(noted.side)),
  );
  if (second === undefined || flow.isTimeVoid) return null;
  return {
    code: 'reset-both-ways',
    confidence: rst.time - rst.activeTime >= QUIET ? 'likely' : 'possible',
    values: { withinMs: (second.time - rst.time) / MS },
    frames: [second.frame],
  };
}

/** A RST in reply form whose number the other end had acknowledged: some segment of that end drew it. */
function isAnswer(noted: Noted, by: EndCase): boolean {
  return (noted.flags & ACK) === 0 && seqDelta(noted.seq, by.word(END.sndUna)) >= 0;
}

function keepAliveTimeout({ flow, rst, by, other, form }: Reset): Cause | null {
  if (form !== RESET_FORM.abort || other.packets === 0 || other.sentUnseen || !flow.happened(EVENT.keepAlive))
    return null;
  if (flow.isTimeVoid) return null;
  const probes = flow.noted.filter(
    (noted) =>
      noted.side === by.side && noted.frame < rst.frame && isKeepAlive(noted) && noted.peer.frame === rst.peer.frame,
  );
  if (probes.length < 2) return null;
  const gaps = probes.slice(1).map((noted, i) => noted.time - probes[i]!.time);
  const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
  if (mean <= 0 || gaps.some((gap) => Math.abs(gap - mean) > 0.25 * mean)) return null;
  return {
    code: 'reset-keepalive-timeout',
    values: { probes: probes.length, intervalMs: mean / MS },
    frames: probes.map((noted) => noted.frame),
  };
}

/** It had repeated in vain and stopped without a word; now the other end's segment finds no socket. */
function gaveUp({ flow, rst, by, answers, form }: Reset): Cause | null {
  if (form !== RESET_FORM.reply || !answers || !(flow.keeps(TRAIT.repeats) || flow.happened(EVENT.keepAlive)))
    return null;
  const repeats = flow.noted.filter(
    (noted) =>
      noted.side === by.side &&
      noted.frame < rst.peer.frame &&
      (noted.flags & SYN) === 0 &&
      (noted.repeats || isKeepAlive(noted)),
  );
  const last = repeats[repeats.length - 1];
  if (last === undefined) return null;
  const run = repeats.filter((noted) => noted.peer.frame === last.peer.frame);
  // Between the last repeat and the segment that is answered there was nothing else of that end.
  if (run.length < 2 || by.sentFin || rst.own.frame !== last.frame) return null;
  return {
    code: 'gave-up-silently',
    values: { repeats: run.length, laterMs: flow.isTimeVoid ? null : (rst.peer.time - last.time) / MS },
    frames: [...run.map((noted) => noted.frame), rst.peer.frame],
  };
}

function isKeepAlive(noted: Noted): boolean {
  return (noted.events & EVENT.keepAlive) !== 0;
}

/** A RST after a long quiet, before the segment it answers or before itself. */
function idle({ flow, rst, answered }: Reset): Cause | null {
  if ((!flow.complete && !flow.has(FLOW_BITS.midstream)) || flow.isTimeVoid) return null;
  const before = answered === undefined ? Number.NaN : answered.time - Math.max(answered.own.time, answered.peer.time);
  const itself = rst.time - (Number.isNaN(rst.activeTime) ? Math.max(rst.own.time, rst.peer.time) : rst.activeTime);
  const quiet = before >= QUIET ? before : itself;
  if (!(quiet >= QUIET)) return null;
  const { services } = flow.facts;
  const service = services.of(flow.i32, flow.row);
  const alike = service.idleFlow !== 0 && Math.abs(service.idle - quiet) <= 0.02 * quiet;
  if (before >= QUIET) services.idle(flow.i32, flow.row, before);
  return {
    code: 'reset-idle',
    confidence: alike ? 'likely' : 'possible',
    values: { quietMs: quiet / MS, sameAsFlow: alike ? service.idleFlow : null },
    frames: answered === undefined ? [] : [answered.frame],
  };
}

function peerRestarted({ flow, rst, all, by, other, form, answers, answered }: Reset): Cause | null {
  if (
    form !== RESET_FORM.reply ||
    !answers ||
    by.sentFin ||
    all.some((noted) => noted.side === by.side && noted.frame < rst.frame)
  )
    return null;
  if (!flow.complete && !flow.has(FLOW_BITS.midstream)) return null;
  if (isSettled(rst)) return null;
  const keepAlive = (rst.peer.events & EVENT.keepAlive) !== 0;
  const payload = answered === undefined ? rst.activeTime === rst.peer.time && !other.sentFin : answered.length > 0;
  if (!keepAlive && !payload) return null;
  const quietBefore = rst.time - rst.own.time > SECOND && !flow.isTimeVoid;
  const sure = quietBefore && !by.hasGap && !flow.has(FLOW_BITS.midstream);
  return {
    code: 'reset-peer-restarted',
    confidence: sure ? 'likely' : 'possible',
    values: { answered: keepAlive ? 'a keep-alive' : 'payload' },
    frames: [rst.peer.frame],
  };
}

/** What the other end sent last was acknowledged since by a socket that knew it: that is not what the RST answers. */
function isSettled({ own, peer }: Noted): boolean {
  return own.frame > peer.frame && own.ack !== null && seqDelta(peer.sndNxt, own.ack) >= 0;
}

function badAck({ rst, by, other, form, answers }: Reset): Cause | null {
  if (form !== RESET_FORM.reply || !answers || !by.has(END_BITS.seqKnown)) return null;
  if (seqDelta(by.word(END.sndNxt), rst.seq) <= 0 || other.events('ack-unseen-segment') > 1) return null;
  if (by.word(END.seenNxt) !== by.word(END.sndNxt)) return null;
  // What the other end's window never allowed to be sent was not sent; anything less the capture may have missed.
  const window = other.has(END_BITS.windowKnown) ? other.word(END.maxWindow) >>> 0 : 0xffff << 14;
  if (seqDelta(by.word(END.sndNxt), rst.seq) <= window) return null;
  return { code: 'reset-bad-ack', confidence: 'possible', frames: [rst.peer.frame] };
}

function synInWindow({ flow, rst, other }: Reset): Cause | null {
  if (!flow.noticed(NOTE.synInsideConnection)) return null;
  const syn = flow.noted.find(
    (noted) =>
      noted.frame === rst.peer.frame && noted.side === other.side && (noted.notes & NOTE.synInsideConnection) !== 0,
  );
  return syn === undefined ? null : { code: 'reset-syn-in-window', frames: [syn.frame] };
}

/** In reply form, SEQ is the ACK of a segment: the last one, or one before it. */
function noSocket({ flow, rst, form }: Reset): Cause | null {
  if (form === RESET_FORM.abort || rst.peer.frame === 0) return null;
  // No kernel answers so late: where a socket took that segment, something else drew this RST, or nothing.
  const late = rst.time - rst.peer.time > 2 * flow.roundTrip + SECOND;
  if (late && isSettled(rst) && !flow.isTimeVoid) return null;
  const { ack } = rst.peer;
  if (form === RESET_FORM.reply && (ack === null ? rst.seq !== 0 : seqDelta(ack, rst.seq) > 0)) return null;
  return { code: 'reset-no-socket', frames: [rst.peer.frame] };
}

function unaccepted({ flow, rst, by }: Reset): Cause | null {
  if (by.side !== SERVER || by.payloadSegments > 0 || by.sentFin || !flow.complete || flow.isTimeVoid) return null;
  const service = flow.facts.services.of(flow.i32, flow.row);
  if (service.aborts < 2 || rst.time < service.abortsFrom || rst.time > service.abortsTo) return null;
  return {
    code: 'reset-unaccepted',
    confidence: 'likely',
    values: { flows: service.aborts, withinMs: (service.abortsTo - service.abortsFrom) / MS },
  };
}

/** Octets that the sender of the RST had acknowledged since it last sent payload itself; NaN where nobody knows. */
function unreadOctets({ flow, rst, by, other }: Reset): number {
  const fin = hasFinBelow(other, rst.ack) ? 1 : 0;
  if (by.payloadSegments > 0) return seqDelta(by.word(END.payloadAck), rst.ack) - fin;
  if (other.has(END_BITS.isnKnown)) return seqDelta(other.word(END.isn), rst.ack) - 1 - fin;
  return other.bytes > 0 || flow.has(FLOW_BITS.midstream) ? Number.NaN : 0;
}

/** Whether the end's FIN is among what is acknowledged there; one octet past all that was captured is one (G1). */
function hasFinBelow(end: EndCase, ack: number): boolean {
  if (end.sentFin) return seqDelta(end.word(END.finSeq), ack) > 0;
  return end.has(END_BITS.seqKnown) && ack === ((end.word(END.sndNxt) + 1) | 0);
}

function unread(reset: Reset): Cause | null {
  const octets = unreadOctets(reset);
  if (reset.form !== RESET_FORM.abort || !(octets > 0) || octets > 1 << 30 || hasItsAnswer(reset)) return null;
  if (!reset.flow.bothWays) return null;
  return { code: 'reset-unread-data', confidence: 'likely', values: { unread: octets } };
}

/**
 * The client had asked, and some round trips after the answer it aborts: it has probably read that. While the answer still
 * comes in, or at the server, octets are more probably unread.
 */
function hasItsAnswer({ flow, rst, by, other }: Reset): boolean {
  if (by.side !== CLIENT || by.payloadSegments === 0) return false;
  return rst.time - other.activeTime > 2 * flow.quickestRoundTrip;
}

function lingerZero(reset: Reset): Cause | null {
  if (reset.form !== RESET_FORM.abort || reset.by.sentFin || !reset.flow.bothWays) return null;
  const octets = unreadOctets(reset);
  if (octets < 0) return null;
  const sure = !Number.isNaN(octets) && octets === 0;
  return {
    code: 'reset-linger-zero',
    confidence: sure ? 'likely' : 'possible',
    values: { unreadAtMost: sure ? 0 : octets || null },
  };
}
