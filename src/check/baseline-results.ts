import { plural } from '../bytes/counts.ts';
import { aboutAspect } from './aspects.ts';
import type { Comparison } from './compare.ts';
import type { Outcome, RuleResult } from './rule.ts';

/** What comparing with a baseline found, as results of rules, so that every reporter can tell it. */
export function baselineResults(comparisons: readonly Comparison[], file: string, text: string): readonly RuleResult[] {
  return comparisons
    .filter(({ verdict }) => verdict !== 'undecided')
    .map((comparison) => ({
      rule: {
        name: `${comparison.service}: ${comparison.aspect} as in the baseline`,
        file,
        line: lineOf(text, comparison.service),
        description: aboutAspect(comparison.aspect),
        severity: 'error',
        where: null,
        demand: 'expect',
        condition: { text: comparison.before, at: 0, verbatim: false },
        allowNone: true,
        expectedFailure: null,
      },
      outcome: OUTCOMES[comparison.verdict],
      selected: 0,
      broken: 0,
      expected: `as before: ${comparison.before}`,
      found: comparison.now,
      note: NOTES[comparison.verdict] ?? null,
      flows: [],
    }));
}

const OUTCOMES: Readonly<Record<Comparison['verdict'], Outcome>> = {
  same: 'passed',
  better: 'passed',
  undecided: 'undecided',
  new: 'passed',
  worse: 'failed',
  gone: 'failed',
};
const NOTES: Partial<Record<Comparison['verdict'], string>> = {
  better: 'better than before: --update-baseline keeps it so',
  new: 'not in the baseline: --update-baseline adds it',
};

function lineOf(text: string, service: string): number {
  const at = text.indexOf(`${JSON.stringify(service)}:`);
  return at < 0 ? 1 : text.slice(0, at).split('\n').length;
}

/** What changed, for a person: `lastack diff`. */
export function diffText(comparisons: readonly Comparison[]): string {
  const lines: string[] = [];
  let service = '';
  for (const { service: of, aspect, before, now, verdict } of comparisons) {
    if (verdict === 'same' || verdict === 'undecided') continue;
    if (of !== service) lines.push(of);
    service = of;
    lines.push(`  ${verdict.padEnd(6)}  ${aspect}`, `          before  ${before}`, `          now     ${now}`);
  }
  const undecided = comparisons.filter(({ verdict }) => verdict === 'undecided').length;
  if (lines.length === 0) lines.push('nothing changed beyond chance and tolerance');
  if (undecided > 0) lines.push(`too few values to tell of ${plural(undecided, 'timing')}`);
  return `${lines.join('\n')}\n`;
}
