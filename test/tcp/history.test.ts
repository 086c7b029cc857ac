import { describe, expect, test } from 'vitest';
import { analyzeExchange, analyzeFlows, type ExchangeOptions, exchange, type ScriptSegment } from '../exchange.ts';

/** `connState history`, as Zeek would print them. */
function zeek(script: readonly ScriptSegment[], choices: ExchangeOptions = {}): string {
  const flow = analyzeExchange(script, choices);
  return `${flow.connState} ${flow.history}`;
}

const HANDSHAKE = `
  +0     > S  0:0(0)
  +0.010 < S. 0:0(0) ack 1
  +0     > .  1:1(0) ack 1
`;

describe('letters, in the order of the segments', () => {
  test('a connection that is opened, used and closed', () => {
    expect(
      zeek(exchange`${HANDSHAKE}
        +0.1 > P. 1:11(10) ack 1
        +0.1 < .  1:1(0) ack 11
        +0.1 < P. 1:101(100) ack 11
        +0.1 > .  11:11(0) ack 101
        +0.1 > F. 11:11(0) ack 101
        +0.1 < F. 101:101(0) ack 12
        +0.1 > .  12:12(0) ack 102
      `),
    ).toBe('SF ShADadFf');
  });

  test('a letter is written once, however many segments there are of its kind', () => {
    expect(
      zeek(exchange`${HANDSHAKE}
        +0.1 > P. 1:11(10) ack 1
        +0.1 > P. 11:21(10) ack 1
        +0.1 < .  1:1(0) ack 11
        +0.1 < .  1:1(0) ack 21
      `),
    ).toBe('S1 ShADa');
  });

  test('a FIN sent again is written again only with another sequence number', () => {
    expect(
      zeek(exchange`${HANDSHAKE}
        +0.1 > F. 1:1(0) ack 1
        +0.1 > F. 1:1(0) ack 1
        +0.1 > F. 2:2(0) ack 1
      `),
    ).toBe('S2 ShAFF');
  });

  test('flags that contradict each other are I and Q', () => {
    expect(
      zeek(exchange`
        +0 > S  0:0(0)
        +0 < RF. 0:0(0) ack 1
      `),
    ).toBe('REJ Si');
    expect(zeek(exchange`+0 > SF 0:0(0)`)).toBe('SH Q');
  });

  test('letters past those that a row has room for are kept too', () => {
    const resets = Array.from({ length: 40 }, (_, i) => `+0.01 < R ${100 + i}:${100 + i}(0)`).join('\n');
    expect(zeek(exchange`${HANDSHAKE} ${resets}`)).toBe(`RSTR ShA${'r'.repeat(40)}`);
  });
});

describe('what is counted is written at the first, the tenth, the hundredth time', () => {
  test('payload sent again is T', () => {
    const repeats = (count: number): string => '+0.1 > P. 1:11(10) ack 1\n'.repeat(count);
    expect(zeek(exchange`${HANDSHAKE} ${repeats(2)}`)).toBe('S1 ShADT');
    expect(zeek(exchange`${HANDSHAKE} ${repeats(10)}`)).toBe('S1 ShADT');
    expect(zeek(exchange`${HANDSHAKE} ${repeats(11)}`)).toBe('S1 ShADTT');
    expect(zeek(exchange`${HANDSHAKE} ${repeats(101)}`)).toBe('S1 ShADTTT');
  });

  test('a zero window is W, unless it comes with a RST or after the other end has closed', () => {
    expect(
      zeek(exchange`${HANDSHAKE}
      +0.1 < . 1:1(0) ack 1 win 0
    `),
    ).toBe('S1 ShAaw');
    expect(
      zeek(exchange`${HANDSHAKE}
      +0.1 < R 1:1(0) win 0
    `),
    ).toBe('RSTR ShAr');
    expect(
      zeek(exchange`${HANDSHAKE}
      +0.1 > F. 1:1(0) ack 1
      +0.1 < .  1:1(0) ack 2 win 0
    `),
    ).toBe('S2 ShAFa');
  });

  test('what is acknowledged and not in the capture is G: one for each hole', () => {
    expect(
      zeek(exchange`${HANDSHAKE}
        +0.1 > P. 11:21(10) ack 1
        +0.1 > P. 31:41(10) ack 1
        +0.1 < .  1:1(0) ack 41
      `),
    ).toBe('S1 ShADaG');
    expect(
      zeek(exchange`${HANDSHAKE}
        +0.1 > P. 1:11(10) ack 1
        +0.1 < .  1:1(0) ack 11
        +0.1 < .  1:1(0) ack 21
        +0.1 < .  1:1(0) ack 21
        +0.1 > P. 21:31(10) ack 1
        +0.1 < .  1:1(0) ack 31
      `),
    ).toBe('S1 ShADaG');
  });

  test('a hole that is filled before its acknowledgment is no G', () => {
    expect(
      zeek(exchange`${HANDSHAKE}
        +0.1 > P. 11:21(10) ack 1
        +0.1 > P. 1:11(10) ack 1
        +0.1 < .  1:1(0) ack 21
      `),
    ).toBe('S1 ShADTa');
  });

  test('the acknowledgment of a FIN is no gap, that of what is missing before it is', () => {
    expect(
      zeek(exchange`${HANDSHAKE}
        +0.1 < F. 101:101(0) ack 1
        +0.1 > .  1:1(0) ack 102
      `),
    ).toBe('S3 ShAfg');
  });

  test('connections without a whole handshake have no gaps', () => {
    expect(
      zeek(exchange`
        +0   > P. 1:11(10) ack 1
        +0.1 < .  1:1(0) ack 11
        +0.1 < .  1:1(0) ack 21
      `),
    ).toBe('OTH Da');
  });
});

