import { describe, expect, test } from 'vitest';
import { analyzeExchange, analyzeFlows, exchange, framed, path } from '../exchange.ts';

describe('the three-way handshake', () => {
  test('SYN, SYN+ACK, ACK connect both ends, each at the segment that made it so', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0)
      +0.010 < S. 0:0(0) ack 1
      +0.005 > .  1:1(0) ack 1
    `);
    expect(flow.handshake).toMatchObject({
      outcome: 'complete',
      synFrame: 1,
      synAckFrame: 2,
      ackFrame: 3,
      synToSynAckMs: 10,
      synAckToAckMs: 5,
      totalMs: 15,
    });
    expect(framed(flow.states.client)).toBe('SYN_SENT@1 ESTABLISHED@2');
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@3');
    expect(flow.clientBy).toBe('syn');
    expect(flow.close.pattern).toBe('open');
  });

  test('a repeated SYN is timed from its last copy, and SYN_RECV stands at the copy that took effect', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0)
      +1     > S  0:0(0)
      +0.010 < S. 0:0(0) ack 1
      +0     > .  1:1(0) ack 1
    `);
    expect(flow.handshake).toMatchObject({ outcome: 'complete', synRetransmissions: 1, totalMs: 10, synFrame: 1 });
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@2 ESTABLISHED@4');
  });

  test('a client that repeats its SYN has not got the SYN+ACK before', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0)
      +0.001 < S. 0:0(0) ack 1
      +1     > S  0:0(0)
      +0.001 < S. 0:0(0) ack 1
      +0.010 > .  1:1(0) ack 1
    `);
    expect(framed(flow.states.client)).toBe('SYN_SENT@1 ESTABLISHED@4');
    expect(flow.handshake).toMatchObject({ synRetransmissions: 1, synAckRetransmissions: 1, outcome: 'complete' });
  });

  test('a server that repeats its SYN+ACK has not taken the ACK before', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0)
      +0.001 < S. 0:0(0) ack 1
      +0.001 > .  1:1(0) ack 1
      +1     < S. 0:0(0) ack 1
      +0.001 > .  1:1(0) ack 1
      +0.001 > P. 1:11(10) ack 1
      +0.001 < .  1:1(0) ack 11
    `);
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@5');
    expect(flow.handshake).toMatchObject({ outcome: 'complete', ackFrame: 3, synAckRetransmissions: 1 });
  });

  test('Fast Open: the server speaks before the handshake is over and is connected by the ACK', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:5(5) <FO 0102030405060708,nop,nop>
      +0.010 < S. 0:0(0) ack 6
      +0     < P. 1:4(3) ack 6
      +0.010 > .  6:6(0) ack 4
    `);
    expect(flow.handshake).toMatchObject({ outcome: 'complete', fastOpen: true, dataInSyn: 5 });
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@4');
  });

  test('Fast Open without data: a cookie alone lets the server speak, and close, in SYN_RECV', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0) <FO 0102030405060708,nop,nop>
      +0     < S. 0:0(0) ack 1
      +0     < P. 1:4(3) ack 1
      +0     < F. 4:4(0) ack 1
      +0.010 > R  1:1(0) win 0
    `);
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 FIN_WAIT1@4 CLOSED@5');
  });
});

test('a FIN that overtakes the SYN+ACK meets SYN_SENT: it counts when it comes again', () => {
  const flow = analyzeExchange(exchange`
    +0     > S  0:0(0) <FO 0102030405060708,nop,nop>
    +0.010 < F. 1:1(0) ack 1
    +0.010 < S. 0:0(0) ack 1
    +0     > .  1:1(0) ack 1
    +0.100 > F. 1:1(0) ack 1
    +0.010 < .  2:2(0) ack 2
    +0.200 < F. 1:1(0) ack 2
    +0     > .  2:2(0) ack 2
  `);
  expect(framed(flow.states.client)).toBe('SYN_SENT@1 ESTABLISHED@3 FIN_WAIT1@5 FIN_WAIT2@6 TIME_WAIT@7');
});

