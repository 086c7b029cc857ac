import type { Hash } from 'node:crypto';
import { closeSync, createReadStream, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Readable } from 'node:stream';
import { systemPath } from './system-path.ts';

/** A file's octets as they stand on disk or come through a pipe, in order. */
export interface OctetSource {
  /** Reads some octets into `into` (which has room) and answers how many; 0 at the end. Throws what the system says. */
  read(into: Uint8Array): number | Promise<number>;
  /** Octets read so far. */
  readonly position: number;
  /** Octets in all; null when that is not known before the end. */
  readonly size: number | null;
  /** Whether `again` can give the same octets a second time. */
  readonly repeatable: boolean;
  /** The same octets from the start, or null when they come only once. */
  again(): OctetSource | null;
  /** SHA-256 in hexadecimal of the octets read so far; null when it was not asked for. */
  digest(): string | null;
  close(): void;
}

/** How a file is to be read. */
export interface OctetOptions {
  /** Count the SHA-256 of what is read. */
  readonly digest: boolean;
  /** Hold the file open only while reading, so that any number can be read side by side. */
  readonly sparing: boolean;
}

/** Opens `path`, or standard input for `-`. Throws what the system says. */
export function openOctets(path: string, options: OctetOptions): OctetSource {
  if (path === '-') {
    if (fstatSync(0).isFile()) return new FileOctets(path, 0, options);
    return new StreamOctets(process.stdin, options);
  }
  if (statSync(systemPath(path)).isFile()) return new FileOctets(path, openSync(systemPath(path), 'r'), options);
  // Opening a named pipe waits for its writer: not here, where nobody could interrupt it.
  return new StreamOctets(createReadStream(systemPath(path), { highWaterMark: 1 << 18 }), options);
}

/** A regular file, read where `position` stands without waiting: the system has it in memory or soon will. */
class FileOctets implements OctetSource {
  position = 0;
  readonly size: number;
  private readonly path: string;
  private readonly options: OctetOptions;
  /** -1 while the file is not held open. */
  private descriptor: number;
  private readonly hash: Hash | null;
  /** Standard input may stand in the middle of a file and is read from there. */
  private readonly positional: boolean;

  constructor(path: string, descriptor: number, options: OctetOptions) {
    this.path = path;
    this.descriptor = descriptor;
    this.options = options;
    this.positional = descriptor !== 0;
    this.size = fstatSync(descriptor).size;
    this.hash = options.digest ? sha256() : null;
    if (options.sparing) this.rest();
  }

  read(into: Uint8Array): number {
    if (this.descriptor < 0) this.descriptor = openSync(systemPath(this.path), 'r');
    const count = readSync(this.descriptor, into, 0, into.length, this.positional ? this.position : null);
    this.hash?.update(into.subarray(0, count));
    this.position += count;
    if (this.options.sparing) this.rest();
    return count;
  }

  get repeatable(): boolean {
    return this.positional;
  }

  again(): OctetSource | null {
    return this.positional ? openOctets(this.path, { ...this.options, digest: false }) : null;
  }

  digest(): string | null {
    return this.hash ? this.hash.copy().digest('hex') : null;
  }

  close(): void {
    this.rest();
  }

  private rest(): void {
    if (this.descriptor > 0) closeSync(this.descriptor);
    if (this.positional) this.descriptor = -1;
  }
}

/** A pipe, a terminal, a socket: octets that are there when they are there, once. */
class StreamOctets implements OctetSource {
  position = 0;
  readonly size = null;
  readonly repeatable = false;
  private readonly stream: Readable;
  private readonly chunks: AsyncIterator<Uint8Array>;
  private chunk: Uint8Array = new Uint8Array(0);
  private readonly hash: Hash | null;

  constructor(stream: Readable, options: OctetOptions) {
    this.stream = stream;
    this.chunks = stream[Symbol.asyncIterator]();
    this.hash = options.digest ? sha256() : null;
  }

  async read(into: Uint8Array): Promise<number> {
    while (this.chunk.length === 0) {
      const { value, done } = await this.chunks.next();
      if (done) return 0;
      this.chunk = value;
    }
    const count = Math.min(into.length, this.chunk.length);
    into.set(this.chunk.subarray(0, count));
    this.hash?.update(this.chunk.subarray(0, count));
    this.chunk = this.chunk.subarray(count);
    this.position += count;
    return count;
  }

  again(): null {
    return null;
  }

  digest(): string | null {
    return this.hash ? this.hash.copy().digest('hex') : null;
  }

  close(): void {
    this.stream.destroy();
  }
}

/** node:crypto takes a tenth of what Node takes to start: loaded by whom it serves. */
function sha256(): Hash {
  return process.getBuiltinModule('node:crypto').createHash('sha256');
}