describe('a wrong checksum', () => {
  test('is C when the segment is sent again', () => {
    expect(
      zeek(exchange`${HANDSHAKE}
        +0.1 > P. 1:11(10) ack 1 badsum
        +0.1 > P. 1:11(10) ack 1
        +0.1 < .  1:1(0) ack 11
      `),
    ).toBe('S1 ShACDa');
  });

  test('says nothing when the segment is acknowledged: it arrived', () => {
    expect(
      zeek(exchange`${HANDSHAKE}
        +0.1 > P. 1:11(10) ack 1 badsum
        +0.1 < .  1:1(0) ack 11
      `),
    ).toBe('S1 ShADa');
  });

  test('says nothing of a segment that is longer than any on the wire', () => {
    expect(
      zeek(exchange`
        +0     > S  0:0(0) <mss 1460>
        +0.010 < S. 0:0(0) ack 1 <mss 1460>
        +0     > .  1:1(0) ack 1
        +0.1   > P. 1:2921(2920) ack 1 badsum
      `),
    ).toBe('S1 ShAD');
  });
});

describe('states', () => {
  test.each([
    ['S0 S', '+0 > S 0:0(0)'],
    ['REJ Sr', '+0 > S 0:0(0)\n+0 < R. 0:0(0) ack 1'],
    ['RSTOS0 SR', '+0 > S 0:0(0)\n+0 > R 1:1(0)'],
    ['SH SF', '+0 > S 0:0(0)\n+1 > F. 1:1(0) ack 1'],
    ['S1 ShA', HANDSHAKE],
    ['RSTO ShAR', `${HANDSHAKE}\n+1 > R. 1:1(0) ack 1`],
    ['RSTR ShAr', `${HANDSHAKE}\n+1 < R. 1:1(0) ack 1`],
    ['S2 ShAF', `${HANDSHAKE}\n+1 > F. 1:1(0) ack 1`],
    ['S3 ShAf', `${HANDSHAKE}\n+1 < F. 1:1(0) ack 1`],
    ['OTH R', '+0 > R 0:0(0)'],
    ['OTH Dd', '+0 > P. 1:11(10) ack 1\n+0 < P. 1:11(10) ack 11'],
    ['SF DFf', '+0 > P. 1:11(10) ack 1\n+0 > F. 11:11(0) ack 1\n+0 < F. 1:1(0) ack 12'],
    ['RSTRH Ar', '+0 > . 1:1(0) ack 1\n+0 < R 1:1(0)'],
  ])('%s', (expected, script) => {
    expect(zeek(exchange`${script}`)).toBe(expected);
  });

  test('FIN, RST, FIN is an ordinary end', () => {
    expect(
      zeek(exchange`${HANDSHAKE}
        +0.1 > F. 1:1(0) ack 1
        +0.1 > R. 2:2(0) ack 1
        +0.1 < F. 1:1(0) ack 2
      `),
    ).toBe('SF ShAFRf');
  });
});

