import { isViolation, type Report, type RuleResult } from '../rule.ts';
import { detailLines, placeText, printable, summaryText } from './words.ts';

/** For a person: the rule, what it expected, what was found, and the flows that broke it. */
export function text(report: Report): string {
  const lines: string[] = [];
  for (const result of report.results) {
    lines.push(`${markOf(result)} ${printable(result.rule.name)}  (${printable(placeText(result))})`);
    if (result.outcome === 'passed') {
      if (result.note !== null) lines.push(`        ${printable(result.note)}`);
      continue;
    }
    if (result.rule.description !== null) lines.push(`        ${printable(result.rule.description)}`);
    for (const line of detailLines(result)) lines.push(`        ${printable(line)}`);
    lines.push('');
  }
  if (lines.length > 0 && lines.at(-1) !== '') lines.push('');
  lines.push(summaryText(report));
  return `${lines.join('\n')}\n`;
}

function markOf(result: RuleResult): string {
  switch (result.outcome) {
    case 'passed':
      return 'ok     ';
    case 'undecided':
      return 'unknown';
    case 'expected':
      return 'known  ';
    case 'failed':
      return isViolation(result) ? 'FAILED ' : result.rule.severity.padEnd(7);
  }
}
