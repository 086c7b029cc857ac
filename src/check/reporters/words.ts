import { type BrokenFlow, isViolation, type Report, type RuleResult } from '../rule.ts';

/** `3 rules: 1 failed, 2 passed`. */
export function summaryText(report: Report): string {
  const counts: string[] = [];
  const tell = (count: number, word: string): void => {
    if (count > 0) counts.push(`${count} ${word}`);
  };
  const { results } = report;
  tell(results.filter(isViolation).length, 'failed');
  tell(results.filter((result) => result.outcome === 'failed' && !isViolation(result)).length, 'broken but no error');
  tell(results.filter((result) => result.outcome === 'expected').length, 'failed as expected');
  tell(results.filter((result) => result.outcome === 'undecided').length, 'undecided');
  tell(results.filter((result) => result.outcome === 'passed').length, 'passed');
  const rules = results.length === 1 ? '1 rule' : `${results.length} rules`;
  const flows = report.flows === 1 ? '1 flow' : `${report.flows} flows`;
  return results.length === 0 ? `no rules on ${flows}` : `${rules} on ${flows}: ${counts.join(', ')}`;
}

/** `flow 7  10.0.0.1:40510 → 10.0.0.2:443  frame 61: close.pattern is reset`; the frame is all where the rule reads nothing. */
export function flowText(flow: BrokenFlow): string {
  const values = flow.values === '' ? '' : `: ${flow.values}`;
  return `flow ${flow.flow}  ${flow.client} → ${flow.server}  frame ${flow.frame}${values}`;
}

/** What is said of a rule that is broken, in a few lines: expected, found, flows. */
export function detailLines(result: RuleResult): string[] {
  const lines = [`expected  ${result.expected}`, `found     ${result.found}`];
  if (result.note !== null) lines.push(`note      ${result.note}`);
  const said = new Map<string, number>();
  for (const flow of result.flows) {
    lines.push(flowText(flow));
    for (const reason of flow.why) {
      const before = said.get(reason);
      if (before === undefined) said.set(reason, flow.flow);
      lines.push(`  ${before === undefined ? reason : `${reason.split(':', 1)[0]}, as flow ${before}`}`);
    }
    lines.push(...flow.lines.map((line) => `  ${line}`));
  }
  const more = result.broken - result.flows.length;
  if (more > 0) lines.push(`and ${more} more`);
  return lines;
}

/** The same, with why the rule is there, for reports that show that nowhere else. */
export function explainedLines(result: RuleResult): string[] {
  const { description } = result.rule;
  return [...(description === null ? [] : [description]), ...detailLines(result)];
}

/** Where the rule stands. */
export function placeText({ rule }: RuleResult): string {
  return `${rule.file}:${rule.line}`;
}

/** Control characters shown instead of obeyed. */
export function printable(text: string): string {
  return text.replace(
    /[\0-\x08\x0b-\x1f\x7f-\x9f]/g,
    (letter) => `\\x${letter.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
