import { fieldValue } from '../record/object.ts';
import type { At, Field, Fields, ItemCursor, ObjectValue, Value } from './value.ts';

/** The record itself, of which every name in an expression is a field. */
export function recordValue<Cursor extends ItemCursor>(fields: Fields<Cursor>): ObjectValue<Cursor> {
  return { type: 'object', path: '', fields, present: undefined, counts: false };
}

/** A field of `owner` as a value: null wherever its owner is null. */
export function valueOfField<Cursor extends ItemCursor>(owner: ObjectValue<Cursor>, name: string): Value<Cursor> {
  const path = pathOf(owner, name);
  const value = within(owner, valueFor(owner.fields[name]!, path, owner.counts));
  return owner.at === undefined ? value : placed(value, owner.at);
}

/** A value that is read elsewhere than where the cursor stands. */
export function placed<Cursor extends ItemCursor>(value: Value<Cursor>, at: At<Cursor>): Value<Cursor> {
  switch (value.type) {
    case 'number': {
      const { get } = value;
      return { type: 'number', get: (cursor) => at(cursor, Number.NaN, get) };
    }
    case 'text': {
      const { get, index } = value;
      return {
        ...value,
        get: (cursor) => at(cursor, null, get),
        ...(index === undefined ? {} : { index: (cursor: Cursor) => at(cursor, -1, index) }),
      };
    }
    case 'boolean': {
      const { test, isNull } = value;
      return {
        type: 'boolean',
        test: (cursor) => at(cursor, false, test),
        isNull: (cursor) => at(cursor, true, isNull ?? (() => false)),
      };
    }
    case 'list':
      return { ...value, next: (cursor, after) => at(cursor, -1, () => value.next(cursor, after)) };
    case 'object': {
      const { present, at: outer } = value;
      const both: At<Cursor> =
        outer === undefined
          ? at
          : (cursor, otherwise, read) => at(cursor, otherwise, () => outer(cursor, otherwise, read));
      return {
        ...value,
        present: undefined,
        at: both,
        ...(present === undefined ? {} : { present: (cursor: Cursor) => at(cursor, false, present) }),
      };
    }
    case 'null':
      return value;
  }
}

/** How a field is written: `handshake.totalMs`, `fromClient.events["out-of-order"]`. */
export function pathOf<Cursor>(owner: ObjectValue<Cursor>, name: string): string {
  if (!/^\w+$/.test(name)) return `${owner.path}["${name}"]`;
  return owner.path === '' ? name : `${owner.path}.${name}`;
}

/** Every field below, as it is written. */
export function* pathsOf<Cursor>(owner: ObjectValue<Cursor>): Generator<string> {
  for (const name in owner.fields) {
    const path = pathOf(owner, name);
    yield path;
    const field = owner.fields[name]!;
    if (field.kind === 'object') yield* pathsOf({ ...owner, path, fields: field.fields });
  }
}

function valueFor<Cursor extends ItemCursor>(field: Field<Cursor>, path: string, counts: boolean): Value<Cursor> {
  switch (field.kind) {
    case 'integer': {
      const { get } = field;
      return { type: 'number', get: counts ? (cursor) => get(cursor) || 0 : get };
    }
    case 'milliseconds':
      return { type: 'number', get: (cursor) => field.get(cursor) / 1e6 };
    case 'boolean':
      return {
        type: 'boolean',
        test: (cursor) => field.get(cursor) === 1,
        isNull: (cursor) => Number.isNaN(field.get(cursor)),
      };
    case 'word': {
      const { words, get } = field;
      return { type: 'text', get: (cursor) => words[get(cursor)] ?? null, words, index: get };
    }
    case 'time':
      return { type: 'text', get: (cursor) => fieldValue(field, cursor) as string | null, isTime: true };
    case 'ascii':
    case 'octets':
    case 'text':
      return { type: 'text', get: (cursor) => fieldValue(field, cursor) as string | null };
    case 'object':
      return {
        type: 'object',
        path,
        fields: field.fields,
        present: field.nullable ? field.present : undefined,
        counts: field.next !== undefined,
      };
    case 'list':
      return { type: 'list', next: field.next, enter: field.enter, item: valueFor(field.item, path, false) };
    case 'json':
      return jsonValue(field.schema, path, (cursor) => field.get(cursor));
  }
}

