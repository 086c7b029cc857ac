import { describe, expect, test } from 'vitest';
import { Scene } from '../across/scene.ts';
import { analyzeRecords, exchange, recordsOf } from '../exchange.ts';
import { causeOf, codesOf, findingsOf, OPEN, TALK, theFinding } from './codes.ts';

test('an ordinary connection has nothing remarkable', () => {
  const script = exchange`${TALK}
    +0.010 > F. 11:11(0) ack 21
    +0.010 < F. 21:21(0) ack 12
    +0.010 > .  12:12(0) ack 22
  `;
  expect(findingsOf(script)).toEqual([]);
});

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
      values: { times: 2, spacingMs: [1000, 2000] },
      filter: 'frame.number in {1, 2, 3}',
      message: expect.stringMatching(/^The client sent its SYN again twice, 1000, 2000 ms apart\. /),
    });
  });

  test('a warning from the third repeat on', () => {
    const script = exchange`
      +0 > S  0:0(0)
      +1 > S  0:0(0)
      +1 > S  0:0(0)
      +1 > S  0:0(0)
    `;
    expect(theFinding('syn-retransmitted', script)).toMatchObject({ severity: 'warning', values: { times: 3 } });
  });

  test("not of a mirror port's copy", () => {
    const script = exchange`
      +0      > S  0:0(0) id 7
      +0.0001 > S  0:0(0) id 7
      +0.010  < S. 0:0(0) ack 1
      +0      > .  1:1(0) ack 1
    `;
    expect(codesOf(script)).toEqual([]);
  });
});

describe('syn-unanswered', () => {
  const syns = exchange`
    +0 > S  0:0(0)
    +1 > S  0:0(0)
  `;
  /** Records of another connection, so that the capture goes on. */
  const later = (seconds: number) => recordsOf(exchange`+${seconds} > S. 0:0(0) ack 1`, { clientPort: 50000 });

  test('no answer, and the capture goes on for 3 s', () => {
    const [flow] = analyzeRecords([...recordsOf(syns), ...later(4.5)]);
    expect(flow!.findings.map(({ code }) => code)).toEqual(['syn-unanswered', 'syn-retransmitted']);
    expect(flow!.findings[0]).toMatchObject({ frames: [1, 2], values: { syns: 2, overMs: 1000 } });
  });

  test('not when the capture ends before', () => {
    const [flow] = analyzeRecords([...recordsOf(syns), ...later(3.5)]);
    expect(flow!.findings.map(({ code }) => code)).toEqual(['syn-retransmitted']);
  });

  test('not where the client sends an ACK: it was answered', () => {
    const waits = exchange`
      +0     > S  0:0(0)
      +0.020 > .  1:1(0) ack 1          // the server speaks first
      +0.020 > .  1:1(0) ack 41
    `;
    const [flow] = analyzeRecords([...recordsOf(waits), ...later(5)]);
    expect(flow!.findings.map(({ code }) => code)).not.toContain('syn-unanswered');
  });
});

