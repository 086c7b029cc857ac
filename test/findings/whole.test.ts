import { describe, expect, test } from 'vitest';
import { exchange } from '../exchange.ts';
import { codesOf, OPEN, theFinding } from './codes.ts';

describe('capture-one-way', () => {
  test('a SYN, and the client goes on: it was answered', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.020 > .  1:1(0)     ack 1
      +0     > P. 1:101(100) ack 1
      +0.040 > .  101:101(0) ack 2001
    `;
    expect(theFinding('capture-one-way', script)).toMatchObject({
      confidence: 'certain',
      frames: [1, 4],
      values: { by: 'client', segments: 4 },
    });
    expect(theFinding('capture-one-way', script.slice(0, 3)).confidence).toBe('likely');
  });

  test('from the middle of a connection on: what one end acknowledges advances', () => {
    const script = exchange`
      +0     > .  1:1(0) ack 1
      +0.020 > .  1:1(0) ack 2001
      +0.020 > .  1:1(0) ack 4001
      +0.020 > .  1:1(0) ack 6001
    `;
    expect(theFinding('capture-one-way', script)).toMatchObject({ values: { by: 'client', segments: 4 } });
  });

  test('not keep-alives to a peer that is gone', () => {
    const probe = exchange`+10 > . 0:0(0) ack 1`;
    expect(codesOf([...probe, ...probe, ...probe, ...probe, ...probe])).not.toContain('capture-one-way');
  });

  test('nor a SYN+ACK that nobody asked for, sent again and again', () => {
    const answer = exchange`+1 < S. 0:0(0) ack 1`;
    expect(codesOf([...answer, ...answer, ...answer, ...answer, ...answer])).not.toContain('capture-one-way');
  });

  test('nor a SYN sent again until the client gives up', () => {
    const syn = exchange`+1 > S 0:0(0)`;
    expect(codesOf([...syn, ...syn, ...syn, ...syn, ...syn])).not.toContain('capture-one-way');
  });
});

describe('capture-gap', () => {
  test('not of octets that stand before the SYN, in a capture whose records are in disorder', () => {
    const script = exchange`
      +0 > .  11:11(0)  ack 21
      +0 < P. 1:21(20)  ack 11
      +0 > P. 1:11(10)  ack 1
      +0 < S. 0:0(0)    ack 1
      +0 > S  0:0(0)
      +0 > .  1:1(0)    ack 1
    `;
    expect(codesOf(script)).not.toContain('capture-gap');
  });

  test('a hole below what was captured, once it is acknowledged', () => {
    const script = exchange`${OPEN}
      +0     > P. 1:101(100)   ack 1
      +0     > P. 301:401(100) ack 1
      +0.010 < .  1:1(0)       ack 401
    `;
    expect(theFinding('capture-gap', script)).toMatchObject({ values: { by: 'client', octets: 200 } });
  });

  test('all of it, where a FIN stands above it that is not acknowledged yet', () => {
    const script = exchange`${OPEN}
      +0.050 < F. 1:1(0)     ack 101
      +0.001 > F. 101:101(0) ack 2
    `;
    expect(theFinding('capture-gap', script)).toMatchObject({ values: { by: 'client', octets: 100 } });
  });

  test('not a hole that nobody acknowledged: the network may have lost it', () => {
    const script = exchange`${OPEN}
      +0     > P. 1:101(100)   ack 1
      +0     > P. 301:401(100) ack 1
      +0.010 < .  1:1(0)       ack 101
    `;
    expect(codesOf(script)).not.toContain('capture-gap');
  });

  test('nor one where an acknowledgment came before what it acknowledges, and another hole is left', () => {
    const script = exchange`${OPEN}
      +0     < .  1:1(0)       ack 101
      +0.001 > P. 1:101(100)   ack 1
      +0     > P. 301:401(100) ack 1
      +0.010 < .  1:1(0)       ack 101
    `;
    expect(codesOf(script)).not.toContain('capture-gap');
  });

  test("nor the octet below a keep-alive's, of a connection whose beginning was not captured", () => {
    const script = exchange`
      +0     > .  0:0(0) ack 1
      +0.010 < .  1:1(0) ack 1
      +10    > .  0:0(0) ack 1
      +0.010 < .  1:1(0) ack 1
    `;
    expect(codesOf(script)).not.toContain('capture-gap');
  });
});
