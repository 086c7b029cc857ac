import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { lastack, useLastack } from './cli/lastack.ts';
import '../src/testing/vitest.ts';

useLastack();

const FOLDER = join(import.meta.dirname, '../examples/regression');
const [BEFORE, AFTER] = [join(FOLDER, 'before.pcap'), join(FOLDER, 'after.pcap')];
const RULES = join(FOLDER, 'lastack.yaml');
const BASELINE = join(FOLDER, 'traffic.yaml');

describe('a regression is found, and only there', () => {
  test.each(['text', 'junit', 'github', 'markdown', 'sarif', 'tap', 'json'])('with --reporter %s', async (reporter) => {
    const args = ['--rules', RULES, '--baseline', BASELINE, '--reporter', reporter];
    const [before, after] = await Promise.all([
      lastack(['check', BEFORE, ...args]),
      lastack(['check', AFTER, ...args]),
    ]);
    expect([before.status, before.error]).toEqual([0, '']);
    expect([after.status, after.error]).toEqual([1, '']);
    expect(after.out).toContain('the server has room for every connection');
  });

  test('each of its three parts by a rule of its own', async () => {
    const { out } = await lastack(['check', AFTER, '--rules', RULES, '--reporter', 'json']);
    const { results } = JSON.parse(out) as { results: { name: string; outcome: string }[] };
    const failed = results.filter(({ outcome }) => outcome === 'failed').map(({ name }) => name);
    expect(failed).toEqual(
      expect.arrayContaining([
        'the server has room for every connection',
        'no connection is reset',
        'opened connections close with FIN from both ends',
      ]),
    );
  });

  test('by matchers, too', async () => {
    await expect(BEFORE).toMatchRules(RULES);
    await expect(BEFORE).toCloseCleanly();
    await expect(AFTER).not.toMatchRules(RULES);
    await expect(AFTER).not.toCloseCleanly();
  });
});
