import { addressHash, ENDPOINT_WORDS, readEndpoint } from '../flow/endpoints.ts';
import { CLIENT, FLOW, FLOW_BITS, SERVER } from '../flow/rows.ts';

/**
 * Whether the capture sees answers: flows in which one end alone was captured though the other answered, counted by the
 * address of either, and whether both ends of any flow were. What is known of a flow can change until it is finished.
 *
 * Addresses that share a place are doubted together, which keeps silent rather than accuses.
 */
export class OneWays {
  /** Flows of that kind. */
  count = 0;
  /** Both ends of a flow were captured. */
  both = false;
  /** By a hash of the address that was not heard; and of the one that was. */
  private readonly unheard: Int32Array = new Int32Array(PLACES);
  private readonly heard: Int32Array = new Int32Array(PLACES);
  private readonly scratch = new Int32Array(ENDPOINT_WORDS);

  /** The end on `side`, of which nothing was captured so far, must have answered. */
  note(rows: Int32Array, row: number, side: number): void {
    const bits = rows[row + FLOW.bits]!;
    if ((bits & FLOW_BITS.oneWay) !== 0) return;
    rows[row + FLOW.bits] = bits | FLOW_BITS.oneWay;
    this.add(rows, row, side, 1);
  }

  /** The end on `side` is heard for the first time, and the other was before. */
  hear(rows: Int32Array, row: number, side: number): void {
    this.both = true;
    const bits = rows[row + FLOW.bits]!;
    if ((bits & FLOW_BITS.oneWay) === 0) return;
    rows[row + FLOW.bits] = bits & ~FLOW_BITS.oneWay;
    this.add(rows, row, side, -1);
  }

  /** Whether answers of the server, to whomever, or answers to the client, of whomever, are known to be missing. */
  concerns(rows: Int32Array, row: number): boolean {
    if (this.count === 0) return false;
    return this.unheard[this.place(rows, row, SERVER)]! > 0 || this.heard[this.place(rows, row, CLIENT)]! > 0;
  }

  private add(rows: Int32Array, row: number, side: number, by: number): void {
    this.count += by;
    const { unheard, heard } = this;
    const silent = this.place(rows, row, side);
    const other = this.place(rows, row, 1 - side);
    unheard[silent] = unheard[silent]! + by;
    heard[other] = heard[other]! + by;
  }

  private place(rows: Int32Array, row: number, side: number): number {
    readEndpoint(rows, row, side, this.scratch, 0);
    return addressHash(this.scratch, 0) & (PLACES - 1);
  }
}

/** A power of two. */
const PLACES = 1 << 14;
