import type { Report, RuleResult } from '../rule.ts';
import { explainedLines, printable, summaryText } from './words.ts';

/** Workflow commands of GitHub Actions: an annotation a broken rule, at its line in the rules file. */
export function github(report: Report): string {
  const lines = report.results.filter((result) => result.outcome !== 'passed').map(annotation);
  return `${[...lines, summaryText(report)].join('\n')}\n`;
}

function annotation(result: RuleResult): string {
  const { rule } = result;
  const level = result.outcome === 'failed' ? rule.severity : 'notice';
  const properties = `file=${property(rule.file)},line=${rule.line},title=${property(rule.name)}`;
  return `::${level} ${properties}::${data(explainedLines(result).join('\n'))}`;
}

/** As https://github.com/actions/toolkit escapes what a command says. */
function data(text: string): string {
  return printable(text).replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
