import { describe, expect, test } from 'vitest';
import {
  analyzeExchange,
  analyzeFlows,
  eventsOf,
  exchange,
  recordsOf,
  roundTripsOf,
  type ScriptSegment,
  timelineOf,
  timelineOfRecords,
} from '../exchange.ts';

/** A handshake with a round trip of 20 ms. */
const OPEN = exchange`
  +0    > S  0:0(0)       <mss 1460,wscale 2>
  +0.01 < S. 0:0(0) ack 1 <mss 1460,wscale 2>
  +0.01 > .  1:1(0) ack 1
`;

/** The events of what follows an ordinary handshake: frames count from the first SYN. */
function afterOpen(parts: TemplateStringsArray): string[] {
  return eventsOf([...OPEN, ...exchange(parts)]);
}

describe('acknowledgments of what was not captured', () => {
  test('an ACK past all that was captured is told once', () => {
    expect(afterOpen`
      +0.01 < .  1:101(100)   ack 501
      +0.01 < .  101:201(100) ack 501
      +0.01 < .  201:301(100) ack 501
    `).toEqual(['4: ack-unseen-segment']);
  });

  test('it is told again when more was captured since, though the hole is the same', () => {
    expect(afterOpen`
      +0.01 < . 1:1(0)     ack 501
      +0.01 > . 501:601(100) ack 1
      +0.01 < . 1:1(0)     ack 601
      +0.01 > . 601:701(100) ack 1
      +0.01 < . 1:1(0)     ack 701
    `).toEqual(['4: ack-unseen-segment', '5: lost-segment', '6: ack-unseen-segment']);
  });

  test('it is told again when the other end has acknowledged something new', () => {
    expect(afterOpen`
      +0.01 < . 1:101(100) ack 501
      +0.01 > . 501:501(0) ack 101
      +0.01 > . 501:501(0) ack 301
      +0.01 < . 301:301(0) ack 601
    `).toEqual([
      '4: ack-unseen-segment',
      '5: lost-segment',
      '6: ack-unseen-segment',
      '7: lost-segment ack-unseen-segment',
    ]);
  });
});

describe('Multipath TCP', () => {
  const DSS = 'MPTCP 2001 00000001';
  const ADD_ADDR = 'MPTCP 3401 0a000009';

  test('a duplicate ACK that follows something new of its paths is passed over, once for each end', () => {
    expect(
      eventsOf([
        ...OPEN,
        ...exchange`
          +0.01 < .  1:11(10)   ack 1  <${DSS}>
          +0.01 > .  1:1(0)     ack 11 <${DSS}>
          +0.01 > .  1:1(0)     ack 11 <${ADD_ADDR}>
          +0.01 > .  1:1(0)     ack 11 <${DSS}>
          +0.01 > .  1:1(0)     ack 11 <${ADD_ADDR}>
          +0.01 < .  11:11(0)   ack 1  <${DSS}>
          +0.01 < .  11:11(0)   ack 1
        `,
      ]),
    ).toEqual(['6: duplicate-ack', '8: duplicate-ack', '10: duplicate-ack']);
  });

  test('what the other end says first is new to both', () => {
    expect(
      eventsOf(exchange`
        +0    > . 1:1(0)   ack 1
        +0.01 > . 1:1(0)   ack 1
        +0.01 < . 1:11(10) ack 1 <${DSS}>
        +0.01 > . 1:1(0)   ack 1
        +0.01 > . 1:1(0)   ack 1 <${DSS}>
        +0.01 > . 1:1(0)   ack 1
      `),
    ).toEqual(['2: duplicate-ack', '5: duplicate-ack', '6: duplicate-ack']);
  });
});

describe('sent again, or overtaken', () => {
  test('within the round trip of the handshake what is behind was overtaken', () => {
    expect(afterOpen`
      +0     > . 101:201(100) ack 1
      +0.019 > . 1:51(50)     ack 1
      +0.002 > . 51:101(50)   ack 1
    `).toEqual(['4: lost-segment', '5: out-of-order', '6: retransmission']);
  });

  test('the round trip is told by the first ACK without SYN, whoever sent it', () => {
    expect(
      eventsOf(exchange`
        +0     > S  0:0(0)
        +0.001 < R. 1:1(0)     ack 1
        +0     > .  101:201(100) ack 1
        +0.002 > .  51:101(50) ack 1
      `),
    ).toEqual(['3: lost-segment', '4: retransmission']);
  });

  test('after a clock went back nothing is soon', () => {
    const script = [...OPEN, ...exchange`+1 > . 101:201(100) ack 1`, ...exchange`+0 > . 1:101(100) ack 1`];
    const records = recordsOf(script);
    records[4]!.seconds -= 1;
    expect(timelineOfRecords(records)[4]!.events).toEqual(['retransmission']);
  });

  test('two duplicate ACKs, and within 20 ms what they ask for: a fast retransmission', () => {
    expect(afterOpen`
      +0.01  > . 1:101(100)   ack 1
      +0     > . 101:201(100) ack 1
      +0.01  < . 1:1(0)       ack 1
      +0     < . 1:1(0)       ack 1
      +0.015 > . 1:101(100)   ack 1
    `).toEqual(['6: duplicate-ack', '7: duplicate-ack', '8: retransmission fast-retransmission']);
  });

  test("the other end's hole counts for two duplicates, as Wireshark counts", () => {
    expect(afterOpen`
      +0     > . 1:101(100)   ack 1
      +0     > . 101:201(100) ack 301
      +0.005 > . 1:101(100)   ack 301
    `).toEqual(['5: ack-unseen-segment', '6: retransmission fast-retransmission']);
  });
});

