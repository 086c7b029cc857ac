import { describe, expect, test } from 'vitest';
import { Scene } from './scene.ts';

const SERVER = '10.0.0.80:443';
const spoofed = (i: number) => `172.16.${i >> 8}.${i & 255}:${2000 + i}`;
const known = (i: number) => `192.168.0.${i % 250}:${30_000 + i}`;

describe('half-open-peak', () => {
  test('is always reported: how many were in SYN_RECV at once, and when', () => {
    const [peak] = new Scene().open(0, known(1), SERVER).of('half-open-peak');
    expect(peak).toMatchObject({
      severity: 'notice',
      frame: 2,
      values: { peak: 1, at: '2023-11-14T22:13:20.001000000Z' },
    });
  });

  test('counts those that are there at once, not those that come one after the other', () => {
    const one = new Scene().each(50, (scene, i) => scene.closed(i, known(i), SERVER));
    expect(one.of('half-open-peak')[0]!.values.peak).toBe(1);
    const many = new Scene().each(50, (scene, i) => scene.halfOpen(i / 1000, known(i), SERVER));
    expect(many.of('half-open-peak')[0]!.values.peak).toBe(50);
  });

  test('forgets a request after the 63 s that Linux keeps it', () => {
    const slow = new Scene().each(30, (scene, i) => scene.halfOpen(i * 10, known(i), SERVER));
    expect(slow.of('half-open-peak')[0]!.values.peak).toBe(7);
  });

  test('is 0 where nobody answered a SYN', () => {
    const scene = new Scene().refused(0, known(1), SERVER);
    expect(scene.of('half-open-peak')[0]).toMatchObject({ frame: null, frames: [], values: { peak: 0, at: null } });
  });
});

describe('syn-flood', () => {
  const flood = () =>
    new Scene()
      .open(0, known(1), SERVER)
      .each(400, (scene, i) => scene.halfOpen(1 + i / 200, spoofed(i), SERVER))
      .each(400, (scene, i) => scene.segment(2.001 + i / 200, SERVER, spoofed(i), 'S.', 5000, 1001))
      .open(8, known(2), SERVER);

  test('names listener, peak, sources and the share that completed', () => {
    const found = flood().of('syn-flood');
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      severity: 'alert',
      confidence: 'certain',
      values: { server: SERVER, peak: 401, completed: 1, clientsUnanswered: 0 },
      filter: 'tcp.flags.syn == 1 && ip.addr == 10.0.0.80 && tcp.port == 443',
    });
    expect(found[0]!.values.sources).toBeGreaterThan(360);
    expect(found[0]!.values.sources).toBeLessThan(410);
  });

  test('tells of clients that had to wait, or got no answer', () => {
    const [found] = flood()
      .segment(2, known(3), SERVER, 'S', 7)
      .segment(3, known(3), SERVER, 'S', 7)
      .segment(2, known(4), SERVER, 'S', 9)
      .segment(3, known(4), SERVER, 'S', 9)
      .segment(3.001, SERVER, known(4), 'S.', 50, 10)
      .segment(3.002, known(4), SERVER, '.', 10, 51)
      .of('syn-flood');
    expect(found!.values).toMatchObject({ clientsUnanswered: 1, clientsDelayed: 1 });
    expect(found!.message).toContain('1 client sent SYNs again and got no answer');
  });

  test('is not a load test, whose handshakes complete', () => {
    const load = new Scene().each(600, (scene, i) =>
      scene
        .segment(i / 1000, known(i), SERVER, 'S', i)
        .segment(0.05 + i / 1000, SERVER, known(i), 'S.', 500, i + 1)
        .segment(0.3 + i / 1000, known(i), SERVER, '.', i + 1, 501),
    );
    expect(load.of('half-open-peak')[0]!.values.peak).toBe(251);
    expect(load.codes()).not.toContain('syn-flood');
  });

  test('is not told of a capture that ends before handshakes can complete', () => {
    const burst = new Scene()
      .open(0, known(999), SERVER)
      .each(500, (scene, i) => scene.halfOpen(1 + i / 10_000, known(i), SERVER));
    expect(burst.codes()).not.toContain('syn-flood');
  });

  test('is not told of a capture that holds nothing but SYNs', () => {
    const filtered = new Scene().each(500, (scene, i) => scene.halfOpen(i / 50, known(i), SERVER));
    expect(filtered.codes()).toEqual(['capture-syns-only']);
  });

  test('is possible where a filter may have left out the rest, but sources come once', () => {
    const spoof = new Scene().each(500, (scene, i) => scene.halfOpen(i / 50, spoofed(i), SERVER));
    expect(spoof.of('syn-flood')).toMatchObject([{ confidence: 'possible' }]);
  });

  test('is not 99 half-open flows', () => {
    const few = new Scene()
      .open(0, known(1), SERVER)
      .each(99, (scene, i) => scene.halfOpen(1 + i / 10, spoofed(i), SERVER));
    expect(few.segment(30, known(5), SERVER, 'S', 1).codes()).not.toContain('syn-flood');
  });

  test('does not hold flows of several listeners against one', () => {
    const ports = new Scene()
      .open(0, known(1), SERVER)
      .each(200, (scene, i) => scene.halfOpen(1 + i / 100, spoofed(i), `10.0.0.80:${1000 + (i % 4)}`))
      .segment(30, known(5), SERVER, 'S', 1);
    expect(ports.codes()).not.toContain('syn-flood');
  });

  test('syn-cookies-likely: no SYN+ACK is ever repeated', () => {
    const cookies = new Scene()
      .open(0, known(1), SERVER)
      .each(400, (scene, i) => scene.halfOpen(1 + i / 200, spoofed(i), SERVER))
      .open(30, known(2), SERVER);
    expect(cookies.of('syn-cookies-likely')).toMatchObject([{ confidence: 'possible', values: { server: SERVER } }]);
    expect(cookies.of('syn-flood')[0]!.confidence).toBe('likely');
    expect(flood().codes()).not.toContain('syn-cookies-likely');
  });
});

