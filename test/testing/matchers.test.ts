import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { matchers } from '../../src/testing/matchers.ts';
import '../../src/testing/vitest.ts';
import { pcapOf, REFUSED, THREE_WAY } from '../cli/captures.ts';

const folder = mkdtempSync(join(tmpdir(), 'lastack-matchers-'));
const GOOD = join(folder, 'good.pcap');
const BAD = join(folder, 'bad.pcap');

beforeAll(() => {
  writeFileSync(GOOD, pcapOf([THREE_WAY]));
  writeFileSync(BAD, pcapOf([THREE_WAY], [REFUSED, { clientPort: 40511 }]));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('matchers on captures', () => {
  test('hold for a good one', async () => {
    await expect(GOOD).toCloseCleanly();
    await expect(GOOD).toHaveNoHalfOpenFlows();
    await expect(GOOD).toHaveNoResets();
    await expect([GOOD]).toHaveNoLoss();
    await expect(GOOD).toHandshakeWithin({ p50: 20, max: 20 });
    await expect(BAD).not.toHaveNoResets();
  });

  test('say what is wrong with a bad one: the rule, what was found, the flow and its lines', async () => {
    const failure = await expect(BAD)
      .toHaveNoResets()
      .catch((error: Error) => error.message);
    expect(failure).toContain('FAILED  no connection is refused or aborted  (packs/no-resets.yaml:9)');
    expect(failure).toContain('found     it is true of 1 of 2 flows (50%)');
    expect(failure).toContain('> 10  22:13:21.001000 IP 10.0.0.2.443 > 10.0.0.1.40511: Flags [R.]');
  });

  test('a percentile of too few handshakes is a failure that says so', async () => {
    await expect(expect(GOOD).toHandshakeWithin({ p95: 50 })).rejects.toThrow(
      'needs 20 flows with a value; there is 1',
    );
    await expect(expect(GOOD).toHandshakeWithin({ max: 5 })).rejects.toThrow('max(handshake.totalMs) is 11');
  });

  test('toMatchRules reads a rules file, and throws for a mistake in it', async () => {
    const file = join(folder, 'lastack.yaml');
    writeFileSync(file, 'rules:\n  - {name: one flow, expect: count() == 1}\n');
    await expect(GOOD).toMatchRules(file);
    await expect(BAD).not.toMatchRules(file);
    writeFileSync(file, 'rules:\n  - {name: one flow, expect: cuont() == 1}\n');
    await expect(expect(GOOD).toMatchRules(file)).rejects.toThrow('there is no function cuont; did you mean count?');
  });

  test('on a capture without flows nothing was checked, which is an error', async () => {
    const none = join(folder, 'none.pcap');
    writeFileSync(none, pcapOf());
    const said = `${none}: no flows: nothing was checked`;
    await expect(expect(none).toCloseCleanly()).rejects.toThrow(said);
    await expect(expect(none).toHaveNoHalfOpenFlows()).rejects.toThrow(said);
    await expect(expect(none).not.toHaveNoResets()).rejects.toThrow(said);
    await expect(expect(none).toHaveNoLoss()).rejects.toThrow(said);
    await expect(expect(none).toHandshakeWithin({ max: 5 })).rejects.toThrow('no flow is selected');
  });

  test('a capture that is missing or cut short is an error', async () => {
    const cut = join(folder, 'cut.pcap');
    writeFileSync(cut, readFileSync(GOOD).subarray(0, -3));
    await expect(expect(cut).toCloseCleanly()).rejects.toThrow('cut short');
    await expect(expect(join(folder, 'no.pcap')).toCloseCleanly()).rejects.toThrow('no.pcap');
  });
});

describe('toMatchTrafficBaseline', () => {
  const match = (capture: string, file: string, update: string): Promise<{ pass: boolean; message: () => string }> =>
    matchers.toMatchTrafficBaseline.call({ snapshotState: { _updateSnapshot: update } }, capture, file);

  test('makes a baseline that is not there, but not in CI; then compares; -u updates', async () => {
    const file = join(folder, 'baselines/traffic.yaml');
    expect((await match(GOOD, file, 'none')).message()).toContain('run the tests with -u to make it');
    expect((await match(GOOD, file, 'new')).pass).toBe(true);
    expect((await match(GOOD, file, 'new')).pass).toBe(true);
    const other = await match(BAD, file, 'none');
    expect([other.pass, other.message()]).toEqual([
      false,
      expect.stringContaining('opened: refused as in the baseline'),
    ]);
    expect((await match(BAD, file, 'all')).pass).toBe(true);
    expect((await match(BAD, file, 'none')).pass).toBe(true);
    expect(readFileSync(file, 'utf8')).toContain('refused: 1');
  });

  test('lies beside the test, under the name of the capture, unless a path is given', async () => {
    const context = { snapshotState: { _updateSnapshot: 'new' }, testPath: join(folder, 'web.test.ts') };
    expect((await matchers.toMatchTrafficBaseline.call(context, GOOD)).pass).toBe(true);
    expect(readFileSync(join(folder, '__baselines__', `${basename(GOOD)}.yaml`), 'utf8')).toContain(
      'lastack-baseline: 1',
    );
    await expect(matchers.toMatchTrafficBaseline.call({}, GOOD)).rejects.toThrow('takes the path of a baseline');
  });
});
