import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readAll } from '../../src/cli/reading.ts';
import { openCaptures } from '../../src/input/captures.ts';
import { SAMPLES } from '../samples.ts';

const ONE = join(SAMPLES, 'normal-close.pcapng');

/** Takes records until one of them calls for more memory than there is. */
function taker(from: number): { take(): void; end(): void; records: number; ended: number } {
  return {
    records: 0,
    ended: 0,
    take() {
      if (++this.records >= from) new Float64Array(2 ** 33 - 1);
    },
    end() {
      this.ended++;
    },
  };
}

test.each([
  ['a capture', [ONE]],
  ['several captures', [ONE, join(SAMPLES, 'four-way-close')]],
])('where memory ends, %s is read up to there, and what was known is told', async (_, paths) => {
  const source = await openCaptures(paths, {});
  const records = taker(3);
  expect(await readAll(source, records, false)).toBe(false);
  expect(records).toMatchObject({ records: 3, ended: 1 });
  expect(source.problems).toHaveLength(1);
  expect(source.problems[0]).toMatchObject({
    code: 'damaged-capture',
    message: expect.stringMatching(/: not enough memory to go on \(record \d+, byte \d+\)$/),
  });
});

test('any other error is a bug, and not hidden', async () => {
  const source = await openCaptures([ONE], {});
  const take = (): never => {
    throw new RangeError('Invalid array length');
  };
  await expect(readAll(source, { take, end: () => {}, records: 0 }, false)).rejects.toThrow('Invalid array length');
});
