import { crc32, createInflateRaw, type InflateRaw } from 'node:zlib';
import { CompressionError, somethingFollows } from './compression-error.ts';
import type { OctetSource } from './octets.ts';
import { OctetReader } from './reader.ts';

/**
 * The octets within a gzip file of one or several members (RFC 1952), chunk by chunk. Zeros after the last member fill up
 * the file and are ignored, as gzip does. Everything that can be unpacked is given before CompressionError is thrown.
 * Members are told apart here: so their end is known to the octet, and what follows it costs nothing of what came before.
 */
export async function* gunzip(source: OctetSource, head: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  const reader = new OctetReader(source, head);
  const slice = source.repeatable ? SLICE : SMALL_SLICE;
  let given = 0;
  try {
    for await (const chunk of members(reader, () => slice)) {
      given += chunk.length;
      yield chunk;
    }
  } catch (error) {
    const again = error instanceof DeflateError ? source.again() : null;
    if (again) yield* lastWords(again, reader.position, given);
    throw error;
  }
}

/** Octets that go to zlib at once. At most 1032 times as many come out; fewer at once cost as many ways to its thread and back. */
const SLICE = 1 << 16;
/** The same for what can't be read twice: when zlib meets damage it gives up all that this much would have become. */
const SMALL_SLICE = 1 << 12;

/** How many octets may go to zlib at once where the file was read up to `position`. */
type SliceOf = (position: number) => number;

/** Damage that zlib met: nothing of what it was given last has come out. */
class DeflateError extends CompressionError {}

/**
 * What could still be unpacked of the slice in which zlib met damage: zlib gives nothing of a write that fails, so the
 * file is read again up to there, and on from there octet by octet.
 */
async function* lastWords(source: OctetSource, sliceAt: number, given: number): AsyncGenerator<Uint8Array, void, void> {
  const reader = new OctetReader(source, new Uint8Array(0));
  let unpacked = 0;
  try {
    for await (const chunk of members(reader, (at) => (at < sliceAt ? Math.min(SLICE, sliceAt - at) : 1))) {
      const fresh = given - unpacked;
      unpacked += chunk.length;
      if (fresh < chunk.length) yield fresh > 0 ? chunk.subarray(fresh) : chunk;
    }
  } catch (error) {
    if (!(error instanceof CompressionError)) throw error;
  } finally {
    source.close();
  }
}

async function* members(reader: OctetReader, sliceOf: SliceOf): AsyncGenerator<Uint8Array, void, void> {
  do {
    await passHeader(reader);
    yield* member(reader, sliceOf);
    await passZeros(reader);
  } while (reader.left > 0);
}

/** Passes over zeros, behind which no other member may stand. */
async function passZeros(reader: OctetReader): Promise<void> {
  if (!(await reader.need(1)) || reader.bytes[reader.at] !== 0) return;
  if (await reader.skipZeros()) throw somethingFollows('gzip', reader.position);
}

/** Octets of a header's fixed part (RFC 1952 2.3). */
const HEADER = 10;
const DEFLATE = 8;
const HAS_CHECKSUM = 0x02;
const HAS_EXTRA = 0x04;
const HAS_NAME = 0x08;
const HAS_COMMENT = 0x10;
const RESERVED_FLAGS = 0xe0;

/** RFC 1952 2.3. A checksum of the header is not verified, since nothing of the header is used. */
async function passHeader(reader: OctetReader): Promise<void> {
  const [first, second] = (await reader.need(2)) ? reader.bytes.subarray(reader.at) : [reader.bytes[reader.at], 0x8b];
  if (first !== 0x1f || second !== 0x8b) throw somethingFollows('gzip', reader.position);
  if (!(await reader.need(HEADER))) throw cutShort();
  const method = reader.bytes[reader.at + 2]!;
  const flags = reader.bytes[reader.at + 3]!;
  if (method !== DEFLATE) throw damaged(`compression method ${method}`);
  if (flags & RESERVED_FLAGS) throw damaged('reserved flags in its header');
  reader.at += HEADER;
  if (flags & HAS_EXTRA) {
    if (!(await reader.need(2)) || !(await reader.skip(2 + reader.uint16()))) throw cutShort();
  }
  if (flags & HAS_NAME && !(await reader.skipText())) throw cutShort();
  if (flags & HAS_COMMENT && !(await reader.skipText())) throw cutShort();
  if (flags & HAS_CHECKSUM && !(await reader.skip(2))) throw cutShort();
}

