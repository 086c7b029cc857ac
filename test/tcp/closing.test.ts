import { describe, expect, test } from 'vitest';
import { analyzeExchange, analyzeFlows, analyzeRecords, exchange, framed, path, recordsOf } from '../exchange.ts';

const OPEN = `
  +0     > S  0:0(0)
  +0.010 < S. 0:0(0) ack 1
  +0     > .  1:1(0) ack 1
`;

describe('orderly closes', () => {
  test('four-way: FIN, ACK, FIN, ACK', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0.100 > F. 1:1(0) ack 1
      +0.010 < .  1:1(0) ack 2
      +0.020 < F. 1:1(0) ack 2
      +0.001 > .  2:2(0) ack 2
    `);
    expect(flow.close).toMatchObject({
      pattern: 'four-way',
      initiator: 'client',
      firstFinFrame: 4,
      secondFinFrame: 6,
      lastAckFrame: 7,
      halfCloseMs: 30,
      closeMs: 31,
      finWithData: false,
      resetFrame: null,
      reset: null,
    });
    expect(framed(flow.states.client)).toBe('SYN_SENT@1 ESTABLISHED@2 FIN_WAIT1@4 FIN_WAIT2@5 TIME_WAIT@6');
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@3 CLOSE_WAIT@4 LAST_ACK@6 CLOSED@7');
    expect(flow.close.timeWait).toMatchObject({ side: 'client' });
  });

  test('three-way: the server merges its ACK and its FIN; the client passes FIN_WAIT2 inside one segment', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     > F. 1:1(0) ack 1
      +0.010 < F. 1:1(0) ack 2
      +0     > .  2:2(0) ack 2
    `);
    expect(flow.close).toMatchObject({ pattern: 'three-way', initiator: 'client', firstFinFrame: 4 });
    expect(framed(flow.states.client)).toBe('SYN_SENT@1 ESTABLISHED@2 FIN_WAIT1@4 FIN_WAIT2@5 TIME_WAIT@5');
    expect(path(flow.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED CLOSE_WAIT LAST_ACK CLOSED');
  });

  test('a FIN with data is told, and closes just the same', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     < FP. 1:21(20) ack 1
      +0.010 > F. 1:1(0) ack 22
      +0     < .  22:22(0) ack 2
    `);
    expect(flow.close).toMatchObject({ pattern: 'three-way', initiator: 'server', finWithData: true });
    expect(flow.close.timeWait).toMatchObject({ side: 'server' });
  });

  test('simultaneous: the FINs cross, both ends pass CLOSING and both hold TIME_WAIT', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0.100 > F. 1:1(0) ack 1
      +0.001 < F. 1:1(0) ack 1
      +0.001 > .  2:2(0) ack 2
      +0.001 < .  2:2(0) ack 2
    `);
    expect(flow.close.pattern).toBe('simultaneous');
    expect(path(flow.states.client)).toBe('SYN_SENT ESTABLISHED FIN_WAIT1 CLOSING TIME_WAIT');
    expect(path(flow.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED FIN_WAIT1 CLOSING TIME_WAIT');
    expect(flow.close.timeWait).toMatchObject({ side: 'both' });
  });

  test('half-closed: one side goes on sending to the end of the capture', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     > F. 1:1(0) ack 1
      +0.010 < .  1:1(0) ack 2
      +0.010 < P. 1:11(10) ack 2
      +0.010 > .  2:2(0) ack 11
    `);
    expect(flow.close).toMatchObject({ pattern: 'half-closed', secondFinFrame: null, closeMs: null, timeWait: null });
    expect(path(flow.states.client)).toBe('SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2');
    expect(path(flow.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED CLOSE_WAIT');
  });

  test('a FIN that overtakes data counts when the hole is filled', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     > F. 101:101(0) ack 1
      +0.001 > P. 1:101(100) ack 1
      +0.010 < F. 1:1(0) ack 102
      +0     > .  102:102(0) ack 2
    `);
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@3 CLOSE_WAIT@5 LAST_ACK@6 CLOSED@7');
  });

  test('TIME_WAIT lasts two MSL', () => {
    const script = exchange`${OPEN}
      +0     > F. 1:1(0) ack 1
      +0     < F. 1:1(0) ack 2
      +0     > .  2:2(0) ack 2
    `;
    expect(analyzeExchange(script).close.timeWait).toEqual({
      side: 'client',
      since: '2023-11-14T22:13:20.010000000Z',
      until: '2023-11-14T22:14:20.010000000Z',
    });
    expect(analyzeExchange(script, { msl: 120 }).close.timeWait!.until).toBe('2023-11-14T22:17:20.010000000Z');
  });
});

