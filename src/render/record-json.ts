import { ASCII } from '../bytes/ascii.ts';
import { putInteger, putMilliseconds } from '../bytes/digits.ts';
import type { UtcTimes } from '../bytes/time.ts';
import { type ByteWriter, Constant } from '../bytes/writer.ts';
import type { Field, Fields, IntegerField, Place } from '../record/field.ts';
import { recordObject } from '../record/object.ts';

/** What a record's accessors stand on, as far as writing needs to know. */
export interface RecordCursor {
  readonly baseSeconds: number;
  readonly times: UtcTimes;
}

/**
 * Writes records as JSON without building them: a function is made from the record's table, in which names and braces
 * are stores of eight octets and every accessor has a call of its own, which the JIT compiler can inline. (Walking the
 * table takes four times as long.) Where making functions is forbidden, as a web page can, records are built instead.
 */
export class JsonRecord<Cursor extends RecordCursor> {
  private readonly writeRecord: (cursor: Cursor, out: ByteWriter) => void;

  constructor(fields: Fields<Cursor>) {
    this.writeRecord = made(fields) ?? ((cursor, out) => out.text(JSON.stringify(recordObject(fields, cursor))));
  }

  /** Writes the object that the cursor stands on, without a newline. */
  write(cursor: Cursor, out: ByteWriter): void {
    this.writeRecord(cursor, out);
  }
}

type WriteRecord<Cursor> = (cursor: Cursor, out: ByteWriter) => void;

