import { vectorFold, vectorView } from './vector-sum.ts';

const UINT32 = 2 ** 32;

/**
 * Adds the octets from `at` to `end` as 16-bit words, the last one padded with zero, to `sum` (RFC 1071).
 *
 * What comes back is congruent to the ones' complement sum modulo 65535, and below 2^31. Words that include their own
 * checksum come to a multiple of 65535. Words are summed lower octet first, as the processor reads them; at the end the
 * sum's octets are swapped (RFC 1071 2B).
 *
 * @param sum 0 to 2^30
 */
export function addWords(view: DataView, at: number, end: number, sum: number): number {
  const folded = view === vectorView ? vectorFold(at, end) : fold(view, at, end);
  return sum + (((folded & 0xff) << 8) | (folded >>> 8));
}

/**
 * The octets' little-endian words, added with end-around carry: 0 to 65535. Read 32 bits at a time and added as doubles,
 * which are exact up to two million of them.
 */
function fold(view: DataView, at: number, end: number): number {
  let even = 0;
  let odd = 0;
  let from = at;
  for (const last = end - 16; from <= last; from += 16) {
    even += view.getUint32(from, true) + view.getUint32(from + 4, true);
    odd += view.getUint32(from + 8, true) + view.getUint32(from + 12, true);
  }
  for (const last = end - 4; from <= last; from += 4) even += view.getUint32(from, true);
  if (end - from >= 2) {
    even += view.getUint16(from, true);
    from += 2;
  }
  if (from < end) odd += view.getUint8(from);
  const words = even + odd;
  const carries = Math.floor(words / UINT32) | 0;
  const low = (words - carries * UINT32) | 0;
  let folded = (low & 0xffff) + (low >>> 16) + (carries & 0xffff) + (carries >>> 16);
  folded = (folded & 0xffff) + (folded >>> 16);
  return (folded & 0xffff) + (folded >>> 16);
}
