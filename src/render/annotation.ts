import type { ByteWriter } from '../bytes/writer.ts';
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
  private readonly width: number;
  /** Where the columns begin: past the longest of the usual lines seen so far. */
  private column: number;

  /**
   * @param width columns of the terminal, or Infinity where there is none
   * @param column where the columns begin as long as no line is longer
   */
  constructor(style: TextStyle, width: number, column: number) {
    this.style = style;
    this.width = width;
    this.column = column;
  }

  /** @param lineLength characters of the segment's line; 0 when it has none */
  write(out: ByteWriter, at: SegmentCursor, lineLength: number): void {
    const { style } = this;
    const narrow = this.width < WIDE;
    if (narrow) {
      const parts = [...this.roundTrip(at), ...at.notes];
      if (lineLength > 0) out.byte(NEWLINE);
      else if (parts.length === 0) return;
      if (parts.length === 0) return;
      for (const line of wrapped(parts, Math.max(this.width - INDENT.length, 20))) {
        out.text(`${INDENT}${line.map((part) => this.coloured(part)).join('; ')}\n`);
      }
      return;
    }
    if (lineLength > this.column) this.column = Math.min(Math.ceil((lineLength + 1) / 8) * 8, LAST_COLUMN);
    if (at.verdict.flow !== 0 || at.notes.length > 0) {
      const gap = Math.max(this.column - lineLength, 1);
      const flow = `${at.verdict.flow === 0 ? '' : `#${at.verdict.flow}`}`.padEnd(5);
      const ends =
        at.result === WIRE.segment
          ? `${stateName(at.verdict.clientState)} ${stateName(at.verdict.serverState)}`
          : ' '.repeat(24);
      const trip = (this.roundTrip(at)[0] ?? '').padEnd(12);
      const notes = at.notes.map((note) => this.coloured(note)).join('; ');
      out.text(`${' '.repeat(gap)} ${style.dim(`${flow} ${ends} ${trip}`)} ${notes}`.trimEnd());
    }
    out.byte(NEWLINE);
  }

  private roundTrip(at: SegmentCursor): string[] {
    const { rtt } = at.verdict;
    return Number.isNaN(rtt) ? [] : [`rtt ${roundTripText(rtt)}`];
  }

  private coloured(note: string): string {
    const { style } = this;
    if (BAD.test(note)) return style.bad(note);
    if (WARN.test(note)) return style.warn(note);
    if (GOOD.test(note)) return style.good(note);
    return note.startsWith('rtt ') ? style.dim(note) : style.accent(note);
  }
}

const NEWLINE = 0x0a;
const INDENT = '                ';
const WIDE = 220;
const LAST_COLUMN = 152;
const BAD = /^(reset|wrong checksum)/;
const WARN = /again|missing|retransmission|not taken|alive after|cut short|inside a connection/;
const GOOD = /^(handshake complete|ACK and FIN merged|both FINs)/;

/** A state's name in a column wide enough for each. */
function stateName(state: number): string {
  return (STATES[state] ?? '-').padEnd(11);
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
