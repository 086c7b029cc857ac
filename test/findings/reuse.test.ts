import { describe, expect, test } from 'vitest';
import { exchange } from '../exchange.ts';
import { codesOf, TALK, theFinding } from './codes.ts';

/** The server closes first and holds TIME_WAIT. */
const SERVER_WAITS = `${TALK}
  +0.010 < F. 21:21(0) ack 11
  +0.010 > F. 11:11(0) ack 22
  +0.010 < .  22:22(0) ack 12`;

describe('ports in TIME_WAIT of the server', () => {
  test('port-reuse-in-time-wait: a higher number, and the server accepts', () => {
    const script = exchange`${SERVER_WAITS}
      +5     > S  50000:50000(0)
      +0.010 < S. 70000:70000(0) ack 50001
      +0.010 > .  50001:50001(0) ack 70001
    `;
    expect(theFinding('port-reuse-in-time-wait', script)).toMatchObject({
      values: { flow: 1, sinceMs: 5010, linuxStillWaits: true },
    });
  });

  test('not where its number is lower: what ended TIME_WAIT was not captured', () => {
    const script = exchange`${SERVER_WAITS}
      +5     > S  4294958296:4294958296(0)
      +0     > R  12:12(0) win 0          // the old last ACK, which it answers, is missing
      +1     > S  4294958296:4294958296(0)
      +0.010 < S. 70000:70000(0) ack 4294958297
      +0.010 > .  4294958297:4294958297(0) ack 70001
    `;
    expect(codesOf(script)).not.toContain('port-reuse-in-time-wait');
  });

  test('port-reuse-refused: the old last ACK, and a RST of its number', () => {
    const script = exchange`${SERVER_WAITS}
      +5     > S  4294958296:4294958296(0)
      +0.010 < .  22:22(0) ack 12
      +0     > R  12:12(0) win 0
      +1     > S  4294958296:4294958296(0)
      +0.010 < S. 70000:70000(0) ack 4294958297
    `;
    expect(theFinding('port-reuse-refused', script)).toMatchObject({ values: { rounds: 1, delayMs: 1020 } });
  });
});

test('time-wait-reused-by-owner: with timestamps, at least a second later', () => {
  const script = exchange`
    +0     > S  0:0(0) <TS 10 0>
    +0.010 < S. 0:0(0) ack 1 <TS 20 10>
    +0.010 > .  1:1(0) ack 1 <TS 11 20>
    +0.010 > F. 1:1(0) ack 1 <TS 12 20>
    +0.010 < F. 1:1(0) ack 2 <TS 21 12>
    +0     > .  2:2(0) ack 2 <TS 13 21>
    +2     > S  90000:90000(0) <TS 2013 0>
    +0.010 < S. 90000:90000(0) ack 90001 <TS 99 2013>
    +0.010 > .  90001:90001(0) ack 90001 <TS 2014 99>
  `;
  expect(codesOf(script, { info: true })).toContain('time-wait-reused-by-owner');
});

describe('time-wait-assassinated', () => {
  test('an old segment draws an ACK, the ACK a RST', () => {
    const script = exchange`${SERVER_WAITS}
      +1     > P. 1:11(10) ack 1
      +0     < .  22:22(0) ack 12
      +0     > R  12:12(0) win 0
    `;
    expect(theFinding('time-wait-assassinated', script)).toMatchObject({ values: { by: 'server' } });
    expect(codesOf(script, { info: true })).not.toContain('reset-after-close');
  });

  test('not a RST that answers the ACK of the close: its sender had aborted', () => {
    const script = exchange`${TALK}
      +0.010 < F. 21:21(0) ack 11
      +0.010 > .  11:11(0) ack 22
      +0.002 > F. 11:11(0) ack 22
      +0     > R. 12:12(0) ack 22 win 0
      +0.001 > F. 11:11(0) ack 22
      +0.300 < .  22:22(0) ack 12
      +0     > R  12:12(0) win 0
    `;
    expect(codesOf(script)).not.toContain('time-wait-assassinated');
  });

  test('not a RST that answers a repeated FIN', () => {
    const script = exchange`${SERVER_WAITS}
      +1     < F. 21:21(0) ack 12
      +0     > R  12:12(0) win 0
    `;
    expect(codesOf(script)).not.toContain('time-wait-assassinated');
  });
});

