import { countText, plural } from '../bytes/counts.ts';
import { UtcTimes } from '../bytes/time.ts';
import { ByteWriter } from '../bytes/writer.ts';
import { addressText, endpointText } from '../flow/endpoints.ts';
import type { CaptureFinding } from '../record/capture.ts';
import type { Across } from './across.ts';
import type { Episode } from './backlog.ts';
import { HOSTS, PROBE, TENTH } from './crowds.ts';
import { DISTINCT_MOST } from './distinct.ts';
import { captureFinding, percent, spanText } from './finding.ts';
import { TARGETS_MOST, type Tally } from './minutes.ts';
import { longestRun, type Part } from './verdicts.ts';

/** What findings need to know beside what was gathered. */
export interface Moments {
  /** Whole seconds since 1970 from which times count. */
  readonly baseSeconds: number;
  /** Two MSL, in seconds. */
  readonly wait: number;
}

/** Flows at once in TIME_WAIT that are worth a word. */
const BURDEN = 100;
/** Handshakes that a flood has at least, and the share of them that never completes. */
const FLOOD_LEAST = 100;
const FLOOD_SHARE = 0.8;
/** Clients come again; spoofed addresses do not: so many sources a handshake. */
const SOURCES_SHARE = 0.8;
/** Targets of a scan, addresses of backscatter, resets of a burst. */
const SCAN_LEAST = 20;
const SCAN_SHARE = 0.8;
const SCAN_PLAIN = 100;
const BACKSCATTER_LEAST = 10;
const BURST_LEAST = 10;
/** A server that resets as a habit does so all the time: a burst holds this share of its resets. */
const BURST_SHARE = 0.5;
/** The smallest range that ports are taken from in earnest, and the share of it that is as good as all. */
const PORT_RANGE = 10_000;
const PORT_SHARE = 0.9;
/** Flows that agree on an idle limit, and how far they may lie apart; flows that met a full queue. */
const IDLE_LEAST = 3;
const IDLE_WIDTH = 0.02;
const QUEUED_LEAST = 3;
/** Frames and flows given as evidence. */
const EVIDENCE = 10;
/** Findings of one code. */
const MOST_TOLD = 16;

