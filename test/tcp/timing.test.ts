import { describe, expect, test } from 'vitest';
import { analyzeExchange, exchange, type exchange as script } from '../exchange.ts';

const flowOf = (of: ReturnType<typeof script>) => analyzeExchange(of);

const HANDSHAKE = `
  +0     > S  0:0(0)
  +0.020 < S. 0:0(0) ack 1
  +0.001 > .  1:1(0) ack 1
`;

describe('first payload and silence', () => {
  test('each end has a time to its first payload, from the start of the flow', () => {
    const flow = flowOf(exchange`${HANDSHAKE}
      +0.100 > P. 1:11(10) ack 1
      +0.020 < .  1:1(0) ack 11
      +2     < P. 1:101(100) ack 11
      +0.001 > .  11:11(0) ack 101
    `);
    expect(flow.fromClient.firstPayloadMs).toBe(121);
    expect(flow.fromServer.firstPayloadMs).toBe(2141);
    expect(flow.longestIdleMs).toBe(2000);
  });

  test('data in the SYN comes at once, and what was before the capture is not known', () => {
    expect(flowOf(exchange`+0 > S 0:10(10)`).fromClient.firstPayloadMs).toBe(0);
    const flow = flowOf(exchange`
      +0 > P. 1:11(10) ack 1
      +1 < P. 1:11(10) ack 11
    `);
    expect(flow.fromClient.firstPayloadMs).toBeNull();
    expect(flow.fromServer.firstPayloadMs).toBeNull();
  });

  test('no payload, no time; one segment, no silence', () => {
    const flow = flowOf(exchange`+0 > S 0:0(0)`);
    expect(flow).toMatchObject({ longestIdleMs: null, fromClient: { firstPayloadMs: null } });
  });

  test('a wrong checksum is no payload that anybody got', () => {
    const flow = flowOf(exchange`${HANDSHAKE}
      +0.1 > P. 1:11(10) ack 1 badsum
      +1   > P. 1:11(10) ack 1
    `);
    expect(flow.fromClient.firstPayloadMs).toBe(1121);
  });
});

describe('vantage', () => {
  test('is not told where times to live contradict the times: a VPN answers on the host of the client', () => {
    const near = (ttl: number) => exchange`
      +0      > S  0:0(0)
      +0.0002 < S. 0:0(0) ack 1 ttl ${ttl}
      +0.004  > .  1:1(0) ack 1
    `;
    expect(flowOf(near(16)).vantage).toBeNull();
    expect(flowOf(near(64)).vantage).toBe('server');
  });

  test('the half of the handshake that is the shorter by far is the way to the nearer end', () => {
    expect(flowOf(exchange`${HANDSHAKE}`).vantage).toBe('client');
    expect(
      flowOf(exchange`
        +0     > S  0:0(0)
        +0.001 < S. 0:0(0) ack 1
        +0.020 > .  1:1(0) ack 1
      `).vantage,
    ).toBe('server');
  });

  test('halves that are alike tell nothing alone; with round trips of data, it is between', () => {
    const alike = `
      +0     > S  0:0(0)
      +0.010 < S. 0:0(0) ack 1
      +0.010 > .  1:1(0) ack 1
    `;
    expect(flowOf(exchange`${alike}`).vantage).toBeNull();
    expect(
      flowOf(exchange`${alike}
        +0.1   > P. 1:11(10) ack 1
        +0.010 < P. 1:11(10) ack 11
        +0.010 > .  11:11(0) ack 11
      `).vantage,
    ).toBe('between');
  });

  test('a server that was slow once, and answers data at once, is near', () => {
    expect(
      flowOf(exchange`
        +0      > S  0:0(0)
        +0.010  < S. 0:0(0) ack 1
        +0.010  > .  1:1(0) ack 1
        +0.1    > P. 1:11(10) ack 1
        +0.0001 < P. 1:11(10) ack 11
        +0.010  > .  11:11(0) ack 11
      `).vantage,
    ).toBe('server');
  });

  test.each([
    ['both ends are as near as can be', '+0 > S 0:0(0)\n+0.0001 < S. 0:0(0) ack 1\n+0.00001 > . 1:1(0) ack 1'],
    ['a repeated SYN', '+0 > S 0:0(0)\n+1 > S 0:0(0)\n+0.02 < S. 0:0(0) ack 1\n+0.001 > . 1:1(0) ack 1'],
    ['no handshake', '+0 > P. 1:11(10) ack 1\n+0.02 < . 1:1(0) ack 11'],
    ['half a handshake', '+0 > S 0:0(0)\n+0.02 < S. 0:0(0) ack 1'],
  ])('%s: nobody knows', (_, lines) => {
    expect(flowOf(exchange`${lines}`).vantage).toBeNull();
  });
});

