import { isViolation, type Report, type RuleResult } from '../rule.ts';
import { detailLines, printable, summaryText } from './words.ts';

/** A job summary: a table of all rules, then what broke them. */
export function markdown(report: Report): string {
  const violated = report.results.some(isViolation);
  const lines = [
    `## ${violated ? '❌' : '✅'} lastack check: ${escaped(summaryText(report))}`,
    '',
    '| | rule | found |',
    '| --- | --- | --- |',
    ...report.results.map(
      (result) => `| ${signOf(result)} | ${escaped(result.rule.name)} | ${escaped(result.found)} |`,
    ),
  ];
  for (const result of report.results) {
    if (result.outcome === 'passed') continue;
    const body = detailLines(result).map((line) => printable(line).replaceAll('`', "'"));
    lines.push('', `### ${signOf(result)} ${escaped(result.rule.name)}`, '');
    if (result.rule.description !== null) lines.push(escaped(result.rule.description), '');
    lines.push('```', ...body, '```');
  }
  return `${lines.join('\n')}\n`;
}

function signOf(result: RuleResult): string {
  if (result.outcome === 'passed') return '✅';
  if (isViolation(result)) return '❌';
  return result.outcome === 'failed' ? '⚠️' : '❔';
}

/** Text that is no markup. */
function escaped(text: string): string {
  return printable(text)
    .replaceAll('\n', ' ')
    .replace(/[\\`*_{}[\]<>#|~&!]/g, (letter) => `\\${letter}`);
}
