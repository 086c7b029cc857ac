import { describe, expect, test } from 'vitest';
import { analyzeExchange, exchange } from '../exchange.ts';
import { codesOf, TALK, theFinding } from './codes.ts';

/** `count` segments of 100 octets of the client, each sent again after `pause` seconds, then acknowledged. */
const repeats = (count: number, pause: number) =>
  exchange`${TALK}
    ${Array.from({ length: count }, (_, i) => {
      const [from, to] = [11 + i * 100, 111 + i * 100];
      return `+0.010 > P. ${from}:${to}(100) ack 21\n+${pause} > P. ${from}:${to}(100) ack 21\n+0.010 < . 21:21(0) ack ${to}`;
    }).join('\n')}
  `;

describe('loss-heavy', () => {
  test('ten repeats or more, above 1% of the octets', () => {
    expect(theFinding('loss-heavy', repeats(10, 0.1))).toMatchObject({ values: { by: 'client', segments: 10 } });
  });

  test('not below ten', () => {
    expect(codesOf(repeats(9, 0.1))).not.toContain('loss-heavy');
  });
});

describe('timeout-recovery', () => {
  test('a repeat after a second of silence', () => {
    expect(theFinding('timeout-recovery', repeats(1, 1.2))).toMatchObject({ values: { times: 1, longestMs: 1200 } });
  });

  test('not after a tenth', () => {
    expect(codesOf(repeats(1, 0.1))).not.toContain('timeout-recovery');
  });

  test('not after days, which a wrong clock explains better', () => {
    const codes = codesOf(repeats(1, 3 * 86400));
    expect(codes).not.toContain('timeout-recovery');
    expect(codes).not.toContain('tail-loss');
  });

  test('two in a row with growing pauses', () => {
    const script = exchange`${TALK}
      +0.010 > P. 11:21(10) ack 21
      +0.2   > P. 11:21(10) ack 21
      +0.4   > P. 11:21(10) ack 21
      +0.010 < .  21:21(0) ack 21
    `;
    expect(codesOf(script)).toContain('timeout-recovery');
  });
});

describe('a capture that begins within a burst', () => {
  const burst = (later: string) => exchange`
    +0      > .  1:1(0) ack 1
    +0.5    < .  5001:6001(1000) ack 1
    +0.0001 < .  4001:5001(1000) ack 1
    +0.0001 < .  1:1001(1000) ack 1
    +0.0001 < .  1001:2001(1000) ack 1
    +0.0001 < .  6001:7001(1000) ack 1
    +0.0001 < .  2001:4001(2000) ack 1
    +0.0001 > .  1:1(0) ack 7001
    ${later}
  `;

  test('has no retransmission in octets that were overtaken and came once', () => {
    const { fromServer, findings } = analyzeExchange(burst(''));
    expect(fromServer).toMatchObject({ uniqueBytes: 7000, retransmittedSegments: 0 });
    expect(findings.map(({ code }) => code)).not.toContain('capture-gap');
  });

  test('has one in what was acknowledged, or came before', () => {
    expect(analyzeExchange(burst('+0.3 < .  1:1001(1000) ack 1')).fromServer).toMatchObject({
      uniqueBytes: 7000,
      retransmittedSegments: 1,
    });
  });

  test('and in what comes long after the octets behind it', () => {
    const late = exchange`
      +0   > .  1:1(0) ack 1
      +0.5 < .  5001:6001(1000) ack 1
      +0.3 < .  1:1001(1000) ack 1
    `;
    expect(analyzeExchange(late).fromServer).toMatchObject({ retransmittedSegments: 1 });
  });
});

test('tail-loss: only possible, since a late ACK looks the same', () => {
  expect(theFinding('tail-loss', repeats(1, 0.2))).toMatchObject({ confidence: 'possible' });
});

test('retransmission-needless: what was acknowledged is sent again', () => {
  const again = Array.from({ length: 3 }, () => '+0.3 > P. 1:11(10) ack 21').join('\n');
  expect(codesOf(exchange`${TALK}\n${again}`)).toContain('retransmission-needless');
  const needed = '+0.01 > P. 11:21(10) ack 21\n+0.3 > P. 11:21(10) ack 21\n+0.01 < . 21:21(0) ack 21';
  const both = exchange`${TALK}\n${needed}\n${again}`;
  expect(theFinding('retransmission-needless', both)).toMatchObject({ frame: 10, frames: [10, 11, 12] });
  expect(codesOf(exchange`${TALK}\n+0.3 > P. 1:11(10) ack 21`)).not.toContain('retransmission-needless');
});

