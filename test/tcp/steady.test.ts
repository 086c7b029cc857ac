import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';

const SAMPLES = join(import.meta.dirname, '../../samples');

/** Every flow and segment of every recording, as records; and how many segments went the straight way. */
async function everything(straight: boolean): Promise<{ records: string[]; inStep: number }> {
  let inStep = 0;
  vi.resetModules();
  vi.doMock('../../src/tcp/steady.ts', async (original) => {
    const { takeInStep } = await original<typeof import('../../src/tcp/steady.ts')>();
    return {
      takeInStep: (...segment: Parameters<typeof takeInStep>) => {
        const taken = straight && takeInStep(...segment);
        if (taken) inStep++;
        return taken;
      },
    };
  });
  const { openCapture } = await import('../../src/index.ts');
  const records: string[] = [];
  for (const path of readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!/\.pcap(ng)?$/.test(path)) continue;
    for await (const segment of (await openCapture(join(SAMPLES, path))).segments())
      records.push(`${path} ${JSON.stringify(segment)}`);
    for await (const flow of (await openCapture(join(SAMPLES, path))).flows())
      records.push(`${path} ${JSON.stringify(flow)}`);
  }
  return { records, inStep };
}

test('the straight way says what the tracker says without it, of every recording', async () => {
  const straight = await everything(true);
  const long = await everything(false);
  expect(straight.records).toEqual(long.records);
  expect(straight.inStep).toBeGreaterThan(150);
  expect(long.inStep).toBe(0);
}, 120_000);