describe('half-open-discovered', () => {
  test('a SYN inside the connection, its challenge, and a RST of that number', () => {
    const script = exchange`${TALK}
      +5     > S  700:700(0)
      +0.010 < .  21:21(0) ack 11
      +0     > R  11:11(0) win 0
      +1     > S  700:700(0)
      +0.010 < S. 90000:90000(0) ack 701
      +0.010 > .  701:701(0) ack 90001
    `;
    expect(codesOf(script)).toContain('half-open-discovered');
  });

  test('not where the connection may have been closed, and its other FIN lies before the capture', () => {
    const script = exchange`
      +0     > F. 11:11(0) ack 22
      +0.010 < .  22:22(0) ack 12
      +1     > S  700:700(0)
      +0.010 < .  22:22(0) ack 12
      +0     > R  12:12(0) win 0
      +1     > S  700:700(0)
      +0.010 < S. 90000:90000(0) ack 701
    `;
    expect(codesOf(script)).not.toContain('half-open-discovered');
  });

  test('nor where that FIN was not captured, but acknowledged', () => {
    const script = exchange`${TALK}
      +0.010 < F. 21:21(0) ack 11
      +0.010 < .  22:22(0) ack 12     // the FIN of the client is missing
      +1     > S  4294958296:4294958296(0)
      +0.010 < .  22:22(0) ack 12
      +0     > R  12:12(0) win 0
    `;
    expect(codesOf(script)).not.toContain('half-open-discovered');
  });

  test('not where the challenged SYN is forged: nobody answers the challenge', () => {
    const script = exchange`${TALK}
      +5     > S  700:700(0)
      +0.010 < .  21:21(0) ack 11
      +0.010 > P. 11:21(10) ack 21
      +0.010 < .  21:21(0) ack 21
    `;
    expect(codesOf(script)).not.toContain('half-open-discovered');
  });
});

describe('paws-refused', () => {
  const STAMPED = `
    +0     > S  0:0(0) <TS 900010 0>
    +0.010 < S. 0:0(0) ack 1 <TS 20 900010>
    +0.010 > .  1:1(0) ack 1 <TS 900030 20>
    +0.010 > P. 1:11(10) ack 1 <TS 900040 20>
    +0.010 < .  1:1(0) ack 11 <TS 40 900040>`;

  test('payload in order with an old timestamp draws the ACK of before', () => {
    const script = exchange`${STAMPED}
      +0.010 > P. 11:21(10) ack 1 <TS 7 20> ttl 60
      +0.010 < .  1:1(0) ack 11 <TS 60 900040>
      +0.300 > P. 11:21(10) ack 1 <TS 900370 60>
      +0.010 < .  1:1(0) ack 21 <TS 370 900370>
    `;
    expect(theFinding('paws-refused', script)).toMatchObject({
      confidence: 'possible',
      frame: 6,
      values: { by: 'client', what: 'payload', times: 1, behindBy: 900033 },
    });
  });

  test('not where it was taken', () => {
    const script = exchange`${STAMPED}
      +0.010 > P. 11:21(10) ack 1 <TS 7 20> ttl 60
      +0.010 < .  1:1(0) ack 21 <TS 60 900040>
    `;
    expect(codesOf(script)).not.toContain('paws-refused');
  });

  test('not a segment that was overtaken', () => {
    const script = exchange`${STAMPED}
      +0.010 > P. 21:31(10) ack 1 <TS 900055 20>
      +0     > P. 11:21(10) ack 1 <TS 900054 20>
      +0     < .  1:1(0) ack 11 <TS 60 900040>
      +0     < .  1:1(0) ack 31 <TS 60 900055>
    `;
    expect(codesOf(script)).not.toContain('paws-refused');
  });

  const CLOSED = `${STAMPED}
    +0.010 < F. 1:1(0) ack 11 <TS 50 900040>
    +0     > F. 11:11(0) ack 2 <TS 900060 50>
    +0.010 < .  2:2(0) ack 12 <TS 60 900060>`;

  test('a SYN on ports in TIME_WAIT with a timestamp from before', () => {
    const script = exchange`${CLOSED}
      +5 > S 90000:90000(0) <TS 5000 0>
      +1 > S 90000:90000(0) <TS 6000 0>
      +2 > S 90000:90000(0) <TS 8000 0>
    `;
    expect(theFinding('paws-refused', script)).toMatchObject({ values: { what: 'SYN', times: 3, flow: 1 } });
  });

  test('not a SYN whose timestamp goes on', () => {
    const script = exchange`${CLOSED}
      +5 > S 90000:90000(0) <TS 905060 0>
      +1 > S 90000:90000(0) <TS 906060 0>
    `;
    expect(codesOf(script)).not.toContain('paws-refused');
  });
});
