import type { Field, Fields } from './field.ts';

/** A JSON Schema (draft 2020-12) of a record's table. */
export function schemaOf<Cursor>(fields: Fields<Cursor>): object {
  const properties: Record<string, object> = {};
  const required: string[] = [];
  for (const [name, field] of Object.entries(fields)) {
    properties[name] = { description: field.doc, ...schemaOfField(field) };
    if (field.optional !== true) required.push(name);
  }
  return { type: 'object', properties, required };
}

function schemaOfField<Cursor>(field: Field<Cursor>): object {
  const schema = schemaOfValue(field);
  if (!field.nullable) return schema;
  if ('enum' in schema) return { enum: [...(schema.enum as unknown[]), null] };
  return { ...schema, type: [(schema as { type: string }).type, 'null'] };
}

function schemaOfValue<Cursor>(field: Field<Cursor>): object {
  switch (field.kind) {
    case 'integer':
      return { type: 'integer' };
    case 'milliseconds':
      return { type: 'number' };
    case 'time':
      return { type: 'string', format: 'date-time' };
    case 'word':
      return { enum: field.words };
    case 'boolean':
      return { type: 'boolean' };
    case 'ascii':
    case 'octets':
    case 'text':
      return { type: 'string' };
    case 'object':
      return schemaOf(field.fields);
    case 'list':
      return { type: 'array', items: schemaOfField(field.item) };
    case 'json':
      return field.schema;
  }
}
