import { describe, expect, test } from 'vitest';
import type { RecordView } from '../../src/capture/record.ts';
import type { FlowRecord } from '../../src/record/flow.ts';
import { analyzeRecords, exchange, recordsOf, type ScriptSegment } from '../exchange.ts';

const HOUR = 3600;

/** Flows whose timestamps tell how time passes at their hosts, from 100 ms before a moment to 50 ms after it. */
const bystanders = (moment: number): RecordView[] =>
  [1, 2, 3].flatMap((i) =>
    recordsOf(
      exchange`
        +${(moment - 0.1).toFixed(3)} > S  0:0(0) <TS 1000 0>
        +0.010 < S. 0:0(0)   ack 1  <TS 7000 1000>
        +0.010 > .  1:1(0)   ack 1  <TS 1020 7000>
        +0.010 > P. 1:11(10) ack 1  <TS 1030 7000>
        +0.080 < P. 1:11(10) ack 11 <TS 7100 1030>
        +0.010 > P. 11:21(10) ack 11 <TS 1120 7100>
        +0.010 < .  11:11(0) ack 21 <TS 7120 1120>
      `,
      { clientPort: 4000 + i },
    ),
  );

/**
 * The flow of a script while the clock of the capture, and no other, is set by `jump` seconds at `moment` seconds from its
 * beginning; the capture goes on for `more` seconds after it, and holds `others`, too.
 */
function flowAcross(
  script: readonly ScriptSegment[],
  moment: number,
  jump: number,
  more = 0,
  others: readonly RecordView[] = [],
): FlowRecord {
  const end = script.reduce((sum, { after }) => sum + after, 0) + more;
  const elsewhere = recordsOf(exchange`+${end.toFixed(3)} > S 0:0(0)`, { clientPort: 5000 });
  const records = [...others, ...recordsOf(script), ...bystanders(moment), ...elsewhere];
  const time = (record: RecordView) => record.seconds - 1_700_000_000 + record.nanoseconds / 1e9;
  records.sort((a, b) => time(a) - time(b));
  for (const record of records) if (time(record) >= moment) record.seconds += jump;
  return analyzeRecords(records).find(({ client }) => client.port === 40510)!;
}

const codes = (flow: FlowRecord): string[] => flow.findings.map(({ code }) => code);