/** What a member holds, behind its header; its trailer says whether that was right. */
async function* member(reader: OctetReader, sliceOf: SliceOf): AsyncGenerator<Uint8Array, void, void> {
  let checksum = 0;
  let length = 0;
  for await (const chunk of inflated(reader, sliceOf)) {
    checksum = crc32(chunk, checksum);
    length += chunk.length;
    yield chunk;
  }
  if (!(await reader.need(8))) throw cutShort();
  if (reader.uint32(0) !== checksum) throw damaged('its checksum is another');
  if (reader.uint32(4) !== length % 2 ** 32) throw damaged('its length is another');
  reader.at += 8;
}

async function* inflated(reader: OctetReader, sliceOf: SliceOf): AsyncGenerator<Uint8Array, void, void> {
  const inflater = new Inflater();
  try {
    let written = Promise.resolve();
    for (let more = true; more; ) {
      await written;
      reader.at += inflater.consumed();
      const chunks = inflater.take();
      const { problem, over } = inflater;
      more = !problem && !over && (await reader.need(1));
      // The next slice is unpacked by another thread while this one is looked at.
      if (more) {
        const end = Math.min(reader.end, reader.at + sliceOf(reader.position));
        written = inflater.write(reader.bytes.subarray(reader.at, end));
      }
      yield* chunks;
      if (problem) throw new DeflateError(`gzip data is damaged: ${problem}`);
    }
    await inflater.end();
    yield* inflater.take();
    if (inflater.problem) throw cutShort();
  } finally {
    inflater.close();
  }
}

/** zlib's inflate with one write under way at a time, and everything that came out of it. */
class Inflater {
  /** What zlib said of the data; empty while it has not complained. */
  problem = '';
  /** The deflated data has ended. */
  over = false;
  private readonly stream: InflateRaw = createInflateRaw({ chunkSize: 1 << 20 });
  private chunks: Uint8Array[] = [];
  private consumedBefore = 0;
  private wake: () => void = () => {};

  constructor() {
    this.stream.on('data', (chunk: Uint8Array) => this.chunks.push(chunk));
    this.stream.on('error', (error) => {
      this.problem = error.message;
      this.wake();
    });
    this.stream.on('end', () => {
      this.over = true;
      this.wake();
    });
  }

  /** Resolves when everything that `input` unpacks to is there to be taken, or the data proved damaged. */
  async write(input: Uint8Array): Promise<void> {
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      this.stream.write(input, () => resolve());
    });
  }

  /** Resolves when the stream has ended, whole or not. */
  async end(): Promise<void> {
    if (this.problem || this.over) return;
    await new Promise<void>((resolve) => {
      this.wake = resolve;
      this.stream.end();
    });
  }

  /** What came out since the last time. */
  take(): Uint8Array[] {
    const chunks = this.chunks;
    this.chunks = [];
    return chunks;
  }

  /** Octets of the input that were used since the last time: not all of a write in which the data ends. */
  consumed(): number {
    const before = this.consumedBefore;
    this.consumedBefore = this.stream.bytesWritten;
    return this.consumedBefore - before;
  }

  close(): void {
    this.stream.destroy();
  }
}

function damaged(how: string): CompressionError {
  return new CompressionError(`gzip data is damaged: ${how}`);
}

function cutShort(): CompressionError {
  return new CompressionError('cut short in its gzip data');
}
