import type { ByteWriter } from '../bytes/writer.ts';

/**
 * What a record's fields are made of. A record is one table of fields, written once; JSON, CSV, objects, JSON Schema
 * and the TypeScript interface all come from it. `Cursor` is what the accessors read: it stands on a row.
 *
 * Accessors answer numbers where they can, so that a record is written without making an object; `NaN` means null.
 */
export type Field<Cursor> =
  | IntegerField<Cursor>
  | MillisecondsField<Cursor>
  | TimeField<Cursor>
  | WordField<Cursor>
  | BooleanField<Cursor>
  | AsciiField<Cursor>
  | OctetsField<Cursor>
  | TextField<Cursor>
  | ObjectField<Cursor>
  | ListField<Cursor>
  | JsonField<Cursor>;

/** A table of fields, in the order in which they are printed. */
export interface Fields<Cursor> {
  readonly [name: string]: Field<Cursor>;
}

interface Described {
  /** What the value means: a sentence of the schema and of the interface. */
  readonly doc: string;
  /** Whether the value may be null: unknown. */
  readonly nullable: boolean;
  /** Whether a record may lack the field altogether. */
  readonly optional?: boolean;
}

/**
 * Where in the row a number stands that `get` answers as it is: a writer reads it there without a call, nor an object
 * for a double. For cursors that stand on a row and have `i32`, `f64`, `row` and `half`.
 */
export interface Place {
  readonly in: 'words' | 'doubles';
  /** From the start of the row, in words or in doubles. */
  readonly at: number;
  /** 0 stands for null. */
  readonly unlessZero?: boolean;
}

/** A whole number. */
export interface IntegerField<Cursor> extends Described {
  readonly kind: 'integer';
  readonly get: (cursor: Cursor) => number;
  readonly place?: Place;
}

/** A duration in nanoseconds, printed in milliseconds with up to six decimals. */
export interface MillisecondsField<Cursor> extends Described {
  readonly kind: 'milliseconds';
  readonly get: (cursor: Cursor) => number;
}

/** A point in time: nanoseconds since the cursor's `baseSeconds`. */
export interface TimeField<Cursor> extends Described {
  readonly kind: 'time';
  readonly get: (cursor: Cursor) => number;
  readonly place?: Place;
}

/** One of a list of words, by its index; an index that is no word's is null. */
export interface WordField<Cursor> extends Described {
  readonly kind: 'word';
  readonly words: readonly string[];
  readonly get: (cursor: Cursor) => number;
}

/** 1 is true, 0 is false. */
export interface BooleanField<Cursor> extends Described {
  readonly kind: 'boolean';
  readonly get: (cursor: Cursor) => number;
}

/** Text that lastack makes itself: ASCII that needs no escape in JSON or CSV. */
export interface AsciiField<Cursor> extends Described {
  readonly kind: 'ascii';
  readonly write: (cursor: Cursor, out: ByteWriter) => void;
}

/** Text that is written as UTF-8, without a string in between, and may need escapes. */
export interface OctetsField<Cursor> extends Described {
  readonly kind: 'octets';
  /** Answers false, having written nothing, for null. */
  readonly write: (cursor: Cursor, out: ByteWriter) => boolean;
}

/** Any text, hostile or not. */
export interface TextField<Cursor> extends Described {
  readonly kind: 'text';
  readonly get: (cursor: Cursor) => string | null;
}

/** An object of its own; null when it is nullable and `present` says false. */
export interface ObjectField<Cursor> extends Described {
  readonly kind: 'object';
  /** Name of its interface. */
  readonly type: string;
  readonly fields: Fields<Cursor>;
  readonly present?: (cursor: Cursor) => boolean;
  /**
   * Where every field is an optional integer of which few are there: the place among them of the first one after
   * `after` that is, or -1.
   */
  readonly next?: (cursor: Cursor, after: number) => number;
}

/**
 * A list: `next` gives the first item after the given one (-1 at the start), or -1; `enter` puts the cursor on it.
 * Items are objects of `fields`, or text where `item` is given.
 */
