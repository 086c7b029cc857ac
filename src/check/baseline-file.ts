import { parseDocument } from 'yaml';
import { UsageError } from '../errors.ts';
import type { Profile, ServiceProfile } from './profile.ts';

/** How much may change before it counts, where chance can't explain it. */
export interface Tolerance {
  /** Of a timing: both have to be exceeded. A part of it, and milliseconds. */
  readonly relative: number;
  readonly 'absolute-ms': number;
  /** Of flows: a difference of shares. */
  readonly share: number;
  /** Of segments sent again among all, those without payload too. */
  readonly repeats: number;
}

/** A baseline as its file has it. */
export interface Baseline {
  readonly tolerance: Tolerance;
  readonly services: Profile;
}

export const DEFAULT_TOLERANCE: Tolerance = { relative: 0.25, 'absolute-ms': 2, share: 0.005, repeats: 0.001 };

const VERSION = 1;

/** The text of a baseline: small, in a fixed order, a line a number that matters, so that a review shows what changed. */
export function baselineText({ tolerance, services }: Baseline): string {
  const lines = [
    '# What traffic looked like when it was well. Made by lastack check --update-baseline; review it as you do code.',
    '# A timing is [values, then quantiles 0 5 10 25 50 75 90 95 100 %, in ms].',
    `lastack-baseline: ${VERSION}`,
    'tolerance:',
    ...Object.entries(tolerance).map(([name, value]) => `  ${name}: ${value}`),
    'services:',
  ];
  for (const [name, service] of Object.entries(services))
    lines.push(`  ${JSON.stringify(name)}:`, ...serviceLines(service));
  return `${lines.join('\n')}\n`;
}

function serviceLines(service: ServiceProfile): string[] {
  const counts = (record: Readonly<Record<string, number>>): string[] =>
    Object.entries(record).map(([name, count]) => `      ${name}: ${count}`);
  return [
    `    flows: ${service.flows}`,
    '    opened:',
    ...counts(service.opened),
    '    closed:',
    ...counts(service.closed),
    '    counts:',
    ...counts(service.counts),
    '    timings:',
    ...Object.entries(service.timings).map(
      ([name, { count, quantiles }]) => `      ${name}: [${[count, ...quantiles].join(', ')}]`,
    ),
  ];
}

/** Reads a baseline; throws UsageError. */
export function readBaseline(text: string, file: string): Baseline {
  const document = parseDocument(text, { prettyErrors: false });
  const root = document.errors.length > 0 ? null : (document.toJS() as RawBaseline | null);
  if (root === null || root['lastack-baseline'] !== VERSION || typeof root.services !== 'object') {
    throw new UsageError(`${file}: is no baseline of version ${VERSION}: make one with --update-baseline`);
  }
  const services = Object.entries(root.services ?? {}).map(
    ([name, raw]) => [name, serviceOf(raw, name, file)] as const,
  );
  return { tolerance: { ...DEFAULT_TOLERANCE, ...root.tolerance }, services: Object.fromEntries(services) };
}

interface RawBaseline {
  readonly 'lastack-baseline'?: number;
  readonly tolerance?: Partial<Tolerance>;
  readonly services?: Readonly<Record<string, RawService>> | null;
}

interface RawService {
  readonly flows?: unknown;
  readonly opened?: Readonly<Record<string, number>> | null;
  readonly closed?: Readonly<Record<string, number>> | null;
  readonly counts?: Readonly<Record<string, number>> | null;
  readonly timings?: Readonly<Record<string, readonly number[]>> | null;
}

function serviceOf(raw: RawService | null, name: string, file: string): ServiceProfile {
  if (raw === null || typeof raw.flows !== 'number') throw new UsageError(`${file}: ${name} has no number of flows`);
  const timings = Object.entries(raw.timings ?? {}).map(([timing, [count, ...quantiles]]) => {
    if (count === undefined || quantiles.length !== 9 || !quantiles.every(Number.isFinite)) {
      throw new UsageError(`${file}: ${name}: ${timing} is not a count and nine quantiles`);
    }
    return [timing, { count, quantiles }] as const;
  });
  return {
    flows: raw.flows,
    opened: raw.opened ?? {},
    closed: raw.closed ?? {},
    counts: raw.counts ?? {},
    timings: Object.fromEntries(timings),
  };
}
