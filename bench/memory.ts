import { parseArgs } from 'node:util';
import { capture } from './captures.ts';
import { measure } from './measure.ts';

/**
 * `npm run bench-memory -- [--passes N] [--scale N] [--lastack FILE]`
 *
 * Peak memory on a stream without end: a web capture N times, and twice as often, through a pipe (bench/endless.ts). Ends
 * with 1 where twice as much takes more than a tenth more memory.
 */
const { values } = parseArgs({
  options: {
    passes: { type: 'string', default: '32' },
    scale: { type: 'string', default: '0.01' },
    lastack: { type: 'string', default: 'dist/cli/main.js' },
  },
});
const MOST = 1.1;
const passes = Number(values.passes);
const { path } = capture('bench/data', 'web', Number(values.scale))!;
const once = peakOf(passes);
const twice = peakOf(2 * passes);
const ratio = twice / once;
console.log(
  `peak memory: ${once.toFixed(0)} MiB after ${passes} passes, ${twice.toFixed(0)} MiB after ${2 * passes}: ${ratio.toFixed(2)} times`,
);
if (!(ratio <= MOST)) process.exitCode = 1;

function peakOf(passes: number): number {
  const script = '"$0" bench/dist/endless.js "$1" "$2" | exec "$0" "$3" -f ndjson -';
  return measure(['sh', '-c', script, process.execPath, path, String(passes), values.lastack]).peakMiB;
}
