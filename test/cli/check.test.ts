import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { pcapOf, REFUSED, THREE_WAY } from './captures.ts';
import { lastack, shell, useLastack } from './lastack.ts';

const { folder } = useLastack();
const GOOD = join(folder, 'good.pcap');
const BAD = join(folder, 'bad.pcap');
const CUT = join(folder, 'cut.pcap');
const TEXT = join(folder, 'notes.txt');
const BROKEN = join(folder, 'broken.yaml');
const PACKS = ['clean-close', 'handshake-budget', 'no-half-open', 'no-loss', 'no-resets', 'server-health'];
const REPORTERS = ['text', 'junit', 'github', 'markdown', 'sarif', 'tap', 'json'];

beforeAll(() => {
  const bad = pcapOf([THREE_WAY], [REFUSED, { clientPort: 40511, serverPort: 81 }]);
  writeFileSync(GOOD, pcapOf([THREE_WAY]));
  writeFileSync(BAD, bad);
  writeFileSync(CUT, bad.subarray(0, bad.length - 7));
  writeFileSync(TEXT, 'no capture, but long enough to be one\n');
  writeFileSync(BROKEN, 'rules:\n  - name: x\n    none: flwo > 1\n');
});

describe.each(REPORTERS)('exit statuses with --reporter %s', (reporter) => {
  test('0 when every rule holds, 1 when one is broken, then 4, 3 and 2', async () => {
    const run = async (...args: string[]): Promise<number | null> =>
      (await lastack(['check', '--reporter', reporter, ...args])).status;
    const statuses = await Promise.all([
      run(GOOD, '--pack', 'no-resets'),
      run(BAD, '--pack', 'no-resets'),
      run(BAD, CUT, '--pack', 'no-resets'),
      run(BAD, CUT, TEXT, '--pack', 'no-resets'),
      run(BAD, CUT, TEXT, '--rules', BROKEN),
    ]);
    expect(statuses).toEqual([0, 1, 4, 3, 2]);
  });
});

test('a good capture passes every pack', async () => {
  const { out, status } = await lastack(['check', GOOD, ...PACKS.flatMap((pack) => ['--pack', pack])]);
  expect(out).toMatch(/1 undecided, 14 passed\n$/);
  expect(status).toBe(0);
});

test('lastack.yaml is read when no rules are named, and may name packs', async () => {
  writeFileSync(join(folder, 'lastack.yaml'), 'packs: [no-resets]\nrules:\n  - {name: one, expect: count() == 1}\n');
  const run = await shell(`cd '${folder}' && lastack check good.pcap --reporter tap`);
  expect(run).toMatchObject({ status: 0, error: '' });
  expect(run.out).toContain('ok 1 - one');
  expect(run.out).toContain('1..3');
});

test('a baseline or rules file that is a directory is told in one line: 2', async () => {
  for (const option of ['--baseline', '--rules'])
    expect(await lastack(['check', GOOD, option, folder])).toEqual({
      status: 2,
      out: '',
      error: `lastack: ${folder}: can't be read: is a directory\n`,
    });
});

test('several reporters, each to a file of its own', async () => {
  const [xml, json] = [join(folder, 'out.xml'), join(folder, 'out.json')];
  const args = ['--reporter', `junit=${xml}`, '--reporter', `json=${json}`, '--reporter', 'text'];
  const { out, status } = await lastack(['check', BAD, '--pack', 'no-resets', ...args]);
  expect(status).toBe(1);
  expect(out).toContain('FAILED  no connection is refused or aborted  (packs/no-resets.yaml:9)');
  expect(readFileSync(xml, 'utf8')).toContain('<testsuites');
  expect(JSON.parse(readFileSync(json, 'utf8')).passed).toBe(false);
});

test('standard input is checked too, and --where and --flow say of what', async () => {
  const args = ['check', '-', '--pack', 'no-resets'];
  const input = readFileSync(BAD);
  expect((await lastack(args, { input })).out).toContain('> 10  22:13:21.001000 IP 10.0.0.2.81 > 10.0.0.1.40511');
  expect((await lastack([...args, '--where', 'server.port == 443'], { input })).status).toBe(0);
  expect((await lastack([...args, '--flow', '2'], { input })).status).toBe(1);
});

test('packs let a capture without a flow pass, and it is told', async () => {
  const run = await lastack(['check', '-', '--pack', 'no-resets'], { input: readFileSync(BAD).subarray(0, 24) });
  expect([run.status, run.error]).toEqual([0, 'lastack: no flows: nothing was checked\n']);
});

test.each([
  [['--pack', 'clean-closes'], '--pack: there is no pack clean-closes; did you mean clean-close?'],
  [['--pack', 'no-loss', '--reporter', 'junt'], 'there is no reporter junt; did you mean junit?'],
  [['--rules', 'missing.yaml'], "missing.yaml: can't be read: no such file or directory"],
  [[], 'no rules: write a lastack.yaml, or name a pack, like --pack clean-close'],
])('usage: %j', async (args, message) => {
  expect(await lastack(['check', GOOD, ...args])).toEqual({ status: 2, out: '', error: `lastack: ${message}\n` });
});

describe('a baseline', () => {
  const FILE = join(folder, 'traffic.yaml');

  test('is recorded, holds for the same traffic, and not for other', async () => {
    const made = await lastack(['check', GOOD, '--baseline', FILE, '--update-baseline']);
    expect(made.out).toMatch(/^no rules on \d+ flows?\n$/);
    expect(made).toMatchObject({ status: 0, error: `lastack: ${FILE}: made\n` });
    expect(readFileSync(FILE, 'utf8')).not.toContain('10.0.0.');
    expect((await lastack(['check', GOOD, '--baseline', FILE])).status).toBe(0);
    const other = await lastack(['check', BAD, '--baseline', FILE, '--flow', '2']);
    expect(other.out).toContain('FAILED  port 443: flows as in the baseline');
    expect(other.status).toBe(1);
  });

  test('that is not there, or is none, is a usage error', async () => {
    const missing = await lastack(['check', GOOD, '--baseline', join(folder, 'no.yaml')]);
    expect(missing).toMatchObject({ status: 2, error: expect.stringContaining('--update-baseline makes one') });
    expect((await lastack(['check', GOOD, '--baseline', BROKEN])).status).toBe(2);
    expect((await lastack(['check', GOOD, '--update-baseline'])).status).toBe(2);
  });

  test('is not recorded from a capture that is damaged, nor beside one that can not be read', async () => {
    const file = join(folder, 'spoiled.yaml');
    const said = `lastack: ${file}: not written, since not all that was asked for could be read`;
    for (const [captures, status] of [
      [[CUT], 4],
      [[GOOD, join(folder, 'none.pcap')], 3],
      [[GOOD, '--flow', '1,99'], 2],
    ] as const) {
      const run = await lastack(['check', ...captures, '--baseline', file, '--update-baseline']);
      expect([run.status, run.error.trim().split('\n').at(-1)]).toEqual([status, said]);
      expect(existsSync(file)).toBe(false);
    }
  });

  test('diff shows the same between two captures', async () => {
    const { out, status } = await lastack(['diff', GOOD, BAD]);
    expect(status).toBe(0);
    expect(out).toBe(
      'port 81\n  new     flows\n          before  none\n          now     1\ntoo few values to tell of 5 timings\n',
    );
    expect((await lastack(['diff', GOOD, TEXT])).status).toBe(3);
    const chosen = await lastack(['diff', GOOD, BAD, '--flow', '1']);
    expect(chosen.out).toMatch(/^nothing changed/);
  });
});
