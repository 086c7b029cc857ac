import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { Spool } from '../../src/cli/spool.ts';

test('pieces come out in the order of their keys, whether they waited in memory or in a file', () => {
  const pieces = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.string()), { maxLength: 3000, size: 'max' });
  fc.assert(
    fc.property(pieces, fc.constantFrom(1, 64, 1 << 20), (all, limit) => {
      const spool = new Spool(limit);
      const writer = new ByteWriter(16);
      all.forEach(([key, text], i) => {
        writer.length = 0;
        writer.text(text);
        spool.add(key, i, writer);
      });
      const out: string[] = [];
      spool.forEach((octets) => {
        out.push(Buffer.from(octets).toString());
      });
      spool.close();
      const encoded = (text: string): string => Buffer.from(text).toString();
      expect(out).toEqual(all.toSorted((a, b) => a[0] - b[0]).map(([, text]) => encoded(text)));
    }),
    { numRuns: 50 },
  );
});