describe('reordering', () => {
  const swapped = (count: number) =>
    exchange`${TALK}
      ${Array.from({ length: count }, (_, i) => {
        const at = 11 + i * 300;
        return [
          `+0.050 > . ${at + 100}:${at + 200}(100) ack 21`,
          `+0.001 > . ${at}:${at + 100}(100) ack 21`,
          `+0.001 > . ${at + 200}:${at + 300}(100) ack 21`,
          `+0.010 < . 21:21(0) ack ${at + 300}`,
        ].join('\n');
      }).join('\n')}
    `;
  test('three arrivals out of order, and nothing was sent again', () => {
    expect(codesOf(swapped(3))).toEqual(['reordering']);
  });

  test('not below three', () => {
    expect(codesOf(swapped(2))).toEqual([]);
  });
});

describe('sack-reneged', () => {
  const GAP = `${TALK}
    +0.010 > P. 111:211(100) ack 21
    +0.010 < .  21:21(0) ack 11 <sack 111:211>
    +0.010 > P. 311:411(100) ack 21
    +0.010 < .  21:21(0) ack 11 <sack 311:411 111:211>`;

  test('blocks that are named no more, while the ACK stays below them', () => {
    const script = exchange`${GAP}
      +0.010 < .  21:21(0) ack 11 <sack 311:411>
      +0.010 < .  21:21(0) ack 11 <sack 311:411>
      +0.010 < .  21:21(0) ack 11
    `;
    expect(theFinding('sack-reneged', script)).toMatchObject({
      severity: 'warning',
      confidence: 'likely',
      values: { by: 'server' },
    });
  });

  test('not where one came late', () => {
    const script = exchange`${GAP}
      +0.010 < .  21:21(0) ack 11 <sack 111:211>
      +0.010 > P. 411:511(100) ack 21
      +0.010 < .  21:21(0) ack 11 <sack 311:511 111:211>
      +0.010 < .  21:21(0) ack 11 <sack 311:511 111:211>
    `;
    expect(codesOf(script)).not.toContain('sack-reneged');
  });

  test('not where the ACK has passed them', () => {
    const script = exchange`${GAP}
      +0.010 > P. 11:111(100) ack 21
      +0.010 < .  21:21(0) ack 211 <sack 311:411>
      +0.010 < .  21:21(0) ack 211 <sack 311:411>
      +0.010 < .  21:21(0) ack 211 <sack 311:411>
    `;
    expect(codesOf(script)).not.toContain('sack-reneged');
  });

  test('not of a receiver that names the newest block only', () => {
    const script = exchange`${TALK}
      +0.010 > P. 111:211(100) ack 21
      +0.010 < .  21:21(0) ack 11 <sack 111:211>
      +0.010 > P. 311:411(100) ack 21
      +0.010 < .  21:21(0) ack 11 <sack 311:411>
      +0.010 > P. 511:611(100) ack 21
      +0.010 < .  21:21(0) ack 11 <sack 511:611>
      +0.010 > P. 711:811(100) ack 21
      +0.010 < .  21:21(0) ack 11 <sack 711:811>
      +0.010 < .  21:21(0) ack 11 <sack 711:811>
    `;
    expect(codesOf(script)).not.toContain('sack-reneged');
  });

  test('not where more blocks were named than may fit', () => {
    const script = exchange`${GAP}
      +0.010 > P. 511:611(100) ack 21
      +0.010 < .  21:21(0) ack 11 <sack 511:611 311:411 111:211>
      +0.010 > P. 711:811(100) ack 21
      +0.010 < .  21:21(0) ack 11 <sack 711:811 511:611 311:411>
      +0.010 < .  21:21(0) ack 11 <sack 711:811 511:611 311:411>
      +0.010 < .  21:21(0) ack 11 <sack 711:811 511:611 311:411>
    `;
    expect(codesOf(script)).not.toContain('sack-reneged');
  });
});

describe('receiver-limited', () => {
  const transfer = (octets: number, window: number) => {
    const rounds = Array.from({ length: 15 }, (_, i) => {
      const from = 11 + i * octets;
      return `+0.001 > P. ${from}:${from + octets}(${octets}) ack 21
        +0.010 < . 21:21(0) ack ${from + octets} win ${window}`;
    });
    return exchange`${TALK}
      +0.010 < . 21:21(0) ack 11 win ${window}
      ${rounds.join('\n')}
    `;
  };

  test('each round fills the window to its last octet', () => {
    expect(theFinding('receiver-limited', transfer(1000, 1000))).toMatchObject({ values: { by: 'server', times: 15 } });
  });

  test('not where the window has room left', () => {
    expect(codesOf(transfer(1000, 1100))).not.toContain('receiver-limited');
  });
});
