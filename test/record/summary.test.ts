import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Durations } from '../../src/record/durations.ts';
import { FirstOf } from '../../src/record/first-of.ts';

test('percentiles are exact while there are few, and within 5% when there are many', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1000, max: 10 ** 12 }), { minLength: 1, maxLength: 2000, size: 'max' }),
      (values) => {
        const durations = new Durations();
        for (const value of values) durations.add(value);
        const sorted = values.toSorted((a, b) => a - b);
        for (const part of [0.5, 0.9, 0.99, 1]) {
          const exact = sorted[Math.ceil(part * sorted.length) - 1]!;
          const told = durations.percentile(part);
          if (values.length <= 512) expect(told).toBe(exact);
          else expect(Math.abs(told - exact) / exact).toBeLessThan(0.05);
        }
      },
    ),
  );
});

test('durations that are merged tell what all of them together would', () => {
  const values = fc.array(fc.integer({ min: 1000, max: 10 ** 12 }), { maxLength: 700, size: 'max' });
  fc.assert(
    fc.property(fc.array(values, { maxLength: 4 }), (parts) => {
      const together = new Durations();
      const merged = new Durations();
      for (const part of parts) {
        const durations = new Durations();
        for (const value of part) durations.add(value);
        for (const value of part) together.add(value);
        merged.merge(durations);
      }
      expect([merged.count, merged.min, merged.max]).toEqual([together.count, together.min, together.max]);
      for (const part of [0.1, 0.5, 0.9, 1]) expect(merged.percentile(part)).toBe(together.percentile(part));
    }),
  );
});

test('the first of an order are kept, whatever order they come in', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -50, max: 50 })), fc.integer({ min: 1, max: 20 }), (keys, limit) => {
      const first = new FirstOf<string>(limit);
      keys.forEach((key, i) => {
        if (first.wants(key, i)) first.add(key, i, `${key}/${i}`);
      });
      const all = keys.map((key, i) => ({ key, i })).sort((a, b) => a.key - b.key || a.i - b.i);
      expect(first.inOrder()).toEqual(all.slice(0, limit).map(({ key, i }) => `${key}/${i}`));
    }),
  );
});
