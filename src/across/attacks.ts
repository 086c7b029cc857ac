import { countText, plural } from '../bytes/counts.ts';
import { addressText, portAt } from '../flow/endpoints.ts';
import type { Across } from './across.ts';
import type { Episode } from './backlog.ts';
import { HOSTS, MINUTE, PROBE } from './crowds.ts';
import { DISTINCT_MOST } from './distinct.ts';
import {
  addressFilter,
  MOST_TOLD,
  type Moments,
  percent,
  type Said,
  serverFilter,
  spanText,
  timeText,
} from './finding.ts';
import { grouped } from './grouped.ts';
import { TARGETS_MOST, type Tally } from './minutes.ts';

/** What looks as if somebody meant it: floods, scans, and what others are sent because of them. */
export function attacks(across: Across, moments: Moments): readonly Said[] {
  return [...floods(across, moments), ...scans(across, moments), ...backscatter(across)];
}

/** Handshakes that a flood has at least, and the share of them that never completes. */
const FLOOD_LEAST = 100;
const FLOOD_SHARE = 0.8;
/** Clients come again; spoofed addresses do not: so many sources a handshake. */
const SOURCES_SHARE = 0.8;

function floods({ backlog, census }: Across, moments: Moments): readonly Said[] {
  const worst = new Map<string, Episode>();
  for (const episode of backlog.episodes) {
    const { completed, server } = episode;
    const decided = decidedOf(episode);
    if (decided < FLOOD_LEAST || decided - completed < decided * FLOOD_SHARE) continue;
    // Where nothing but SYNs was captured only the server's repeats tell for sure, and sources that come once hint at it.
    const several = episode.sources.count < Math.min(decided * SOURCES_SHARE, DISTINCT_MOST);
    if (isFiltered(census, episode) && several) continue;
    const known = worst.get(server);
    if (known === undefined || known.peak < episode.peak) worst.set(server, episode);
  }
  return [...worst.values()]
    .sort((a, b) => b.peak - a.peak)
    .slice(0, MOST_TOLD)
    .flatMap((episode) => [flood(episode, isFiltered(census, episode), moments), ...synCookies(episode)]);
}

/** Handshakes of which it is known whether they completed. */
function decidedOf({ entered, undecided }: Episode): number {
  return entered - undecided;
}

/** A filter may have left out what would show that handshakes completed. */
function isFiltered(census: Across['census'], episode: Episode): boolean {
  return episode.synAckRepeats === 0 && census.synsOnly === census.flows;
}

function flood(episode: Episode, filtered: boolean, moments: Moments): Said {
  const { server, peak, completed, starved, delayed, synAckRepeats } = episode;
  const decided = decidedOf(episode);
  const sources = episode.sources.count;
  const at = timeText(moments, episode.peakTime);
  const begun = `up to ${plural(peak, 'connection')} half open at once (at ${at}), from ${sources >= DISTINCT_MOST ? 'more than' : 'about'} ${plural(sources, 'source')}`;
  const ended = `${percent(completed, decided)} of ${plural(decided, 'handshake')} completed within ${spanText(episode.to - episode.from)}`;
  const verdict = filtered ? 'a SYN flood, unless a capture filter left out what is no SYN' : 'a SYN flood';
  const victims = [
    starved > 0 ? `${plural(starved, 'client')} sent SYNs again and got no answer` : '',
    delayed > 0 ? `${plural(delayed, 'client')} got in only after sending the SYN again` : '',
  ].filter((text) => text !== '');
  return {
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
    message: `${server}: ${begun}; ${ended}: ${verdict}. ${victims.length === 0 ? 'No client was seen to suffer' : victims.join(', ')}`,
    filter: `tcp.flags.syn == 1 && ${serverFilter(server)}`,
  };
}

/** A server without SYN cookies repeats more than one in so many of a flood's SYN+ACKs. */
const REPEATED_ONE_IN = 50;