describe('windows', () => {
  test('a segment up to the edge of the scaled window fills it', () => {
    expect(afterOpen`
      +0 < .  1:1(0)     ack 1 win 100
      +0 > .  1:401(400) ack 1
    `).toEqual(['4: window-update', '5: window-full']);
  });

  test("a SYN's own window is not scaled", () => {
    const full = exchange`
      +0 > S  0:0(0)                   <wscale 2>
      +0 < S. 0:0(0)     ack 1 win 400 <wscale 2>
      +0 > .  1:401(400) ack 1
    `;
    expect(eventsOf(full)).toEqual(['3: window-full']);
  });

  test('an octet into a closed window is a probe and does not move the sequence', () => {
    expect(afterOpen`
      +0 < . 1:1(0) ack 1 win 0
      +1 > . 1:2(1) ack 1
      +0 < . 1:1(0) ack 1 win 0
      +1 > . 1:2(1) ack 1
      +0 < . 1:1(0) ack 1 win 0
    `).toEqual([
      '4: zero-window',
      '5: zero-window-probe',
      '6: zero-window zero-window-probe-ack',
      '7: zero-window-probe',
      '8: zero-window zero-window-probe-ack',
    ]);
  });

  test('a keep-alive and its answer', () => {
    expect(afterOpen`
      +60 > . 0:0(0) ack 1
      +0  < . 1:1(0) ack 1
      +60 > . 0:1(1) ack 1
      +0  < . 1:1(0) ack 1
    `).toEqual(['4: keep-alive', '5: keep-alive-ack', '6: keep-alive', '7: keep-alive-ack']);
  });
});

describe('ports used again', () => {
  test('a SYN+ACK with another initial sequence number', () => {
    expect(afterOpen`
      +1 < S. 5000:5000(0) ack 1
      +1 < S. 5000:5000(0) ack 1
    `).toEqual(['4: lost-segment port-reused', '5: retransmission']);
  });

  test('a SYN long after the flow on its ports was handed on', () => {
    const refused = exchange`
      +0 > S  0:0(0)
      +0 < R. 0:0(0) ack 1
    `;
    const again = exchange`+200 > S 700:700(0)`;
    const others = exchange`+100 > . 1:1(0) ack 1`;
    const records = [
      ...recordsOf(refused),
      ...recordsOf([...others, ...Array(300).fill({ ...others[0]!, after: 0 })], { clientPort: 40511 }),
      ...recordsOf(again),
    ];
    expect(timelineOfRecords(records).at(-1)).toMatchObject({ flow: 3, events: ['port-reused'] });
  });

  test('a SYN inside an open connection begins a stream to Wireshark, which the old one knows nothing of', () => {
    const challenged: ScriptSegment[] = [
      ...OPEN,
      ...exchange`
        +1 > S  5000:5000(0)
        +0 < .  1:1(0)   ack 1
        +1 > S  5000:5000(0)
        +1 > P. 1:11(10) ack 1
      `,
    ];
    expect(eventsOf(challenged)).toEqual(['4: port-reused', '5: duplicate-ack', '6: retransmission']);
  });

  test('when it is answered the new flow has the event, and the old one has not', () => {
    const [before, after] = analyzeFlows([
      ...OPEN,
      ...exchange`
        +1 > S  5000:5000(0)
        +0 < S. 9000:9000(0) ack 5001
        +0 > .  5001:5001(0) ack 9001
      `,
    ]);
    expect(before!.fromClient.events).toEqual({});
    expect(after!.fromClient.events).toEqual({ 'port-reused': 1 });
    expect(after!.fromServer.events).toEqual({});
  });

  test('a SYN that its own first segment overtook belongs to the same flow', () => {
    const flow = analyzeExchange(exchange`
      +0    > P. 1:11(10)  ack 1
      +0    > S  0:0(0)
      +0.01 < .  1:1(0)    ack 11
      +0    > P. 11:21(10) ack 1
    `);
    expect(flow.fromClient).toMatchObject({ packets: 3, uniqueBytes: 20, isn: 0xfffffff0 });
  });
});