describe('who is the originator', () => {
  test("without a SYN, the sender, unless its port is a likely server's: then ^", () => {
    expect(zeek(exchange`+0 < P. 1:11(10) ack 1`)).toBe('OTH ^d');
    expect(zeek(exchange`+0 < P. 1:11(10) ack 1`, { serverPort: 50000 })).toBe('OTH D');
    expect(zeek(exchange`+0 < P. 1:11(10) ack 1`, { serverPort: 80, clientPort: 8080 })).toBe('OTH ^d');
    expect(zeek(exchange`+0 > P. 1:11(10) ack 1`, { serverPort: 80, clientPort: 8080 })).toBe('OTH D');
  });

  test('a SYN+ACK that nobody follows up on may be a scan: its sender stays the originator', () => {
    expect(zeek(exchange`+0 < S. 0:0(0) ack 1`, { serverPort: 50000 })).toBe('OTH H');
    expect(
      zeek(
        exchange`
          +0 < S. 0:0(0) ack 1
          +0 > R  1:1(0)
        `,
        { serverPort: 50000 },
      ),
    ).toBe('REJ Hr');
  });

  test('a SYN+ACK that an ACK or data follows was an answer', () => {
    const script = exchange`
      +0   < S. 0:0(0) ack 1
      +0   > .  1:1(0) ack 1
      +0.1 > P. 1:11(10) ack 1
      +0.1 < P. 1:11(10) ack 11
    `;
    expect(zeek(script, { serverPort: 50000 })).toBe('S1 ^hADd');
    expect(zeek(script)).toBe('S1 ^hADd');
  });

  test('a server alone', () => {
    expect(
      zeek(exchange`
        +0   < S. 0:0(0) ack 1
        +0.1 < .  1:1(0) ack 11
        +0.1 < P. 1:11(10) ack 11
        +0.1 < F. 11:11(0) ack 12
      `),
    ).toBe('SHR ^hadf');
  });
});

describe('where Zeek ends a connection, and the flow goes on', () => {
  test('a SYN that nobody has answered for five seconds is forgotten', () => {
    expect(
      zeek(exchange`
        +0    > S  0:0(0)
        +1    > S  0:0(0)
        +6    > S  0:0(0)
        +0.01 < S. 0:0(0) ack 1
        +0    > .  1:1(0) ack 1
      `),
    ).toBe('S1 ShA');
    expect(
      zeek(exchange`
        +0 > S  0:0(0)
        +1 > .  1:1(0) ack 1
        +5 > P. 1:11(10) ack 1
      `),
    ).toBe('OTH D');
  });

  test('what comes five seconds after the close, or after five minutes of silence, is not written', () => {
    expect(
      zeek(exchange`${HANDSHAKE}
        +1 < R. 1:1(0) ack 1
        +4 > P. 1:11(10) ack 1
        +2 > R  1:1(0)
      `),
    ).toBe('RSTR ShArD');
    const late = exchange`${HANDSHAKE}
      +300 > P. 1:11(10) ack 1
    `;
    expect(zeek(late)).toBe('S1 ShA');
    expect(zeek(late, { serverPort: 22 })).toBe('S1 ShAD');
  });

  test('a SYN sent again after it was refused is another connection to Zeek', () => {
    expect(
      zeek(exchange`
        +0   > S  0:0(0)
        +0   < R. 0:0(0) ack 1
        +0.5 > S  0:0(0)
        +0   < R. 0:0(0) ack 1
      `),
    ).toBe('REJ Sr');
  });

  test('a SYN that crosses the first one is another connection to Zeek, unless both have one sequence number', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.001 < S  0:0(0)
      +0.010 > S. 0:0(0) ack 1
      +0.001 < S. 0:0(0) ack 1
      +0.010 > P. 1:11(10) ack 1
      +0.010 < .  1:1(0) ack 11
    `;
    expect(zeek(script, { clientIsn: 1000, serverIsn: 2000 })).toBe('S0 S');
    expect(zeek(script, { clientIsn: 2000, serverIsn: 1000 })).toBe('S0 S');
    expect(zeek(script, { clientIsn: 0x9000_0000, serverIsn: 1000 })).toBe('S0 S');
    expect(zeek(script, { clientIsn: 1000, serverIsn: 1000 })).toBe('S1 SsDa');
  });

  test('a new connection on the ports has a history of its own', () => {
    const flows = analyzeFlows(exchange`${HANDSHAKE}
      +0.1 > R. 1:1(0) ack 1
      +1   > S  5000:5000(0)
    `);
    expect(flows.map((flow) => flow.history)).toEqual(['ShAR', 'S']);
  });
});