describe('syn-unanswered, where the capture may show one direction only', () => {
  const SERVER = '10.0.0.80:443';
  /** A SYN that stays alone, at the beginning of a capture of ten seconds. */
  const alone = (client = '10.0.0.1:4000', server = '10.0.0.80:8080') =>
    new Scene().segment(0, client, server, 'S', 100).closed(9.9, '10.9.9.1:4000', '10.9.9.2:80');
  /** A connection of which only the client's segments were captured. */
  const oneWay = (scene: Scene, client = '10.0.0.1:5000', server = SERVER) =>
    scene
      .segment(5, client, server, 'S', 1)
      .segment(5.1, client, server, '.', 2, 100)
      .segment(5.1, client, server, 'P.', 2, 100, 50);
  /** The confidence with which it is said of the SYN that it was not answered; none where nothing is said. */
  const said = (scene: Scene): string | undefined =>
    analyzeRecords(scene.records())
      .find(({ flow }) => flow === 1)
      ?.findings.find(({ code }) => code === 'syn-unanswered')?.confidence;

  test('certain where both directions were captured', () => {
    expect(said(alone())).toBe('certain');
  });

  test('nothing is said where the answers of this server to this client were not captured', () => {
    expect(said(oneWay(alone()))).toBeUndefined();
  });

  test('nor where those of others to this client were not, or of this server to others', () => {
    expect(said(oneWay(alone(), '10.0.0.1:5000', '10.0.0.90:443'))).toBeUndefined();
    expect(said(oneWay(alone(), '10.0.0.2:5000', SERVER))).toBeUndefined();
  });

  test('nor where it began before the capture, and what it acknowledges advances', () => {
    const scene = alone()
      .segment(5, '10.0.0.1:5000', SERVER, '.', 2, 100)
      .segment(5, '10.0.0.1:5000', SERVER, '.', 2, 300);
    expect(said(scene)).toBeUndefined();
  });

  test('possible where those of other hosts were not', () => {
    expect(said(oneWay(alone(), '10.0.0.2:5000', '10.0.0.90:443'))).toBe('possible');
  });

  test('nothing at all where no connection was captured in both directions, and one in one', () => {
    const scene = new Scene().segment(0, '10.0.0.1:4000', '10.0.0.80:8080', 'S', 100);
    oneWay(scene, '10.0.0.2:5000', '10.0.0.90:443').segment(9, '10.0.0.2:5000', '10.0.0.90:443', '.', 52, 200);
    expect(said(scene)).toBeUndefined();
  });

  test('certain again where only the SYN+ACK was missed, and the server is heard later', () => {
    const scene = oneWay(alone()).segment(5.2, SERVER, '10.0.0.1:5000', 'P.', 100, 52, 10);
    expect(said(scene)).toBe('certain');
  });

  test('likely where nothing shows that the capture sees answers', () => {
    const scene = new Scene()
      .segment(0, '10.0.0.1:4000', '10.0.0.80:8080', 'S', 100)
      .each(6, (all, i) => all.segment(2 + i, '10.0.0.1:5000', SERVER, 'S', 1));
    expect(said(scene)).toBe('likely');
  });

  test('the listener is not blamed either', () => {
    const scene = new Scene()
      .segment(0, '10.0.0.1:4000', SERVER, 'S', 100)
      .segment(1, '10.0.0.1:4000', SERVER, 'S', 100)
      .closed(0.5, '10.9.9.1:4000', SERVER)
      .segment(6, '10.9.9.1:4001', '10.9.9.2:80', 'S', 1);
    const codes = (records: ReturnType<Scene['records']>) =>
      analyzeRecords(records).flatMap(({ findings }) => findings.map(({ code }) => code));
    expect(codes(scene.records())).toContain('syn-dropped-by-listener');
    expect(codes(oneWay(scene).records())).not.toContain('syn-dropped-by-listener');
  });
});

describe('syn-ack-lost', () => {
  test('the SYN again, long after the SYN+ACK', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 < S. 0:0(0) ack 1
      +1     > S  0:0(0)
      +0     < S. 0:0(0) ack 1
      +0.010 > .  1:1(0) ack 1
    `;
    expect(codesOf(script)).toContain('syn-ack-lost');
  });

  test('not where they crossed', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +1     < S. 0:0(0) ack 1
      +0.005 > S  0:0(0)
      +0.010 > .  1:1(0) ack 1
    `;
    expect(codesOf(script)).not.toContain('syn-ack-lost');
  });
});

describe('a SYN+ACK that is repeated after its ACK', () => {
  test('final-ack-lost: once, and then the handshake completes', () => {
    const script = exchange`${OPEN}
      +1     < S. 0:0(0) ack 1
      +0.010 > .  1:1(0) ack 1
      +1     > P. 1:11(10) ack 1
      +0.010 < .  1:1(0) ack 11
    `;
    expect(codesOf(script)).toEqual(['final-ack-lost', 'syn-ack-retransmitted']);
  });

  test('defer-accept: again and again, until the client sends data', () => {
    const script = exchange`${OPEN}
      +1     < S. 0:0(0) ack 1
      +0.010 > .  1:1(0) ack 1
      +2     < S. 0:0(0) ack 1
      +0.010 > .  1:1(0) ack 1
      +1     > P. 1:11(10) ack 1
      +0.010 < .  1:1(0) ack 11
    `;
    expect(codesOf(script, { info: true })).toContain('defer-accept');
    expect(codesOf(script)).not.toContain('final-ack-lost');
  });

  test('accept-queue-full: although the client has sent data, which is not acknowledged', () => {
    const script = exchange`${OPEN}
      +0     > P. 1:11(10) ack 1
      +1     < S. 0:0(0) ack 1
      +0.010 > .  11:11(0) ack 1
      +2     < S. 0:0(0) ack 1
      +0.010 > .  11:11(0) ack 1
    `;
    expect(theFinding('accept-queue-full', script)).toMatchObject({ confidence: 'likely', values: { times: 2 } });
  });

  test('nothing of the kind when SYN+ACK and ACK crossed', () => {
    const script = exchange`${OPEN}
      +0.005 < S. 0:0(0) ack 1
      +0.010 > P. 1:11(10) ack 1
      +0.010 < .  1:1(0) ack 11
    `;
    expect(codesOf(script)).toEqual(['syn-ack-retransmitted']);
  });
});

