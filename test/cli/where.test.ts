import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { pcapOf, REFUSED, THREE_WAY } from './captures.ts';
import { lastack, useLastack } from './lastack.ts';

const { folder } = useLastack();
const WEB = join(folder, 'web.pcap');
const web = pcapOf([THREE_WAY], [REFUSED, { clientPort: 40511, serverPort: 81 }]);

beforeAll(() => writeFileSync(WEB, web));

function flowsIn(out: string): number[] {
  const lines = out.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line).flow);
}

test.each(['ndjson', 'csv'])('analyze -f %s prints the flows of which the expression is true', async (format) => {
  const { out, status } = await lastack([WEB, '-f', format, '--where', 'handshake.outcome == "refused"']);
  expect(status).toBe(0);
  expect(out).toContain('40511');
  expect(out).not.toContain('40510');
});

test('two expressions have to hold both, and --flow as well', async () => {
  const both = await lastack([WEB, '-f', 'ndjson', '--where', 'flow >= 1 || flow == 0', '--where', 'flow <= 1']);
  expect(flowsIn(both.out)).toEqual([1]);
  expect((await lastack([WEB, '-f', 'ndjson', '--where', 'flow >= 1', '--flow', '2'])).out).toContain('40511');
  expect((await lastack([WEB, '-f', 'ndjson', '--where', 'flow == 1', '--flow', '2'])).out).toBe('');
});

test('of several expressions each stands for itself, and the one with a mistake is named', async () => {
  const unbalanced = await lastack([WEB, '--where', 'true', '--where', 'true) || (false']);
  expect([unbalanced.status, unbalanced.error.split('\n')[0]]).toEqual([
    2,
    expect.stringMatching(/^lastack: 2nd --where:1:5: /),
  ]);
  const misspelt = await lastack(['timeline', WEB, '--where', 'clinet.port > 1', '--where', 'true']);
  expect(misspelt.error).toContain(
    'lastack: 1st --where:1:1: there is no field clinet; did you mean client?\n  clinet.port > 1\n  ^\n',
  );
});

test('timeline prints the segments of such flows, also of standard input', async () => {
  const args = ['timeline', '-f', 'ndjson', '--where', 'close.pattern == "three-way"'];
  const [file, piped] = await Promise.all([lastack([...args, WEB]), lastack([...args, '-'], { input: web })]);
  expect(flowsIn(file.out)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  expect(piped.out).toBe(file.out);
});

test('extract writes their packets', async () => {
  const out = join(folder, 'out.pcapng');
  expect((await lastack(['extract', WEB, '--where', 'has(close.reset)', '-o', out])).status).toBe(0);
  expect((await lastack([out, '-f', 'ndjson'])).out).toContain('"outcome":"refused"');
  const none = await lastack(['extract', WEB, '--where', 'durationMs > 1e9', '-o', out]);
  expect(none).toMatchObject({ status: 0, error: 'lastack: no record is what was asked for: no packet was written\n' });
});

test.each(['analyze', 'timeline', 'extract'])('%s: a mistake is a usage error that points at it', async (command) => {
  const run = await lastack([command, WEB, '--where', 'handshake.totlaMs > 5', '-o', '-']);
  expect(run).toEqual({
    status: 2,
    out: '',
    error:
      'lastack: --where:1:11: there is no field handshake.totlaMs; did you mean handshake.totalMs?\n' +
      '  handshake.totlaMs > 5\n            ^\n',
  });
});
