import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { CaptureName } from './captures.ts';

/** What a contender's output says about a capture; what it does not say is absent. */
export interface Facts {
  readonly records?: number;
  readonly flows?: number;
  readonly outcomes?: Record<string, number>;
  readonly patterns?: Record<string, number>;
  /** One line a TCP segment, as tcpdump prints it. */
  readonly lines?: string;
}

/** A program and a way to call it. */
export interface Contender {
  readonly name: string;
  /** Contenders of a task do the same work, or less: `records` only counts, `start` does nothing. */
  readonly task: 'flows' | 'lines' | 'records' | 'start';
  readonly command: (path: string) => readonly string[];
  /** The captures it reads and finishes; absent for all. */
  readonly reads?: readonly CaptureName[];
  /** Memory it took in earlier runs, to leave it out where the machine has too little: octets a record. */
  readonly octetsPerRecord?: number;
  /** What each of its lines stands for, where it prints no other. */
  readonly lineFor?: 'flows' | 'records';
  /** Reads the facts out of what it printed. */
  readonly facts?: (output: string, path: string) => Facts;
}

const NODE = process.execPath;
const UNCOMPRESSED: readonly CaptureName[] = ['web', 'bulk', 'flood', 'tiny', 'v6', 'tunnel'];

/**
 * Everyone who takes part. lastack is first in each task; where it is there twice, the second does what peers do.
 *
 * @param lastack the built command line
 */
export function contenders(lastack: string): readonly Contender[] {
  return [
    { name: 'lastack analyze', task: 'flows', command: (path) => [NODE, lastack, 'analyze', path] },
    {
      name: 'lastack analyze -f ndjson',
      task: 'flows',
      command: (path) => [NODE, lastack, 'analyze', '-f', 'ndjson', path],
      lineFor: 'flows',
      facts: flowRecords,
    },
    {
      name: 'capinfos -c',
      task: 'records',
      command: (path) => ['capinfos', '-c', '-M', path],
      facts: (output) => ({ records: numberAfter(output, /Number of packets:\s+(\d+)/) }),
    },
    {
      name: 'argus',
      task: 'flows',
      command: (path) => ['argus', '-r', path, '-w', '/dev/null'],
      reads: ['web', 'bulk', 'flood', 'tiny', 'v6'],
      octetsPerRecord: 900,
    },
    {
      name: 'tcptrace -n',
      task: 'flows',
      command: (path) => ['tcptrace', '-n', path],
      // Never the flood: its time grows with the square of the open connections.
      reads: ['web', 'bulk', 'tiny', 'v6', 'web.gz'],
      octetsPerRecord: 1000,
      facts: (output) => ({
        records: numberAfter(output, /(\d+) packets seen/),
        flows: output.match(/^ *\d+: .* - .*\(/gm)?.length ?? 0,
      }),
    },
    {
      name: 'tshark -z conv,tcp',
      task: 'flows',
      command: (path) => ['tshark', '-q', '-r', path, '-z', 'conv,tcp'],
      octetsPerRecord: 900,
      facts: (output) => ({ flows: output.match(/<->/g)?.length ?? 0 }),
    },
    {
      name: 'lastack timeline',
      task: 'lines',
      command: (path) => [NODE, lastack, 'timeline', path],
      lineFor: 'records',
    },
    {
      name: 'lastack timeline --no-annotate',
      task: 'lines',
      command: (path) => [NODE, lastack, 'timeline', '--no-annotate', path],
      lineFor: 'records',
      facts: (output, path) => ({ records: countLines(output), ...(prefixed(path) ? {} : { lines: output }) }),
    },
    {
      name: 'tcpdump -nn',
      task: 'lines',
      command: (path) => ['tcpdump', '-nn', '-r', path],
      reads: UNCOMPRESSED,
      facts: (output, path) => (prefixed(path) ? {} : { records: countLines(output), lines: output }),
    },
    { name: 'lastack --help', task: 'start', command: () => [NODE, lastack, '--help'] },
    { name: 'node -e 0', task: 'start', command: () => [NODE, '-e', '0'] },
  ];
}

/** Whether the contender's program is here. */
export function isInstalled(contender: Contender): boolean {
  const [program, script] = contender.command('');
  if (program === NODE) return script === '-e' || existsSync(script!);
  return spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
}

/** Runs the contender and reads its output: for small captures. */
export function factsOf(contender: Contender, path: string): Facts {
  const [program, ...options] = contender.command(path);
  const run = spawnSync(program!, options, {
    encoding: 'utf8',
    env: { ...process.env, TZ: 'UTC', LC_ALL: 'C' },
    maxBuffer: 1 << 30,
  });
  if (run.status !== 0)
    throw new Error(`${contender.name} ended with status ${run.status}: ${run.stderr.slice(-1000)}`);
  return contender.facts?.(run.stdout, path) ?? {};
}

/** tcpdump puts the tunnel's layers before a line. */
function prefixed(path: string): boolean {
  return path.includes('tunnel');
}

function flowRecords(output: string): Facts {
  const facts = {
    records: 0,
    flows: 0,
    outcomes: {} as Record<string, number>,
    patterns: {} as Record<string, number>,
  };
  for (const line of output.split('\n')) {
    if (line === '') continue;
    const flow = JSON.parse(line);
    facts.flows++;
    facts.records += flow.fromClient.packets + flow.fromServer.packets;
    count(facts.outcomes, flow.handshake.outcome);
    count(facts.patterns, flow.close.pattern);
  }
  return facts;
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

function countLines(output: string): number {
  return output.split('\n').length - 1;
}

function numberAfter(output: string, pattern: RegExp): number {
  return Number(output.match(pattern)?.[1] ?? Number.NaN);
}
