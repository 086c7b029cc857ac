import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CATALOGUE } from '../../src/findings/catalogue.ts';
import { lastack, useLastack } from './lastack.ts';

useLastack();

const REFUSED = join(import.meta.dirname, '../../samples/refused/client.pcap');

test('explain tells the rule of a code, its source and its guards', async () => {
  const { out, status } = await lastack(['explain', 'reset-sender-alive']);
  expect(status).toBe(0);
  expect(out).toMatch(/^reset-sender-alive {2}alert\n/);
  for (const label of ['means', 'rule', 'guard', 'source', 'next']) expect(out).toMatch(new RegExp(`^${label} `, 'm'));
});

test('explain without a code lists them all', async () => {
  const { out } = await lastack(['explain']);
  for (const code of CATALOGUE.keys()) expect(out).toContain(`  ${code} `);
});

test('an unknown code is a mistake, and the one that was meant is named', async () => {
  expect(await lastack(['explain', 'syn-unanswerd'])).toMatchObject({
    status: 2,
    out: '',
    error: expect.stringContaining('did you mean syn-unanswered?'),
  });
  expect(await lastack([REFUSED, '--ignore', 'handshake-refusd'])).toMatchObject({ status: 2, out: '' });
});

test('--ignore leaves a finding out everywhere, and says so', async () => {
  const found = await lastack([REFUSED, '-f', 'ndjson']);
  expect(JSON.parse(found.out).findings).toHaveLength(1);
  const ignored = await lastack([REFUSED, '-f', 'ndjson', '--ignore', 'no-payload,handshake-refused']);
  expect(JSON.parse(ignored.out)).toMatchObject({ findings: [], close: { reset: { cause: 'handshake-refused' } } });
  expect(ignored.error).toBe('lastack: --ignore left out handshake-refused (1)\n');
  expect((await lastack([REFUSED, '--ignore', 'handshake-refused'])).out).not.toContain('handshake-refused');
});
