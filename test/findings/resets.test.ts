import { describe, expect, test } from 'vitest';
import { analyzeRecords, exchange, recordsOf } from '../exchange.ts';
import { causeOf, codesOf, OPEN, TALK, theFinding } from './codes.ts';

describe('a RST that does not count', () => {
  test('reset-out-of-window: the connection goes on', () => {
    const script = exchange`${TALK}
      +0.010 < R  999999:999999(0) win 0
      +0.010 > P. 11:21(10) ack 21
      +0.010 < P. 21:41(20) ack 21
      +0.010 > .  21:21(0) ack 41
      +0.010 < .  41:41(0) ack 21
    `;
    expect(codesOf(script)).toEqual(['reset-out-of-window']);
    expect(causeOf(script)).toBeNull();
  });

  test('reset-challenged: within the window, answered by an ACK', () => {
    const script = exchange`${TALK}
      +0.010 < R  1000:1000(0) win 0
      +0     > .  11:11(0) ack 21
      +0.010 < P. 21:41(20) ack 11
      +0     > .  11:11(0) ack 41
    `;
    expect(theFinding('reset-challenged', script)).toMatchObject({ values: { by: 'server', answered: true } });
  });

  test('not a RST ahead of all that was captured, which nobody challenged: the capture missed what is between', () => {
    const script = exchange`${TALK}
      +0.010 < P. 21:41(20) ack 11
      +0.010 > R. 31:31(0) ack 41       // 11:31 is missing
      +0.001 < P. 41:61(20) ack 11      // under way
    `;
    expect(codesOf(script)).not.toContain('reset-challenged');
  });

  test('nor where the ACK behind it covers what was missed', () => {
    const script = exchange`${TALK}
      +0.010 < P. 21:41(20) ack 11
      +0.001 > R  31:31(0) win 0        // 11:31 is missing
      +0.010 < .  41:41(0) ack 31       // of that
      +0.001 > R  32:32(0) win 0
    `;
    expect(codesOf(script)).not.toContain('reset-challenged');
  });

  test('only possible where payload under way may have drawn the ACK', () => {
    const script = exchange`${TALK}
      +0.010 < P. 21:41(20) ack 11
      +0     < R. 61:61(0) ack 11       // 41:61 is missing
      +0.010 > .  11:11(0) ack 21
    `;
    expect(theFinding('reset-challenged', script)).toMatchObject({ confidence: 'possible' });
  });

  test('neither where nothing shows that the connection went on', () => {
    const script = exchange`${TALK}
      +0.010 < R  1000:1000(0) win 0
    `;
    expect(codesOf(script)).toEqual([]);
  });
});

describe('who lives after the RST', () => {
  test('nobody, where the next segment belongs to another connection, whose opening was not captured', () => {
    const script = exchange`${TALK}
      +0.010 > R. 11:11(0) ack 21
      +0.2   < F. 3302125:3302125(0) ack 3306090
      +0     > .  3306090:3306090(0) ack 3302126
    `;
    expect(codesOf(script)).not.toContain('reset-receiver-alive');
  });

  test('reset-sender-alive: it sends new payload a round trip later', () => {
    const script = exchange`${TALK}
      +0.010 > P. 11:21(10) ack 21
      +0.010 < R  21:21(0) win 0
      +0.200 < P. 21:41(20) ack 11
    `;
    expect(theFinding('reset-sender-alive', script)).toMatchObject({ severity: 'alert', confidence: 'likely' });
    expect(causeOf(script)).toBe('reset-sender-alive');
  });

  test('not where the capture begins with the RST: nobody knows whether it was exact', () => {
    const script = exchange`
      +0     > R  5000000:5000000(0) win 0
      +0.100 > P. 1:11(10) ack 1
      +0.010 < P. 1:21(20) ack 11
      +0.010 > F. 11:11(0) ack 21
    `;
    expect(codesOf(script)).not.toContain('reset-sender-alive');
  });

  test('not a segment that was under way', () => {
    const script = exchange`${TALK}
      +0.010 < P. 21:41(20) ack 11
      +0     < R. 61:61(0) ack 11
      +0.001 < P. 41:61(20) ack 11
    `;
    expect(codesOf(script)).not.toContain('reset-sender-alive');
  });

  test('reset-receiver-alive: the other end goes on with new payload', () => {
    const script = exchange`${TALK}
      +0.010 > R. 11:11(0) ack 21
      +0.200 < P. 21:41(20) ack 11
      +0.200 < P. 41:61(20) ack 11
    `;
    expect(codesOf(script)).toContain('reset-receiver-alive');
  });

  test('not one late ACK', () => {
    const script = exchange`${TALK}
      +0.010 > P. 11:21(10) ack 21
      +0     > R. 21:21(0) ack 21
      +0.200 < .  21:21(0) ack 21
    `;
    expect(codesOf(script)).not.toContain('reset-receiver-alive');
  });
});