export interface ListField<Cursor> extends Described {
  readonly kind: 'list';
  readonly next: (cursor: Cursor, after: number) => number;
  readonly enter: (cursor: Cursor, item: number) => void;
  readonly item: Field<Cursor>;
  /** The field of an item that stands for it in a CSV cell; items that are no objects stand for themselves. */
  readonly cell?: string;
}

/** Any value, made as an object only when that is asked for. */
export interface JsonField<Cursor> extends Described {
  readonly kind: 'json';
  /** Its type in TypeScript, where that type is exported, and under which name. */
  readonly type: { readonly type: string; readonly from: string; readonly name: string };
  readonly schema: object;
  /** A value that `JSON.stringify` writes; an empty list is not written by it. */
  readonly get: (cursor: Cursor) => readonly object[];
  /** Writes what `JSON.stringify` would write of it. */
  readonly write: (cursor: Cursor, out: ByteWriter) => void;
  /** Its text in a CSV cell. */
  readonly cell: (cursor: Cursor) => string;
}

/** A field like `field` that may be null. */
export function orNull<F extends { readonly nullable: boolean }>(field: F): F {
  return { ...field, nullable: true };
}

/** A field like `field` that a record may lack: where the accessor says null, the field is left out. */
export function optional<F extends { readonly nullable: boolean }>(field: F): F {
  return { ...field, optional: true };
}

export function integer<Cursor>(doc: string, get: (cursor: Cursor) => number): IntegerField<Cursor> {
  return { kind: 'integer', doc, nullable: false, get };
}

export function milliseconds<Cursor>(doc: string, get: (cursor: Cursor) => number): MillisecondsField<Cursor> {
  return { kind: 'milliseconds', doc, nullable: true, get };
}

export function time<Cursor>(doc: string, get: (cursor: Cursor) => number): TimeField<Cursor> {
  return { kind: 'time', doc, nullable: false, get };
}

export function word<Cursor>(
  doc: string,
  words: readonly string[],
  get: (cursor: Cursor) => number,
): WordField<Cursor> {
  return { kind: 'word', doc, nullable: false, words, get };
}

export function boolean<Cursor>(doc: string, get: (cursor: Cursor) => number): BooleanField<Cursor> {
  return { kind: 'boolean', doc, nullable: false, get };
}

export function ascii<Cursor>(doc: string, write: (cursor: Cursor, out: ByteWriter) => void): AsciiField<Cursor> {
  return { kind: 'ascii', doc, nullable: false, write };
}

export function octets<Cursor>(doc: string, write: (cursor: Cursor, out: ByteWriter) => boolean): OctetsField<Cursor> {
  return { kind: 'octets', doc, nullable: false, write };
}

export function text<Cursor>(doc: string, get: (cursor: Cursor) => string | null): TextField<Cursor> {
  return { kind: 'text', doc, nullable: false, get };
}

/** @param type name of its interface */
export function object<Cursor>(type: string, doc: string, fields: Fields<Cursor>): ObjectField<Cursor> {
  return { kind: 'object', type, doc, nullable: false, fields };
}

/** An object that is null where `present` says false. */
export function objectOrNull<Cursor>(
  type: string,
  doc: string,
  present: (cursor: Cursor) => boolean,
  fields: Fields<Cursor>,
): ObjectField<Cursor> {
  return { kind: 'object', type, doc, nullable: true, fields, present };
}

export function list<Cursor>(
  doc: string,
  next: (cursor: Cursor, after: number) => number,
  enter: (cursor: Cursor, item: number) => void,
  item: Field<Cursor>,
  cell?: string,
): ListField<Cursor> {
  return { kind: 'list', doc, nullable: false, next, enter, item, ...(cell === undefined ? {} : { cell }) };
}

export function json<Cursor>(
  doc: string,
  type: JsonField<Cursor>['type'],
  schema: object,
  get: (cursor: Cursor) => readonly object[],
  write: (cursor: Cursor, out: ByteWriter) => void,
  cell: (cursor: Cursor) => string,
): JsonField<Cursor> {
  return { kind: 'json', doc, nullable: false, type, schema, get, write, cell };
}
