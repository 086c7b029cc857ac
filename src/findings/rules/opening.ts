import { seqDelta } from '../../bytes/seq.ts';
import { MS, SECOND } from '../../bytes/time.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../../flow/rows.ts';
import { NOTED, type Noted, TRAIT } from '../../tcp/evidence/noted.ts';
import { STATE } from '../../tcp/machine.ts';
import { NOTE } from '../../tcp/verdict.ts';
import { ACK, CWR, ECE, FIN, NO_OPTION, PSH, RST, SYN, URG } from '../../wire/segment.ts';
import { CLOCK_STEP, type FlowCase } from '../case.ts';
import type { Confidence } from '../finding.ts';
import type { Found } from '../found.ts';

/** Absence counts when the capture went on for this long. */
export const WAIT: number = 3 * SECOND;

/** How the connection opened. */
export function opening(flow: FlowCase, found: Found): void {
  if (flow.has(FLOW_BITS.synSeen)) {
    unanswered(flow, found);
    halfOpen(flow, found);
    fromSyns(flow, found);
  }
  repeatedSynAck(flow, found);
  kinds(flow, found);
  options(flow, found);
  slow(flow, found);
  if (flow.hasEvidence) {
    illegal(flow, found);
    if (flow.has(FLOW_BITS.synSeen) && !flow.has(FLOW_BITS.simultaneousOpen)) {
      oddSynAck(flow, found);
      bareAnswer(flow, found);
    }
  }
  unsolicited(flow, found);
}

function isSyn(noted: Noted): boolean {
  return noted.kind === NOTED.segment && (noted.flags & (SYN | ACK | RST)) === SYN;
}

function isSynAck(noted: Noted): boolean {
  return noted.kind === NOTED.segment && (noted.flags & (SYN | ACK | RST)) === (SYN | ACK);
}

/** SYNs sent again, and SYNs that nobody answered. */
function unanswered(flow: FlowCase, found: Found): void {
  const again = flow.word(FLOW.synRetransmissions);
  if (again === 0 && flow.server.packets > 0 && !flow.keeps(TRAIT.icmp)) return;
  // Whatever the client sent beside its SYNs, it had been answered before.
  const wentOn = flow.client.packets > 1 + again;
  const silent = flow.server.packets === 0 && !wentOn && !flow.has(FLOW_BITS.selfConnect);
  const icmp = flow.keeps(TRAIT.icmp) && unreachable(flow, found);
  const first = flow.word(FLOW.synFrame);
  const syns = again === 0 ? [] : flow.noted.filter((noted) => isSyn(noted) && (noted.notes & NOTE.synRepeated) !== 0);
  const refusedAt = flow.has(FLOW_BITS.refused) ? flow.word(FLOW.resetFrame) : Number.POSITIVE_INFINITY;
  const counted = syns.filter((noted) => noted.frame < refusedAt);
  if (again > 0 && (counted.length > 0 || syns.length === 0)) {
    found.add('syn-retransmitted', {
      frame: counted[0]?.frame ?? flow.word(FLOW.lastSynFrame),
      frames: [first, ...counted.map((noted) => noted.frame)],
      severity: again >= 3 ? 'warning' : 'notice',
      values: {
        times: again,
        spacingMs: flow.isTimeVoid ? null : spacing(flow.double(FLOW.synTimeF64), counted),
      },
    });
  }
  const lastSyn = flow.double(FLOW.lastSynTimeF64);
  if (!silent || icmp || flow.has(FLOW_BITS.synAckSeen | FLOW_BITS.ackSeen)) return;
  const confidence = confidenceInSilence(flow);
  if (confidence === null) return;
  const frames = [first, ...syns.map((noted) => noted.frame)];
  const over = flow.isTimeVoid ? null : (lastSyn - flow.double(FLOW.synTimeF64)) / MS;
  if (flow.since(lastSyn, flow.word(FLOW.lastSynFrame)) >= WAIT)
    found.add('syn-unanswered', { frame: first, frames, confidence, values: { syns: again + 1, overMs: over } });
  const service = flow.facts.services.of(flow.i32, flow.row);
  const other = service.completedTime;
  const waited = flow.since(flow.double(FLOW.synTimeF64), first) >= SECOND;
  const near = again > 0 && waited && service.completedFlow !== flow.word(FLOW.number);
  const sinceOther = flow.double(FLOW.synTimeF64) - other;
  if (near && sinceOther < SECOND && other <= lastSyn)
    found.add('syn-dropped-by-listener', {
      frame: first,
      frames,
      confidence: confidence === 'possible' ? confidence : 'likely',
      values: { syns: again + 1, sinceOtherMs: Math.max(0, sinceOther) / MS, otherFlow: service.completedFlow },
    });
}

