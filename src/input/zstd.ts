import { Decompress } from 'fzstd';
import { CompressionError, somethingFollows } from './compression-error.ts';
import { ZSTD_MAGIC } from './magic.ts';
import { isSkippable, type OctetReader } from './reader.ts';

/**
 * The octets within a zstd file (RFC 8878) of one or several frames, chunk by chunk. Frames and blocks are told apart
 * here, so that the window a frame asks for is checked before it is allocated and no frame depends on another; fzstd
 * unpacks the blocks. Checksums are not verified: a capture's own structure shows damage at once.
 */
export async function* unzstd(reader: OctetReader): AsyncGenerator<Uint8Array, void, void> {
  while (await reader.need(4)) {
    const magic = reader.uint32(0);
    if (isSkippable(magic)) {
      if (!(await reader.skipFrame())) throw cutShort();
    } else if (magic === ZSTD_MAGIC) yield* frame(reader);
    else throw somethingFollows('zstd', reader.position);
  }
  if (reader.left > 0) throw somethingFollows('zstd', reader.position);
}

async function* frame(reader: OctetReader): AsyncGenerator<Uint8Array, void, void> {
  const header = await readHeader(reader);
  let chunks: Uint8Array[] = [];
  const unpacker = new Decompress((chunk) => chunks.push(chunk));
  push(unpacker, header.bytes, false);
  for (let last = false; !last; ) {
    if (!(await reader.need(BLOCK_HEADER))) throw cutShort();
    const block = reader.uint24();
    const type = (block >>> 1) & 3;
    const size = block >>> 3;
    last = (block & 1) === 1;
    if (type === RESERVED_BLOCK || size > BLOCK_LIMIT) throw new CompressionError('zstd data is damaged: bad block');
    const length = BLOCK_HEADER + (type === RUN_BLOCK ? 1 : size);
    if (!(await reader.need(length))) throw cutShort();
    // fzstd keeps what it is given.
    push(unpacker, reader.bytes.slice(reader.at, reader.at + length), last);
    reader.at += length;
    const ready = chunks;
    chunks = [];
    for (const chunk of ready) if (chunk.length > 0) yield chunk;
  }
  if (header.checksum && !(await reader.skip(CHECKSUM))) throw cutShort();
}

const BLOCK_HEADER = 3;
const RUN_BLOCK = 1;
const RESERVED_BLOCK = 3;
const BLOCK_LIMIT = 1 << 17;
const CHECKSUM = 4;
const CHECKSUM_FLAG = 4;

interface FrameHeader {
  readonly bytes: Uint8Array;
  readonly checksum: boolean;
}

/** RFC 8878 3.1.1.1. */
async function readHeader(reader: OctetReader): Promise<FrameHeader> {
  if (!(await reader.need(6))) throw cutShort();
  const descriptor = reader.bytes[reader.at + 4]!;
  const singleSegment = (descriptor & 0x20) !== 0;
  const windowLength = singleSegment ? 0 : 1;
  const dictionaryLength = [0, 1, 2, 4][descriptor & 3]!;
  const sizeLength = [singleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6]!;
  const length = 5 + windowLength + dictionaryLength + sizeLength;
  if (!(await reader.need(length))) throw cutShort();
  const bytes = reader.bytes.slice(reader.at, reader.at + length);
  reader.at += length;

  if (bytes.subarray(5 + windowLength, 5 + windowLength + dictionaryLength).some((octet) => octet !== 0)) {
    throw new CompressionError('zstd data needs a dictionary');
  }
  const window = singleSegment ? contentSize(bytes.subarray(length - sizeLength)) : windowSize(bytes[5]!);
  if (window > WINDOW_LIMIT) throw new CompressionError(`zstd data needs a window of ${window} octets`);
  // fzstd would keep the last block until the checksum has come, which it does not look at.
  bytes[4] = descriptor & ~CHECKSUM_FLAG;
  return { bytes, checksum: (descriptor & CHECKSUM_FLAG) !== 0 };
}

/** As zstd itself refuses by default. */
const WINDOW_LIMIT = 1 << 27;

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}

function contentSize(field: Uint8Array): number {
  let size = 0;
  for (let i = field.length - 1; i >= 0; i--) size = size * 256 + field[i]!;
  return field.length === 2 ? size + 256 : size;
}

function push(unpacker: Decompress, bytes: Uint8Array, final: boolean): void {
  try {
    unpacker.push(bytes, final);
  } catch (error) {
    throw new CompressionError(`zstd data is damaged: ${error instanceof Error ? error.message : error}`);
  }
}

function cutShort(): CompressionError {
  return new CompressionError('cut short in its zstd data');
}