describe('scan-syn', () => {
  const SCANNER = '10.9.9.9';

  test('many ports of one host', () => {
    const [found] = new Scene()
      .each(50, (scene, i) => scene.refused(i / 10, `${SCANNER}:${40_000 + i}`, `10.0.0.5:${i + 1}`))
      .of('scan-syn');
    expect(found).toMatchObject({
      severity: 'warning',
      confidence: 'likely',
      values: { source: SCANNER, of: 'ports', target: '10.0.0.5' },
      filter: 'ip.src == 10.9.9.9 && tcp',
    });
    expect(found!.values.targets).toBeGreaterThan(47);
  });

  test('one port of many hosts', () => {
    const [found] = new Scene()
      .each(30, (scene, i) => scene.refused(i / 10, `${SCANNER}:${40_000 + i}`, `10.0.1.${i}:22`))
      .of('scan-syn');
    expect(found).toMatchObject({
      confidence: 'possible',
      values: { source: SCANNER, of: 'hosts', target: 'port 22' },
    });
  });

  test('half-open: each SYN+ACK is answered by RST', () => {
    const scene = new Scene().each(40, (all, i) =>
      all
        .halfOpen(i / 10, `${SCANNER}:40000`, `10.0.0.5:${i + 1}`)
        .segment(i / 10 + 0.002, `${SCANNER}:40000`, `10.0.0.5:${i + 1}`, 'R', 1001),
    );
    expect(scene.of('scan-syn')).toHaveLength(1);
  });

  test('is not a client that retries a dead service', () => {
    const scene = new Scene().each(60, (all, i) => all.refused(i / 2, `${SCANNER}:${40_000 + i}`, '10.0.0.5:80'));
    expect(scene.codes()).not.toContain('scan-syn');
  });

  test('is not a client whose connections mostly succeed', () => {
    const scene = new Scene()
      .each(25, (all, i) => all.refused(i / 10, `${SCANNER}:${40_000 + i}`, `10.0.1.${i}:443`))
      .each(25, (all, i) => all.open(i / 10, `${SCANNER}:${50_000 + i}`, `10.0.2.${i}:443`));
    expect(scene.codes()).not.toContain('scan-syn');
  });

  test('is not a host without a network, whose SYNs to many servers are repeated', () => {
    const scene = new Scene().open(0, '10.9.9.8:1', '10.0.0.1:80').each(30, (all, i) =>
      all
        .segment(i / 10, `${SCANNER}:${40_000 + i}`, `10.0.1.${i}:443`, 'S', 1)
        .segment(1 + i / 10, `${SCANNER}:${40_000 + i}`, `10.0.1.${i}:443`, 'S', 1)
        .segment(3 + i / 10, `${SCANNER}:${40_000 + i}`, `10.0.1.${i}:443`, 'S', 1),
    );
    expect(scene.open(20, '10.9.9.8:2', '10.0.0.1:80').codes()).not.toContain('scan-syn');
  });

  test('is not 30 failures in half an hour', () => {
    const scene = new Scene().each(30, (all, i) =>
      all.refused(i * 60, `${SCANNER}:${40_000 + i}`, `10.0.0.5:${i + 1}`),
    );
    expect(scene.codes()).not.toContain('scan-syn');
  });

  test('is seen in the midst of a flood of addresses that come once', () => {
    const scene = new Scene()
      .each(9000, (all, i) => all.segment(i / 1000, spoofed(i), '10.0.0.80:80', 'S', i))
      .each(60, (all, i) => all.refused(i / 10, `${SCANNER}:40000`, `10.0.0.5:${i + 1}`))
      .segment(60, SERVER, known(1), '.', 1, 1);
    expect(scene.of('scan-syn').map(({ values }) => values.source)).toEqual([SCANNER]);
  });
});

