import { seqDelta } from '../../bytes/seq.ts';
import { MS } from '../../bytes/time.ts';
import { CLIENT, END, END_BITS, FLOW, FLOW_BITS, SERVER } from '../../flow/rows.ts';
import { EVENT } from '../../tcp/events.ts';
import { NOTED, type Noted, TRAIT } from '../../tcp/evidence/noted.ts';
import { NOTE } from '../../tcp/verdict.ts';
import { ACK, RST, SYN } from '../../wire/segment.ts';
import type { EndCase, FlowCase } from '../case.ts';
import type { Found } from '../found.ts';
import { hops, sendsWith } from './quiet.ts';
import { isOld } from './reuse.ts';
import { unseenOctets } from './whole.ts';

/** Segments that do not come from whom they claim. */
export function forged(flow: FlowCase, found: Found): void {
  storm(flow, found);
  if (!flow.hasEvidence) return;
  const resets = flow.resets;
  for (const end of [flow.client, flow.server]) {
    const own = resets.filter((noted) => noted.side === end.side);
    if (!flow.isTimeVoid) train(end, own, found);
    badChecksums(flow, end, found);
    unsent(flow, end, found);
    noTimestamp(flow, end, found);
    ttlShift(flow, end, found);
    conflict(flow, end, found);
    if (!flow.isTimeVoid) challenged(flow, end, found);
  }
  afterReset(flow, resets, found);
  const suspect = resets.find((noted) => signsOf(flow, noted, found).length > 0);
  if (suspect !== undefined) forgedReset(flow, suspect, found);
}

/** RSTs in a row whose numbers no answered segment explains, or whose windows count. */
function train(end: EndCase, resets: readonly Noted[], found: Found): void {
  if (resets.length < 2) return;
  const odd = together(resets.filter(isOffNumbers));
  const all = together(resets);
  const step = all.length < 3 ? 0 : all[1]!.window - all[0]!.window;
  const steps = step !== 0 && all.every(({ window }, i) => i === 0 || window - all[i - 1]!.window === step);
  const numbers = new Set(odd.map((noted) => noted.seq));
  if (numbers.size < 2 && !steps) return;
  const told = steps ? all : odd;
  found.add('reset-train', {
    frame: told[0]!.frame,
    frames: told.map((noted) => noted.frame),
    values: {
      by: end.name,
      resets: told.length,
      withinMs: (told[told.length - 1]!.time - told[0]!.time) / MS,
      windowStep: steps ? step : null,
    },
  });
}

/**
 * What the other end acknowledged, and what this end would send next, explain a number; in reply form also any that this
 * end had come to, since it answers an ACK, and that need not have been captured in time.
 */
function isOffNumbers({ flags, own, peer, seq }: Noted): boolean {
  if (peer.frame === 0 || peer.ack === null || seqDelta(peer.ack, seq) <= 0) return false;
  return (flags & ACK) === 0 ? seqDelta(own.sndNxt, seq) > 0 : seq !== own.sndNxt;
}

/** The first of them that follow each other within 10 ms. */
function together(resets: readonly Noted[]): readonly Noted[] {
  const first = resets.findIndex((noted, i) => i + 1 < resets.length && resets[i + 1]!.time - noted.time <= 10 * MS);
  if (first < 0) return [];
  const from = resets[first]!.time;
  return resets.slice(first).filter((noted) => noted.time - from <= 10 * MS);
}

/** A SYN+ACK to a SYN that a RST had answered already. */
function afterReset(flow: FlowCase, resets: readonly Noted[], found: Found): void {
  if (!flow.has(FLOW_BITS.refused)) return;
  const rst = resets.find((noted) => noted.frame === flow.word(FLOW.resetFrame));
  if (rst === undefined) return;
  const isn = flow.client.word(END.isn);
  const synAck = flow.noted.find(
    (noted) =>
      noted.frame > rst.frame &&
      noted.side === SERVER &&
      (noted.flags & (SYN | ACK | RST)) === (SYN | ACK) &&
      noted.ack === ((isn + 1 + flow.word(FLOW.dataInSyn)) | 0),
  );
  if (synAck === undefined) return;
  const again = flow.noted.some(
    (noted) =>
      noted.side === CLIENT && (noted.flags & SYN) !== 0 && noted.frame > rst.frame && noted.frame < synAck.frame,
  );
  if (again) return;
  found.add('syn-ack-after-reset', {
    frame: synAck.frame,
    frames: [rst.frame, flow.word(FLOW.synFrame)],
    values: { afterMs: flow.isTimeVoid ? null : (synAck.time - rst.time) / MS },
  });
}

