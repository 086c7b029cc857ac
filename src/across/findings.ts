import { countText, plural } from '../bytes/counts.ts';
import { addressText, endpointText } from '../flow/endpoints.ts';
import type { CaptureFinding } from '../record/capture.ts';
import type { Across } from './across.ts';
import { attacks } from './attacks.ts';
import { TENTH } from './crowds.ts';
import { addressFilter, captureFinding, MOST_TOLD, type Moments, type Said, spanText, timeText } from './finding.ts';
import { grouped } from './grouped.ts';
import type { Tally } from './minutes.ts';
import { longestRun } from './verdicts.ts';

/** What shows across flows. */
export function acrossFindings(across: Across, moments: Moments): CaptureFinding[] {
  if (across.census.flows === 0) return [];
  return RULES.flatMap((rule) => rule(across, moments)).map(captureFinding);
}

/** In the order in which they are told where they are equally grave. */
const RULES: readonly ((across: Across, moments: Moments) => readonly Said[])[] = [
  attacks,
  resetBursts,
  portsExhausted,
  idleLimit,
  backlogOverflow,
  addressesVanished,
  halfOpenPeak,
  timeWaitBurden,
];

/** Frames and flows given as evidence. */
const EVIDENCE = 10;

/** Resets of a burst. */
const BURST_LEAST = 10;
/** A server that resets as a habit does so all the time: a burst holds this share of its resets. */
const BURST_SHARE = 0.5;

function resetBursts({ crowds }: Across, moments: Moments): readonly Said[] {
  const serverOf = ({ words, source }: Tally): string => addressText(words, source);
  const all = new Map(crowds.allResets.over(1).map((tally) => [serverOf(tally), tally.failed]));
  return [...grouped(crowds.resets.over(1), serverOf)]
    .map(([server, tenths]) => ({ server, of: all.get(server), ...worstSecond(tenths) }))
    .filter(({ of = 0, flows }) => flows >= BURST_LEAST && flows >= of * BURST_SHARE)
    .slice(0, MOST_TOLD)
    .map(({ server, of, flows, first, last }) => {
      const at = timeText(moments, first.period * TENTH);
      return {
        code: 'reset-burst',
        severity: 'warning',
        confidence: 'likely',
        frames: [first.frames[0], last.frames[1]],
        values: { server, flows, of: of ?? flows, at },
        message: `${server} reset ${plural(flows, 'connection')} within a second, at ${at}: a restart, a deployment or a failover? Look at what happened on that host then`,
        filter: `tcp.flags.reset == 1 && ${addressFilter(server, 'src')}`,
      };
    });
}

interface Second {
  readonly flows: number;
  /** The tenths of the second that have the first and the last of them. */
  readonly first: Tally;
  readonly last: Tally;
}

/** The second that has most of a server's resets; the earliest of several. */
function worstSecond(tenths: readonly [Tally, ...Tally[]]): Second {
  const inOrder = [...tenths].sort((a, b) => a.period - b.period);
  const seconds = inOrder.map((first, i) => {
    const within = inOrder.slice(i, i + 10).filter(({ period }) => period < first.period + 10);
    return { first, last: within.at(-1)!, flows: within.reduce((sum, { failed }) => sum + failed, 0) };
  });
  return seconds.reduce((worst, second) => (second.flows > worst.flows ? second : worst));
}

/** Different ports that a client takes within a minute before their range is looked at. */
const PORTS_LEAST = 20;
/** The smallest range that ports are taken from in earnest, and the share of it that is as good as all. */
const PORT_RANGE = 10_000;
const PORT_SHARE = 0.9;

function portsExhausted({ crowds }: Across): readonly Said[] {
  return crowds.ports
    .over(PORTS_LEAST)
    .slice(0, MOST_TOLD)
    .filter(({ low, high, failed }) => high - low + 1 >= PORT_RANGE && failed >= (high - low + 1) * PORT_SHARE)
    .map(({ words, source, target, frames, failed, low, high }) => {
      const client = addressText(words, source);
      const server = endpointText(words, target);
      return {
        code: 'ephemeral-ports-exhausted',
        severity: 'warning',
        confidence: 'likely',
        frames,
        values: { client, server, flows: failed, lowestPort: low, highestPort: high },
        message: `${client} opened ${plural(failed, 'connection')} to ${server} within a minute, from ports ${low} to ${high}: nearly every port there is, and each is held for its TIME_WAIT`,
        filter: `${addressFilter(client, 'src')} && tcp.flags.syn == 1`,
      };
    });
}

