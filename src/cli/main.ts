#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { Script } from 'node:vm';

/**
 * Starts the command line with what V8 compiled of it when it was built (docs/decisions/0012): for a small capture
 * compiling takes longer than all else. Beside a chunk `x.js` lies `x.js.x64.v8`, which `build/compiled.ts` makes. V8 takes it
 * if it is the same V8 with the same flags, and else compiles the text as ever. Chunks ask for packages by `require` alone: what
 * was compiled beforehand knows no `import()`.
 */

/** By file, what was loaded: for who keeps what V8 compiled of it. */
export const scripts: Map<string, Script> = new Map();

/** What is called for a chunk, as Node does for a CommonJS module. */
type Wrapped = (exports: unknown, require: (id: string) => unknown, module: Module, file: string, dir: string) => void;
interface Module {
  exports: unknown;
}

const modules = new Map<string, Module>();
const requirePackage = createRequire(import.meta.filename);

/** The file that holds what V8 compiled of another. */
export function compiledFile(file: string): string {
  return `${file}.${process.arch}.v8`;
}

function load(file: string): unknown {
  const known = modules.get(file);
  if (known) return known.exports;
  const module: Module = { exports: {} };
  modules.set(file, module);
  // The build writes ASCII only (build/ascii-only.ts).
  const text = readFileSync(file, 'latin1');
  const script = new Script(`(function (exports, require, module, __filename, __dirname) { ${text}\n})`, {
    filename: file,
    cachedData: compiled(file),
  });
  scripts.set(file, script);
  const dir = dirname(file);
  const require = (id: string) => (id.startsWith('.') ? load(join(dir, id)) : requirePackage(id));
  (script.runInThisContext() as Wrapped)(module.exports, require, module, file, dir);
  return module.exports;
}

function compiled(file: string): Buffer | undefined {
  try {
    return readFileSync(compiledFile(file));
  } catch {
    return undefined;
  }
}

load(join(import.meta.dirname, 'program.js'));
