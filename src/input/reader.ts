import type { OctetSource } from './octets.ts';

/** Octets of a source in runs that lie together, for formats that are read by field and block. */
export class OctetReader {
  /** What is buffered: `bytes[at]` to `bytes[end - 1]`. Valid until the next `need` or `skip`. */
  bytes: Uint8Array;
  at = 0;
  end = 0;
  private readonly source: OctetSource;

  /** @param head octets that were already read from `source` */
  constructor(source: OctetSource, head: Uint8Array) {
    this.source = source;
    this.bytes = new Uint8Array(Math.max(1 << 16, head.length));
    this.bytes.set(head);
    this.end = head.length;
  }

  get left(): number {
    return this.end - this.at;
  }

  /** Where in the file `bytes[at]` stands, in octets from where reading began. */
  get position(): number {
    return this.source.position - this.left;
  }

  /** Buffers at least `count` octets; false when the source ends before. The buffer grows as octets really come. */
  async need(count: number): Promise<boolean> {
    while (this.left < count) if (!(await this.more())) return false;
    return true;
  }

  /** Passes over `count` octets; false when the source ends before. */
  async skip(count: number): Promise<boolean> {
    let left = count;
    while (this.left < left) {
      left -= this.left;
      this.at = this.end;
      if (!(await this.more())) return false;
    }
    this.at += left;
    return true;
  }

  /** A number of four octets, least significant first, at `ahead` octets from here. Call `need` before. */
  uint32(ahead: number): number {
    const at = this.at + ahead;
    const bytes = this.bytes;
    return (bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)) >>> 0;
  }

  /** A number of two octets, least significant first, from here. Call `need` before. */
  uint16(): number {
    return this.bytes[this.at]! | (this.bytes[this.at + 1]! << 8);
  }

  /** A number of three octets, least significant first, from here. Call `need` before. */
  uint24(): number {
    const bytes = this.bytes;
    return bytes[this.at]! | (bytes[this.at + 1]! << 8) | (bytes[this.at + 2]! << 16);
  }

  /** Passes over a frame that is there to be skipped; false when the source ends before. */
  async skipFrame(): Promise<boolean> {
    return (await this.need(8)) && (await this.skip(8 + this.uint32(4)));
  }

  /** Passes over a text and the zero that ends it; false when the source ends before. */
  async skipText(): Promise<boolean> {
    while (await this.need(1)) {
      const zero = this.bytes.subarray(this.at, this.end).indexOf(0);
      this.at = zero < 0 ? this.end : this.at + zero + 1;
      if (zero >= 0) return true;
    }
    return false;
  }

  /** Passes over zeros; false when nothing else comes before the source ends. */
  async skipZeros(): Promise<boolean> {
    while (await this.need(1)) {
      while (this.at < this.end && this.bytes[this.at] === 0) this.at++;
      if (this.at < this.end) return true;
    }
    return false;
  }

  private async more(): Promise<boolean> {
    if (this.at > 0) {
      this.bytes.copyWithin(0, this.at, this.end);
      this.end -= this.at;
      this.at = 0;
    }
    if (this.end === this.bytes.length) {
      const larger = new Uint8Array(this.bytes.length * 2);
      larger.set(this.bytes);
      this.bytes = larger;
    }
    const count = await this.source.read(this.bytes.subarray(this.end));
    this.end += count;
    return count > 0;
  }
}

/** Whether `magic` begins a frame that is there to be skipped: zstd (RFC 8878 3.1.2) and lz4 share these 16 numbers. */
export function isSkippable(magic: number): boolean {
  return magic >>> 4 === 0x184d2a5;
}
