import { setImmediate } from 'node:timers/promises';
import type { CaptureDecoder } from '../capture/decoder.ts';
import { decoderFor, MAGIC_LENGTH } from '../capture/format.ts';
import { type LastackError, UnreadableInputError } from '../errors.ts';
import { CompressionError } from './compression-error.ts';
import { type Compression, compressionOf, decompressed } from './decompress.ts';
import { type OctetOptions, type OctetSource, openOctets } from './octets.ts';

/** What an input turned out to be. Counts and `sha256` are final once all of it has been read. */
export interface InputSummary {
  /** The path as the user gave it; `-` for standard input. */
  readonly path: string;
  readonly format: 'pcap' | 'pcapng';
  /** What is special about the format: `nanosecond`, `modified`; empty when nothing is. */
  readonly variant: string;
  readonly compression: Compression;
  /** LINKTYPE_ numbers of its interfaces, each once. */
  readonly linkTypes: readonly number[];
  /** Octets of the file as it stands on disk, or read so far from a pipe. */
  readonly bytes: number;
  readonly records: number;
  /** Of the file as it stands on disk, in hexadecimal; null when not asked for or not read to the end. */
  readonly sha256: string | null;
}

/** How a capture is to be opened. */
export interface CaptureFileOptions extends OctetOptions {
  /** Octets of the decoder's window to begin with. */
  readonly window: number;
  /** Files that hold the octets of inputs which come only once, by the input's path. */
  readonly stored?: ReadonlyMap<string, string>;
}

/** One opened capture: a decoder, and where its octets come from. */
export class CaptureFile {
  readonly path: string;
  readonly decoder: CaptureDecoder;
  private readonly source: OctetSource;
  private readonly compression: Compression;
  /** Unpacked octets, when the file is compressed; null when the decoder reads the file itself. */
  private readonly chunks: AsyncGenerator<Uint8Array, void, void> | null;
  /** What is left of the last chunk. */
  private chunk: Uint8Array;
  private sinceTurn = 0;
  private sha256: string | null = null;

  private constructor(
    path: string,
    decoder: CaptureDecoder,
    source: OctetSource,
    compression: Compression,
    chunks: AsyncGenerator<Uint8Array, void, void> | null,
    chunk: Uint8Array,
  ) {
    this.path = path;
    this.decoder = decoder;
    this.source = source;
    this.compression = compression;
    this.chunks = chunks;
    this.chunk = chunk;
  }

  /** Opens a capture and tells its format. Throws UnreadableInputError when it can't be opened or is none. */
  static async open(path: string, options: CaptureFileOptions): Promise<CaptureFile> {
    let source: OctetSource;
    try {
      source = openOctets(options.stored?.get(path) ?? path, options);
    } catch (error) {
      throw new UnreadableInputError(path, reason(error), { cause: error });
    }
    try {
      return await CaptureFile.begin(path, source, options);
    } catch (error) {
      source.close();
      if (error instanceof UnreadableInputError) throw error;
      if (error instanceof CompressionError) throw notCapture(path, error.message);
      throw new UnreadableInputError(path, reason(error), { cause: error });
    }
  }

  private static async begin(path: string, source: OctetSource, options: CaptureFileOptions): Promise<CaptureFile> {
    const head = await readHead(source);
    if (head.length === 0) throw new UnreadableInputError(path, 'empty file');
    const compression = compressionOf(head);
    if (compression === 'none') {
      const decoder = decoderFor(head, path, options.window);
      if (!decoder) throw notCapture(path, 'neither pcap nor pcapng, nor one of them in gzip, zstd or lz4');
      return new CaptureFile(path, decoder, source, 'none', null, head);
    }
    const chunks = decompressed(compression, source, head);
    let start: Uint8Array = new Uint8Array(0);
    while (start.length < MAGIC_LENGTH) {
      const { value, done } = await chunks.next();
      if (done)
        throw notCapture(path, start.length === 0 ? 'empty when unpacked' : 'neither pcap nor pcapng when unpacked');
      start = Buffer.concat([start, value]);
    }
    const decoder = decoderFor(start, path, options.window);
    if (!decoder) throw notCapture(path, 'neither pcap nor pcapng when unpacked');
    const kind = compression === 'skippable' ? 'zstd' : compression;
    return new CaptureFile(path, decoder, source, kind, chunks, start);
  }