describe('handshakes that do not come to an end', () => {
  test('a SYN that nobody answers leaves the client in SYN_SENT and says nothing of the server', () => {
    const flow = analyzeExchange(exchange`
      +0 > S 0:0(0)
      +1 > S 0:0(0)
      +2 > S 0:0(0)
    `);
    expect(flow.handshake).toMatchObject({ outcome: 'unanswered', synRetransmissions: 2 });
    expect(path(flow.states.client)).toBe('SYN_SENT');
    expect(flow.states.server).toEqual([]);
  });

  test('a handshake that is never completed leaves the server in SYN_RECV, the client unproven', () => {
    const flow = analyzeExchange(exchange`
      +0 > S 0:0(0)
      +0 < S. 0:0(0) ack 1
      +1 < S. 0:0(0) ack 1
      +2 < S. 0:0(0) ack 1
    `);
    expect(flow.handshake).toMatchObject({ outcome: 'half-open', synAckRetransmissions: 2 });
    expect(path(flow.states.server)).toBe('LISTEN SYN_RECV');
    expect(path(flow.states.client)).toBe('SYN_SENT');
  });

  test('a SYN answered with RST is refused; the server never had a socket', () => {
    const flow = analyzeExchange(
      exchange`
      +0     > S  0:0(0)
      +0.001 < R. 0:0(0) ack 1 win 0
    `,
      { serverIsn: 0 },
    );
    expect(flow.handshake.outcome).toBe('refused');
    expect(flow.close).toMatchObject({ pattern: 'refused', initiator: 'server', resetFrame: 2 });
    expect(flow.close.reset).toMatchObject({ by: 'server', form: 'reply-to-syn', stage: 'post-syn', state: 'CLOSED' });
    expect(path(flow.states.client)).toBe('SYN_SENT CLOSED');
    expect(path(flow.states.server)).toBe('CLOSED');
  });

  test('a RST without an acceptable ACK does not refuse a SYN', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0)
      +0.001 < R  0:0(0) win 0
      +0.010 < S. 0:0(0) ack 1
      +0     > .  1:1(0) ack 1
    `);
    expect(flow.handshake.outcome).toBe('complete');
    expect(path(flow.states.client)).toBe('SYN_SENT ESTABLISHED');
    expect(flow.close.pattern).toBe('open');
  });

  test('a client without a socket answers the SYN+ACK with RST: aborted', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0)
      +0.010 < S. 0:0(0) ack 1
      +0     > R  1:1(0) win 0
    `);
    expect(flow.handshake.outcome).toBe('aborted');
    expect(flow.close.reset).toMatchObject({ by: 'client', form: 'reply', stage: 'post-syn' });
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 CLOSED@3');
    expect(path(flow.states.client)).toBe('SYN_SENT CLOSED');
  });

  test('a SYN+ACK with a wrong acknowledgment draws a RST and changes nothing', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0)
      +0.001 < S. 500:500(0) ack 77
      +0     > R  77:77(0) win 0
      +0.010 < S. 0:0(0) ack 1
      +0     > .  1:1(0) ack 1
    `);
    expect(flow.handshake).toMatchObject({ outcome: 'complete', synAckFrame: 4 });
    expect(path(flow.states.client)).toBe('SYN_SENT ESTABLISHED');
  });
});

test('simultaneous open: SYNs cross, each end passes SYN_SENT and SYN_RECV', () => {
  const flow = analyzeExchange(exchange`
    +0     > S  0:0(0)
    +0.001 < S  0:0(0)
    +0.001 > S. 0:0(0) ack 1
    +0.001 < S. 0:0(0) ack 1
    +0.001 > .  1:1(0) ack 1
    +0.001 < .  1:1(0) ack 1
  `);
  expect(flow.handshake).toMatchObject({ simultaneousOpen: true, outcome: 'complete' });
  expect(path(flow.states.client)).toBe('SYN_SENT SYN_RECV ESTABLISHED');
  expect(path(flow.states.server)).toBe('SYN_SENT SYN_RECV ESTABLISHED');
});

describe('captures that begin late', () => {
  test('after the handshake: both ends are ESTABLISHED since before, the roles told by the port', () => {
    const flow = analyzeExchange(exchange`
      +0 < P. 100:110(10) ack 50
      +0 > .  50:50(0) ack 110
    `);
    expect(flow.handshake.outcome).toBe('not-captured');
    expect(flow.clientBy).toBe('port');
    expect(flow.client.port).toBe(40510);
    expect(framed(flow.states.client)).toBe('ESTABLISHED@-');
  });

  test('at the SYN+ACK: its sender is the server', () => {
    const flow = analyzeExchange(
      exchange`
      +0 < S. 0:0(0) ack 1
      +0 > .  1:1(0) ack 1
    `,
      { clientPort: 50000, serverPort: 40000 },
    );
    expect(flow).toMatchObject({ clientBy: 'syn-ack', client: { port: 50000 } });
    expect(flow.handshake.outcome).toBe('not-captured');
    expect(framed(flow.states.client)).toBe('SYN_SENT@- ESTABLISHED@1');
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@- ESTABLISHED@2');
  });
});

describe('captures that miss the SYN+ACK', () => {
  test('a client that goes on has got one: both ends live and close as ever', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0)
      +0.020 > .  1:1(0)   ack 1
      +0.010 > P. 1:11(10) ack 1
      +0.010 < .  1:1(0)   ack 11
      +0.010 > F. 11:11(0) ack 1
      +0.010 < F. 1:1(0)   ack 12
      +0.010 > .  12:12(0) ack 2
    `);
    expect(flow.handshake).toMatchObject({ outcome: 'not-captured', synAckFrame: null, ackFrame: null });
    expect(framed(flow.states.client)).toBe('SYN_SENT@1 ESTABLISHED@- FIN_WAIT1@5 FIN_WAIT2@6 TIME_WAIT@6');
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@2 CLOSE_WAIT@5 LAST_ACK@6 CLOSED@7');
    expect(flow.close.timeWait?.side).toBe('client');
  });

  test('and so has one whom the server sends payload', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0)
      +0.030 < P. 1:21(20) ack 1
    `);
    expect(framed(flow.states.client)).toBe('SYN_SENT@1 ESTABLISHED@-');
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@2');
  });

  test('a RST then ends an open connection, and refuses nothing', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0)
      +0.020 > .  1:1(0) ack 1
      +0.080 < R. 1:1(0) ack 1
    `);
    expect(flow.handshake.outcome).toBe('not-captured');
    expect(flow.close).toMatchObject({ pattern: 'reset', reset: { by: 'server', stage: 'post-ack' } });
  });

  test('one that comes after its ACK completes the handshake', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0)
      +0.010 > .  1:1(0)   ack 1
      +0     < S. 0:0(0)   ack 1
      +0.010 > P. 1:11(10) ack 1
    `);
    expect(flow.handshake).toMatchObject({ outcome: 'complete', synFrame: 1, synAckFrame: 3 });
    expect(path(flow.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED');
  });

  test('one of records in disorder is not half-open where the client is seen to be connected', () => {
    const flow = analyzeExchange(exchange`
      +0.010 > .  1:1(0)     ack 1
      +0     < P. 1:11(10)   ack 11
      +0     < F. 11:11(0)   ack 11
      +0     > F. 11:11(0)   ack 12
      +0     < S. 0:0(0)     ack 1
      +0     > S  0:0(0)
    `);
    expect(flow.handshake.outcome).toBe('not-captured');
  });

  test('neither the bare ACK of an older connection, nor what an older client sends, proves anything', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0)
      +0.010 < .  900:900(0) ack 700000
      +0     > P. 700000:700010(10) ack 900
    `);
    expect(framed(flow.states.client)).toBe('SYN_SENT@1');
    expect(flow.states.server).toEqual([]);
  });
});

