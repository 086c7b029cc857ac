import { describe, expect, test } from 'vitest';
import { exchange, recordsOf } from '../exchange.ts';
import { findingsOf, Scene } from './scene.ts';

const SERVER = '10.0.0.80:443';
const CLIENT = '10.0.0.1:4000';

function codesOf(...parts: Parameters<typeof exchange>): string[] {
  const records = recordsOf(exchange(...parts));
  records.forEach((record, i) => {
    record.frame = i + 1;
  });
  return findingsOf(records)
    .map(({ code }) => code)
    .filter((code) => code !== 'half-open-peak');
}

test('a whole connection gives nothing to say of its capture', () => {
  expect(new Scene().closed(0, CLIENT, SERVER).codes()).toEqual([]);
});

describe('capture-midstream, capture-ended-open', () => {
  test('a connection that is older than the capture, and one that outlives it', () => {
    const findings = new Scene()
      .segment(0, SERVER, CLIENT, 'P.', 1, 1, 10)
      .segment(0.1, CLIENT, SERVER, '.', 1, 11)
      .findings();
    expect(findings).toMatchObject([
      { code: 'capture-midstream', severity: 'info', frames: [1], values: { flows: 1 } },
      { code: 'capture-ended-open', severity: 'info', values: { flows: 1 } },
      { code: 'half-open-peak' },
    ]);
  });

  test('a handshake that fails is not open', () => {
    expect(new Scene().halfOpen(0, CLIENT, SERVER).refused(0, CLIENT, '10.0.0.5:1').codes()).toEqual([]);
  });
});

describe('capture-gap', () => {
  test('octets that were acknowledged and never captured', () => {
    const records = recordsOf(exchange`
      +0 > S  0:0(0)
      +0 < S. 0:0(0) ack 1
      +0 > .  1:1(0) ack 1
      +0 > P. 1:101(100) ack 1
      +0 > P. 301:401(100) ack 1
      +0 < .  1:1(0) ack 401
    `);
    expect(findingsOf(records).find(({ code }) => code === 'capture-gap')).toMatchObject({
      severity: 'notice',
      flows: [1],
      values: { flows: 1, octets: 200 },
    });
  });

  test('an acknowledgment beyond all that was captured', () => {
    expect(codesOf`
      +0 > S  0:0(0)
      +0 < S. 0:0(0) ack 1
      +0 > .  1:1(0) ack 1
      +0 < .  1:1(0) ack 501
    `).toContain('capture-gap');
  });

  test('is not a hole that nobody acknowledged, or that was filled', () => {
    expect(codesOf`
      +0 > S  0:0(0)
      +0 < S. 0:0(0) ack 1
      +0 > .  1:1(0) ack 1
      +0 > P. 1:101(100) ack 1
      +0 > P. 301:401(100) ack 1
      +0 < .  1:1(0) ack 101
    `).not.toContain('capture-gap');
    expect(codesOf`
      +0 > S  0:0(0)
      +0 < S. 0:0(0) ack 1
      +0 > .  1:1(0) ack 1
      +0 > P. 301:401(100) ack 1
      +0 > P. 1:301(300) ack 1
      +0 < .  1:1(0) ack 401
    `).not.toContain('capture-gap');
  });

  test('is not a transfer that ends with a FIN', () => {
    expect(new Scene().closed(0, CLIENT, SERVER).codes()).not.toContain('capture-gap');
  });
});

