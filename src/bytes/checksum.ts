const UINT32 = 2 ** 32;

/**
 * Adds the octets from `at` to `end` as 16-bit words, the last one padded with zero, to `sum` (RFC 1071).
 *
 * What comes back is congruent to the ones' complement sum modulo 65535, and below 2^31. Words that include their own
 * checksum come to a multiple of 65535.
 * Words are read 32 bits at a time, lower octet first, as the processor does, and added as doubles, which are exact up to
 * two million of them; at the end the sum's octets are swapped (RFC 1071 2B).
 *
 * @param sum 0 to 2^30
 */
export function addWords(view: DataView, at: number, end: number, sum: number): number {
  let even = 0;
  let odd = 0;
  let from = at;
  for (const last = end - 16; from <= last; from += 16) {
    even += view.getUint32(from, true) + view.getUint32(from + 4, true);
    odd += view.getUint32(from + 8, true) + view.getUint32(from + 12, true);
  }
  for (const last = end - 4; from <= last; from += 4) even += view.getUint32(from, true);
  const words = even + odd;
  const carries = Math.floor(words / UINT32) | 0;
  const low = (words - carries * UINT32) | 0;
  let folded = (low & 0xffff) + (low >>> 16) + (carries & 0xffff) + (carries >>> 16);
  folded = (folded & 0xffff) + (folded >>> 16);
  folded = (folded & 0xffff) + (folded >>> 16);
  let total = sum + (((folded & 0xff) << 8) | (folded >>> 8));
  if (end - from >= 2) {
    total += view.getUint16(from);
    from += 2;
  }
  return from < end ? total + (view.getUint8(from) << 8) : total;
}
