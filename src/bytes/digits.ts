import { ASCII } from './ascii.ts';
import { FOUR_DIGITS, SHORT_DIGITS, SHORT_LENGTH } from './four-digits.ts';

/**
 * Decimal digits, four at a time. Every function writes from `view[at]` on and answers the first octet past what it
 * wrote; up to three octets past that may be overwritten, so leave room for 24 octets a number.
 */

/** A whole number, 0 to 2^53. */
export function putUnsigned(view: DataView, at: number, value: number): number {
  if (value < 10_000) return putShort(view, at, value);
  if (value < 100_000_000) {
    const high = (value / 10_000) | 0;
    return putLow(view, putShort(view, at, high), value - high * 10_000, 4);
  }
  const high = Math.floor(value / 100_000_000);
  return putPadded(view, putUnsigned(view, at, high), value - high * 100_000_000, 8);
}

/** A whole number with a minus sign where it has one. */
export function putInteger(view: DataView, at: number, value: number): number {
  // Most are this small: spared three calls.
  if (value >= 0 && value < 10_000) {
    const short = value | 0;
    view.setInt32(at, SHORT_DIGITS[short]!, true);
    return at + SHORT_LENGTH[short]!;
  }
  if (value >= 0) return putUnsigned(view, at, value);
  view.setUint8(at, ASCII.hyphen);
  return putUnsigned(view, at + 1, -value);
}

/** A whole number below 10^`width`, with zeros before it; `width` up to 15. */
export function putPadded(view: DataView, at: number, value: number, width: number): number {
  let rest = value;
  let left = width;
  let next = at;
  if (left > 8) {
    const high = Math.floor(rest / 100_000_000);
    next = putPadded(view, next, high, left - 8);
    rest -= high * 100_000_000;
    left = 8;
  }
  if (left > 4) {
    const high = (rest / 10_000) | 0;
    next = putLow(view, next, high, left - 4);
    rest -= high * 10_000;
    left = 4;
  }
  return putLow(view, next, rest, left);
}

/** Nine digits of a number below 10^9: the fraction of a second. */
export function putNine(view: DataView, at: number, value: number): number {
  const high = (value / 100_000) | 0;
  const low = value - high * 100_000;
  const middle = (low / 10) | 0;
  view.setInt32(at, FOUR_DIGITS[high]!, true);
  view.setInt32(at + 4, FOUR_DIGITS[middle]!, true);
  view.setUint8(at + 8, ASCII.zero + low - middle * 10);
  return at + 9;
}

/** Nanoseconds as a number of milliseconds: all six decimals that are no trailing zeros, no exponent. */
export function putMilliseconds(view: DataView, start: number, nanoseconds: number): number {
  let at = start;
  let rest = nanoseconds;
  if (rest < 0) {
    view.setUint8(at++, ASCII.hyphen);
    rest = -rest;
  }
  const whole = Math.floor(rest / 1e6);
  at = putUnsigned(view, at, whole);
  const fraction = (rest - whole * 1e6) | 0;
  if (fraction === 0) return at;
  const high = (fraction / 1000) | 0;
  const low = fraction - high * 1000;
  view.setInt32(at, ASCII.dot + (FOUR_DIGITS[high]! & THREE_OF_FOUR), true);
  if (low === 0) return at + 1 + SIGNIFICANT[high]!;
  view.setInt32(at + 4, FOUR_DIGITS[low]! >>> 8, true);
  return at + 4 + SIGNIFICANT[low]!;
}

/** A number below 10,000 without leading zeros. (What is no such number must not make the place NaN.) */
function putShort(view: DataView, at: number, value: number): number {
  view.setInt32(at, SHORT_DIGITS[value]!, true);
  return at + (SHORT_LENGTH[value]! | 0);
}

/** The last `count` of four digits. */
function putLow(view: DataView, at: number, value: number, count: number): number {
  view.setInt32(at, FOUR_DIGITS[value]! >>> ((4 - count) * 8), true);
  return at + count;
}

/** All octets of a word but the first. */
const THREE_OF_FOUR = 0xffffff00;

/** Of every number below 1000, as three decimals: how many there are without zeros at the end. */
const SIGNIFICANT: Uint8Array = new Uint8Array(1000).fill(3);
for (let value = 0; value < 1000; value += 10) SIGNIFICANT[value] = value % 100 === 0 ? 1 : 2;
SIGNIFICANT[0] = 0;