/** Flows that agree on an idle limit, and how far they may lie apart. */
const IDLE_LEAST = 3;
const IDLE_WIDTH = 0.02;

function idleLimit({ verdicts }: Across): readonly Said[] {
  const parts = [...verdicts.idle].sort((a, b) => a.quiet - b.quiet || a.flow - b.flow);
  const alike = longestRun(
    parts,
    ({ quiet }) => quiet,
    (quiet) => quiet * IDLE_WIDTH,
  );
  if (alike.length < IDLE_LEAST) return [];
  const { quiet } = alike[alike.length >> 1]!;
  return [
    {
      code: 'idle-limit-found',
      severity: 'warning',
      confidence: 'likely',
      frames: alike.slice(0, EVIDENCE).map(({ frame }) => frame),
      flows: alike.slice(0, EVIDENCE).map(({ flow }) => flow),
      values: { flows: alike.length, quietMs: quiet / 1e6 },
      message: `${plural(alike.length, 'connection')} died after the same ${spanText(quiet)} of quiet: a device or a program on the way has that idle limit. Keep-alives more often than that, or a longer limit there`,
    },
  ];
}

/** Flows that met a server's full queue within so many nanoseconds. */
const QUEUED_LEAST = 3;
const QUEUED_WITHIN = 60e9;

function backlogOverflow({ verdicts }: Across, moments: Moments): readonly Said[] {
  const crowds = [...grouped(verdicts.queued, ({ server }) => server).values()].map((parts) =>
    longestRun(
      parts.sort((a, b) => a.time - b.time || a.flow - b.flow),
      ({ time }) => time,
      () => QUEUED_WITHIN,
    ),
  );
  return (
    crowds
      .filter(({ length }) => length >= QUEUED_LEAST)
      // The worst first: the order in which flows finish says nothing.
      .sort((a, b) => b.length - a.length || a[0]!.flow - b[0]!.flow)
      .slice(0, MOST_TOLD)
      .map((within) => {
        const server = verdicts.server(within[0]!.server);
        const at = timeText(moments, within[0]!.time);
        return {
          code: 'backlog-overflow',
          severity: 'warning',
          confidence: 'likely',
          frames: within.slice(0, EVIDENCE).map(({ frame }) => frame),
          flows: within.slice(0, EVIDENCE).map(({ flow }) => flow),
          values: { server, flows: within.length, from: at },
          message: `${server}: ${plural(within.length, 'connection')} met a full queue within a minute, from ${at} on: the listener can not keep up. A larger backlog, or a program that accepts faster`,
        };
      })
  );
}

function addressesVanished({ vanished }: Across, moments: Moments): readonly Said[] {
  return vanished
    .list()
    .slice(0, MOST_TOLD)
    .map(({ address, flows, frames, lastHeard }) => {
      const at = timeText(moments, lastHeard);
      return {
        code: 'address-vanished',
        severity: 'warning',
        confidence: 'likely',
        frames: frames.slice(0, EVIDENCE),
        flows: flows.slice(0, EVIDENCE),
        values: { address, flows: flows.length, lastHeard: at },
        message: `${address} fell silent in ${plural(flows.length, 'connection')} and was not heard again after ${at}: the host, or the path to it, is gone`,
        filter: addressFilter(address, 'addr'),
      };
    });
}

function halfOpenPeak({ backlog }: Across, moments: Moments): readonly Said[] {
  const { peak, peakFrame, peakTime } = backlog;
  const at = timeText(moments, peakTime);
  return [
    {
      code: 'half-open-peak',
      severity: 'notice',
      frames: peak === 0 ? [] : [peakFrame],
      values: { peak, at },
      message: `at most ${plural(peak, 'connection')} in SYN_RECV at once${at === null ? '' : `, at ${at}`}`,
    },
  ];
}

/** Flows at once in TIME_WAIT that are worth a word. */
const BURDEN = 100;

function timeWaitBurden({ timeWaits }: Across, moments: Moments): readonly Said[] {
  const burden = timeWaits.worst();
  if (burden === null || Math.max(burden.peak, burden.linuxPeak) < BURDEN) return [];
  const { address, peak, linuxPeak } = burden;
  const at = timeText(moments, burden.time);
  return [
    {
      code: 'time-wait-burden',
      severity: 'notice',
      values: { address, peak, waitSeconds: moments.wait, linuxPeak, at },
      message: `${address} held up to ${plural(peak, 'connection')} in TIME_WAIT at once (2 MSL of ${moments.wait} s${linuxPeak === peak ? '' : `; ${countText(linuxPeak)} by Linux' 60 s`}), most at ${at}: each holds its ports until then`,
    },
  ];
}