/** What the finished flows say of the capture itself: it bounds what may be believed. */
export function captureFindings({ census, oversize, clock, verdicts }: Across): CaptureFinding[] {
  const found: CaptureFinding[] = [];
  const { flows } = census;
  if (census.synsOnly >= SCAN_LEAST && census.synsOnly === flows) {
    found.push(
      captureFinding({
        code: 'capture-syns-only',
        severity: 'notice',
        values: { flows },
        message:
          'nothing but SYNs was captured: whether nobody went on, or a capture filter left the rest out, can not be told',
      }),
    );
  }
  if (census.oneWay > 0) {
    const most = census.oneWay > census.bothWays;
    found.push(
      captureFinding({
        code: 'capture-one-way',
        severity: 'notice',
        confidence: census.oneWay >= 3 ? 'certain' : 'likely',
        frames: census.oneWayFrames.numbers,
        flows: census.oneWayFlows.numbers,
        values: { flows: census.oneWay, bothWays: census.bothWays },
        message: `${plural(census.oneWay, 'flow')} of ${countText(flows)} with one direction only, though the other end must have answered: ${most ? 'the capture, or a filter, sees one side of the traffic' : 'asymmetric routing, or a filter'}; nothing is said about answers there`,
      }),
    );
  }
  if (census.gaps > 0) {
    found.push(
      captureFinding({
        code: 'capture-gap',
        severity: 'notice',
        confidence: census.gapsCertain ? 'certain' : 'likely',
        values: { flows: census.gaps, octets: census.gapOctets },
        flows: census.gapFlows.numbers,
        message: `${plural(census.gapOctets, 'octet')} in ${plural(census.gaps, 'flow')} (${flowList(census.gapFlows.numbers, census.gaps)}) were acknowledged but never captured: the capture lost them, not the network`,
        filter: 'tcp.analysis.ack_lost_segment || tcp.analysis.lost_segment',
      }),
    );
  }
  if (census.reordered > 0) {
    found.push(
      captureFinding({
        code: 'capture-reordered',
        severity: 'notice',
        confidence: 'likely',
        values: { flows: census.reordered },
        flows: census.reorderedFlows.numbers,
        message: `${plural(census.reordered, 'flow')} (${flowList(census.reorderedFlows.numbers, census.reordered)}) with an acknowledgment before what it acknowledges: several taps or queues were merged, and the order of close records is not to be trusted`,
        filter: 'tcp.analysis.ack_lost_segment',
      }),
    );
  }
  for (const { frame, step, flows: agreeing } of clock.steps) {
    found.push(
      captureFinding({
        code: 'capture-clock-step',
        severity: 'warning',
        confidence: 'likely',
        frames: [frame],
        flows: agreeing,
        values: { stepMs: step / 1e6, flows: agreeing.length },
        message: `the clock of the capture was set ${step < 0 ? 'back' : 'forward'} by some ${spanText(Math.abs(step))} before frame ${frame}: the timestamps of ${plural(agreeing.length, 'flow')} say that no such time passed; intervals across that place are void`,
      }),
    );
  }
  if (verdicts.twoVantages > 0) {
    const { twoVantages, twoVantagesFlows } = verdicts;
    found.push(
      captureFinding({
        code: 'capture-two-vantages',
        severity: 'notice',
        confidence: 'likely',
        flows: twoVantagesFlows.numbers,
        values: { flows: twoVantages },
        message: `${plural(twoVantages, 'flow')} (${flowList(twoVantagesFlows.numbers, twoVantages)}) captured on both sides of a device that rewrites sequence numbers: what is said of these flows mixes the two`,
      }),
    );
  }
  const { pairs } = census;
  if (pairs.first !== null) {
    found.push(
      captureFinding({
        code: 'capture-nat-pair',
        severity: 'notice',
        confidence: pairs.count > 1 ? 'certain' : 'likely',
        flows: pairs.first,
        values: { pairs: pairs.count },
        message: `${plural(pairs.count, 'connection')} captured on both sides of a device that rewrites addresses (flows ${pairs.first[0]} and ${pairs.first[1]}): counts are doubled`,
      }),
    );
  }
  if (oversize !== null) {
    const { frame, flow, octets, mss } = oversize;
    found.push(
      captureFinding({
        code: 'capture-offload',
        severity: 'info',
        frames: [frame],
        flows: [flow],
        values: { octets, mss: mss < 0 ? null : mss },
        message: `segments larger than their receiver takes (frame ${frame}: ${countText(octets)} octets${mss < 0 ? '' : `, MSS ${countText(mss)}`}): the network card cuts or joins them, and one may be several on the wire`,
        filter: `tcp.len > ${mss < 0 ? octets - 1 : mss}`,
      }),
    );
  }
  if (census.midstream > 0) {
    found.push(
      captureFinding({
        code: 'capture-midstream',
        severity: 'info',
        frames: census.midstreamFrames.numbers,
        flows: census.midstreamFlows.numbers,
        values: { flows: census.midstream },
        message: `${plural(census.midstream, 'flow')} of ${countText(flows)} began before the capture, or without the SYN that began ${census.midstream === 1 ? 'it' : 'them'}`,
      }),
    );
  }
  if (census.endedOpen > 0) {
    found.push(
      captureFinding({
        code: 'capture-ended-open',
        severity: 'info',
        flows: census.openFlows.numbers,
        values: { flows: census.endedOpen },
        message: `${plural(census.endedOpen, 'flow')} still open when the capture ended`,
      }),
    );
  }
  return found;
}