/**
 * How sure it is that a SYN was not answered, where no answer was captured (G8): not to be told where the capture is known
 * to miss answers of that server or to that client, or shows no connection but one-sided ones.
 */
export function confidenceInSilence({ facts, i32, row }: FlowCase): Confidence | null {
  const { oneWays } = facts;
  if (oneWays.count === 0) return oneWays.both ? 'certain' : 'likely';
  return oneWays.both && !oneWays.concerns(i32, row) ? 'possible' : null;
}

/** Milliseconds from each SYN to the next. */
function spacing(start: number, syns: readonly Noted[]): number[] {
  let before = start;
  const spaces: number[] = [];
  for (const { time } of syns) {
    spaces.push(Math.round((time - before) / MS));
    before = time;
  }
  return spaces;
}

/** An ICMP error that quotes the SYN; whether there is one. */
function unreachable(flow: FlowCase, found: Found): boolean {
  const wide = flow.has(FLOW_BITS.v6);
  const errors = flow.noted.filter(
    ({ kind, extra, seq, side }) =>
      kind === NOTED.icmp &&
      side === CLIENT &&
      extra >> 8 === (wide ? 1 : 3) &&
      (wide || (extra & 0xff) !== FRAGMENTATION_NEEDED) &&
      seq === flow.client.word(END.isn),
  );
  const [first] = errors;
  if (first === undefined) return false;
  const code = first.extra & 0xff;
  const prohibited = wide ? code === 1 : code === 9 || code === 10 || code === 13;
  found.add(prohibited ? 'syn-prohibited' : 'syn-unreachable', {
    frame: first.frame,
    frames: [flow.word(FLOW.synFrame), ...errors.map((noted) => noted.frame)],
    values: { type: first.extra >> 8, code },
  });
  return true;
}

const FRAGMENTATION_NEEDED = 4;

/** A SYN+ACK that nobody acknowledged. */
export function halfOpen(flow: FlowCase, found: Found): void {
  if (!isHalfOpen(flow)) return;
  const waited = flow.since(flow.double(FLOW.synAckTimeF64), flow.word(FLOW.synAckFrame));
  found.add('handshake-half-open', {
    frame: flow.word(FLOW.synAckFrame),
    frames: [flow.word(FLOW.synFrame)],
    values: { waitedMs: waited / MS, givenUp: waited >= GIVEN_UP },
  });
}

export function isHalfOpen(flow: FlowCase): boolean {
  const { i32, f64, row } = flow;
  if ((i32[row + FLOW.bits]! & BEYOND_HALF_OPEN) !== FLOW_BITS.synAckSeen) return false;
  // Past a step of the clock nobody knows.
  return flow.since(f64[row / 2 + FLOW.synAckTimeF64]!, i32[row + FLOW.synAckFrame]!) >= WAIT;
}

const BEYOND_HALF_OPEN =
  FLOW_BITS.synAckSeen | FLOW_BITS.ackSeen | FLOW_BITS.aborted | FLOW_BITS.reset | FLOW_BITS.simultaneousOpen;

/** Linux keeps a request for 63 s (tcp_synack_retries 5). */
const GIVEN_UP = 63 * SECOND;

