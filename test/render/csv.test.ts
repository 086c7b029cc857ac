import { expect, test } from 'vitest';
import { csvText } from '../../src/render/csv.ts';

test.each([
  ['plain', 'plain'],
  ['two, words', '"two, words"'],
  ['say "no"', '"say ""no"""'],
  ['=1+1', "'=1+1"],
  ['+44', "'+44"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\tx', "'\tx"],
  ['=a,b', '"\'=a,b"'],
])('a cell of %j is written so that no spreadsheet runs it: %j', (text, cell) => {
  expect(csvText(text)).toBe(cell);
});