describe('handshake-half-open', () => {
  const script = exchange`
    +0     > S  0:0(0)
    +0.010 < S. 0:0(0) ack 1
    +1     < S. 0:0(0) ack 1
    +2     < S. 0:0(0) ack 1
  `;
  test('no ACK within 3 s of the SYN+ACK', () => {
    expect(theFinding('handshake-half-open', script)).toMatchObject({ frame: 2, values: { givenUp: false } });
  });

  test('not when the capture ends before', () => {
    expect(codesOf(script.slice(0, 3))).toEqual(['syn-ack-retransmitted']);
  });

  test('nor when a RST ends it', () => {
    const reset = exchange`+0.010 > R 1:1(0) win 0`;
    expect(codesOf([...script, ...reset])).not.toContain('handshake-half-open');
    expect(causeOf([...script, ...reset])).toBe('handshake-aborted-by-client');
  });

  test('nor where the clock was set back, and the time is not over since', () => {
    const before = recordsOf(exchange`+10 > S 0:0(0)`, { clientPort: 40511 });
    const after = recordsOf([...script.slice(0, 2), ...exchange`+1 < S. 0:0(0) ack 1`]);
    const flow = analyzeRecords([...before, ...after]).at(-1);
    expect(flow?.findings.map(({ code }) => code)).not.toContain('handshake-half-open');
  });

  test('nor where the clock stepped before the time was over', () => {
    const elsewhere = recordsOf(exchange`+200000 > S 0:0(0)`, { clientPort: 40511 });
    const [flow] = analyzeRecords([...recordsOf(script.slice(0, 2)), ...elsewhere]);
    expect(flow?.findings.map(({ code }) => code)).not.toContain('handshake-half-open');
  });
});

describe('handshake-refused', () => {
  test('a RST that acknowledges the SYN', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 < R. 256:256(0) ack 1 win 0
    `;
    expect(codesOf(script)).toEqual(['handshake-refused']);
    expect(causeOf(script)).toBe('handshake-refused');
  });

  test('not a RST that acknowledges something else', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 < R. 256:256(0) ack 77 win 0
      +0.010 < S. 0:0(0) ack 1
      +0.010 > .  1:1(0) ack 1
    `;
    expect(codesOf(script)).not.toContain('handshake-refused');
  });
});

test('syn-ack-bad-ack: a SYN+ACK of another number', () => {
  const script = exchange`
    +0     > S  0:0(0)
    +0.010 < S. 0:0(0) ack 500
    +0     > R  500:500(0) win 0
  `;
  expect(codesOf(script)).toEqual(['syn-ack-bad-ack']);
});

test('not the SYN+ACK of a later connection on the same ports, whose SYN was not captured', () => {
  const script = exchange`${TALK}
    +0.010 > F. 11:11(0) ack 21
    +0.010 < F. 21:21(0) ack 12
    +0.010 > .  12:12(0) ack 22
    +5     < S. 90000:90000(0) ack 70001
    +0.010 > .  70001:70001(0) ack 90001
  `;
  expect(codesOf(script)).not.toContain('syn-ack-bad-ack');
});