/** What speaks against the RST's sender, in words. */
function signsOf(flow: FlowCase, rst: Noted, found: Found): string[] {
  const signs: string[] = [];
  const next = flow.noted.find(
    (noted) => noted.side === rst.side && noted.frame > rst.frame && (noted.flags & RST) === 0,
  );
  const usual = rst.own.frame !== 0 ? rst.own.ttl : (next?.ttl ?? rst.ttl);
  if (isFar(rst.ttl, usual) && !sendsWith(flow, rst.side, rst.ttl))
    signs.push(`TTL ${rst.ttl} where its sender has ${usual}`);
  if (next !== undefined && rst.own.frame !== 0 && rst.ipId > 0 && rst.own.ipId > 0 && next.ipId > 0) {
    const run = (next.ipId - rst.own.ipId) & 0xffff;
    const jump = (rst.ipId - rst.own.ipId) & 0xffff;
    if (run < 256 && jump > 1024 && jump < 0x10000 - 1024) signs.push('an IP identification off the run of its sender');
  }
  const alive = found.findings.some((finding) => finding.code === 'reset-sender-alive' && finding.frame === rst.frame);
  if (alive) signs.push('a sender that goes on after it');
  if (found.findings.some((finding) => finding.code === 'reset-train' && finding.frames.includes(rst.frame)))
    signs.push('company of RSTs with other numbers');
  if (found.has('syn-ack-after-reset')) signs.push('a SYN+ACK after it');
  return signs;
}

function forgedReset(flow: FlowCase, rst: Noted, found: Found): void {
  const signs = signsOf(flow, rst, found);
  // One sign that is a finding of its own needs no second one.
  if (signs.length === 1 && !signs[0]!.includes('TTL') && !signs[0]!.includes('IP')) return;
  const sure = signs.length > 1;
  found.add('reset-forged', {
    frame: rst.frame,
    frames: [rst.own.frame],
    severity: sure ? 'alert' : 'notice',
    confidence: sure ? 'likely' : 'possible',
    values: {
      by: flow.end(rst.side).name,
      signs: signs.join(' and '),
      ttl: rst.ttl,
      ttlBefore: rst.own.frame === 0 ? null : rst.own.ttl,
    },
  });
}

function badChecksums(flow: FlowCase, end: EndCase, found: Found): void {
  if (!flow.noticed(NOTE.checksumBad)) return;
  const bad = flow.noted.filter((noted) => noted.side === end.side && (noted.notes & NOTE.checksumBad) !== 0);
  if (bad.length === 0) return;
  found.add('checksum-bad', {
    frame: bad[0]!.frame,
    frames: bad.map((noted) => noted.frame),
    // Whoever acknowledges what never came with a good checksum got it so: then it was the capture that was changed since.
    confidence: bad.some((noted) => noted.length > 0) && unseenOctets(flow, end) > 0 ? 'possible' : 'certain',
    values: { by: end.name, segments: bad.length },
  });
}

/** An ACK that the other end never caught up with, though it went on. */
function unsent(flow: FlowCase, end: EndCase, found: Found): void {
  if (end.events('ack-unseen-segment') === 0) return;
  const other = flow.other(end.side);
  if (!other.has(END_BITS.seqKnown) || other.word(END.seenNxt) !== other.word(END.sndNxt)) return;
  const odd = flow.noted.filter(
    (noted) =>
      noted.side === end.side &&
      (noted.events & EVENT.ackUnseenSegment) !== 0 &&
      (noted.flags & (SYN | RST)) === 0 &&
      noted.peer.frame !== 0 &&
      seqDelta(noted.peer.sndNxt, other.word(END.sndNxt)) > 0 &&
      seqDelta(other.word(END.sndNxt), noted.ack) > 0,
  );
  if (odd.length === 0 || odd.length < end.events('ack-unseen-segment')) return;
  found.add('ack-of-unsent', {
    frame: odd[0]!.frame,
    frames: odd.map((noted) => noted.frame),
    confidence: 'likely',
    values: { by: end.name, octets: seqDelta(other.word(END.sndNxt), odd[0]!.ack) },
  });
}

function noTimestamp(flow: FlowCase, end: EndCase, found: Found): void {
  if (
    !flow.keeps(TRAIT.untimed) ||
    !flow.complete ||
    !flow.client.has(END_BITS.timestamps) ||
    !flow.server.has(END_BITS.timestamps)
  )
    return;
  const without = flow.noted.filter(
    (noted) =>
      noted.kind === NOTED.segment &&
      noted.side === end.side &&
      !noted.hasTimestamps &&
      (noted.flags & (RST | SYN)) === 0 &&
      noted.frame > flow.word(FLOW.ackFrame),
  );
  if (without.length === 0) return;
  found.add('timestamp-missing', {
    frame: without[0]!.frame,
    frames: without.map((noted) => noted.frame),
    confidence: 'likely',
    values: { by: end.name, segments: without.length },
  });
}

/** One change of TTL that stays. */
function ttlShift(flow: FlowCase, end: EndCase, found: Found): void {
  if (!flow.noticed(NOTE.anotherWay)) return;
  const changes = flow.noted.filter((noted) => noted.side === end.side && (noted.notes & NOTE.anotherWay) !== 0);
  const [change] = changes;
  if (change === undefined || changes.length > 1 || (change.flags & RST) !== 0 || end.word(END.lastTtl) !== change.ttl)
    return;
  const before = change.own.packets - 1;
  if (before < 3 || end.packets - before < 3) return;
  found.add('ttl-shift', {
    frame: change.frame,
    frames: [change.own.frame],
    values: { by: end.name, from: change.own.ttl, to: change.ttl },
  });
}

