import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { nearest } from '../../src/bytes/nearest.ts';
import { CATALOGUE, PARTS } from '../../src/findings/catalogue.ts';
import { SEVERITIES } from '../../src/findings/finding.ts';
import { sentence } from '../../src/findings/words.ts';

test('codes are never renamed: these are all there are', () => {
  const codes = PARTS.map(({ title, entries }) => `${title}: ${Object.keys(entries).join(' ')}`);
  expect(codes.join('\n')).toMatchSnapshot();
});

test('each code is in one part only', () => {
  expect(CATALOGUE.size).toBe(PARTS.reduce((sum, { entries }) => sum + Object.keys(entries).length, 0));
});

test('every entry says all it has to, in whole sentences', () => {
  for (const [code, entry] of CATALOGUE) {
    expect(SEVERITIES).toContain(entry.severity);
    for (const text of [entry.means, entry.rule, entry.guard]) expect(`${code}: ${text}`).toMatch(/\S\.$/);
    expect(sentence(entry.seen({}))).toMatch(/^\S.*\.$/);
    expect(entry.source).not.toBe('');
  }
});

test('a code that is nearly right leads to the one that was meant', () => {
  expect(nearest('syn-unanswerd', CATALOGUE.keys())).toBe('syn-unanswered');
  expect(nearest('reset-keepalive', CATALOGUE.keys())).toBe('reset-keepalive-timeout');
  expect(nearest('nosuch', CATALOGUE.keys())).toBeNull();
});

test('every code is named by a rule', () => {
  const source = join(import.meta.dirname, '../../src');
  const text = ['findings/rules', 'across', 'input', 'record']
    .map((folder) => join(source, folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((file) => join(folder, file)))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  const untold = [...CATALOGUE.keys()].filter((code) => !text.includes(`'${code}'`));
  expect(untold).toEqual([]);
});
