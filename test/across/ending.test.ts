import { describe, expect, test } from 'vitest';
import { CATALOGUE } from '../../src/findings/catalogue.ts';
import { Scene } from './scene.ts';

const SERVER = '10.0.0.80:443';
const client = (i: number) => `192.168.${i >> 8}.${i & 255}:${30_000 + (i % 30_000)}`;

describe('reset-burst', () => {
  const reset = (scene: Scene, i: number, at: number) =>
    scene.open(0.01 * i, client(i), SERVER).segment(at, SERVER, client(i), 'R.', 5021, 1011);

  test('a server resets many connections within a second', () => {
    const scene = new Scene().each(15, (all, i) => reset(all, i, 30.4 + i / 20));
    expect(scene.of('reset-burst')).toMatchObject([
      { severity: 'warning', confidence: 'likely', values: { server: '10.0.0.80', flows: 15, of: 15 } },
    ]);
  });

  test('is not a client that resets its own', () => {
    const scene = new Scene().each(15, (all, i) =>
      all.open(0.01 * i, `10.0.0.1:${4000 + i}`, SERVER).segment(30, `10.0.0.1:${4000 + i}`, SERVER, 'R.', 1011, 5021),
    );
    expect(scene.codes()).not.toContain('reset-burst');
  });

  test('is not a server that resets as a habit', () => {
    const scene = new Scene().each(300, (all, i) => reset(all, i, 10 + i / 20));
    expect(scene.codes()).not.toContain('reset-burst');
  });

  test('is not many connections that are refused', () => {
    const scene = new Scene().each(15, (all, i) => all.refused(i / 100, client(i), SERVER));
    expect(scene.codes()).not.toContain('reset-burst');
  });
});

describe('time-wait-burden', () => {
  const closes = (count: number, every: number) =>
    new Scene().each(count, (scene, i) => scene.closed(i * every, `10.0.0.1:${4000 + i}`, SERVER));

  test('who held how many in TIME_WAIT at once', () => {
    const [found] = closes(300, 0.1).of('time-wait-burden', { msl: 5 });
    expect(found).toMatchObject({
      severity: 'notice',
      values: { address: '10.0.0.1', waitSeconds: 10, linuxPeak: 300 },
    });
    expect(found!.values.peak).toBe(100);
    expect(found!.message).toContain("300 by Linux' 60 s");
  });

  test('is not one after the other', () => {
    expect(closes(300, 1).codes({ msl: 5 })).not.toContain('time-wait-burden');
    expect(closes(50, 0.1).codes()).not.toContain('time-wait-burden');
  });
});

test('ephemeral-ports-exhausted: nearly every port there is, to one service, within a minute', () => {
  const opens = (count: number, step: number) =>
    new Scene().each(count, (scene, i) => {
      const from = `10.0.0.1:${32_768 + i * step}`;
      scene.halfOpen(i / 400, from, SERVER).segment(i / 400 + 0.002, from, SERVER, '.', 1001, 5001);
    });
  expect(opens(12_000, 1).of('ephemeral-ports-exhausted')).toMatchObject([
    { values: { client: '10.0.0.1', server: SERVER, flows: 12_000, lowestPort: 32_768, highestPort: 44_767 } },
  ]);
  expect(opens(6000, 2).codes()).not.toContain('ephemeral-ports-exhausted');
  expect(opens(2000, 1).codes()).not.toContain('ephemeral-ports-exhausted');
});

describe('idle-limit-found', () => {
  const dies = (scene: Scene, i: number, quiet: number) =>
    scene
      .open(i * 5, client(i), SERVER)
      .segment(i * 5 + 0.01, client(i), SERVER, '.', 1011, 5021)
      .segment(i * 5 + quiet, client(i), SERVER, 'P.', 1011, 5021, 10)
      .segment(i * 5 + quiet + 0.001, SERVER, client(i), 'R', 5021);

  test('several connections die after the same quiet time', () => {
    const scene = new Scene().each(4, (all, i) => dies(all, i, 300 + i));
    const [found] = scene.of('idle-limit-found');
    expect(found).toMatchObject({ severity: 'warning', flows: [1, 2, 3, 4], values: { flows: 4 } });
    expect(found!.values.quietMs).toBeGreaterThan(299_000);
  });

  test('is not two, nor several that agree on nothing', () => {
    expect(new Scene().each(2, (all, i) => dies(all, i, 300)).codes()).not.toContain('idle-limit-found');
    expect(new Scene().each(4, (all, i) => dies(all, i, 300 + 60 * i)).codes()).not.toContain('idle-limit-found');
  });
});

