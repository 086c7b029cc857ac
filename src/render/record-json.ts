import type { UtcTimes } from '../bytes/time.ts';
import { type ByteWriter, Constant } from '../bytes/writer.ts';
import type { Field, Fields } from '../record/field.ts';
import { writeMilliseconds } from './milliseconds.ts';

/** What a record's accessors stand on, as far as writing needs to know. */
export interface RecordCursor {
  readonly baseSeconds: number;
  readonly times: UtcTimes;
}

/**
 * A record's table, compiled to a list of steps that write one JSON object without building it: constant text between
 * two values is put together once (braces, names, values that never change), so that a step is a copy and a value.
 */
export class JsonRecord<Cursor extends RecordCursor> {
  private readonly steps: readonly Step<Cursor>[];

  constructor(fields: Fields<Cursor>) {
    const compiler = new Compiler<Cursor>();
    compiler.fields(fields);
    this.steps = compiler.finish();
  }

  /** Writes the object that the cursor stands on, without a newline. */
  write(cursor: Cursor, out: ByteWriter): void {
    run(this.steps, cursor, out);
  }
}

const STEP = {
  constant: 0,
  integer: 1,
  milliseconds: 2,
  time: 3,
  word: 4,
  boolean: 5,
  ascii: 6,
  text: 7,
  octets: 8,
  object: 9,
  list: 10,
} as const;
type StepKind = keyof typeof STEP;

/** One shape for all kinds of step, so that reading one stays fast. */
interface Step<Cursor> {
  readonly kind: number;
  /** Constant text before the value. */
  readonly before: Constant;
  readonly optional: boolean;
  readonly get: (cursor: Cursor) => number;
  readonly words: readonly Constant[];
  readonly write: (cursor: Cursor, out: ByteWriter) => unknown;
  readonly textOf: (cursor: Cursor) => string | null;
  readonly present: (cursor: Cursor) => boolean;
  readonly next: (cursor: Cursor, after: number) => number;
  readonly enter: (cursor: Cursor, item: number) => void;
  readonly inner: readonly Step<Cursor>[];
}

function run<Cursor extends RecordCursor>(steps: readonly Step<Cursor>[], cursor: Cursor, out: ByteWriter): void {
  for (let i = 0; i < steps.length; i++) {
    const step = steps[i]!;
    const start = out.length;
    out.constant(step.before);
    if (!writeValue(step, cursor, out)) {
      if (step.optional) out.length = start;
      else out.constant(NULL);
    }
  }
}

/** Writes a step's value; false when it is null. */
function writeValue<Cursor extends RecordCursor>(step: Step<Cursor>, cursor: Cursor, out: ByteWriter): boolean {
  switch (step.kind) {
    case STEP.constant:
      return true;
    case STEP.integer: {
      const value = step.get(cursor);
      if (Number.isNaN(value)) return false;
      out.integer(value);
      return true;
    }
    case STEP.milliseconds: {
      const value = step.get(cursor);
      if (Number.isNaN(value)) return false;
      writeMilliseconds(out, value);
      return true;
    }
    case STEP.time: {
      const value = step.get(cursor);
      if (Number.isNaN(value)) return false;
      const seconds = Math.floor(value / 1e9);
      out.byte(QUOTE);
      cursor.times.write(out, cursor.baseSeconds + seconds, value - seconds * 1e9);
      out.byte(QUOTE);
      return true;
    }
    case STEP.word: {
      const word = step.words[step.get(cursor)];
      if (word === undefined) return false;
      out.constant(word);
      return true;
    }
    case STEP.boolean: {
      const value = step.get(cursor);
      if (Number.isNaN(value)) return false;
      out.constant(value === 0 ? FALSE : TRUE);
      return true;
    }
    case STEP.ascii:
      out.byte(QUOTE);
      step.write(cursor, out);
      out.byte(QUOTE);
      return true;
    case STEP.text: {
      const value = step.textOf(cursor);
      if (value === null) return false;
      out.text(JSON.stringify(value));
      return true;
    }
    case STEP.octets:
      return writeOctets(step, cursor, out);
    case STEP.object:
      if (!step.present(cursor)) return false;
      run(step.inner, cursor, out);
      return true;
    default:
      writeList(step, cursor, out);
      return true;
  }
}