describe('FINs that are sent again', () => {
  test('a FIN lost behind the tap takes effect with its repeat', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     > F. 1:1(0) ack 1
      +0.2   > F. 1:1(0) ack 1
      +0.010 < F. 1:1(0) ack 2
      +0     > .  2:2(0) ack 2
    `);
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@3 CLOSE_WAIT@5 LAST_ACK@6 CLOSED@7');
    expect(flow.fromClient).toMatchObject({ retransmittedSegments: 1, retransmittedBytes: 0 });
  });

  test('the last ACK is lost: LAST_ACK lasts until the ACK of the repeated FIN, and TIME_WAIT starts over', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     > F. 1:1(0) ack 1
      +0.010 < F. 1:1(0) ack 2
      +0     > .  2:2(0) ack 2
      +0.3   < F. 1:1(0) ack 2
      +0     > .  2:2(0) ack 2
    `);
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@3 CLOSE_WAIT@4 LAST_ACK@5 CLOSED@8');
    expect(flow.close).toMatchObject({ lastAckFrame: 8, closeMs: 310 });
    expect(flow.close.timeWait!.since).toBe('2023-11-14T22:13:20.320000000Z');
  });

  test('a FIN repeated and never acknowledged proves nothing about the other end', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0   > F. 1:1(0) ack 1
      +0.2 > F. 1:1(0) ack 1
      +0.4 > F. 1:1(0) ack 1
    `);
    expect(path(flow.states.client)).toBe('SYN_SENT ESTABLISHED FIN_WAIT1');
    expect(path(flow.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED');
    expect(flow.fromClient.retransmittedSegments).toBe(2);
  });

  test('simultaneous close with one FIN lost: one end passes CLOSING, the other FIN_WAIT2', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0.1   > F. 1:1(0) ack 1
      +0.001 < F. 1:1(0) ack 1
      +0.001 < .  2:2(0) ack 2
      +0.2   < F. 1:1(0) ack 2
      +0.001 > .  2:2(0) ack 2
    `);
    expect(path(flow.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED FIN_WAIT1 CLOSING TIME_WAIT');
  });
});

