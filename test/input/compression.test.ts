import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CompressionError } from '../../src/input/compression-error.ts';
import { compressionOf, decompressed } from '../../src/input/decompress.ts';
import { openOctets } from '../../src/input/octets.ts';
import { pcapngs, pcaps } from '../capture/arbitrary.ts';
import { type Packet, pcap } from '../capture/build.ts';
import { COMPRESSIONS, directory, file, lz4, type Read, read, skippable, zstd } from './files.ts';

const PACKETS: readonly Packet[] = Array.from({ length: 200 }, (_, i) => ({
  seconds: i,
  nanoseconds: 0,
  data: new Uint8Array(100).map((_, at) => i * at),
}));
const CAPTURE = pcap(PACKETS);
const TRAILING = Buffer.from('trailing words');

describe.each(COMPRESSIONS)('%s', (name, compress) => {
  test('changes nothing', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(pcaps(), pcapngs()), async (capture) => {
        const plain = await read([file(capture)]);
        const packed = await read([file(compress(capture))]);
        expect([packed.records, packed.codes]).toEqual([plain.records, plain.codes]);
      }),
      { numRuns: 30 },
    );
  });

  test('is told by content and named in the summary', async () => {
    const packed = compress(CAPTURE);
    const { source } = await read([file(packed, 'capture.pcap')]);
    expect(source.inputs[0]).toMatchObject({ compression: name, bytes: packed.length, records: 200 });
  });

  test('that is cut short gives every record before the cut and is damage', async () => {
    const packed = compress(CAPTURE);
    let least = 0;
    for (const part of [0.25, 0.5, 0.75, 0.99]) {
      const { records, codes } = await read([file(packed.subarray(0, Math.floor(packed.length * part)))]);
      expect(codes).toEqual(['damaged-capture']);
      expect(records.length).toBeGreaterThan(least);
      least = records.length;
    }
  });

  test('within which there is no capture is unreadable', async () => {
    for (const octets of [new TextEncoder().encode('text within'), Uint8Array.of(1)]) {
      expect((await read([file(compress(octets))])).codes).toEqual(['unreadable-input']);
    }
  });

  test('of several parts one after the other is one capture', async () => {
    const parts = [CAPTURE.subarray(0, 1), CAPTURE.subarray(1, 3000), CAPTURE.subarray(3000)];
    const { records, codes } = await read([file(Buffer.concat(parts.map(compress)))]);
    expect([records.length, codes]).toEqual([200, []]);
  });

  test.each([
    ['one octet', Buffer.from('x')],
    ['words', TRAILING],
    ['much', Buffer.alloc(200_000, 'x')],
  ])('behind which something else follows (%s) is damage that names the place, and loses nothing', async (_, rest) => {
    const packed = compress(CAPTURE);
    const { records, codes, source } = await read([file(Buffer.concat([packed, rest]))]);
    expect([records.length, codes]).toEqual([200, ['damaged-capture']]);
    expect(source.problems[0]?.message).toContain(`byte ${packed.length} of the file`);
  });

  test.skipIf(process.platform === 'win32')('loses nothing before what follows it in a pipe either', async () => {
    const packed = compress(CAPTURE);
    const { records, codes } = await readPipe([Buffer.concat([packed, TRAILING])]);
    expect([records.length, codes]).toEqual([200, ['damaged-capture']]);
  });

  test.skipIf(process.platform === 'win32')('may come through a pipe, in any pieces', async () => {
    const packed = compress(CAPTURE);
    const pieces = Array.from({ length: Math.ceil(packed.length / 777) }, (_, i) =>
      packed.subarray(777 * i, 777 * (i + 1)),
    );
    const { records, codes, source } = await readPipe(pieces);
    expect([records.length, codes, source.totalBytes, source.position]).toEqual([200, [], null, packed.length]);
  });

  test('in which any octet is changed ends with a result', async () => {
    const packed = compress(CAPTURE);
    await fc.assert(
      fc.asyncProperty(fc.nat(packed.length - 1), fc.nat(255), async (place, octet) => {
        const damaged = packed.slice();
        damaged[place] = octet;
        const { records, codes } = await read([file(damaged)]);
        expect(records.length).toBeLessThanOrEqual(300);
        expect(codes.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  });
});

test('gzip damaged in the middle gives what stands before the damage', async () => {
  const packed = gzipSync(CAPTURE, { level: 0 });
  // With level 0 blocks are stored: the length of the first one stands after the header, and here ceases to be true.
  const two = Buffer.concat([packed, packed]);
  two.fill(0xff, packed.length + 10, packed.length + 20);
  const { records, codes } = await read([file(two)]);
  expect([records.length, codes]).toEqual([200, ['damaged-capture']]);
});

test('zeros that fill up the file after the last gzip member are ignored, as gzip does', async () => {
  for (const zeros of [1, 100, 100_000]) {
    const { records, codes } = await read([file(Buffer.concat([gzipSync(CAPTURE), new Uint8Array(zeros)]))]);
    expect([records.length, codes]).toEqual([200, []]);
  }
});

test('what follows zeros after the last gzip member is told with its place', async () => {
  const packed = gzipSync(CAPTURE);
  const { records, source } = await read([
    file(Buffer.concat([packed, new Uint8Array(100_000), TRAILING, gzipSync(CAPTURE)])),
  ]);
  expect(records).toHaveLength(200);
  expect(source.problems[0]?.message).toContain(`byte ${packed.length + 100_000} of the file`);
});

test('zeros after the last frame of zstd or lz4 are damage, as those programs have it', async () => {
  for (const compress of [zstd, lz4]) {
    const { records, codes } = await read([file(Buffer.concat([compress(CAPTURE), new Uint8Array(100)]))]);
    expect([records.length, codes]).toEqual([200, ['damaged-capture']]);
  }
});

test.each([
  ['whose checksum is wrong', -8, 'checksum'],
  ['whose length is wrong', -1, 'length'],
])('a gzip member %s is damage and gives all that it holds', async (_, place, word) => {
  const packed = gzipSync(CAPTURE);
  packed[packed.length + place]! ^= 1;
  const { records, source } = await read([file(packed)]);
  expect([records.length, source.problems[0]?.code]).toEqual([200, 'damaged-capture']);
  expect(source.problems[0]?.message).toContain(word);
});

test('a gzip header may hold a name, a comment, extra octets and a checksum of itself', async () => {
  const packed = gzipSync(CAPTURE);
  const header = Buffer.from([0x1f, 0x8b, 8, 0x1e, 0, 0, 0, 0, 0, 3, 3, 0, 1, 2, 3]);
  const words = Buffer.from(`${'name'.repeat(30_000)}\0comment\0`);
  const whole = Buffer.concat([header, words, Buffer.alloc(2), packed.subarray(10)]);
  const { records, codes } = await read([file(Buffer.concat([packed, whole]).subarray(packed.length))]);
  expect([records.length, codes]).toEqual([200, []]);
});

test('frames to be skipped are skipped, also before the frame that tells the format', async () => {
  for (const compress of [zstd, lz4]) {
    const half = Math.floor(CAPTURE.length / 2);
    const parts = [
      skippable(100_000),
      compress(CAPTURE.subarray(0, half)),
      skippable(0),
      compress(CAPTURE.subarray(half)),
    ];
    expect((await read([file(Buffer.concat(parts))])).records).toHaveLength(200);
  }
});

const TEXT = Array.from({ length: 60 }, (_, i) => `${i % 7}: the quick brown fox; `).join('');

const CHECKED_ZSTD =
  '28b52ffd04585d030032051015a0291d45bbcd6db36c19fe21745aca9412affe57202e5774972bbacb15dde58aee724577b9a2bb5cd15daee82ee75894c01414e5800c2119240c031020c6583b24e0e714724c8ec9313926c7e4983826c7e4981c9363724c8e9163724c8ec9313926c7b468d318bcf7ebe1';

/** What the programs lz4 1.9.4 and zstd 1.5.4 make of TEXT. */
test.each([
  [
    'lz4',
    '04224d186440a745000000ff0a303a2074686520717569636b2062726f776e20666f783b20311800041f321800041f331800041f341800041f351800041f361800040fa800ffffffffe450666f783b2000000000e7c5e38f',
  ],
  [
    'lz4, legacy frame',
    '02214c1845000000ff0a303a2074686520717569636b2062726f776e20666f783b20311800041f321800041f331800041f341800041f351800041f361800040fa800ffffffffe450666f783b20',
  ],
  ['zstd', CHECKED_ZSTD],
  [
    'zstd, level 19, no checksum',
    '28b52ffd0068950100f0303a2074686520717569636b2062726f776e20666f783b203132333435360700f5accc0fa03e5033500ba80fd4acad271e',
  ],
])('what %s makes is unpacked', async (_, hex) => {
  expect(await unpacked(octetsOf(hex))).toBe(TEXT);
});

test('a zstd frame that lacks nothing but its checksum gives all that it holds before it fails', async () => {
  const whole = octetsOf(CHECKED_ZSTD);
  for (const missing of [1, 4]) {
    const parts: Buffer[] = [];
    await expect(unpacked(whole.subarray(0, whole.length - missing), parts)).rejects.toThrow(CompressionError);
    expect(Buffer.concat(parts).toString()).toBe(TEXT);
  }
});

test('an lz4 block may repeat what the block before it held', async () => {
  const stored = '08000080 6162636465666768'; // "abcdefgh"
  const repeat = '05000000 040800 105a'; // eight octets from eight back, then "Z"
  const frame = `04224d18 404082 ${stored} ${repeat} 00000000`;
  expect(await unpacked(octetsOf(frame))).toBe('abcdefghabcdefghZ');
});

test.each([
  ['an lz4 block longer than its frame allows', '04224d18604082 01000100'],
  ['an lz4 block that repeats what was never there', '04224d18604082 04000000 14610500'],
  ['an lz4 frame of another version', '04224d18204082'],
  ['a zstd window of 3.75 TiB', '28b52ffd00ff 010000'],
  ['a zstd frame of 2^64 octets in one segment', '28b52ffde0 ffffffffffffffff 010000'],
  ['a zstd block of the reserved type', '28b52ffd0058 0700000000000000'],
  ['a zstd frame that needs a dictionary', '28b52ffd0158 07 010000'],
])('%s is an error at once', async (_, hex) => {
  await expect(unpacked(octetsOf(hex))).rejects.toThrow(CompressionError);
});

/** Reads what comes in these pieces through a named pipe. */
async function readPipe(pieces: readonly Uint8Array[]): Promise<Read> {
  const pipe = join(directory({}), 'pipe');
  execFileSync('mkfifo', [pipe]);
  const [all] = await Promise.all([read([pipe]), pipeline(Readable.from(pieces), createWriteStream(pipe))]);
  return all;
}

async function unpacked(octets: Uint8Array, parts: Buffer[] = []): Promise<string> {
  const source = openOctets(file(octets), { digest: false, sparing: false });
  try {
    const chunks = decompressed(compressionOf(octets), source, new Uint8Array(0));
    for await (const chunk of chunks) parts.push(Buffer.from(chunk));
  } finally {
    source.close();
  }
  return Buffer.concat(parts).toString();
}

function octetsOf(hex: string): Uint8Array {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}
