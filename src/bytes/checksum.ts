/**
 * Adds the octets from `at` to `end` as 16-bit words, the last one padded with zero, to `sum` (RFC 1071).
 *
 * What comes back is congruent to the ones' complement sum modulo 65535, below 2^31, and zero only when every word is.
 *
 * @param sum 0 to 2^31 - 1
 */
export function addWords(view: DataView, at: number, end: number, sum: number): number {
  let total = (sum & 0xffff) + (sum >>> 16);
  let from = at;
  // 16 words of 32 bits add at most 2^21 to a total that was folded below 2^17.
  for (const last = end - 64; from <= last; from += 64) {
    total = (total & 0xffff) + (total >>> 16);
    for (let i = from; i < from + 64; i += 16) {
      const first = view.getInt32(i);
      const second = view.getInt32(i + 4);
      const third = view.getInt32(i + 8);
      const fourth = view.getInt32(i + 12);
      total += (first & 0xffff) + (first >>> 16) + (second & 0xffff) + (second >>> 16);
      total += (third & 0xffff) + (third >>> 16) + (fourth & 0xffff) + (fourth >>> 16);
    }
  }
  for (; from + 2 <= end; from += 2) total += view.getUint16(from);
  if (from < end) total += view.getUint8(from) << 8;
  return total;
}

/** Whether words that include their own checksum add up: all ones (RFC 1071 1, step 3). */
export function sumsUp(sum: number): boolean {
  return sum % 0xffff === 0 && sum !== 0;
}
