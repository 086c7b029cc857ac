import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { lastack, useLastack } from './cli/lastack.ts';

useLastack();

const ROOT = join(import.meta.dirname, '..');
const README = readFileSync(join(ROOT, 'README.md'), 'utf8');
const EXAMPLES = [...README.matchAll(/```console\n\$ lastack (.*)\n([\s\S]*?)```/g)];

test('the README shows what lastack prints', async () => {
  expect(EXAMPLES.length).toBeGreaterThan(1);
  for (const [, command, output] of EXAMPLES) {
    const args = command!.split(' ').map((word) => (word.startsWith('samples/') ? join(ROOT, word) : word));
    const run = await lastack(args, { env: { COLUMNS: '80' } });
    expect(run.error).toBe('');
    expect(run.out).toBe(output);
  }
});
