import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { RECORDINGS, SAMPLES } from '../samples.ts';

/** Every flow and segment of every recording, as records; and how many segments went each straight way. */
async function everything(straight: boolean): Promise<{ records: string[]; inStep: number; opening: number }> {
  let inStep = 0;
  let opening = 0;
  vi.resetModules();
  vi.doMock('../../src/tcp/steady.ts', async (original) => {
    const module = await original<typeof import('../../src/tcp/steady.ts')>();
    const { takeInStep } = module;
    return {
      ...module,
      takeInStep: (...segment: Parameters<typeof takeInStep>) => {
        const taken = straight && takeInStep(...segment);
        if (taken) inStep++;
        return taken;
      },
    };
  });
  vi.doMock('../../src/tcp/opening/in-step.ts', async (original) => {
    const module = await original<typeof import('../../src/tcp/opening/in-step.ts')>();
    const { takeOpeningInStep } = module;
    return {
      ...module,
      takeOpeningInStep: (...segment: Parameters<typeof takeOpeningInStep>) => {
        const taken = straight && takeOpeningInStep(...segment);
        if (taken) opening++;
        return taken;
      },
    };
  });
  const { openCapture } = await import('../../src/index.ts');
  const records: string[] = [];
  for (const path of RECORDINGS) {
    for await (const segment of (await openCapture(join(SAMPLES, path))).segments())
      records.push(`${path} ${JSON.stringify(segment)}`);
    for await (const flow of (await openCapture(join(SAMPLES, path))).flows())
      records.push(`${path} ${JSON.stringify(flow)}`);
  }
  return { records, inStep, opening };
}

test('the straight ways say what the tracker says without it, of every recording', async () => {
  const straight = await everything(true);
  const long = await everything(false);
  expect(straight.records).toEqual(long.records);
  expect(straight.inStep).toBeGreaterThan(150);
  expect(straight.opening).toBeGreaterThan(1000);
  expect(long.inStep + long.opening).toBe(0);
}, 120_000);