describe('resets', () => {
  test('an abort closes both ends at its frame', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     > P. 1:11(10) ack 1
      +0.010 < .  1:1(0) ack 11
      +1     < R. 1:1(0) ack 11
    `);
    expect(flow.close).toMatchObject({ pattern: 'reset', initiator: 'server', resetFrame: 6, timeWait: null });
    expect(flow.close.reset).toMatchObject({ by: 'server', form: 'abort', state: 'ESTABLISHED', stage: 'post-psh' });
    expect(framed(flow.states.client)).toBe('SYN_SENT@1 ESTABLISHED@2 CLOSED@6');
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@3 CLOSED@6');
  });

  test('a RST outside the window, or inside but not at the expected number, closes nobody', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0   > R  200000:200000(0) win 0
      +0.1 > R  11:11(0) win 0
      +0   < .  1:1(0) ack 1
      +0.1 > P. 1:11(10) ack 1
      +0   < .  1:1(0) ack 11
    `);
    expect(flow.close).toMatchObject({ pattern: 'open', initiator: null, resetFrame: null, reset: null });
    expect(path(flow.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED');
  });

  test('after one FIN: reset-after-fin', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     > F. 1:1(0) ack 1
      +0.010 < .  1:1(0) ack 2
      +0.010 < R. 1:1(0) ack 2
    `);
    expect(flow.close).toMatchObject({ pattern: 'reset-after-fin', initiator: 'client', closeMs: null });
    expect(path(flow.states.client)).toBe('SYN_SENT ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSED');
    expect(path(flow.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED CLOSE_WAIT CLOSED');
  });

  test('Linux takes a RST on the number of the FIN itself', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     > F. 1:1(0) ack 1
      +0.010 < .  1:1(0) ack 2
      +0.010 > R  1:1(0) win 0
    `);
    expect(flow.close.pattern).toBe('reset-after-fin');
    expect(path(flow.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED CLOSE_WAIT CLOSED');
  });

  test('a reply-form RST shows that its sender had no socket since before the capture can tell', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +9     > P. 1:11(10) ack 1
      +0.010 < R  1:1(0) win 0
    `);
    expect(flow.close.reset).toMatchObject({ by: 'server', form: 'reply' });
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@3 CLOSED@-');
  });

  test('after both FINs are acknowledged a RST leaves the pattern as it was', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     > F. 1:1(0) ack 1
      +0.010 < F. 1:1(0) ack 2
      +0     > .  2:2(0) ack 2
      +0.010 < R  2:2(0) win 0
    `);
    expect(flow.close).toMatchObject({ pattern: 'three-way', reset: null, resetFrame: null });
  });

  test('the seeming sender goes on: only the other end was closed, and the answer closes this one', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     > P. 1:11(10) ack 1
      +0     < R  1:1(0) win 0
      +1     < F. 1:1(0) ack 1
      +0.010 > R  1:1(0) win 0
    `);
    expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@6 CLOSED@7');
    expect(path(flow.states.client)).toBe('SYN_SENT ESTABLISHED CLOSED');
  });

  test('the receiver goes on a round trip later: the RST never took effect', () => {
    const flow = analyzeExchange(exchange`${OPEN}
      +0     < R. 1:1(0) ack 1
      +1     > P. 1:11(10) ack 1
      +0.010 < .  1:1(0) ack 11
    `);
    expect(flow.close).toMatchObject({ pattern: 'open', reset: null });
    expect(path(flow.states.client)).toBe('SYN_SENT ESTABLISHED');
    expect(path(flow.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED');
  });
});

test('an abort that is lost: its sender stays CLOSED while the other end goes on and closes', () => {
  const flow = analyzeExchange(exchange`${OPEN}
    +0     > FP. 1:11(10) ack 1
    +0.100 > R. 12:12(0) ack 1
    +0.600 < F. 1:1(0) ack 12
    +0     > R  12:12(0) win 0
  `);
  expect(framed(flow.states.client)).toBe('SYN_SENT@1 ESTABLISHED@2 FIN_WAIT1@4 CLOSED@5');
  expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@3 CLOSE_WAIT@4 LAST_ACK@6 CLOSED@7');
  expect(flow.close).toMatchObject({ pattern: 'reset-after-fin', resetFrame: 5, reset: { by: 'client' } });
});

test('FIN_WAIT2 ends with any RST in the window: beyond a hole, and unchallenged', () => {
  const close = `${OPEN}
    +0     < F. 1:1(0) ack 1
    +0.010 > .  1:1(0) ack 2
    +1     > R. 1449:1449(0) ack 2`;
  expect(path(analyzeExchange(exchange`${close}`).states.server)).toBe(
    'LISTEN SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2 CLOSED',
  );
  const challenged = analyzeExchange(exchange`${close}
    +0     < .  2:2(0) ack 1`);
  expect(path(challenged.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED FIN_WAIT1 FIN_WAIT2');
});

test('a RST from TIME_WAIT shows that the socket was gone before the segment that seemed to take it there', () => {
  const flow = analyzeExchange(exchange`${OPEN}
    +0     < F. 1:1(0) ack 1
    +0     > F. 1:1(0) ack 1
    +0     < .  2:2(0) ack 2
    +0.5   < F. 1:1(0) ack 2
    +2     > .  2:2(0) ack 2
    +0     < R  2:2(0) win 0
  `);
  expect(framed(flow.states.server)).toBe('LISTEN@- SYN_RECV@1 ESTABLISHED@3 FIN_WAIT1@4 CLOSING@5 CLOSED@-');
  expect(flow.close).toMatchObject({ pattern: 'simultaneous', reset: { by: 'server', form: 'reply' } });
});

test('a late copy of the SYN that the listener answers anew changes nothing of the connection that is over', () => {
  const flow = analyzeExchange(exchange`${OPEN}
    +0     < R. 1:1(0) ack 1
    +0.050 > S  0:0(0)
    +0     < S. 500000:500000(0) ack 1
    +0.001 > P. 1:11(10) ack 1
    +0.010 > R  1:1(0) win 0
  `);
  expect(path(flow.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED CLOSED');
  expect(flow.fromClient).toMatchObject({ retransmittedSegments: 0 });
});

test('an abort whose ACK stops before the FIN shows that the FIN met no socket', () => {
  const flow = analyzeExchange(exchange`${OPEN}
    +0     > F. 1:1(0) ack 1
    +0.001 < R. 1:1(0) ack 1
    +0.010 < R  1:1(0) win 0
  `);
  expect(path(flow.states.server)).toBe('LISTEN SYN_RECV ESTABLISHED CLOSED');
});

test('a RST that SYN_RECV challenges leaves it there until an exact one comes', () => {
  const flow = analyzeExchange(exchange`
    +0     > S  0:0(0)
    +0.010 < S. 0:0(0) ack 1
    +0.001 > R. 6:6(0) ack 1
    +0.010 < .  1:1(0) ack 1
    +0     > R  1:1(0) win 0
  `);
  expect(path(flow.states.server)).toBe('LISTEN SYN_RECV CLOSED');
});

test('who answered in reply form stays CLOSED though the other end goes on', () => {
  const flow = analyzeExchange(exchange`${OPEN}
    +0     > F. 1:1(0) ack 1
    +0.010 < P. 1:101(100) ack 1
    +0     > R  1:1(0) win 0
    +0.9   < F. 101:101(0) ack 2
    +0     > R  2:2(0) win 0
  `);
  expect(path(flow.states.client)).toBe('SYN_SENT ESTABLISHED FIN_WAIT1 CLOSED');
});

test('a segment with a bad checksum from a host that sends good ones is counted and changes nothing', () => {
  const flow = analyzeExchange(exchange`${OPEN}
    +0     > F. 1:1(0) ack 1 badsum
    +0.010 < .  1:1(0) ack 1
  `);
  expect(flow).toMatchObject({ fromClient: { packets: 3 }, completeness: 7 | 16 });
  expect(flow.close.pattern).toBe('open');
});

test('a host that has never sent a good checksum is taken to offload', () => {
  const flow = analyzeExchange(exchange`
    +0     > S  0:0(0) badsum
    +0.010 < S. 0:0(0) ack 1
    +0     > .  1:1(0) ack 1 badsum
    +0     > F. 1:1(0) ack 1 badsum
  `);
  expect(path(flow.states.client)).toBe('SYN_SENT ESTABLISHED FIN_WAIT1');
});

describe('a host whose checksums are nearly all wrong', () => {
  const wrong = exchange`+0 > P. 1:2(1) ack 1 badsum`;

  test('sends one that is right by chance, and its wrong ones go on to count', () => {
    const flow = analyzeExchange([
      ...exchange`
        +0     > S  0:0(0) badsum
        +0.010 < S. 0:0(0) ack 1
        +0     > .  1:1(0) ack 1 badsum
      `,
      ...Array.from({ length: 100 }, () => wrong).flat(),
      ...exchange`
        +0     > P. 1:2(1) ack 1
        +0     > F. 2:2(0) ack 1 badsum
      `,
    ]);
    expect(path(flow.states.client)).toBe('SYN_SENT ESTABLISHED FIN_WAIT1');
  });

  test('has been repaired when good ones follow each other', () => {
    const flow = analyzeExchange([
      ...exchange`
        +0     > S  0:0(0) badsum
        +0.010 < S. 0:0(0) ack 1
        +0     > .  1:1(0) ack 1 badsum
      `,
      ...Array.from({ length: 100 }, () => wrong).flat(),
      ...exchange`
        +0     > P. 1:2(1) ack 1
        +0     > P. 2:3(1) ack 1
        +0     > F. 3:3(0) ack 1 badsum
      `,
    ]);
    expect(path(flow.states.client)).toBe('SYN_SENT ESTABLISHED');
  });
});

describe('a closed flow is handed on', () => {
  test('after two MSL of silence, and what comes then is late and starts no flow', () => {
    const script = recordsOf(exchange`${OPEN}
      +0     > F. 1:1(0) ack 1
      +0.010 < F. 1:1(0) ack 2
      +0     > .  2:2(0) ack 2
      +200   > .  2:2(0) ack 2
    `);
    const others = recordsOf(Array.from({ length: 600 }, () => exchange`+0.3 > P. 1:2(1) ack 1`).flat(), {
      clientPort: 50001,
    });
    const flows = analyzeRecords([...script.slice(0, 6), ...others, script[6]!]);
    expect(flows.map((flow) => flow.lastFrame)).toEqual([6, 606]);
    expect(flows[0]!.fromClient.packets).toBe(4);
  });

  test('when a new connection takes its ports inside TIME_WAIT', () => {
    const flows = analyzeFlows(exchange`${OPEN}
      +0     > F. 1:1(0) ack 1
      +0.010 < F. 1:1(0) ack 2
      +0     > .  2:2(0) ack 2
      +1     > S  90000:90000(0)
      +0.010 < S. 70000:70000(0) ack 90001
      +0     > .  90001:90001(0) ack 70001
    `);
    expect(flows.map((flow) => flow.close.pattern)).toEqual(['three-way', 'open']);
  });

  test('early when thousands wait, and what takes its ports then is told the same of them', () => {
    const whole = exchange`${OPEN}
      +0     < F. 1:1(0) ack 1
      +0.010 > F. 1:1(0) ack 2
      +0     < .  2:2(0) ack 2`;
    const before = recordsOf(whole);
    const after = recordsOf(exchange`
      +20    > S  90000:90000(0)
      +0.010 < S. 70000:70000(0) ack 90001
      +0     > .  90001:90001(0) ack 70001`);
    const others = Array.from({ length: 9000 }, (_, i) => recordsOf(whole, { clientPort: 1024 + i })).flat();
    const reuseAmong = (records: typeof before): unknown => {
      const flows = analyzeRecords([...before, ...records, ...after]);
      const { findings, handshake } = flows[flows.length - 1]!;
      return [handshake.outcome, findings.map(({ code, values }) => ({ code, values }))];
    };
    const alone = reuseAmong([]);
    expect(JSON.stringify(alone)).toContain('port-reuse-in-time-wait');
    expect(reuseAmong(others)).toEqual(alone);
  });
});