describe('syn-answered-by-ack', () => {
  test('a bare ACK of another connection', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 < .  900:900(0) ack 700
      +0     > R  700:700(0) win 0
    `;
    expect(codesOf(script)).toEqual(['syn-answered-by-ack']);
    // It may be of this one, if the capture missed what lies between.
    expect(theFinding('syn-answered-by-ack', script).confidence).toBe('possible');
  });

  test('a bare ACK of far away', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 < .  900:900(0) ack 70000000
      +0     > R  70000000:70000000(0) win 0
    `;
    expect(theFinding('syn-answered-by-ack', script).confidence).toBe('certain');
  });

  test('also where the SYN that follows the RST succeeds', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 < .  900:900(0) ack 700
      +0     > R  700:700(0) win 0
      +1     > S  0:0(0)
      +0.010 < S. 5000:5000(0) ack 1
      +0.010 > .  1:1(0)     ack 5001
    `;
    expect(codesOf(script)).toContain('syn-answered-by-ack');
  });

  test('not an ACK of this SYN', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 < .  1:1(0) ack 1
    `;
    expect(codesOf(script)).not.toContain('syn-answered-by-ack');
  });

  test('not an ACK of what followed the SYN, where the SYN+ACK was not captured', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.020 > P. 1:11(10) ack 1
      +0.010 < .  1:1(0)   ack 11
      +3     > F. 11:11(0) ack 1
    `;
    expect(codesOf(script)).not.toContain('syn-answered-by-ack');
    expect(codesOf(script)).not.toContain('syn-unanswered');
  });

  test('nor where that was not captured either: the client goes on as if all was well', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.030 < .  1:1(0)   ack 11   // SYN+ACK and request are missing
      +0.010 < P. 1:21(20) ack 11
      +0.010 > .  11:11(0) ack 21
      +5     < P. 21:41(20) ack 11
      +0     > R  11:11(0) win 0
    `;
    expect(codesOf(script)).not.toContain('syn-answered-by-ack');
    expect(codesOf(script.slice(0, 2))).not.toContain('syn-answered-by-ack');
    const resetLater = exchange`
      +0     > S  0:0(0)
      +0.020 > .  1:1(0)     ack 1    // SYN+ACK is missing
      +0.010 < .  2001:2001(0) ack 11 // request and answer are missing
      +0     > R  11:11(0) win 0
    `;
    expect(codesOf(resetLater)).not.toContain('syn-answered-by-ack');
  });
});

test('syn-ack-isn-changed: two answers with different numbers', () => {
  const script = exchange`
    +0     > S  0:0(0)
    +0.010 < S. 0:0(0) ack 1
    +0.001 < S. 5000:5000(0) ack 1
    +0.010 > .  1:1(0) ack 5001
  `;
  expect(codesOf(script)).toContain('syn-ack-isn-changed');
});

describe('two SYNs', () => {
  test('simultaneous-open: they cross, both ends answer SYN+ACK', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.001 < S  0:0(0)
      +0.010 > S. 0:0(0) ack 1
      +0.001 < S. 0:0(0) ack 1
      +0.010 > .  1:1(0) ack 1
    `;
    expect(codesOf(script)).toEqual(['simultaneous-open']);
  });

  test('split-handshake: the server answers with a SYN and never with SYN+ACK', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 < S  0:0(0)
      +0.010 > S. 0:0(0) ack 1
      +0.010 < .  1:1(0) ack 1
      +0.010 > P. 1:11(10) ack 1
    `;
    expect(codesOf(script)).toEqual(['split-handshake']);
  });

  test('split-handshake: it acknowledges the SYN and sends its own afterwards', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 < .  1:1(0) ack 1
      +0.001 < S  0:0(0)
      +0.010 > S. 0:0(0) ack 1
      +0.020 < .  1:1(0) ack 1
    `;
    expect(codesOf(script)).toContain('split-handshake');
  });

  test('not where they cross, and the SYN+ACK of one end was not captured', () => {
    const ends = (crossing: string) => exchange`
      +0     > S  0:0(0)
      +${crossing} < S  0:0(0)
      +0.010 > S. 0:0(0) ack 1          // the server's, 10 ms later, is missing
      +0.020 > .  1:1(0) ack 1
      +0.020 < P. 1:11(10) ack 1
      +0     > .  1:1(0) ack 11
    `;
    for (const script of [ends('0.001'), ends('0')]) {
      expect(codesOf(script)).toEqual(['simultaneous-open']);
      expect(theFinding('simultaneous-open', script).confidence).toBe('possible');
    }
  });

  test('nor where nothing tells how long the SYN took to the server', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.001 < S  0:0(0)
      +0.010 > S. 0:0(0) ack 1
      +0.010 > .  1:1(0) ack 1
      +0.001 > R. 1:1(0) ack 1
    `;
    expect(codesOf(script)).not.toContain('split-handshake');
  });
});