function synCookies({ server, neverRepeated, synAckRepeats, peakFrame }: Episode): readonly Said[] {
  if (neverRepeated < FLOOD_LEAST || synAckRepeats >= neverRepeated / REPEATED_ONE_IN) return [];
  return [
    {
      code: 'syn-cookies-likely',
      severity: 'notice',
      confidence: 'possible',
      frames: [peakFrame],
      values: { server, neverRepeated, synAckRepeats },
      message: `${server} repeated ${synAckRepeats === 0 ? 'none' : countText(synAckRepeats)} of ${plural(neverRepeated, 'unanswered SYN+ACK')} within 3 s: it may be answering with SYN cookies, which keep no state`,
    },
  ];
}

const PROBES = [
  { probe: PROBE.syn, code: 'scan-syn', what: 'SYNs' },
  { probe: PROBE.fin, code: 'scan-fin', what: 'bare FINs' },
  { probe: PROBE.null, code: 'scan-null', what: 'segments without flags' },
  { probe: PROBE.xmas, code: 'scan-xmas', what: 'FIN, PSH and URG' },
  { probe: PROBE.ack, code: 'scan-ack', what: 'bare ACKs' },
] as const;

/** Targets that a scan has at least, and the share of them that it tries in vain. */
const SCAN_LEAST = 20;
const SCAN_SHARE = 0.8;
/** So many hosts no peer-to-peer program tries in vain within a minute. */
const SCAN_PLAIN = 100;
/** Past this many the targets' number is an estimate. */
const COUNTED_MOST = 100;

function scans({ crowds, census }: Across, moments: Moments): readonly Said[] {
  // In a capture of one direction every SYN looks unanswered.
  if (census.bothWays === 0) return [];
  const tallies = crowds.probes.over(SCAN_LEAST).filter(({ failed, fine }) => failed >= (failed + fine) * SCAN_SHARE);
  return PROBES.flatMap((probes) => {
    const bySource = grouped(
      tallies.filter(({ kind }) => kind % HOSTS === probes.probe),
      ({ words, source }) => addressText(words, source),
    );
    return [...bySource]
      .slice(0, MOST_TOLD)
      .map(([source, [worst, ...more]]) => scan(probes, source, worst, more.length, moments));
  });
}

/** @param more how often the source did the like beside */
function scan(
  { probe, code, what }: (typeof PROBES)[number],
  source: string,
  tally: Tally,
  more: number,
  moments: Moments,
): Said {
  const { words, distinct } = tally;
  const onHosts = tally.kind >= HOSTS;
  const count = `${distinct >= TARGETS_MOST ? 'more than ' : distinct > COUNTED_MOST ? 'about ' : ''}${countText(distinct)}`;
  const target = onHosts ? `port ${portAt(words, tally.target)}` : addressText(words, tally.target);
  const where = onHosts ? `${count} hosts, all on ${target},` : `${count} ports of ${target}`;
  return {
    code,
    severity: 'warning',
    confidence: !onHosts || distinct >= SCAN_PLAIN || probe !== PROBE.syn ? 'likely' : 'possible',
    frames: tally.frames,
    values: {
      source,
      targets: distinct,
      of: onHosts ? 'hosts' : 'ports',
      target,
      from: timeText(moments, tally.period * MINUTE),
    },
    message: `${source} tried ${where} with ${what} within a minute, nearly all in vain${more > 0 ? `, and did the like ${plural(more, 'more time')}` : ''}: consistent with a scan${onHosts && probe === PROBE.syn ? ', or a peer-to-peer program' : ''}`,
    filter: `${addressFilter(source, 'src')} && tcp`,
  };
}

/** Addresses that one server answers unasked. */
const BACKSCATTER_LEAST = 10;

function backscatter({ crowds, census }: Across): readonly Said[] {
  return crowds.unsolicited
    .over(BACKSCATTER_LEAST)
    .slice(0, MOST_TOLD)
    .map(({ words, source, frames, distinct }) => {
      const server = addressText(words, source);
      return {
        code: 'backscatter',
        severity: 'notice',
        confidence: census.bothWays > census.oneWay ? 'likely' : 'possible',
        frames,
        values: { server, addresses: distinct },
        message: `${server} answered ${plural(distinct, 'address', 'addresses')} that had sent it no SYN: consistent with backscatter of spoofed segments${census.oneWay > 0 ? ', or with a capture of one direction' : ''}`,
        filter: addressFilter(server, 'src'),
      };
    });
}
