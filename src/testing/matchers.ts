import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { baselineText, DEFAULT_TOLERANCE, readBaseline } from '../check/baseline-file.ts';
import { baselineResults } from '../check/baseline-results.ts';
import { compare } from '../check/compare.ts';
import { text } from '../check/reporters/text.ts';
import type { Report, Rule, RuleResult } from '../check/rule.ts';
import { readRules } from '../check/rules-file.ts';
import { RulesFiles } from '../input/rules-files.ts';
import { checkCaptures } from './check-captures.ts';

/** What a matcher is given: the path of a capture, or of several that are one. */
export type CapturePaths = string | readonly string[];

/** How long handshakes may take, in milliseconds: percentiles, and the longest. */
export interface HandshakeBudget {
  readonly p50?: number;
  readonly p90?: number;
  readonly p95?: number;
  readonly p99?: number;
  readonly max?: number;
}

/** What a matcher answers. */
export interface Matched {
  readonly pass: boolean;
  readonly message: () => string;
}

/** What vitest and Jest say of the running test, as far as it is used here. */
interface MatcherContext {
  readonly snapshotState?: unknown;
  readonly testPath?: string | undefined;
}

/**
 * Matchers on captures that every test has to wait for: `await expect('web.pcap').toCloseCleanly()`. Those of packs throw
 * where there is no flow.
 */
export interface TrafficMatchers<Result = unknown> {
  /** Opened connections close with FIN from both ends: pack clean-close. */
  toCloseCleanly(): Promise<Result>;
  /** No handshake is left half-open, no SYN unanswered: pack no-half-open. */
  toHaveNoHalfOpenFlows(): Promise<Result>;
  /** No connection is reset, refused or aborted: pack no-resets. */
  toHaveNoResets(): Promise<Result>;
  /** Nothing is sent again: pack no-loss. */
  toHaveNoLoss(): Promise<Result>;
  /** Complete handshakes take no longer; too few of them for a percentile is a failure. */
  toHandshakeWithin(budget: HandshakeBudget): Promise<Result>;
  /** @param file a rules file, as `lastack check --rules` reads it */
  toMatchRules(file: string): Promise<Result>;
  /**
   * @param file a baseline, as `lastack check --baseline` reads it; made when there is none, updated by `-u`.
   * By default `__baselines__/CAPTURE.yaml` beside the test
   */
  toMatchTrafficBaseline(file?: string): Promise<Result>;
}

/** The matchers, for `expect.extend` of vitest or Jest; `import 'lastack/vitest'` does that for vitest. */
export const matchers: {
  [Name in keyof TrafficMatchers]: (
    this: MatcherContext,
    capture: CapturePaths,
    ...args: Parameters<TrafficMatchers[Name]>
  ) => Promise<Matched>;
} = {
  toCloseCleanly: (capture) => followsPack(capture, 'clean-close'),
  toHaveNoHalfOpenFlows: (capture) => followsPack(capture, 'no-half-open'),
  toHaveNoResets: (capture) => followsPack(capture, 'no-resets'),
  toHaveNoLoss: (capture) => followsPack(capture, 'no-loss'),
  toHandshakeWithin: (capture, budget) => follows(capture, budgetRules(budget), true),
  toMatchRules: (capture, file) => {
    const files = new RulesFiles();
    return follows(capture, { rules: files.read([file], [], false), textOf: (name) => files.texts.get(name) ?? '' });
  },
  async toMatchTrafficBaseline(capture, path) {
    const file = path ?? baselineOf(this, capture);
    const { report, profile } = await checkCaptures(pathsOf(capture), [], () => '');
    const known = existsSync(file) ? readFileSync(file, 'utf8') : null;
    const update = updateOf(this);
    if (update === 'all' || (update === 'new' && known === null)) {
      const tolerance = known === null ? DEFAULT_TOLERANCE : readBaseline(known, file).tolerance;
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, baselineText({ tolerance, services: profile }));
      return { pass: true, message: () => `expected other traffic than that of ${file}` };
    }
    if (known === null) return { pass: false, message: () => `${file} is not there: run the tests with -u to make it` };
    const before = readBaseline(known, file);
    return judged({
      ...report,
      results: baselineResults(compare(before.services, profile, before.tolerance), file, known),
    });
  },
};

interface RuleSet {
  readonly rules: readonly Rule[];
  readonly textOf: (file: string) => string;
}

/** A pack holds where there is nothing to judge; a test whose capture has no flow at all did not record what it wanted to. */
async function followsPack(capture: CapturePaths, name: string): Promise<Matched> {
  const files = new RulesFiles();
  const rules = files.read([], [name], false);
  const { report } = await checkCaptures(pathsOf(capture), rules, (file) => files.texts.get(file) ?? '');
  // Thrown, so that `.not` does not hold either.
  if (report.flows === 0) throw new Error(`${report.captures.join(', ')}: no flows: nothing was checked`);
  return judged(report);
}

function budgetRules(budget: HandshakeBudget): RuleSet {
  const rules = Object.entries(budget).map(([name, most]) => {
    const number = name === 'max' ? 'max(handshake.totalMs)' : `percentile(handshake.totalMs, ${name.slice(1)})`;
    return `  - name: handshakes within ${most} ms (${name})\n    where: handshake.outcome == "complete"\n    expect: ${number} <= ${most}\n`;
  });
  const yaml = `rules:\n${rules.join('')}`;
  return { rules: readRules(yaml, 'toHandshakeWithin').rules, textOf: () => yaml };
}

/** @param decided whether a rule that can't be judged is a failure */
async function follows(capture: CapturePaths, { rules, textOf }: RuleSet, decided = false): Promise<Matched> {
  const { report } = await checkCaptures(pathsOf(capture), rules, textOf);
  return judged(report, decided);
}

function judged(report: Report, decided = false): Matched {
  const isBroken = (result: RuleResult): boolean =>
    (result.outcome === 'failed' && result.rule.severity === 'error') || (decided && result.outcome === 'undecided');
  const broken = report.results.filter(isBroken);
  const pass = broken.length === 0;
  const shown = { ...report, results: pass ? report.results : broken };
  return {
    pass,
    message: () =>
      `${report.captures.join(', ')}${pass ? ' follows every rule, and was expected not to' : ''}\n\n${text(shown)}`,
  };
}

function pathsOf(capture: CapturePaths): readonly string[] {
  if (typeof capture === 'string') return [capture];
  if (Array.isArray(capture) && capture.every((path) => typeof path === 'string')) return capture;
  throw new TypeError('a capture is given as its path, or as several paths');
}

/** Where a baseline lies of which the test does not say it: beside the test, as snapshots do. */
function baselineOf({ testPath }: MatcherContext, capture: CapturePaths): string {
  if (testPath === undefined) throw new TypeError('toMatchTrafficBaseline takes the path of a baseline here');
  return join(dirname(testPath), '__baselines__', `${basename(pathsOf(capture)[0] ?? 'capture')}.yaml`);
}

/** What is to be done with what a test records: `all` by `-u`, `none` in CI, `new` otherwise. */
function updateOf({ snapshotState }: MatcherContext): 'all' | 'new' | 'none' {
  return (snapshotState as { _updateSnapshot?: 'all' | 'new' | 'none' } | undefined)?._updateSnapshot ?? 'none';
}
