import type { Tolerance } from './baseline-file.ts';
import { type Profile, QUANTILES, type ServiceProfile, type Spread } from './profile.ts';

/** How one aspect of a service compares with before. */
export interface Comparison {
  readonly service: string;
  /** `handshake.synToSynAckMs`, `closed: reset`, `flows`. */
  readonly aspect: string;
  readonly before: string;
  readonly now: string;
  /** `worse` and `gone` break a baseline; `better` and `new` are told. */
  readonly verdict: 'same' | 'worse' | 'better' | 'new' | 'gone' | 'undecided';
}

/** Compares what is now with what was before, aspect by aspect, in a fixed order. */
export function compare(before: Profile, now: Profile, tolerance: Tolerance): readonly Comparison[] {
  const services = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  return services.flatMap((service): Comparison[] => {
    const [was, is] = [before[service], now[service]];
    if (was === undefined) return [{ service, aspect: 'flows', before: 'none', now: `${is!.flows}`, verdict: 'new' }];
    if (is === undefined) return [{ service, aspect: 'flows', before: `${was.flows}`, now: 'none', verdict: 'gone' }];
    return compareService(was, is, tolerance).map((aspect) => ({ service, ...aspect }));
  });
}

type Aspect = Omit<Comparison, 'service'>;

function compareService(was: ServiceProfile, is: ServiceProfile, tolerance: Tolerance): Aspect[] {
  const shares = (
    name: string,
    before: Readonly<Record<string, number>>,
    now: Readonly<Record<string, number>>,
  ): Aspect[] =>
    [...new Set([...Object.keys(before), ...Object.keys(now)])].map((kind) =>
      compareShares(
        `${name}: ${kind}`,
        [before[kind] ?? 0, was.flows],
        [now[kind] ?? 0, is.flows],
        TROUBLE.has(kind),
        tolerance.share,
      ),
    );
  const again = (kind: string, of: readonly [was: number, is: number], share: number): Aspect[] => {
    const [before, now] = [was.counts[kind], is.counts[kind]];
    if (before === undefined || now === undefined) return []; // a baseline of another version of lastack
    return [compareShares(kind, [before, of[0]], [now, of[1]], true, share)];
  };
  const segments = [was.counts.segments ?? 0, is.counts.segments ?? 0] as const;
  const flows = [was.flows, is.flows] as const;
  return [
    compareNumbers('flows', was.flows, is.flows),
    ...shares('opened', was.opened, is.opened),
    ...shares('closed', was.closed, is.closed),
    ...again('segments sent again', segments, tolerance.repeats),
    ...again('flows with a SYN sent again', flows, tolerance.share),
    ...again('flows with a loss', flows, tolerance.share),
    compareNumbers('keep-alives', was.counts['keep-alives'] ?? 0, is.counts['keep-alives'] ?? 0),
    ...Object.keys(was.timings)
      .filter((timing) => is.timings[timing] !== undefined)
      .map((timing) => compareSpreads(timing, was.timings[timing]!, is.timings[timing]!, tolerance)),
  ];
}

/** What nobody wants more of; of the other ways to open and close nobody wants fewer. */
const TROUBLE: ReadonlySet<string> = new Set(
  'half-open unanswered refused aborted reset reset-after-fin half-closed'.split(' '),
);

/** How unlikely chance must be: one comparison in so many may be wrong, and a capture has dozens. */
const ALPHA = 1e-4;
/** Standard deviations of a normal distribution that are as unlikely. */
const SIGMAS = 3.9;

/** Two counts of what arrives by chance: another number of them, by half or more. */
function compareNumbers(aspect: string, was: number, is: number): Aspect {
  const differs = Math.abs(is - was) > SIGMAS * Math.sqrt(is + was) && (is > was * 1.5 || was > is * 1.5);
  return { aspect, before: `${was}`, now: `${is}`, verdict: differs ? 'worse' : 'same' };
}

type Part = readonly [count: number, of: number];

/** Two shares, by Fisher's exact test; and what never was and now is half of all needs no test. */
function compareShares(aspect: string, was: Part, is: Part, trouble: boolean, tolerance: number): Aspect {
  const [before, now] = [shareOf(was), shareOf(is)];
  const differs =
    Math.abs(now - before) > tolerance &&
    ((Math.min(before, now) === 0 && Math.abs(now - before) >= 0.5) || fisher(was, is) < ALPHA);
  const verdict = !differs ? 'same' : now > before === trouble ? 'worse' : 'better';
  return { aspect, before: partText(was), now: partText(is), verdict };
}