describe('capture-reordered', () => {
  test('an acknowledgment before the octets that it acknowledges, which come', () => {
    expect(codesOf`
      +0     > S  0:0(0)
      +0     < S. 0:0(0) ack 1
      +0     > .  1:1(0) ack 1
      +0     < .  1:1(0) ack 101
      +0.001 > P. 1:101(100) ack 1
      +0.001 > P. 101:201(100) ack 1
      +0     < .  1:1(0) ack 201
    `).toEqual(['capture-reordered', 'capture-ended-open']);
  });

  test('is not the ACK of a repeat that carries more than the first copy', () => {
    expect(codesOf`
      +0   > S  0:0(0)
      +0   < S. 0:0(0) ack 1
      +0   > .  1:1(0) ack 1
      +0   > P. 1:101(100) ack 1
      +0.5 > P. 1:201(200) ack 1
      +0   < .  1:1(0) ack 201
    `).toEqual(['capture-ended-open']);
  });

  test('is not an acknowledgment of what never comes', () => {
    expect(codesOf`
      +0   > S  0:0(0)
      +0   < S. 0:0(0) ack 1
      +0   > .  1:1(0) ack 1
      +0   > P. 1:101(100) ack 1
      +0   < .  1:1(0) ack 101
      +0.1 < .  1:1(0) ack 900000000
      +0.1 > P. 101:201(100) ack 1
    `).toEqual(['capture-ended-open']);
  });

  test('is not the ACK of an older connection on the same ports', () => {
    expect(codesOf`
      +0     > S  5000:5000(0)
      +0     < .  900:900(0) ack 700
      +0     > R  700:700(0)
      +1     > S  5000:5000(0)
      +0     < S. 0:0(0) ack 5001
      +0     > .  5001:5001(0) ack 1
    `).not.toContain('capture-reordered');
  });
});

describe('capture-one-way', () => {
  test('one end goes on, and the other must have answered', () => {
    const scene = new Scene().each(4, (all, i) =>
      all
        .segment(i, `10.0.0.1:${4000 + i}`, SERVER, 'S', 1)
        .segment(i + 0.1, `10.0.0.1:${4000 + i}`, SERVER, '.', 2, 100)
        .segment(i + 0.1, `10.0.0.1:${4000 + i}`, SERVER, 'P.', 2, 100, 50),
    );
    expect(scene.of('capture-one-way')).toMatchObject([
      { confidence: 'certain', frames: [1, 4, 7, 10], values: { flows: 4, bothWays: 0 } },
    ]);
  });

  test('is not a SYN, or data, that is sent again and again without an answer', () => {
    const scene = new Scene()
      .each(5, (all, i) => all.segment(i * i, CLIENT, SERVER, 'S', 1))
      .each(5, (all, i) => all.segment(i * i, '10.0.0.1:4001', SERVER, 'P.', 1, 1, 1000));
    expect(scene.codes()).not.toContain('capture-one-way');
  });
});

describe('capture-offload', () => {
  test('a segment larger than its receiver takes', () => {
    const scene = new Scene().open(0, CLIENT, SERVER).segment(1, SERVER, CLIENT, 'P.', 5021, 1011, 30_000);
    expect(scene.of('capture-offload')).toMatchObject([
      { severity: 'info', frame: 6, values: { octets: 30_000, mss: null } },
    ]);
    expect(codesOf`
      +0 > S  0:0(0) <mss 1400>
      +0 < S. 0:0(0) ack 1 <mss 1460>
      +0 > .  1:1(0) ack 1
      +0 < P. 1:2801(2800) ack 1
    `).toContain('capture-offload');
  });

  test('is not a jumbo frame', () => {
    expect(codesOf`
      +0 > S  0:0(0) <mss 8960>
      +0 < S. 0:0(0) ack 1 <mss 8960>
      +0 > .  1:1(0) ack 1
      +0 < P. 1:8961(8960) ack 1
    `).not.toContain('capture-offload');
  });
});

describe('capture-nat-pair', () => {
  const both = (delay: number, isn = 1000) =>
    new Scene()
      .closed(0, CLIENT, SERVER)
      .segment(0.0075, SERVER, CLIENT, '.', 5022, 1012)
      .segment(0.0078, SERVER, CLIENT, '.', 5022, 1012)
      .closed(delay, CLIENT, '10.0.0.90:8443', isn)
      .segment(delay + 0.0075, '10.0.0.90:8443', CLIENT, '.', 5022, isn + 12)
      .segment(delay + 0.0078, '10.0.0.90:8443', CLIENT, '.', 5022, isn + 12);

  test('one connection on both sides of a device that rewrites addresses', () => {
    expect(both(0.0003).of('capture-nat-pair')).toMatchObject([{ flows: [1, 2], values: { pairs: 1 } }]);
  });

  test('is not a generator that uses the same numbers in every flow', () => {
    const again = both(0.0003)
      .closed(0.0005, CLIENT, '10.0.0.91:8443')
      .segment(0.008, '10.0.0.91:8443', CLIENT, '.', 5022, 1012)
      .segment(0.009, '10.0.0.91:8443', CLIENT, '.', 5022, 1012);
    expect(again.codes()).not.toContain('capture-nat-pair');
  });

  test('is not two connections with other initial sequence numbers, or at other times', () => {
    expect(both(0.0003, 1001).codes()).not.toContain('capture-nat-pair');
    expect(both(5).codes()).not.toContain('capture-nat-pair');
  });
});

