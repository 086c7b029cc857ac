import { countText, plural } from '../bytes/counts.ts';
import type { FlowSummary, ReportFlow } from '../record/summary.ts';
import { OUTCOME, PATTERN } from '../tcp/patterns.ts';
import { durationText, octetsText } from './quantity.ts';
import type { TextStyle } from './style.ts';
import { endpointText, type PageOptions, shortened } from './text-page.ts';
import { wrap } from './wrap.ts';

/** The flows themselves, in the order they were kept in, as many as fit or as were asked for. */
export function flowTable(summary: FlowSummary, options: PageOptions & { readonly used: number }): string[] {
  const { style } = options;
  const kept = summary.first.inOrder();
  if (kept.length === 0) return [];
  const flows = kept.slice(0, options.top ?? fitting(kept.length, options));
  const hidden = summary.flows - flows.length;
  const order = options.sort === 'worst' ? 'the worst first' : `by ${options.sort}`;
  const title =
    hidden > 0
      ? `${countText(flows.length)} of ${plural(summary.flows, 'flow')}, ${order}`
      : plural(flows.length, 'flow');
  const hasHint = hidden > 0 && title.length + HINT.length <= options.columns;
  const lines = ['', `${style.bold(title[0]!.toUpperCase() + title.slice(1))}${hasHint ? style.dim(HINT) : ''}`];
  const { head, rows } = table(
    flows.map((flow) => cells(flow, options)),
    options,
  );
  lines.push(...head.map(style.dim));
  const withStates = flows.length <= FEW;
  flows.forEach((flow, index) => {
    lines.push(...rows[index]!);
    if (withStates) lines.push(...states(flow, options, style));
    lines.push(...findings(flow, withStates, options));
  });
  return lines;
}

const HINT = '  (--top, --sort)';
/** Flows of which the states are shown too. */
const FEW = 3;
const FALLBACK = 20;

function fitting(count: number, options: PageOptions & { readonly used: number }): number {
  if (!Number.isFinite(options.lines)) return Math.min(count, FALLBACK);
  return Math.min(count, Math.max((options.lines - options.used - 5) >> 1, 8));
}

interface Table {
  readonly head: readonly string[];
  /** The lines of each flow. */
  readonly rows: readonly (readonly string[])[];
}

/** A line for each flow where that names both ends, else one for each of the little that matters most. */
function table(rows: readonly Row[], options: PageOptions): Table {
  const columns = columnsThatFit(rows, options.columns);
  const widths = columns.map((column) =>
    Math.max(column.title.length, ...rows.map((row) => row[column.cell].text.length)),
  );
  const ends = columns.findIndex((column) => column.cell === 'ends');
  const spare = options.columns - widths.reduce((sum, width) => sum + width + 2, 0);
  if (spare < 0) {
    widths[ends] = widths[ends]! + spare;
    if (widths[ends] < WHOLE_ENDS) return folded(rows, options);
  }
  const title = columns.map((column, i) => `  ${aligned(column.title, widths[i]!, column.right)}`).join('');
  const lines = rows.map((row) =>
    columns.map((column, i) => {
      const { text, paint } = row[column.cell];
      return `  ${paint(aligned(shortened(text, widths[i]!), widths[i]!, column.right))}`;
    }),
  );
  return { head: [title.trimEnd()], rows: lines.map((parts) => [parts.join('').trimEnd()]) };
}

/** Two IPv4 addresses at their longest, with ports. */
const WHOLE_ENDS = 45;

function folded(rows: readonly Row[], { columns, nameOf }: PageOptions): Table {
  const width = Math.max(...rows.map((row) => row.number.text.length));
  const room = columns - 4 - width;
  const indent = ' '.repeat(4 + width);
  return {
    head: [`  ${'#'.padStart(width)}  client → server`, `${indent}how it went`],
    rows: rows.map(({ flow, number, ends, how }) => {
      const client = shortened(endpointText(flow.client, nameOf), room);
      const server = shortened(endpointText(flow.server, nameOf), room - 2);
      const [first, ...rest] = ends.text.length <= room ? [ends.text] : [client, `→ ${server}`];
      return [
        `  ${number.paint(number.text.padStart(width))}  ${first}`,
        ...[...rest, how.paint(how.text)].map((line) => `${indent}${line}`),
      ];
    }),
  };
}

type CellName = 'number' | 'ends' | 'how' | 'handshake' | 'duration' | 'bytes' | 'again';

interface Cell {
  readonly text: string;
  readonly paint: (text: string) => string;
}

interface Column {
  readonly cell: CellName;
  readonly title: string;
  readonly right: boolean;
}

type Row = Readonly<Record<CellName, Cell>> & { readonly flow: ReportFlow };

/** In the order in which they stand. */
const COLUMNS: readonly Column[] = [
  { cell: 'number', title: '#', right: true },
  { cell: 'ends', title: 'client → server', right: false },
  { cell: 'how', title: 'how it went', right: false },
  { cell: 'handshake', title: 'opened', right: true },
  { cell: 'duration', title: 'lasted', right: true },
  { cell: 'bytes', title: 'sent / received', right: true },
  { cell: 'again', title: 'resent', right: true },
];
/** What goes first where there is too little room. */
const LEAST_NEEDED: readonly CellName[] = ['bytes', 'again', 'duration', 'handshake'];

