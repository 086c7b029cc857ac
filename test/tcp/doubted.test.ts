import { describe, expect, test } from 'vitest';
import { analyzeExchange, exchange, path } from '../exchange.ts';

const OPEN = `
  +0     > S  0:0(0)
  +0.010 < S. 0:0(0) ack 1
  +0     > .  1:1(0) ack 1`;

const codesOf = (flow: ReturnType<typeof analyzeExchange>) => flow.findings.map(({ code }) => code);

describe('a wrong checksum of a host that sends good ones', () => {
  test('payload that the other end acknowledges arrived', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     > P. 1:11(10) ack 1 badsum
      +0.010 < .  1:1(0) ack 11
      +0     > P. 11:21(10) ack 1
      +0.010 < .  1:1(0) ack 21
    `);
    expect(flow.fromClient).toMatchObject({ packets: 4, bytes: 20, uniqueBytes: 20, retransmittedSegments: 0 });
    expect(flow.fromClient.firstPayloadMs).toBe(10);
    expect(codesOf(flow)).not.toContain('checksum-bad');
    expect(codesOf(flow)).not.toContain('capture-gap');
  });

  test('so did a FIN, and several in a row', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     > P. 1:11(10) ack 1 badsum
      +0     > P. 11:21(10) ack 1 badsum
      +0     > F. 21:21(0) ack 1 badsum
      +0.010 < F. 1:1(0) ack 22
      +0     > .  22:22(0) ack 2
    `);
    expect(flow.close).toMatchObject({
      pattern: 'three-way',
      initiator: 'client',
      firstFinFrame: 6,
      secondFinFrame: 7,
    });
    expect(path(flow.states.client)).toBe('SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2 TIME_WAIT');
    expect(flow.fromClient.uniqueBytes).toBe(20);
  });

  test('damage that is sent again stays damage', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     > P. 1:11(10) ack 1 badsum
      +0.300 > P. 1:11(10) ack 1
      +0.010 < .  1:1(0) ack 11
    `);
    expect(flow.fromClient).toMatchObject({ bytes: 20, uniqueBytes: 10 });
    expect(codesOf(flow)).toContain('checksum-bad');
  });

  test('nobody acknowledges a RST: it stays as if it had not come', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     < R. 1:1(0) ack 1 badsum
      +0.010 > P. 1:11(10) ack 1
      +0.010 < .  1:1(0) ack 11
    `);
    expect(flow.close.pattern).toBe('open');
    expect(codesOf(flow)).toContain('checksum-bad');
  });
});