/** The same sequence numbers with other octets, and whether one of the two looks like somebody else's. */
function conflict(flow: FlowCase, end: EndCase, found: Found): void {
  if (!flow.keeps(TRAIT.contradicts)) return;
  const pairs = flow.noted.flatMap((later) => {
    const earlier =
      later.side === end.side && later.contradicts !== 0
        ? flow.noted.find((noted) => noted.frame === later.contradicts && noted.side === end.side)
        : undefined;
    return earlier === undefined ? [] : [{ earlier, later, odd: oddOf(earlier, later) }];
  });
  const [first] = pairs;
  if (first === undefined) return;
  found.add('overlap-conflict', {
    frame: first.later.frame,
    frames: pairs.flatMap(({ earlier, later }) => [earlier.frame, later.frame]),
    values: { by: end.name, segments: pairs.length },
  });
  for (const { earlier, later, odd } of pairs) {
    if (odd === null) continue;
    found.add('data-injected', {
      frame: odd.noted.frame,
      frames: [earlier.frame, later.frame, odd.noted.own.frame],
      confidence: 'likely',
      values: { by: end.name, signs: odd.signs.join(' and '), octets: odd.noted.length, ttl: odd.noted.ttl },
    });
    return;
  }
}

/** Which of two segments that contradict each other does not look like the rest of what its sender sent. */
function oddOf(earlier: Noted, later: Noted): { readonly noted: Noted; readonly signs: readonly string[] } | null {
  const { own } = earlier;
  if (own.frame === 0) return null;
  const pair = [earlier, later];
  const ways = pair.filter(({ ttl }) => isFar(ttl, own.ttl));
  const jumps = pair.filter(({ ipId }) => isOffRun(own.ipId, ipId));
  const clocks = pair.filter((noted) => isOld(noted));
  const odd = [ways, jumps, clocks].map(([one, two]) => (two === undefined ? one : undefined));
  const [noted, ...others] = odd.filter((one) => one !== undefined);
  if (noted === undefined || others.some((other) => other !== noted)) return null;
  const signs = ['octets that contradict another segment'];
  if (odd[0] !== undefined) signs.push(`TTL ${noted.ttl} where its sender has ${own.ttl}`);
  if (odd[1] !== undefined) signs.push('an IP identification off the run of its sender');
  if (odd[2] !== undefined) signs.push('a timestamp from before');
  return { noted, signs };
}

/** Both as numbers and as hops away: systems begin with different ones. */
function isFar(ttl: number, usual: number): boolean {
  return Math.abs(ttl - usual) >= 2 && Math.abs(hops(ttl) - hops(usual)) >= 2;
}

function isOffRun(before: number, ipId: number): boolean {
  const jump = (ipId - before) & 0xffff;
  return before > 0 && ipId > 0 && jump > 1024 && jump < 0x10000 - 1024;
}

/** Pure ACKs without news, each right after a SYN or RST that does not fit. */
function challenged(flow: FlowCase, end: EndCase, found: Found): void {
  if (!flow.noticed(DOUBTFUL)) return;
  const acks: Noted[] = [];
  const doubtful = flow.noted.filter((noted) => noted.side !== end.side && (noted.notes & DOUBTFUL) !== 0);
  for (const cause of doubtful) {
    const answer = flow.noted.find((noted) => noted.side === end.side && noted.frame > cause.frame);
    if (answer !== undefined && answer.peer.frame === cause.frame && isBareRepeat(answer, cause)) acks.push(answer);
  }
  const from = acks.findIndex((ack, i) => (acks[i + CHALLENGES - 1]?.time ?? Number.NaN) - ack.time <= 1000 * MS);
  if (from < 0) return;
  const burst = acks.filter((ack, i) => i >= from && ack.time - acks[from]!.time <= 1000 * MS);
  found.add('challenge-ack-burst', {
    frame: burst[0]!.frame,
    frames: burst.map((noted) => noted.frame),
    values: { by: end.name, acks: burst.length },
  });
}

const CHALLENGES = 10;
const DOUBTFUL = NOTE.synInsideConnection | NOTE.resetChallenged | NOTE.resetOutOfWindow;

/** Whether a segment acknowledges what its sender had acknowledged before what it answers, and nothing else. */
function isBareRepeat(noted: Noted, answered: Noted): boolean {
  const { flags, length, ack, seq } = noted;
  return flags === ACK && length === 0 && ack === answered.peer.ack && seq === noted.own.sndNxt;
}

/** ACKs that answer each other. */
function storm(flow: FlowCase, found: Found): void {
  const worst = flow.facts.evidence.storms.of(flow.row);
  if (worst === undefined) return;
  found.add('ack-storm', {
    frame: worst.firstFrame,
    frames: [worst.lastFrame],
    values: { acks: worst.acks, withinMs: worst.span / MS },
  });
}