describe('Fast Open', () => {
  test('a request for a cookie', () => {
    const script = exchange`
      +0     > S  0:0(0) <FO >
      +0.010 < S. 0:0(0) ack 1
      +0.010 > .  1:1(0) ack 1
    `;
    expect(codesOf(script, { info: true })).toContain('fast-open-cookie-requested');
  });

  test('used, and refused', () => {
    const used = exchange`
      +0     > S  0:10(10) <FO 0102030405060708>
      +0.010 < S. 0:0(0) ack 11
      +0.010 > .  11:11(0) ack 1
    `;
    expect(codesOf(used, { info: true })).toContain('fast-open-used');
    const refused = exchange`
      +0     > S  0:10(10) <FO 0102030405060708>
      +0.010 < S. 0:0(0) ack 1
      +0.010 > P. 1:11(10) ack 1
    `;
    expect(codesOf(refused)).toContain('fast-open-refused');
  });

  test('no word about the option where the snapshot length cut it off', () => {
    const cut = (script: string): string[] => {
      const records = recordsOf(exchange`${script}`);
      records[0]!.end -= 10 + 8;
      return analyzeRecords(records).flatMap((flow) => flow.findings.map(({ code }) => code));
    };
    const answered = '\n+0.010 < S. 0:0(0) ack 11\n+0.010 > . 11:11(0) ack 1';
    const offered = `+0 > S 0:10(10) <mss 1460,FO 0102030405060708>${answered}`;
    expect(cut(offered).filter((code) => /^syn-data|^fast-open/.test(code))).toEqual([]);
  });

  test('syn-data-no-cookie: payload without the option', () => {
    const script = exchange`
      +0     > S  0:10(10)
      +0.010 < S. 0:0(0) ack 11
      +0.010 > .  11:11(0) ack 1
    `;
    expect(codesOf(script)).toEqual(['syn-data-no-cookie']);
  });
});

describe('syn-ecn-refused', () => {
  test('the SYN without ECN is answered, the one with it was not', () => {
    const script = exchange`
      +0     > SEW 0:0(0)
      +1     > S   0:0(0)
      +0.010 < S.  0:0(0) ack 1
      +0.010 > .   1:1(0) ack 1
    `;
    expect(theFinding('syn-ecn-refused', script)).toMatchObject({ confidence: 'possible' });
  });

  test('not when ECN is simply not taken up', () => {
    const script = exchange`
      +0     > SEW 0:0(0)
      +0.010 < S.  0:0(0) ack 1
      +0.010 > .   1:1(0) ack 1
    `;
    expect(codesOf(script)).toEqual([]);
  });
});

describe('what the SYNs offer', () => {
  test('options-stripped: window scale is missing, SACK and timestamps are there', () => {
    const script = exchange`
      +0     > S  0:0(0) <mss 1460,sackOK,TS 1 0,nop,wscale 7>
      +0.010 < S. 0:0(0) ack 1 <mss 1460,sackOK,TS 1 1>
      +0.010 > .  1:1(0) ack 1 <nop,nop,TS 2 1>
    `;
    expect(theFinding('options-stripped', script)).toMatchObject({
      confidence: 'possible',
      values: { missing: 'window scale' },
    });
  });

  test('not when timestamps or SACK are missing, or all is', () => {
    const windows = exchange`
      +0     > S  0:0(0) <mss 1460,sackOK,TS 1 0,nop,wscale 7>
      +0.010 < S. 0:0(0) ack 1 <mss 1460,nop,wscale 7,sackOK>
      +0.010 > .  1:1(0) ack 1
    `;
    expect(codesOf(windows)).toEqual([]);
    const old = exchange`
      +0     > S  0:0(0) <mss 1460,sackOK,TS 1 0,nop,wscale 7>
      +0.010 < S. 0:0(0) ack 1 <mss 1460>
      +0.010 > .  1:1(0) ack 1
    `;
    expect(codesOf(old)).toEqual([]);
  });

  test('mss-tiny: below 536, not 536 itself', () => {
    const tiny = exchange`
      +0     > S  0:0(0) <mss 535>
      +0.010 < S. 0:0(0) ack 1 <mss 536>
      +0.010 > .  1:1(0) ack 1
    `;
    expect(theFinding('mss-tiny', tiny)).toMatchObject({ values: { by: 'client', mss: 535 } });
  });
});