interface JsonSchema {
  readonly type?: string;
  readonly enum?: readonly string[];
  readonly items?: JsonSchema;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
}

/** A value that is no row's but a plain object's, or that nothing fills yet: its type is in its schema. */
function jsonValue<Cursor extends ItemCursor>(
  schema: JsonSchema,
  path: string,
  get: (cursor: Cursor) => unknown,
): Value<Cursor> {
  const words = schema.enum;
  if (words !== undefined) {
    return {
      type: 'text',
      get: (cursor) => (get(cursor) as string) ?? null,
      words,
      index: (cursor) => words.indexOf(get(cursor) as string),
    };
  }
  switch (schema.type) {
    case 'array':
      return jsonList(schema.items ?? {}, path, (cursor) => (get(cursor) as readonly unknown[] | null) ?? []);
    case 'object': {
      const fields: Record<string, Field<Cursor>> = {};
      for (const [name, of] of Object.entries(schema.properties ?? {})) {
        const member = (cursor: Cursor): unknown => (get(cursor) as Record<string, unknown> | null)?.[name] ?? null;
        fields[name] = { kind: 'json', doc: '', nullable: true, schema: of, get: member } as unknown as Field<Cursor>;
      }
      return { type: 'object', path, fields, present: (cursor) => get(cursor) !== null, counts: false };
    }
    case 'number':
    case 'integer':
      return { type: 'number', get: (cursor) => (get(cursor) as number | null) ?? Number.NaN };
    case 'boolean':
      return { type: 'boolean', test: (cursor) => get(cursor) === true, isNull: (cursor) => get(cursor) === null };
    default:
      return { type: 'text', get: (cursor) => (get(cursor) as string | null) ?? null };
  }
}

/** Items carry the place of the item that they are within, so that a list within a list knows whose it is. */
function jsonList<Cursor extends ItemCursor>(
  items: JsonSchema,
  path: string,
  get: (cursor: Cursor) => readonly unknown[],
): Value<Cursor> {
  const owner = (item: number): number => Math.floor(item / LIST);
  const listOf = (cursor: Cursor, within: number): readonly unknown[] => {
    const before = cursor.item;
    cursor.item = within;
    const list = get(cursor);
    cursor.item = before;
    return list;
  };
  return {
    type: 'list',
    next: (cursor, after) => {
      const within = after < 0 ? Math.max(cursor.item, 0) : owner(after);
      const place = after < 0 ? 0 : (after % LIST) + 1;
      return place < listOf(cursor, within).length ? within * LIST + place : -1;
    },
    enter: (cursor, item) => {
      cursor.item = item;
    },
    item: jsonValue(items, path, (cursor) => listOf(cursor, owner(cursor.item))[cursor.item % LIST] ?? null),
  };
}

/** More items than a list within a list has. */
const LIST = 65_536;

/** The value where its owner is there, and null where it is not. */
function within<Cursor extends ItemCursor>(owner: ObjectValue<Cursor>, value: Value<Cursor>): Value<Cursor> {
  const { present } = owner;
  if (present === undefined) return value;
  switch (value.type) {
    case 'number': {
      const { get } = value;
      return { type: 'number', get: (cursor) => (present(cursor) ? get(cursor) : Number.NaN) };
    }
    case 'text': {
      const { get, index } = value;
      return {
        ...value,
        get: (cursor) => (present(cursor) ? get(cursor) : null),
        ...(index === undefined ? {} : { index: (cursor: Cursor) => (present(cursor) ? index(cursor) : -1) }),
      };
    }
    case 'boolean': {
      const { test, isNull } = value;
      return {
        type: 'boolean',
        test: (cursor) => present(cursor) && test(cursor),
        isNull: (cursor) => !present(cursor) || (isNull?.(cursor) ?? false),
      };
    }
    case 'list':
      return { ...value, next: (cursor, after) => (present(cursor) ? value.next(cursor, after) : -1) };
    case 'object': {
      const inner = value.present;
      return { ...value, present: (cursor) => present(cursor) && (inner === undefined || inner(cursor)) };
    }
    case 'null':
      return value;
  }
}
