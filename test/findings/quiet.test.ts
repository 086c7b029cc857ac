import { describe, expect, test } from 'vitest';
import { exchange } from '../exchange.ts';
import { codesOf, TALK, theFinding } from './codes.ts';

describe('keep-alive-used', () => {
  test('probes and answers', () => {
    const script = exchange`${TALK}
      +60 > .  10:10(0) ack 21
      +0  < .  21:21(0) ack 11
      +60 > .  10:10(0) ack 21
      +0  < .  21:21(0) ack 11
    `;
    expect(codesOf(script, { info: true })).toContain('keep-alive-used');
  });

  test('one is told in the singular', () => {
    const script = exchange`${TALK}
      +60 > .  10:10(0) ack 21
      +0  < .  21:21(0) ack 11
    `;
    expect(theFinding('keep-alive-used', script).message).toMatch(
      /^The client sent 1 keep-alive, and the server answered\./,
    );
  });

  test('not without answers', () => {
    const script = exchange`${TALK}
      +60 > .  10:10(0) ack 21
    `;
    expect(codesOf(script, { info: true })).not.toContain('keep-alive-used');
  });
});

describe('peer-vanished', () => {
  test('three repeats with growing pauses, and nothing comes back', () => {
    const script = exchange`${TALK}
      +0.1 > P. 11:21(10) ack 21
      +0.2 > P. 11:21(10) ack 21
      +0.4 > P. 11:21(10) ack 21
      +0.8 > P. 11:21(10) ack 21
    `;
    expect(theFinding('peer-vanished', script)).toMatchObject({
      confidence: 'likely',
      values: { by: 'client', times: 3, what: 'its data' },
    });
  });

  test('not when the other end comes back', () => {
    const script = exchange`${TALK}
      +0.1 > P. 11:21(10) ack 21
      +0.2 > P. 11:21(10) ack 21
      +0.4 > P. 11:21(10) ack 21
      +0.8 > P. 11:21(10) ack 21
      +0.1 < .  21:21(0) ack 21
    `;
    expect(codesOf(script)).not.toContain('peer-vanished');
  });

  test('nor where the capture misses what comes back: it is acknowledged', () => {
    const script = exchange`${TALK}
      +0.1 > P. 11:21(10) ack 21
      +0.2 > P. 11:21(10) ack 21
      +0.4 > P. 11:21(10) ack 41
      +0.8 > P. 11:21(10) ack 61
    `;
    expect(codesOf(script)).not.toContain('peer-vanished');
    const quiet = exchange`${TALK}
      +40  > P. 11:21(10) ack 21
      +0.2 > P. 11:21(10) ack 21
      +0.4 > P. 11:21(10) ack 41
    `;
    expect(codesOf(quiet)).not.toContain('idle-drop');
  });
});

describe('idle-drop', () => {
  test('after a long quiet payload is never answered', () => {
    const script = exchange`${TALK}
      +350 > P. 11:21(10) ack 21
      +0.2 > P. 11:21(10) ack 21
      +0.4 > P. 11:21(10) ack 21
    `;
    expect(theFinding('idle-drop', script)).toMatchObject({ values: { quietMs: 350000 } });
  });

  test('or draws a RST from elsewhere', () => {
    const script = exchange`${TALK}
      +350   > P. 11:21(10) ack 21
      +0.002 < R  21:21(0) win 0 ttl 60
    `;
    expect(codesOf(script)).toContain('idle-drop');
  });

  test('not when the RST comes from the same place', () => {
    const script = exchange`${TALK}
      +350   > P. 11:21(10) ack 21
      +0.002 < R  21:21(0) win 0
    `;
    expect(codesOf(script)).not.toContain('idle-drop');
  });
});

describe('server-silent', () => {
  test('the request is acknowledged, never answered, and the client closes', () => {
    const script = exchange`${TALK}
      +1     > P. 11:21(10) ack 21
      +0.010 < .  21:21(0) ack 21
      +31    > F. 21:21(0) ack 21
      +0.010 < F. 21:21(0) ack 22
      +0.010 > .  22:22(0) ack 22
    `;
    expect(theFinding('server-silent', script)).toMatchObject({ confidence: 'likely', values: { waitedMs: 31000 } });
  });

  test('not when the last request was answered', () => {
    const script = exchange`${TALK}
      +31    > F. 11:11(0) ack 21
      +0.010 < F. 21:21(0) ack 12
      +0.010 > .  12:12(0) ack 22
    `;
    expect(codesOf(script)).not.toContain('server-silent');
  });
});

describe('zero-window-stall', () => {
  const stall = (seconds: number) => exchange`${TALK}
    +0.010 > P. 11:21(10) ack 21
    +0.010 < .  21:21(0) ack 21 win 0
    +0.3   > .  20:20(0) ack 21
    +0.010 < .  21:21(0) ack 21 win 0
    +${seconds} < . 21:21(0) ack 21 win 5000
    +0.010 > P. 21:31(10) ack 21
  `;
  test('closed for more than a second, and probed', () => {
    expect(theFinding('zero-window-stall', stall(2))).toMatchObject({ severity: 'warning', values: { by: 'server' } });
    expect(theFinding('zero-window-stall', stall(70))).toMatchObject({ severity: 'alert' });
  });

  test('not for less', () => {
    expect(codesOf(stall(0.5))).not.toContain('zero-window-stall');
  });

  test('nor where new octets are taken: the capture missed when the window opened', () => {
    const script = exchange`${TALK}
      +0.010 > P. 11:21(10) ack 21
      +0.010 < .  21:21(0) ack 21 win 0
      +0.3   > .  20:20(0) ack 21
      +0.010 < .  21:21(0) ack 21 win 0
      +70    > P. 21:31(10) ack 21      // the window update is missing
      +0.010 < .  21:21(0) ack 31 win 5000
    `;
    expect(codesOf(script)).not.toContain('zero-window-stall');
  });
});

