import { expect, test } from 'vitest';
import { escaped } from '../build/ascii-only.ts';
import { inline } from '../build/inline-constants.ts';

const FLOW = new Map([['bits', 4]]);
const END = new Map([['seq', 2]]);

/** What becomes of a module beside one that exports FLOW and END. */
function built(code: string): string | null {
  return inline(code, '/src/module.ts', (path) =>
    path === '/src/rows.ts'
      ? new Map([
          ['FLOW', FLOW],
          ['END', END],
        ])
      : new Map(),
  );
}

test("members of a module's own constants become their numbers", () => {
  expect(
    built('const AT = { next: 0, none: -1, mask: 0xff } as const;\nf(AT.next, a - AT.none, b & AT.mask);'),
  ).toContain('f(0, a - (-1), b & 255)');
});

test('so do those of a module that it imports by name, under the name that it gives them', () => {
  expect(built("import { FLOW, END as E } from './rows.ts';\ni32[row + FLOW.bits] = i32[E.seq]!;")).toContain(
    'i32[row + 4] = i32[2]!;',
  );
});

test('what is no number, no constant, or asked for by a computed name stays', () => {
  const code = `
const WORDS = { one: 'one', two: 2 } as const;
const free = { two: 2 };
export const all = [WORDS.one, WORDS[name], free.two, other.WORDS.two, WORDS];`;
  expect(built(code)).toBe(code);
});

test('a module without constants is left alone', () => {
  expect(built("import { f } from './rows.ts';\nf(1);")).toBeNull();
});

test('texts and regular expressions stay what they are when they are written in ASCII', () => {
  const code = "['ä', 'a→😀', /[é→]/.test('→')]";
  expect(new Function(`return ${escaped(code)}`)()).toEqual(['ä', 'a→😀', true]);
  expect(escaped(code)).toBe("['\\u00e4', 'a\\u2192\\ud83d\\ude00', /[\\u00e9\\u2192]/.test('\\u2192')]");
});
