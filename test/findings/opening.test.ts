import { describe, expect, test } from 'vitest';
import { exchange } from '../exchange.ts';
import { causeOf, codesOf, theFinding } from './codes.ts';

describe('syn-retransmitted', () => {
  test('the same SYN again, with its spacing', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +1     > S  0:0(0)
      +2     > S  0:0(0)
      +0.010 < S. 0:0(0) ack 1
      +0     > .  1:1(0) ack 1
    `;
    expect(theFinding('syn-retransmitted', script)).toMatchObject({
      severity: 'notice',
      confidence: 'certain',
      frame: 2,
      frames: [1, 2, 3],
      values: { times: 2, spacingMs: '1000, 2000' },
      filter: 'frame.number in {1, 2, 3}',
    });
  });

  test('not of a SYN that was answered at once', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 < S. 0:0(0) ack 1
      +0     > .  1:1(0) ack 1
    `;
    expect(codesOf(script)).toEqual([]);
  });
});

describe('handshake-refused', () => {
  test('a RST that acknowledges the SYN', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 < R. -256:-256(0) ack 1 win 0
    `;
    expect(codesOf(script)).toEqual(['handshake-refused']);
    expect(causeOf(script)).toBe('handshake-refused');
  });
});
