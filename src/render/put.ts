import { ASCII } from '../bytes/ascii.ts';
import { FOUR_DIGITS, SHORT_DIGITS } from '../bytes/four-digits.ts';
import { Constant } from '../bytes/writer.ts';

/**
 * Text of numbers and addresses, written through the view of a writer's octets, in which the caller has made room for
 * the text and SLACK octets more: digits go four at a time, constant text eight. Each function writes at `at` and answers
 * where the next octet goes; none allocates. Numbers of 32 bits are given as int32 and meant unsigned, as they are inside
 * lastack: a uint32 past 2^31 would be a heap object.
 */

/** Octets past their text that these functions may overwrite. */
export const SLACK = 8;

/** An unsigned number of 32 bits, given as int32, in decimal: 10 octets at most. Short, to be inlined by its callers. */
export function putUnsigned(to: DataView, at: number, value: number): number {
  return value >>> 0 < 10_000 ? putShort(to, at, value) : putLong(to, at, value);
}

/** One of 10,000 and more. */
function putLong(to: DataView, at: number, value: number): number {
  // To the compiler a parameter may be anything; this it divides as an integer.
  const int = value | 0;
  if (int > 0 && int < 100_000_000) {
    const high = (int / 10_000) | 0;
    return putFour(to, putShort(to, at, high), int - high * 10_000);
  }
  const high = ((int >>> 0) / 100_000_000) | 0;
  const rest = (int - Math.imul(high, 100_000_000)) | 0;
  const middle = (rest / 10_000) | 0;
  const next = putShort(to, at, high);
  to.setInt32(next, FOUR_DIGITS[middle]!, true);
  to.setInt32(next + 4, FOUR_DIGITS[rest - middle * 10_000]!, true);
  return next + 8;
}

/** A number below 10,000 in decimal. Digits are 0x30 and more: the octets above them are the zeros in front of the word. */
export function putShort(to: DataView, at: number, value: number): number {
  const digits = SHORT_DIGITS[value]!;
  to.setInt32(at, digits, true);
  return at + 4 - (Math.clz32(digits) >>> 3);
}

/** A number below 10,000 in four digits. */
export function putFour(to: DataView, at: number, value: number): number {
  to.setInt32(at, FOUR_DIGITS[value]!, true);
  return at + 4;
}

/** A number below 100 in two digits. */
export function putTwo(to: DataView, at: number, value: number): number {
  to.setInt32(at, FOUR_DIGITS[value]! >>> 16, true);
  return at + 2;
}

/** A number below 1000 in three digits. */
export function putThree(to: DataView, at: number, value: number): number {
  to.setInt32(at, FOUR_DIGITS[value]! >>> 8, true);
  return at + 3;
}

/** A number of 64 bits from its halves, in decimal: 20 octets at most. */
export function putUnsigned64(to: DataView, at: number, high: number, low: number): number {
  if (high === 0) return putUnsigned(to, at, low);
  // Long division of four limbs of 16 bits by 10,000, five times: every step stays within 30 bits.
  let limb3 = high >>> 16;
  let limb2 = high & 0xffff;
  let limb1 = low >>> 16;
  let limb0 = low & 0xffff;
  for (let group = 4; group >= 0; group--) {
    let rest = limb3;
    limb3 = (rest / 10_000) | 0;
    rest = (rest - limb3 * 10_000) * 65_536 + limb2;
    limb2 = (rest / 10_000) | 0;
    rest = (rest - limb2 * 10_000) * 65_536 + limb1;
    limb1 = (rest / 10_000) | 0;
    rest = (rest - limb1 * 10_000) * 65_536 + limb0;
    limb0 = (rest / 10_000) | 0;
    GROUPS_OF_FOUR[group] = rest - limb0 * 10_000;
  }
  let first = 0;
  while (first < 4 && GROUPS_OF_FOUR[first] === 0) first++;
  let next = putShort(to, at, GROUPS_OF_FOUR[first]!);
  for (let i = first + 1; i < 5; i++) next = putFour(to, next, GROUPS_OF_FOUR[i]!);
  return next;
}

/** An unsigned number of 32 bits, given as int32, in hexadecimal without leading zeros: 8 octets at most. */
export function putHex(to: DataView, at: number, value: number): number {
  let shift = value === 0 ? 0 : (31 - Math.clz32(value)) & ~3;
  let next = at;
  for (; shift >= 0; shift -= 4) to.setUint8(next++, HEX[(value >>> shift) & 0xf]!);
  return next;
}