/** What the SYNs themselves carry, and who repeats them although they were answered. */
function fromSyns(flow: FlowCase, found: Found): void {
  if (!flow.keeps(SYN)) return;
  const first = flow.word(FLOW.synFrame);
  const syn = flow.noted.find((noted) => noted.frame === first && isSyn(noted));
  if (syn !== undefined) {
    const frames = [flow.word(FLOW.synAckFrame)];
    const values = { bytes: syn.length };
    if (syn.extra === 0) found.add('fast-open-cookie-requested', { frame: first });
    else if (syn.length > 0 && syn.extra === NO_OPTION) found.add('syn-data-no-cookie', { frame: first, values });
    else if (syn.extra > 0 && syn.length > 0 && flow.has(FLOW_BITS.fastOpen))
      found.add('fast-open-used', { frame: first, frames, values });
    else if (syn.extra > 0 && syn.length > 0 && flow.has(FLOW_BITS.synAckSeen))
      found.add('fast-open-refused', { frame: flow.word(FLOW.synAckFrame), frames: [first], values });
    const plain = flow.noted.find(
      (noted) => isSyn(noted) && noted.side === syn.side && (noted.flags & (ECE | CWR)) === 0,
    );
    if ((syn.flags & (ECE | CWR)) === (ECE | CWR) && plain !== undefined && flow.has(FLOW_BITS.synAckSeen))
      found.add('syn-ecn-refused', {
        frame: first,
        frames: [plain.frame],
        confidence: 'possible',
        values: { reset: false },
      });
  }
  if (!flow.complete || flow.has(FLOW_BITS.simultaneousOpen) || flow.isTimeVoid) return;
  const answered = flow.word(FLOW.synAckFrame);
  const later = flow.noted.find(
    (noted) =>
      isSyn(noted) &&
      (noted.notes & NOTE.synRepeated) !== 0 &&
      noted.frame > answered &&
      noted.frame < flow.word(FLOW.ackFrame) &&
      noted.time - flow.double(FLOW.synAckTimeF64) > 2e8,
  );
  if (later !== undefined) found.add('syn-ack-lost', { frame: later.frame, frames: [answered] });
}

/** A SYN+ACK that is sent again: lost, or thrown away by a listener that waits or is full. */
function repeatedSynAck(flow: FlowCase, found: Found): void {
  const times = flow.word(FLOW.synAckRetransmissions);
  if (times === 0) return;
  const again = flow.noted.filter((noted) => (noted.notes & NOTE.synAckRepeated) !== 0);
  const frames = [flow.word(FLOW.synAckFrame), ...again.map((noted) => noted.frame)];
  found.add('syn-ack-retransmitted', { frame: again[0]?.frame ?? frames[0]!, frames, values: { times } });
  const ackFrame = flow.word(FLOW.ackFrame);
  if (ackFrame === 0 || flow.has(FLOW_BITS.simultaneousOpen) || flow.isTimeVoid) return;
  // One that was sent before the ACK can have arrived comes within a round trip of it.
  const arrived = flow.double(FLOW.ackTimeF64) + 1.5 * flow.roundTrip;
  const after = again.filter((noted) => noted.frame > ackFrame && noted.time > arrived);
  const [one] = after;
  if (one === undefined) return;
  const evidence = { frames: [ackFrame, ...after.map((noted) => noted.frame)] };
  // The server has said nothing but SYN+ACKs so far: it has taken none of the payload.
  const past = after.filter((noted) => noted.peer.payloads > 0 && noted.own.packets === again.indexOf(noted) + 2);
  if (past.length > 0) {
    const nearClient =
      flow.double(FLOW.synAckTimeF64) - flow.double(FLOW.lastSynTimeF64) >
      4 * (flow.double(FLOW.ackTimeF64) - flow.double(FLOW.synAckTimeF64));
    found.add('accept-queue-full', {
      frame: past[0]!.frame,
      ...evidence,
      confidence: nearClient || past.length < 2 ? 'possible' : 'likely',
      values: { times: past.length },
    });
  } else if (flow.server.packets > times + 1) {
    const waits = after.length > 1 && after.every((noted) => noted.peer.payloads === 0);
    if (waits)
      found.add('defer-accept', {
        frame: one.frame,
        ...evidence,
        confidence: 'likely',
        values: { times: after.length },
      });
    else found.add('final-ack-lost', { frame: one.frame, ...evidence, confidence: 'likely' });
  }
}

