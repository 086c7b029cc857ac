import { spawnSync } from 'node:child_process';

/** What one run of a program cost. */
export interface Cost {
  /** User and system time. */
  readonly cpuMs: number;
  readonly wallMs: number;
  /** Highest resident memory; a program smaller than the interpreter that starts it shows that one's 10 MiB. */
  readonly peakMiB: number;
}

/** Runs argv[1:] with nothing to read and its output thrown away; prints what `wait4` says it used. */
const LAUNCHER = `
import os, sys, time
null = os.open(os.devnull, os.O_RDWR)
began = time.perf_counter()
actions = [(os.POSIX_SPAWN_DUP2, null, 0), (os.POSIX_SPAWN_DUP2, null, 1)]
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ, file_actions=actions)
_, status, usage = os.wait4(child, 0)
wall = time.perf_counter() - began
print(os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss)
`;

/**
 * Runs a program as a process of its own, start-up included.
 *
 * Node tells nothing of what a child used, so python3 starts it.
 *
 * @throws when it ends with another status than 0
 */
export function measure(command: readonly string[]): Cost {
  const run = spawnSync('python3', ['-c', LAUNCHER, ...command], { encoding: 'utf8', maxBuffer: 64 << 20 });
  if (run.error) throw new Error(`measuring needs python3: ${run.error.message}`);
  const [status, cpu, wall, peak] = run.stdout.trim().split(' ').map(Number);
  if (run.status !== 0 || status !== 0) {
    throw new Error(`${command.join(' ')} ended with status ${status ?? run.status}: ${run.stderr.slice(-1000)}`);
  }
  return { cpuMs: cpu! * 1000, wallMs: wall! * 1000, peakMiB: peak! / 1024 };
}

/** The middle, the lowest and the highest of some numbers. */
export interface Spread {
  readonly median: number;
  readonly low: number;
  readonly high: number;
}

/** @param values at least one */
export function spreadOf(values: readonly number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2;
  return { median, low: sorted[0]!, high: sorted.at(-1)! };
}
