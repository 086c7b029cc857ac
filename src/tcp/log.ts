import { FLOW, type FlowRows, LOG, LOG_ENTRIES } from '../flow/rows.ts';
import { STATE } from './machine.ts';
import type { Verdict } from './verdict.ts';

/**
 * The state log of a flow: which endpoint entered which state at which frame.
 *
 * Entries stand in the order in which they were learned. An entry that later evidence contradicts (a FIN that was lost
 * behind the tap) is taken back or moved, so that the log holds the final word; the verdicts on the segments in between
 * said what was known then.
 */
export class StateLog {
  private readonly rows: FlowRows;
  private readonly verdict: Verdict;

  constructor(rows: FlowRows, verdict: Verdict) {
    this.rows = rows;
    this.verdict = verdict;
  }

  /** The endpoint enters `state`. Frame 0 says: before the capture shows. */
  enter(row: number, side: number, state: number, frame: number, time: number): void {
    const i32 = this.rows.i32;
    const from = i32[row + FLOW.state + side]!;
    i32[row + FLOW.state + side] = state;
    this.verdict.change(side, from, state, frame !== 0);
    const count = i32[row + FLOW.logCount]!;
    if (count === LOG_ENTRIES) return;
    const entry = row + FLOW.log + count * LOG.words;
    i32[entry + LOG.what] = state | (side << 4);
    i32[entry + LOG.frame] = frame;
    this.rows.f64[entry / 2 + LOG.timeF64] = time;
    i32[row + FLOW.logCount] = count + 1;
  }

  /** Takes the endpoint's last entry back: it is in the state before again. */
  retract(row: number, side: number): void {
    const i32 = this.rows.i32;
    const index = this.last(row, side, i32[row + FLOW.logCount]!);
    if (index < 0) return;
    const at = row + FLOW.log + index * LOG.words;
    i32.copyWithin(at, at + LOG.words, row + FLOW.log + i32[row + FLOW.logCount]! * LOG.words);
    i32[row + FLOW.logCount] = i32[row + FLOW.logCount]! - 1;
    const before = this.last(row, side, i32[row + FLOW.logCount]!);
    const state = before < 0 ? STATE.unknown : i32[row + FLOW.log + before * LOG.words]! & 15;
    this.verdict.states |= (1 << i32[row + FLOW.state + side]!) | (1 << state);
    i32[row + FLOW.state + side] = state;
  }

  /** The endpoint's last entry was brought about by another copy of the segment. */
  move(row: number, side: number, frame: number, time: number): void {
    const i32 = this.rows.i32;
    const index = this.last(row, side, i32[row + FLOW.logCount]!);
    if (index < 0) return;
    const entry = row + FLOW.log + index * LOG.words;
    i32[entry + LOG.frame] = frame;
    this.rows.f64[entry / 2 + LOG.timeF64] = time;
  }

  /** The frame of the endpoint's last entry, or 0. */
  frameOf(row: number, side: number): number {
    const i32 = this.rows.i32;
    const index = this.last(row, side, i32[row + FLOW.logCount]!);
    return index < 0 ? 0 : i32[row + FLOW.log + index * LOG.words + LOG.frame]!;
  }

  private last(row: number, side: number, count: number): number {
    const i32 = this.rows.i32;
    let index = count - 1;
    while (index >= 0 && i32[row + FLOW.log + index * LOG.words]! >> 4 !== side) index--;
    return index;
  }
}
