import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { readAll } from '../../src/cli/reading.ts';
import { kindOf } from '../../src/findings/catalogue.ts';
import type { Finding } from '../../src/findings/finding.ts';
import { captureRecord } from '../../src/input/capture-record.ts';
import { openCaptures } from '../../src/input/captures.ts';
import type { CaptureRecord } from '../../src/record/capture.ts';
import { Durations } from '../../src/record/durations.ts';
import { FlowSummary, type ReportFlow, type ServiceSummary } from '../../src/record/summary.ts';
import { textStyle } from '../../src/render/style.ts';
import { textReport } from '../../src/render/text.ts';
import type { PageOptions } from '../../src/render/text-page.ts';
import { OUTCOME, PATTERN } from '../../src/tcp/patterns.ts';

const SAMPLE = join(import.meta.dirname, '../../samples/refused/client.pcap');

async function anyCapture(): Promise<CaptureRecord> {
  const source = await openCaptures([SAMPLE], { digest: false });
  const analysis = new Analysis();
  await readAll(source, analysis, false);
  return captureRecord(source, analysis);
}

const SERVER = { address: '2001:db8:1234:5678:9abc:def0:1234:5678', port: 8080 };
const NO_TROUBLE: Omit<ServiceSummary, 'server'> = {
  flows: 0,
  failed: 0,
  halfOpen: 0,
  resets: 0,
  retransmissions: 0,
  packets: 0,
  handshakes: new Durations(),
  firstHalfOpen: 0,
  lastHalfOpen: 0,
};
const PAGE: Omit<PageOptions, 'columns'> = {
  lines: 80,
  chosen: false,
  top: undefined,
  sort: 'worst',
  nameOf: () => undefined,
  style: textStyle(false),
};

/** The lines of a report whose only service has these counts and handshakes. */
async function page(columns: number, flows: number, handshakes: Durations): Promise<string[]> {
  const summary = new FlowSummary('worst', 10);
  summary.flows = flows;
  summary.services.push({
    ...NO_TROUBLE,
    server: SERVER,
    flows,
    failed: flows,
    resets: 12,
    packets: flows,
    handshakes,
  });
  const report = textReport(await anyCapture(), summary, { ...PAGE, columns });
  return report.split('\n');
}

/** The table of services of a report whose only service has these counts. */
async function services(columns: number, flows: number): Promise<string[]> {
  const lines = await page(columns, flows, new Durations());
  const from = lines.indexOf('Services that suffer');
  return lines.slice(from + 1, from + 3);
}

/** What a report says of how long handshakes took: milliseconds. */
async function handshakes(columns: number, times: readonly number[]): Promise<string[]> {
  const durations = new Durations();
  for (const time of times) durations.add(time * 1e6);
  const lines = await page(columns, times.length, durations);
  const from = lines.findIndex((line) => line.startsWith('  handshake '));
  return lines.slice(from, lines.indexOf('', from));
}

test.for([40, 48, 60, 80, 132])(
  'on %i columns the numbers of a service stand apart and none is cut',
  async (columns) => {
    for (const flows of [5, 5_000_000, 12_345_678_901]) {
      const [titles, numbers] = await services(columns, flows);
      expect(Math.max(titles!.length, numbers!.length)).toBeLessThanOrEqual(columns);
      expect(numbers!.trim().split(/ +/)[1]).toBe(flows.toLocaleString('en'));
      expect(titles!.trim().split(/ {2,}/).slice(0, 2)).toEqual(['server', 'flows']);
      // Every column has its title.
      const given = titles!.replace('handshake p90', 'p90').trim().split(/ +/);
      expect(numbers!.trim().split(/ {2,}/)).toHaveLength(given.length);
    }
  },
);

test('eighty columns have room for all that is told of a service', async () => {
  const [titles, numbers] = await services(80, 5_000_000);
  expect(titles!.trim().split(/ {2,}/)).toEqual(['server', 'flows', 'failed', 'resets', 'resent', 'handshake p90']);
  expect(numbers!.trim().split(/ {2,}/).slice(1)).toEqual(['5,000,000', '5,000,000', '12', '0', '–']);
});

test('how long handshakes took is told on as many lines as that needs', async () => {
  const times = Array.from({ length: 200 }, (_, i) => 0.251 + i / 1000);
  expect(await handshakes(120, times)).toHaveLength(1);
  for (const columns of [40, 60, 80]) {
    const lines = await handshakes(columns, times);
    expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(columns);
    expect(lines.join(' ').match(/min|p50|p90|p99|max/g)).toEqual(['min', 'p50', 'p90', 'p99', 'max']);
  }
});