/** Unusual ways of opening. */
function kinds(flow: FlowCase, found: Found): void {
  const frame = flow.word(FLOW.firstFrame);
  // A segment alone may be anybody's, who wrote its source: only the socket itself answers its SYN.
  const answered = flow.has(FLOW_BITS.synSeen) && flow.has(FLOW_BITS.synAckSeen);
  if (flow.has(FLOW_BITS.selfConnect))
    found.add('self-connect', { frame, confidence: answered ? 'certain' : 'possible' });
  else if (flow.has(FLOW_BITS.simultaneousOpen)) {
    const answers = flow.noted.filter(isSynAck);
    const fromServer = answers.some((noted) => noted.side === SERVER);
    const fromClient = answers.some((noted) => noted.side === CLIENT);
    const frames = [flow.word(FLOW.synFrame), flow.word(FLOW.synAckFrame)];
    const oneSided = flow.complete && fromClient && !fromServer && !flow.server.hasGap;
    if (oneSided && answersWithSyn(flow)) found.add('split-handshake', { frame, frames, confidence: 'likely' });
    else found.add('simultaneous-open', { frame, frames, confidence: oneSided ? 'possible' : 'certain' });
  }
  if (!flow.complete || !flow.has(FLOW_BITS.closed | FLOW_BITS.reset)) return;
  if (flow.client.bytes + flow.server.bytes === 0 && !flow.client.hasGap && !flow.server.hasGap)
    found.add('no-payload', { frame });
}

/**
 * Whether the server sent its SYN after the client's had arrived, and not before, as where they cross: it acknowledged that
 * one first, or its SYN took as long to come as its ACK of the client's SYN+ACK did. Else its SYN+ACK may be what the capture
 * missed (G1).
 */
function answersWithSyn(flow: FlowCase): boolean {
  const own = flow.noted.find((noted) => isSyn(noted) && noted.side === SERVER);
  if (own === undefined || flow.isTimeVoid) return false;
  const isn = flow.client.word(END.isn);
  const acknowledged = flow.noted.some(
    (noted) =>
      noted.kind === NOTED.segment &&
      noted.side === SERVER &&
      (noted.flags & (SYN | RST | ACK)) === ACK &&
      noted.frame < own.frame &&
      noted.ack === ((isn + 1) | 0),
  );
  if (acknowledged) return true;
  const again = flow.noted.filter((noted) => isSyn(noted) && noted.side === CLIENT && noted.frame < own.frame);
  const asked = again.at(-1)?.time ?? flow.double(FLOW.synTimeF64);
  return own.time - asked >= flow.double(FLOW.ackTimeF64) - flow.double(FLOW.synAckTimeF64);
}

/** What the SYNs offer. */
export function options(flow: FlowCase, found: Found): void {
  for (const end of [flow.client, flow.server])
    if (hasTinyMss(flow, end.side === CLIENT ? FLOW.client : FLOW.server))
      found.add('mss-tiny', {
        frame: end.side === CLIENT ? flow.word(FLOW.synFrame) : flow.word(FLOW.synAckFrame),
        values: { by: end.name, mss: end.word(END.mss) },
      });
  if (isStripped(flow))
    found.add('options-stripped', {
      frame: flow.word(FLOW.synAckFrame),
      frames: [flow.word(FLOW.synFrame)],
      confidence: 'possible',
      values: { missing: 'window scale', given: 'SACK and timestamps' },
    });
}

/** Whether an end's SYN offers a maximum segment size that no path asks for. */
export function hasTinyMss({ i32, row }: FlowCase, end: number): boolean {
  const mss = i32[row + end + END.mss]!;
  if (mss < 0 || (i32[row + end + END.bits]! & END_BITS.synSent) === 0) return false;
  return mss < ((i32[row + FLOW.bits]! & FLOW_BITS.v6) === 0 ? 536 : 1220);
}