describe('timeouts', () => {
  test('a repeat after a silence is a timer, and one after the other back off', () => {
    const flow = flowOf(exchange`${HANDSHAKE}
      +0.1 > P. 1:11(10) ack 1
      +0.2 > P. 1:11(10) ack 1
      +0.4 > P. 1:11(10) ack 1
      +0.8 > P. 1:11(10) ack 1
      +0.02 < . 1:1(0) ack 11
      +1   > P. 11:21(10) ack 1
      +0.2 > P. 11:21(10) ack 1
    `);
    expect(flow.fromClient).toMatchObject({ timeouts: 4, timeoutsInARow: 3, longestTimeoutMs: 800 });
    expect(flow.fromServer).toMatchObject({ timeouts: 0, timeoutsInARow: 0, longestTimeoutMs: null });
  });

  test('a repeat that duplicate ACKs asked for is none, however slow the path', () => {
    const flow = flowOf(exchange`
      +0     > S  0:0(0)
      +0.300 < S. 0:0(0) ack 1
      +0.001 > .  1:1(0) ack 1
      +0.1   > P. 1:11(10) ack 1
      +0     > P. 11:21(10) ack 1
      +0     > P. 21:31(10) ack 1
      +0     > P. 31:41(10) ack 1
      +0.300 < .  1:1(0) ack 1
      +0     < .  1:1(0) ack 1
      +0     < .  1:1(0) ack 1
      +0.001 > P. 1:11(10) ack 1
    `);
    expect(flow.fromClient).toMatchObject({ retransmittedSegments: 1, timeouts: 0 });
  });

  test('what is sent again after a timeout, as ACKs come in, is none itself', () => {
    const flow = flowOf(exchange`${HANDSHAKE}
      +0.1  > P. 1:11(10) ack 1
      +0    > P. 11:21(10) ack 1
      +0.3  > P. 1:11(10) ack 1
      +0.02 < .  1:1(0) ack 11
      +0    > P. 11:21(10) ack 1
      +0.02 < .  1:1(0) ack 21
    `);
    expect(flow.fromClient).toMatchObject({ retransmittedSegments: 2, timeouts: 1, timeoutsInARow: 1 });
  });

  test('a FIN is sent again by a timer too', () => {
    const flow = flowOf(exchange`${HANDSHAKE}
      +0.1 > F. 1:1(0) ack 1
      +0.3 > F. 1:1(0) ack 1
    `);
    expect(flow.fromClient).toMatchObject({ timeouts: 1, longestTimeoutMs: 300 });
  });

  test('probes of a zero window are none', () => {
    const flow = flowOf(exchange`${HANDSHAKE}
      +0.1 > P. 1:11(10) ack 1
      +0.1 < .  1:1(0) ack 11 win 0
      +0.5 > .  11:12(1) ack 1
      +1   > .  11:12(1) ack 1
    `);
    expect(flow.fromClient.timeouts).toBe(0);
  });

  test('of an end alone in the capture, nobody can tell', () => {
    const flow = flowOf(exchange`
      +0 > P. 1:11(10) ack 1
      +1 > P. 1:11(10) ack 1
    `);
    expect(flow.fromClient).toMatchObject({ timeouts: null, timeoutsInARow: null, longestTimeoutMs: null });
  });
});

describe('late acknowledgments', () => {
  test('a lone ACK 40 ms later than the fastest is a delayed one', () => {
    const flow = flowOf(exchange`${HANDSHAKE}
      +0.1   > P. 1:11(10) ack 1
      +0.020 < .  1:1(0) ack 11
      +0.1   > P. 11:21(10) ack 1
      +0.060 < .  1:1(0) ack 21
    `);
    expect(flow.fromServer.delayedAcks).toBe(1);
    expect(flow.fromClient.delayedAcks).toBe(0);
  });

  test('an answer that took its time, and an ACK amid data, are none', () => {
    const flow = flowOf(exchange`${HANDSHAKE}
      +0.1   > P. 1:11(10) ack 1
      +0.020 < .  1:1(0) ack 11
      +0.1   > P. 11:21(10) ack 1
      +0.060 < P. 1:11(10) ack 21
      +0.1   > P. 21:31(10) ack 11
      +0.050 > P. 31:41(10) ack 11
      +0.010 < .  11:11(0) ack 31
    `);
    expect(flow.fromServer.delayedAcks).toBe(0);
  });

  test('without a round trip nobody can tell', () => {
    expect(flowOf(exchange`+0 > S 0:0(0)`).fromServer.delayedAcks).toBeNull();
  });
});

describe('a SYN+ACK sent again although its ACK was seen', () => {
  test('counts when the ACK had the time to arrive', () => {
    const flow = flowOf(exchange`${HANDSHAKE}
      +1 < S. 0:0(0) ack 1
      +0 > .  1:1(0) ack 1
      +2 < S. 0:0(0) ack 1
    `);
    expect(flow.handshake).toMatchObject({ synAckRetransmissions: 2, synAckRetransmissionsAfterAck: 2 });
  });

  test('does not count when it was under way, or the ACK was not captured', () => {
    expect(
      flowOf(exchange`${HANDSHAKE}
        +0.010 < S. 0:0(0) ack 1
      `).handshake.synAckRetransmissionsAfterAck,
    ).toBe(0);
    expect(
      flowOf(exchange`
        +0    > S  0:0(0)
        +0.01 < S. 0:0(0) ack 1
        +1    < S. 0:0(0) ack 1
      `).handshake.synAckRetransmissionsAfterAck,
    ).toBeNull();
  });
});
