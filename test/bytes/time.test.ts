import fc from 'fast-check';
import { expect, test } from 'vitest';
import { UtcTimes } from '../../src/bytes/time.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';

test('times are RFC 3339 in UTC with nine digits', () => {
  const times = new UtcTimes();
  const anyTime = fc.tuple(
    fc.integer({ min: -62_135_596_800, max: 253_402_300_799 }),
    fc.integer({ min: 0, max: 999_999_999 }),
  );
  fc.assert(
    fc.property(anyTime, ([seconds, nanoseconds]) => {
      const out = new ByteWriter(1);
      times.writeSince(out, seconds, nanoseconds);
      const date = new Date(seconds * 1000).toISOString().slice(0, 20);
      expect(out.toString()).toBe(`${date}${String(nanoseconds).padStart(9, '0')}Z`);
    }),
  );
});

test('a year past 9999, which a damaged capture may claim, is printed in full', () => {
  const out = new ByteWriter();
  new UtcTimes().writeSince(out, 253_402_300_800, 0);
  expect(out.toString()).toBe('10000-01-01T00:00:00.000000000Z');
});

test('up to seventy years after the first record, microseconds are still those of the capture, and nothing is made up behind them', () => {
  const times = new UtcTimes();
  const years = fc.tuple(fc.integer({ min: 73_000_000, max: 2_300_000_000 }), fc.integer({ min: 0, max: 999_999 }));
  fc.assert(
    fc.property(years, ([seconds, microseconds]) => {
      const out = new ByteWriter(1);
      times.writeSince(out, 100, seconds * 1e9 + microseconds * 1000);
      const date = new Date((100 + seconds) * 1000).toISOString().slice(0, 20);
      expect(out.toString()).toBe(`${date}${String(microseconds).padStart(6, '0')}000Z`);
    }),
  );
});
