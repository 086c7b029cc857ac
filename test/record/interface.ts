import { execFileSync } from 'node:child_process';
import type { Field, Fields } from '../../src/record/field.ts';

/** The TypeScript interfaces of a record's table, as a module's text: the record's own one first, then those inside. */
export function interfacesOf<Cursor>(name: string, doc: string, fields: Fields<Cursor>, table: string): string {
  const interfaces = new Map<string, string>();
  addInterface(interfaces, name, doc, fields);
  const imports = importsOf(fields).map(({ name, from }) => `import type { ${name} } from '${from}';\n`);
  return `/** Made from \`${table}\`; to change it, change that table and run \`npx vitest run test/record -u\`. */\n\n${imports.join('')}\n${[...interfaces.values()].join('\n')}`;
}

/** What the fields' types are imported from. */
function importsOf<Cursor>(fields: Fields<Cursor>): { readonly name: string; readonly from: string }[] {
  return Object.values(fields).flatMap((field) => (field.kind === 'json' ? [field.type] : []));
}

function addInterface<Cursor>(
  interfaces: Map<string, string>,
  name: string,
  doc: string | null,
  fields: Fields<Cursor>,
): void {
  if (interfaces.has(name)) return;
  interfaces.set(name, '');
  const members = Object.entries(fields).map(([member, field]) => {
    const mark = field.optional === true ? '?' : '';
    return `  /** ${field.doc}. */\n  readonly ${/^\w+$/.test(member) ? member : `'${member}'`}${mark}: ${nullable(field, interfaces)};\n`;
  });
  const comment = doc === null ? '' : `/** ${doc}. */\n`;
  interfaces.set(name, `${comment}export interface ${name} {\n${members.join('')}}\n`);
}

function nullable<Cursor>(field: Field<Cursor>, interfaces: Map<string, string>): string {
  const type = typeOf(field, interfaces);
  return field.nullable ? `${type} | null` : type;
}

function typeOf<Cursor>(field: Field<Cursor>, interfaces: Map<string, string>): string {
  switch (field.kind) {
    case 'integer':
    case 'milliseconds':
      return 'number';
    case 'boolean':
      return 'boolean';
    case 'time':
    case 'ascii':
    case 'octets':
    case 'text':
      return 'string';
    case 'word':
      return field.words.map((word) => `'${word}'`).join(' | ');
    case 'object':
      addInterface(interfaces, field.type, null, field.fields);
      return field.type;
    case 'list': {
      const item = typeOf(field.item, interfaces);
      return item.includes('|') ? `readonly (${item})[]` : `readonly ${item}[]`;
    }
    case 'json':
      return field.type.type;
  }
}

/** The text as the formatter leaves it. */
export function formatted(text: string): string {
  return execFileSync('npx', ['biome', 'format', '--stdin-file-path=record.ts'], { input: text, encoding: 'utf8' });
}