describe('why: after a FIN', () => {
  test('data-after-close: payload meets a socket that was closed', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.010 < .  21:21(0) ack 12
      +0.100 < P. 21:41(20) ack 12
      +0     > R  12:12(0) win 0
    `;
    expect(causeOf(script)).toBe('data-after-close');
    expect(theFinding('data-after-close', script)).toMatchObject({
      values: { by: 'client', bytes: 20 },
      frames: [7, 9, 10],
    });
  });

  test('fin-wait2-expired: the same after 55 s of quiet', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.010 < .  21:21(0) ack 12
      +60    < P. 21:41(20) ack 12
      +0     > R  12:12(0) win 0
    `;
    expect(causeOf(script)).toBe('fin-wait2-expired');
  });

  test('linger2-abort: at once when the FIN is acknowledged', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.010 < .  21:21(0) ack 12
      +0     > R  12:12(0) win 0
    `;
    expect(causeOf(script)).toBe('linger2-abort');
  });

  test('not linger2-abort when a keep-alive is what it answers', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.010 < .  21:21(0) ack 12
      +45    < .  20:20(0) ack 12
      +0     > R  12:12(0) win 0
    `;
    expect(causeOf(script)).not.toBe('linger2-abort');
  });

  test('reset-by-passive-closer, beside its cause', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.010 < .  21:21(0) ack 12
      +0.010 < R. 21:21(0) ack 12
    `;
    expect(codesOf(script)).toEqual(['reset-by-passive-closer', 'reset-linger-zero']);
  });

  test('reset-after-close: the close was complete', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.010 < F. 21:21(0) ack 12
      +0.010 > .  12:12(0) ack 22
      +0.010 < R  22:22(0) win 0
    `;
    expect(codesOf(script, { info: true })).toEqual(['reset-after-close']);
    expect(causeOf(script)).toBeNull();
  });
});

