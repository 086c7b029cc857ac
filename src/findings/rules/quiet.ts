import { seqDelta } from '../../bytes/seq.ts';
import { MS, SECOND } from '../../bytes/time.ts';
import { CLIENT, END, FLOW, FLOW_BITS } from '../../flow/rows.ts';
import { EVENT } from '../../tcp/events.ts';
import { QUIET } from '../../tcp/evidence/evidence.ts';
import { NOTED, type Noted, TRAIT } from '../../tcp/evidence/noted.ts';
import { NOTE } from '../../tcp/verdict.ts';
import { FIN, RST, SYN } from '../../wire/segment.ts';
import type { EndCase, FlowCase } from '../case.ts';
import type { Found } from '../found.ts';

/** Living and dying quietly. */
export function quiet(flow: FlowCase, found: Found): void {
  held(flow, found);
  if (!flow.hasEvidence || !flow.bothWays) return;
  for (const end of [flow.client, flow.server]) {
    keepAlives(flow, end, found);
    if (!flow.isTimeVoid) {
      vanished(flow, end, found);
      stalled(flow, end, found);
    }
    blackHole(flow, end, found);
    shrunk(flow, end, found);
  }
  if (flow.isTimeVoid) return;
  forgotten(flow, found);
  silentServer(flow, found);
}

function keepAlives(flow: FlowCase, end: EndCase, found: Found): void {
  const probes = end.events('keep-alive');
  if (probes === 0 || flow.other(end.side).events('keep-alive-ack') === 0) return;
  const kept = flow.noted.filter((noted) => noted.side === end.side && isKeepAlive(noted));
  const gaps = kept.slice(1).map((noted, i) => noted.time - kept[i]!.time);
  const interval = gaps.length === 0 ? null : gaps.sort((a, b) => a - b)[gaps.length >> 1]!;
  if (interval !== null && interval < SECOND / 2) return;
  found.add('keep-alive-used', {
    frame: kept[0]?.frame ?? end.word(END.lastFrame),
    frames: kept.map((noted) => noted.frame),
    values: { by: end.name, probes, intervalMs: interval === null || flow.isTimeVoid ? null : interval / MS },
  });
}

function isKeepAlive(noted: Noted): boolean {
  return (noted.events & EVENT.keepAlive) !== 0;
}

/** The end repeats, and nothing comes back until the capture, or its patience, ends. */
function vanished(flow: FlowCase, end: EndCase, found: Found): void {
  if (flow.has(FLOW_BITS.reset | FLOW_BITS.closed | FLOW_BITS.refused | FLOW_BITS.aborted)) return;
  if (!flow.has(FLOW_BITS.ackSeen | FLOW_BITS.midstream) || flow.other(end.side).sentUnseen) return;
  const run = lastRun(flow, end).filter((noted) => (noted.flags & (SYN | FIN | RST)) === 0);
  if (run.length < 3 || flow.noted.some((noted) => noted.kind === NOTED.icmp)) return;
  const last = run[run.length - 1]!;
  if (!growsOrIsEven(run)) return;
  found.add('peer-vanished', {
    frame: run[0]!.frame,
    frames: run.map((noted) => noted.frame),
    confidence: 'likely',
    values: {
      by: end.name,
      times: run.length,
      overMs: (last.time - run[0]!.own.time) / MS,
      what: run.every(isKeepAlive) ? 'keep-alives' : 'its data',
    },
  });
}

/** What the end repeated after the other end's last segment of all. */
function lastRun(flow: FlowCase, end: EndCase): readonly Noted[] {
  const silence = flow.other(end.side).word(END.lastFrame);
  return flow.noted.filter(
    (noted) =>
      noted.kind === NOTED.segment &&
      noted.side === end.side &&
      noted.peer.frame === silence &&
      noted.frame > silence &&
      (noted.repeats || isKeepAlive(noted)),
  );
}

/** Timers: each pause at least about as long as the one before. */
function growsOrIsEven(run: readonly Noted[]): boolean {
  const gaps = run.slice(1).map((noted, i) => noted.time - run[i]!.time);
  return gaps.every((gap, i) => gap >= 0.1 * SECOND && (i === 0 || gap >= 0.8 * gaps[i - 1]!));
}

