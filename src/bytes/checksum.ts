/** Octets that are added before the total is folded: 4096 words add less than 2^29 to it. */
const RUN = 16384;

/**
 * Adds the octets from `at` to `end` as 16-bit words, the last one padded with zero, to `sum` (RFC 1071).
 *
 * What comes back is congruent to the ones' complement sum modulo 65535, and below 2^31. Words that include their own
 * checksum come to a multiple of 65535.
 * Words are read 32 bits at a time and added by halves, which keeps the total a small integer.
 *
 * @param sum 0 to 2^30
 */
export function addWords(view: DataView, at: number, end: number, sum: number): number {
  if (end - at > RUN) return addRuns(view, at, end, sum);
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
  return from < end ? total + (view.getUint8(from) << 8) : total;
}

function addRuns(view: DataView, at: number, end: number, sum: number): number {
  let total = sum;
  for (let from = at; from < end; from += RUN) {
    total = (total & 0xffff) + (total >>> 16);
    total = addWords(view, from, Math.min(from + RUN, end), total);
  }
  return total;
}
