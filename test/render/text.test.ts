import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { readAll } from '../../src/cli/reading.ts';
import { captureRecord } from '../../src/input/capture-record.ts';
import { openCaptures } from '../../src/input/captures.ts';
import type { CaptureRecord } from '../../src/record/capture.ts';
import { Durations } from '../../src/record/durations.ts';
import { FlowSummary, type ServiceSummary } from '../../src/record/summary.ts';
import { textStyle } from '../../src/render/style.ts';
import { textReport } from '../../src/render/text.ts';
import type { PageOptions } from '../../src/render/text-page.ts';
import { OUTCOME } from '../../src/tcp/patterns.ts';

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
  summary.findings.set('syn-retransmitted', { severity: 'warning', times: 123 });
  const service = { ...NO_TROUBLE, server: SERVER, flows: 12_345, halfOpen: 12_345, lastHalfOpen: 7e17 };
  summary.services.push(service);
  const report = textReport({ ...record, capture }, summary, { ...PAGE, columns });
  for (const line of report.split('\n')) expect(line.length, line).toBeLessThanOrEqual(columns);
  expect(report.replace(/\s+/g, ' ')).toContain('12,345 flows left in SYN_RECV begun within 8101 d 20 h');
});

test('a percentile that is the longest of few handshakes is left out', async () => {
  expect(await handshakes(80, [2, 3])).toEqual(['  handshake       min 2.00 ms  p50 2.00 ms  max 3.00 ms']);
  const ten = [1, 2, 3, 4, 5, 6, 7, 8, 9, 20];
  expect(await handshakes(80, ten)).toEqual(['  handshake       min 1.00 ms  p50 5.00 ms  p90 9.00 ms  max 20.0 ms']);
});
