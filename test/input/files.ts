import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll } from 'vitest';
import { RecordView } from '../../src/capture/record.ts';
import type { CaptureSource } from '../../src/input/capture-source.ts';
import { type CaptureOptions, openCaptures } from '../../src/input/captures.ts';
import { type Decoded, kept } from '../capture/decode.ts';

/** A directory of its own for the files of a test. */
export function directory(files: Readonly<Record<string, Uint8Array>>): string {
  const path = mkdtempSync(join(tmpdir(), 'lastack-test-'));
  made.push(path);
  for (const [name, octets] of Object.entries(files)) writeFileSync(join(path, name), octets);
  return path;
}

const made: string[] = [];

afterAll(() => {
  for (const path of made) rmSync(path, { recursive: true });
});

/** A file of its own. */
export function file(octets: Uint8Array, name: string = 'test.pcap'): string {
  return join(directory({ [name]: octets }), name);
}

export interface Read {
  readonly records: readonly (Decoded & { readonly file: number; readonly fileFrame: number })[];
  /** Codes of the problems. */
  readonly codes: readonly string[];
  readonly source: CaptureSource;
}

/** Opens captures and reads all records of them. */
export async function read(paths: readonly string[], options: CaptureOptions = {}): Promise<Read> {
  const source = await openCaptures(paths, options);
  const record = new RecordView();
  const records = [];
  do {
    while (source.next(record)) records.push({ ...kept(record), file: record.file, fileFrame: record.fileFrame });
  } while (await source.fill());
  return { records, codes: source.problems.map((problem) => problem.code), source };
}

/** zstd frames of stored blocks of at most `blockLength` octets (RFC 8878 3.1.1), without a checksum. */
export function zstd(octets: Uint8Array, blockLength: number = 1000): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0, 0x58)];
  for (let at = 0; at < octets.length || parts.length === 1; at += blockLength) {
    const block = octets.subarray(at, at + blockLength);
    const header = (block.length << 3) | (at + blockLength >= octets.length ? 1 : 0);
    parts.push(Uint8Array.of(header & 0xff, (header >> 8) & 0xff, header >> 16), block);
  }
  return Buffer.concat(parts);
}

/** An lz4 frame of stored blocks of at most `blockLength` octets, without checksums. */
export function lz4(octets: Uint8Array, blockLength: number = 1000): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x04, 0x22, 0x4d, 0x18, 0x60, 0x40, 0x82)];
  for (let at = 0; at < octets.length; at += blockLength) {
    const block = octets.subarray(at, at + blockLength);
    parts.push(word(block.length | 0x8000_0000), block);
  }
  return Buffer.concat([...parts, word(0)]);
}

/** A frame that zstd and lz4 readers pass over. */
export function skippable(length: number): Uint8Array {
  return Buffer.concat([word(0x184d2a53), word(length), new Uint8Array(length).fill(0xff)]);
}

function word(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
}

export const COMPRESSIONS: readonly (readonly [string, (octets: Uint8Array) => Uint8Array])[] = [
  ['gzip', (octets) => gzipSync(octets)],
  ['zstd', (octets) => zstd(octets)],
  ['lz4', (octets) => lz4(octets)],
];
