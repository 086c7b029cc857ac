import { putInteger, putMilliseconds, putPadded, putUnsigned } from './digits.ts';

/**
 * Octets in order, into one buffer that grows by doubling and is reused after each `take`.
 * Text is written as ASCII by `ascii` and as UTF-8 by `text`; numbers without a string in between.
 */
export class ByteWriter {
  /** What was written: `bytes[0]` to `bytes[length - 1]`. Replaced when it grows; do not keep it. */
  bytes: Uint8Array;
  /** The same octets, for writing several at a time. Replaced with `bytes`. */
  view: DataView;
  length = 0;

  constructor(capacity: number = 1 << 16) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `count` more octets. Call once before a run of writes to `bytes` itself. */
  reserve(count: number): void {
    if (this.length + count > this.bytes.length) this.grow(count);
  }

  private grow(count: number): void {
    const larger = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  byte(value: number): void {
    this.reserve(1);
    this.bytes[this.length++] = value;
  }

  /** Text known to be ASCII. */
  ascii(text: string): void {
    this.reserve(text.length);
    const { bytes, length } = this;
    for (let i = 0; i < text.length; i++) bytes[length + i] = text.charCodeAt(i);
    this.length = length + text.length;
  }

  /** Any text, as UTF-8. */
  text(text: string): void {
    this.reserve(text.length * 3);
    const { bytes } = this;
    // Short text is mostly ASCII, and a call of the encoder costs more than it.
    const ascii = text.length <= SHORT ? text.length : 0;
    let at = this.length;
    let i = 0;
    for (; i < ascii; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x80) bytes[at++] = code;
      else if (code >= 0x800 && (code & 0xf800) !== 0xd800) {
        bytes[at] = 0xe0 | (code >> 12);
        bytes[at + 1] = 0x80 | ((code >> 6) & 0x3f);
        bytes[at + 2] = 0x80 | (code & 0x3f);
        at += 3;
      } else break;
    }
    if (i < text.length) at += ENCODER.encodeInto(i === 0 ? text : text.slice(i), bytes.subarray(at)).written;
    this.length = at;
  }

  /** Octets that were written elsewhere, `from[start]` to `from[end - 1]`. */
  copy(from: Uint8Array, start: number = 0, end: number = from.length): void {
    this.reserve(end - start);
    if (end - start > 64) this.bytes.set(from.subarray(start, end), this.length);
    else for (let i = start, to = this.length; i < end; i++, to++) this.bytes[to] = from[i]!;
    this.length += end - start;
  }

  /** Text that never changes: much faster than `copy` (eight octets at a time). */
  constant(constant: Constant): void {
    const eights = constant.eights;
    this.reserve(eights.length * 8);
    const view = this.view;
    let at = this.length;
    for (let i = 0; i < eights.length; i++, at += 8) view.setFloat64(at, eights[i]!, true);
    this.length += constant.length;
  }

  /** A whole number, 0 to 2^53, in decimal. */
  unsigned(value: number): void {
    this.reserve(24);
    this.length = putUnsigned(this.view, this.length, value);
  }

  /** A whole number in decimal with a minus sign where it has one. */
  integer(value: number): void {
    this.reserve(24);
    this.length = putInteger(this.view, this.length, value);
  }

  /** A whole number below 10^`width`, padded with zeros; `width` up to 15. */
  padded(value: number, width: number): void {
    this.reserve(24);
    this.length = putPadded(this.view, this.length, value, width);
  }

  /** Nanoseconds as a number of milliseconds: all six decimals that are no trailing zeros, no exponent. */
  milliseconds(nanoseconds: number): void {
    this.reserve(32);
    this.length = putMilliseconds(this.view, this.length, nanoseconds);
  }

  /** What was written, as a copy. */
  copied(): Uint8Array {
    return this.bytes.slice(0, this.length);
  }

  toString(): string {
    return new TextDecoder().decode(this.bytes.subarray(0, this.length));
  }
}

/** Text that is written often: encoded once, and laid out to be copied eight octets at a time. */
export class Constant {
  /** The octets as little-endian doubles, with zeros after them. (UTF-8 never makes a NaN of eight octets.) */
  readonly eights: Float64Array;
  /** Octets of text. */
  readonly length: number;

  constructor(text: string) {
    const octets = ENCODER.encode(text);
    const padded = new DataView(new ArrayBuffer(Math.ceil(octets.length / 8) * 8));
    for (let i = 0; i < octets.length; i++) padded.setUint8(i, octets[i]!);
    this.length = octets.length;
    this.eights = Float64Array.from({ length: padded.byteLength / 8 }, (_, i) => padded.getFloat64(i * 8, true));
  }
}

/** Text that is longer is for the encoder. */
const SHORT = 96;
const ENCODER = new TextEncoder();