/** Many servers do without SACK, timestamps or both; one that has both and no window scale is hardly of its own making. */
export function isStripped({ i32, row }: FlowCase): boolean {
  const client = row + FLOW.client;
  const server = row + FLOW.server;
  const both = END_BITS.synSent | END_BITS.sackPermitted | END_BITS.timestamps;
  if ((i32[client + END.bits]! & i32[server + END.bits]! & both) !== both) return false;
  if ((i32[row + FLOW.bits]! & FLOW_BITS.simultaneousOpen) !== 0) return false;
  return i32[client + END.windowScale]! >= 0 && i32[server + END.windowScale]! < 0;
}

/** Halves of the handshake that took longer than a second. */
export function slow(flow: FlowCase, found: Found): void {
  if (!flow.has(FLOW_BITS.synAckSeen) || !flow.has(FLOW_BITS.synSeen)) return;
  const synAck = flow.double(FLOW.synAckTimeF64);
  const first = synAck - flow.double(FLOW.lastSynTimeF64);
  if (isSlow(first) && !flow.spans(FLOW.lastSynFrame, FLOW.synAckFrame))
    found.add('handshake-slow', {
      frame: flow.word(FLOW.synAckFrame),
      frames: [flow.word(FLOW.lastSynFrame)],
      values: {
        half: 'SYN to SYN+ACK',
        tookMs: first / MS,
        sinceFirstSynMs: (synAck - flow.double(FLOW.synTimeF64)) / MS,
      },
    });
  const ackFrame = flow.word(FLOW.ackFrame);
  if (ackFrame === 0 || flow.word(FLOW.synAckRetransmissions) > 0) return;
  const second = flow.double(FLOW.ackTimeF64) - synAck;
  if (isSlow(second) && !flow.spans(FLOW.synAckFrame, FLOW.ackFrame))
    found.add('handshake-slow', {
      frame: ackFrame,
      frames: [flow.word(FLOW.synAckFrame)],
      values: { half: 'SYN+ACK to ACK', tookMs: second / MS },
    });
}

/** Whether half a handshake took so long, nanoseconds. */
export function isSlow(half: number): boolean {
  return half > SECOND && half < CLOCK_STEP;
}

/** Flags that nobody sends. */
function illegal(flow: FlowCase, found: Found): void {
  if (!flow.keeps(SYN | TRAIT.bare)) return;
  const segments = flow.noted.filter(
    (noted) => noted.kind === NOTED.segment && (noted.notes & NOTE.checksumBad) === 0 && isIllegal(noted.flags),
  );
  const [first] = segments;
  if (first === undefined) return;
  found.add('flags-illegal', {
    frame: first.frame,
    frames: segments.map((noted) => noted.frame),
    values: { flags: flagsText(first.flags), segments: segments.length },
  });
}

/** SYN+ACKs of another connection than the one that was begun. */
function oddSynAck(flow: FlowCase, found: Found): void {
  if (!flow.keeps(SYN)) return;
  const isn = flow.client.word(END.isn);
  const acceptable = (noted: Noted): boolean => {
    const octets = (noted.ack - isn) | 0;
    return octets >= 1 && octets <= 1 + flow.word(FLOW.dataInSyn);
  };
  const synAcks = flow.noted.filter((noted) => isSynAck(noted) && noted.side === SERVER);
  // Past the client's own ACK, or its payload, it answers another SYN, which was not captured.
  const syns = 1 + flow.word(FLOW.synRetransmissions);
  const wrong = synAcks.find((noted) => !acceptable(noted) && noted.peer.packets <= syns);
  if (wrong !== undefined)
    found.add('syn-ack-bad-ack', {
      frame: wrong.frame,
      frames: [flow.word(FLOW.synFrame)],
      values: { expected: (isn + 1) >>> 0, acknowledged: wrong.ack >>> 0 },
    });
  const changed = synAcks.find(
    (noted) =>
      acceptable(noted) &&
      (noted.notes & NOTE.synAckRepeated) === 0 &&
      noted.frame !== flow.word(FLOW.synAckFrame) &&
      noted.own.frame !== 0 &&
      noted.own.seq !== noted.seq &&
      !flow.has(FLOW_BITS.refused),
  );
  if (changed !== undefined)
    found.add('syn-ack-isn-changed', { frame: changed.frame, frames: [flow.word(FLOW.synAckFrame)] });
}

