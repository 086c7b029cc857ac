/**
 * Octets in order, into one buffer that grows by doubling and is reused after each `take`.
 * Text is written as ASCII by `ascii` and as UTF-8 by `text`; numbers without a string in between.
 */
export class ByteWriter {
  /** What was written: `bytes[0]` to `bytes[length - 1]`. Replaced when it grows; do not keep it. */
  bytes: Uint8Array;
  length = 0;

  constructor(capacity: number = 1 << 16) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for `count` more octets. Call once before a run of writes to `bytes` itself. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.grow(count);
  }

  private grow(count: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Text known to be ASCII. */
  ascii(text: string): void {
    this.reserve(text.length);
    for (let i = 0; i < text.length; i++) this.bytes[this.length++] = text.charCodeAt(i);
  }

  /** Any text, as UTF-8. */
  text(text: string): void {
    this.reserve(text.length * 3);
    this.length += ENCODER.encodeInto(text, this.bytes.subarray(this.length)).written;
  }

  /** Octets that were written elsewhere, `from[start]` to `from[end - 1]`. */
  copy(from: Uint8Array, start: number = 0, end: number = from.length): void {
    this.reserve(end - start);
    if (end - start > 64) this.bytes.set(from.subarray(start, end), this.length);
    else for (let i = start, to = this.length; i < end; i++, to++) this.bytes[to] = from[i]!;
    this.length += end - start;
  }

  /** A whole number, 0 to 2^53, in decimal. */
  unsigned(value: number): void {
    this.reserve(20);
    if (value > 0xffffffff) {
      const high = Math.floor(value / 1e9);
      this.unsigned(high);
      this.padded(value - high * 1e9, 9);
      return;
    }
    let digits = 1;
    for (let bound = 10; value >= bound && digits < 10; bound *= 10) digits++;
    this.digits(value, digits);
  }

  /** A whole number in decimal with a minus sign where it has one. */
  integer(value: number): void {
    if (value < 0) {
      this.byte(0x2d);
      this.unsigned(-value);
    } else this.unsigned(value);
  }

  /** A whole number below 10^`width`, padded with zeros. */
  padded(value: number, width: number): void {
    this.reserve(width);
    this.digits(value, width);
  }

  private digits(value: number, count: number): void {
    const bytes = this.bytes;
    let rest = value;
    for (let at = this.length + count - 1; at >= this.length; at--) {
      const next = Math.floor(rest / 10);
      bytes[at] = 0x30 + (rest - next * 10);
      rest = next;
    }
    this.length += count;
  }

  /** What was written, as a copy. */
  copied(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  toString(): string {
    return new TextDecoder().decode(this.bytes.subarray(0, this.length));
  }
}

const ENCODER = new TextEncoder();
