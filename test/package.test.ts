import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { loadConfig } from 'rolldown/config';
import { expect, test } from 'vitest';

const CONFIG = join(import.meta.dirname, '../rolldown.config.ts');
/** Octets that Node has to read and compile before the command line can say anything. */
const MOST_AT_START = 150_000;

test('the command line loads no package and less than 150 kB before a command is called', async () => {
  const chunks = await build();
  const loaded = new Set<string>();
  const packages = new Set<string>();
  // `main.js` loads `program.js` (src/cli/main.ts).
  const waiting = ['main.js', 'program.js'];
  for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
    const chunk = chunks.get(file);
    if (!chunk) packages.add(file);
    else if (!loaded.has(file)) waiting.push(...chunk.imports);
    if (chunk) loaded.add(file);
  }
  const octets = [...loaded].reduce((sum, file) => sum + Buffer.byteLength(chunks.get(file)!.code), 0);
  expect([...packages].filter((name) => !name.startsWith('node:'))).toEqual([]);
  expect(octets).toBeGreaterThan(500);
  expect(octets).toBeLessThan(MOST_AT_START);
});

/** The bundles as `npm run build` writes them, by file name, without writing them. */
async function build(): Promise<Map<string, { code: string; imports: string[] }>> {
  const configs = await loadConfig(CONFIG);
  const config = Array.isArray(configs)
    ? configs.find(({ output }) => !Array.isArray(output) && output?.dir === 'dist/cli')
    : undefined;
  if (!config || Array.isArray(config.output)) throw new Error('rolldown.config.js has no bundle for dist/cli');
  const bundle = await rolldown(config);
  const { output: files } = await bundle.generate(config.output);
  await bundle.close();
  return new Map(files.flatMap((file) => (file.type === 'chunk' ? [[file.fileName, file]] : [])));
}