describe.each([HOUR, -HOUR, 120])('the clock of the capture is set by %i s', (jump) => {
  test('within a handshake: nobody was slow, and no time is given', () => {
    const script = exchange`
      +1     > S  0:0(0)
      +0.010 < S. 0:0(0)   ack 1
      +0.010 > .  1:1(0)   ack 1
      +0.010 > P. 1:11(10) ack 1
      +0.010 < P. 1:21(20) ack 11
      +0.010 > .  11:11(0) ack 21
    `;
    for (const moment of [1.005, 1.015]) {
      const flow = flowAcross(script, moment, jump);
      expect(codes(flow)).not.toContain('handshake-slow');
      expect(flow.handshake.totalMs).toBeNull();
      expect(flow.vantage).toBeNull();
      expect(flow.longestIdleMs).toBeNull();
    }
    expect(flowAcross(script, 1.005, jump).handshake).toMatchObject({ synToSynAckMs: null, synAckToAckMs: 10 });
    expect(flowAcross(script, 1.015, jump).handshake).toMatchObject({ synToSynAckMs: 10, synAckToAckMs: null });
  });

  const OPENED = `
    +1     > S  0:0(0)
    +0.010 < S. 0:0(0)   ack 1
    +0.010 > .  1:1(0)   ack 1`;

  test('between a segment and its acknowledgment, or its repeat: no round trip, no timeout', () => {
    const script = exchange`${OPENED}
      +0.010 > P. 1:11(10)  ack 1
      +0.250 > P. 1:11(10)  ack 1
      +0.010 < P. 1:21(20)  ack 11
      +0.010 > .  11:11(0)  ack 21
      +0.010 > P. 11:21(10) ack 21
      +0.100 < .  21:21(0)  ack 21
    `;
    for (const moment of [1.15, 1.35]) {
      const flow = flowAcross(script, moment, jump);
      expect(codes(flow).filter((code) => code === 'timeout-recovery' || code === 'tail-loss')).toEqual([]);
      expect(flow.fromClient).toMatchObject({ timeouts: null, timeoutsInARow: null, longestTimeoutMs: null });
      expect(flow.fromClient.rtt).toMatchObject({ minMs: null, meanMs: null, maxMs: null, p50Ms: null, p99Ms: null });
      expect(flow.fromServer.rtt.maxMs).toBeNull();
      expect(flow.handshake.totalMs).toBe(20);
    }
  });

  test('within a short quiet, after which a RST comes: it was not idle', () => {
    const script = exchange`${OPENED}
      +0.010 > P. 1:11(10) ack 1
      +0.010 < P. 1:21(20) ack 11
      +0.010 > .  11:11(0) ack 21
      +2     < R. 21:21(0) ack 11
    `;
    expect(codes(flowAcross(script, 2, jump))).not.toContain('reset-idle');
  });

  test('between two FINs: nobody closed slowly, or forgot to', () => {
    const script = exchange`${OPENED}
      +0.010 > P. 1:11(10) ack 1
      +0.010 < P. 1:21(20) ack 11
      +0.010 > F. 11:11(0) ack 21
      +0.010 < .  21:21(0) ack 12
      +1     < F. 21:21(0) ack 12
      +0.010 > .  12:12(0) ack 22
    `;
    const flow = flowAcross(script, 1.5, jump);
    expect(codes(flow).filter((code) => code === 'close-slow' || code === 'close-wait-leak')).toEqual([]);
    expect(flow.close).toMatchObject({ halfCloseMs: null, closeMs: null });
  });

  test('after the last segment of all: nobody waited for an answer', () => {
    expect(codes(flowAcross(exchange`+1 > S 0:0(0)`, 1.5, jump, 1))).not.toContain('syn-unanswered');
    const halfOpen = exchange`
      +1     > S  0:0(0)
      +0.010 < S. 0:0(0) ack 1
    `;
    expect(codes(flowAcross(halfOpen, 1.5, jump, 1))).not.toContain('handshake-half-open');
    const leak = exchange`${OPENED}
      +0.010 > F. 1:1(0) ack 1
      +0.010 < .  1:1(0) ack 2
    `;
    expect(codes(flowAcross(leak, 1.5, jump, 1))).not.toContain('close-wait-leak');
  });

  test('before or after the flow: all is as without', () => {
    const script = exchange`${OPENED}
      +0.010 > P. 1:11(10) ack 1
      +0.010 < P. 1:21(20) ack 11
      +0.010 > .  11:11(0) ack 21
    `;
    for (const moment of [0.5, 1.5]) {
      const flow = flowAcross(script, moment, jump, 1);
      expect(flow.handshake.totalMs).toBe(20);
      expect(flow.fromClient.rtt.minMs).toBe(10);
      expect(flow.longestIdleMs).toBe(10);
    }
  });
});

test('very many flows that are closed and wait hide none that go on', () => {
  const closed = Array.from({ length: 600 }, (_, i) =>
    recordsOf(
      exchange`
        +${(i / 1000).toFixed(3)} > S 0:0(0) <TS 1000 0>
        +0.010 < S. 0:0(0) ack 1 <TS 7000 1000>
        +0.010 > F. 1:1(0) ack 1 <TS 1020 7000>
        +0.010 < F. 1:1(0) ack 2 <TS 7030 1020>
        +0.010 > .  2:2(0) ack 2 <TS 1040 7030>
      `,
      { clientPort: 10_000 + i },
    ),
  ).flat();
  const script = exchange`
    +1     > S  0:0(0)
    +0.010 < S. 0:0(0)   ack 1
    +0.010 > .  1:1(0)   ack 1
  `;
  expect(flowAcross(script, 1.005, HOUR, 0, closed).handshake.totalMs).toBeNull();
});

describe('no clock is set', () => {
  test('where the hosts waited as well', () => {
    const script = exchange`
      +1  > S  0:0(0)   <TS 1000 0>
      +20 < S. 0:0(0) ack 1 <TS 27000 1000>
      +0  > .  1:1(0) ack 1 <TS 21000 27000>
    `;
    const flow = analyzeRecords(recordsOf(script))[0]!;
    expect(codes(flow)).toContain('handshake-slow');
    expect(flow.handshake.totalMs).toBe(20_000);
  });
});
