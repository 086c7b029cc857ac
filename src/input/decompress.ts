import { LZ4_LEGACY_MAGIC, LZ4_MAGIC, ZSTD_MAGIC } from './magic.ts';
import type { OctetSource } from './octets.ts';
import { isSkippable, OctetReader } from './reader.ts';

/** How a capture file is compressed. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'lz4';

/** Octets that tell how a file is compressed, when no frame to be skipped stands before. */
export const COMPRESSION_MAGIC = 4;

/**
 * How a file that begins with `head` is compressed: by content, never by name. `skippable` when a frame that zstd and lz4
 * both allow to be skipped stands before what would tell.
 */
export function compressionOf(head: Uint8Array): Compression | 'skippable' {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head.length < COMPRESSION_MAGIC) return 'none';
  const magic = (head[0]! | (head[1]! << 8) | (head[2]! << 16) | (head[3]! << 24)) >>> 0;
  if (magic === ZSTD_MAGIC) return 'zstd';
  if (magic === LZ4_MAGIC || magic === LZ4_LEGACY_MAGIC) return 'lz4';
  return isSkippable(magic) ? 'skippable' : 'none';
}

/**
 * The octets within a compressed file, chunk by chunk. Each chunk is valid until the next is asked for. Everything that
 * can be unpacked is given before CompressionError is thrown. What unpacks is loaded here: most captures need none of it.
 *
 * @param head what was already read of `source`
 */
export async function* decompressed(
  compression: Compression | 'skippable',
  source: OctetSource,
  head: Uint8Array,
): AsyncGenerator<Uint8Array, void, void> {
  if (compression === 'gzip') {
    const { gunzip } = await import('./gzip.ts');
    yield* gunzip(source, head);
    return;
  }
  const reader = new OctetReader(source, head);
  let kind: Compression | 'skippable' = compression;
  while (kind === 'skippable' && (await reader.skipFrame())) {
    await reader.need(COMPRESSION_MAGIC);
    kind = compressionOf(reader.bytes.subarray(reader.at, reader.end));
  }
  if (kind === 'zstd') {
    const { unzstd } = await import('./zstd.ts');
    yield* unzstd(reader);
  } else if (kind === 'lz4') {
    const { unlz4 } = await import('./lz4.ts');
    yield* unlz4(reader);
  }
}