/** What shows across flows. */
export function acrossFindings(across: Across, moments: Moments): CaptureFinding[] {
  const found: CaptureFinding[] = [];
  if (across.census.flows === 0) return found;
  floods(across, moments, found);
  scans(across, moments, found);
  backscatter(across, found);
  resetBursts(across, moments, found);
  portsExhausted(across, found);
  idleLimit(across, found);
  backlogOverflow(across, moments, found);
  addressesVanished(across, moments, found);
  const { backlog } = across;
  const when = timeText(moments, backlog.peakTime);
  found.push(
    captureFinding({
      code: 'half-open-peak',
      severity: 'notice',
      frames: backlog.peak === 0 ? [] : [backlog.peakFrame],
      values: { peak: backlog.peak, at: when },
      message: `at most ${plural(backlog.peak, 'connection')} in SYN_RECV at once${when === null ? '' : `, at ${when}`}`,
    }),
  );
  const burden = across.timeWaits.worst();
  if (burden !== null && Math.max(burden.peak, burden.linuxPeak) >= BURDEN) {
    const { address, peak, linuxPeak } = burden;
    const at = timeText(moments, burden.time);
    found.push(
      captureFinding({
        code: 'time-wait-burden',
        severity: 'notice',
        values: { address, peak, waitSeconds: moments.wait, linuxPeak, at },
        message: `${address} held up to ${plural(peak, 'connection')} in TIME_WAIT at once (2 MSL of ${moments.wait} s${linuxPeak === peak ? '' : `; ${countText(linuxPeak)} by Linux' 60 s`}), most at ${at}: each holds its ports until then`,
      }),
    );
  }
  return found;
}

function floods({ backlog, census }: Across, moments: Moments, found: CaptureFinding[]): void {
  const worst = new Map<string, Episode>();
  for (const episode of backlog.episodes) {
    const { entered, completed, undecided, server } = episode;
    const decided = entered - undecided;
    if (decided < FLOOD_LEAST || decided - completed < decided * FLOOD_SHARE) continue;
    // Where nothing but SYNs was captured only the server's repeats tell for sure, and sources that come once hint at it.
    const several = episode.sources.count < Math.min(decided * SOURCES_SHARE, DISTINCT_MOST);
    if (isFiltered(census, episode) && several) continue;
    const known = worst.get(server);
    if (known === undefined || known.peak < episode.peak) worst.set(server, episode);
  }
  for (const episode of [...worst.values()].sort((a, b) => b.peak - a.peak).slice(0, MOST_TOLD)) {
    const { server, peak, completed, starved, delayed, synAckRepeats, neverRepeated } = episode;
    const decided = episode.entered - episode.undecided;
    const sources = episode.sources.count;
    const at = timeText(moments, episode.peakTime);
    const filtered = isFiltered(census, episode);
    const victims = [
      starved > 0 ? `${plural(starved, 'client')} sent SYNs again and got no answer` : '',
      delayed > 0 ? `${plural(delayed, 'client')} got in only after sending the SYN again` : '',
    ].filter((text) => text !== '');
    found.push(
      captureFinding({
        code: 'syn-flood',
        severity: 'alert',
        confidence: synAckRepeats > 0 ? 'certain' : filtered ? 'possible' : 'likely',
        frames: [episode.peakFrame, episode.firstFrame],
        values: {
          server,
          peak,
          at,
          from: timeText(moments, episode.from),
          to: timeText(moments, episode.to),
          begun: decided,
          completed,
          sources,
          synAckRepeats,
          clientsUnanswered: starved,
          clientsDelayed: delayed,
        },
        message: `${server}: up to ${plural(peak, 'connection')} half open at once (at ${at}), from ${sources >= DISTINCT_MOST ? 'more than' : 'about'} ${plural(sources, 'source')}; ${percent(completed, decided)} of ${plural(decided, 'handshake')} completed within ${spanText(episode.to - episode.from)}: ${filtered ? 'a SYN flood, unless a capture filter left out what is no SYN' : 'a SYN flood'}. ${victims.length === 0 ? 'No client was seen to suffer' : victims.join(', ')}`,
        filter: `tcp.flags.syn == 1 && ${serverFilter(server)}`,
      }),
    );
    if (neverRepeated >= FLOOD_LEAST && synAckRepeats < neverRepeated / 50) {
      found.push(
        captureFinding({
          code: 'syn-cookies-likely',
          severity: 'notice',
          confidence: 'possible',
          frames: [episode.peakFrame],
          values: { server, neverRepeated, synAckRepeats },
          message: `${server} repeated ${synAckRepeats === 0 ? 'none' : countText(synAckRepeats)} of ${plural(neverRepeated, 'unanswered SYN+ACK')} within 3 s: it may be answering with SYN cookies, which keep no state`,
        }),
      );
    }
  }
}

