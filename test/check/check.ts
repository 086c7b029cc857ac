import { Analysis } from '../../src/analyze.ts';
import { Checker } from '../../src/check/checker.ts';
import type { Report, RuleResult } from '../../src/check/rule.ts';
import { readRules } from '../../src/check/rules-file.ts';
import { SurroundingLines } from '../../src/check/surrounding-lines.ts';
import { FlowCursor } from '../../src/record/cursor.ts';
import { recordsOf, type ScriptSegment } from '../exchange.ts';

/** The report on flows that follow each other, a second apart, each from a client port of its own. */
export function reportOn(
  yaml: string,
  scripts: readonly (readonly ScriptSegment[])[],
  { today = '2026-06-01', show = 5 }: { today?: string; show?: number } = {},
): Report {
  const { rules } = readRules(yaml, 'lastack.yaml');
  const checker = new Checker(rules, { today, show, textOf: () => yaml });
  const records = scripts.flatMap((script, index) =>
    recordsOf(script, { clientPort: 1024 + index }).map((record) => {
      record.seconds += index;
      return record;
    }),
  );
  records.forEach((record, index) => {
    record.frame = index + 1;
  });
  const analysis: Analysis = new Analysis({
    onFlow: (row) => {
      cursor.move(row);
      cursor.baseSeconds = analysis.baseSeconds;
      checker.take(cursor);
    },
  });
  const cursor = new FlowCursor(analysis.flowContext(['web.pcap']));
  for (const record of records) analysis.take(record);
  analysis.end();
  const results = checker.results(cursor, (analysis.latest - analysis.start) / 1e9);
  const lines = new SurroundingLines(
    results.flatMap((result) => result.flows),
    () => 0,
  );
  const again = new Analysis({ onSegment: (...args) => lines.take(...args) });
  for (const record of records) again.take(record);
  lines.end();
  return { version: '1.2.3', captures: ['web.pcap'], flows: checker.flows, results };
}

/** The result of the only rule, whose lines after its name are given. */
export function resultOf(
  rule: string,
  scripts: readonly (readonly ScriptSegment[])[],
  options?: { today?: string; show?: number },
): RuleResult {
  const lines = rule.split('\n').map((line) => `    ${line}`);
  return reportOn(['rules:', '  - name: a rule', ...lines].join('\n'), scripts, options).results[0]!;
}
