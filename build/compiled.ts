import { execFile } from 'node:child_process';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Plugin } from 'rolldown';

const SAMPLES = join(import.meta.dirname, '../samples');
/** Command lines whose code is kept compiled: what of it was called, and the chunks that they need beyond those before. */
const RUNS: readonly (readonly string[])[] = [
  ['analyze', join(SAMPLES, 'four-way-close/client.pcap')],
  ['analyze', '-f', 'ndjson', join(SAMPLES, 'four-way-close/client.pcap')],
  ['timeline', join(SAMPLES, 'four-way-close/client.pcap')],
];

/** Run as one of the command lines, and at its end keeps what V8 compiled of chunks of which nothing was kept yet. */
const KEEP = `
const { existsSync, writeFileSync } = require('node:fs');
const { compiledFile, scripts } = require(process.env.LASTACK_BUILT);
process.on('exit', () => {
  for (const [file, script] of scripts) {
    const compiled = compiledFile(file);
    if (!existsSync(compiled)) writeFileSync(compiled, script.createCachedData());
  }
});
`;

/** Keeps what V8 compiles of the command line beside it, for `src/cli/main.ts` to start with. */
export function keepCompiled(): Plugin {
  return {
    name: 'keep-compiled',
    async writeBundle({ dir = '.' }) {
      for (const run of RUNS) {
        await promisify(execFile)(process.execPath, ['-e', KEEP, ...run], {
          env: { ...process.env, LASTACK_BUILT: resolve(dir, 'main.js'), NODE_OPTIONS: '' },
        });
      }
    },
  };
}
