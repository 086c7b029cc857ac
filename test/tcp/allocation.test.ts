import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import type { RecordView } from '../../src/capture/record.ts';
import { exchange, recordsOf } from '../exchange.ts';

const SEGMENTS = 100_000;
/** Offsets of sequence and acknowledgment number in Ethernet, IPv4 and TCP without options before them. */
const SEQUENCE = 14 + 20 + 4;
const ACKNOWLEDGMENT = SEQUENCE + 4;

setFlagsFromString('--expose-gc');
const collect: () => void = runInNewContext('gc');

test('replaying 100,000 segments of an established flow leaves the heap where it was', () => {
  const [syn, synAck, ack, data, answer] = recordsOf(exchange`
    +0     > S  0:0(0) <mss 1460>
    +0.010 < S. 0:0(0) ack 1 <mss 1460>
    +0.001 > .  1:1(0) ack 1
    +0.001 > P. 1:101(100) ack 1
    +0.001 < .  1:1(0) ack 101
  `) as [RecordView, RecordView, RecordView, RecordView, RecordView];
  let repeats = 0;
  const analysis = new Analysis({
    onSegment: ({ retransmitsFrame }) => {
      if (retransmitsFrame > 0) repeats++;
    },
  });
  for (const record of [syn, synAck, ack]) analysis.take(record);
  // What the capture cut short has no checksum to verify: the octets of these two change.
  data.end -= 50;
  answer.originalLength += 4;
  const pair = [data, answer];
  let frame = 3;
  const run = (count: number) => {
    for (let i = 0; i < count; i += 2) {
      for (const record of pair) {
        record.frame = ++frame;
        record.nanoseconds = (frame % 1_000_000) * 1000;
        record.seconds = syn.seconds + 1 + Math.floor(frame / 1_000_000);
        analysis.take(record);
      }
      advance(data, SEQUENCE);
      advance(answer, ACKNOWLEDGMENT);
    }
  };
  run(SEGMENTS / 2);
  collect();
  const before = process.memoryUsage().heapUsed;
  run(SEGMENTS);
  const grown = process.memoryUsage().heapUsed - before;
  expect(grown / SEGMENTS).toBeLessThan(8);
  expect(analysis.tracker.segments).toBe(3 + SEGMENTS * 1.5);
  expect(repeats).toBe(0);
});

function advance({ view, at }: RecordView, field: number): void {
  view.setUint32(at + field, view.getUint32(at + field) + 100);
}
