import { spreadOf } from './measure.ts';
import type { Result } from './report.ts';

/** How much processor time lastack may take, as a multiple of a peer's in the same run. */
interface Limit {
  /** A case of the bench, or `start`; the peer's where it is another one. */
  readonly of: string;
  readonly against?: string;
  readonly ours: string;
  readonly peer: string;
  readonly most: number;
}

/**
 * What CI holds lastack to, at a twentieth of the captures: half as much again as the goal where that holds (start-up,
 * tiny), and as what was measured where the goal is of whole captures, of which starting is no part worth naming. Half of a
 * run so short is V8 compiling, which does not suffer from a machine as tcpdump does: of what was measured on two (AMD EPYC,
 * 2026-11-23: 0.4, 1.1, 1.2; Intel Xeon, 2026-11-30: 0.52, 1.56, 1.85) the larger counts.
 */
const LIMITS: readonly Limit[] = [
  { of: 'start', ours: 'lastack --help', peer: 'node -e 0', most: 1.25 * 1.5 },
  { of: 'tiny', against: 'start', ours: 'lastack analyze', peer: 'node -e 0', most: 1.5 * 1.5 },
  { of: 'web', ours: 'lastack timeline --no-annotate', peer: 'tcpdump -nn', most: 0.52 * 1.5 },
  { of: 'web', ours: 'lastack timeline', peer: 'tcpdump -nn', most: 1.56 * 1.5 },
  { of: 'web', ours: 'lastack analyze', peer: 'tcpdump -nn', most: 1.85 * 1.5 },
  { of: 'web', ours: 'lastack analyze -f ndjson', peer: 'lastack analyze', most: 1.6 * 1.5 },
];

/** The limits that were measured and passed over, in words. */
export function exceeded(results: readonly Result[]): string[] {
  const found: string[] = [];
  for (const { of, against = of, ours, peer, most } of LIMITS) {
    const ratio = medianOf(results, of, ours) / medianOf(results, against, peer);
    if (Number.isNaN(ratio)) continue;
    const words = `${of}: ${ours} takes ${ratio.toFixed(2)} times what ${peer} does, at most ${most.toFixed(2)} allowed`;
    console.log(words);
    if (ratio > most) found.push(words);
  }
  return found;
}

/** Median processor time; NaN where it was not measured. */
function medianOf(results: readonly Result[], name: string, contender: string): number {
  for (const { capture, costs } of results) {
    if ((capture?.name ?? 'start') !== name) continue;
    for (const [{ name: measured }, rounds] of costs)
      if (measured === contender) return spreadOf(rounds.map((cost) => cost.cpuMs)).median;
  }
  return Number.NaN;
}
