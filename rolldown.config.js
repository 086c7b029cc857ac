import { defineConfig } from 'rolldown';

/** One bundle a door: the command line (each command a chunk of its own, loaded when called), the library, and matchers for tests. */
export default defineConfig({
  input: {
    'cli/main': 'src/cli/main.ts',
    index: 'src/index.ts',
    matchers: 'src/testing/matchers.ts',
    vitest: 'src/testing/vitest.ts',
  },
  platform: 'node',
  external: ['commander', 'cli-progress', 'pcap-parser', '@marcbachmann/cel-js', 'yaml', 'vitest'],
  output: { dir: 'dist', format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js', cleanDir: true },
});
