import { ASCII } from '../bytes/ascii.ts';
import { type ByteWriter, Constant } from '../bytes/writer.ts';
import type { Field, Fields, IntegerField, Place } from '../record/field.ts';
import { recordObject } from '../record/object.ts';
import { JSON_VALUES, type RecordCursor, VALUE_ROOM, WORD_NULL, type WriteRecord } from './json-values.ts';

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

/** The function for a table; undefined where functions can't be made from text. */
function made<Cursor extends RecordCursor>(fields: Fields<Cursor>): WriteRecord<Cursor> | undefined {
  const code = new Code<Cursor>();
  const name = code.addFunction(fields);
  try {
    const make = new Function(...Object.keys(JSON_VALUES), 'k', `${code.text()}\nreturn ${name};`);
    return make(...Object.values(JSON_VALUES), code.captured) as WriteRecord<Cursor>;
  } catch (error) {
    if (error instanceof EvalError) return undefined;
    throw error;
  }
}

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
const RELOAD = 'out.reserve(ROOM); view = out.view; at = out.length;';
