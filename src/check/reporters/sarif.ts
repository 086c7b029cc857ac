import type { Report, Rule, RuleResult } from '../rule.ts';
import { detailLines, printable } from './words.ts';

/** SARIF 2.1.0, as code scanning reads it: a result a rule that does not hold, at its line in the rules file. */
export function sarif(report: Report): string {
  const ids = idsOf(report.results.map(({ rule }) => rule));
  const document = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'lastack',
            version: report.version,
            informationUri: 'https://www.npmjs.com/package/lastack',
            rules: report.results.map(({ rule }, index) => ruleObject(rule, ids[index]!)),
          },
        },
        results: report.results.flatMap((result, index) =>
          result.outcome === 'passed' ? [] : [resultObject(result, index, ids[index]!)],
        ),
        columnKind: 'utf16CodeUnits',
      },
    ],
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function ruleObject(rule: Rule, id: string): object {
  return {
    id,
    name: printable(rule.name),
    shortDescription: { text: printable(rule.name) },
    ...(rule.description === null ? {} : { fullDescription: { text: printable(rule.description) } }),
    defaultConfiguration: { level: levelOf(rule) },
  };
}

function resultObject(result: RuleResult, index: number, ruleId: string): object {
  const { rule, outcome } = result;
  const kind = { failed: 'fail', expected: 'fail', undecided: 'open', passed: 'pass' }[outcome];
  return {
    ruleId,
    ruleIndex: index,
    kind,
    level: kind === 'fail' ? levelOf(rule) : 'none',
    message: { text: printable(detailLines(result).join('\n')) },
    locations: [
      { physicalLocation: { artifactLocation: { uri: uriOf(rule.file) }, region: { startLine: rule.line } } },
    ],
    ...(outcome === 'expected'
      ? { suppressions: [{ kind: 'external', justification: printable(result.note ?? '') }] }
      : {}),
  };
}

/** Names that stay while the rules' do, each of them once. */
function idsOf(rules: readonly Rule[]): readonly string[] {
  const ids = new Set<string>();
  for (const rule of rules) {
    const id =
      rule.name
        .toLowerCase()
        .match(/[a-z0-9]+/g)
        ?.join('-') ?? 'rule';
    let free = id;
    for (let i = 2; ids.has(free); i++) free = `${id}-${i}`;
    ids.add(free);
  }
  return [...ids];
}

function levelOf(rule: Rule): string {
  return rule.severity === 'notice' ? 'note' : rule.severity;
}

/** A path as a relative URI reference. */
function uriOf(path: string): string {
  return path.replaceAll('\\', '/').split('/').map(encodeURIComponent).join('/');
}
