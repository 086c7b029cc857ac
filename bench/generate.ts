import { parseArgs } from 'node:util';
import { CAPTURES, type CaptureName, capture } from './captures.ts';

/** Makes captures without measuring anything: arguments `[NAME...] [--scale N] [--folder DIR]`, once it is bundled. */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { scale: { type: 'string', default: '1' }, folder: { type: 'string', default: 'bench/data' } },
});
const names = positionals.length > 0 ? positionals : Object.keys(CAPTURES);
for (const name of names) {
  if (!(name in CAPTURES)) throw new Error(`no capture "${name}"; there are ${Object.keys(CAPTURES).join(', ')}`);
  const started = performance.now();
  const made = capture(values.folder, name as CaptureName, Number(values.scale));
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  if (made) console.log(`${made.path}: ${made.bytes} octets in ${seconds} s ${JSON.stringify(made.truth)}`);
  else console.log(`${name}: its compressor is not installed`);
}
