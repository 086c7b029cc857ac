import { expect, test } from 'vitest';
import { countText, plural } from '../../src/bytes/counts.ts';
import { durationText, octetsText, percentText } from '../../src/render/quantity.ts';

test.each([
  [Number.NaN, '–'],
  [0, '0 s'],
  [950, '0.950 µs'],
  [12_000, '12.0 µs'],
  [313_000, '0.313 ms'],
  [13_000_000, '13.0 ms'],
  [999_400_000, '999 ms'],
  [999_600_000, '1.00 s'],
  [-1_250_000_000, '-1.25 s'],
  [99_960_000_000, '1 min 40 s'],
  [3_599_600_000_000, '1 h'],
  [7_380_000_000_000, '2 h 3 min'],
  [273_600_000_000_000, '3 d 4 h'],
])('%d ns is %s', (nanoseconds, text) => {
  expect(durationText(nanoseconds)).toBe(text);
});

test.each([
  [734, '734 B'],
  [1210, '1.21 kB'],
  [999_600, '1.00 MB'],
  [704_000_000, '704 MB'],
])('%d octets are %s', (octets, text) => {
  expect(octetsText(octets)).toBe(text);
});

test('counts have their thousands apart, and percentages never round to all or nothing', () => {
  expect(countText(6_812_004)).toBe('6,812,004');
  expect(plural(1, 'flow')).toBe('1 flow');
  expect([percentText(0, 9), percentText(1, 900), percentText(899, 900), percentText(9, 9)]).toEqual([
    '0%',
    '<1%',
    '>99%',
    '100%',
  ]);
});