test.each([40, 60])('on %i columns all that stands above the flows fits', async (columns) => {
  const record = await anyCapture();
  const capture = {
    ...record.capture,
    start: '2018-01-01T00:00:00.000000000Z',
    records: 1_234_567,
    lateSegments: 1_234,
  };
  const summary = new FlowSummary('worst', 10);
  summary.flows = 12_345;
  summary.packets = 1_234_567;
  summary.retransmissions = 123_456;
  summary.outcomes[OUTCOME.halfOpen] = 12_345;
  summary.initiators[0] = 1_234_567;
  summary.initiators[1] = 1_234_567;
  for (let i = 0; i < 123; i++) summary.countFindings([kindOf('syn-retransmitted')]);
  const service = { ...NO_TROUBLE, server: SERVER, flows: 12_345, halfOpen: 12_345, lastHalfOpen: 7e17 };
  summary.services.push(service);
  const report = textReport({ ...record, capture }, summary, { ...PAGE, columns });
  for (const line of report.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
  expect(report.replace(/\s+/g, ' ')).toContain('12,345 flows left in SYN_RECV begun within 8101 d 20 h');
});

const ENDS: Readonly<Record<string, readonly [string, string]>> = {
  'two digits': ['10.0.0.1', '10.0.0.2'],
  'IPv4 at its longest': ['203.113.115.129', '198.151.100.120'],
  'IPv6 at its longest': ['2001:db8:1234:5678:9abc:def0:1234:5678', '2001:db8:1234:5678:9abc:def0:1234:8765'],
};

const FLOW: ReportFlow = {
  number: 12_345,
  client: { address: '10.0.0.1', port: 40_510 },
  server: { address: '10.0.0.2', port: 50_443 },
  outcome: OUTCOME.complete,
  pattern: PATTERN.resetAfterFin,
  initiator: 0,
  handshake: 12_345_678,
  duration: 7_654_321_000,
  sent: 1_234_567,
  received: 7_654_321,
  retransmissions: 1_234,
  synRetransmissions: 0,
  findings: [],
  clientStates: ['SYN_SENT', 'ESTABLISHED', 'FIN_WAIT1', 'FIN_WAIT2', 'CLOSED'],
  serverStates: ['LISTEN', 'SYN_RECV', 'ESTABLISHED', 'CLOSE_WAIT', 'CLOSED'],
};

const FOUND: Finding = {
  ...kindOf('ephemeral-ports-exhausted'),
  confidence: 'possible',
  frame: 1,
  frames: [1],
  values: {},
  message: 'the client has used all the ports that it may take for itself',
  filter: 'tcp',
};

/** The table of flows of a report on this many flows. */
async function flowLines(columns: number, count: number, flow: Partial<ReportFlow> = {}): Promise<string[]> {
  const summary = new FlowSummary('worst', 10);
  summary.flows = 1_234_567;
  for (let i = 0; i < count; i++) summary.first.add(i, i, { ...FLOW, ...flow });
  const lines = textReport(await anyCapture(), summary, { ...PAGE, columns }).split('\n');
  return lines.slice(lines.findIndex((line) => line.includes('of 1,234,567 flows')));
}

describe.each([40, 46, 53, 54, 55, 60, 66, 72, 79, 80])('on %i columns', (columns) => {
  test.each(Object.keys(ENDS))('the flows fit, and say whose and how they went: %s', async (ends) => {
    const [client, server] = ENDS[ends]!.map((address, i) => ({ address, port: 40_510 + i }));
    for (const count of [2, 9]) {
      const lines = await flowLines(columns, count, { client: client!, server: server! });
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
      const text = lines.join('\n');
      expect(text.match(/12345/g)).toHaveLength(count);
      expect(text.match(/reset after FIN by client/g)).toHaveLength(count);
      expect(text.match(/:40511/g)).toHaveLength(count);
      if (ends.startsWith('IPv6')) continue;
      // Neither end of a flow is cut.
      expect(text.match(new RegExp(`\\b${client!.address}:40510`, 'g'))).toHaveLength(count);
      expect(text.match(new RegExp(`→ ${server!.address}:40511`, 'g'))).toHaveLength(count);
    }
  });

  test('what was found in a flow fits', async () => {
    for (const count of [2, 9]) {
      const lines = await flowLines(columns, count, { findings: [FOUND, FOUND, FOUND] });
      for (const line of lines) expect(line.length, line).toBeLessThanOrEqual(columns);
      const told = lines.join(' ').replace(/ +/g, ' ');
      expect(told).toContain('warning ephemeral-ports-exhausted (possible)');
      expect(told.includes('and 2 more')).toBe(count === 9);
    }
  });
});

test('on a narrow page a flow takes a line for its ends, or two, and one for how it went', async () => {
  const server = { address: '10.0.0.2', port: 80 };
  expect((await flowLines(52, 4, { server })).slice(1, 5)).toEqual([
    '      #  client → server',
    '         how it went',
    '  12345  10.0.0.1:40510 → 10.0.0.2:80',
    '         reset after FIN by client',
  ]);
  const client = { address: '203.113.115.129', port: 40_510 };
  expect((await flowLines(40, 4, { client, server })).slice(3, 6)).toEqual([
    '  12345  203.113.115.129:40510',
    '         → 10.0.0.2:80',
    '         reset after FIN by client',
  ]);
});

test('a percentile that is the longest of few handshakes is left out', async () => {
  expect(await handshakes(80, [2, 3])).toEqual(['  handshake       min 2.00 ms  p50 2.00 ms  max 3.00 ms']);
  const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 20];
  expect(await handshakes(80, ten)).toEqual(['  handshake       min 1.00 ms  p50 5.00 ms  p90 9.00 ms  max 20.0 ms']);
});
