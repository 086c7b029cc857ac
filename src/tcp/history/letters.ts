import { seqDelta } from '../../bytes/seq.ts';
import { END, END_BITS, FLOW } from '../../flow/rows.ts';
import { ACK, FIN, RST, type SegmentView, SYN } from '../../wire/segment.ts';
import { COUNTED } from './extras.ts';
import type { History } from './history.ts';
import { previousOf, stateOf, ZEEK } from './word.ts';

/** S, H, F, R, D, A, and I and Q for flags that contradict each other. */
export function noteFlags(history: History, row: number, side: number, sender: number, segment: SegmentView): void {
  const i32 = history.rows.i32;
  const control = segment.flags & (SYN | FIN | RST);
  switch (control) {
    case 0:
      if (segment.roomLength !== 0) addOnce(history, row, side, LETTER.data);
      else if ((segment.flags & ACK) !== 0) addOnce(history, row, side, LETTER.ack);
      return;
    case SYN: {
      const letter = (segment.flags & ACK) !== 0 ? LETTER.synAck : LETTER.syn;
      const differs = segment.seq !== i32[row + FLOW.historyStart + side];
      if (hasSeen(i32, row, side, LETTER.syn)) {
        if (differs) addLetter(history, row, side, letter);
      } else addLetter(history, row, side, letter);
      seeLetter(i32, row, side, LETTER.syn);
      return;
    }
    case FIN: {
      const differs = i32[sender + END.finSeq] !== ((segment.seq + segment.roomLength) | 0);
      if (differs || !hasSeen(i32, row, side, LETTER.fin)) addLetter(history, row, side, LETTER.fin);
      seeLetter(i32, row, side, LETTER.fin);
      return;
    }
    case RST:
      if (i32[sender + END.resetSeq] !== segment.seq || !hasSeen(i32, row, side, LETTER.reset))
        addLetter(history, row, side, LETTER.reset);
      seeLetter(i32, row, side, LETTER.reset);
      i32[sender + END.resetSeq] = segment.seq;
      return;
    default:
      addOnce(
        history,
        row,
        side,
        (control & FIN) !== 0 && (control & RST) !== 0 ? LETTER.inconsistent : LETTER.multiple,
      );
  }
}

/** W: a window of zero says nothing once the other end has sent its FIN, or after a RST. */
export function noteZeroWindow(history: History, row: number, side: number): void {
  const { i32 } = history.rows;
  if (stateOf(i32, row, 1 - side) !== ZEEK.closed && stateOf(i32, row, side) !== ZEEK.reset)
    addCounted(history, row, side, COUNTED.zeroWindow);
}

/** Writes a letter of which one says it all. */
export function addOnce(history: History, row: number, side: number, letter: number): void {
  const { i32 } = history.rows;
  if (hasSeen(i32, row, side, letter)) return;
  seeLetter(i32, row, side, letter);
  addLetter(history, row, side, letter);
}

/** Whether a letter was written; a SYN and a SYN+ACK count as the same. */
export function hasSeen(i32: Int32Array, row: number, side: number, letter: number): boolean {
  return (i32[row + FLOW.historySeen]! & (seenBit(letter) << (side * 8))) !== 0;
}

function seenBit(letter: number): number {
  return 1 << SEEN[letter]!;
}

/** Notes that a letter was written, or need not be. */
export function seeLetter(i32: Int32Array, row: number, side: number, letter: number): void {
  i32[row + FLOW.historySeen] = i32[row + FLOW.historySeen]! | (seenBit(letter) << (side * 8));
}

/** Writes a letter: the first of them stand in the row, five bits each, six a word. */
export function addLetter(history: History, row: number, side: number, letter: number): void {
  const i32 = history.rows.i32;
  const seen = i32[row + FLOW.historySeen]!;
  const length = seen >>> LENGTH_SHIFT;
  const code = letter + 1 + side * LETTERS.length;
  if (length >= IN_ROW) {
    history.extras.append(extraOf(history, row), code);
    return;
  }
  const at = row + FLOW.historyLetters + ((length / 6) | 0);
  i32[at] = i32[at]! | (code << ((length % 6) * 5));
  i32[row + FLOW.historySeen] = (seen & ((1 << LENGTH_SHIFT) - 1)) | ((length + 1) << LENGTH_SHIFT);
}

