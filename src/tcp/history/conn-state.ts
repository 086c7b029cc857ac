import { seqDelta } from '../../bytes/seq.ts';
import { CLIENT, END, END_BITS, FLOW, type FlowRows } from '../../flow/rows.ts';
import type { History } from './history.ts';
import { IN_ROW, LENGTH_SHIFT, LETTERS } from './letters.ts';
import { CLOSE_DELAY } from './states.ts';
import { HISTORY, originator, stateOf, ZEEK } from './word.ts';

/** Zeek's conn_state values. */
// biome-ignore format: one line
export const CONN_STATES = ['S0', 'S1', 'S2', 'S3', 'SF', 'REJ', 'RSTO', 'RSTR', 'RSTOS0', 'RSTRH', 'SH', 'SHR', 'OTH'] as const;

/** Zeek's history of a flow, as it stands in its row; empty when no segment brought a letter. */
export function historyOf(history: History, rows: FlowRows, row: number): string {
  const i32 = rows.i32;
  const word = i32[row + FLOW.history]!;
  const length = Math.min(IN_ROW, i32[row + FLOW.historySeen]! >>> LENGTH_SHIFT);
  let text = (word & HISTORY.flipped) !== 0 ? '^' : '';
  for (let i = 0; i < length; i++) {
    const code = (i32[row + FLOW.historyLetters + ((i / 6) | 0)]! >> ((i % 6) * 5)) & 31;
    text += letterOf(code, originator(word));
  }
  const extra = i32[row + FLOW.historyExtra]!;
  if (length < IN_ROW || extra === 0) return text;
  for (const character of history.extras.textOf(extra - 1)) text += letterOf(character.charCodeAt(0), originator(word));
  return text;
}

/** Upper case for what the originator sent. */
function letterOf(code: number, origin: number): string {
  const side = code > LETTERS.length ? 1 : 0;
  const letter = LETTERS[code - 1 - side * LETTERS.length] ?? '';
  return side === origin ? letter : letter.toLowerCase();
}

/** Zeek's conn_state of a flow, by its place in CONN_STATES (base/protocols/conn/main.zeek). */
export function connStateOf(history: History, rows: FlowRows, row: number): number {
  return CONN_STATES.indexOf(connState(history, rows, row));
}

function connState(history: History, rows: FlowRows, row: number): (typeof CONN_STATES)[number] {
  const origin = originator(rows.i32[row + FLOW.history]!);
  const o = stateOf(rows.i32, row, origin);
  const r = stateOf(rows.i32, row, 1 - origin);
  const originatorSilent = o === ZEEK.inactive || o === ZEEK.partial;
  const responderSilent = r === ZEEK.inactive || r === ZEEK.partial;
  if (r === ZEEK.reset) {
    if (o === ZEEK.synSent || o === ZEEK.synAckSent) return 'REJ';
    if (o === ZEEK.reset && streamSize(rows, row, 0) === 0 && streamSize(rows, row, 1) === 0) return 'REJ';
    return originatorSilent ? 'RSTRH' : 'RSTR';
  }
  if (o === ZEEK.reset) {
    if (!responderSilent) return 'RSTO';
    return /^\^?S[^HAFGIQ]*R/.test(historyOf(history, rows, row)) ? 'RSTOS0' : 'OTH';
  }
  if (o === ZEEK.closed && r === ZEEK.closed) return 'SF';
  if (o === ZEEK.closed) return responderSilent ? 'SH' : 'S2';
  if (r === ZEEK.closed) return originatorSilent ? 'SHR' : 'S3';
  if (o === ZEEK.synSent && r === ZEEK.inactive) return 'S0';
  return o === ZEEK.established && r === ZEEK.established ? 'S1' : 'OTH';
}

/** Octets of both directions that were acknowledged and never captured: Zeek's missed_bytes. */
export function missedOf(history: History, rows: FlowRows, row: number): number {
  const extra = rows.i32[row + FLOW.historyExtra]!;
  return extra === 0 ? 0 : history.extras.missedOf(extra - 1);
}

/**
 * When Zeek's connection ends, nanoseconds since the capture's first second: at its last segment, or at the one with
 * which the second end closed.
 */
export function lastTimeOf(rows: FlowRows, row: number): number {
  const word = rows.i32[row + FLOW.history]!;
  if ((word & HISTORY.bothClosed) !== HISTORY.bothClosed) return rows.f64[row / 2 + FLOW.lastTimeF64]!;
  return rows.f64[row / 2 + FLOW.historyUntilF64]! - CLOSE_DELAY;
}

/**
 * Octets of payload that a side sent by its sequence numbers and by the other end's acknowledgments, as Zeek counts
 * them in orig_bytes and resp_bytes: what the capture missed is among them.
 */
export function streamSize(rows: FlowRows, row: number, side: number): number {
  const { i32, f64 } = rows;
  const end = row + (side === CLIENT ? FLOW.client : FLOW.server);
  const bits = i32[end + END.bits]!;
  let start = i32[row + FLOW.historyStart + side]!;
  if (stateOf(i32, row, side) === ZEEK.inactive) {
    // Zeek has not seen it in this connection, so its numbers count from nowhere; what it sent is part of the flow all the same.
    if (i32[end + END.packets] === 0) return 0;
    if ((bits & END_BITS.isnKnown) === 0) return f64[end / 2 + END.uniqueBytesF64]!;
    start = i32[end + END.isn]!;
  }
  let size = 0;
  if ((bits & END_BITS.seqKnown) !== 0) size = seqDelta(start, i32[end + END.sndNxt]!);
  if ((bits & END_BITS.unaKnown) !== 0) size = Math.max(size, seqDelta(start, i32[end + END.sndUna]!));
  const unique = f64[end / 2 + END.uniqueBytesF64]!;
  if (unique >= 2 ** 31) return unique;
  const phantoms = (bits & END_BITS.finSent) !== 0 ? 2 : 1;
  return Math.max(0, size - phantoms);
}