test('capture-syns-only: whether handshakes completed can not be told', () => {
  const syns = new Scene().each(30, (scene, i) => scene.segment(i, `10.0.0.1:${4000 + i}`, SERVER, 'S', 1));
  expect(syns.codes()).toEqual(['capture-syns-only']);
  expect(syns.refused(40, '10.0.0.2:5', SERVER).codes()).not.toContain('capture-syns-only');
});

describe('capture-clock-step', () => {
  /** Flows that talk every 10 ms; after the fourth segment the clock jumps by `jump` seconds, those of the hosts go on by `ticks`. */
  const flows = (count: number, jump: number, ticks: number, also = ticks) => {
    const records = Array.from({ length: count }, (_, i) => {
      const passed = i === 0 ? also : ticks;
      return recordsOf(
        exchange`
          +0     > S  0:0(0) <TS 1000 0>
          +0.010 < S. 0:0(0) ack 1 <TS 7000 1000>
          +0.010 > .  1:1(0) ack 1 <TS 1020 7000>
          +0.010 > P. 1:11(10) ack 1 <TS 1030 7000>
          +${Math.abs(jump)} < P. 1:11(10) ack 11 <TS ${7020 + passed} 1030>
          +0.010 > P. 11:21(10) ack 11 <TS ${1040 + passed} 7050>
        `,
        { clientPort: 4000 + i },
      );
    });
    const merged = Array.from({ length: 6 }, (_, at) => records.map((flow) => flow[at]!)).flat();
    merged.forEach((record, i) => {
      record.frame = i + 1;
      if (jump < 0 && i >= count * 4) record.seconds += 2 * Math.ceil(jump);
    });
    return findingsOf(merged).find(({ code }) => code === 'capture-clock-step');
  };

  test('an hour passes in the capture, and some milliseconds at the hosts', () => {
    expect(flows(3, 3600, 10)).toMatchObject({
      severity: 'warning',
      confidence: 'likely',
      frames: [13],
      flows: [1, 2, 3],
      values: { flows: 3 },
    });
  });

  test('the clock may be set back', () => {
    expect(flows(3, -100, 10)?.message).toContain('set back');
  });

  test('not a quiet hour', () => {
    expect(flows(3, 3600, 3_600_000)).toBeUndefined();
  });

  test('not a quiet minute of hosts that tick once a second', () => {
    expect(flows(3, 60, 60)).toBeUndefined();
  });

  test('not where one host goes on', () => {
    expect(flows(4, 3600, 10, 3_600_000)).toBeUndefined();
  });

  test('not of two flows', () => {
    expect(flows(2, 3600, 10)).toBeUndefined();
  });
});

describe('capture-two-vantages', () => {
  const tapped = (apart: number, second: string) => {
    const records = recordsOf(exchange`
        +0        > S  0:0(0)
        +${apart} > S  500000:500000(0)
        +0.010    < S. 900000:900000(0) ack 500001
        +0        < S. 0:0(0) ack ${second}
        +0.010    > .  1:1(0) ack 1
        +0        > .  500001:500001(0) ack 900001
        +0.010    > P. 1:11(10) ack 1
        +0        > P. 500001:500011(10) ack 900001
      `);
    records.forEach((record, i) => {
      record.frame = i + 1;
    });
    return findingsOf(records).find(({ code }) => code === 'capture-two-vantages');
  };

  test('a device that rewrites sequence numbers, both of its sides captured', () => {
    expect(tapped(0.0001, '1')).toMatchObject({ severity: 'notice', confidence: 'likely', flows: [2] });
  });

  test('not a client that gave up and tried again', () => {
    expect(tapped(1, '1')).toBeUndefined();
  });

  test('not where the server answers one of them twice', () => {
    expect(tapped(0.0001, '500001')).toBeUndefined();
  });
});