describe('path-mtu-blackhole', () => {
  const large = (acked: string) => exchange`${TALK}
    +0.010 > P. 11:1471(1460) ack 21
    +0.3   > P. 11:1471(1460) ack 21
    +0.6   > P. 11:1471(1460) ack 21
    +0.3   < .  20:20(0) ack 11
    +0.9   > P. 11:1471(1460) ack 21
    ${acked}
  `;
  test('only the largest segments are repeated, and the other end is there', () => {
    expect(codesOf(large(''))).toContain('path-mtu-blackhole');
  });

  test('not when one gets through', () => {
    expect(codesOf(large('+0.010 < . 21:21(0) ack 1471'))).not.toContain('path-mtu-blackhole');
  });

  test('nor where as large ones got through before', () => {
    const script = exchange`${TALK}
      +0.010 > .  11:1471(1460)   ack 21
      +0     > .  1471:2931(1460) ack 21
      +0.010 < .  21:21(0) ack 2931
      +0.010 > P. 2931:4391(1460) ack 21
      +0.3   > P. 2931:4391(1460) ack 21
      +0.6   > P. 2931:4391(1460) ack 21
      +0.3   < .  20:20(0) ack 2931
      +0.9   > P. 2931:4391(1460) ack 21
    `;
    expect(codesOf(script)).not.toContain('path-mtu-blackhole');
  });
});

describe('window-shrunk', () => {
  test('the same ACK with less room, and it stays so', () => {
    const script = exchange`${TALK}
      +0.010 < . 21:21(0) ack 11 win 20000
      +0.010 > P. 11:21(10) ack 21
      +0.010 < . 21:21(0) ack 21 win 20000
    `;
    expect(theFinding('window-shrunk', script)).toMatchObject({
      severity: 'notice',
      values: { by: 'server', times: 1, octets: 45535 },
    });
  });

  test('not an old ACK that came late: the next one has the room again', () => {
    const script = exchange`${TALK}
      +0.010 < . 21:21(0) ack 11 win 20000
      +0.010 > P. 11:21(10) ack 21
      +0.010 < . 21:21(0) ack 21 win 65535
    `;
    expect(codesOf(script)).not.toContain('window-shrunk');
  });

  test('not a window that closes while octets come in', () => {
    const script = exchange`${TALK}
      +0.010 > P. 11:1011(1000) ack 21
      +0.010 < . 21:21(0) ack 1011 win 64535
      +0.010 < . 21:21(0) ack 1011 win 64534
      +0.010 < . 21:21(0) ack 1011 win 64535
    `;
    expect(codesOf(script)).not.toContain('window-shrunk');
  });
});

describe('delayed-ack-stall', () => {
  const writes = (wait: number, then: number, length = 10) => {
    let seq = 11;
    const rounds = Array.from({ length: 4 }, () => {
      const [first, second, third] = [seq, seq + length, seq + 2 * length];
      seq = third;
      return `+0.100 > P. ${first}:${second}(${length}) ack 21
        +${wait} < . 21:21(0) ack ${second}
        +${then} > P. ${second}:${third}(${length}) ack 21
        +0.010 < . 21:21(0) ack ${third}`;
    });
    return exchange`${TALK}
      ${rounds.join('\n')}
    `;
  };

  test('a request in two small writes: the second waits for the ACK of the first', () => {
    expect(theFinding('delayed-ack-stall', writes(0.05, 0.001))).toMatchObject({
      severity: 'notice',
      values: { by: 'server', times: 4, waitMs: 40, totalMs: 160 },
    });
  });

  test('in a flow that has nothing else', () => {
    const script = exchange`
      ${TALK}
      +0.100 > P. 11:21(10) ack 21
      +0.050 < .  21:21(0) ack 21
      +0     > P. 21:31(10) ack 21
      +0.050 < .  21:21(0) ack 31
      +0     > P. 31:41(10) ack 21
      +0.050 < .  21:21(0) ack 41
      +0     > P. 41:51(10) ack 21
      +0.010 < .  21:21(0) ack 51
      +0.010 > F. 51:51(0) ack 21
      +0.010 < F. 21:21(0) ack 52
      +0     > .  52:52(0) ack 22
    `;
    expect(codesOf(script)).toEqual(['delayed-ack-stall']);
  });

  test('not where the next segment was not held', () => {
    expect(codesOf(writes(0.05, 0.08))).not.toContain('delayed-ack-stall');
  });

  test('not where the wait is the path', () => {
    expect(codesOf(writes(0.012, 0.001))).not.toContain('delayed-ack-stall');
  });

  test('not of large segments', () => {
    expect(codesOf(writes(0.05, 0.001, 1460))).not.toContain('delayed-ack-stall');
  });
});
