import { ASCII } from '../bytes/ascii.ts';
import { type ByteWriter, Constant } from '../bytes/writer.ts';
import { NOTE_VALUE, type NoteWords, type SegmentNotes } from '../record/notes.ts';
import type { SegmentCursor } from '../record/segment.ts';
import { STATES } from '../tcp/machine.ts';
import { WIRE } from '../wire/segment.ts';
import { eight, putText, putThree, putTwo, putUnsigned } from './put.ts';
import type { TextStyle } from './style.ts';

/**
 * What the text timeline says of a segment beside its line: flow, states of client and server, round-trip time, notes.
 * On a wide page it stands in columns behind the line; on a narrow one, in a line of its own below, where there is
 * anything to tell but the states.
 */
export class Annotations {
  private readonly style: TextStyle;
  private readonly isPlain: boolean;
  /** What makes the columns dim, and what ends that. */
  private readonly dim: Constant;
  private readonly undim: Constant;
  private readonly width: number;
  /** Where the columns begin: past the longest of the usual lines seen so far. */
  private column: number;
  /** Notes as they are written, by their words' id. */
  private readonly painted: PaintedNote[] = [];

  /**
   * @param width columns of the terminal, or Infinity where there is none
   * @param column where the columns begin as long as no line is longer
   */
  constructor(style: TextStyle, width: number, column: number) {
    this.style = style;
    const [dim, undim] = style.dim('|').split('|');
    this.dim = new Constant(dim!);
    this.undim = new Constant(undim!);
    this.isPlain = dim === '';
    this.width = width;
    this.column = column;
  }

  /** @param lineLength characters of the segment's line; 0 when it has none */
  write(out: ByteWriter, at: SegmentCursor, lineLength: number): void {
    if (this.width < WIDE) {
      this.writeBelow(out, at, lineLength);
      return;
    }
    if (lineLength > this.column) this.column = Math.min(Math.ceil((lineLength + 1) / 8) * 8, LAST_COLUMN);
    if (at.verdict.flow !== 0 || at.notes.count > 0) {
      this.writeColumns(out, at, Math.max(this.column - lineLength, 1));
      if (at.notes.count > 0) this.writeNotes(out, at.notes);
    }
    out.byte(ASCII.newline);
  }

  private writeBelow(out: ByteWriter, at: SegmentCursor, lineLength: number): void {
    const { rtt } = at.verdict;
    const notes = at.notes.texts();
    const parts = Number.isNaN(rtt) ? notes : [`rtt ${roundTripText(rtt)}`, ...notes];
    if (lineLength > 0) out.byte(ASCII.newline);
    if (parts.length === 0) return;
    for (const line of wrapped(parts, Math.max(this.width - INDENT.length, 20))) {
      out.text(`${INDENT}${line.map((part) => paintOf(part, this.style)(part)).join('; ')}\n`);
    }
  }

  /** The columns before the notes; what is empty at the end is left away. */
  private writeColumns(out: ByteWriter, at: SegmentCursor, gap: number): void {
    const { flow, clientState, serverState, rtt } = at.verdict;
    out.reserve(gap + COLUMNS_ROOM);
    const to = out.view;
    let next = out.length;
    const flowAt = next + gap + 1;
    for (; next < flowAt; next += 8) to.setFloat64(next, SPACES, true);
    next = putText(to, flowAt, this.dim);
    const flowEnd = next + FLOW_WIDTH;
    if (flow !== 0) {
      to.setUint8(next, ASCII.hash);
      next = putUnsigned(to, next + 1, flow);
    }
    to.setFloat64(next, SPACES, true);
    next = Math.max(next, flowEnd) + 1;
    if (at.result === WIRE.segment) {
      const states = (clientState * 16 + serverState) * 3;
      to.setFloat64(next, STATE_PAIRS[states]!, true);
      to.setFloat64(next + 8, STATE_PAIRS[states + 1]!, true);
      to.setFloat64(next + 16, STATE_PAIRS[states + 2]!, true);
      next += 2 * STATE_WIDTH + 2;
    } else {
      to.setFloat64(next, SPACES, true);
      to.setFloat64(next + 8, SPACES, true);
      to.setFloat64(next + 16, SPACES, true);
      to.setUint8(next + 24, ASCII.space);
      next += 2 * STATE_WIDTH + 3;
    }
    const tripEnd = next + TRIP_WIDTH;
    if (!Number.isNaN(rtt)) {
      to.setFloat64(next, ROUND_TRIP, true);
      next = putRoundTrip(to, next + 4, rtt);
    }
    to.setFloat64(next, SPACES, true);
    to.setFloat64(next + 8, SPACES, true);
    if (this.isPlain && at.notes.count === 0) {
      const { bytes } = out;
      while (bytes[next - 1] === ASCII.space) next--;
    } else next = putText(to, Math.max(next, tripEnd), this.undim);
    out.length = next;
  }

  private writeNotes(out: ByteWriter, notes: SegmentNotes): void {
    for (let i = 0; i < notes.count; i++) {
      const words = notes.words[i]!;
      const note = this.painted[words.id] ?? this.paint(words);
      out.reserve(note.room);
      const to = out.view;
      let at = out.length;
      to.setFloat64(at, i === 0 ? BEFORE_NOTES : BETWEEN_NOTES, true);
      at = putText(to, i === 0 ? at + 1 : at + 2, note.before);
      if (words.value !== NOTE_VALUE.none) at = putValue(to, at, words.value, notes.values[i]!);
      out.length = putText(to, at, note.after);
    }
  }

  private paint(words: NoteWords): PaintedNote {
    const [before, after] = paintOf(words.text, this.style)(`${words.text}|${words.closing}`).split('|');
    const note = new PaintedNote(before!, after!);
    if (words.id >= 0) this.painted[words.id] = note;
    return note;
  }
}

