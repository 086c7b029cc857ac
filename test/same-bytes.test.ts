import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { analyze } from '../src/cli/analyze.ts';
import { timeline } from '../src/cli/timeline.ts';
import { directory, lz4, zstd } from './input/files.ts';
import { SAMPLES } from './samples.ts';

const COMMON = { msl: 30, color: 'never', decapsulate: true, progress: false } as const;
const FORMATS = ['text', 'json', 'ndjson', 'csv', 'zeek', 'timeline', 'timeline ndjson'] as const;
/** What a format says of the file itself: text in its first line, JSON in its second. */
const ABOUT_THE_FILE: Partial<Record<string, RegExp>> = { text: /^.*/, json: /^"inputs":.*$/m };

const folder = directory({});
const capture = join(folder, 'capture.pcap');

/** What lastack writes in a format about captures. */
async function outputOf(format: (typeof FORMATS)[number], paths: readonly string[]): Promise<string> {
  const output = join(folder, 'output');
  if (format === 'timeline' || format === 'timeline ndjson') {
    const style = { style: 'tcpdump', annotate: true, t: 4 } as const;
    await timeline(paths, { ...COMMON, ...style, output, format: format === 'timeline' ? 'text' : 'ndjson' });
  } else await analyze(paths, { ...COMMON, output, format });
  return readFileSync(output, 'utf8');
}

/** Octets in pieces that end where `cuts` say, each packed by itself: what comes out of one is a chunk to the reader. */
function inPieces(octets: Uint8Array, cuts: readonly number[], pack: (piece: Uint8Array) => Uint8Array): Uint8Array {
  const places = [0, ...cuts.map((cut) => cut % octets.length).sort((a, b) => a - b), octets.length];
  return Buffer.concat(places.slice(1).map((end, i) => pack(octets.subarray(places[i], end))));
}

describe.each(FORMATS)('%s is the same bytes', (format) => {
  test.each(['loss', 'reordering', 'three-way-close'])('however the chunks are cut and packed: %s', async (sample) => {
    const plain = readFileSync(join(SAMPLES, sample, 'client.pcap'));
    writeFileSync(capture, plain);
    const expected = (await outputOf(format, [capture])).replace(ABOUT_THE_FILE[format] ?? '', '');
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.integer({ min: 1, max: 3000 }),
        fc.constantFrom('gzip', 'zstd', 'lz4'),
        async (cuts, blockLength, kind) => {
          const blocks = kind === 'zstd' ? zstd : lz4;
          const packed = (piece: Uint8Array) => (kind === 'gzip' ? gzipSync(piece) : blocks(piece, blockLength));
          writeFileSync(capture, inPieces(plain, cuts, packed));
          expect((await outputOf(format, [capture])).replace(ABOUT_THE_FILE[format] ?? '', '')).toBe(expected);
        },
      ),
      { numRuns: 8 },
    );
  });

  test.each(['loss', 'time-wait-reuse'])('in whichever order the files are named: %s', async (sample) => {
    const [client, server] = [join(SAMPLES, sample, 'client.pcap'), join(SAMPLES, sample, 'server.pcap')];
    const other = join(SAMPLES, 'three-way-close/client.pcap');
    const expected = await outputOf(format, [client, server, other]);
    expect(await outputOf(format, [other, server, client])).toBe(expected);
    expect(await outputOf(format, [server, client, other])).toBe(expected);
  });
});
