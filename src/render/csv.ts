import { ASCII } from '../bytes/ascii.ts';
import { ByteWriter } from '../bytes/writer.ts';
import type { FlowCursor } from '../record/cursor.ts';
import type { Field, Fields } from '../record/field.ts';
import { FLOW_FIELDS } from '../record/flow.ts';
import { fieldValue } from '../record/object.ts';
import type { FlowRenderer } from './flow-renderer.ts';

/**
 * Comma-separated values (RFC 4180, lines end in LF): a header line, then a flow a line. Objects are flattened
 * (`handshake.outcome`), lists joined by spaces, null is empty.
 */
export class CsvFlows implements FlowRenderer {
  readonly separator = '';
  private readonly columns: readonly Column[] = columnsOf(FLOW_FIELDS);

  head(out: ByteWriter): void {
    out.text(`${this.columns.map((column) => column.name).join(',')}\n`);
  }

  flow(out: ByteWriter, flow: FlowCursor): void {
    const { columns } = this;
    for (let i = 0; i < columns.length; i++) {
      if (i > 0) out.byte(ASCII.comma);
      const column = columns[i]!;
      if (column.present === null || column.present(flow)) writeCell(column.field, flow, out);
    }
    out.byte(ASCII.newline);
  }

  tail(): void {}
}

/** A cell's text, quoted where RFC 4180 asks for it; what a spreadsheet would take for a formula begins with `'`. */
export function csvText(text: string): string {
  const harmless = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

interface Column {
  readonly name: string;
  readonly field: Field<FlowCursor>;
  /** Whether the nullable object that holds the field is there; null when there is none. */
  readonly present: ((flow: FlowCursor) => boolean) | null;
}

const LIST = new ByteWriter(1024);

function columnsOf(
  fields: Fields<FlowCursor>,
  prefix: string = '',
  present: Column['present'] = null,
): readonly Column[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const path = `${prefix}${name}`;
    if (field.kind === 'object') return columnsOf(field.fields, `${path}.`, field.present ?? present);
    return [{ name: path, field, present }];
  });
}

function writeCell(field: Field<FlowCursor>, flow: FlowCursor, out: ByteWriter): void {
  switch (field.kind) {
    case 'integer': {
      const value = field.get(flow);
      if (!Number.isNaN(value)) out.integer(value);
      return;
    }
    case 'milliseconds': {
      const value = field.get(flow);
      if (!Number.isNaN(value)) out.milliseconds(value);
      return;
    }
    case 'time': {
      const value = field.get(flow);
      if (Number.isNaN(value)) return;
      flow.times.writeSince(out, flow.baseSeconds, value);
      return;
    }
    case 'boolean': {
      const value = field.get(flow);
      if (!Number.isNaN(value)) out.ascii(value === 0 ? 'false' : 'true');
      return;
    }
    case 'word':
      out.ascii(field.words[field.get(flow)] ?? '');
      return;
    case 'ascii':
      field.write(flow, out);
      return;
    case 'octets':
      LIST.length = 0;
      field.write(flow, LIST);
      out.text(csvText(LIST.toString()));
      return;
    case 'text':
      out.text(csvText(field.get(flow) ?? ''));
      return;
    case 'json':
      out.text(csvText(field.cell(flow)));
      return;
    case 'list':
      writeList(field, flow, out);
      return;
    default:
  }
}

/** The items of a list, or the field of theirs that stands for them, with spaces between; always quoted. */
function writeList(
  field: Extract<Field<FlowCursor>, { readonly kind: 'list' }>,
  flow: FlowCursor,
  out: ByteWriter,
): void {
  const cell = field.item.kind === 'object' && field.cell !== undefined ? field.item.fields[field.cell]! : field.item;
  LIST.length = 0;
  for (let item = field.next(flow, -1); item >= 0; item = field.next(flow, item)) {
    field.enter(flow, item);
    LIST.text(LIST.length > 0 ? ` ${fieldValue(cell, flow)}` : `${fieldValue(cell, flow)}`);
  }
  out.byte(ASCII.quote);
  out.copy(LIST.bytes, 0, LIST.length);
  out.byte(ASCII.quote);
}
