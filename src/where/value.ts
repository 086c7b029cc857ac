import type { Field, Fields } from '../record/field.ts';
import type { ObjectCursor } from '../record/object.ts';

/** A cursor on whose record an expression is evaluated; `item` is the list item that accessors read. */
export interface ItemCursor extends ObjectCursor {
  item: number;
}

/** What a part of an expression is and how to get it: closures over accessors, so that only named fields are read. */
export type Value<Cursor> =
  | NumberValue<Cursor>
  | TextValue<Cursor>
  | BooleanValue<Cursor>
  | ListValue<Cursor>
  | ObjectValue<Cursor>
  | NullValue;

/** A number; `NaN` is null. Whole or not makes no difference. */
export interface NumberValue<Cursor> {
  readonly type: 'number';
  readonly get: (cursor: Cursor) => number;
  /** Its value when it is written in the expression. */
  readonly literal?: number;
}

/** Text. Times are text of one form (RFC 3339, UTC, nine digits), so that their order is that of the text. */
export interface TextValue<Cursor> {
  readonly type: 'text';
  readonly get: (cursor: Cursor) => string | null;
  readonly literal?: string;
  /** Where it is one of a list of words, its index in it. */
  readonly words?: readonly string[];
  readonly index?: (cursor: Cursor) => number;
  readonly isTime?: boolean;
}

/** True or false. `test` answers false for null. */
export interface BooleanValue<Cursor> {
  readonly type: 'boolean';
  readonly test: (cursor: Cursor) => boolean;
  readonly isNull?: (cursor: Cursor) => boolean;
}

/** A list: walked item by item. */
export interface ListValue<Cursor> {
  readonly type: 'list';
  readonly next: (cursor: Cursor, after: number) => number;
  readonly enter: (cursor: Cursor, item: number) => void;
  /** What an item is, once it was entered. */
  readonly item: Value<Cursor>;
  /** The items, where they are written in the expression. */
  readonly literals?: readonly Value<Cursor>[];
}

/** A part of the record with fields of its own. */
export interface ObjectValue<Cursor> {
  readonly type: 'object';
  /** As it is written: `handshake`; empty for the record itself. */
  readonly path: string;
  readonly fields: Fields<Cursor>;
  /** False where it is null. */
  readonly present: ((cursor: Cursor) => boolean) | undefined;
  /** Counts that a record leaves out are 0. */
  readonly counts: boolean;
  /** Where it is read, when that is not where the cursor stands. */
  readonly at?: At<Cursor>;
}

/** Runs `read` with the cursor on an item of a list; `otherwise` where there is no such item. */
export type At<Cursor> = <Result>(cursor: Cursor, otherwise: Result, read: (cursor: Cursor) => Result) => Result;

export interface NullValue {
  readonly type: 'null';
}

/** What a value is, in words. */
export function phrase<Cursor>(value: Value<Cursor>): string {
  const words = { number: 'a number', text: 'text', boolean: 'true or false', list: 'a list', null: 'null' };
  return value.type === 'object' ? `the object ${value.path || 'of all fields'}` : words[value.type];
}

export type { Field, Fields };
