import { countText, plural } from '../bytes/counts.ts';
import { gravityOf } from '../findings/finding.ts';
import type { CaptureRecord } from '../record/capture.ts';
import type { Durations } from '../record/durations.ts';
import type { FlowSummary, ServiceSummary } from '../record/summary.ts';
import { CLOSE_PATTERNS, HANDSHAKE_OUTCOMES, OUTCOME, PATTERN } from '../tcp/patterns.ts';
import { escapeName } from './names.ts';
import { durationText, octetsText, percentText } from './quantity.ts';
import { flowTable } from './text-flows.ts';
import { endpointText, type PageOptions, shortened } from './text-page.ts';
import { wrap } from './wrap.ts';

/** The report of `analyze` for a person: the capture first, then how its connections went, then the flows themselves. */
export function textReport(record: CaptureRecord, summary: FlowSummary, options: PageOptions): string {
  const lines = [
    ...vitalSigns(record, summary, options),
    ...captureFindings(record, options),
    ...flowFindings(summary, options),
    ...(summary.flows === 0 ? [] : opened(record, summary, options)),
    ...(summary.flows === 0 ? [] : closed(summary, options)),
    ...services(summary, options),
    ...halfOpen(summary, options),
  ];
  lines.push(...flowTable(summary, { ...options, used: lines.length }));
  return `${lines.join('\n')}\n`;
}

function vitalSigns(record: CaptureRecord, summary: FlowSummary, options: PageOptions): string[] {
  const { style, columns } = options;
  const { inputs, capture } = record;
  const [first] = inputs;
  const bytes = inputs.reduce((sum, input) => sum + input.bytes, 0);
  const format = [...new Set(inputs.map((input) => input.format))].join(' and ');
  const name = inputs.length === 1 ? baseName(first?.path ?? '') : plural(inputs.length, 'capture');
  const what = `${format}, ${octetsText(bytes)}`;
  const lines = [
    `${style.bold(shortened(escapeText(name), columns - Math.max(what.length + 2, 24)))}  ${style.dim(what)}`,
    '',
    ...row('records', `${recordsText(record)}${span(record)}`, options),
  ];
  if (capture.outsideTime > 0) {
    lines.push(...row('left out', `${plural(capture.outsideTime, 'record')} by time (--from, --to)`, options));
  }
  const all = countText(capture.tcpSegments);
  const segments = options.chosen ? `${countText(summary.packets)} of ${all}` : all;
  const payload = `${octetsText(summary.bytes)} of payload`;
  lines.push(...row('segments', `${segments} in ${plural(summary.flows, 'flow')}, ${payload}`, options));
  const again = `${countText(summary.retransmissions)} (${percentText(summary.retransmissions, summary.packets)} of segments)`;
  lines.push(...row('sent again', again, options, summary.retransmissions > 0 ? style.warn : undefined));
  if (capture.lateSegments > 0) {
    lines.push(
      ...row('late', `${plural(capture.lateSegments, 'segment')} of flows that were finished already`, options),
    );
  }
  return lines;
}

/** How many records there are; where some were left out for their time, how many of all were not. */
function recordsText({ capture: { records, outsideTime } }: CaptureRecord): string {
  return outsideTime === 0 ? countText(records) : `${countText(records - outsideTime)} of ${countText(records)}`;
}

/** When the capture was taken and how long it took. */
function span(record: CaptureRecord): string {
  const { start, end } = record.capture;
  if (start === null || end === null) return '';
  const seconds = (Date.parse(`${end.slice(0, 19)}Z`) - Date.parse(`${start.slice(0, 19)}Z`)) / 1000;
  const nanoseconds = seconds * 1e9 + Number(end.slice(20, 29)) - Number(start.slice(20, 29));
  const length = Number.isNaN(nanoseconds) ? '' : ` in ${durationText(nanoseconds)}`;
  return `${length} from ${start.slice(0, 10)} ${start.slice(11, 19)} UTC`;
}

function captureFindings(record: CaptureRecord, options: PageOptions): string[] {
  const { style } = options;
  const lines: string[] = [];
  for (const finding of record.capture.findings) {
    // It is always there: the handshakes' part of the page tells it.
    if (finding.code === 'half-open-peak') continue;
    const { severity } = finding;
    const mark = severity === 'info' ? style.dim('i') : severity === 'alert' ? style.bad('!') : style.warn('!');
    const text = wrap(escapeText(finding.message), options.columns - 4);
    text.forEach((line, i) => {
      lines.push(`${i === 0 ? mark : ' '} ${finding.severity === 'info' ? style.dim(line) : line}`);
    });
  }
  return lines.length === 0 ? [] : ['', ...lines];
}