/** Writes UTF-8 in place; only where something in it needs an escape is it made a string. */
function writeOctets<Cursor>(step: Step<Cursor>, cursor: Cursor, out: ByteWriter): boolean {
  const start = out.length;
  out.byte(QUOTE);
  if (step.write(cursor, out) === false) {
    out.length = start;
    return false;
  }
  for (let at = start + 1; at < out.length; at++) {
    const octet = out.bytes[at]!;
    if (octet >= 0x20 && octet !== QUOTE && octet !== BACKSLASH) continue;
    const text = new TextDecoder().decode(out.bytes.subarray(start + 1, out.length));
    out.length = start;
    out.text(JSON.stringify(text));
    return true;
  }
  out.byte(QUOTE);
  return true;
}

function writeList<Cursor extends RecordCursor>(step: Step<Cursor>, cursor: Cursor, out: ByteWriter): void {
  let separator = OPEN_LIST;
  for (let item = step.next(cursor, -1); item >= 0; item = step.next(cursor, item)) {
    step.enter(cursor, item);
    out.byte(separator);
    run(step.inner, cursor, out);
    separator = COMMA;
  }
  if (separator === OPEN_LIST) out.byte(OPEN_LIST);
  out.byte(CLOSE_LIST);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;
const NULL = new Constant('null');
const TRUE = new Constant('true');
const FALSE = new Constant('false');

/** Turns fields into steps; `constant` is the text that waits for the next step. */
class Compiler<Cursor> {
  private readonly steps: Step<Cursor>[] = [];
  private constant = '';

  fields(fields: Fields<Cursor>): void {
    let separator = '{';
    for (const [name, field] of Object.entries(fields)) {
      this.constant += `${separator}${JSON.stringify(name)}:`;
      this.value(field);
      separator = ',';
    }
    this.constant += separator === '{' ? '{}' : '}';
  }

  value(field: Field<Cursor>): void {
    switch (field.kind) {
      case 'pending':
        this.constant += JSON.stringify(field.value);
        return;
      case 'object': {
        if (field.present === undefined) {
          this.fields(field.fields);
          return;
        }
        const inner = new Compiler<Cursor>();
        inner.fields(field.fields);
        this.step('object', field, { present: field.present, inner: inner.finish() });
        return;
      }
      case 'list': {
        const inner = new Compiler<Cursor>();
        inner.value(field.item);
        this.step('list', field, { next: field.next, enter: field.enter, inner: inner.finish() });
        return;
      }
      case 'word':
        this.step('word', field, { get: field.get, words: field.words.map((word) => new Constant(`"${word}"`)) });
        return;
      case 'ascii':
      case 'octets':
        this.step(field.kind, field, { write: field.write });
        return;
      case 'text':
        this.step('text', field, { textOf: field.get });
        return;
      default:
        this.step(field.kind, field, { get: field.get });
    }
  }

  finish(): readonly Step<Cursor>[] {
    if (this.constant !== '') this.step('constant', { optional: false }, {});
    return this.steps;
  }

  private step(kind: StepKind, field: { readonly optional?: boolean }, parts: Partial<Step<Cursor>>): void {
    this.steps.push({
      kind: STEP[kind],
      before: new Constant(this.constant),
      optional: field.optional === true,
      get: parts.get ?? noNumber,
      words: parts.words ?? [],
      write: parts.write ?? nothing,
      textOf: parts.textOf ?? noText,
      present: parts.present ?? yes,
      next: parts.next ?? noNumber,
      enter: parts.enter ?? nothing,
      inner: parts.inner ?? [],
    });
    this.constant = '';
  }
}

function noNumber(): number {
  return Number.NaN;
}

function nothing(): void {}

function noText(): null {
  return null;
}

function yes(): boolean {
  return true;
}