describe('why: the other end did not answer', () => {
  test('reset-keepalive-timeout: two or more, evenly spaced, unanswered', () => {
    const script = exchange`${TALK}
      +10 > .  10:10(0) ack 21
      +10 > .  10:10(0) ack 21
      +10 > R. 11:11(0) ack 21
    `;
    expect(theFinding('reset-keepalive-timeout', script)).toMatchObject({ values: { probes: 2, intervalMs: 10000 } });
  });

  test('not when they were answered', () => {
    const script = exchange`${TALK}
      +10 > .  10:10(0) ack 21
      +0  < .  21:21(0) ack 11
      +10 > .  10:10(0) ack 21
      +0  < .  21:21(0) ack 11
      +10 > R. 11:11(0) ack 21
    `;
    expect(causeOf(script)).not.toBe('reset-keepalive-timeout');
  });

  test('nor where the capture misses the answers, which are acknowledged', () => {
    const script = exchange`${TALK}
      +10 > .  10:10(0) ack 21
      +10 > .  10:10(0) ack 31
      +10 > R. 11:11(0) ack 31
    `;
    expect(causeOf(script)).not.toBe('reset-keepalive-timeout');
  });

  test('gave-up-silently: repeats in vain, then a later segment finds no socket', () => {
    const script = exchange`${TALK}
      +0.1 > P. 11:21(10) ack 21
      +0.2 > P. 11:21(10) ack 21
      +0.4 > P. 11:21(10) ack 21
      +9   < P. 21:41(20) ack 11
      +0   > R  11:11(0) win 0
    `;
    expect(causeOf(script)).toBe('gave-up-silently');
  });

  test('not gave-up-silently after a SYN+ACK that was sent again', () => {
    const script = exchange`
      +0     < S. 0:0(0) ack 1          // the SYN is missing
      +1     < S. 0:0(0) ack 1
      +2     < S. 0:0(0) ack 1
      +0.003 > .  1:1(0) ack 1
      +0.003 > P. 1:11(10) ack 1
      +0     < R  1:1(0) win 0
    `;
    expect(causeOf(script)).not.toBe('gave-up-silently');
  });

  test('reset-idle: only possible from one connection', () => {
    const script = exchange`${TALK}
      +240 < R. 21:21(0) ack 11
    `;
    expect(theFinding('reset-idle', script)).toMatchObject({ confidence: 'possible', values: { quietMs: 240010 } });
  });

  test('not reset-idle below half a minute', () => {
    const script = exchange`${TALK}
      +29 < R. 21:21(0) ack 11
    `;
    expect(causeOf(script)).not.toBe('reset-idle');
  });

  test('reset-peer-restarted: payload of an open connection draws a RST', () => {
    const script = exchange`${TALK}
      +5     > P. 11:21(10) ack 21
      +0.010 < R  21:21(0) win 0
    `;
    expect(theFinding('reset-peer-restarted', script)).toMatchObject({ confidence: 'likely' });
  });

  test('data-after-close: RST+ACK without a window, as Windows answers payload after its FIN', () => {
    const script = exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.010 < .  21:21(0) ack 12
      +0.010 < P. 21:31(10) ack 12
      +0     > R. 12:12(0) ack 31 win 0
    `;
    expect(theFinding('data-after-close', script)).toMatchObject({ confidence: 'likely', values: { bytes: 10 } });
  });

  test('not data-after-close: an abort of who had acknowledged the payload before, or has a window', () => {
    const aborts = (last: string) => exchange`${TALK}
      +0.010 > F. 11:11(0) ack 21
      +0.010 < .  21:21(0) ack 12
      +0.010 < P. 21:31(10) ack 12
      ${last}
    `;
    expect(causeOf(aborts('+0 > . 12:12(0) ack 31\n+0.001 > R. 12:12(0) ack 31 win 0'))).not.toBe('data-after-close');
    expect(causeOf(aborts('+0 > R. 12:12(0) ack 31 win 500'))).not.toBe('data-after-close');
  });

  test('neither reset-peer-restarted nor reset-no-socket: what was sent last had been taken by a socket long before', () => {
    const script = exchange`${TALK}
      +13 > R  11:11(0) win 0
    `;
    expect(causeOf(script)).toBe('reset-unexplained');
  });

  test('reset-peer-restarted: an acknowledgment of what came before does not settle the last payload', () => {
    const script = exchange`${TALK}
      +5     > P. 11:21(10) ack 21
      +0.005 > P. 21:31(10) ack 21
      +0.005 < .  21:21(0) ack 21
      +2     < R  21:21(0) win 0
    `;
    expect(causeOf(script)).toBe('reset-peer-restarted');
  });
});

describe('why: an abort', () => {
  test('reset-unread-data: the server had not answered what it had got', () => {
    const script = exchange`${TALK}
      +0.010 > P. 11:21(10) ack 21
      +0.010 < .  21:21(0) ack 21
      +0.010 < R. 21:21(0) ack 21
    `;
    expect(theFinding('reset-unread-data', script)).toMatchObject({ confidence: 'likely', values: { unread: 10 } });
  });

  test('not reset-unread-data of a FIN that was not captured', () => {
    const script = exchange`${TALK}
      +0.020 < R. 21:21(0) ack 12       // the FIN of the client is missing
    `;
    expect(causeOf(script)).toBe('reset-linger-zero');
  });

  test('reset-linger-zero: nothing came since its own last payload', () => {
    const script = exchange`${TALK}
      +0.010 < R. 21:21(0) ack 11
    `;
    expect(theFinding('reset-linger-zero', script)).toMatchObject({ confidence: 'likely', values: { by: 'server' } });
  });

  test('neither where the other direction was not captured', () => {
    const script = exchange`
      +0     < S. 0:0(0) ack 1
      +0.020 < .  1:1(0) ack 11
      +0.010 < R. 1:1(0) ack 11
    `;
    expect(causeOf(script)).toBe('reset-unexplained');
  });

  test('reset-linger-zero is only possible where what it had received may lie before the capture', () => {
    const script = exchange`
      +0     < .  1:1(0) ack 11
      +0.010 > R. 11:11(0) ack 1
    `;
    expect(theFinding('reset-linger-zero', script)).toMatchObject({ confidence: 'possible' });
  });

  test('a client that has had its answer has probably read it', () => {
    const script = exchange`${TALK}
      +1 > R. 11:11(0) ack 21
    `;
    expect(theFinding('reset-linger-zero', script)).toMatchObject({ confidence: 'possible' });
  });

  test('also where the ACK of the handshake came with the request, long after the SYN+ACK', () => {
    const script = exchange`
      +0     > S  0:0(0)
      +0.010 < S. 0:0(0) ack 1
      +1     > P. 1:11(10) ack 1
      +0.010 < P. 1:21(20) ack 11
      +0     > .  11:11(0) ack 21
      +0.5   > R. 11:11(0) ack 21
    `;
    expect(causeOf(script)).toBe('reset-linger-zero');
  });

  test('reset-data-lost: beside the cause, where octets were not acknowledged', () => {
    const script = exchange`${TALK}
      +0.010 < P. 21:41(20) ack 11
      +1     < R. 41:41(0) ack 11
    `;
    expect(theFinding('reset-data-lost', script)).toMatchObject({ values: { by: 'server', octets: 20 } });
  });

  test('reset-data-lost: not of octets whose ACK was under way', () => {
    const script = exchange`${TALK}
      +0.010 < P. 21:41(20) ack 11
      +0     < P. 41:61(20) ack 11
      +0.001 < R. 61:61(0) ack 11
      +0.010 > .  11:11(0) ack 41
      +0     < R  41:41(0) win 0
      +0.001 > .  11:11(0) ack 61
      +0     < R  61:61(0) win 0
    `;
    expect(theFinding('reset-data-lost', script.slice(0, 11))).toMatchObject({ values: { octets: 20 } });
    expect(codesOf(script)).not.toContain('reset-data-lost');
  });

  test('reset-unaccepted: two connections of a port at once, to which the server has sent nothing', () => {
    const one = exchange`${OPEN}
      +1 < R. 1:1(0) ack 1
    `;
    expect(causeOf(one)).toBe('reset-linger-zero');
  });

  test('accept-queue-reset: a RST for the ACK, also where the request draws another', () => {
    const script = exchange`${OPEN}
      +0     > P. 1:11(10) ack 1
      +0.010 < R  1:1(0) win 0
      +0     < R  1:1(0) win 0
    `;
    const others = [50001, 50002].map((clientPort) => recordsOf(exchange`${TALK}`, { clientPort }));
    const flows = analyzeRecords([...others.flat(), ...recordsOf(script)]);
    expect(flows.map(({ close }) => close.reset?.cause ?? null)).toContain('accept-queue-reset');
  });

  test('not accept-queue-reset where the ACK drew none, or another tells of payload', () => {
    const request = exchange`${OPEN}
      +0     > P. 1:11(10) ack 1
      +0.010 < R  1:1(0) win 0
    `;
    const answer = exchange`${OPEN}
      +0.010 < R  1:1(0) win 0
      +0.010 > .  1:1(0) ack 21         // the answer is missing
      +0     < R  21:21(0) win 0
    `;
    const others = [50001, 50002].map((clientPort) => recordsOf(exchange`${TALK}`, { clientPort }));
    for (const script of [request, answer]) {
      const flows = analyzeRecords([...others.flat(), ...recordsOf(script)]);
      expect(flows.map(({ close }) => close.reset?.cause ?? null)).not.toContain('accept-queue-reset');
    }
  });

  test('reset-both-ways: neither RST answers the other end', () => {
    const script = exchange`${TALK}
      +60    > R. 11:11(0) ack 21
      +0.001 < R. 21:21(0) ack 11
    `;
    expect(theFinding('reset-both-ways', script)).toMatchObject({ confidence: 'likely' });
  });

  test('not where the second answers a segment that was under way', () => {
    const script = exchange`${TALK}
      +0.010 > P. 11:21(10) ack 21
      +0     > R. 21:21(0) ack 21
      +0.001 < R  21:21(0) win 0
    `;
    expect(causeOf(script)).not.toBe('reset-both-ways');
  });
});

test('reset-with-payload', () => {
  const script = exchange`${TALK}
    +0.010 < R. 21:31(10) ack 11
  `;
  expect(codesOf(script)).toContain('reset-with-payload');
});

test('every RST that closes a flow has one cause', () => {
  const script = exchange`${TALK}
    +0.010 > F. 11:11(0) ack 21
    +0.010 < .  21:21(0) ack 12
    +0.100 > R. 12:12(0) ack 21
  `;
  expect(causeOf(script)).toBe('reset-unexplained');
});

describe('reset-syn-in-window', () => {
  test('a stack of RFC 793 resets a connection in which a SYN turns up', () => {
    const script = exchange`${TALK}
      +0.100 > S  5000:5000(0)
      +0.010 < R. 21:21(0) ack 11
    `;
    expect(causeOf(script)).toBe('reset-syn-in-window');
  });

  test('not where something else came between', () => {
    const script = exchange`${TALK}
      +0.100 > S  5000:5000(0)
      +0.010 < .  21:21(0) ack 11
      +0.010 > P. 11:21(10) ack 21
      +0.010 < R. 21:21(0) ack 21
    `;
    expect(causeOf(script)).not.toBe('reset-syn-in-window');
  });
});

describe('reset-bad-ack', () => {
  const acknowledging = (octets: number) => exchange`${TALK}
    +0.010 > .  11:11(0) ack ${octets}
    +0.010 < R  ${octets}:${octets}(0) win 0
  `;

  test('a reply to an ACK of more than the window ever allowed to send', () => {
    expect(causeOf(acknowledging(200_000))).toBe('reset-bad-ack');
  });

  test('not where the capture may have missed what was acknowledged', () => {
    expect(causeOf(acknowledging(1000))).not.toBe('reset-bad-ack');
  });
});

describe('a reason in the window', () => {
  const opening = (isn: number): string => `
      +1     > S  ${isn}:${isn}(0) win 64000 <mss 1460>
      +0.010 < S. ${isn}:${isn}(0) ack ${isn + 1} win 64000 <mss 1460>
      +0.010 > .  ${isn + 1}:${isn + 1}(0) ack ${isn + 1} win 64000`;
  const resets = (...windows: readonly number[]): string =>
    windows
      .map(
        (window, i) =>
          `${opening(500_000 * i)}\n+0.5 < R. ${500_000 * i + 1}:${500_000 * i + 1}(0) ack ${500_000 * i + 1} win ${window}`,
      )
      .join('\n');

  test('reset-vendor-coded: from the second code of the same address on', () => {
    expect(theFinding('reset-vendor-coded', exchange`${resets(9300, 9811)}`)).toMatchObject({
      severity: 'info',
      confidence: 'likely',
      values: { by: 'server', window: 9811, meaning: 'a fatal TLS alert was sent before it' },
    });
  });

  test('not of one code alone, however often it comes', () => {
    const codes = codesOf(exchange`${resets(9300, 9300, 9300)}`, { info: true });
    expect(codes).not.toContain('reset-vendor-coded');
  });

  test('not where the windows of the RSTs are windows', () => {
    const codes = codesOf(exchange`${resets(9300, 501, 9811, 9303)}`, { info: true });
    expect(codes).not.toContain('reset-vendor-coded');
  });

  test('not of a number that the vendor does not list', () => {
    const codes = codesOf(exchange`${resets(9300, 9301, 9302, 9303, 9300, 9301, 9302, 9303, 9999)}`, { info: true });
    expect(codes.filter((code) => code === 'reset-vendor-coded')).toHaveLength(7);
  });
});

describe('Multipath TCP', () => {
  test('reset-mptcp: the reason that the RST gives', () => {
    const script = exchange`${TALK}
      +0.010 < R. 21:21(0) ack 11 <MPTCP 8105>
    `;
    expect(theFinding('reset-mptcp', script)).toMatchObject({
      severity: 'info',
      values: { by: 'server', reason: 'unacceptable performance', transient: true },
    });
  });

  test('mptcp-fastclose: the whole connection is closed, not one path', () => {
    const script = exchange`${TALK}
      +0.010 > R  11:11(0) win 0 <MPTCP 70000102030405060708>
    `;
    expect(theFinding('mptcp-fastclose', script)).toMatchObject({ values: { by: 'client' } });
    expect(codesOf(script, { info: true })).not.toContain('reset-mptcp');
  });

  test('neither of other options of Multipath TCP, nor of none', () => {
    const script = exchange`${TALK}
      +0.010 < R. 21:21(0) ack 11 <MPTCP 2001>
    `;
    for (const code of ['reset-mptcp', 'mptcp-fastclose']) expect(codesOf(script, { info: true })).not.toContain(code);
  });
});
