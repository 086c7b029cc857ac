import { CompressionError, somethingFollows } from './compression-error.ts';
import { LZ4_LEGACY_MAGIC, LZ4_MAGIC } from './magic.ts';
import { isSkippable, type OctetReader } from './reader.ts';

/**
 * The octets within an lz4 file of one or several frames, current or legacy (lz4 frame format 1.6.4, block format), chunk
 * by chunk; each chunk is valid until the next is asked for. Memory is bounded by the largest block, 8 MiB. Checksums are
 * not verified: a capture's own structure shows damage at once.
 */
export async function* unlz4(reader: OctetReader): AsyncGenerator<Uint8Array, void, void> {
  while (await reader.need(4)) {
    const magic = reader.uint32(0);
    if (isSkippable(magic)) {
      if (!(await reader.skipFrame())) throw cutShort();
      continue;
    }
    if (magic !== LZ4_MAGIC && magic !== LZ4_LEGACY_MAGIC) throw somethingFollows('lz4', reader.position);
    reader.at += 4;
    if (magic === LZ4_MAGIC) yield* frame(reader);
    else yield* legacyFrame(reader);
  }
  if (reader.left > 0) throw somethingFollows('lz4', reader.position);
}

async function* frame(reader: OctetReader): AsyncGenerator<Uint8Array, void, void> {
  if (!(await reader.need(2))) throw cutShort();
  const flags = reader.bytes[reader.at]!;
  const sizeCode = (reader.bytes[reader.at + 1]! >>> 4) & 7;
  if (flags >>> 6 !== 1 || sizeCode < 4) throw new CompressionError('lz4 data is damaged: bad frame header');
  if (flags & HAS_DICTIONARY) throw new CompressionError('lz4 data needs a dictionary');
  if (!(await reader.skip(2 + (flags & HAS_SIZE ? 8 : 0) + 1))) throw cutShort();

  const blocks = new BlockUnpacker(1 << (8 + 2 * sizeCode), (flags & INDEPENDENT) === 0);
  for (;;) {
    if (!(await reader.need(4))) throw cutShort();
    const field = reader.uint32(0);
    reader.at += 4;
    if (field === 0) break;
    const length = field & 0x7fff_ffff;
    if (length > blocks.limit) throw new CompressionError(`lz4 data is damaged: block of ${length} octets`);
    yield* blocks.unpack(reader, length, field > 0x7fff_ffff);
    if (flags & HAS_BLOCK_CHECKSUM && !(await reader.skip(4))) throw cutShort();
  }
  if (flags & HAS_CHECKSUM && !(await reader.skip(4))) throw cutShort();
}

const HAS_DICTIONARY = 0x01;
const HAS_CHECKSUM = 0x04;
const HAS_SIZE = 0x08;
const HAS_BLOCK_CHECKSUM = 0x10;
const INDEPENDENT = 0x20;

/** A legacy frame has nothing but blocks of 8 MiB, and ends with the file or where another frame begins. */
async function* legacyFrame(reader: OctetReader): AsyncGenerator<Uint8Array, void, void> {
  const blocks = new BlockUnpacker(1 << 23, false);
  while (await reader.need(4)) {
    const length = reader.uint32(0);
    if (length === LZ4_MAGIC || length === LZ4_LEGACY_MAGIC || isSkippable(length)) return;
    // The largest that 8 MiB can become when they do not compress.
    if (length > blocks.limit + blocks.limit / 255 + 16) {
      throw new CompressionError(`lz4 data is damaged: block of ${length} octets`);
    }
    reader.at += 4;
    yield* blocks.unpack(reader, length, false);
  }
  if (reader.left > 0) throw cutShort();
}

/** Unpacks blocks one after the other into one buffer, whose front keeps the 64 KiB that the next block may repeat. */
class BlockUnpacker {
  /** Octets that a block may unpack to. */
  readonly limit: number;
  private readonly linked: boolean;
  private readonly out: Uint8Array;
  /** Octets of history at the front of `out`. */
  private history = 0;

  constructor(limit: number, linked: boolean) {
    this.limit = limit;
    this.linked = linked;
    this.out = new Uint8Array((linked ? HISTORY : 0) + limit);
  }

  /** Gives what the next `length` octets unpack to, or as much of it as is there, and then throws. */
  async *unpack(reader: OctetReader, length: number, stored: boolean): AsyncGenerator<Uint8Array, void, void> {
    const whole = await reader.need(length);
    const end = whole ? reader.at + length : reader.end;
    const limit = this.history + this.limit;
    let written = this.history;
    let good = true;
    if (stored) {
      this.out.set(reader.bytes.subarray(reader.at, end), written);
      written += end - reader.at;
    } else {
      written = unpackBlock(reader.bytes, reader.at, end, this.out, this.history, limit);
      good = written >= 0;
      if (!good) written = ~written;
    }
    reader.at = end;
    if (written > this.history) yield this.out.subarray(this.history, written);
    if (!whole) throw cutShort();
    if (!good) throw new CompressionError('lz4 data is damaged: bad block');
    if (this.linked) {
      this.history = Math.min(HISTORY, written);
      this.out.copyWithin(0, written - this.history, written);
    }
  }
}

const HISTORY = 1 << 16;

/**
 * Unpacks one block from `from[at]` to `from[end - 1]` into `out[start]` on, not past `limit`. Matches may reach back to
 * `out[0]`. Answers the first octet not written, or its complement (~) when the block broke a rule there.
 */
function unpackBlock(from: Uint8Array, at: number, end: number, out: Uint8Array, start: number, limit: number): number {
  let read = at;
  let write = start;
  while (read < end) {
    const token = from[read++]!;
    let literals = token >>> 4;
    if (literals === 15) {
      let more = 255;
      while (more === 255 && read < end) literals += more = from[read++]!;
    }
    const kept = Math.min(literals, end - read, limit - write);
    if (kept > 32) out.set(from.subarray(read, read + kept), write);
    else for (let i = 0; i < kept; i++) out[write + i] = from[read + i]!;
    read += kept;
    write += kept;
    if (kept < literals) return ~write;
    if (read === end) return write; // the last sequence has literals only

    if (end - read < 2) return ~write;
    const distance = from[read]! | (from[read + 1]! << 8);
    read += 2;
    let length = (token & 15) + 4;
    if (length === 19) {
      let more = 255;
      while (more === 255 && read < end) length += more = from[read++]!;
    }
    if (distance === 0 || distance > write) return ~write;
    const stop = Math.min(write + length, limit);
    const short = stop < write + length;
    if (distance >= stop - write && stop - write > 32) {
      out.copyWithin(write, write - distance, write - distance + (stop - write));
      write = stop;
    } else for (; write < stop; write++) out[write] = out[write - distance]!;
    if (short) return ~write;
  }
  return write;
}

function cutShort(): CompressionError {
  return new CompressionError('cut short in its lz4 data');
}
