import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { type FlowRecord, openCapture } from '../../src/index.ts';
import { analyzeRecords, exchange, recordsOf } from '../exchange.ts';
import { RECORDINGS, SAMPLES } from '../samples.ts';

/** Findings of a flow that are told of the capture, too. */
const SHARED = ['capture-midstream', 'capture-ended-open'];

function flowsWith(flows: readonly FlowRecord[], code: string): number {
  return flows.filter(({ findings }) => findings.some((finding) => finding.code === code)).length;
}

test('what is said of a capture is what its flows come to', async () => {
  let told = 0;
  for (const path of RECORDINGS) {
    const opened = await openCapture(join(SAMPLES, path));
    const flows: FlowRecord[] = [];
    for await (const flow of opened.flows()) flows.push(flow);
    const { capture } = opened.record();
    const packets = flows.reduce((sum, { fromClient, fromServer }) => sum + fromClient.packets + fromServer.packets, 0);
    expect(capture.tcpSegments, path).toBe(packets);
    for (const code of SHARED) {
      const finding = capture.findings.find((one) => one.code === code);
      expect(finding?.values.flows ?? 0, `${path}: ${code}`).toBe(flowsWith(flows, code));
      if (finding !== undefined) told++;
    }
  }
  expect(told).toBeGreaterThan(5);
});

test('a SYN that turns out to begin another flow is one segment', () => {
  const records = recordsOf(exchange`
    +0    > S  0:0(0)
    +0.01 < S. 0:0(0) ack 1
    +0    > .  1:1(0) ack 1
    +0    > P. 1:11(10) ack 1
    +0.01 < .  1:1(0) ack 11
    +9    > S  5000:5000(0)
    +0.01 < S. 9000:9000(0) ack 5001
    +0    > .  5001:5001(0) ack 9001
  `);
  const flows = analyzeRecords(records);
  // The end of the first was not captured, but not because the capture ended.
  expect(flows.map(({ findings }) => findings.map(({ code }) => code))).toEqual([[], ['capture-ended-open']]);
  const analysis = new Analysis();
  for (const record of records) analysis.take(record);
  expect(analysis.tracker.segments).toBe(records.length);
});
