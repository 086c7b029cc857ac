import type { UtcTimes } from '../bytes/time.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { Field, Fields } from './field.ts';

/** What a record's accessors stand on, as far as making an object needs to know. */
export interface ObjectCursor {
  readonly baseSeconds: number;
  readonly times: UtcTimes;
}

/** The record as a plain object: the same names and values as its JSON. Its type is the record's interface. */
export function recordObject<Cursor extends ObjectCursor>(
  fields: Fields<Cursor>,
  cursor: Cursor,
): Record<string, unknown> {
  const object: Record<string, unknown> = {};
  for (const name in fields) {
    const field = fields[name]!;
    const value = fieldValue(field, cursor);
    if (value !== null || field.optional !== true) object[name] = value;
  }
  return object;
}

/** One field's value, as JSON would have it. */
export function fieldValue<Cursor extends ObjectCursor>(field: Field<Cursor>, cursor: Cursor): unknown {
  switch (field.kind) {
    case 'integer':
      return orNull(field.get(cursor));
    case 'milliseconds':
      return orNull(field.get(cursor) / 1e6);
    case 'boolean': {
      const value = field.get(cursor);
      return Number.isNaN(value) ? null : value !== 0;
    }
    case 'time':
      return timeText(field.get(cursor), cursor);
    case 'word':
      return field.words[field.get(cursor)] ?? null;
    case 'ascii':
      SCRATCH.length = 0;
      field.write(cursor, SCRATCH);
      return SCRATCH.toString();
    case 'octets':
      SCRATCH.length = 0;
      return field.write(cursor, SCRATCH) ? SCRATCH.toString() : null;
    case 'text':
      return field.get(cursor);
    case 'object':
      return field.present === undefined || field.present(cursor) ? recordObject(field.fields, cursor) : null;
    case 'list': {
      const items: unknown[] = [];
      for (let item = field.next(cursor, -1); item >= 0; item = field.next(cursor, item)) {
        field.enter(cursor, item);
        items.push(fieldValue(field.item, cursor));
      }
      return items;
    }
    case 'json':
      return JSON.parse(JSON.stringify(field.get(cursor)));
  }
}

const SCRATCH = new ByteWriter(256);

function orNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function timeText(nanoseconds: number, cursor: ObjectCursor): string | null {
  if (Number.isNaN(nanoseconds)) return null;
  SCRATCH.length = 0;
  cursor.times.writeSince(SCRATCH, cursor.baseSeconds, nanoseconds);
  return SCRATCH.toString();
}
