import fc from 'fast-check';
import { expect, test } from 'vitest';
import { writeJsonValue } from '../../src/bytes/json.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';

function written(value: unknown): string {
  const out = new ByteWriter(8);
  writeJsonValue(out, value);
  return out.toString();
}

test('any value is written as JSON.stringify writes it', () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => written(value) === JSON.stringify(value)));
});

test('quotes, controls, surrogates and what is past ASCII are escaped or encoded', () => {
  for (const text of ['a"b', 'back\\slash', 'tab\t', '\u007f', '→ é', '\ud800', '\u{1f980}', ''])
    expect(written({ [text]: text })).toBe(JSON.stringify({ [text]: text }));
});

test('absent members, numbers that JSON has not, and toJSON', () => {
  const value = { a: undefined, b: Number.NaN, c: -0, d: 1e21, e: { toJSON: () => [1.5, null] } };
  expect(written(value)).toBe(JSON.stringify(value));
  expect(written({})).toBe('{}');
});
