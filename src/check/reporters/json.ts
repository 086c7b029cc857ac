import { isViolation, type Report } from '../rule.ts';
import { summaryText } from './words.ts';

/** Everything, for programs. */
export function json(report: Report): string {
  const { version, captures, flows, results } = report;
  const document = {
    lastack: version,
    captures,
    flows,
    passed: !results.some(isViolation),
    summary: summaryText(report),
    results: results.map(({ rule, outcome, selected, broken, expected, found, note, flows: shown }) => ({
      name: rule.name,
      file: rule.file,
      line: rule.line,
      severity: rule.severity,
      outcome,
      selected,
      broken,
      expected,
      found,
      note,
      flows: shown.map(({ flow, client, server, values, frame, why, lines }) => ({
        flow,
        client,
        server,
        values,
        frame,
        why,
        lines,
      })),
    })),
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}