/** After a long quiet nothing gets through, or something else answers. */
function forgotten(flow: FlowCase, found: Found): void {
  if (!flow.noticed(NOTE.afterQuiet)) return;
  const first = flow.noted.findLast(
    (noted) => noted.kind === NOTED.segment && (noted.notes & NOTE.afterQuiet) !== 0 && noted.length > 0,
  );
  if (first === undefined || (first.flags & (SYN | RST)) !== 0) return;
  const quietFor = first.time - Math.max(first.own.time, first.peer.time);
  if (!(quietFor >= QUIET)) return;
  const end = flow.end(first.side);
  const other = flow.other(first.side);
  if (other.word(END.lastFrame) < first.frame) {
    const run = lastRun(flow, end);
    if (run.length < 2 || other.sentUnseen) return;
    found.add('idle-drop', {
      frame: first.frame,
      frames: run.map((noted) => noted.frame),
      confidence: 'likely',
      values: { by: end.name, quietMs: quietFor / MS, how: `payload of the ${end.name} was never answered` },
    });
    return;
  }
  const { reset } = flow;
  if (reset === undefined || reset.side === first.side || reset.peer.frame !== first.frame) return;
  const off = Math.abs(hops(reset.ttl) - hops(reset.own.ttl));
  if (reset.own.frame === 0 || off < 2 || sendsWith(flow, reset.side, reset.ttl)) return;
  found.add('idle-drop', {
    frame: first.frame,
    frames: [reset.frame],
    confidence: 'likely',
    values: {
      by: end.name,
      quietMs: quietFor / MS,
      how: `payload of the ${end.name} drew a RST that came from elsewhere (TTL ${reset.ttl}, before ${reset.own.ttl})`,
    },
  });
}

/** How many hops away the sender is, if it began with 32, 64, 128 or 255. */
export function hops(ttl: number): number {
  return (ttl <= 32 ? 32 : ttl <= 64 ? 64 : ttl <= 128 ? 128 : 255) - ttl;
}

/** Whether an end also sent another segment than RSTs with that TTL: more than one way leads from it (G10). */
export function sendsWith(flow: FlowCase, side: number, ttl: number): boolean {
  return flow.noted.some(
    (noted) => noted.kind === NOTED.segment && noted.side === side && (noted.flags & RST) === 0 && noted.ttl === ttl,
  );
}

/** The request was acknowledged, never answered, and the client gave up. */
function silentServer(flow: FlowCase, found: Found): void {
  const { client, server } = flow;
  if (client.payloadSegments === 0 || server.hasGap || client.hasGap) return;
  if (client.word(END.payloadAck) !== serverNext(server)) return;
  const last = flow.noted.find(
    (noted) =>
      noted.side === CLIENT &&
      ((noted.flags & RST) !== 0
        ? noted.frame === flow.word(FLOW.resetFrame)
        : noted.frame === client.word(END.finFrame)),
  );
  if (last === undefined || last.length > 0) return;
  const acked = seqDelta(client.sentFin ? client.word(END.finSeq) : last.seq, client.word(END.sndUna)) >= 0;
  const waited = last.time - Math.max(last.own.time, last.peer.time);
  if (!acked || !(waited >= QUIET)) return;
  found.add('server-silent', {
    frame: last.frame,
    confidence: server.payloadSegments > 0 ? 'likely' : 'possible',
    values: { by: 'client', waitedMs: waited / MS },
  });
}

/** Past the last octet of payload that the server sent. */
function serverNext(server: EndCase): number {
  return server.sentFin ? server.word(END.finSeq) : server.word(END.sndNxt);
}