/** A filter may have left out what would show that handshakes completed. */
function isFiltered(census: Across['census'], episode: Episode): boolean {
  return episode.synAckRepeats === 0 && census.synsOnly === census.flows;
}

const PROBES = [
  { probe: PROBE.syn, code: 'scan-syn', what: 'SYNs' },
  { probe: PROBE.fin, code: 'scan-fin', what: 'bare FINs' },
  { probe: PROBE.null, code: 'scan-null', what: 'segments without flags' },
  { probe: PROBE.xmas, code: 'scan-xmas', what: 'FIN, PSH and URG' },
  { probe: PROBE.ack, code: 'scan-ack', what: 'bare ACKs' },
] as const;

function scans({ crowds, census }: Across, moments: Moments, found: CaptureFinding[]): void {
  // In a capture of one direction every SYN looks unanswered.
  if (census.bothWays === 0) return;
  const tallies = crowds.probes.over(SCAN_LEAST).filter(({ failed, fine }) => failed >= (failed + fine) * SCAN_SHARE);
  for (const { probe, code, what } of PROBES) {
    const told = new Map<string, Tally>();
    const also = new Map<string, number>();
    for (const tally of tallies) {
      if (tally.kind % HOSTS !== probe) continue;
      const source = addressText(tally.words, tally.source);
      also.set(source, (also.get(source) ?? 0) + 1);
      if (!told.has(source)) told.set(source, tally);
    }
    for (const [source, tally] of [...told].slice(0, MOST_TOLD)) {
      const onHosts = tally.kind >= HOSTS;
      const count = `${tally.distinct >= TARGETS_MOST ? 'more than ' : tally.distinct > 100 ? 'about ' : ''}${countText(tally.distinct)}`;
      const target = onHosts ? `port ${tally.words[tally.target + 5]!}` : addressText(tally.words, tally.target);
      const where = onHosts ? `${count} hosts, all on ${target},` : `${count} ports of ${target}`;
      const more = also.get(source)! - 1;
      found.push(
        captureFinding({
          code,
          severity: 'warning',
          confidence: !onHosts || tally.distinct >= SCAN_PLAIN || probe !== PROBE.syn ? 'likely' : 'possible',
          frames: tally.frames,
          values: {
            source,
            targets: tally.distinct,
            of: onHosts ? 'hosts' : 'ports',
            target,
            from: timeText(moments, tally.period * 60e9),
          },
          message: `${source} tried ${where} with ${what} within a minute, nearly all in vain${more > 0 ? `, and did the like ${plural(more, 'more time')}` : ''}: consistent with a scan${onHosts && probe === PROBE.syn ? ', or a peer-to-peer program' : ''}`,
          filter: `${addressFilter('src', source)} && tcp`,
        }),
      );
    }
  }
}

