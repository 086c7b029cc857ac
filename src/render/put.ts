/**
 * Text of numbers and addresses, written into octets that the caller has made room for. Each function writes at `at`
 * and answers where the next octet goes; none allocates. Numbers of 32 bits are given as int32 and meant unsigned, as
 * they are inside lastack: a uint32 past 2^31 would be a heap object.
 */

/** An unsigned number of 32 bits, given as int32, in decimal: 10 octets at most. */
export function putUnsigned(bytes: Uint8Array, at: number, value: number): number {
  if (value >>> 0 < 10_000) return putShort(bytes, at, value);
  if (value > 0 && value < 100_000_000) {
    const high = (value / 10_000) | 0;
    return putFour(bytes, putShort(bytes, at, high), value - high * 10_000);
  }
  const high = ((value >>> 0) / 100_000_000) | 0;
  const rest = (value - Math.imul(high, 100_000_000)) | 0;
  const middle = (rest / 10_000) | 0;
  return putFour(bytes, putFour(bytes, putShort(bytes, at, high), middle), rest - middle * 10_000);
}

/** A number below 10,000 in decimal. */
export function putShort(bytes: Uint8Array, at: number, value: number): number {
  const from = value << 2;
  let next = at;
  if (value >= 1000) bytes[next++] = DIGITS[from]!;
  if (value >= 100) bytes[next++] = DIGITS[from + 1]!;
  if (value >= 10) bytes[next++] = DIGITS[from + 2]!;
  bytes[next] = DIGITS[from + 3]!;
  return next + 1;
}

/** A number below 10,000 in four digits. */
export function putFour(bytes: Uint8Array, at: number, value: number): number {
  const from = value << 2;
  bytes[at] = DIGITS[from]!;
  bytes[at + 1] = DIGITS[from + 1]!;
  bytes[at + 2] = DIGITS[from + 2]!;
  bytes[at + 3] = DIGITS[from + 3]!;
  return at + 4;
}

/** A number below 100 in two digits. */
export function putTwo(bytes: Uint8Array, at: number, value: number): number {
  const from = value << 2;
  bytes[at] = DIGITS[from + 2]!;
  bytes[at + 1] = DIGITS[from + 3]!;
  return at + 2;
}

/** A number below 1000 in three digits. */
export function putThree(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = DIGITS[(value << 2) + 1]!;
  return putTwo(bytes, at + 1, value % 100);
}

/** A number of 64 bits from its halves, in decimal: 20 octets at most. */
export function putUnsigned64(bytes: Uint8Array, at: number, high: number, low: number): number {
  if (high === 0) return putUnsigned(bytes, at, low);
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
  let next = putShort(bytes, at, GROUPS_OF_FOUR[first]!);
  for (let i = first + 1; i < 5; i++) next = putFour(bytes, next, GROUPS_OF_FOUR[i]!);
  return next;
}

/** An unsigned number of 32 bits, given as int32, in hexadecimal without leading zeros: 8 octets at most. */
export function putHex(bytes: Uint8Array, at: number, value: number): number {
  let shift = value === 0 ? 0 : (31 - Math.clz32(value)) & ~3;
  let next = at;
  for (; shift >= 0; shift -= 4) bytes[next++] = HEX[(value >>> shift) & 0xf]!;
  return next;
}

/** The same in eight digits. */
export function putHexWord(bytes: Uint8Array, at: number, value: number): number {
  for (let i = 0; i < 8; i++) bytes[at + i] = HEX[(value >>> (28 - i * 4)) & 0xf]!;
  return at + 8;
}

/** A number of 64 bits from its halves, in hexadecimal without leading zeros. */
export function putHex64(bytes: Uint8Array, at: number, high: number, low: number): number {
  if (high === 0) return putHex(bytes, at, low);
  return putHexWord(bytes, putHex(bytes, at, high), low);
}

/** The octets from `from` to `end`, two hexadecimal digits each. */
export function putHexOctets(bytes: Uint8Array, at: number, octets: Uint8Array, from: number, end: number): number {
  let next = at;
  for (let i = from; i < end; i++) {
    const octet = octets[i]!;
    bytes[next] = HEX[octet >> 4]!;
    bytes[next + 1] = HEX[octet & 0xf]!;
    next += 2;
  }
  return next;
}

/** An IPv4 address, given as int32 in network order, with dots: 15 octets at most. */
export function putIpv4(bytes: Uint8Array, at: number, address: number): number {
  let next = putShort(bytes, at, address >>> 24);
  bytes[next] = DOT;
  next = putShort(bytes, next + 1, (address >>> 16) & 0xff);
  bytes[next] = DOT;
  next = putShort(bytes, next + 1, (address >>> 8) & 0xff);
  bytes[next] = DOT;
  return putShort(bytes, next + 1, address & 0xff);
}

/**
 * The IPv6 address at `from` as tcpdump and inet_ntop print it: the longest run of zero groups (the first of equals,
 * two groups at least) is `::`, and six leading zero groups, or five and ffff, are followed by an IPv4 address with
 * dots. 45 octets at most.
 */
export function putIpv6(bytes: Uint8Array, at: number, view: DataView, from: number): number {
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
      bytes[next++] = COLON;
      i += runLength - 1;
      if (i === 7) bytes[next++] = COLON;
      continue;
    }
    if (i > 0) bytes[next++] = COLON;
    next = putHex(bytes, next, view.getUint16(from + i * 2));
  }
  if (!mapped) return next;
  bytes[next] = COLON;
  return putIpv4(bytes, next + 1, view.getInt32(from + 12));
}

/** Constant text, made by `ascii`. */
export function putText(bytes: Uint8Array, at: number, text: Uint8Array): number {
  for (let i = 0; i < text.length; i++) bytes[at + i] = text[i]!;
  return at + text.length;
}

/** ASCII text as octets, for constants that `putText` writes. */
export function ascii(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

const DOT = 0x2e;
const COLON = 0x3a;
const HEX = ascii('0123456789abcdef');
/** The numbers below 10,000, four digits each. */
const DIGITS = fourDigits();
const GROUPS_OF_FOUR = new Int32Array(5);

function fourDigits(): Uint8Array {
  const digits = new Uint8Array(40_000);
  for (let i = 0; i < 10_000; i++) {
    digits[i * 4] = 0x30 + ((i / 1000) | 0);
    digits[i * 4 + 1] = 0x30 + (((i / 100) | 0) % 10);
    digits[i * 4 + 2] = 0x30 + (((i / 10) | 0) % 10);
    digits[i * 4 + 3] = 0x30 + (i % 10);
  }
  return digits;
}
