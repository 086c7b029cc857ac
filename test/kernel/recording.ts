import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Packet, readPackets } from './packets.ts';

export type Side = 'client' | 'server';
export const SIDES: readonly Side[] = ['client', 'server'];

/** One line of kernel.tsv. `at` is in milliseconds since the recording's first whole second. */
export interface KernelEvent {
  readonly at: number;
  readonly side: Side;
  readonly event: string;
  /** The socket's own end and its peer's, written `address port`. */
  readonly own: string;
  readonly peer: string;
  readonly oldState: string;
  readonly newState: string;
  readonly extra: ReadonlyMap<string, string>;
}

/** A recording: what the kernel did, and the packets at both hosts. samples/README.md describes the files. */
export interface Recording {
  readonly name: string;
  readonly description: string;
  readonly addresses: Readonly<Record<Side, string>>;
  /** Unix seconds that all `at` count from. */
  readonly base: number;
  /** When the captures began and ended. */
  readonly start: number;
  readonly end: number;
  readonly events: readonly KernelEvent[];
  readonly captures: Readonly<Record<Side, string>>;
  readonly packets: Readonly<Record<Side, readonly Packet[]>>;
}

/** The recordings in a folder: its folders that hold a kernel.tsv. */
export function recordingsIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => existsSync(join(folder, name, 'kernel.tsv')))
    .sort();
}

export function readRecording(folder: string, name: string): Recording {
  const directory = join(folder, name);
  const lines = readFileSync(join(directory, 'kernel.tsv'), 'utf8').trimEnd().split('\n');
  const head = new Map(lines.filter((line) => line.startsWith('# ')).map(headLine));
  const known = (key: string): string => {
    const value = head.get(key);
    if (value === undefined) throw new Error(`${directory}/kernel.tsv: no line "# ${key}"`);
    return value;
  };
  const base = Number.parseInt(known('capture_start'), 10);
  const end = milliseconds(known('capture_end'), base);
  const captures = { client: captureAt(directory, 'client'), server: captureAt(directory, 'server') };
  return {
    name,
    description: head.get('description') ?? '',
    addresses: { client: known('client'), server: known('server') },
    base,
    start: milliseconds(known('capture_start'), base),
    end,
    events: lines
      .filter((line) => !line.startsWith('# ') && !line.startsWith('time\t'))
      .map((line) => kernelEvent(line, base))
      .filter((event) => event.at <= end), // N12
    captures,
    packets: { client: readPackets(captures.client, base), server: readPackets(captures.server, base) },
  };
}

function headLine(line: string): [string, string] {
  const tab = line.indexOf('\t');
  return [line.slice(2, tab), line.slice(tab + 1)];
}

function captureAt(directory: string, side: Side): string {
  const classic = join(directory, `${side}.pcap`);
  return existsSync(classic) ? classic : join(directory, `${side}.pcapng`);
}

function kernelEvent(line: string, base: number): KernelEvent {
  const [time, side, event, address, port, peerAddress, peerPort, oldState, newState, extra] = line.split('\t');
  return {
    at: milliseconds(time ?? '', base),
    side: side as Side,
    event: event ?? '',
    own: `${address} ${port}`,
    peer: `${peerAddress} ${peerPort}`,
    oldState: netstat(oldState ?? '-'),
    newState: netstat(newState ?? '-'),
    extra: new Map((extra ?? '').split(';').map((pair) => pair.split('=') as [string, string])),
  };
}

/** N1: the kernel's word for a state in netstat's words. */
function netstat(state: string): string {
  if (state === 'CLOSE') return 'CLOSED';
  return state === 'NEW_SYN_RECV' ? 'SYN_RECV' : state;
}

/** Unix seconds with up to nine decimals, too long for a number, as milliseconds since `base`. */
export function milliseconds(seconds: string, base: number): number {
  const [whole, fraction] = seconds.split('.');
  return (Number(whole) - base) * 1000 + Number((fraction ?? '').padEnd(9, '0').slice(0, 9)) / 1e6;
}
