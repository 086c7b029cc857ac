import { grown } from '../bytes/grown.ts';
/**
 * Places of the flows that are not finished: whole numbers from 0. The place given back last is taken first.
 * Flows that are still open at the end are handed on in the order of their places, however each of them is kept.
 */
export class Places {
  /** Every place in use is below it. */
  top = 0;
  private free: Int32Array = new Int32Array(1024);
  private freeCount = 0;

  take(): number {
    return this.freeCount > 0 ? this.free[--this.freeCount]! : this.top++;
  }

  give(place: number): void {
    if (this.freeCount === this.free.length) this.free = grown(this.free);
    this.free[this.freeCount++] = place;
  }
}