function backscatter({ crowds, census }: Across, found: CaptureFinding[]): void {
  for (const tally of crowds.unsolicited.over(BACKSCATTER_LEAST).slice(0, MOST_TOLD)) {
    const server = addressText(tally.words, tally.source);
    found.push(
      captureFinding({
        code: 'backscatter',
        severity: 'notice',
        confidence: census.bothWays > census.oneWay ? 'likely' : 'possible',
        frames: tally.frames,
        values: { server, addresses: tally.distinct },
        message: `${server} answered ${plural(tally.distinct, 'address', 'addresses')} that had sent it no SYN: consistent with backscatter of spoofed segments${census.oneWay > 0 ? ', or with a capture of one direction' : ''}`,
        filter: addressFilter('src', server),
      }),
    );
  }
}

function resetBursts({ crowds }: Across, moments: Moments, found: CaptureFinding[]): void {
  const all = new Map(crowds.allResets.over(1).map((tally) => [addressText(tally.words, tally.source), tally.failed]));
  const tenths = new Map<string, Tally[]>();
  for (const tally of crowds.resets.over(1)) {
    const server = addressText(tally.words, tally.source);
    tenths.set(server, [...(tenths.get(server) ?? []), tally]);
  }
  const worst = new Map<string, { readonly flows: number; readonly tally: Tally; readonly last: number }>();
  for (const [server, tallies] of tenths) {
    tallies.sort((a, b) => a.period - b.period);
    tallies.forEach((tally, i) => {
      const within = tallies.slice(i, i + 10).filter(({ period }) => period < tally.period + 10);
      const flows = within.reduce((sum, { failed }) => sum + failed, 0);
      if (flows < BURST_LEAST || flows < (all.get(server) ?? 0) * BURST_SHARE) return;
      if ((worst.get(server)?.flows ?? 0) < flows)
        worst.set(server, { flows, tally, last: within.at(-1)?.frames[1] ?? 0 });
    });
  }
  for (const [server, { flows, tally, last }] of [...worst].slice(0, MOST_TOLD)) {
    const at = timeText(moments, tally.period * TENTH);
    found.push(
      captureFinding({
        code: 'reset-burst',
        severity: 'warning',
        confidence: 'likely',
        frames: [tally.frames[0], last],
        values: { server, flows, of: all.get(server) ?? flows, at },
        message: `${server} reset ${plural(flows, 'connection')} within a second, at ${at}: a restart, a deployment or a failover? Look at what happened on that host then`,
        filter: `tcp.flags.reset == 1 && ${addressFilter('src', server)}`,
      }),
    );
  }
}

function portsExhausted({ crowds }: Across, found: CaptureFinding[]): void {
  for (const tally of crowds.ports.over(SCAN_LEAST).slice(0, MOST_TOLD)) {
    const range = tally.high - tally.low + 1;
    if (range < PORT_RANGE || tally.failed < range * PORT_SHARE) continue;
    const client = addressText(tally.words, tally.source);
    const server = endpointText(tally.words, tally.target);
    found.push(
      captureFinding({
        code: 'ephemeral-ports-exhausted',
        severity: 'warning',
        confidence: 'likely',
        frames: tally.frames,
        values: { client, server, flows: tally.failed, lowestPort: tally.low, highestPort: tally.high },
        message: `${client} opened ${plural(tally.failed, 'connection')} to ${server} within a minute, from ports ${tally.low} to ${tally.high}: nearly every port there is, and each is held for its TIME_WAIT`,
        filter: `${addressFilter('src', client)} && tcp.flags.syn == 1`,
      }),
    );
  }
}

function idleLimit({ verdicts }: Across, found: CaptureFinding[]): void {
  const parts = [...verdicts.idle].sort((a, b) => a.quiet - b.quiet || a.flow - b.flow);
  const alike = longestRun(
    parts,
    ({ quiet }) => quiet,
    (quiet) => quiet * IDLE_WIDTH,
  );
  if (alike.length < IDLE_LEAST) return;
  const { quiet } = alike[alike.length >> 1]!;
  found.push(
    captureFinding({
      code: 'idle-limit-found',
      severity: 'warning',
      confidence: 'likely',
      frames: alike.slice(0, EVIDENCE).map(({ frame }) => frame),
      flows: alike.slice(0, EVIDENCE).map(({ flow }) => flow),
      values: { flows: alike.length, quietMs: quiet / 1e6 },
      message: `${plural(alike.length, 'connection')} died after the same ${spanText(quiet)} of quiet: a device or a program on the way has that idle limit. Keep-alives more often than that, or a longer limit there`,
    }),
  );
}

