import { seqDelta } from '../../bytes/seq.ts';
import { END, END_BITS, FLOW } from '../../flow/rows.ts';
import { RST, type SegmentView, SYN } from '../../wire/segment.ts';
import { COUNTED, octetsOf } from './extras.ts';
import type { History } from './history.ts';
import { addCounted, extraOf } from './letters.ts';
import { keptOctets } from './quiet.ts';
import { HISTORY, previousOf, stateOf, ZEEK } from './word.ts';

/** G: the other end acknowledges what the capture does not have. Zeek says so of connections that are whole. */
export function noteGap(history: History, row: number, side: number, end: number, segment: SegmentView): void {
  const i32 = history.rows.i32;
  const bits = i32[end + END.bits]!;
  if ((bits & END_BITS.seqKnown) === 0) return;
  const number = i32[row + FLOW.historyExtra]!;
  let ack = segment.ack;
  const captured = seqDelta(i32[end + END.seenNxt]!, ack) <= 0;
  // Nearly always: and it was kept whole.
  if (captured && number === 0) return;
  if ((bits & END_BITS.finSent) !== 0 && seqDelta(i32[end + END.finSeq]!, ack) > 0) ack = i32[end + END.finSeq]!;
  if (number === 0 || !history.extras.hasCut(number - 1, side)) {
    if (captured) return;
    const holes = holesBefore(history, row, side, end, ack);
    if (holes.length > 0) addGaps(history, row, side, holes.length / 2, octetsOf(holes));
    return;
  }
  // A hole beside what was cut short is one gap with it.
  const holes = captured ? [] : holesBefore(history, row, side, end, ack);
  for (let i = 0; i < holes.length; i += 2) history.extras.cutOff(number - 1, side, holes[i]!, holes[i + 1]!);
  const gaps = history.extras.acknowledged(number - 1, side, ack);
  if (gaps > 0) addGaps(history, row, side, gaps, history.extras.acknowledgedOctets);
}

/** What an end sent before `ack`, and nobody captured: start, end, start, end … */
function holesBefore(history: History, row: number, side: number, end: number, ack: number): number[] {
  const { i32 } = history.rows;
  const number = i32[row + FLOW.historyExtra]!;
  let from = firstAwaited(i32, end);
  if (number !== 0) from = history.extras.pastTrusted(number - 1, side, from);
  const missing = seqDelta(from, ack);
  if (missing <= 0 || missing >= IMPLAUSIBLE) return [];
  return i32[end + END.islands] === 0 ? [from, ack] : history.islands.holes(end, from, ack);
}

/** The first octet of an end that was neither captured nor acknowledged. */
function firstAwaited(i32: Int32Array, end: number): number {
  const seen = i32[end + END.seenNxt]!;
  const known = (i32[end + END.bits]! & END_BITS.unaKnown) !== 0;
  return known && seqDelta(seen, i32[end + END.sndUna]!) > 0 ? i32[end + END.sndUna]! : seen;
}

function addGaps(history: History, row: number, side: number, gaps: number, octets: number): void {
  const { i32 } = history.rows;
  if (!isWhole(i32, row, side) || !isWhole(i32, row, 1 - side)) return;
  for (let i = 0; i < gaps; i++) addCounted(history, row, side, COUNTED.gap);
  if (gaps > 0) history.extras.addMissed(extraOf(history, row), octets);
}

function isWhole(i32: Int32Array, row: number, side: number): boolean {
  const state = stateOf(i32, row, side);
  return state === ZEEK.established || (state === ZEEK.closed && previousOf(i32, row, side) === ZEEK.established);
}

/** Payload that was not kept whole is a gap to Zeek as soon as it is acknowledged, if no copy of it was kept. */
export function noteTruncation(
  history: History,
  row: number,
  side: number,
  sender: number,
  segment: SegmentView,
): void {
  const { i32 } = history.rows;
  const whole = keptOctets(segment) >= segment.roomLength;
  const number = i32[row + FLOW.historyExtra]!;
  if ((whole && number === 0) || (segment.flags & RST) !== 0) return;
  let start = (segment.flags & SYN) !== 0 ? (segment.seq + 1) | 0 : segment.seq;
  const end = (start + segment.roomLength) | 0;
  if (whole) {
    history.extras.keptWhole(number - 1, side, start, end);
    return;
  }
  i32[row + FLOW.history] = i32[row + FLOW.history]! | HISTORY.truncated;
  if ((i32[sender + END.bits]! & END_BITS.seqKnown) !== 0) {
    const awaited = firstAwaited(i32, sender);
    if (seqDelta(start, awaited) > 0) start = awaited;
  }
  if (seqDelta(start, end) <= 0) return;
  const fresh = i32[sender + END.islands] === 0 ? [start, end] : history.islands.holes(sender, start, end);
  for (let i = 0; i < fresh.length; i += 2)
    history.extras.cutOff(extraOf(history, row), side, fresh[i]!, fresh[i + 1]!);
}

/** An acknowledgment further past what was sent is taken for garbage. */
const IMPLAUSIBLE = 1 << 30;
