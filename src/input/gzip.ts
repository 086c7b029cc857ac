import { createGunzip, type Gunzip } from 'node:zlib';
import { CompressionError } from './compression-error.ts';
import type { OctetSource } from './octets.ts';

/**
 * The octets within a gzip file of one or several members (RFC 1952), chunk by chunk; what follows the last member is
 * ignored, as gzip does. Everything that can be unpacked is given before CompressionError is thrown.
 */
export async function* gunzip(source: OctetSource, head: Uint8Array): AsyncGenerator<Uint8Array, void, void> {
  const inflater = new Inflater();
  const slice = new Uint8Array(source.size === null ? SMALL_SLICE : SLICE);
  let given = 0;
  try {
    let sliceAt = 0;
    let input = head;
    let written = inflater.write(input);
    for (;;) {
      await written;
      const chunks = inflater.take();
      const { problem, over } = inflater;
      const count = problem || over ? 0 : await source.read(slice);
      // The next slice is unpacked by another thread while this one is looked at.
      if (count > 0) written = inflater.write(slice.subarray(0, count));
      for (const chunk of chunks) {
        given += chunk.length;
        yield chunk;
      }
      if (problem) {
        const again = source.again();
        if (again) yield* lastWords(again, sliceAt, given);
        if (problem === NO_MEMBER) return;
        throw new CompressionError(`gzip data is damaged: ${problem}`);
      }
      if (over) return;
      if (count === 0) break;
      sliceAt += input.length;
      input = slice.subarray(0, count);
    }
    await inflater.end();
    yield* inflater.take();
    if (inflater.problem) throw new CompressionError('cut short in its gzip data');
  } finally {
    inflater.close();
  }
}

/** Octets that go to zlib at once. At most 1032 times as many come out; fewer at once cost as many ways to its thread and back. */
const SLICE = 1 << 16;
/** The same for what can't be read twice: when zlib meets damage it gives up all that this much would have become. */
const SMALL_SLICE = 1 << 12;
/** What zlib says where a member ought to begin and something else does. */
const NO_MEMBER = 'incorrect header check';

/**
 * What could still be unpacked of the slice in which zlib met damage: zlib gives nothing of a write that fails, so the
 * file is read again up to there, and on from there octet by octet.
 */
async function* lastWords(source: OctetSource, sliceAt: number, given: number): AsyncGenerator<Uint8Array, void, void> {
  const inflater = new Inflater();
  const slice = new Uint8Array(SLICE);
  let unpacked = 0;
  try {
    for (let at = 0; !inflater.problem; ) {
      const length = at < sliceAt ? Math.min(SLICE, sliceAt - at) : 1;
      const count = await source.read(slice.subarray(0, length));
      if (count === 0) return;
      await inflater.write(slice.subarray(0, count));
      for (const chunk of inflater.take()) {
        const fresh = given - unpacked;
        unpacked += chunk.length;
        if (fresh < chunk.length) yield fresh > 0 ? chunk.subarray(fresh) : chunk;
      }
      at += count;
    }
  } finally {
    inflater.close();
    source.close();
  }
}

/** zlib's gunzip with one write under way at a time, and everything that came out of it. */
class Inflater {
  /** What zlib said of the data; empty while it has not complained. */
  problem = '';
  /** The last member has ended and what follows is none. */
  over = false;
  private readonly stream: Gunzip = createGunzip({ chunkSize: 1 << 19 });
  private chunks: Uint8Array[] = [];
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
    if (this.problem || this.over) return;
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

  close(): void {
    this.stream.destroy();
  }
}