/** The octets of a note, up to its value and after it. */
class PaintedNote {
  readonly before: Constant;
  readonly after: Constant;
  /** Octets that the note can take, with room to spare. */
  readonly room: number;

  constructor(before: string, after: string) {
    this.before = new Constant(before);
    this.after = new Constant(after);
    this.room = this.before.length + this.after.length + VALUE_ROOM;
  }
}

/** How a note looks, or a round trip. */
function paintOf(note: string, style: TextStyle): (text: string) => string {
  if (BAD.test(note)) return style.bad;
  if (WARN.test(note)) return style.warn;
  if (GOOD.test(note)) return style.good;
  return note.startsWith('rtt ') ? style.dim : style.accent;
}

/** Widths of the columns: the flow's number, a state, a round trip. */
const FLOW_WIDTH = 5;
const STATE_WIDTH = 11;
const TRIP_WIDTH = 12;
/** Octets that the columns can take beside the gap before them, and a note's value; with room to spare. */
const COLUMNS_ROOM = 192;
const VALUE_ROOM = 64;
/** The text of both states and the spaces after them, three eights for each pair of numbers below 16. */
const STATE_PAIRS: Float64Array = Float64Array.from({ length: 3 * 256 }, (_, i) => {
  const pair = (i / 3) | 0;
  const text = `${stateName(pair >> 4)} ${stateName(pair & 15)} `;
  return eight(text.slice((i % 3) * 8, (i % 3) * 8 + 8));
});
const SPACES = eight('        ');
const ROUND_TRIP = eight('rtt ');
const MILLISECONDS = eight(' ms');
const BEFORE_NOTES = eight(' ');
const BETWEEN_NOTES = eight('; ');
const INDENT = '                ';
const WIDE = 220;
const LAST_COLUMN = 152;
const BAD = /^(reset|wrong checksum)/;
const WARN = /again|missing|retransmission|not taken|alive after|cut short|inside a connection/;
const GOOD = /^(handshake complete|ACK and FIN merged|both FINs)/;

/** A state's name in a column wide enough for each. */
function stateName(state: number): string {
  return (STATES[state] ?? '-').padEnd(STATE_WIDTH);
}

/** The value of a note. */
function putValue(to: DataView, at: number, kind: number, value: number): number {
  if (kind === NOTE_VALUE.number) return putUnsigned(to, at, value);
  if (kind === NOTE_VALUE.clock) return putClock(to, at, value);
  const micros = value / 1000;
  // What lies in the middle between two is for toFixed, which knows the digits of a double.
  if (!(value >= 0 && value < 1e9) || micros - Math.floor(micros) === 0.5)
    return putAscii(to, at, (value / 1e6).toFixed(3));
  return putThousandths(to, at, Math.round(micros));
}

/** Microseconds of a day as a time of day. */
function putClock(to: DataView, start: number, micros: number): number {
  const second = Math.floor(micros / 1e6);
  const minute = (second / 60) | 0;
  const hour = (minute / 60) | 0;
  const fraction = (micros - second * 1e6) | 0;
  let at = putTwo(to, start, hour);
  to.setUint8(at, ASCII.colon);
  at = putTwo(to, at + 1, minute - hour * 60);
  to.setUint8(at, ASCII.colon);
  at = putTwo(to, at + 1, second - minute * 60);
  to.setUint8(at, ASCII.dot);
  const high = (fraction / 1000) | 0;
  return putThree(to, putThree(to, at + 1, high), fraction - high * 1000);
}

/** A whole number of thousandths. */
function putThousandths(to: DataView, at: number, thousandths: number): number {
  const whole = (thousandths / 1000) | 0;
  const next = putUnsigned(to, at, whole);
  to.setUint8(next, ASCII.dot);
  return putThree(to, next + 1, thousandths - whole * 1000);
}

/** A round trip: three decimals of a millisecond, fewer of more. */
function putRoundTrip(to: DataView, at: number, nanoseconds: number): number {
  const unit = nanoseconds < 1e6 ? 1e3 : 1e5;
  const steps = nanoseconds / unit;
  const whole = Math.floor(steps);
  // What lies in the middle between two is for toFixed, which knows the digits of a double.
  if (!(nanoseconds >= 0 && nanoseconds < 1e8) || steps - whole === 0.5)
    return putAscii(to, at, roundTripText(nanoseconds));
  const rounded = (steps - whole > 0.5 ? whole + 1 : whole) | 0;
  let end: number;
  if (unit === 1e3) end = putThousandths(to, at, rounded);
  else {
    const milliseconds = (rounded / 10) | 0;
    end = putUnsigned(to, at, milliseconds);
    to.setUint8(end, ASCII.dot);
    to.setUint8(end + 1, ASCII.zero + rounded - milliseconds * 10);
    end += 2;
  }
  to.setFloat64(end, MILLISECONDS, true);
  return end + 3;
}

function putAscii(to: DataView, at: number, text: string): number {
  for (let i = 0; i < text.length; i++) to.setUint8(at + i, text.charCodeAt(i));
  return at + text.length;
}

function roundTripText(nanoseconds: number): string {
  const milliseconds = nanoseconds / 1e6;
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(2)} s`;
  return `${milliseconds.toFixed(milliseconds >= 100 ? 0 : milliseconds >= 1 ? 1 : 3)} ms`;
}

/** The parts, as many on a line as fit with `; ` between. */
function wrapped(parts: readonly string[], width: number): string[][] {
  const lines: string[][] = [];
  let room = -1;
  for (const part of parts) {
    if (room < part.length) {
      lines.push([]);
      room = width;
    }
    lines.at(-1)!.push(part);
    room -= part.length + 2;
  }
  return lines;
}