/** A closed window that the other end probes. */
function stalled(flow: FlowCase, end: EndCase, found: Found): void {
  const other = flow.other(end.side);
  if (end.events('zero-window') === 0 || other.events('zero-window-probe') + other.events('keep-alive') === 0) return;
  let from = Number.NaN;
  let last = Number.NaN;
  let taken = 0;
  let longest = 0;
  let frames: number[] = [];
  let current: number[] = [];
  let probed = false;
  for (const noted of flow.noted) {
    if (noted.kind !== NOTED.segment) continue;
    if (noted.side === end.side) {
      if ((noted.events & EVENT.zeroWindow) !== 0 || (noted.window === 0 && (noted.flags & RST) === 0)) {
        if (Number.isNaN(from)) from = noted.time;
        last = noted.time;
        taken = noted.ack;
        current.push(noted.frame);
        if (probed && noted.time - from > longest) {
          longest = noted.time - from;
          frames = [...current];
        }
      } else {
        // It takes new octets: the capture missed when the window opened, some time after what was seen last.
        const until = seqDelta(taken, noted.ack) > 0 ? last : noted.time;
        if (probed && until - from > longest) {
          longest = until - from;
          frames = [...current, noted.frame];
        }
        from = Number.NaN;
        current = [];
        probed = false;
      }
    } else if ((noted.events & (EVENT.zeroWindowProbe | EVENT.keepAlive)) !== 0 && !Number.isNaN(from)) {
      probed = true;
      last = noted.time;
      current.push(noted.frame);
    }
  }
  if (longest <= SECOND) return;
  found.add('zero-window-stall', {
    frame: frames[0]!,
    frames: frames.slice(0, 40),
    severity: longest >= 60 * SECOND ? 'alert' : 'warning',
    values: { by: end.name, stalledMs: longest / MS },
  });
}

/** Only the largest segments are lost, whatever their number, and smaller ones get through. */
function blackHole(flow: FlowCase, end: EndCase, found: Found): void {
  if (!flow.keeps(TRAIT.repeats)) return;
  const repeats = flow.noted.filter((noted) => noted.side === end.side && noted.repeats && noted.length > 0);
  const last = repeats[repeats.length - 1];
  if (last === undefined || last.length < 1000) return;
  const same = repeats.filter((noted) => noted.seq === last.seq && noted.length === last.length);
  if (same.length < 3 || same.length < repeats.length || end.word(END.sndUna) !== last.seq) return;
  const other = flow.other(end.side);
  const heard = other.word(END.lastFrame) > same[0]!.frame;
  const passed = end.word(END.isn) !== ((last.seq - 1) | 0) && end.payloadSegments > same.length + 1;
  if (!heard || !passed || largeOnesPass(end, last.length, same.length)) return;
  found.add('path-mtu-blackhole', {
    frame: same[0]!.frame,
    frames: same.map((noted) => noted.frame),
    confidence: 'likely',
    values: { by: end.name, size: last.length, times: same.length },
  });
}

/** Whether what was acknowledged came in segments of more than half that size on average: then some were as large. */
function largeOnesPass(end: EndCase, size: number, repeats: number): boolean {
  const waiting = seqDelta(end.word(END.sndUna), end.word(END.sndNxt));
  const segments = end.payloadSegments - repeats - Math.ceil(waiting / size);
  return segments > 0 && end.bytes - repeats * size - waiting > (segments * size) / 2;
}

/** Window that was offered and taken back; the ACK after it must leave it so, or it was an old one that came late. */
function shrunk(flow: FlowCase, end: EndCase, found: Found): void {
  if (!flow.noticed(NOTE.windowShrunk)) return;
  const shift = flow.word(FLOW.shift + end.side) - 1;
  const own = flow.noted.filter((noted) => noted.kind === NOTED.segment && noted.side === end.side);
  const taken = own.filter((noted, i) => {
    if ((noted.notes & (NOTE.windowShrunk | NOTE.checksumBad)) !== NOTE.windowShrunk) return false;
    if (noted.hasTimestamps && noted.tsVal !== noted.own.tsVal) return false;
    const next = own[i + 1];
    const edge = (noted.ack + (noted.window << shift) + noted.extra) | 0;
    return next !== undefined && seqDelta((next.ack + (next.window << shift)) | 0, edge) > 0;
  });
  const [first] = taken;
  if (first === undefined) return;
  found.add('window-shrunk', {
    frame: first.frame,
    frames: taken.flatMap((noted) => [noted.own.frame, noted.frame]),
    confidence: 'likely',
    values: { by: end.name, times: taken.length, octets: Math.max(...taken.map((noted) => noted.extra)) },
  });
}

/** Small segments, each held until the delayed ACK of the one before it. */
function held(flow: FlowCase, found: Found): void {
  const waits = flow.facts.evidence.held.of(flow.row);
  if (waits === undefined) return;
  found.add('delayed-ack-stall', {
    frame: waits.frames[0]!,
    frames: waits.frames,
    confidence: 'likely',
    values: {
      by: flow.other(waits.side).name,
      times: waits.times,
      waitMs: waits.waited / waits.times / MS,
      totalMs: waits.waited / MS,
    },
  });
}
