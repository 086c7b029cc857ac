import { expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import type { RecordView } from '../../src/capture/record.ts';
import { FLOW, ROW_WORDS } from '../../src/flow/rows.ts';
import { STATE } from '../../src/tcp/machine.ts';
import { ipv4, RAW, record, TCP, tcp } from '../wire/octets.ts';

const SYN = 2;
const ACK = 16;
const START = 1_700_000_000;

/** One segment, sent again and again from other ports at other times. */
class Sender {
  private readonly analysis: Analysis;
  private readonly view: RecordView;

  constructor(analysis: Analysis, fields: { flags: number; seq: number; ack: number }) {
    this.analysis = analysis;
    this.view = record(ipv4(TCP, tcp(fields)), { linkType: RAW });
  }

  /** `connection` stands in the client's address and port. */
  send(connection: number, seconds: number, frame: number): void {
    const { view } = this.view;
    // Where source address and port stand in a datagram without options.
    view.setUint16(this.view.at + 14, connection >> 10);
    view.setUint16(this.view.at + 20, 1024 + (connection & 1023));
    this.view.seconds = START + Math.floor(seconds);
    this.view.nanoseconds = Math.round((seconds % 1) * 1e9);
    this.view.frame = this.view.fileFrame = frame;
    this.analysis.take(this.view);
  }
}

test('connections that nobody answered are told whole, and take no more rows on a stream without end', () => {
  const connections = 30_000;
  const apart = 0.04;
  const told: number[] = [];
  let most = 0;
  const analysis: Analysis = new Analysis({
    wire: { verifyChecksums: false },
    loneFrom: Number.POSITIVE_INFINITY,
    across: false,
    onFlow: (row) => {
      const { i32 } = analysis.rows;
      const state = i32[row + FLOW.state]!;
      told.push(i32[row + FLOW.number]!);
      expect([state, i32[row + FLOW.synRetransmissions]]).toEqual([STATE.SYN_SENT, 2]);
    },
  });
  const syn = new Sender(analysis, { flags: SYN, seq: 1000, ack: 0 });
  let frame = 0;
  // Each SYN is sent again after one and three seconds; sixty seconds come after the last one.
  const events = Array.from({ length: connections }, (_, i) =>
    [0, 1, 3].map((after) => [i * apart + after, i] as const),
  );
  for (const [time, connection] of events.flat().sort((a, b) => a[0] - b[0])) {
    syn.send(connection, time, ++frame);
    most = Math.max(most, analysis.rows.used);
  }
  expect(analysis.tracker.identity.flows).toBe(connections);
  expect(most).toBeLessThan(10_000);
  expect(analysis.rows.end / ROW_WORDS).toBeLessThan(10_000);
  analysis.end();
  expect(told.sort((a, b) => a - b)).toEqual(Array.from({ length: connections }, (_, i) => i + 1));
  expect(analysis.tracker.identity.lateSegments).toBe(0);
});

test('a connection of which only one direction was captured is kept, however long it is silent', () => {
  const told: number[] = [];
  const analysis: Analysis = new Analysis({
    wire: { verifyChecksums: false },
    loneFrom: Number.POSITIVE_INFINITY,
    across: false,
    onFlow: (row) => told.push(analysis.rows.i32[row + FLOW.number]!),
  });
  const syn = new Sender(analysis, { flags: SYN, seq: 1000, ack: 0 });
  const ack = new Sender(analysis, { flags: ACK, seq: 1001, ack: 5001 });
  syn.send(0, 0, 1);
  ack.send(0, 0.1, 2);
  for (let i = 1; i < 20_000; i++) syn.send(i, i * 0.04, i + 2);
  expect(told.length).toBeGreaterThan(10_000);
  expect(told).not.toContain(1);
});