/** How often each code was found, the gravest first. */
function flowFindings(summary: FlowSummary, options: PageOptions): string[] {
  const { style } = options;
  const found = summary
    .findings()
    .sort((a, b) => gravityOf(b.severity) - gravityOf(a.severity) || b.times - a.times || (a.code < b.code ? -1 : 1));
  if (found.length === 0) return [];
  const grave = found.filter(({ severity }) => severity !== 'info');
  const facts = found.filter(({ severity }) => severity === 'info');
  const lines = ['', heading('What was found', options)];
  for (const { code, severity, times } of grave.slice(0, MOST_CODES)) {
    const paint = severity === 'alert' ? style.bad : severity === 'warning' ? style.warn : (text: string) => text;
    const count = plural(times, 'flow');
    const room = Math.min(CODE + 12, options.columns - 11) - code.length;
    lines.push(`  ${paint(severity.padEnd(8))} ${code}${count.padStart(Math.max(room, count.length + 1))}`);
  }
  if (grave.length > MOST_CODES) lines.push(style.dim(`  and ${plural(grave.length - MOST_CODES, 'more code')}`));
  if (facts.length > 0) {
    const text = facts.map(({ code, times }) => `${code} ${countText(times)}`).join(', ');
    wrap(text, options.columns - 11).forEach((line, i) => {
      lines.push(style.dim(`  ${(i === 0 ? 'info' : '').padEnd(8)} ${line}`));
    });
  }
  return lines;
}

const MOST_CODES = 16;
const CODE = 30;

function opened(record: CaptureRecord, summary: FlowSummary, options: PageOptions): string[] {
  const { style } = options;
  const order = [
    OUTCOME.complete,
    OUTCOME.unanswered,
    OUTCOME.halfOpen,
    OUTCOME.refused,
    OUTCOME.aborted,
    OUTCOME.notCaptured,
  ];
  const lines = ['', heading('How they opened', options)];
  for (const outcome of order) {
    const paint = outcome === OUTCOME.complete ? style.good : outcome === OUTCOME.notCaptured ? style.dim : style.bad;
    lines.push(...bar(HANDSHAKE_OUTCOMES[outcome]!, summary.outcomes[outcome]!, summary.flows, paint, options));
  }
  const handshakes = summary.handshakes();
  if (handshakes.count > 0) lines.push(...rows('handshake', percentiles(handshakes), options));
  const peak = record.capture.findings.find(({ code }) => code === 'half-open-peak')?.values.peak;
  if (typeof peak === 'number' && peak > 1)
    lines.push(...row('half open', `${countText(peak)} at once, at most`, options));
  return lines;
}

/** The spread of a duration; without the percentiles that so few of them can't tell from the longest. */
function percentiles(handshakes: Durations): string[] {
  const { count, min, max } = handshakes;
  if (count === 1) return [durationText(min)];
  const percents = [50, 90, 99].filter((percent) => percent * count <= 100 * (count - 1));
  return [
    `min ${durationText(min)}`,
    ...percents.map((percent) => `p${percent} ${durationText(handshakes.percentile(percent / 100))}`),
    `max ${durationText(max)}`,
  ];
}

function closed(summary: FlowSummary, options: PageOptions): string[] {
  const { style } = options;
  const order = [
    PATTERN.fourWay,
    PATTERN.threeWay,
    PATTERN.simultaneous,
    PATTERN.halfClosed,
    PATTERN.reset,
    PATTERN.resetAfterFin,
    PATTERN.refused,
    PATTERN.open,
  ];
  const lines = ['', heading('How they closed', options)];
  for (const pattern of order) {
    const paint = BAD_PATTERNS.has(pattern)
      ? style.bad
      : pattern === PATTERN.halfClosed
        ? style.warn
        : pattern === PATTERN.open
          ? style.dim
          : style.good;
    lines.push(...bar(CLOSE_PATTERNS[pattern]!, summary.patterns[pattern]!, summary.flows, paint, options));
  }
  const [byClient, byServer] = summary.initiators;
  if (byClient + byServer > 0) {
    lines.push(...rows('begun by', [`client ${countText(byClient)}`, `server ${countText(byServer)}`], options));
  }
  return lines;
}

const BAD_PATTERNS: ReadonlySet<number> = new Set([PATTERN.reset, PATTERN.resetAfterFin, PATTERN.refused]);

/** `complete      812  81%  ████████`, or nothing for none. */
function bar(
  name: string,
  count: number,
  whole: number,
  paint: (text: string) => string,
  options: PageOptions,
): string[] {
  if (count === 0) return [];
  const width = Math.max(Math.min(options.columns - 40, 40), Math.min(options.columns - 36, 8));
  const eighths = Math.max(1, Math.round((count / whole) * width * 8));
  const blocks = '█'.repeat(eighths >> 3) + (EIGHTHS[eighths & 7] ?? '');
  return [
    `  ${name.padEnd(LABEL)}${countText(count).padStart(10)} ${percentText(count, whole).padStart(5)}  ${paint(blocks)}`,
  ];
}

const LABEL = 16;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