/** The same in eight digits. */
export function putHexWord(to: DataView, at: number, value: number): number {
  for (let i = 0; i < 8; i++) to.setUint8(at + i, HEX[(value >>> (28 - i * 4)) & 0xf]!);
  return at + 8;
}

/** A number of 64 bits from its halves, in hexadecimal without leading zeros. */
export function putHex64(to: DataView, at: number, high: number, low: number): number {
  if (high === 0) return putHex(to, at, low);
  return putHexWord(to, putHex(to, at, high), low);
}

/** The octets from `from` to `end`, two hexadecimal digits each. */
export function putHexOctets(to: DataView, at: number, octets: Uint8Array, from: number, end: number): number {
  let next = at;
  for (let i = from; i < end; i++) {
    const octet = octets[i]!;
    to.setUint8(next, HEX[octet >> 4]!);
    to.setUint8(next + 1, HEX[octet & 0xf]!);
    next += 2;
  }
  return next;
}

/** An IPv4 address, given as int32 in network order, with dots: 15 octets at most. */
export function putIpv4(to: DataView, at: number, address: number): number {
  let next = putOctet(to, at, address >>> 24);
  next = putOctet(to, next, (address >>> 16) & 0xff);
  next = putOctet(to, next, (address >>> 8) & 0xff);
  return putShort(to, next, address & 0xff);
}

/** An octet in decimal and a dot. */
function putOctet(to: DataView, at: number, octet: number): number {
  to.setInt32(at, DOTTED_OCTETS[octet]!, true);
  return at + (octet < 100 ? (octet < 10 ? 2 : 3) : 4);
}

/**
 * The IPv6 address at `from` as tcpdump and inet_ntop print it: the longest run of zero groups (the first of equals,
 * two groups at least) is `::`, and six leading zero groups, or five and ffff, are followed by an IPv4 address with
 * dots. 45 octets at most.
 */
export function putIpv6(to: DataView, at: number, view: DataView, from: number): number {
  let runAt = -1;
  let runLength = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && view.getUint16(from + end * 2) === 0) end++;
    if (end - i > runLength) {
      runAt = i;
      runLength = end - i;
    }
    if (end > i) i = end;
  }
  const mapped = runAt === 0 && (runLength === 6 || (runLength === 5 && view.getUint16(from + 10) === 0xffff));
  const groups = mapped ? 6 : 8;
  let next = at;
  for (let i = 0; i < groups; i++) {
    if (i === runAt) {
      to.setUint8(next++, ASCII.colon);
      i += runLength - 1;
      if (i === 7) to.setUint8(next++, ASCII.colon);
      continue;
    }
    if (i > 0) to.setUint8(next++, ASCII.colon);
    next = putHex(to, next, view.getUint16(from + i * 2));
  }
  if (!mapped) return next;
  to.setUint8(next, ASCII.colon);
  return putIpv4(to, next + 1, view.getInt32(from + 12));
}

/** Constant text. */
export function putText(to: DataView, at: number, text: Constant): number {
  const eights = text.eights;
  for (let i = 0; i < eights.length; i++) to.setFloat64(at + i * 8, eights[i]!, true);
  return at + text.length;
}

/**
 * Eight octets of text at most, as a number for `setFloat64(at, …, true)`: the shortest way of writing it. The caller knows
 * how long it is.
 */
export function eight(text: string): number {
  return new Constant(text).eights[0]!;
}

/** Constant text for `putText`. */
export function constant(text: string): Constant {
  return new Constant(text);
}

const HEX = Uint8Array.from('0123456789abcdef', (letter) => letter.charCodeAt(0));
/** The octets of an IPv4 address, each with a dot. */
const DOTTED_OCTETS = Int32Array.from({ length: 256 }, (_, octet) => packed(`${octet}.`));
const GROUPS_OF_FOUR = new Int32Array(5);

/** Four letters at most as `setInt32` writes them little-endian: the first one in the low octet. */
export function packed(text: string): number {
  let word = 0;
  for (let i = 0; i < text.length; i++) word |= text.charCodeAt(i) << (i * 8);
  return word;
}