/** The function for a table; undefined where functions can't be made from text. */
function made<Cursor extends RecordCursor>(fields: Fields<Cursor>): WriteRecord<Cursor> | undefined {
  const code = new Code<Cursor>();
  const name = code.addFunction(fields);
  try {
    const make = new Function(...Object.keys(HELPERS), 'k', `${code.text()}\nreturn ${name};`);
    return make(...Object.values(HELPERS), code.captured) as WriteRecord<Cursor>;
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
}

/**
 * What the made functions call. Nulls are these functions' affair: a branch in a made function that is first taken once
 * it has been compiled has all of it compiled again.
 */
const HELPERS = {
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
/** Octets that one value takes at most, besides text and lists, which see to their own room. */
const VALUE_ROOM = 72;

/** The array and the index of a double of the row. */
function placeIn(place: Place): string {
  return `cursor.f64, cursor.half + ${place.at}`;
}

/** JavaScript that writes a table. In each function `at` is the place in `view` at which to write next. */
class Code<Cursor extends RecordCursor> {
  /** What the text calls `k[0]`, `k[1]`, …: accessors and lists of words. */
  readonly captured: unknown[] = [];
  private readonly functions: string[] = [];
  private lines: string[] = [];
  /** Constant text that waits to be written together with what follows it. */
  private constant = '';
  private room = 0;
  private names = 0;

  text(): string {
    const constants = this.captured.map((_, i) => `const k${i} = k[${i}];`);
    return `'use strict';\n${[...constants, ...this.functions].join('\n')}`;
  }

  /** Adds a function that writes an object; answers its name. */
  addFunction(fields: Fields<Cursor>): string {
    const outside = { lines: this.lines, constant: this.constant, room: this.room };
    this.lines = [];
    this.constant = '';
    this.room = 0;
    this.object(fields);
    this.flush();
    const name = this.name('write');
    this.functions.push(
      `function ${name}(cursor, out) {`,
      `  out.reserve(${this.room}); let view = out.view; let at = out.length;`,
      ...this.lines.map((line) => line.replaceAll('ROOM', String(this.room))),
      '  out.length = at;',
      '}',
    );
    this.lines = outside.lines;
    this.constant = outside.constant;
    this.room = outside.room;
    return name;
  }

  private object(fields: Fields<Cursor>): void {
    // Until a field that is always there was written, only the text itself tells whether a comma is due.
    let begun = false;
    this.constant += '{';
    for (const [name, field] of Object.entries(fields)) {
      const label = `${JSON.stringify(name)}:`;
      if (field.optional === true) this.optional(label, field);
      else {
        if (!begun && this.constant.at(-1) !== '{') this.commaIfDue();
        this.constant += begun ? `,${label}` : label;
        this.value(field);
        begun = true;
      }
    }
    this.constant += '}';
  }

  private commaIfDue(): void {
    this.push(`if (view.getUint8(at - 1) !== ${ASCII.openBrace}) view.setUint8(at++, ${ASCII.comma});`);
  }

  /** A field that is left out where its value is null. Its label is taken back then. */
  private optional(label: string, field: Field<Cursor>): void {
    this.flush();
    const start = this.name('start');
    const nulls = this.name('end');
    this.lines.push(`const ${start} = at;`);
    this.commaIfDue();
    this.constant = label;
    this.flush();
    this.lines.push(`const ${nulls} = at;`);
    this.value(field);
    this.flush();
    this.lines.push(`if (at === ${nulls} + 4 && view.getInt32(${nulls}, true) === ${WORD_NULL}) at = ${start};`);
  }

  private value(field: Field<Cursor>): void {
    switch (field.kind) {
      case 'object':
        this.objectValue(field);
        return;
      case 'list':
        this.listValue(field);
        return;
      case 'word': {
        const words = this.capture(field.words.map((word) => new Constant(`"${word}"`)));
        this.push(`at = word(view, at, ${words}[${this.capture(field.get)}(cursor)]);`);
        return;
      }
      case 'ascii':
        this.constant += '"';
        this.push(`out.length = at; ${this.capture(field.write)}(cursor, out); ${RELOAD}`);
        this.constant += '"';
        return;
      case 'octets':
        this.push(`octets(out, at, cursor, ${this.capture(field.write)}); ${RELOAD}`);
        return;
      case 'json':
        this.push(`out.length = at; ${this.capture(field.write)}(cursor, out); ${RELOAD}`);
        return;
      case 'text':
        this.push(`text(out, at, ${this.capture(field.get)}(cursor)); ${RELOAD}`);
        return;
      case 'time':
        if (field.place !== undefined) this.push(`at = timeIn(view, at, cursor, ${placeIn(field.place)});`);
        else this.push(`at = time(view, at, cursor, ${this.capture(field.get)}(cursor));`);
        return;
      case 'integer':
        this.push(this.integer(field));
        return;
      default:
        this.push(`at = ${field.kind}(view, at, ${this.capture(field.get)}(cursor));`);
    }
  }

  private integer({ place, get }: Extract<Field<Cursor>, { readonly kind: 'integer' }>): string {
    if (place === undefined) return `at = integer(view, at, ${this.capture(get)}(cursor));`;
    if (place.in === 'doubles') return `at = integerIn(view, at, ${placeIn(place)});`;
    return `at = ${place.unlessZero ? 'integerUnlessZero' : 'integer'}(view, at, cursor.i32[cursor.row + ${place.at}]);`;
  }

  private objectValue(field: Extract<Field<Cursor>, { readonly kind: 'object' }>): void {
    const { fields, present, next } = field;
    if (next !== undefined) {
      this.sparse(fields, next);
      return;
    }
    if (present === undefined && Object.keys(fields).length < FEW) {
      this.object(fields);
      return;
    }
    const write = this.addFunction(fields);
    if (present !== undefined) this.push(`objectOrNull(out, at, cursor, ${this.capture(present)}(cursor), ${write});`);
    else this.push(`out.length = at; ${write}(cursor, out);`);
    this.lines.push(RELOAD);
  }

  private sparse(fields: Fields<Cursor>, next: (cursor: Cursor, after: number) => number): void {
    const labels = Object.keys(fields).map((name) => new Constant(`${JSON.stringify(name)}:`));
    const numbers = Object.values(fields).map((field) => (field as IntegerField<Cursor>).get);
    const captured = [next, labels, numbers].map((value) => this.capture(value));
    this.push(`sparse(out, at, cursor, ${captured.join(', ')}); ${RELOAD}`);
  }

  private listValue(field: Extract<Field<Cursor>, { readonly kind: 'list' }>): void {
    const next = this.capture(field.next);
    const item = this.name('item');
    const before = this.name('before');
    this.push(`let ${before} = ${ASCII.openBracket};`);
    this.lines.push(`for (let ${item} = ${next}(cursor, -1); ${item} >= 0; ${item} = ${next}(cursor, ${item})) {`);
    this.lines.push(`${this.capture(field.enter)}(cursor, ${item}); out.length = at; ${RELOAD}`);
    this.lines.push(`view.setUint8(at++, ${before}); ${before} = ${ASCII.comma};`);
    this.value(field.item);
    this.flush();
    this.lines.push('}', `out.length = at; ${RELOAD}`);
    this.lines.push(`if (${before} === ${ASCII.openBracket}) view.setUint8(at++, ${ASCII.openBracket});`);
    this.constant = ']';
  }

  private push(line: string): void {
    this.flush();
    this.lines.push(line);
  }

  /** Writes the constant text that waits, eight octets at a time. */
  private flush(): void {
    const { eights, length } = new Constant(this.constant);
    eights.forEach((eight, i) => {
      this.lines.push(`view.setFloat64(at + ${i * 8}, ${Object.is(eight, -0) ? '-0' : eight}, true);`);
    });
    if (length > 0) this.lines.push(`at += ${length};`);
    this.constant = '';
    this.room += eights.length * 8 + VALUE_ROOM;
  }

  private capture(value: unknown): string {
    this.captured.push(value);
    return `k${this.captured.length - 1}`;
  }

  private name(kind: string): string {
    return `${kind}${this.names++}`;
  }
}

/** Fields of an object that gets a function of its own: functions that are too long are not compiled well. */
const FEW = 4;
/** `null`, `true`, `fals` as little-endian words. */
const WORD_NULL = 0x6c6c756e;
const WORD_TRUE = 0x65757274;
const WORD_FALS = 0x736c6166;
const RELOAD = 'out.reserve(ROOM); view = out.view; at = out.length;';