function columnsThatFit(rows: readonly Row[], room: number): readonly Column[] {
  let columns = COLUMNS;
  const needed = (): number =>
    columns.reduce(
      (sum, { cell, title }) => sum + 2 + Math.max(title.length, ...rows.map((row) => row[cell].text.length)),
      0,
    );
  columns = columns.filter(({ cell }) => rows.some((row) => row[cell].text !== ''));
  for (const least of LEAST_NEEDED) {
    if (needed() <= room) break;
    columns = columns.filter(({ cell }) => cell !== least);
  }
  return columns;
}

function cells(flow: ReportFlow, options: PageOptions): Row {
  const { style, nameOf } = options;
  const plain = (text: string): Cell => ({ text, paint: (shown) => shown });
  return {
    flow,
    number: { text: String(flow.number), paint: style.dim },
    ends: plain(`${endpointText(flow.client, nameOf)} → ${endpointText(flow.server, nameOf)}`),
    how: howItWent(flow, style),
    handshake: plain(Number.isNaN(flow.handshake) ? '' : durationText(flow.handshake)),
    duration: plain(durationText(flow.duration)),
    bytes: plain(`${octetsText(flow.sent)} / ${octetsText(flow.received)}`),
    again: { text: flow.retransmissions === 0 ? '' : countText(flow.retransmissions), paint: style.warn },
  };
}

/** The flow's story in a few words: what went wrong when it was opened, else how it was closed and by whom. */
function howItWent(flow: ReportFlow, style: TextStyle): Cell {
  switch (flow.outcome) {
    case OUTCOME.unanswered:
      return { text: `unanswered, ${plural(flow.synRetransmissions + 1, 'SYN')}`, paint: style.bad };
    case OUTCOME.halfOpen:
      return { text: 'half-open', paint: style.bad };
    case OUTCOME.refused:
      return { text: 'refused', paint: style.bad };
    case OUTCOME.aborted:
      return { text: 'aborted handshake', paint: style.bad };
    default:
  }
  const by = flow.initiator < 0 ? '' : flow.initiator === 0 ? ' by client' : ' by server';
  switch (flow.pattern) {
    case PATTERN.fourWay:
      return { text: `four-way${by}`, paint: style.good };
    case PATTERN.threeWay:
      return { text: `three-way${by}`, paint: style.good };
    case PATTERN.simultaneous:
      return { text: 'simultaneous', paint: style.good };
    case PATTERN.halfClosed:
      return { text: `half-closed${by}`, paint: style.warn };
    case PATTERN.reset:
      return { text: `reset${by}`, paint: style.bad };
    case PATTERN.resetAfterFin:
      return { text: `reset after FIN${by}`, paint: style.bad };
    case PATTERN.refused:
      return { text: 'refused', paint: style.bad };
    default:
      return { text: 'open at the end', paint: style.dim };
  }
}

/** What was found: all that is more than a fact where there are few flows, else the gravest if it cost somebody something. */
function findings(flow: ReportFlow, all: boolean, options: PageOptions): string[] {
  const { style } = options;
  const told = flow.findings.filter(({ severity }) => severity !== 'info');
  const grave = told.filter(({ severity }) => severity === 'warning' || severity === 'alert');
  const shown = all ? told : grave.slice(0, 1);
  return shown.flatMap((finding) => {
    const { severity, code, confidence, message } = finding;
    const paint = severity === 'alert' ? style.bad : severity === 'warning' ? style.warn : (text: string) => text;
    const how = confidence === 'certain' ? '' : `(${confidence})`;
    const more = !all && grave.length > 1 ? `and ${grave.length - 1} more` : '';
    const rest = [how, more].filter((text) => text !== '').join(', ');
    const name = `${severity} ${code}`;
    const told = rest.replace(more, style.dim(more));
    const oneLine = rest === '' || 6 + name.length + 2 + rest.length <= options.columns;
    const head = oneLine
      ? [`      ${paint(name)}${rest === '' ? '' : how === '' ? `, ${told}` : ` ${told}`}`]
      : [`      ${paint(name)}`, `        ${told}`];
    if (!all) return head;
    return [...head, ...wrap(message, Math.max(options.columns - 8, 24)).map((line) => style.dim(`        ${line}`))];
  });
}

function states(flow: ReportFlow, options: PageOptions, style: TextStyle): string[] {
  return [
    ...statePath('client', flow.clientStates, options, style),
    ...statePath('server', flow.serverStates, options, style),
  ];
}

/** The states of an end with arrows between, on as many lines as they need. */
function statePath(side: string, names: readonly string[], options: PageOptions, style: TextStyle): string[] {
  if (names.length === 0) return [];
  const indent = `      ${side}  `;
  const lines: string[] = [];
  let line = indent;
  names.forEach((name, i) => {
    const part = i === 0 ? name : ` → ${name}`;
    if (line.length + part.length > options.columns && line.trim() !== side) {
      lines.push(line);
      line = `${' '.repeat(indent.length)}${part.trimStart()}`;
    } else line += part;
  });
  return [...lines, line].map((text) => style.dim(text));
}

function aligned(text: string, width: number, right: boolean): string {
  return right ? text.padStart(width) : text.padEnd(width);
}
