import { type Command, InvalidArgumentError, Option } from 'commander';
import type { AnalysisOptions } from '../analyze.ts';
import type { Instant } from '../decoding.ts';
import type { PacketFilter } from '../filter/packet-filter.ts';
import type { Decapsulation } from '../wire/walk.ts';

/** What all commands that read captures have in common, as commander hands it over. */
export interface ReadingOptions {
  readonly output?: string;
  readonly from?: Instant;
  readonly to?: Instant;
  readonly flow?: readonly number[];
  /** Of packets; the options' texts are parsed once a command is about to run. */
  readonly filter?: PacketFilter;
  /** CEL expressions on flow records, all of which have to be true. */
  readonly where?: readonly string[];
  readonly splitBy?: 'vlan' | 'tunnel';
  readonly idleTimeout?: number;
  readonly msl: number;
  readonly keepDuplicates?: boolean;
  /** True, or the kinds of tunnel that are to be left closed. */
  readonly decapsulate: true | readonly Tunnel[];
  readonly progress: boolean;
}

/** What `analyze` and `timeline` have in common. */
export interface CaptureOptions extends ReadingOptions {
  readonly names?: boolean;
  readonly color: 'auto' | 'always' | 'never';
}

type Tunnel = keyof Decapsulation;

/** Every tunnel that can be left closed. (A list of its own, so that `--help` need not load the decoder.) */
const TUNNELS: readonly Tunnel[] = Object.keys({
  ipip: true,
  sixInFour: true,
  inSix: true,
  gre: true,
  erspan: true,
  vxlan: true,
  geneve: true,
  gtpu: true,
  teredo: true,
  ayiya: true,
  l2tp: true,
  capwap: true,
} satisfies Record<Tunnel, true>) as Tunnel[];

/** Adds the options of commands that print. */
export function addCaptureOptions(command: Command): Command {
  return addReadingOptions(command)
    .option('--names', "show the capture's own names of addresses")
    .addOption(
      new Option('--color <when>', 'colours; NO_COLOR and FORCE_COLOR are honoured')
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    );
}

/** Adds the options of all commands that read captures. */
export function addReadingOptions(command: Command): Command {
  return addAnalysisOptions(command.option('-o, --output <file>', 'write to a file instead of standard output'));
}

/** Adds the options that say what of captures is read, and how. */
export function addAnalysisOptions(command: Command): Command {
  return command
    .option(
      '--filter <expression>',
      "only packets that tcpdump selects with this pcap-filter expression: 'port 443 and host 10.0.0.1'",
      listed,
    )
    .option('--flow <numbers>', 'only these flows, by number: 3 or 1,4,7', flowNumbers)
    .option('--where <expression>', 'only flows of which this CEL expression is true: handshake.totalMs > 50', listed)
    .option('--from <time>', 'leave out what is before: 2026-11-22T13:09:21Z or seconds since 1970', instant)
    .option('--to <time>', 'leave out what is at this time or after', instant)
    .addOption(
      new Option('--split-by <what>', "make VLAN or tunnel ids part of a flow's identity").choices(['vlan', 'tunnel']),
    )
    .option('--idle-timeout <seconds>', 'end flows that stay idle this long (default: never)', positive)
    .option(
      '--msl <seconds>',
      'maximum segment lifetime; TIME_WAIT lasts two: 30 is Linux (60 s in all), 15 macOS and newer FreeBSD, 120 RFC 9293 and Windows by default',
      positive,
      30,
    )
    .option('--keep-duplicates', "count a mirror port's copies as segments of their own")
    .option('--no-decapsulate <kinds>', `leave tunnels closed: all, or some of ${TUNNELS.join(', ')}`, tunnelKinds)
    .option('--no-progress', 'draw no progress bar');
}

/** The pipeline's options that follow from the command line's. */
export function analysisOptions(options: ReadingOptions): AnalysisOptions {
  const closed = options.decapsulate === true ? [] : options.decapsulate;
  return {
    msl: options.msl,
    keepDuplicates: options.keepDuplicates ?? false,
    ...(options.idleTimeout === undefined ? {} : { idleTimeout: options.idleTimeout }),
    ...(options.from === undefined ? {} : { from: options.from }),
    ...(options.to === undefined ? {} : { to: options.to }),
    ...(options.filter === undefined ? {} : { filter: options.filter }),
    wire: {
      decapsulate: Object.fromEntries(closed.map((kind) => [kind, false])),
      ...(options.splitBy === undefined ? {} : { splitBy: options.splitBy }),
    },
  };
}

/** An argument that is a number above 0. */
export function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0) || !Number.isFinite(value)) throw new InvalidArgumentError('It has to be a number above 0.');
  return value;
}

/** An argument that is a whole number above 0. */
export function count(text: string): number {
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new InvalidArgumentError('It has to be a whole number above 0.');
  return Number(text);
}

function flowNumbers(text: string, before: readonly number[] | undefined): readonly number[] {
  return [...(before ?? []), ...text.split(',').map(count)];
}

/** An option that may be given several times. */
export function listed(text: string, before: readonly string[] | undefined): readonly string[] {
  return [...(before ?? []), text];
}

/** Ranges of frame numbers, both ends included. */
export type FrameRanges = readonly (readonly [first: number, last: number])[];

/** `3`, `1,4-9` or `20-`. */
export function frameRanges(text: string): FrameRanges {
  return text.split(',').map((part) => {
    const match = /^([1-9]\d{0,14})(-([1-9]\d{0,14})?)?$/.exec(part.trim());
    if (match === null) throw new InvalidArgumentError('It has to be frame numbers like 3, 1,4-9 or 20-.');
    const first = Number(match[1]);
    const last = match[2] === undefined ? first : match[3] === undefined ? Number.POSITIVE_INFINITY : Number(match[3]);
    if (last < first) throw new InvalidArgumentError(`${part.trim()} ends before it begins.`);
    return [first, last] as const;
  });
}

/** RFC 3339 (without a zone it is UTC; a date alone is its midnight), or seconds since 1970. */
function instant(text: string): Instant {
  const unix = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(text);
  if (unix) return { seconds: Number(unix[1]), nanoseconds: Number((unix[2] ?? '').padEnd(9, '0')) };
  const match = ISO.exec(text);
  // Date takes 30 February for 2 March.
  const isDay = match !== null && new Date(`${match[1]}T00:00:00Z`).getUTCDate() === Number(match[1]!.slice(8));
  const zone = match?.[4]?.toUpperCase() ?? 'Z';
  const milliseconds = isDay ? Date.parse(`${match[1]}T${match[2] ?? '00:00:00'}${zone}`) : Number.NaN;
  if (Number.isNaN(milliseconds)) {
    throw new InvalidArgumentError('It has to be a time like 2026-11-22T13:09:21.5Z, or seconds since 1970.');
  }
  return { seconds: milliseconds / 1000, nanoseconds: Number((match?.[3] ?? '').padEnd(9, '0')) };
}

const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?)(?:\.(\d{1,9}))?\s*(Z|[+-]\d\d:\d\d)?)?$/i;

function tunnelKinds(text: string): readonly Tunnel[] {
  if (text === 'all') return TUNNELS;
  return text.split(',').map((name) => {
    const kind = TUNNELS.find((tunnel) => tunnel.toLowerCase() === name.trim().toLowerCase());
    if (kind === undefined) throw new InvalidArgumentError(`There is no tunnel "${name}".`);
    return kind;
  });
}
