import { isViolation, type Report, type RuleResult } from '../rule.ts';
import { explainedLines, printable } from './words.ts';

/** JUnit XML, as Jenkins, GitLab and GitHub actions read it: a test case a rule, a suite a rules file. */
export function junit(report: Report): string {
  const suites = new Map<string, RuleResult[]>();
  for (const result of report.results) {
    const suite = suites.get(result.rule.file) ?? [];
    suite.push(result);
    suites.set(result.rule.file, suite);
  }
  const body = [...suites].map(([file, results]) => suiteXml(file, results)).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="lastack check" ${totals(report.results)} time="0">\n${body}</testsuites>\n`;
}

function suiteXml(file: string, results: readonly RuleResult[]): string {
  const cases = results.map(caseXml).join('');
  const skipped = results.filter((result) => result.outcome !== 'passed' && !isViolation(result)).length;
  return `  <testsuite name=${quoted(file)} ${totals(results)} skipped="${skipped}" time="0">\n${cases}  </testsuite>\n`;
}

function caseXml(result: RuleResult): string {
  const { rule } = result;
  const head = `    <testcase name=${quoted(rule.name)} classname=${quoted(rule.file)} time="0"`;
  if (isViolation(result)) {
    return `${head}>\n      <failure message=${quoted(result.found)} type="rule">${escaped(explainedLines(result).join('\n'))}</failure>\n    </testcase>\n`;
  }
  if (result.outcome !== 'passed') {
    return `${head}>\n      <skipped>${escaped(skippedBecause(result))}</skipped>\n    </testcase>\n`;
  }
  return `${head}/>\n`;
}

function skippedBecause(result: RuleResult): string {
  if (result.note !== null) return result.note;
  return result.outcome === 'failed' ? `${result.rule.severity}: ${result.found}` : result.found;
}

function totals(results: readonly RuleResult[]): string {
  return `tests="${results.length}" failures="${results.filter(isViolation).length}" errors="0"`;
}

function quoted(text: string): string {
  return `"${escaped(text).replaceAll('\n', '&#10;')}"`;
}

/** Text as XML has it; what XML 1.0 has no character for is shown. */
function escaped(text: string): string {
  return printable(text)
    .replace(/[\ufffe\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
