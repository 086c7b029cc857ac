/** Octets that are added before the total is folded: 4096 words add less than 2^29 to it. */
const RUN = 16384;

/**
 * Adds the octets from `at` to `end` as 16-bit words, the last one padded with zero, to `sum` (RFC 1071).
 *
 * What comes back is congruent to the ones' complement sum modulo 65535, below 2^31, and zero only when every word is.
 * Words are read 32 bits at a time and added by halves, which keeps the total a small integer.
 *
 * @param sum 0 to 2^31 - 1
 */
export function addWords(view: DataView, at: number, end: number, sum: number): number {
  let total = (sum & 0xffff) + (sum >>> 16);
  let from = at;
  for (let stop = at + RUN; stop < end; stop += RUN) {
    total = addShort(view, from, stop, total);
    total = (total & 0xffff) + (total >>> 16);
    from = stop;
  }
  return addShort(view, from, end, total);
}

function addShort(view: DataView, at: number, end: number, sum: number): number {
  let total = sum;
  let from = at;
  for (const last = end - 16; from <= last; from += 16) {
    const first = view.getInt32(from);
    const second = view.getInt32(from + 4);
    const third = view.getInt32(from + 8);
    const fourth = view.getInt32(from + 12);
    total += (first & 0xffff) + (first >>> 16) + (second & 0xffff) + (second >>> 16);
    total += (third & 0xffff) + (third >>> 16) + (fourth & 0xffff) + (fourth >>> 16);
  }
  for (const last = end - 4; from <= last; from += 4) {
    const word = view.getInt32(from);
    total += (word & 0xffff) + (word >>> 16);
  }
  if (end - from >= 2) {
    total += view.getUint16(from);
    from += 2;
  }
  if (from < end) total += view.getUint8(from) << 8;
  return total;
}

/** Whether words that include their own checksum add up: all ones (RFC 1071 1, step 3). */
export function sumsUp(sum: number): boolean {
  return sum % 0xffff === 0 && sum !== 0;
}