function shareOf([count, of]: Part): number {
  return of === 0 ? 0 : count / of;
}

function partText([count, of]: Part): string {
  return `${count} of ${of} (${Number((100 * shareOf([count, of])).toPrecision(2))}%)`;
}

/** The chance of a difference as large as this or larger in the same direction, were both shares one (one-sided). */
export function fisher([a, n]: Part, [b, m]: Part): number {
  const total = a + b;
  const low = Math.max(0, total - m);
  const high = Math.min(n, total);
  const logAll = logChoose(n + m, total);
  const chance = (x: number): number => Math.exp(logChoose(n, x) + logChoose(m, total - x) - logAll);
  const upward = a / n > b / m;
  let sum = 0;
  for (let x = a; upward ? x <= high : x >= low; x += upward ? 1 : -1) {
    const term = chance(x);
    sum += term;
    if (term < sum * 1e-12) break;
  }
  return Math.min(1, sum);
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

/** Stirling's series, exact enough from 10; below, the product. */
function logFactorial(n: number): number {
  if (n < 10) {
    let product = 1;
    for (let i = 2; i <= n; i++) product *= i;
    return Math.log(product);
  }
  return n * Math.log(n) - n + 0.5 * Math.log(2 * Math.PI * n) + 1 / (12 * n) - 1 / (360 * n ** 3);
}

/**
 * Two spreads: worse when the values of now, less what is put up with, are still later than those of before by more than
 * chance explains (Kolmogorov and Smirnov, one-sided, on the quantiles that are kept).
 *
 * What is put up with is the tolerance, or more where either spread is scattered more widely by itself: the values of one recording
 * share what else its machine did, which chance among them says nothing of. A busy machine makes them late and scatters
 * them; a slower program or path makes them late alone.
 */
function compareSpreads(aspect: string, was: Spread, is: Spread, tolerance: Tolerance): Aspect {
  const shown = { aspect, before: spreadText(was), now: spreadText(is) };
  const chance = Math.sqrt((-Math.log(ALPHA) / 2) * (1 / was.count + 1 / is.count));
  if (chance >= 1) return { ...shown, verdict: 'undecided' };
  const noise = SCATTER * Math.max(scatterOf(was), scatterOf(is));
  const grew = (from: Spread, to: Spread): boolean => distance(from, to, noise, tolerance) > chance;
  return { ...shown, verdict: grew(was, is) ? 'worse' : grew(is, was) ? 'better' : 'same' };
}

/** How many times its own scatter a timing must move: docs/check.md says how often that happens by itself. */
const SCATTER = 3;

/** From a tenth to the median, or from there to nine tenths: where a part of the flows is slow, one of them does not see it. */
function scatterOf({ quantiles }: Spread): number {
  return Math.min(quantiles[MEDIAN]! - quantiles[P10]!, quantiles[P90]! - quantiles[MEDIAN]!);
}

const P10 = QUANTILES.indexOf(0.1);
const MEDIAN = QUANTILES.indexOf(0.5);
const P90 = QUANTILES.indexOf(0.9);

function spreadText({ count, quantiles }: Spread): string {
  return `median ${quantiles[MEDIAN]} ms, 90% within ${quantiles[P90]} ms (${count})`;
}

/**
 * How much larger a part of `from` lies below some value than of `to` below that value and what is put up with, at most: at
 * the quantiles of either.
 */
function distance(from: Spread, to: Spread, noise: number, tolerance: Tolerance): number {
  const { relative, 'absolute-ms': absolute } = tolerance;
  const later = (value: number): number => value + Math.max(absolute, value * relative, noise);
  const earlier = (value: number): number => Math.min(value - absolute, value / (1 + relative), value - noise);
  return Math.max(
    ...from.quantiles.map((value) => below(from, value) - below(to, later(value))),
    ...to.quantiles.map((value) => below(from, earlier(value)) - below(to, value)),
  );
}

/** Which part of a spread lies at or below a value, between the quantiles that are kept by straight lines. */
function below({ quantiles }: Spread, value: number): number {
  if (value < quantiles[0]!) return 0;
  for (let i = quantiles.length - 1; i >= 0; i--) {
    if (value < quantiles[i]!) continue;
    const [low, high] = [quantiles[i]!, quantiles[i + 1]];
    if (high === undefined) return 1;
    return QUANTILES[i]! + ((value - low) / (high - low)) * (QUANTILES[i + 1]! - QUANTILES[i]!);
  }
  return 0;
}
