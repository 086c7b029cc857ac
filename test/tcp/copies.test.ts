import { describe, expect, test } from 'vitest';
import { analyzeExchange, exchange, timelineOf } from '../exchange.ts';

/** What a mirror port's copies are: taxonomy of captures, "capture-duplicate". */
describe('copies of a mirror port', () => {
  const burst = exchange`
    +0       > S  0:0(0) id 1
    +0.01    < S. 0:0(0) ack 1 id 1
    +0       > .  1:1(0) ack 1 id 2
    +0       > P. 1:1001(1000) ack 1 id 3
    +0.00001 > P. 1001:2001(1000) ack 1 id 4
    +0.00001 > P. 2001:3001(1000) ack 1 id 5
    +0.00001 > P. 1:1001(1000) ack 1 ttl 63 id 3
    +0.00001 > P. 1001:2001(1000) ack 1 ttl 63 id 4
    +0.00001 > P. 2001:3001(1000) ack 1 ttl 63 id 5
    +0.01    < .  1:1(0) ack 2001 id 2
    +0.00001 < .  1:1(0) ack 3001 id 3
    +0.00001 < .  1:1(0) ack 2001 id 2
    +0.00001 < .  1:1(0) ack 3001 id 3
    +0       > F. 3001:3001(0) ack 1 id 6
    +0.01    < F. 1:1(0) ack 3002 id 4
    +0       > .  3002:3002(0) ack 2 id 7
  `;

  test('come behind a whole burst, and are folded', () => {
    const { fromClient, fromServer, close, findings } = analyzeExchange(burst);
    expect(fromClient).toMatchObject({ packets: 7, bytes: 3000, retransmittedSegments: 0, events: {} });
    expect(fromServer).toMatchObject({ packets: 4, events: {} });
    expect(close.pattern).toBe('three-way');
    expect(findings).toEqual([]);
  });

  test('name their originals', () => {
    const copies = timelineOf(burst).map(({ duplicateOf }) => duplicateOf);
    expect(copies).toEqual([
      ...[null, null, null, null, null, null, 4, 5, 6, null, null],
      10,
      11,
      ...[null, null, null],
    ]);
  });

  test('count like any other segment where that is asked for', () => {
    const { fromClient } = analyzeExchange(burst, { keepDuplicates: true });
    expect(fromClient).toMatchObject({ packets: 10, bytes: 6000, retransmittedSegments: 3 });
  });

  test('have the checksum that their host left to its network card', () => {
    const router = exchange`
      +0       > S  0:0(0) id 1 partsum
      +0.0005  > S  0:0(0) ttl 63 id 1
      +0.0001  < S. 0:0(0) ack 1 id 1 partsum
      +0.0004  < S. 0:0(0) ack 1 ttl 63 id 1
      +0       > .  1:1(0) ack 1 id 2 partsum
      +0       > P. 1:1001(1000) ack 1 id 3 partsum
      +0.0005  > .  1:1(0) ack 1 ttl 63 id 2
      +0.0001  > P. 1:1001(1000) ack 1 ttl 63 id 3
      +0.0001  < .  1:1(0) ack 1001 id 2 partsum
      +0.0004  < .  1:1(0) ack 1001 ttl 63 id 2
    `;
    const { handshake, fromClient, fromServer, findings } = analyzeExchange(router);
    expect(handshake).toMatchObject({ synRetransmissions: 0, synAckRetransmissions: 0 });
    expect(fromClient).toMatchObject({ packets: 3, bytes: 1000, retransmittedSegments: 0 });
    expect(fromServer).toMatchObject({ packets: 2 });
    expect(findings.map(({ code }) => code)).toEqual(['capture-ended-open']);
  });

  test('have the same octets: a finished checksum of others is no copy', () => {
    const other = exchange`
      +0       > S  0:0(0) id 1
      +0.01    < S. 0:0(0) ack 1 id 1
      +0       > .  1:1(0) ack 1 id 2
      +0       > P. 1:1001(1000) ack 1 id 3 partsum
      +0.0005  > P. 1:1001(1000) ack 1 ttl 63 id 3 octets b
    `;
    expect(analyzeExchange(other).fromClient).toMatchObject({ packets: 4 });
  });

  test('carry the identification of their original: a sender that repeats gives another one', () => {
    const again = burst.map((segment, i) =>
      i >= 6 && i <= 8 ? { ...segment, ttl: 64, ipId: segment.ipId + 3 } : segment,
    );
    expect(analyzeExchange(again).fromClient).toMatchObject({ packets: 10, retransmittedSegments: 3 });
  });

  test('are not told by an identification that is always the same', () => {
    const same = burst.map((segment) => ({ ...segment, ipId: 7 }));
    expect(analyzeExchange(same).fromClient).toMatchObject({ packets: 10, retransmittedSegments: 3 });
  });

  test('come within a millisecond', () => {
    const late = burst.map((segment, i) => (i === 6 ? { ...segment, after: 0.0011 } : segment));
    expect(analyzeExchange(late).fromClient).toMatchObject({ packets: 10, retransmittedSegments: 3 });
  });
});