/** An ACK where a SYN+ACK belongs. */
function bareAnswer(flow: FlowCase, found: Found): void {
  const isn = flow.client.word(END.isn);
  const answer = flow.word(FLOW.synAckFrame) || Number.POSITIVE_INFINITY;
  if (flow.firstKept > answer) return;
  // Where the SYN+ACK was not captured, the first ACK may be of what the client sent since.
  const acknowledgesSent = (noted: Noted): boolean =>
    seqDelta(isn, noted.ack) >= 1 && seqDelta(noted.ack, noted.peer.sndNxt) >= 0;
  const bare = flow.noted.find(
    (noted) =>
      noted.kind === NOTED.segment &&
      noted.side === SERVER &&
      (noted.flags & (SYN | RST | ACK)) === ACK &&
      noted.length === 0 &&
      noted.before[SERVER] === STATE.unknown &&
      noted.frame < answer &&
      !acknowledgesSent(noted),
  );
  if (bare === undefined || flow.predecessor !== undefined || wentOn(flow, bare)) return;
  found.add('syn-answered-by-ack', {
    frame: bare.frame,
    frames: [flow.word(FLOW.synFrame)],
    // So near, it may acknowledge what this client sent and the capture missed.
    confidence: isNear(flow, bare) ? 'possible' : 'certain',
  });
}

/** Whether it acknowledges no more than may have been sent since the SYN, and not been captured. */
function isNear(flow: FlowCase, bare: Noted): boolean {
  return (bare.ack - flow.client.word(END.isn)) >>> 0 < MISSED;
}

/**
 * Whether the client took the segment for one of this connection: what it sent next is neither RST nor SYN. Then the
 * capture missed the SYN+ACK, and what is acknowledged here (G1).
 */
function wentOn(flow: FlowCase, bare: Noted): boolean {
  if (flow.client.packets === bare.peer.packets) return isNear(flow, bare);
  const refusal = flow.noted.find(
    (noted) =>
      noted.side === CLIENT &&
      noted.frame > bare.frame &&
      noted.own.frame < bare.frame &&
      (noted.flags & (SYN | RST)) !== 0,
  );
  return refusal === undefined;
}

/** Octets that may have been sent and not captured, where nothing tells. */
const MISSED = 1 << 20;

function isIllegal(flags: number): boolean {
  if ((flags & SYN) !== 0) return (flags & (FIN | RST)) !== 0;
  return (flags & (ACK | RST)) === 0 && ((flags & FIN) !== 0 || (flags & (FIN | PSH | URG)) === 0);
}

function flagsText(flags: number): string {
  const names = ['FIN', 'SYN', 'RST', 'PSH', 'ACK', 'URG'].filter((_, bit) => (flags & (1 << bit)) !== 0);
  return names.length === 0 ? 'none' : names.join('+');
}

/** Answers to what nobody asked. */
function unsolicited(flow: FlowCase, found: Found): void {
  const frame = flow.word(FLOW.firstFrame);
  if (flow.has(FLOW_BITS.synSeen) || flow.double(FLOW.firstTimeF64) - flow.facts.start() < 60 * SECOND) return;
  if (flow.facts.clock.spans(0, frame)) return;
  if (flow.word(FLOW.synAckFrame) === frame && !flow.has(FLOW_BITS.ackSeen) && flow.client.bytes === 0)
    found.add('unsolicited-syn-ack', { frame });
  else if (isResetFirst(flow)) found.add('unsolicited-reset', { frame });
}

/** Whether the flow begins with a RST. */
export function isResetFirst(flow: FlowCase): boolean {
  const [first] = flow.hasEvidence ? flow.noted : [];
  return first !== undefined && first.frame === flow.word(FLOW.firstFrame) && (first.flags & RST) !== 0;
}