test('a SYN at the very epoch has no time for Wireshark: out of order is what comes within 3 ms', () => {
  const records = recordsOf(exchange`
    +0        > S  0:0(0)
    +0.000001 < S. 0:0(0)   ack 1
    +0.000001 > .  1:1(0)   ack 1
    +0.000001 > P. 11:21(10) ack 1
    +0.000002 > P. 1:11(10) ack 1
  `);
  const eventsFrom = (epoch: number) => {
    for (const record of records) record.seconds = epoch;
    return timelineOfRecords(records).map(({ events }) => events.join());
  };
  expect(eventsFrom(1)).toEqual(['', '', '', 'lost-segment', 'retransmission']);
  expect(eventsFrom(0)).toEqual(['', '', '', 'lost-segment', 'out-of-order']);
});

describe('round trips', () => {
  test('a RST acknowledges like any other segment', () => {
    expect(
      roundTripsOf([
        ...OPEN,
        ...exchange`
          +0    > P. 1:11(10) ack 1
          +0.03 < R. 1:1(0)   ack 11
        `,
      ]),
    ).toEqual(['2 acks 1 after 10', '3 acks 2 after 10', '5 acks 4 after 30']);
  });

  test('a refused SYN: the round trip is also how long the opening took', () => {
    const refused = exchange`
      +0     > S  0:0(0)
      +0.025 < R. 0:0(0) ack 1
    `;
    expect(roundTripsOf(refused)).toEqual(['2 acks 1 after 25']);
    expect(analyzeExchange(refused).handshake).toMatchObject({ outcome: 'refused', totalMs: 25, synAckToAckMs: null });
  });

  test('the SYN+ACK was not captured: SYN to ACK is the handshake all the same', () => {
    const oneWay = exchange`
      +0     > S 0:0(0)
      +0.025 > . 1:1(0)   ack 1
      +0.100 > . 1:11(10) ack 1
    `;
    expect(analyzeExchange(oneWay).handshake).toMatchObject({ totalMs: 25, synToSynAckMs: null });
  });

  test('a segment with a wrong sequence number and checksum hides no other round trip', () => {
    const script = exchange`
      +0    > P. 1:11(10)  ack 1
      +0.01 < .  1:1(0)    ack 11
      +0    > P. 91:101(10) ack 1 badsum
      +0.01 < .  1:1(0)    ack 11
      +0    > P. 11:21(10) ack 1
      +0.02 < .  1:1(0)    ack 21
    `;
    expect(roundTripsOf([...OPEN, ...script]).at(-1)).toBe('9 acks 8 after 20');
  });

  test('ten thousand segments may wait, as in Wireshark: those past them have no round trip', () => {
    const tripsWith = (waiting: number) => {
      const sent = Array.from({ length: waiting }, (_, i) => exchange`+0 > . ${1 + i}:${2 + i}(1) ack 1`).flat();
      return roundTripsOf([...OPEN, ...sent, ...exchange`+0.01 < . 1:1(0) ack ${1 + waiting}`]).slice(2);
    };
    expect(tripsWith(10_000)).toEqual(['10004 acks 10003 after 10']);
    expect(tripsWith(10_001)).toEqual([]);
  });

  test('of several copies the oldest is the one acknowledged, and gives no sample', () => {
    const repeated: ScriptSegment[] = [
      ...OPEN,
      ...exchange`
        +0   > P. 1:11(10) ack 1
        +0.2 > P. 1:11(10) ack 1
        +0.1 < .  1:1(0)   ack 11
      `,
    ];
    expect(roundTripsOf(repeated).at(-1)).toBe('6 acks 4 after 300');
    expect(analyzeExchange(repeated).fromClient.rtt).toMatchObject({ samples: 1, maxMs: 10 });
  });

  test('a SYN sent again makes Wireshark forget the SYN+ACK before it, where that is below its empty acknowledgment', () => {
    const script = exchange`
      +0    > S  0:0(0)
      +0.01 < S. 0:0(0) ack 1
      +1    > S  0:0(0)
      +0.01 < S. 0:0(0) ack 1
      +0.01 > .  1:1(0) ack 1
    `;
    expect(roundTripsOf(script)).toEqual(['2 acks 1 after 10', '4 acks 3 after 10', '5 acks 4 after 10']);
  });

  test('an acknowledgment past everything ends what waits for one', () => {
    const script: ScriptSegment[] = [
      ...exchange`
        +0    > S  0:0(0)
        +0.01 < S. 0:0(0)     ack 1
        +0    > .  51:51(0)   ack 301
        +0.5  > .  1:1(0)     ack 1
      `,
    ];
    expect(roundTripsOf(script)).toEqual(['2 acks 1 after 10']);
  });

  test('a SYN+ACK that data overtook is acknowledged on its own', () => {
    const script = exchange`
      +0    > S  0:0(0)
      +0.01 < P. 1:11(10) ack 1
      +0    < S. 0:0(0)   ack 1
      +0.01 > .  1:1(0)   ack 1
      +0.01 > .  1:1(0)   ack 11
    `;
    expect(roundTripsOf(script)).toEqual(['2 acks 1 after 10', '4 acks 3 after 10', '5 acks 2 after 20']);
  });

  test('a segment with a wrong checksum that is acknowledged has arrived', () => {
    expect(
      roundTripsOf([
        ...OPEN,
        ...exchange`
          +0    > P. 1:11(10) ack 1 badsum
          +0.03 < .  1:1(0)   ack 11
        `,
      ]).at(-1),
    ).toBe('5 acks 4 after 30');
  });
});

