import { describe, expect, test } from 'vitest';
import { redacted } from '../../src/check/redact.ts';
import { REPORTERS } from '../../src/check/reporters/reporter.ts';
import type { BrokenFlow } from '../../src/check/rule.ts';
import { REFUSED, THREE_WAY } from '../cli/captures.ts';
import { reportOn } from './check.ts';

/** One rule of each outcome; names and reasons hold what formats give a meaning. */
const RULES = `rules:
  - name: "<b>&\\"]]>: 100% of, | # \\u0007flows"
    description: Why & "how".
    none: handshake.outcome == "refused"
  - name: warned
    severity: warning
    none: handshake.outcome == "refused"
  - name: known
    expected-failure: { reason: "issue #7: \`x\`, 5%", until: 2026-12-31 }
    none: handshake.outcome == "refused"
  - name: too few
    expect: percentile(handshake.totalMs, 99) < 50
  - name: fine
    none: flow > 99
`;
const REPORT = reportOn(RULES, [THREE_WAY, REFUSED]);

test.each(['text', 'github', 'markdown', 'tap', 'junit'])('%s', (name) => {
  expect(REPORTERS[name]!(REPORT)).toMatchSnapshot();
});

test('a flow of which the rule reads nothing is shown without values', () => {
  const report = reportOn('rules:\n  - name: never\n    none: "true"\n', [REFUSED]);
  expect(REPORTERS.text!(report)).toMatch(/^ {8}flow 1 {2}10\.0\.0\.1:1024 → 10\.0\.0\.2:443 {2}frame 2$/m);
});

describe('sarif', () => {
  const log = JSON.parse(REPORTERS.sarif!(REPORT));

  test('has what SARIF 2.1.0 requires', () => {
    expect(log).toMatchObject({
      version: '2.1.0',
      runs: [{ tool: { driver: { name: 'lastack', version: '1.2.3' } } }],
    });
    const [{ tool, results }] = log.runs;
    const ids = tool.driver.rules.map(({ id }: { id: string }) => id);
    expect(new Set(ids).size).toBe(5);
    for (const result of results) {
      expect(ids[result.ruleIndex]).toBe(result.ruleId);
      expect(['none', 'note', 'warning', 'error']).toContain(result.level);
      expect(['fail', 'open']).toContain(result.kind);
      // 3.27.10: if kind has any value other than "fail", level shall be "none".
      if (result.kind !== 'fail') expect(result.level).toBe('none');
      expect(result.message.text).toBeTypeOf('string');
      const { artifactLocation, region } = result.locations[0].physicalLocation;
      expect(artifactLocation.uri).toBe('lastack.yaml');
      expect(region.startLine).toBeGreaterThan(0);
    }
  });

  test('a known failure is suppressed, a passed rule has no result', () => {
    const [{ results }] = log.runs;
    expect(results.map((result: { suppressions?: object[] }) => result.suppressions?.length ?? 0)).toEqual([
      0, 0, 1, 0,
    ]);
  });
});

test('json tells everything', () => {
  const document = JSON.parse(REPORTERS.json!(REPORT));
  expect(document).toMatchObject({ lastack: '1.2.3', captures: ['web.pcap'], flows: 2, passed: false });
  expect(document.results.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
    'failed',
    'failed',
    'expected',
    'undecided',
    'passed',
  ]);
});

test('nobody prints control characters, and addresses only where they may', () => {
  for (const [name, reporter] of Object.entries(REPORTERS)) {
    expect([name, reporter(REPORT)]).toEqual([name, expect.not.stringMatching(/[\0-\x08\x0b-\x1f\x7f]/)]);
    expect(reporter(REPORT)).toContain('10.0.0.1');
    expect(reporter(redacted(REPORT))).not.toMatch(/10\.0\.0\./);
  }
  expect(REPORTERS.text!(redacted(REPORT))).toContain('client-1:1025 → server-1:443');
});

test('no address of tunnels, routers or anybody else stays in the lines', () => {
  const flow = (client: string, server: string, ...lines: string[]): BrokenFlow => ({
    ...REPORT.results[0]!.flows[0]!,
    client,
    server,
    lines,
  });
  const report = redacted({
    ...REPORT,
    results: [
      {
        ...REPORT.results[0]!,
        flows: [
          flow(
            '10.0.0.1:40000',
            '10.0.0.2:80',
            '22:13:20.1 IP 10.0.0.12 > 10.0.0.1: ICMP host 10.0.0.2 unreachable, length 36',
            '22:13:20.2 IP 192.0.2.1.50000 > 10.0.0.12.4789: VXLAN, flags [I] (0x08), vni 42 IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [S], seq 1',
            '22:13:20.3 IP6 2001:db8:f::1 > 2001:db8:1:2:3:4:5:6: IP 10.0.0.2.80 > 10.0.0.1.40000: Flags [.], ack 2',
          ),
          flow(
            '[2001:db8:f::1]:40001',
            '[::ffff:10.0.0.2]:80',
            '22:13:20.4 IP6 ::ffff:10.0.0.2.80 > 2001:db8:f::1.40001: [.]',
          ),
        ],
      },
    ],
  });
  expect(report.results[0]!.flows.flatMap(({ lines }) => lines)).toEqual([
    '22:13:20.1 IP other-1 > client-1: ICMP host server-1 unreachable, length 36',
    '22:13:20.2 IP other-2.50000 > other-1.4789: VXLAN, flags [I] (0x08), vni 42 IP client-1.40000 > server-1.80: Flags [S], seq 1',
    '22:13:20.3 IP6 client-2 > other-3: IP server-1.80 > client-1.40000: Flags [.], ack 2',
    '22:13:20.4 IP6 server-2.80 > client-2.40001: [.]',
  ]);
});
