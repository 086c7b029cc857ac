import { describe, expect, test } from 'vitest';
import { exchange } from '../exchange.ts';
import { codesOf, TALK, theFinding } from './codes.ts';

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
