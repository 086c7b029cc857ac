import { BUCKETS, bucketOf, middleOf } from '../bytes/log-buckets.ts';

/**
 * Durations, kept so that any percentile can be told: exactly while there are few, then in buckets of about 4% (sixteen
 * to a doubling, from a microsecond to half an hour), so that memory is bounded.
 */
export class Durations {
  count = 0;
  min: number = Number.POSITIVE_INFINITY;
  max: number = Number.NEGATIVE_INFINITY;
  private exact: number[] | null = [];
  private buckets: Uint32Array | null = null;

  /** @param nanoseconds NaN is passed over */
  add(nanoseconds: number): void {
    if (Number.isNaN(nanoseconds)) return;
    this.count++;
    if (nanoseconds < this.min) this.min = nanoseconds;
    if (nanoseconds > this.max) this.max = nanoseconds;
    if (this.buckets !== null) {
      this.buckets[bucketOf(nanoseconds)]!++;
      return;
    }
    this.exact!.push(nanoseconds);
    if (this.exact!.length > EXACT) this.bucket();
  }

  /** Adds all that another one holds. */
  merge(other: Durations): void {
    this.count += other.count;
    this.min = Math.min(this.min, other.min);
    this.max = Math.max(this.max, other.max);
    if (this.exact !== null && (other.exact === null || this.exact.length + other.exact.length > EXACT)) this.bucket();
    if (this.exact !== null) {
      this.exact.push(...other.exact!);
      return;
    }
    for (const nanoseconds of other.exact ?? []) this.buckets![bucketOf(nanoseconds)]!++;
    other.buckets?.forEach((count, i) => {
      this.buckets![i]! += count;
    });
  }

  /**
   * The smallest duration that `part` of all do not exceed (nearest rank), in nanoseconds; NaN when there are none.
   * @param part 0 to 1
   */
  percentile(part: number): number {
    if (this.count === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(part * this.count));
    if (this.exact !== null) return this.exact.sort((a, b) => a - b)[rank - 1]!;
    let seen = 0;
    for (let i = 0; i < BUCKETS; i++) {
      seen += this.buckets![i]!;
      if (seen >= rank) return Math.min(Math.max(middleOf(i), this.min), this.max);
    }
    return this.max;
  }

  private bucket(): void {
    this.buckets = new Uint32Array(BUCKETS);
    for (const nanoseconds of this.exact!) this.buckets[bucketOf(nanoseconds)]!++;
    this.exact = null;
  }
}

/** Durations kept exactly. */
const EXACT = 512;