  /** Octets of the file read so far, as they stand on disk. */
  get position(): number {
    return this.source.position;
  }

  /** Octets of the file as it stands on disk; null for a pipe. */
  get size(): number | null {
    return this.source.size;
  }

  /** Whether the file can be closed now and opened again from its start. */
  get rereadable(): boolean {
    return this.source.size !== null && this.path !== '-';
  }

  /**
   * Brings the decoder more octets. Answers false when there are no more; `problem` then says whether all was well. About
   * once a megabyte it lets the event loop turn, so that signals are heard.
   */
  async fill(): Promise<boolean> {
    if (this.decoder.failed) return this.finish();
    try {
      if (this.chunk.length === 0 && this.chunks) {
        const { value, done } = await this.chunks.next();
        if (done) return this.finish();
        this.chunk = value;
      }
      const room = this.decoder.room();
      const count = this.chunk.length > 0 ? this.fromChunk(room) : await this.source.read(room);
      if (count === 0) return this.finish();
      this.decoder.filled(count);
      this.sinceTurn += count;
    } catch (error) {
      this.decoder.fail(error instanceof CompressionError ? error.message : `can't be read on: ${reason(error)}`);
      return this.finish();
    }
    if (this.sinceTurn >= TURN) {
      this.sinceTurn = 0;
      await setImmediate();
    }
    return true;
  }

  private fromChunk(room: Uint8Array): number {
    const count = Math.min(room.length, this.chunk.length);
    room.set(this.chunk.subarray(0, count));
    this.chunk = this.chunk.subarray(count);
    return count;
  }

  /** What was wrong with the file, as far as it has been read. */
  get problem(): LastackError | null {
    return this.decoder.failed;
  }

  private async finish(): Promise<false> {
    this.decoder.finish();
    if (this.sha256 === null && this.source.digest() !== null) this.sha256 = await this.digestRest();
    return false;
  }

  /** The digest is that of the whole file, also of what follows the damage that ended the capture. */
  private async digestRest(): Promise<string | null> {
    const rest = new Uint8Array(1 << 18);
    try {
      for (let turn = 0; (await this.source.read(rest)) > 0; turn++) if (turn % 4 === 3) await setImmediate();
    } catch {
      return null; // the file could not be read to its end, and its problem says so
    }
    return this.source.digest();
  }

  summary(): InputSummary {
    return {
      path: this.path,
      format: this.decoder.format,
      variant: this.decoder.variant,
      compression: this.compression,
      linkTypes: [...this.decoder.linkTypes],
      bytes: this.source.size ?? this.source.position,
      records: this.decoder.records,
      sha256: this.sha256,
    };
  }

  close(): void {
    this.source.close();
  }
}

/** Octets between turns of the event loop. */
const TURN = 1 << 20;

/** Octets read to tell what a file is: in most cases far more than needed, but one read. */
const HEAD = 1 << 16;

/** The first octets: all that one read gives, and more only when that is not enough to tell the format. */
async function readHead(source: OctetSource): Promise<Uint8Array> {
  const head = new Uint8Array(HEAD);
  let length = 0;
  while (length < MAGIC_LENGTH) {
    const count = await source.read(head.subarray(length));
    if (count === 0) break;
    length += count;
  }
  return head.subarray(0, length);
}

function notCapture(path: string, why: string): UnreadableInputError {
  return new UnreadableInputError(path, `not a capture: ${why}`);
}

/** What the system said, in words. */
function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return REASONS[code] ?? (error instanceof Error ? error.message : String(error));
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EISDIR: 'is a directory',
  ELOOP: 'too many symbolic links',
  ENAMETOOLONG: 'name too long',
  ENOTDIR: 'no such file',
};
