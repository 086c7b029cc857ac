import { isViolation, type Report, type RuleResult } from '../rule.ts';
import { explainedLines, printable } from './words.ts';

/** TAP version 14 (https://testanything.org). */
export function tap(report: Report): string {
  const lines = ['TAP version 14', `1..${report.results.length}`];
  report.results.forEach((result, index) => {
    const name = printable(result.rule.name).replace(/[\\#]/g, '\\$&').replaceAll('\n', ' ');
    const ok = result.outcome === 'passed' || result.outcome === 'undecided' ? 'ok' : 'not ok';
    lines.push(`${ok} ${index + 1} - ${name}${directive(result)}`);
    if (result.outcome === 'passed') return;
    lines.push('  ---', `  message: ${JSON.stringify(printable(result.found))}`, '  details:');
    for (const line of explainedLines(result)) lines.push(`    - ${JSON.stringify(printable(line))}`);
    lines.push('  ...');
  });
  return `${lines.join('\n')}\n`;
}

/** What does not count as a failure says so: SKIP was not judged, TODO is known. */
function directive(result: RuleResult): string {
  if (result.outcome === 'undecided') return ' # SKIP too few flows';
  if (result.outcome === 'expected') return ` # TODO ${printable(result.note ?? '').replaceAll('\n', ' ')}`;
  return result.outcome === 'failed' && !isViolation(result) ? ` # TODO severity ${result.rule.severity}` : '';
}
