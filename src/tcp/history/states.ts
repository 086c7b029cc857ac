import { FLOW, type FlowRows } from '../../flow/rows.ts';
import { ACK, FIN, RST, type SegmentView, SYN } from '../../wire/segment.ts';
import { enterState, HISTORY, originator, previousOf, stateOf, ZEEK } from './word.ts';

/** What the flags do to Zeek's states. */
export function changeStates(rows: FlowRows, row: number, side: number, segment: SegmentView): void {
  const { i32 } = rows;
  switch (stateOf(i32, row, side)) {
    case ZEEK.inactive:
      appear(rows, row, side, segment);
      return;
    case ZEEK.synSent:
    case ZEEK.synAckSent:
      leave(rows, row, side, segment);
      return;
    case ZEEK.partial:
    case ZEEK.established:
      goOn(rows, row, side, segment);
      return;
    case ZEEK.closed:
      if ((segment.flags & RST) !== 0 && stateOf(i32, row, 1 - side) !== ZEEK.closed) {
        enterState(i32, row, side, ZEEK.reset);
        closeEnd(rows, row, side, segment.time);
      }
      return;
    default:
  }
}

/** The first segment of an end. */
function appear(rows: FlowRows, row: number, side: number, segment: SegmentView): void {
  const { i32, f64 } = rows;
  const { flags } = segment;
  const peer = stateOf(i32, row, 1 - side);
  const isOriginator = originator(i32[row + FLOW.history]!) === side;
  if ((flags & SYN) !== 0) {
    if (isOriginator) {
      enterState(i32, row, side, (flags & ACK) !== 0 ? ZEEK.synAckSent : ZEEK.synSent);
      i32[row + FLOW.history] = i32[row + FLOW.history]! | HISTORY.attempt;
      f64[row / 2 + FLOW.historyUntilF64] = segment.time + ATTEMPT_DELAY;
    } else {
      if (peer === ZEEK.synSent) enterState(i32, row, 1 - side, ZEEK.established);
      enterState(i32, row, side, ZEEK.established);
    }
  }
  if ((flags & FIN) !== 0) enterState(i32, row, side, ZEEK.closed);
  if ((flags & RST) !== 0) enterState(i32, row, side, ZEEK.reset);
  if ((flags & (FIN | RST)) !== 0) closeEnd(rows, row, side, segment.time);
  if ((flags & (SYN | FIN | RST)) !== 0) return;
  // Some systems acknowledge a SYN before they answer it.
  if (!isOriginator && segment.roomLength === 0 && peer === ZEEK.synSent) return;
  enterState(i32, row, side, (flags & ACK) !== 0 && peer === ZEEK.established ? ZEEK.established : ZEEK.partial);
}

/** A segment of an end whose SYN nobody has answered. */
function leave(rows: FlowRows, row: number, side: number, segment: SegmentView): void {
  const { i32 } = rows;
  if ((segment.flags & FIN) !== 0) enterState(i32, row, side, ZEEK.closed);
  if ((segment.flags & RST) !== 0) enterState(i32, row, side, ZEEK.reset);
  if ((segment.flags & (FIN | RST)) !== 0) closeEnd(rows, row, side, segment.time);
}

/** A segment of an end that takes part in a connection. */
function goOn(rows: FlowRows, row: number, side: number, segment: SegmentView): void {
  const { i32 } = rows;
  const { flags } = segment;
  const peer = stateOf(i32, row, 1 - side);
  if ((flags & (SYN | ACK)) === SYN && stateOf(i32, row, side) === ZEEK.partial && peer === ZEEK.inactive)
    enterState(i32, row, side, ZEEK.synSent);
  if ((flags & FIN) !== 0 && (flags & RST) === 0) {
    enterState(i32, row, side, ZEEK.closed);
    // FIN, RST, and now the other FIN: an ordinary end after all.
    if (peer === ZEEK.reset && previousOf(i32, row, 1 - side) === ZEEK.closed)
      enterState(i32, row, 1 - side, ZEEK.closed);
  }
  if ((flags & RST) !== 0) enterState(i32, row, side, ZEEK.reset);
  if ((flags & (FIN | RST)) !== 0) closeEnd(rows, row, side, segment.time);
}

/** An end has closed. When that was all, Zeek forgets the connection five seconds later. */
export function closeEnd(rows: FlowRows, row: number, side: number, time: number): void {
  const { i32, f64 } = rows;
  const word = i32[row + FLOW.history]!;
  if ((word & (HISTORY.didClose << side)) !== 0) return;
  i32[row + FLOW.history] = word | (HISTORY.didClose << side);
  const complete =
    stateOf(i32, row, side) === ZEEK.reset ||
    (word & (HISTORY.didClose << (1 - side))) !== 0 ||
    stateOf(i32, row, 1 - side) === ZEEK.inactive;
  if (!complete) return;
  i32[row + FLOW.history] = i32[row + FLOW.history]! & ~HISTORY.attempt;
  f64[row / 2 + FLOW.historyUntilF64] = time + CLOSE_DELAY;
}

/**
 * A connection that began with a SYN+ACK and goes on, or whose SYN comes late, was no scan: who sent the SYN+ACK is
 * the responder.
 */
export function flipAfterSynAck(rows: FlowRows, row: number, side: number, segment: SegmentView): void {
  const { i32 } = rows;
  const origin = originator(i32[row + FLOW.history]!);
  if (stateOf(i32, row, origin) !== ZEEK.synAckSent || stateOf(i32, row, 1 - origin) !== ZEEK.inactive) return;
  const { flags } = segment;
  const goesOn = (flags & (SYN | FIN | RST)) === 0 && ((flags & ACK) !== 0 || segment.roomLength !== 0);
  if (!goesOn && (side === origin || (flags & (SYN | ACK)) !== SYN)) return;
  flip(rows, row);
  enterState(i32, row, origin, ZEEK.established);
  if (!goesOn) enterState(i32, row, side, ZEEK.established);
}

function flip(rows: FlowRows, row: number): void {
  const i32 = rows.i32;
  i32[row + FLOW.history] = ((i32[row + FLOW.history]! | HISTORY.flipped) ^ HISTORY.originServer) & ~HISTORY.attempt;
  rows.f64[row / 2 + FLOW.historyUntilF64] = 0;
}

/** Nanoseconds: Zeek's tcp_attempt_delay and tcp_close_delay. */
export const ATTEMPT_DELAY = 5e9;
export const CLOSE_DELAY = 5e9;