test.each([
  ['scan-fin', 'F'],
  ['scan-null', '-'],
  ['scan-xmas', 'FPU'],
])('%s: segments that no stack sends', (code, flags) => {
  const scan = (ports: number) =>
    new Scene()
      .open(0, known(1), SERVER)
      .each(ports, (scene, i) =>
        scene
          .segment(1 + i / 10, '10.9.9.9:50000', `10.0.0.5:${i + 1}`, flags, 7)
          .segment(1.001 + i / 10, `10.0.0.5:${i + 1}`, '10.9.9.9:50000', 'R.', 0, 7),
      );
  expect(scan(30).of(code)).toMatchObject([{ values: { source: '10.9.9.9', of: 'ports', target: '10.0.0.5' } }]);
  expect(scan(10).codes()).not.toContain(code);
});

test('scan-ack: bare ACKs to many ports, each answered by RST', () => {
  const scan = (ports: number) =>
    new Scene().each(ports, (scene, i) =>
      scene
        .segment(i / 10, '10.9.9.9:50000', `10.0.0.5:${i + 1}`, '.', 7, 99)
        .segment(i / 10 + 0.001, `10.0.0.5:${i + 1}`, '10.9.9.9:50000', 'R', 99),
    );
  expect(scan(30).of('scan-ack')).toMatchObject([{ values: { source: '10.9.9.9' } }]);
  expect(scan(10).codes()).not.toContain('scan-ack');
});

describe('backscatter', () => {
  const answers = (from: number, flags: string) =>
    new Scene()
      .open(0, known(1), SERVER)
      .each(20, (scene, i) =>
        scene.segment(from + i, '203.0.113.7:80', `10.1.${i}.1:5000`, flags, flags === 'R.' ? 0 : 9, 77),
      );

  test('SYN+ACKs, or RSTs that answer SYNs, to many addresses that never asked', () => {
    for (const flags of ['S.', 'R.'])
      expect(answers(70, flags).of('backscatter')).toMatchObject([
        { values: { server: '203.0.113.7' }, confidence: 'likely' },
      ]);
  });

  test('is not what comes in the first minute, which may answer what came before the capture', () => {
    expect(answers(1, 'S.').codes()).not.toContain('backscatter');
  });

  test('is not a server whose clients were not captured, but went on', () => {
    const scene = new Scene()
      .open(0, known(1), SERVER)
      .each(20, (all, i) =>
        all
          .segment(70 + i, '203.0.113.7:80', `10.1.${i}.1:5000`, 'S.', 9, 77)
          .segment(70.1 + i, '203.0.113.7:80', `10.1.${i}.1:5000`, 'P.', 10, 99, 50),
      );
    expect(scene.codes()).toEqual(expect.arrayContaining(['capture-one-way']));
    expect(scene.codes()).not.toContain('backscatter');
  });
});
