import { describe, expect, test } from 'vitest';
import { analyzeRecords, exchange, recordsOf, type ScriptSegment } from '../exchange.ts';
import { codesOf, TALK, theFinding } from './codes.ts';

test('facts of a close: who closes first, data with the FIN, half-close', () => {
  const script = exchange`${TALK}
    +0.010 < F. 21:31(10) ack 11
    +0.010 > .  11:11(0) ack 32
    +0.100 > P. 11:21(10) ack 32
    +0.010 < .  32:32(0) ack 21
    +0.010 > F. 21:21(0) ack 32
    +0.010 < .  32:32(0) ack 22
  `;
  expect(codesOf(script, { info: true }).sort()).toEqual([
    'fin-with-data',
    'half-close-transfer',
    'server-closes-first',
  ]);
});

describe('close-wait-leak', () => {
  const script = exchange`${TALK}
    +0.010 > F. 11:11(0) ack 21
    +0.010 < .  21:21(0) ack 12
  `;
  const later = (seconds: number) => recordsOf(exchange`+${seconds} > S. 0:0(0) ack 1`, { clientPort: 50000 });
  const codes = (seconds: number) =>
    analyzeRecords([...recordsOf(script), ...later(seconds)])[0]!.findings.map(({ code }) => code);

  test('no FIN within 60 s', () => {
    expect(codes(61)).toContain('close-wait-leak');
  });

  test('not before, and not across a clock that was set', () => {
    expect(codes(59)).not.toContain('close-wait-leak');
    expect(codes(86400 * 900)).not.toContain('close-wait-leak');
  });

  const codesAfter = (lines: readonly ScriptSegment[]) =>
    analyzeRecords([...recordsOf(lines), ...later(61)])[0]!.findings.map(({ code }) => code);

  test('not where a FIN was not captured, but acknowledged', () => {
    const acknowledged = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 22   // the FIN of the server is missing
      +0.010 < .  22:22(0) ack 12
    `;
    expect(codesAfter(acknowledged)).not.toContain('close-wait-leak');
  });

  test('not where the FIN may lie before the capture', () => {
    const second = exchange`
      +0     > F. 11:11(0) ack 22
      +0.010 < .  22:22(0) ack 12
    `;
    expect(codesAfter(second)).not.toContain('close-wait-leak');
    const open = exchange`
      +0     < P. 1:22(21) ack 11
      +0.010 > F. 11:11(0) ack 22
      +0.010 < .  22:22(0) ack 12
    `;
    expect(codesAfter(open)).toContain('close-wait-leak');
  });
});

describe('repeated FINs', () => {
  test('fin-unanswered: with back-off, never acknowledged', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.2   > F. 11:11(0) ack 21
      +0.4   > F. 11:11(0) ack 21
      +0.8   > F. 11:11(0) ack 21
    `;
    expect(theFinding('fin-unanswered', script)).toMatchObject({ values: { by: 'client', fins: 4 } });
  });

  test('not fin-unanswered where the capture misses what the other end sends', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.2   > F. 11:11(0) ack 21
      +0.4   > F. 11:11(0) ack 41
      +0.8   > F. 11:11(0) ack 61
    `;
    expect(codesOf(script)).not.toContain('fin-unanswered');
  });

  test('fin-retransmitted alone when it is acknowledged', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.2   > F. 11:11(0) ack 21
      +0.010 < F. 21:21(0) ack 12
      +0.010 > .  12:12(0) ack 22
    `;
    expect(codesOf(script)).toEqual(['fin-retransmitted']);
  });

  test("not fin-retransmitted: BSD's acknowledgment of the other end's FIN carries its own again", () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.340 < F. 21:21(0) ack 11
      +0     > F. 11:11(0) ack 22
      +0.006 < .  22:22(0) ack 12
    `;
    expect(codesOf(script)).toEqual([]);
  });

  test('fin-retransmitted also soon after a repeat of payload', () => {
    const script = exchange`${TALK}
      +0.010 > P. 11:21(10) ack 21
      +0     > F. 21:21(0) ack 21
      +0.4   > P. 11:21(10) ack 21
      +0.001 > F. 21:21(0) ack 21
      +0.010 < F. 21:21(0) ack 22
      +0     > .  22:22(0) ack 22
    `;
    expect(codesOf(script)).toContain('fin-retransmitted');
  });

  test('not fin-retransmitted: sooner than any answer can come, or when it is on its way', () => {
    const script = exchange`${TALK}
      +0.010  > F. 11:11(0) ack 21
      +0.0001 > F. 11:11(0) ack 21
      +0.012  < .  21:21(0) ack 12
      +0.001  > F. 11:11(0) ack 21
      +0.010  < F. 21:21(0) ack 12
      +0      > .  12:12(0) ack 22
    `;
    expect(codesOf(script)).toEqual([]);
  });

  test('last-ack-lost: the FIN again, though its ACK was captured', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.010 < F. 21:21(0) ack 12
      +0     > .  12:12(0) ack 22
      +0.2   < F. 21:21(0) ack 12
      +0     > .  12:12(0) ack 22
    `;
    expect(codesOf(script)).toEqual(['fin-retransmitted', 'last-ack-lost']);
  });

  test('not when FIN and ACK crossed', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.010 < F. 21:21(0) ack 12
      +0     > .  12:12(0) ack 22
      +0.005 < F. 21:21(0) ack 12
      +0     > .  12:12(0) ack 22
    `;
    expect(codesOf(script)).not.toContain('last-ack-lost');
  });
});

describe('data-beyond-fin', () => {
  test('payload past its own FIN', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.010 > P. 12:22(10) ack 21
    `;
    expect(theFinding('data-beyond-fin', script)).toMatchObject({ severity: 'alert' });
  });

  test('not payload that is sent again', () => {
    const script = exchange`${TALK}
      +0.010 > P. 11:21(10) ack 21
      +0.010 > F. 21:21(0) ack 21
      +0.3   > P. 11:21(10) ack 21
    `;
    expect(codesOf(script)).not.toContain('data-beyond-fin');
  });

  test('not of another connection, of which the capture holds one direction only', () => {
    const script = exchange`
      +0     < S. 0:0(0)   ack 1
      +0.020 < P. 1:21(20) ack 11
      +0.010 < F. 21:21(0) ack 11
      +0.010 < .  22:22(0) ack 12
      +1     < S. 65536:65536(0) ack 70001
      +0.020 < P. 65537:65557(20) ack 70011
    `;
    expect(codesOf(script)).not.toContain('data-beyond-fin');
  });
});

