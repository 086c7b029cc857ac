import { type ByteWriter, Constant } from '../bytes/writer.ts';
import type { SegmentCursor } from '../record/segment.ts';
import { STATES } from '../tcp/machine.ts';
import { WIRE } from '../wire/segment.ts';
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
    if (at.verdict.flow !== 0 || at.notes.length > 0) this.writeBehind(out, at, Math.max(this.column - lineLength, 1));
    out.byte(NEWLINE);
  }

  private writeBelow(out: ByteWriter, at: SegmentCursor, lineLength: number): void {
    const { rtt } = at.verdict;
    const parts = Number.isNaN(rtt) ? at.notes : [`rtt ${roundTripText(rtt)}`, ...at.notes];
    if (lineLength > 0) out.byte(NEWLINE);
    if (parts.length === 0) return;
    for (const line of wrapped(parts, Math.max(this.width - INDENT.length, 20))) {
      out.text(`${INDENT}${line.map((part) => this.coloured(part)).join('; ')}\n`);
    }
  }

  /** In columns; what is empty at the end is left away. */
  private writeBehind(out: ByteWriter, at: SegmentCursor, gap: number): void {
    const { flow, clientState, serverState, rtt } = at.verdict;
    const { notes } = at;
    pad(out, out.length + gap + 1);
    out.constant(this.dim);
    const from = out.length;
    if (flow !== 0) {
      out.byte(HASH);
      out.unsigned(flow);
    }
    pad(out, from + FLOW_WIDTH);
    out.byte(SPACE);
    if (at.result === WIRE.segment) {
      out.constant(STATE_NAMES[clientState] ?? NO_STATE);
      out.byte(SPACE);
      out.constant(STATE_NAMES[serverState] ?? NO_STATE);
    } else pad(out, out.length + 2 * STATE_WIDTH + 2);
    out.byte(SPACE);
    const trip = out.length;
    if (!Number.isNaN(rtt)) {
      out.constant(ROUND_TRIP);
      putRoundTrip(out, rtt);
    }
    pad(out, trip + TRIP_WIDTH);
    out.constant(this.undim);
    for (let i = 0; i < notes.length; i++) {
      out.constant(i === 0 ? BEFORE_NOTES : BETWEEN_NOTES);
      out.text(this.coloured(notes[i]!));
    }
    while (out.bytes[out.length - 1] === SPACE) out.length--;
  }

  private coloured(note: string): string {
    const { style } = this;
    if (this.isPlain) return note;
    if (BAD.test(note)) return style.bad(note);
    if (WARN.test(note)) return style.warn(note);
    if (GOOD.test(note)) return style.good(note);
    return note.startsWith('rtt ') ? style.dim(note) : style.accent(note);
  }
}

const NEWLINE = 0x0a;
const SPACE = 0x20;
const HASH = 0x23;
const DOT = 0x2e;
/** Widths of the columns: the flow's number, a state, a round trip. */
const FLOW_WIDTH = 5;
const STATE_WIDTH = 11;
const TRIP_WIDTH = 12;
const STATE_NAMES = STATES.map((state) => new Constant(state.padEnd(STATE_WIDTH)));
const NO_STATE = new Constant('-'.padEnd(STATE_WIDTH));
const ROUND_TRIP = new Constant('rtt ');
const MILLISECONDS = new Constant(' ms');
const BEFORE_NOTES = new Constant(' ');
const BETWEEN_NOTES = new Constant('; ');
const INDENT = '                ';
const WIDE = 220;
const LAST_COLUMN = 152;
const BAD = /^(reset|wrong checksum)/;
const WARN = /again|missing|retransmission|not taken|alive after|cut short|inside a connection/;
const GOOD = /^(handshake complete|ACK and FIN merged|both FINs)/;

/** Spaces up to a place in the output. */
function pad(out: ByteWriter, to: number): void {
  out.reserve(Math.max(to - out.length, 0));
  while (out.length < to) out.bytes[out.length++] = SPACE;
}

/** A round trip: three decimals of a millisecond, fewer of more. */
function putRoundTrip(out: ByteWriter, nanoseconds: number): void {
  const unit = nanoseconds < 1e6 ? 1e3 : nanoseconds < 1e8 ? 1e5 : 0;
  // What lies in the middle between two is for toFixed, which knows the digits of a double.
  if (unit === 0 || nanoseconds < 0 || nanoseconds % unit === unit / 2) {
    out.ascii(roundTripText(nanoseconds));
    return;
  }
  const steps = Math.round(nanoseconds / unit);
  const perMillisecond = 1e6 / unit;
  const whole = Math.floor(steps / perMillisecond);
  out.unsigned(whole);
  out.byte(DOT);
  out.padded(steps - whole * perMillisecond, unit === 1e3 ? 3 : 1);
  out.constant(MILLISECONDS);
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