function backlogOverflow({ verdicts }: Across, moments: Moments, found: CaptureFinding[]): void {
  const byServer = new Map<number, Part[]>();
  for (const part of verdicts.queued) {
    const known = byServer.get(part.server);
    if (known === undefined) byServer.set(part.server, [part]);
    else known.push(part);
  }
  const crowds = [...byServer.values()].map((parts) => {
    parts.sort((a, b) => a.time - b.time || a.flow - b.flow);
    return longestRun(
      parts,
      ({ time }) => time,
      () => 60e9,
    );
  });
  // The worst first: the order in which flows finish says nothing.
  crowds.sort((a, b) => b.length - a.length || a[0]!.flow - b[0]!.flow);
  for (const within of crowds.slice(0, MOST_TOLD)) {
    if (within.length < QUEUED_LEAST) break;
    const server = verdicts.server(within[0]!.server);
    const at = timeText(moments, within[0]!.time);
    found.push(
      captureFinding({
        code: 'backlog-overflow',
        severity: 'warning',
        confidence: 'likely',
        frames: within.slice(0, EVIDENCE).map(({ frame }) => frame),
        flows: within.slice(0, EVIDENCE).map(({ flow }) => flow),
        values: { server, flows: within.length, from: at },
        message: `${server}: ${plural(within.length, 'connection')} met a full queue within a minute, from ${at} on: the listener can not keep up. A larger backlog, or a program that accepts faster`,
      }),
    );
  }
}

function addressesVanished({ vanished }: Across, moments: Moments, found: CaptureFinding[]): void {
  for (const { address, flows, frames, lastHeard } of vanished.list().slice(0, MOST_TOLD)) {
    const at = timeText(moments, lastHeard);
    found.push(
      captureFinding({
        code: 'address-vanished',
        severity: 'warning',
        confidence: 'likely',
        frames: frames.slice(0, EVIDENCE),
        flows: flows.slice(0, EVIDENCE),
        values: { address, flows: flows.length, lastHeard: at },
        message: `${address} fell silent in ${plural(flows.length, 'connection')} and was not heard again after ${at}: the host, or the path to it, is gone`,
        filter: `${address.includes(':') ? 'ipv6' : 'ip'}.addr == ${address}`,
      }),
    );
  }
}

/** `flows 3, 8 and 12 more`. */
function flowList(numbers: readonly number[], count: number): string {
  const shown = numbers.slice(0, 5);
  const more = count - shown.length;
  return `${plural(count, 'flow').replace(/^[\d,]+ /, '')} ${shown.join(', ')}${more > 0 ? ` and ${countText(more)} more` : ''}`;
}

function addressFilter(which: 'src' | 'dst', address: string): string {
  return `${address.includes(':') ? 'ipv6' : 'ip'}.${which} == ${address}`;
}

function serverFilter(server: string): string {
  const at = server.lastIndexOf(':');
  const address = server.slice(0, at).replace(/^\[|\]$/g, '');
  return `${address.includes(':') ? 'ipv6' : 'ip'}.addr == ${address} && tcp.port == ${server.slice(at + 1)}`;
}

/** RFC 3339 in UTC; null for what never was. */
function timeText({ baseSeconds }: Moments, nanoseconds: number): string | null {
  if (Number.isNaN(nanoseconds)) return null;
  const out = new ByteWriter(64);
  new UtcTimes().writeSince(out, baseSeconds, nanoseconds);
  return out.toString();
}
