import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { readAll } from '../../src/cli/reading.ts';
import { captureRecord } from '../../src/input/capture-record.ts';
import { openCaptures } from '../../src/input/captures.ts';
import type { CaptureRecord } from '../../src/record/capture.ts';
import { Durations } from '../../src/record/durations.ts';
import { FlowSummary } from '../../src/record/summary.ts';
import { textStyle } from '../../src/render/style.ts';
import { textReport } from '../../src/render/text.ts';

const SAMPLE = join(import.meta.dirname, '../../samples/refused/client.pcap');

async function anyCapture(): Promise<CaptureRecord> {
  const source = await openCaptures([SAMPLE], { digest: false });
  const analysis = new Analysis();
  await readAll(source, analysis, false);
  return captureRecord(source, analysis);
}

/** The table of services of a report whose only service has these counts. */
async function services(columns: number, flows: number): Promise<string[]> {
  const summary = new FlowSummary('worst', 10);
  summary.services.push({
    server: { address: '2001:db8:1234:5678:9abc:def0:1234:5678', port: 8080 },
    flows,
    failed: flows,
    halfOpen: 0,
    resets: 12,
    retransmissions: 0,
    packets: flows,
    handshakes: new Durations(),
    firstHalfOpen: 0,
    lastHalfOpen: 0,
  });
  const report = textReport(await anyCapture(), summary, {
    columns,
    lines: 80,
    chosen: false,
    top: undefined,
    sort: 'worst',
    nameOf: () => undefined,
    style: textStyle(false),
  });
  const lines = report.split('\n');
  const from = lines.indexOf('Services that suffer');
  return lines.slice(from + 1, from + 3);
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
