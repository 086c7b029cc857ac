import { readFileSync } from 'node:fs';
import { defineConfig, type PluginContext, type RolldownOptions } from 'rolldown';
import { asciiOnly } from './build/ascii-only.ts';
import { keepCompiled } from './build/compiled.ts';
import { inlineConstants } from './build/inline-constants.ts';

const PACKAGES = ['cli-progress', 'pcap-parser', '@marcbachmann/cel-js', 'yaml', 'vitest'];

/** The library, and matchers for tests: ES modules, as they are written. */
const library = defineConfig({
  input: { index: 'src/index.ts', matchers: 'src/testing/matchers.ts', vitest: 'src/testing/vitest.ts' },
  platform: 'node',
  external: PACKAGES,
  plugins: [inlineConstants()],
  output: { dir: 'dist', format: 'esm', chunkFileNames: 'chunks/[name]-[hash].js', cleanDir: true },
});

/**
 * The command line: what `--help` needs, what reading a capture needs, and each command a chunk of its own, loaded when
 * called. What is loaded costs more than what is run (docs/decisions/0008): few files, and CommonJS, which Node reads
 * without its loader of ES modules.
 */
const commandLine = defineConfig({
  input: { main: 'src/cli/main.ts', program: 'src/cli/program.ts' },
  platform: 'node',
  external: PACKAGES,
  plugins: [
    inlineConstants(),
    { name: 'commonjs-says-so', generateBundle: asset('package.json', '{ "type": "commonjs" }\n') },
    { name: 'licence-commander', generateBundle: asset('LICENSE-commander.txt', licenceOf('commander')) },
    { name: 'licence-fzstd', generateBundle: asset('LICENSE-fzstd.txt', licenceOf('fzstd')) },
    asciiOnly(),
    keepCompiled(),
    { name: 'commander-starts-nobody', transform: { filter: { id: /commander.lib.command\.js$/ }, handler: lazily } },
  ],
  output: {
    dir: 'dist/cli',
    format: 'cjs',
    chunkFileNames: 'chunks/[name]-[hash].js',
    cleanDir: true,
    // Lines stay: a line is what Node shows of a crash.
    minify: { compress: true, mangle: { keepNames: true }, codegen: { removeWhitespace: false } },
    codeSplitting: {
      groups: [
        {
          name: 'options',
          test: /src.(errors|input.reason|cli.(capture-options|exit|problems|version|standard))\.ts$|commander/,
          priority: 2,
        },
        { name: 'engine', test: /src.(analyze|cli.(analyze|text-sink))\.ts$/, priority: 1 },
      ],
    },
  },
});

const builds: readonly RolldownOptions[] = [library, commandLine];
export default builds;

function asset(fileName: string, source: string) {
  return function emit(this: PluginContext): void {
    this.emitFile({ type: 'asset', fileName, source });
  };
}

function licenceOf(name: string): string {
  return readFileSync(new URL(`node_modules/${name}/LICENSE`, import.meta.url), 'utf8');
}

/** commander loads node:child_process, and with it net and streams, for subcommands that are programs of their own. */
function lazily(code: string): string {
  const load = "const childProcess = require('node:child_process');";
  if (!code.includes(load)) throw new Error('commander loads node:child_process in another way now');
  return code.replace(load, '').replaceAll('childProcess.', "require('node:child_process').");
}