describe('ports that are used again', () => {
  test('the same SYN again belongs to its flow; another initial sequence number after a close begins a new one', () => {
    const flows = analyzeFlows(exchange`
      +0     > S  0:0(0)
      +0.001 < R. 0:0(0) ack 1 win 0
      +1     > S  5000:5000(0)
      +0.001 < S. 9000:9000(0) ack 5001
      +0.001 > .  5001:5001(0) ack 9001
    `);
    expect(flows.map((flow) => [flow.firstFrame, flow.lastFrame, flow.handshake.outcome])).toEqual([
      [1, 2, 'refused'],
      [3, 5, 'complete'],
    ]);
  });

  test('a SYN whose sender goes on was answered, though the SYN+ACK was not captured', () => {
    const [went, stayed] = analyzeFlows(exchange`
      +0    > S  0:0(0)
      +0.02 > P. 1:11(10)       ack 1
      +0.02 > F. 11:11(0)       ack 1
      +300  > S  900000:900000(0)
      +1    > S  900000:900000(0)
    `);
    expect([went?.handshake.outcome, stayed?.handshake.outcome]).toEqual(['not-captured', 'unanswered']);
  });

  test('the octets of a first SYN count for completeness, of one that takes ports again they do not', () => {
    const flows = analyzeFlows(exchange`
      +0    > S  0:4(4)
      +0.01 < R. 0:0(0)     ack 5
      +1    > S  9000:9004(4)
      +0.01 < R. 0:0(0)     ack 9005
    `);
    expect(flows.map((flow) => flow.completeness)).toEqual([1 | 4 | 8 | 32, 1 | 4 | 32]);
  });

  test('a SYN inside an open connection that is only challenged stays in it', () => {
    const flow = analyzeExchange(exchange`
      +0     > S  0:0(0)
      +0.001 < S. 0:0(0) ack 1
      +0.001 > .  1:1(0) ack 1
      +5     > S  70000:70000(0)
      +0.001 < .  1:1(0) ack 1
    `);
    expect(flow).toMatchObject({ lastFrame: 5, fromClient: { packets: 3 }, completeness: 7 });
    expect(path(flow.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED');
  });

  test('SYNs that are only challenged take no number from the flows that come', () => {
    const open = `
      +0     > S  0:0(0)
      +0.001 < S. 0:0(0) ack 1
      +0.001 > .  1:1(0) ack 1
      +5     > S  70000:70000(0)
      +0.001 < .  1:1(0) ack 1
      +5     > S  90000:90000(0)
      +0.001 < .  1:1(0) ack 1
    `;
    const again = analyzeFlows(exchange`${open}
      +0     > R  1:1(0)
      +1     > S  99000:99000(0)
      +0.001 < S. 99000:99000(0) ack 99001
    `);
    expect(again.map((flow) => [flow.flow, flow.firstFrame])).toEqual([
      [1, 1],
      [2, 9],
    ]);
    const answered = analyzeFlows(exchange`${open}
      +0.001 < S. 99000:99000(0) ack 90001
      +0     > .  90001:90001(0) ack 99001
    `);
    expect(answered.map((flow) => [flow.flow, flow.firstFrame])).toEqual([
      [1, 1],
      [2, 6],
    ]);
  });

  test('a SYN inside an open connection that is answered by SYN+ACK begins a new flow, at the SYN', () => {
    const flows = analyzeFlows(exchange`
      +0     > S  0:0(0)
      +0.001 < S. 0:0(0) ack 1
      +0.001 > .  1:1(0) ack 1
      +500   > S  70000:70000(0)
      +0.001 < S. 90000:90000(0) ack 70001
      +0.001 > .  70001:70001(0) ack 90001
    `);
    expect(flows.map((flow) => [flow.flow, flow.firstFrame, flow.lastFrame])).toEqual([
      [1, 1, 3],
      [2, 4, 6],
    ]);
    expect(flows[0]!.fromClient.packets).toBe(2);
    expect(framed(flows[1]!.states.server)).toBe('LISTEN@- SYN_RECV@4 ESTABLISHED@6');
  });

  test('half-open connection discovered: the challenge ACK draws a RST, the old flow dies, the next SYN opens anew', () => {
    const flows = analyzeFlows(exchange`
      +0     > S  0:0(0)
      +0.001 < S. 0:0(0) ack 1
      +0.001 > .  1:1(0) ack 1
      +9     > S  70000:70000(0)
      +0.001 < .  1:1(0) ack 1
      +0     > R  1:1(0) win 0
      +1     > S  70000:70000(0)
      +0.001 < S. 90000:90000(0) ack 70001
      +0     > .  70001:70001(0) ack 90001
    `);
    expect(flows.map((flow) => [flow.firstFrame, flow.lastFrame, flow.close.pattern])).toEqual([
      [1, 6, 'reset'],
      [7, 9, 'open'],
    ]);
    expect(framed(flows[0]!.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@3 CLOSED@6');
  });
});

describe('SYN+ACKs with different initial sequence numbers', () => {
  test('the one that the client acknowledges counts, whichever came first', () => {
    const answers = exchange`
      +0    > S  0:0(0)       <mss 1460,sackOK,wscale 2>
      +0.01 < S. 0:0(0)       ack 1 <mss 1400,sackOK,wscale 7>
      +0.01 < S. 5000:5000(0) ack 1 <mss 1200>
    `;
    const first = analyzeExchange([
      ...answers,
      ...exchange`
        +0.01 > .  1:1(0)     ack 1
        +0    > P. 1:11(10)   ack 1
        +0.01 < P. 1:101(100) ack 11 win 100
      `,
    ]);
    expect(first.handshake).toMatchObject({ outcome: 'complete', ackFrame: 4 });
    expect(first.fromServer).toMatchObject({
      uniqueBytes: 100,
      retransmittedSegments: 0,
      mss: 1400,
      maxWindow: 12_800,
    });
    const second = analyzeExchange([
      ...answers,
      ...exchange`
        +0.01 > .  1:1(0)           ack 5001
        +0.01 < P. 5001:5101(100)   ack 1 win 100
      `,
    ]);
    expect(second.handshake).toMatchObject({ outcome: 'complete', ackFrame: 4 });
    expect(second.fromServer).toMatchObject({ uniqueBytes: 100, retransmittedSegments: 0, mss: 1200, maxWindow: 100 });
  });

  test('one that comes when the client is connected changes nothing', () => {
    const flow = analyzeExchange(exchange`
      +0    > S  0:0(0)
      +0.01 < S. 0:0(0)        ack 1
      +0.01 > .  1:1(0)        ack 1
      +0    > P. 1:11(10)      ack 1
      +0.6  < S. 90000:90000(0) ack 1
      +0    > .  11:11(0)      ack 1
      +0.1  < .  1:1(0)        ack 11
      +0.1  < P. 1:101(100)    ack 11
      +0    > .  11:11(0)      ack 101
    `);
    expect(flow.fromServer).toMatchObject({ uniqueBytes: 100, retransmittedSegments: 0, isn: 0xffffff00 });
    expect(flow.findings.map(({ code }) => code)).toContain('syn-ack-isn-changed');
  });
});