function services(summary: FlowSummary, options: PageOptions): string[] {
  const { style } = options;
  const suffering = summary.services
    .filter((service) => suffers(service) > 0)
    .sort((a, b) => suffers(b) - suffers(a) || b.flows - a.flows);
  if (suffering.length === 0) return [];
  const most = 8;
  const shown = suffering.slice(0, most);
  const names = shown.map((service) => serviceName(service, options));
  const columns = SERVICE_COLUMNS.map(({ title, cell }) => {
    const cells = shown.map(cell);
    return { title, cells, width: 2 + Math.max(title.length, ...cells.map((text) => text.length)) };
  });
  const name = Math.min(Math.max(...names.map((text) => text.length), 6), LEAST_NAME);
  // What fits beside a name; the first ones matter most.
  let left = options.columns - 2 - name;
  const fitting = columns.filter(({ width }) => {
    left -= width;
    return left >= 0;
  });
  const taken = fitting.reduce((sum, column) => sum + column.width, 0);
  const room = Math.max(options.columns - 2 - taken, name);
  const width = Math.min(Math.max(...names.map((text) => text.length), 6), room);
  const titles = fitting.map((column) => column.title.padStart(column.width)).join('');
  const lines = ['', heading('Services that suffer', options), style.dim(`  ${'server'.padEnd(width)}${titles}`)];
  shown.forEach((service, i) => {
    const numbers = fitting.map((column) => column.cells[i]!.padStart(column.width)).join('');
    lines.push(`  ${shortened(names[i]!, width).padEnd(width)}${service.failed > 0 ? style.bad(numbers) : numbers}`);
  });
  if (suffering.length > most) lines.push(style.dim(`  and ${plural(suffering.length - most, 'more service')}`));
  return lines;
}

/** Columns that a server's name is cut to before any other is left out. */
const LEAST_NAME = 16;

const SERVICE_COLUMNS: readonly { readonly title: string; readonly cell: (service: ServiceSummary) => string }[] = [
  { title: 'flows', cell: (service) => countText(service.flows) },
  { title: 'failed', cell: (service) => countText(service.failed) },
  { title: 'resets', cell: (service) => countText(service.resets) },
  { title: 'resent', cell: (service) => countText(service.retransmissions) },
  { title: 'handshake p90', cell: (service) => durationText(service.handshakes.percentile(0.9)) },
];

/** How much trouble a service's flows had; 0 for none. */
function suffers(service: ServiceSummary): number {
  const resent = service.retransmissions > service.packets * 0.01 ? service.retransmissions / 10 : 0;
  return service.failed * 3 + service.resets + resent;
}

function halfOpen(summary: FlowSummary, options: PageOptions): string[] {
  const { style, columns } = options;
  const targets = summary.services.filter((service) => service.halfOpen > 0).sort((a, b) => b.halfOpen - a.halfOpen);
  if (targets.length === 0) return [];
  const most = 5;
  const title = wrap('Half-open: SYN+ACK sent, never acknowledged', columns);
  const lines = ['', ...title.map((line) => heading(line, options))];
  for (const target of targets.slice(0, most)) {
    const time = target.lastHalfOpen - target.firstHalfOpen;
    const within = target.halfOpen > 1 ? ` begun within ${durationText(time)}` : '';
    const flows = plural(target.halfOpen, 'flow');
    const [first, ...rest] = wrap(`${flows} left in SYN_RECV${within}`, columns - 6);
    const told = style.bad(flows) + first!.slice(flows.length);
    const name = serviceName(target, options);
    const besides = shortened(name, Math.max(columns - 50, 16));
    if (rest.length === 0 && 2 + besides.length + 2 + first!.length <= columns) lines.push(`  ${besides}  ${told}`);
    else lines.push(`  ${shortened(name, columns - 2)}`, `      ${told}`, ...rest.map((line) => `      ${line}`));
  }
  if (targets.length > most) lines.push(style.dim(`  and ${plural(targets.length - most, 'more target')}`));
  return lines;
}

function serviceName(service: ServiceSummary, options: PageOptions): string {
  return service.server === null ? '(all others)' : endpointText(service.server, options.nameOf);
}

function heading(text: string, options: PageOptions): string {
  return options.style.bold(text);
}

/** A row of text, on as many lines as it needs. */
function row(label: string, value: string, options: PageOptions, paint = (text: string): string => text): string[] {
  return labelled(label, wrap(value, options.columns - 2 - LABEL).map(paint), options);
}

/** A row of several values, on as many lines as they need. */
function rows(label: string, values: readonly string[], options: PageOptions): string[] {
  const lines: string[] = [];
  for (const value of values) {
    const last = lines.at(-1);
    if (last !== undefined && 2 + LABEL + last.length + 2 + value.length <= options.columns)
      lines.push(`${lines.pop()}  ${value}`);
    else lines.push(value);
  }
  return labelled(label, lines, options);
}

function labelled(label: string, lines: readonly string[], { style }: PageOptions): string[] {
  return lines.map((line, i) => `  ${style.dim((i === 0 ? label : '').padEnd(LABEL))}${line}`);
}

/** Text of the capture's or the user's with what a terminal would obey made visible. */
function escapeText(text: string): string {
  return text.split(' ').map(escapeName).join(' ');
}

function baseName(path: string): string {
  return path === '-' ? 'standard input' : (path.split('/').at(-1) ?? path);
}