describe('close-slow', () => {
  test('not of days, which a wrong clock explains better', () => {
    const script = exchange`${TALK}
      +0.010  > F. 11:11(0) ack 21
      +0.010  < .  21:21(0) ack 12
      +259200 < F. 21:21(0) ack 12
      +0.010  > .  12:12(0) ack 22
    `;
    expect(codesOf(script)).not.toContain('close-slow');
  });

  test('more than 5 s from the first FIN to the last ACK', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.010 < .  21:21(0) ack 12
      +6     < F. 21:21(0) ack 12
      +0.010 > .  12:12(0) ack 22
    `;
    expect(codesOf(script)).toEqual(['close-slow']);
  });

  test('not where the other end still transfers', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +3     < P. 21:41(20) ack 12
      +0.010 > .  12:12(0) ack 41
      +3     < F. 41:41(0) ack 12
      +0.010 > .  12:12(0) ack 42
    `;
    expect(codesOf(script)).toEqual([]);
  });
});

test('fin-reordered: the FIN overtakes payload', () => {
  const script = exchange`${TALK}
    +0.010 > F. 21:21(0) ack 21
    +0.001 > P. 11:21(10) ack 21
    +0.010 < F. 21:21(0) ack 22
    +0.010 > .  22:22(0) ack 22
  `;
  expect(codesOf(script, { info: true })).toEqual(['fin-reordered']);
});
