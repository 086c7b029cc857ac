import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from 'vitest';

const SOURCE = join(import.meta.dirname, '../src');
/** The folders in the order in which data moves; each may import itself and those before it. */
const ORDER =
  'bytes capture wire filter flow tcp findings record across where render extract check query serve web input cli testing'.split(
    ' ',
  );
/** The root's files, by the last folder that must not import them; they themselves import what they need. */
const ROOT = new Map([
  ['errors.ts', ''],
  ['decoding.ts', 'filter'],
  ['analyze.ts', 'render'],
  ['index.ts', 'input'],
]);

/** Where a file stands in the order; NaN when nobody gave it a place. */
function position(file: string): number {
  const [folder] = file.split('/');
  const at = ORDER.indexOf(folder!);
  if (at >= 0) return at;
  const last = ROOT.get(file);
  return last === undefined ? Number.NaN : ORDER.indexOf(last) + 0.5;
}

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'));

test('every source file has its place in the order of folders', () => {
  expect(files.length).toBeGreaterThan(20);
  expect(files.filter((file) => Number.isNaN(position(file)))).toEqual([]);
});

test('a folder imports itself and the folders above it, never one below', () => {
  const downward = files
    .filter((file) => file.includes('/'))
    .flatMap((file) =>
      importsOf(file)
        .filter((imported) => position(imported) > position(file))
        .map((imported) => `${file} imports ${imported}`),
    );
  expect(downward).toEqual([]);
});

/** The files of src/ that a file imports or re-exports, statically or not, as paths from src/. */
function importsOf(file: string): string[] {
  const text = readFileSync(join(SOURCE, file), 'utf8');
  const named = text.matchAll(/(?:\bfrom|\bimport\(?)\s*'(\.[^']+)'/g);
  return [...named].map(([, path]) => relative(SOURCE, join(dirname(join(SOURCE, file)), path!)).replaceAll('\\', '/'));
}
