/** Bits of a sketch, in words of 32. */
const WORDS = 64;
const BITS = WORDS * 32;
/** Past this the sketch is too full to tell. */
export const DISTINCT_MOST: number = BITS * 4;

/** Counts distinct numbers in 256 octets by linear counting: exact to some percent up to DISTINCT_MOST. */
export class Distinct {
  private readonly bits = new Int32Array(WORDS);
  private set = 0;

  /** @param hash well spread over 32 bits */
  add(hash: number): void {
    const bit = hash & (BITS - 1);
    const mask = 1 << (bit & 31);
    if ((this.bits[bit >> 5]! & mask) !== 0) return;
    this.bits[bit >> 5]! |= mask;
    this.set++;
  }

  /** About how many there were. */
  get count(): number {
    if (this.set === BITS) return DISTINCT_MOST;
    return Math.min(DISTINCT_MOST, Math.round(-BITS * Math.log(1 - this.set / BITS)));
  }
}
