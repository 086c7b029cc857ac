import { describe, expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import type { RecordView } from '../../src/capture/record.ts';
import { ChosenFlows } from '../../src/extract/chosen-flows.ts';
import { FlowFrames } from '../../src/extract/flow-frames.ts';
import { FrameSet } from '../../src/extract/frame-set.ts';
import { exchange, recordsOf } from '../exchange.ts';
import { ipv4, type Octets, RAW, record, SERVER4, TCP, tcp } from '../wire/octets.ts';

/** Frames of each wanted set of flows. */
function framesOf(records: readonly RecordView[], ...flows: readonly number[]): number[] {
  const analysis: Analysis = new Analysis({
    onSegment: (verdict, segment, result) => chosen.take(verdict, segment, result),
  });
  const chosen = new FlowFrames(new ChosenFlows(flows), analysis.tracker, analysis.wire);
  records.forEach((one, i) => {
    one.frame = i + 1;
    analysis.take(one);
  });
  analysis.end();
  chosen.end();
  return records.map((_, i) => i + 1).filter((frame) => chosen.frames.has(frame));
}

const RAW_RECORD = (octets: Octets) => record(octets, { linkType: RAW });

describe('the records of a flow', () => {
  test('are its own, not those of another one on the same ports', () => {
    const records = recordsOf(exchange`
      +0     > S  0:0(0)
      +0.001 < R. 0:0(0) ack 1 win 0
      +1     > S  5000:5000(0)
      +0.001 < S. 9000:9000(0) ack 5001
    `);
    expect(framesOf(records, 1)).toEqual([1, 2]);
    expect(framesOf(records, 2)).toEqual([3, 4]);
    expect(framesOf(records, 1, 2)).toEqual([1, 2, 3, 4]);
  });

  test('begin with the SYNs that came inside the connection before', () => {
    const records = recordsOf(exchange`
      +0     > S  0:0(0)
      +0.001 < S. 0:0(0) ack 1
      +0.001 > .  1:1(0) ack 1
      +500   > S  70000:70000(0)
      +1     > S  70000:70000(0)
      +0.001 < S. 90000:90000(0) ack 70001
      +0.001 > .  70001:70001(0) ack 90001
    `);
    expect(framesOf(records, 1)).toEqual([1, 2, 3]);
    expect(framesOf(records, 2)).toEqual([4, 5, 6, 7]);
  });

  test('hold SYNs that were only challenged, and not those of the flow that takes their number', () => {
    const challenged = `
      +0     > S  0:0(0)
      +0.001 < S. 0:0(0) ack 1
      +0.001 > .  1:1(0) ack 1
      +5     > S  70000:70000(0)
      +0.001 < .  1:1(0) ack 1
      +5     > S  90000:90000(0)
      +0.001 < .  1:1(0) ack 1
    `;
    const reset = recordsOf(exchange`${challenged}
      +0     > R  1:1(0)
      +1     > S  99000:99000(0)
      +0.001 < S. 99000:99000(0) ack 99001
    `);
    expect(framesOf(reset, 1)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(framesOf(reset, 2)).toEqual([9, 10]);
    const answered = recordsOf(exchange`${challenged}
      +0.001 < S. 99000:99000(0) ack 90001
    `);
    expect(framesOf(answered, 1)).toEqual([1, 2, 3, 4, 5, 7]);
    expect(framesOf(answered, 2)).toEqual([6, 8]);
  });

  test('hold a SYN that was only challenged', () => {
    const records = recordsOf(exchange`
      +0     > S  0:0(0)
      +0.001 < S. 0:0(0) ack 1
      +0.001 > .  1:1(0) ack 1
      +5     > S  70000:70000(0)
      +0.001 < .  1:1(0) ack 1
    `);
    expect(framesOf(records, 1)).toEqual([1, 2, 3, 4, 5]);
  });

  test('hold copies and segments that came after the flow was handed on', () => {
    const records = recordsOf(exchange`
      +0     > S  0:0(0) id 7
      +0     > S  0:0(0) id 7
      +0.001 < R. 0:0(0) ack 1 win 0
      +100   > .  50:50(0) ack 1
      +0     < .  1:1(0) ack 50
    `);
    expect(framesOf(records, 1)).toEqual([1, 2, 3, 4, 5]);
  });
});

describe('fragments', () => {
  const segment = tcp({ payload: Array.from({ length: 100 }, (_, i) => i) });
  const part = (from: number, to: number) =>
    RAW_RECORD(ipv4(TCP, segment.slice(from, to), { id: 1, fragment: (to < 120 ? 0x2000 : 0) + from / 8 }));
  const other = () => RAW_RECORD(ipv4(TCP, tcp({ sourcePort: 999 }), { id: 2 }));

  test('of a flow’s segment belong to it, in whatever order they come', () => {
    expect(framesOf([part(40, 80), other(), part(80, 120), part(0, 40)], 2)).toEqual([1, 3, 4]);
    expect(framesOf([part(40, 80), other(), part(80, 120), part(0, 40)], 1)).toEqual([2]);
  });

  test('belong to it also when the datagram never becomes whole', () => {
    const whole = RAW_RECORD(ipv4(TCP, tcp(), { id: 9 }));
    expect(framesOf([whole, part(80, 120), part(0, 40), other()], 1)).toEqual([1, 2, 3]);
  });
});

test('an ICMP error about a flow belongs to it', () => {
  const syn = ipv4(TCP, tcp({ flags: 2 }));
  const error = ipv4(1, [3, 3, 0, 0, 0, 0, 0, 0, ...syn.slice(0, 28)], { source: SERVER4 });
  const aboutNobody = ipv4(1, [3, 3, 0, 0, 0, 0, 0, 0, ...ipv4(TCP, tcp({ sourcePort: 5 })).slice(0, 28)]);
  expect(framesOf([RAW_RECORD(syn), RAW_RECORD(error), RAW_RECORD(aboutNobody)], 1)).toEqual([1, 2]);
});

test('a set of frames holds what was added, once', () => {
  const frames = new FrameSet();
  for (const frame of [1, 7, 8, 100_000, 7]) frames.add(frame);
  expect(frames.size).toBe(4);
  expect([1, 2, 7, 8, 9, 100_000, 100_001, 9e9].filter((frame) => frames.has(frame))).toEqual([1, 7, 8, 100_000]);
});