describe('backlog-overflow', () => {
  /** The server goes on repeating its SYN+ACK though the client has acknowledged it and sent its request. */
  const queued = (scene: Scene, i: number, at: number) =>
    scene
      .open(at - 1, client(100 + i), SERVER)
      .halfOpen(at, client(i), SERVER)
      .segment(at + 0.002, client(i), SERVER, '.', 1001, 5001)
      .segment(at + 0.003, client(i), SERVER, 'P.', 1001, 5001, 10)
      .each(3, (all, n) =>
        all
          .segment(at + 2 ** n, SERVER, client(i), 'S.', 5000, 1001)
          .segment(at + 2 ** n + 0.01, client(i), SERVER, 'P.', 1001, 5001, 10),
      );

  test('three connections meet a full queue within a minute', () => {
    const scene = new Scene().each(3, (all, i) => queued(all, i, 10 + i * 10));
    expect(scene.of('backlog-overflow')).toMatchObject([{ values: { server: SERVER, flows: 3 } }]);
  });

  test('is not two, nor three in an hour', () => {
    expect(new Scene().each(2, (all, i) => queued(all, i, 10 + i)).codes()).not.toContain('backlog-overflow');
    expect(new Scene().each(3, (all, i) => queued(all, i, 10 + i * 600)).codes()).not.toContain('backlog-overflow');
  });
});

test('every code that is said of the capture is in the catalogue, with the same severity', () => {
  const scene = new Scene()
    .each(400, (all, i) => all.halfOpen(1 + i / 200, client(i), SERVER))
    .each(50, (all, i) => all.refused(i / 10, `10.9.9.9:${40_000 + i}`, `10.0.0.5:${i + 1}`))
    .each(300, (all, i) => all.closed(10 + i / 10, `10.0.0.1:${4000 + i}`, SERVER))
    .segment(60, SERVER, client(9999), 'P.', 1, 1, 20_000)
    .segment(60.1, client(9999), SERVER, '.', 1, 20_001);
  const findings = scene.findings();
  expect(findings.length).toBeGreaterThan(5);
  for (const { code, severity } of findings) expect([code, CATALOGUE.get(code)?.severity]).toEqual([code, severity]);
});

describe('address-vanished', () => {
  const DEAD = '10.0.0.80:443';
  /** The server acknowledges one request and never anything again; the client repeats the next until the end. */
  const vanishing = (scene: Scene, from: number, client: string, server = DEAD) => {
    scene.open(from, client, server).segment(from + 0.005, client, server, '.', 1011, 5021);
    for (const after of [1, 1.3, 1.9, 3.1, 5.5, 10.3])
      scene.segment(from + after, client, server, 'P.', 1011, 5021, 10);
    return scene;
  };
  const scene = () => vanishing(vanishing(new Scene(), 0, '10.0.0.1:4000'), 0.1, '10.0.0.2:4000');

  test('two connections of it fall silent, and no other is heard', () => {
    expect(scene().of('address-vanished')).toMatchObject([
      { severity: 'warning', confidence: 'likely', flows: [1, 2], values: { address: '10.0.0.80', flows: 2 } },
    ]);
  });

  test('not of one connection', () => {
    expect(vanishing(new Scene(), 0, '10.0.0.1:4000').codes()).not.toContain('address-vanished');
  });

  test('not where the address still answers somebody', () => {
    expect(scene().closed(11, '10.0.0.3:4000', DEAD).codes()).not.toContain('address-vanished');
  });
});
