import { ASCII } from '../bytes/ascii.ts';
import { civil } from '../bytes/time.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import { constant, packed, putFour, putText, putThree, putTwo, putUnsigned } from './put.ts';

/** How a line's time is told: tcpdump's default, and its -t, -tt, -ttt, -tttt and -ttttt by their number of t. */
export type TimeStyle = 0 | 1 | 2 | 3 | 4 | 5;

const TIME_OF_DAY = 0;
const NO_TIME = 1;
const UNIX = 2;
const SINCE_PREVIOUS = 3;
const DATE_AND_TIME = 4;

/** The time at the start of a line and the space after it, as tcpdump 4.99 has them. */
export class LineTime {
  private readonly style: TimeStyle;
  private readonly zoneOffset: (epochSeconds: number) => number;
  /** Nanoseconds in a unit of the fraction: 1000 or 1. */
  private readonly unit: number;

  /** The second that `text` tells, up to the fraction: NaN where there is none. */
  private second = Number.NaN;
  private readonly eights: Float64Array = new Float64Array(6);
  private readonly text: DataView = new DataView(this.eights.buffer);
  private textLength = 0;

  /** What -ttt and -ttttt subtract: the previous line's time, or the first's. */
  private referenceSeconds = 0;
  private referenceFraction = 0;

  /**
   * @param zoneOffset seconds east of UTC at a time given in seconds since 1970
   * @param nano whether the fraction has nine digits; else it is cut, not rounded, to six
   */
  constructor(style: TimeStyle, zoneOffset: (epochSeconds: number) => number, nano: boolean) {
    this.style = style;
    this.zoneOffset = zoneOffset;
    this.unit = nano ? 1 : 1000;
  }

  /**
   * Writes the time, given as whole seconds since 1970 and nanoseconds past them.
   *
   * @param carried of the seconds, those that the file told within the fraction, where tcpdump leaves them
   */
  write(out: ByteWriter, seconds: number, nanoseconds: number, carried = 0): void {
    out.reserve(64);
    if (seconds !== this.second || carried !== 0) {
      this.writeUnusual(out, seconds, nanoseconds, carried);
      return;
    }
    out.length = this.putFraction(out.view, this.putSecond(out.view, out.length), this.fractionOf(nanoseconds));
  }

  /** The first time in a second, and times of which there is nothing to keep. */
  private writeUnusual(out: ByteWriter, seconds: number, nanoseconds: number, carried: number): void {
    if (this.style === NO_TIME) return;
    const fraction = this.fractionOf(nanoseconds);
    if (this.style === TIME_OF_DAY || this.style === UNIX || this.style === DATE_AND_TIME) {
      this.writeSecond(out, seconds - carried, fraction, carried);
    } else this.writeDifference(out, seconds, fraction);
  }

  private fractionOf(nanoseconds: number): number {
    return this.unit === 1 ? nanoseconds : (nanoseconds / 1000) | 0;
  }

  private writeSecond(out: ByteWriter, seconds: number, fraction: number, carried: number): void {
    const to = out.view;
    if (pastConversion(seconds)) {
      out.length = putText(to, out.length, NO_CONVERSION);
      return;
    }
    if (seconds !== this.second) this.prepare(seconds);
    const at = this.putSecond(to, out.length);
    if (carried === 0) out.length = this.putFraction(to, at, fraction);
    else {
      to.setUint8(at, ASCII.dot);
      const end = putUnsigned(to, at + 1, (carried * (1e9 / this.unit) + fraction) | 0);
      to.setUint8(end, ASCII.space);
      out.length = end + 1;
    }
  }

  /** The text of the second: 19 octets at most. */
  private putSecond(to: DataView, at: number): number {
    const eights = this.eights;
    to.setFloat64(at, eights[0]!, true);
    to.setFloat64(at + 8, eights[1]!, true);
    to.setFloat64(at + 16, eights[2]!, true);
    return at + this.textLength;
  }

  private prepare(seconds: number): void {
    this.second = seconds;
    if (this.style === UNIX) {
      // tcpdump prints the low 32 bits.
      this.textLength = putUnsigned(this.text, 0, seconds | 0);
      return;
    }
    // A time past what a zone's rules reach is told in UTC.
    const local = seconds + (this.zoneOffset(seconds) || 0);
    const days = Math.floor(local / DAY);
    let at = 0;
    if (this.style === DATE_AND_TIME) {
      const date = civil(days);
      at = date.year < 10_000 ? putFour(this.text, 0, date.year) : putUnsigned(this.text, 0, date.year | 0);
      this.text.setUint8(at++, ASCII.hyphen);
      at = putTwo(this.text, at, date.month);
      this.text.setUint8(at++, ASCII.hyphen);
      at = putTwo(this.text, at, date.day);
      this.text.setUint8(at++, ASCII.space);
    }
    this.textLength = putClock(this.text, at, local - days * DAY);
  }

  private writeDifference(out: ByteWriter, seconds: number, fraction: number): void {
    // To tcpdump a reference of 0 is none.
    if (this.referenceSeconds === 0 && this.referenceFraction === 0) this.refer(seconds, fraction);
    let between = seconds - this.referenceSeconds;
    let rest = fraction - this.referenceFraction;
    const negative = between < 0 || (between === 0 && rest < 0);
    if (negative) {
      between = -between;
      rest = -rest;
    }
    if (rest < 0) {
      between--;
      rest += 1e9 / this.unit;
    }
    out.bytes[out.length++] = negative ? ASCII.hyphen : ASCII.space;
    if (pastConversion(between)) out.length = putText(out.view, out.length, NO_CONVERSION);
    else out.length = this.putFraction(out.view, putClock(out.view, out.length, between % DAY), rest);
    if (this.style === SINCE_PREVIOUS) this.refer(seconds, fraction);
  }

  private refer(seconds: number, fraction: number): void {
    this.referenceSeconds = seconds;
    this.referenceFraction = fraction;
  }

  /** The point, six or nine digits, and the space after them. */
  private putFraction(to: DataView, start: number, fraction: number): number {
    const high = (fraction / 1000) | 0;
    let at = start;
    if (this.unit === 1) {
      const millions = (high / 1000) | 0;
      to.setInt32(at, POINT_AND_THREE[millions]!, true);
      at = putThree(to, at + 4, high - millions * 1000);
    } else {
      to.setInt32(at, POINT_AND_THREE[high]!, true);
      at += 4;
    }
    to.setInt32(at, THREE_AND_SPACE[fraction - high * 1000]!, true);
    return at + 4;
  }
}

/** tcpdump 4.99 converts no time whose low 32 bits are negative as a C int. */
function pastConversion(seconds: number): boolean {
  return (seconds | 0) < 0;
}

/** `HH:MM:SS` of a second of the day. */
function putClock(to: DataView, start: number, second: number): number {
  const minutes = (second / 60) | 0;
  const hours = (minutes / 60) | 0;
  let at = putTwo(to, start, hours);
  to.setUint8(at, ASCII.colon);
  at = putTwo(to, at + 1, minutes - hours * 60);
  to.setUint8(at, ASCII.colon);
  return putTwo(to, at + 1, second - minutes * 60);
}

const DAY = 86_400;
const NO_CONVERSION = constant('[Error converting time] ');
/** The numbers below 1000 in three digits, after a point and before a space, as `setInt32` writes them little-endian. */
const POINT_AND_THREE = Int32Array.from({ length: 1000 }, (_, value) => packed(`.${String(value).padStart(3, '0')}`));
const THREE_AND_SPACE = Int32Array.from({ length: 1000 }, (_, value) => packed(`${String(value).padStart(3, '0')} `));