/** Counts one of COUNTED, and writes T, W, G or C: at the first, the tenth, the hundredth … */
export function addCounted(history: History, row: number, side: number, what: number): void {
  if (history.extras.count(extraOf(history, row), side, what)) addLetter(history, row, side, COUNTED_LETTERS[what]!);
}

/** The number of what the flow has in `History.extras`, made when it is first needed. */
export function extraOf(history: History, row: number): number {
  const i32 = history.rows.i32;
  if (i32[row + FLOW.historyExtra] === 0) i32[row + FLOW.historyExtra] = 1 + history.extras.take();
  return i32[row + FLOW.historyExtra]! - 1;
}

/** The sequence number that relative ones count from: a SYN's, or one before the first octet seen. */
export function noteStart(i32: Int32Array, row: number, side: number, segment: SegmentView): void {
  const at = row + FLOW.historyStart + side;
  const state = stateOf(i32, row, side);
  const syn = (segment.flags & SYN) !== 0;
  if (state === ZEEK.inactive) i32[at] = syn ? segment.seq : (segment.seq - 1) | 0;
  else if (syn && startsAnew(i32, row, side, state)) i32[at] = segment.seq;
}

/** T: payload that ends where something was sent before. */
export function repeatsOctets(
  i32: Int32Array,
  row: number,
  side: number,
  sender: number,
  segment: SegmentView,
): boolean {
  const { flags } = segment;
  const state = stateOf(i32, row, side);
  const syn = (flags & SYN) !== 0;
  if (state === ZEEK.inactive) return (flags & (SYN | RST)) !== 0;
  if (state === ZEEK.reset) return false;
  if (syn && startsAnew(i32, row, side, state)) return true;
  if ((i32[sender + END.bits]! & END_BITS.seqKnown) === 0) return false;
  const last = i32[sender + END.sndNxt]!;
  const start = i32[row + FLOW.historyStart + side]!;
  if ((flags & FIN) !== 0 && seqDelta(start, last) === 1) return false;
  const length = (flags & RST) !== 0 ? 0 : segment.roomLength + (syn ? 1 : 0) + ((flags & FIN) !== 0 ? 1 : 0);
  const ahead = seqDelta(last, (segment.seq + length) | 0);
  if ((flags & (SYN | RST)) !== 0 && Math.abs(ahead) > FAR) return false;
  return ahead <= 0;
}

function startsAnew(i32: Int32Array, row: number, side: number, state: number): boolean {
  return state !== ZEEK.closed && (state !== ZEEK.reset || previousOf(i32, row, side) === ZEEK.inactive);
}

/** Zeek's letters, and their places. */
export const LETTERS = 'SHADFRCGTWIQ';
/** Places of those that are not counted. */
export const LETTER = { syn: 0, synAck: 1, ack: 2, data: 3, fin: 4, reset: 5, inconsistent: 10, multiple: 11 } as const;
/** The letters of what is counted, in the order of COUNTED. */
const COUNTED_LETTERS: readonly number[] = [8, 9, 7, 6];
/** Which bit says that a letter was written; a SYN and a SYN+ACK share one. */
const SEEN: readonly number[] = [0, 0, 1, 2, 3, 4, 0, 0, 0, 0, 5, 6];

/** FLOW.historySeen: letters seen of the client in bits 0 to 7, of the server in 8 to 15, then how many there are. */
export const LENGTH_SHIFT = 16;
/** Letters that fit in the row. */
export const IN_ROW = 12;

/** Zeek does not believe a SYN or RST that is further away than this. */
const FAR = 1 << 20;
