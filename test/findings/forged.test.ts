import { describe, expect, test } from 'vitest';
import { exchange } from '../exchange.ts';
import { codesOf, OPEN, TALK, theFinding } from './codes.ts';

describe('reset-forged', () => {
  test('an alert with two signs: TTL, and a sender that goes on', () => {
    const script = exchange`${TALK}
      +0.010 < R  21:21(0) win 0 ttl 50
      +0.200 < P. 21:41(20) ack 11
    `;
    expect(theFinding('reset-forged', script)).toMatchObject({ severity: 'alert', confidence: 'likely' });
  });

  test('a notice, only possible, with the TTL alone', () => {
    const script = exchange`${TALK}
      +0.010 < R  21:21(0) win 0 ttl 50
    `;
    expect(theFinding('reset-forged', script)).toMatchObject({ severity: 'notice', confidence: 'possible' });
  });

  test('not where its sender has both TTLs: more than one way leads from it', () => {
    const script = exchange`${TALK}
      +0.010 < P. 21:41(20) ack 11 ttl 61
      +0     > .  11:11(0)  ack 41
      +0.010 < P. 41:61(20) ack 11 ttl 64
      +0     > .  11:11(0)  ack 61
      +0.010 < R  61:61(0)  win 0 ttl 61
    `;
    expect(codesOf(script)).not.toContain('reset-forged');
  });

  test('not where a kernel replies with its default TTL from as many hops away', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 < S. 0:0(0) ack 1 ttl 245
      +0.010 > .  1:1(0) ack 1
      +0.010 > P. 1:11(10) ack 1
      +0.010 < R  1:1(0) win 0 ttl 54
    `;
    expect(codesOf(script)).not.toContain('reset-forged');
  });
});

describe('reset-train', () => {
  test('RSTs whose numbers nothing explains', () => {
    const script = exchange`${TALK}
      +0.010 < R. 21:21(0) ack 11
      +0.001 < R. 1481:1481(0) ack 11
      +0.001 < R. 4401:4401(0) ack 11
    `;
    expect(codesOf(script)).toContain('reset-train');
  });

  test('windows that count', () => {
    const script = exchange`${TALK}
      +0.010 < R. 21:21(0) ack 11 win 1980
      +0.001 < R. 21:21(0) ack 11 win 1981
      +0.001 < R. 21:21(0) ack 11 win 1982
    `;
    expect(theFinding('reset-train', script)).toMatchObject({ values: { windowStep: 1 } });
  });

  test('not replies to several segments', () => {
    const script = exchange`${TALK}
      +0.010 > P. 11:21(10) ack 21
      +0     > P. 21:31(10) ack 21
      +0.010 < R  21:21(0) win 0
      +0     < R  21:21(0) win 0
    `;
    expect(codesOf(script)).not.toContain('reset-train');
  });

  test('not replies to ACKs that are missing or captured late', () => {
    const script = exchange`${TALK}
      +0.010 < P. 21:41(20) ack 11
      +0     < P. 41:61(20) ack 11
      +0.001 < R. 61:61(0)  ack 11
      +0.010 < R  41:41(0)  win 0
      +0     > .  11:11(0)  ack 41
      +0     < R  51:51(0)  win 0    // in answer to an ACK that is missing
      +0     < R  61:61(0)  win 0
    `;
    expect(codesOf(script)).not.toContain('reset-train');
  });

  test('not replies to ACKs that stand before a RST without one', () => {
    const script = exchange`${TALK}
      +0.010 < P. 21:121(100)  ack 11
      +0     < P. 121:221(100) ack 11
      +0     > .  11:11(0)     ack 121
      +0     > .  11:11(0)     ack 221
      +0     > R. 11:11(0)     ack 221
      +0.010 < P. 221:321(100) ack 11
      +0     > R  11:11(0)     win 0
      +0.010 < R  121:121(0)   win 0
      +0     < R  221:221(0)   win 0
    `;
    expect(codesOf(script)).not.toContain('reset-train');
  });
});

describe('syn-ack-after-reset', () => {
  test('the server accepts what a RST had refused', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.002 < R. 256:256(0) ack 1 win 0
      +0.010 < S. 0:0(0) ack 1
    `;
    expect(codesOf(script)).toContain('syn-ack-after-reset');
  });

  test('not after the SYN was sent again', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.002 < R. 256:256(0) ack 1 win 0
      +1     > S  0:0(0)
      +0.010 < S. 0:0(0) ack 1
    `;
    expect(codesOf(script)).not.toContain('syn-ack-after-reset');
  });
});

describe('checksum-bad', () => {
  test('only possible where its octets are acknowledged, and were not sent again', () => {
    const got = exchange`${TALK}
      +0.010 > P. 11:21(10) ack 21 badsum
      +0.010 < P. 21:31(10) ack 21
      +0.010 > .  21:21(0) ack 31
    `;
    expect(theFinding('checksum-bad', got)).toMatchObject({ confidence: 'possible' });
    const resent = exchange`${TALK}
      +0.010 > P. 11:21(10) ack 21 badsum
      +0.200 > P. 11:21(10) ack 21
      +0.010 < P. 21:31(10) ack 21
      +0.010 > .  21:21(0) ack 31
    `;
    expect(theFinding('checksum-bad', resent)).toMatchObject({ confidence: 'certain' });
  });

  test('of a host that has sent good ones', () => {
    const script = exchange`${TALK}
      +0.010 < P. 21:41(20) ack 11 badsum
    `;
    expect(codesOf(script)).toEqual(['checksum-bad']);
  });

  test('not of a host that has not: it leaves them to its card', () => {
    const script = exchange`
      +0     > S  0:0(0) badsum
      +0.010 < S. 0:0(0) ack 1
      +0.010 > .  1:1(0) ack 1 badsum
    `;
    expect(codesOf(script)).toEqual([]);
  });
});

describe('ack-of-unsent', () => {
  test('the other end goes on and never gets there', () => {
    const script = exchange`${TALK}
      +0.010 < .  21:21(0) ack 5000
      +0.010 > P. 11:21(10) ack 21
      +0.010 < .  21:21(0) ack 21
      +0.010 > P. 21:31(10) ack 21
      +0.010 < .  21:21(0) ack 31
    `;
    expect(theFinding('ack-of-unsent', script)).toMatchObject({ values: { by: 'server' } });
    expect(codesOf(script)).not.toContain('capture-gap');
  });

  test('capture-gap instead where it went on from there', () => {
    const script = exchange`${TALK}
      +0.010 < .  21:21(0) ack 1011
      +0.010 > P. 1011:1021(10) ack 21
      +0.010 < .  21:21(0) ack 1021
    `;
    expect(codesOf(script)).toEqual(['capture-gap']);
    expect(theFinding('capture-gap', script)).toMatchObject({ values: { by: 'client', octets: 1000 } });
  });
});

describe('overlap-conflict, data-injected', () => {
  const twice = (first: string, second: string) => exchange`${OPEN}
    +0.010 > P. 1:11(10) ack 1
    +0.010 < .  1:1(0) ack 11 id 500
    +0.002 < P. 1:101(100) ack 11 ${first}
    +0     > .  11:11(0) ack 101
    +0.008 < P. 1:201(200) ack 11 ${second}
    +0     > .  11:11(0) ack 201
  `;

  test('an answer that another host made up, and the true one after it', () => {
    const script = twice('ttl 50 id 9000 octets x', 'id 501 octets y');
    expect(theFinding('overlap-conflict', script)).toMatchObject({
      severity: 'alert',
      confidence: 'certain',
      frames: [6, 8],
      values: { by: 'server', segments: 1 },
    });
    expect(theFinding('data-injected', script)).toMatchObject({ severity: 'alert', confidence: 'likely', frame: 6 });
    expect(theFinding('data-injected', script).values.signs).toContain('TTL 50 where its sender has 64');
  });

  test('the true answer may come first', () => {
    expect(theFinding('data-injected', twice('ttl 63 octets y', 'ttl 50 octets x')).frame).toBe(8);
  });

  test('no word about an injection where both came the same way', () => {
    const codes = codesOf(twice('ttl 50 octets x', 'ttl 50 octets y'));
    expect(codes).toContain('overlap-conflict');
    expect(codes).not.toContain('data-injected');
  });

  test('a timestamp from before betrays it as well', () => {
    const script = exchange`
      +0     > S  0:0(0) <TS 10 0>
      +0.010 < S. 0:0(0) ack 1 <TS 700000 10>
      +0.010 > .  1:1(0) ack 1 <TS 30 700000>
      +0.010 > P. 1:11(10) ack 1 <TS 40 700000>
      +0.010 < P. 1:21(20) ack 11 <TS 3 3> ttl 63 octets x
      +0.010 < P. 1:21(20) ack 11 <TS 700040 40> octets y
    `;
    expect(theFinding('data-injected', script)).toMatchObject({ frame: 5 });
  });

  test('not a repeat that says the same, whatever its TTL', () => {
    expect(codesOf(twice('ttl 50', ''))).not.toContain('overlap-conflict');
  });

  test('not the same numbers much later: a capture may have lost a whole round of them', () => {
    const script = exchange`${TALK}
      +0.010 < P. 4000000:4000100(100) ack 11 octets x
      +20    < P. 1000000:1000100(100) ack 11 octets x
      +20    < P. 4000000:4000100(100) ack 11 octets y
    `;
    expect(codesOf(script)).not.toContain('overlap-conflict');
  });

  test('not octets that were damaged', () => {
    expect(codesOf(twice('ttl 50 octets x badsum', 'octets y'))).not.toContain('overlap-conflict');
  });

  test("not a keep-alive's octet", () => {
    const script = exchange`${TALK}
      +60 > .  10:11(1) ack 21 octets x
      +0  < .  21:21(0) ack 11
      +60 > .  10:11(1) ack 21 octets y
      +0  < .  21:21(0) ack 11
    `;
    expect(codesOf(script)).not.toContain('overlap-conflict');
  });
});

describe('challenge-ack-burst', () => {
  const probes = (count: number, seconds: number, probe: (i: number) => string) =>
    exchange`${TALK}
      ${Array.from({ length: count }, (_, i) => `+${seconds} > ${probe(i)}\n+0.001 < . 21:21(0) ack 11`).join('\n')}
    `;

  test('RSTs all over the window, each challenged', () => {
    const script = probes(12, 0.02, (i) => `R ${1000 + i * 100}:${1000 + i * 100}(0)`);
    expect(theFinding('challenge-ack-burst', script)).toMatchObject({
      severity: 'warning',
      values: { by: 'server', acks: 12 },
    });
  });

  test('not where they are as far apart as Linux makes them', () => {
    const script = probes(12, 0.5, (i) => `R ${1000 + i * 100}:${1000 + i * 100}(0)`);
    expect(codesOf(script)).not.toContain('challenge-ack-burst');
  });

  test('not ACKs of new payload that stand behind such RSTs', () => {
    const script = exchange`${TALK}
      ${Array.from({ length: 12 }, (_, i) => {
        const [from, to] = [11 + i * 100, 111 + i * 100];
        return `+0.02 > P. ${from}:${to}(100) ack 21\n+0 > R ${to + 5000}:${to + 5000}(0)\n+0.001 < . 21:21(0) ack ${to}`;
      }).join('\n')}
    `;
    expect(codesOf(script)).not.toContain('challenge-ack-burst');
  });

  test('not duplicate ACKs', () => {
    const script = probes(12, 0.02, (i) => `P. ${1011 + i * 100}:${1111 + i * 100}(100) ack 21`);
    expect(codesOf(script)).not.toContain('challenge-ack-burst');
  });
});

describe('ack-storm', () => {
  /** The client's octets 11 to 21 are an intruder's. */
  const desynchronised = (count: number, seconds: number) => exchange`${TALK}
    +0.010 > P. 11:21(10) ack 21
    +0.001 < .  21:21(0) ack 21
    ${Array.from({ length: count }, () => `+${seconds} > . 11:11(0) ack 21\n+${seconds} < . 21:21(0) ack 21`).join('\n')}
  `;

  test('ends that answer each other without end', () => {
    const finding = theFinding('ack-storm', desynchronised(15, 0.001));
    expect(finding).toMatchObject({ severity: 'alert', confidence: 'certain', frame: 9, values: { acks: 30 } });
  });

  test('not as slowly as keep-alives come', () => {
    expect(codesOf(desynchronised(15, 0.1))).not.toContain('ack-storm');
  });

  test('not as fast as nobody answers', () => {
    expect(codesOf(desynchronised(15, 0.000001))).not.toContain('ack-storm');
  });

  test('not duplicate ACKs, which go one way', () => {
    const script = exchange`${TALK}
      +0.010 > P. 111:211(100) ack 21
      ${Array.from({ length: 30 }, (_, i) => `+0.001 < . 21:21(0) ack 11\n+0 > P. ${211 + i * 100}:${311 + i * 100}(100) ack 21`).join('\n')}
    `;
    expect(codesOf(script)).not.toContain('ack-storm');
  });
});

describe('ttl-shift', () => {
  const withTtls = (...ttls: number[]) =>
    exchange`${TALK}
      ${ttls.map((ttl, i) => `+0.010 > P. ${11 + i * 10}:${21 + i * 10}(10) ack 21 ttl ${ttl}`).join('\n')}
    `;
  test('it changes and stays', () => {
    const found = codesOf(withTtls(60, 60, 60), { info: true });
    expect(found).toContain('ttl-shift');
  });

  test('not where it comes and goes', () => {
    expect(codesOf(withTtls(60, 64, 60, 60), { info: true })).not.toContain('ttl-shift');
  });
});

test('timestamp-missing: agreed, and left out', () => {
  const script = exchange`
    +0     > S  0:0(0) <TS 10 0>
    +0.010 < S. 0:0(0) ack 1 <TS 20 10>
    +0.010 > .  1:1(0) ack 1 <TS 11 20>
    +0.010 > P. 1:11(10) ack 1 <TS 12 20>
    +0.010 < .  1:1(0) ack 11 <TS 21 12>
    +0.010 < F. 1:1(0) ack 11
    +0.300 < F. 1:1(0) ack 11
  `;
  expect(codesOf(script)).toContain('timestamp-missing');
});
