import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter, Constant } from '../../src/bytes/writer.ts';

/** What a writer without room to spare holds after `write`. */
function written(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter(1);
  write(out);
  return out.toString();
}

test('whole numbers are written as decimal digits', () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(), fc.maxSafeInteger()), (value) => {
      expect(written((out) => out.integer(value))).toBe(String(value));
    }),
  );
});

test('padded numbers are as wide as asked', () => {
  fc.assert(
    fc.property(fc.nat({ max: 999_999_999_999_999 }), fc.integer({ min: 1, max: 15 }), (value, width) => {
      const fitting = value % 10 ** width;
      expect(written((out) => out.padded(fitting, width))).toBe(String(fitting).padStart(width, '0'));
    }),
  );
});

test('constants and text follow each other without a gap', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'grapheme' })), (texts) => {
      const all = written((out) => {
        for (const text of texts) {
          out.constant(new Constant(text));
          out.text(text);
        }
      });
      expect(all).toBe(texts.map((text) => text + text).join(''));
    }),
  );
});
