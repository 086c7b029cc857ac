import { ASCII } from '../bytes/ascii.ts';
import { putInteger, putMilliseconds } from '../bytes/digits.ts';
import type { UtcTimes } from '../bytes/time.ts';
import { type ByteWriter, Constant } from '../bytes/writer.ts';

/** What a record's accessors stand on, as far as writing needs to know. */
export interface RecordCursor {
  readonly baseSeconds: number;
  readonly times: UtcTimes;
}

/** A function that writes a record, or an object of it. */
export type WriteRecord<Cursor> = (cursor: Cursor, out: ByteWriter) => void;

/**
 * What the functions call that render/record-json.ts makes: each writes one value at `at` and answers where it ends, or
 * leaves the buffer there. Nulls are these functions' affair: a branch in a made function that is first taken once it has
 * been compiled has all of it compiled again.
 */
export const JSON_VALUES: Readonly<Record<string, unknown>> = {
  integer,
  integerUnlessZero,
  integerIn,
  milliseconds,
  boolean,
  time,
  timeIn,
  word,
  text,
  octets,
  objectOrNull,
  sparse,
};

function integer(view: DataView, at: number, value: number): number {
  return Number.isNaN(value) ? putNull(view, at) : putInteger(view, at, value);
}

function integerUnlessZero(view: DataView, at: number, value: number): number {
  return value === 0 ? putNull(view, at) : putInteger(view, at, value);
}

function integerIn(view: DataView, at: number, doubles: Float64Array, place: number): number {
  return integer(view, at, doubles[place]!);
}

function milliseconds(view: DataView, at: number, nanoseconds: number): number {
  return Number.isNaN(nanoseconds) ? putNull(view, at) : putMilliseconds(view, at, nanoseconds);
}

function boolean(view: DataView, at: number, value: number): number {
  if (Number.isNaN(value)) return putNull(view, at);
  view.setInt32(at, value !== 0 ? WORD_TRUE : WORD_FALS, true);
  view.setUint8(at + 4, LETTER_E);
  return value !== 0 ? at + 4 : at + 5;
}

function time(view: DataView, at: number, cursor: RecordCursor, nanoseconds: number): number {
  if (Number.isNaN(nanoseconds)) return putNull(view, at);
  view.setUint8(at, ASCII.quote);
  const end = cursor.times.putSince(view, at + 1, cursor.baseSeconds, nanoseconds);
  view.setUint8(end, ASCII.quote);
  return end + 1;
}

function timeIn(view: DataView, at: number, cursor: RecordCursor, doubles: Float64Array, place: number): number {
  return time(view, at, cursor, doubles[place]!);
}

function word(view: DataView, at: number, word: Constant | undefined): number {
  if (word === undefined) return putNull(view, at);
  const { eights, length } = word;
  for (let i = 0; i < eights.length; i++) view.setFloat64(at + i * 8, eights[i]!, true);
  return at + length;
}

function putNull(view: DataView, at: number): number {
  view.setInt32(at, WORD_NULL, true);
  return at + 4;
}

// These see to their own room, and leave the buffer where they end.

function text(out: ByteWriter, at: number, value: string | null): void {
  out.length = at;
  if (value === null) out.constant(NULL);
  else out.text(JSON.stringify(value));
}

/** Writes UTF-8 in place; only where something in it needs an escape is it made a string. */
function octets<Cursor>(
  out: ByteWriter,
  start: number,
  cursor: Cursor,
  write: (cursor: Cursor, out: ByteWriter) => boolean,
): void {
  out.length = start;
  out.byte(ASCII.quote);
  if (!write(cursor, out)) {
    out.length = start;
    out.constant(NULL);
    return;
  }
  for (let at = start + 1; at < out.length; at++) {
    const octet = out.bytes[at]!;
    if (octet >= 0x20 && octet !== ASCII.quote && octet !== ASCII.backslash) continue;
    const text = new TextDecoder().decode(out.bytes.subarray(start + 1, out.length));
    out.length = start;
    out.text(JSON.stringify(text));
    return;
  }
  out.byte(ASCII.quote);
}

function objectOrNull<Cursor>(
  out: ByteWriter,
  at: number,
  cursor: Cursor,
  isPresent: boolean,
  write: WriteRecord<Cursor>,
): void {
  out.length = at;
  if (isPresent) write(cursor, out);
  else out.constant(NULL);
}

function sparse<Cursor>(
  out: ByteWriter,
  at: number,
  cursor: Cursor,
  next: (cursor: Cursor, after: number) => number,
  labels: readonly Constant[],
  numbers: readonly ((cursor: Cursor) => number)[],
): void {
  out.length = at;
  out.byte(ASCII.openBrace);
  let before = 0;
  for (let i = next(cursor, -1); i >= 0; i = next(cursor, i)) {
    if (before !== 0) out.byte(before);
    before = ASCII.comma;
    out.constant(labels[i]!);
    out.integer(numbers[i]!(cursor));
  }
  out.byte(ASCII.closeBrace);
}

const LETTER_E = 0x65;
const NULL = new Constant('null');
/** `null`, `true`, `fals` as little-endian words. */
export const WORD_NULL = 0x6c6c756e;
const WORD_TRUE = 0x65757274;
const WORD_FALS = 0x736c6166;
/** Octets that one value takes at most, besides text and lists, which see to their own room. */
export const VALUE_ROOM = 72;
