import { defineConfig } from 'rolldown';

/** One bundle a door: the command line (each command a chunk of its own, loaded when called) and the library. */
export default defineConfig({
  input: { 'cli/main': 'src/cli/main.ts', index: 'src/index.ts' },
  platform: 'node',
  external: ['commander', 'cli-progress', 'pcap-parser', '@marcbachmann/cel-js', 'yaml'],
  output: { dir: 'dist', format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js', cleanDir: true },
});
