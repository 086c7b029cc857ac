import { grown } from '../bytes/grown.ts';
import { BUCKETS, bucketOf, middleOf } from '../bytes/log-buckets.ts';
import { END } from '../flow/rows.ts';

/** Samples that a row tells by itself: least, greatest, and their sum's rest. */
const IN_ROW = 3;
/** Samples of a direction that are kept as they are; more are counted in buckets. */
export const EXACT = 64;

/**
 * Samples of round trips, for their percentiles: of most directions the row has them all, of others they are kept in
 * pools, exactly up to EXACT and then in buckets of 4%.
 *
 * END.roundTrips is 1 + a place in the pool of exact ones, or -1 - a place in the pool of buckets, or 0.
 */
export class RoundTrips {
  private exact = new Float64Array(16 * EXACT);
  private buckets = new Uint32Array(2 * BUCKETS);
  private readonly freeExact: number[] = [];
  private readonly freeBuckets: number[] = [];
  private madeExact = 0;
  private madeBuckets = 0;

  /** Notes a sample, nanoseconds, before the row counts it. */
  add(i32: Int32Array, f64: Float64Array, end: number, roundTrip: number): void {
    const samples = i32[end + END.rttSamples]!;
    if (samples < IN_ROW) return;
    if (samples === IN_ROW) this.begin(i32, f64, end);
    const place = i32[end + END.roundTrips]!;
    if (place < 0) this.count(-1 - place, roundTrip);
    else if (samples < EXACT) this.exact[(place - 1) * EXACT + samples] = roundTrip;
    else {
      this.spill(i32, end, place - 1);
      this.count(-1 - i32[end + END.roundTrips]!, roundTrip);
    }
  }

  /**
   * The smallest sample that `part` (0 to 1) of all do not exceed, nanoseconds: exactly up to EXACT samples, within 2%
   * beyond; NaN without samples.
   */
  percentile(i32: Int32Array, f64: Float64Array, end: number, part: number): number {
    const samples = i32[end + END.rttSamples]!;
    if (samples === 0) return Number.NaN;
    const rank = Math.max(1, Math.ceil(part * samples));
    const least = f64[(end >> 1) + END.rttMinF64]!;
    const greatest = f64[(end >> 1) + END.rttMaxF64]!;
    if (rank === 1) return least;
    if (rank === samples) return greatest;
    const place = i32[end + END.roundTrips]!;
    if (place === 0) return f64[(end >> 1) + END.rttSumF64]! - least - greatest;
    if (place > 0)
      return this.exact.slice((place - 1) * EXACT, (place - 1) * EXACT + samples).sort()[rank - 1] ?? Number.NaN;
    let seen = 0;
    const from = (-1 - place) * BUCKETS;
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      seen += this.buckets[from + bucket]!;
      if (seen >= rank) return Math.round(Math.min(Math.max(middleOf(bucket), least), greatest));
    }
    return greatest;
  }

  /** The flow is handed on: what the end had in the pools is given back. */
  forget(i32: Int32Array, end: number): void {
    const place = i32[end + END.roundTrips]!;
    if (place > 0) this.freeExact.push(place - 1);
    else if (place < 0) this.freeBuckets.push(-1 - place);
  }

  private begin(i32: Int32Array, f64: Float64Array, end: number): void {
    const place = this.freeExact.pop() ?? this.madeExact++;
    if ((place + 1) * EXACT > this.exact.length) this.exact = grown(this.exact);
    const least = f64[(end >> 1) + END.rttMinF64]!;
    const greatest = f64[(end >> 1) + END.rttMaxF64]!;
    this.exact[place * EXACT] = least;
    this.exact[place * EXACT + 1] = greatest;
    this.exact[place * EXACT + 2] = f64[(end >> 1) + END.rttSumF64]! - least - greatest;
    i32[end + END.roundTrips] = 1 + place;
  }

  /** There are too many to keep: those of the place are counted in buckets. */
  private spill(i32: Int32Array, end: number, place: number): void {
    const into = this.freeBuckets.pop() ?? this.madeBuckets++;
    if ((into + 1) * BUCKETS > this.buckets.length) this.buckets = grown(this.buckets);
    this.buckets.fill(0, into * BUCKETS, (into + 1) * BUCKETS);
    for (let i = 0; i < EXACT; i++) this.count(into, this.exact[place * EXACT + i]!);
    this.freeExact.push(place);
    i32[end + END.roundTrips] = -1 - into;
  }

  private count(place: number, roundTrip: number): void {
    const at = place * BUCKETS + bucketOf(roundTrip);
    this.buckets[at] = this.buckets[at]! + 1;
  }
}