test('a checksum left to the network card is not held against a host that also sends whole ones', () => {
  const script = exchange`
    +0    > S  0:0(0)           partsum
    +0.01 < R. 0:0(0)     ack 1
    +1    < S  0:0(0)           partsum
    +0.01 > S. 0:0(0)     ack 1
    +0.01 < .  1:1(0)     ack 1 partsum
    +0    < P. 1:101(100) ack 1 partsum
  `;
  expect(timelineOf(script).flatMap((segment) => segment.notes)).not.toContain('wrong checksum: changes nothing');
});

test('nothing is told of a segment whose header was not wholly kept, and what it did counts for the next ones', () => {
  const records = recordsOf([
    ...OPEN,
    ...exchange`
      +0 > P. 1:11(10) ack 1 <TS 1 1>
      +1 > P. 1:11(10) ack 1 <TS 2 1>
      +1 > P. 1:11(10) ack 1 <TS 3 1>
    `,
  ]);
  records[4]!.end -= 16;
  const segments = timelineOfRecords(records);
  expect(segments.map((segment) => segment.events)).toEqual([[], [], [], [], [], ['retransmission']]);
});

test('what the first segment of a capture overtook is no repeat, as its timestamp or its time tells', () => {
  const before = (tsVal: number) =>
    analyzeExchange(exchange`
      +0    < P. 1001:1101(100) ack 1 <TS 1000 1>
      +0    < .  501:1001(500)  ack 1 <TS ${tsVal} 1>
      +0.01 > .  1:1(0)         ack 1101 <TS 2 1000>
    `).fromServer;
  expect(before(990)).toMatchObject({ uniqueBytes: 600, retransmittedSegments: 0 });
  expect(before(1001)).toMatchObject({ uniqueBytes: 100, retransmittedSegments: 1 });
  const without = (after: number) =>
    analyzeExchange(exchange`
      +0        < P. 1001:1101(100) ack 1
      +${after} < .  501:1001(500)  ack 1
      +0.01     > .  1:1(0)         ack 1101
    `).fromServer;
  expect(without(0.0004)).toMatchObject({ uniqueBytes: 600, retransmittedSegments: 0 });
  expect(without(0.2)).toMatchObject({ uniqueBytes: 100, retransmittedSegments: 1 });
  const arrived = analyzeExchange(exchange`
    +0      > .  1:1(0)         ack 1001
    +0      < P. 1001:1101(100) ack 1
    +0.0004 < .  501:1001(500)  ack 1
  `).fromServer;
  expect(arrived).toMatchObject({ uniqueBytes: 100, retransmittedSegments: 1 });
});

describe('what fills a hole was sent late if its timestamp is newer, wherever the clock stands', () => {
  const fills = (clock: number, tsVal: number) =>
    analyzeExchange(exchange`
      +0     > S  0:0(0) <TS ${clock} 0>
      +0.010 < S. 0:0(0) ack 1 <TS 7 ${clock}>
      +0     > .  1:1(0) ack 1 <TS ${clock + 10} 7>
      +0     > P. 11:21(10) ack 1 <TS ${clock + 11} 7>
      +0.001 > P. 1:11(10) ack 1 <TS ${tsVal} 7>
    `).fromClient.retransmittedSegments;

  test.each([1000, 3_000_000_000])('from %i on', (clock) => {
    expect(fills(clock, clock + 12)).toBe(1);
    expect(fills(clock, clock + 10)).toBe(0);
  });
});
