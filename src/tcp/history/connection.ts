import { CLIENT, FLOW, FLOW_BITS, type FlowRows, SERVER } from '../../flow/rows.ts';
import { ACK, type SegmentView, SYN } from '../../wire/segment.ts';
import type { History } from './history.ts';
import { IN_ROW } from './letters.ts';
import { isLikelyServer, isPatient } from './likely-servers.ts';
import { settle } from './quiet.ts';
import { HISTORY, originator, stateOf, ZEEK } from './word.ts';

/** Begins the connection, or ends it where Zeek would; answers whether the segment is still part of it. */
export function meet(history: History, row: number, side: number, segment: SegmentView): boolean {
  const { i32, f64 } = history.rows;
  const word = i32[row + FLOW.history]!;
  if ((word & HISTORY.over) !== 0) return false;
  if ((word & HISTORY.begun) === 0) {
    begin(history.rows, row, side, segment);
    return true;
  }
  const until = f64[row / 2 + FLOW.historyUntilF64]!;
  if (until !== 0 && segment.time >= until) {
    if ((word & HISTORY.attempt) === 0) {
      conclude(history.rows, row);
      return false;
    }
    // Nobody answered for five seconds: to Zeek that was all, and this is another connection.
    restart(history, row);
    begin(history.rows, row, side, segment);
    return true;
  }
  if ((segment.flags & SYN) === 0 || !reuses(history.rows, row, segment)) return true;
  conclude(history.rows, row);
  return false;
}

/** The originator is the sender, unless its port is a likely server's and this is no SYN. */
function begin(rows: FlowRows, row: number, side: number, segment: SegmentView): void {
  const { sourcePort, destinationPort, flags } = segment;
  let flipped = false;
  if ((flags & (SYN | ACK)) !== SYN && isLikelyServer(sourcePort))
    flipped = !isLikelyServer(destinationPort) || ((flags & SYN) === 0 && sourcePort < destinationPort);
  const origin = flipped ? 1 - side : side;
  rows.i32[row + FLOW.history] =
    HISTORY.begun | (flipped ? HISTORY.flipped : 0) | (origin === SERVER ? HISTORY.originServer : 0);
}

function restart(history: History, row: number): void {
  const { i32, f64 } = history.rows;
  history.forget(row);
  i32.fill(0, row + FLOW.history, row + FLOW.historyLetters + IN_ROW / 6);
  i32.fill(0, row + FLOW.historyExtra, row + FLOW.historyStart + 2);
  f64[row / 2 + FLOW.historyUntilF64] = 0;
}

/** Whether Zeek takes a SYN (or, of a half connection, a SYN+ACK) for the beginning of another connection. */
function reuses(rows: FlowRows, row: number, segment: SegmentView): boolean {
  const i32 = rows.i32;
  const word = i32[row + FLOW.history]!;
  const origin = originator(word);
  const synAck = (segment.flags & ACK) !== 0;
  if (synAck && stateOf(i32, row, origin) !== ZEEK.inactive) return false;
  if ((word & HISTORY.bothClosed) !== 0) return true;
  const start = i32[row + FLOW.historyStart + (synAck ? 1 - origin : origin)]!;
  if (segment.seq === start) return false;
  // SYN and SYN+ACK in the wrong order are no reuse.
  return (
    synAck ||
    stateOf(i32, row, origin) !== ZEEK.synAckSent ||
    stateOf(i32, row, 1 - origin) !== ZEEK.inactive ||
    segment.seq !== i32[row + FLOW.historyStart + 1 - origin]
  );
}

/** No later segment belongs to the connection that Zeek saw first. */
export function conclude(rows: FlowRows, row: number): void {
  const i32 = rows.i32;
  settle(rows, row);
  // What was not seen stays worth a look: others count on a side's first payload (tcp/timing.ts).
  i32[row + FLOW.history] = i32[row + FLOW.history]! | HISTORY.over | HISTORY.quietAck | (HISTORY.quietAck << 2);
}

/** Whether Zeek gives the connection up after `gap` nanoseconds of silence: five minutes, where people type an hour. */
export function givesUp(i32: Int32Array, row: number, gap: number): boolean {
  const word = i32[row + FLOW.history]!;
  if (gap < MINUTES_5 || (word & (HISTORY.begun | HISTORY.over)) !== HISTORY.begun) return false;
  return gap >= HOUR || !isPatient(portOf(i32, row, 1 - originator(word)));
}

function portOf(i32: Int32Array, row: number, side: number): number {
  const isHigh = (side === CLIENT) === ((i32[row + FLOW.bits]! & FLOW_BITS.clientIsHigh) !== 0);
  return isHigh ? i32[row + FLOW.ports]! & 0xffff : i32[row + FLOW.ports]! >>> 16;
}

/** Nanoseconds: Zeek's tcp_inactivity_timeout, and what interactive services are given. */
const MINUTES_5 = 300e9;
const HOUR = 3600e9;
