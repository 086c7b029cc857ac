import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ByteWriter } from '../bytes/writer.ts';
import { UsageError } from '../errors.ts';
import { reasonOf } from '../input/reason.ts';

/**
 * Pieces of output that are to be written in another order than they come in. They wait in memory up to a limit and in
 * a temporary file beyond it; only where each one lies, and its key, stays in memory (24 octets).
 */
export class Spool {
  private readonly limit: number;
  private readonly chunks: Uint8Array[] = [];
  private chunkLength = 0;
  private fileLength = 0;
  private fd = -1;
  private directory = '';
  private count = 0;
  private keys = new Float64Array(1024);
  private starts = new Float64Array(1024);
  private ties = new Float64Array(1024);

  /** @param limit octets held in memory */
  constructor(limit: number = 1 << 27) {
    this.limit = limit;
  }

  /**
   * Takes what `piece` holds.
   * @param key pieces come out by ascending key, those of one key by ascending `tie`
   */
  add(key: number, tie: number, piece: ByteWriter): void {
    if (this.count === this.keys.length) this.grow();
    this.keys[this.count] = key;
    this.ties[this.count] = tie;
    this.starts[this.count++] = this.fileLength + this.chunkLength;
    this.chunks.push(piece.copied());
    this.chunkLength += piece.length;
    if (this.chunkLength > this.limit) this.spill();
  }

  /** Calls `take` with every piece in order, or with the first `most` of them. The octets are valid during the call. */
  forEach(take: (octets: Uint8Array) => void, most: number = Number.POSITIVE_INFINITY): void {
    const { count, keys, ties, starts } = this;
    const order = new Uint32Array(count).map((_, i) => i);
    order.sort((a, b) => keys[a]! - keys[b]! || ties[a]! - ties[b]!);
    if (this.fd < 0) {
      for (let i = 0; i < Math.min(count, most); i++) take(this.chunks[order[i]!]!);
      return;
    }
    this.spill();
    for (let i = 0; i < Math.min(count, most); i++) {
      const piece = order[i]!;
      const start = starts[piece]!;
      const end = piece + 1 < count ? starts[piece + 1]! : this.fileLength;
      const octets = new Uint8Array(end - start);
      readSync(this.fd, octets, 0, octets.length, start);
      take(octets);
    }
  }

  /** Removes the temporary file, if there is one. */
  close(): void {
    if (this.fd < 0) return;
    closeSync(this.fd);
    rmSync(this.directory, { recursive: true, force: true });
    this.fd = -1;
  }

  private spill(): void {
    try {
      if (this.fd < 0) {
        this.directory = mkdtempSync(join(tmpdir(), 'lastack-'));
        this.fd = openSync(join(this.directory, 'spool'), 'wx+', 0o600);
      }
      const all = Buffer.concat(this.chunks);
      for (let at = 0; at < all.length; ) at += writeSync(this.fd, all, at, all.length - at, this.fileLength + at);
      this.fileLength += all.length;
    } catch (error) {
      throw new UsageError(`${tmpdir()}: can't hold the flows until they are sorted: ${reasonOf(error)}`, {
        cause: error,
      });
    }
    this.chunks.length = 0;
    this.chunkLength = 0;
  }

  private grow(): void {
    this.keys = doubled(this.keys);
    this.starts = doubled(this.starts);
    this.ties = doubled(this.ties);
  }
}

function doubled(old: Float64Array): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(old.length * 2);
  larger.set(old);
  return larger;
}
