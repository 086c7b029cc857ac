import { seqDelta } from '../../bytes/seq.ts';
import { MS, SECOND } from '../../bytes/time.ts';
import { CLIENT, END, FLOW } from '../../flow/rows.ts';
import { EVENT } from '../../tcp/events.ts';
import type { Noted } from '../../tcp/evidence/noted.ts';
import { FIN, RST, SYN } from '../../wire/segment.ts';
import { CLOCK_STEP, type EndCase, type FlowCase } from '../case.ts';
import type { Found } from '../found.ts';

/** Loss and flow control, summed up for each direction. */
export function loss(flow: FlowCase, found: Found): void {
  for (const end of [flow.client, flow.server]) {
    const segments = end.word(END.retransmittedSegments);
    if (segments > 0) repeated(flow, end, segments, found);
    else reordered(flow, end, found);
    limited(flow, end, found);
    reneged(flow, end, found);
  }
}

function repeated(flow: FlowCase, end: EndCase, segments: number, found: Found): void {
  const repeats = flow.noted.filter((noted) => noted.side === end.side && isDataRepeat(noted));
  const frames = repeats.map((noted) => noted.frame);
  const frame = frames[0] ?? end.word(END.lastFrame);
  const unique = end.double(END.uniqueBytesF64);
  const octets = end.double(END.retransmittedBytesF64);
  if (segments >= 10 && octets > unique * 0.01)
    found.add('loss-heavy', {
      frame,
      frames,
      values: { by: end.name, segments, octets, percent: Math.round((octets / unique) * 1000) / 10 },
    });
  const needless = end.events('spurious-retransmission');
  if (needless >= 3) {
    const ofThem = repeats.filter(isNeedless).map((noted) => noted.frame);
    found.add('retransmission-needless', {
      frame: ofThem[0] ?? end.word(END.lastFrame),
      frames: ofThem,
      values: { by: end.name, segments: needless },
    });
  }
  if (flow.isTimeVoid) return;
  timeouts(end, repeats, found);
  tail(flow, end, repeats, found);
}

function isDataRepeat(noted: Noted): boolean {
  return noted.repeats && noted.length > 0 && (noted.flags & (SYN | FIN | RST)) === 0 && (noted.events & PROBES) === 0;
}

const PROBES = EVENT.keepAlive | EVENT.zeroWindowProbe;

function isNeedless(noted: Noted): boolean {
  return (noted.events & EVENT.spuriousRetransmission) !== 0;
}

/** Repeats after a long silence of their sender, or one after the other with growing pauses. */
function timeouts(end: EndCase, repeats: readonly Noted[], found: Found): void {
  const late = repeats.filter((noted, i) => {
    const silence = noted.time - noted.own.time;
    if (silence >= SECOND) return silence < CLOCK_STEP;
    const before = repeats[i - 1];
    if (before === undefined || before.frame !== noted.own.frame || before.seq !== noted.seq) return false;
    return silence > 0.15 * SECOND && silence > 1.5 * (before.time - before.own.time);
  });
  const [first] = late;
  if (first === undefined) return;
  found.add('timeout-recovery', {
    frame: first.frame,
    frames: late.map((noted) => noted.frame),
    confidence: end.hasGap ? 'likely' : 'certain',
    values: {
      by: end.name,
      times: late.length,
      longestMs: Math.max(...late.map((noted) => noted.time - noted.own.time)) / MS,
    },
  });
}

/** The last segment of a burst, repeated with nothing in flight behind it. */
function tail(flow: FlowCase, end: EndCase, repeats: readonly Noted[], found: Found): void {
  const last = repeats.find((noted) => {
    const { own, peer } = noted;
    const silence = noted.time - Math.max(own.time, peer.time);
    const isOpen = peer.ack !== null && seqDelta(peer.ack, noted.seq) >= 0;
    // Other octets in the place of the first ones are somebody else's, or were.
    const isLast = ((noted.seq + noted.length) | 0) === own.sndNxt && noted.contradicts === 0;
    return isLast && silence >= 2 * flow.roundTrip && silence < CLOCK_STEP && isOpen && !isNeedless(noted);
  });
  if (last === undefined || flow.word(FLOW.ackFrame) === 0) return;
  found.add('tail-loss', {
    frame: last.frame,
    frames: [last.retransmitsFrame],
    confidence: 'possible',
    values: { by: end.name, waitedMs: (last.time - last.own.time) / MS },
  });
}

function reordered(flow: FlowCase, end: EndCase, found: Found): void {
  const segments = end.events('out-of-order');
  if (segments < 3 || flow.other(end.side).events('ack-unseen-segment') > 0) return;
  const frames = flow.noted
    .filter((noted) => noted.side === end.side && (noted.events & EVENT.outOfOrder) !== 0)
    .map((noted) => noted.frame);
  found.add('reordering', { frame: frames[0] ?? end.word(END.lastFrame), frames, values: { by: end.name, segments } });
}

/** The receiver's window sets the speed. `end` is the sender; the finding is about the other one's window. */
function limited(flow: FlowCase, end: EndCase, found: Found): void {
  const times = end.events('window-full');
  if (times < 10 || times * 20 < end.payloadSegments) return;
  const by = flow.other(end.side).name;
  found.add('receiver-limited', {
    frame: end.word(END.lastFrame),
    values: { by, times, segments: end.payloadSegments },
  });
}

/** `end` sent what the other one acknowledged selectively, and then no more. */
function reneged(flow: FlowCase, end: EndCase, found: Found): void {
  const denied = flow.facts.evidence.sacks.of(flow.row + (end.side === CLIENT ? FLOW.client : FLOW.server));
  if (denied === undefined) return;
  found.add('sack-reneged', {
    frame: denied.firstFrame,
    frames: [denied.lastFrame],
    confidence: 'likely',
    values: { by: flow.other(end.side).name, octets: denied.octets },
  });
}