describe('handshake-slow', () => {
  test('not of days, which a wrong clock explains better', () => {
    const script = exchange`
      +0      > S  0:0(0)
      +259200 < S. 0:0(0) ack 1
      +0.010  > .  1:1(0) ack 1
    `;
    expect(codesOf(script)).not.toContain('handshake-slow');
  });

  test('the half that took more than a second', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +1.5   < S. 0:0(0) ack 1
      +0.010 > .  1:1(0) ack 1
    `;
    expect(theFinding('handshake-slow', script)).toMatchObject({ values: { half: 'SYN to SYN+ACK', tookMs: 1500 } });
  });

  test('the last SYN counts, since it may be the one that is answered', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +1     > S  0:0(0)
      +0.010 < S. 0:0(0) ack 1
      +0.010 > .  1:1(0) ack 1
    `;
    expect(codesOf(script)).toEqual(['syn-retransmitted']);
  });
});

describe('no-payload', () => {
  test('opened and closed', () => {
    const script = exchange`${OPEN}
      +0.010 > F. 1:1(0) ack 1
      +0.010 < F. 1:1(0) ack 2
      +0.010 > .  2:2(0) ack 2
    `;
    expect(codesOf(script, { info: true })).toEqual(['no-payload']);
  });

  test('not where an ACK shows that payload was missed', () => {
    const script = exchange`${OPEN}
      +0.010 < .  1:1(0) ack 101
      +0.010 > F. 101:101(0) ack 1
      +0.010 < F. 1:1(0) ack 102
      +0.010 > .  102:102(0) ack 2
    `;
    expect(codesOf(script, { info: true })).not.toContain('no-payload');
  });
});

describe('flags-illegal', () => {
  test.each(['SF', 'F', 'U'])('a first segment with flags %s', (flags) => {
    const found = codesOf(exchange`+0 > ${flags} 0:0(0)`);
    expect(found).toEqual(flags === 'U' ? [] : ['flags-illegal']);
  });

  test('not of damaged segments', () => {
    const script = exchange`${TALK}
      +0.010 > F 11:11(0) badsum
    `;
    expect(codesOf(script)).toEqual(['checksum-bad']);
  });
});

describe('self-connect', () => {
  const codes = (from: string, to: string) =>
    analyzeRecords(
      new Scene()
        .segment(0, from, to, 'S', 100)
        .segment(0.001, from, to, 'S.', 100, 101)
        .segment(0.002, from, to, '.', 101, 101)
        .records(),
    ).flatMap((flow) => flow.findings.map(({ code }) => code));

  test('a socket that is connected to itself', () => {
    expect(codes('127.0.0.1:40000', '127.0.0.1:40000')).toContain('self-connect');
  });

  test('only possible of a SYN that nothing answers: its source may be forged', () => {
    const [flow] = analyzeRecords(new Scene().segment(0, '10.0.0.1:139', '10.0.0.1:139', 'S', 100).records());
    expect(flow?.findings).toMatchObject([{ code: 'self-connect', confidence: 'possible' }]);
  });

  test('not two sockets of one address', () => {
    expect(codes('127.0.0.1:40000', '127.0.0.1:40001')).not.toContain('self-connect');
  });
});

describe('answers to what nobody asked', () => {
  const codesAt = (time: number, flags: string, ack: number) =>
    analyzeRecords(
      new Scene()
        .closed(0, '10.0.0.1:4000', '10.0.0.80:443')
        .segment(time, '10.0.0.90:80', '10.0.0.1:5000', flags, 7000, ack)
        .records(),
    )[1]!.findings.map(({ code }) => code);

  test('unsolicited-syn-ack: no SYN of the capture can have caused it', () => {
    expect(codesAt(70, 'S.', 8001)).toContain('unsolicited-syn-ack');
  });

  test('unsolicited-reset: it begins with a RST', () => {
    expect(codesAt(70, 'R.', 8001)).toContain('unsolicited-reset');
  });

  test("neither in the capture's first minute: the SYN may have come before it", () => {
    expect(codesAt(30, 'S.', 8001)).not.toContain('unsolicited-syn-ack');
    expect(codesAt(30, 'R.', 8001)).not.toContain('unsolicited-reset');
  });

  test('not an answer to a SYN', () => {
    const codes = analyzeRecords(
      new Scene().closed(0, '10.0.0.1:4000', '10.0.0.80:443').halfOpen(70, '10.0.0.1:5000', '10.0.0.90:80').records(),
    ).flatMap((flow) => flow.findings.map(({ code }) => code));
    expect(codes).not.toContain('unsolicited-syn-ack');
  });
});
