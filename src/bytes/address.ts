import { ASCII } from './ascii.ts';
import type { ByteWriter } from './writer.ts';

/** Writes an IPv4 address, given as an int32 in network order, with dots. */
export function writeIpv4(out: ByteWriter, address: number): void {
  out.reserve(15);
  let at = out.length;
  const bytes = out.bytes;
  for (let shift = 24; shift >= 0; shift -= 8) {
    const octet = (address >>> shift) & 0xff;
    if (octet >= 100) bytes[at++] = 0x30 + ((octet / 100) | 0);
    if (octet >= 10) bytes[at++] = 0x30 + (((octet / 10) | 0) % 10);
    bytes[at++] = 0x30 + (octet % 10);
    if (shift !== 0) bytes[at++] = ASCII.dot;
  }
  out.length = at;
}

/**
 * Writes an IPv6 address, four int32 words in network order from `words[at]`, as RFC 5952 has it: lower case, no
 * leading zeros, the longest run of zero groups (the first of equals, two groups at least) as `::`. Addresses that
 * embed an IPv4 address (`::ffff:1.2.3.4`, `::1.2.3.4`) end in dots (RFC 5952 5), as inet_ntop prints them.
 */
export function writeIpv6(out: ByteWriter, words: Int32Array, at: number): void {
  let runStart = -1;
  let runLength = 1;
  for (let i = 0; i < GROUPS; i++) {
    if (groupAt(words, at, i) !== 0) continue;
    const start = i;
    while (i < GROUPS && groupAt(words, at, i) === 0) i++;
    if (i - start > runLength) {
      runStart = start;
      runLength = i - start;
    }
  }
  const embedded = runStart === 0 && (runLength === 6 || (runLength === 5 && groupAt(words, at, 5) === 0xffff));
  const groups = embedded ? 6 : GROUPS;
  for (let i = 0; i < groups; i++) {
    if (i === runStart) {
      out.byte(ASCII.colon);
      i += runLength - 1;
      if (i === GROUPS - 1) out.byte(ASCII.colon);
      continue;
    }
    if (i > 0) out.byte(ASCII.colon);
    writeHex(out, groupAt(words, at, i));
  }
  if (embedded) {
    out.byte(ASCII.colon);
    writeIpv4(out, words[at + 3]!);
  }
}

const GROUPS = 8;

function groupAt(words: Int32Array, at: number, group: number): number {
  const word = words[at + (group >> 1)]!;
  return (group & 1) === 0 ? word >>> 16 : word & 0xffff;
}

/** A number of up to 16 bits in hexadecimal, lower case, no leading zeros. */
function writeHex(out: ByteWriter, value: number): void {
  for (let shift = value > 0xfff ? 12 : value > 0xff ? 8 : value > 0xf ? 4 : 0; shift >= 0; shift -= 4) {
    const digit = (value >> shift) & 0xf;
    out.byte(digit < 10 ? 0x30 + digit : 0x57 + digit);
  }
}
