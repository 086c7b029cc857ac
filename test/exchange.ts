import { Analysis, type AnalysisOptions } from '../src/analyze.ts';
import { RecordView } from '../src/capture/record.ts';
import { FlowCursor } from '../src/record/cursor.ts';
import { FLOW_FIELDS, type FlowRecord } from '../src/record/flow.ts';
import { recordObject } from '../src/record/object.ts';
import { SEGMENT_FIELDS, SegmentCursor, type SegmentRecord } from '../src/record/segment.ts';
import type { STATES } from '../src/tcp/machine.ts';
import { SegmentView } from '../src/wire/segment.ts';

/** One segment of a script: numbers relative to each side's first sequence number, as packetdrill writes them. */
export interface ScriptSegment {
  /** Seconds since the segment before. */
  readonly after: number;
  readonly fromClient: boolean;
  readonly flags: number;
  readonly seq: number;
  readonly length: number;
  readonly ack: number | undefined;
  readonly win: number;
  readonly options: readonly number[];
  readonly ttl: number;
  readonly ipId: number;
  /** What all its payload is made of. */
  readonly octet: number;
  /** `badsum`; `partsum` is the pseudo header's alone, as a host leaves it to its network card. */
  readonly badChecksum: boolean;
  readonly partialChecksum: boolean;
}

const LINE =
  /^\+([\d.]+)\s+([<>])\s+([A-Z.]+)\s+(-?\d+):(-?\d+)\((\d+)\)(?:\s+ack\s+(\d+))?(?:\s+win\s+(\d+))?(?:\s+<([^>]*)>)?(?:\s+ttl\s+(\d+))?(?:\s+id\s+(\d+))?(?:\s+octets\s+(\S))?(\s+badsum|\s+partsum)?$/;
const FLAGS: Readonly<Record<string, number>> = { F: 1, S: 2, R: 4, P: 8, '.': 16, U: 32, E: 64, W: 128 };

/**
 * A script of segments, one a line: `+SECONDS >|< FLAGS SEQ:END(LENGTH) [ack N] [win N] [<options>] [ttl N] [id N] [octets X] [badsum|partsum]`.
 * `>` is client to server; the payload is full of X, or of `a`. What follows `//` is a comment.
 */
export function exchange(parts: TemplateStringsArray, ...values: readonly unknown[]): ScriptSegment[] {
  const text = String.raw({ raw: parts }, ...values);
  const lines = text.split('\n').map((line) => line.replace(/\/\/.*/, '').trim());
  return lines.filter((line) => line !== '').map(parseLine);
}

function parseLine(line: string): ScriptSegment {
  const match = LINE.exec(line);
  if (match === null) throw new Error(`no segment: ${line}`);
  const length = Number(match[6]);
  if (Number(match[5]) - Number(match[4]) !== length) throw new Error(`${line}: END is not SEQ + LENGTH`);
  return {
    after: Number(match[1]),
    fromClient: match[2] === '>',
    flags: [...match[3]!].reduce((bits, letter) => bits | FLAGS[letter]!, 0),
    seq: Number(match[4]),
    length,
    ack: match[7] === undefined ? undefined : Number(match[7]),
    win: Number(match[8] ?? 65535),
    options: options(match[9] ?? ''),
    ttl: Number(match[10] ?? 64),
    ipId: Number(match[11] ?? -1),
    octet: (match[12] ?? 'a').charCodeAt(0),
    badChecksum: match[13]?.trim() === 'badsum',
    partialChecksum: match[13]?.trim() === 'partsum',
  };
}

function options(text: string): number[] {
  const octets: number[] = [];
  for (const option of text.split(',').map((part) => part.trim())) {
    const [name, ...rest] = option.split(' ');
    const numbers = rest.map(Number);
    if (name === 'mss') octets.push(2, 4, numbers[0]! >> 8, numbers[0]! & 255);
    else if (name === 'nop') octets.push(1);
    else if (name === 'wscale') octets.push(3, 3, numbers[0]!);
    else if (name === 'sackOK') octets.push(4, 2);
    else if (name === 'TS') octets.push(8, 10, ...word(numbers[0]!), ...word(numbers[1]!));
    else if (name === 'MPTCP') octets.push(30, 2 + rest.join('').length / 2, ...Buffer.from(rest.join(''), 'hex'));
    else if (name === 'sack')
      octets.push(
        5,
        2 + rest.length * 8,
        ...rest.flatMap((block) => block.split(':').flatMap((edge) => word(Number(edge)))),
      );
    else if (name === 'FO') octets.push(34, 2 + rest.join('').length / 2, ...Buffer.from(rest.join(''), 'hex'));
  }
  while (octets.length % 4 !== 0) octets.push(0);
  return octets;
}

/** Where a flow of a script runs. ISNs near 2^32 make every script test the wrap. */
export interface ExchangeOptions extends AnalysisOptions {
  readonly clientIsn?: number;
  readonly serverIsn?: number;
  readonly clientPort?: number;
  readonly serverPort?: number;
  /** Octets of a frame that the capture keeps at most: 54 of them are headers. */
  readonly snapLength?: number;
}

/** The records of a script, as Ethernet frames. */
export function recordsOf(script: readonly ScriptSegment[], choices: ExchangeOptions = {}): RecordView[] {
  const isn = [choices.clientIsn ?? 0xfffffff0, choices.serverIsn ?? 0xffffff00];
  const ports = [choices.clientPort ?? 40510, choices.serverPort ?? 443];
  let nanoseconds = 0;
  let identification = 1;
  return script.map((segment) => {
    nanoseconds += Math.round(segment.after * 1e9);
    const from = segment.fromClient ? 0 : 1;
    const id = segment.ipId >= 0 ? segment.ipId : identification++;
    const bytes = frameOf(segment, isn[from]!, isn[1 - from]!, ports[from]!, ports[1 - from]!, id);
    const record = new RecordView();
    record.bytes = bytes;
    record.view = new DataView(bytes.buffer);
    record.end = Math.min(bytes.length, choices.snapLength ?? bytes.length);
    record.originalLength = bytes.length;
    record.linkType = 1;
    record.seconds = 1_700_000_000 + Math.floor(nanoseconds / 1e9);
    record.nanoseconds = nanoseconds % 1e9;
    return record;
  });
}

/** Every flow of the records, by number, through the whole pipeline. */
export function analyzeRecords(records: readonly RecordView[], choices: AnalysisOptions = {}): FlowRecord[] {
  const flows: FlowRecord[] = [];
  const analysis: Analysis = new Analysis({
    ...choices,
    onFlow: (row) => {
      cursor.baseSeconds = analysis.baseSeconds;
      cursor.move(row);
      flows.push(recordObject(FLOW_FIELDS, cursor) as unknown as FlowRecord);
    },
  });
  const cursor = new FlowCursor(analysis.flowContext([]));
  records.forEach((record, index) => {
    record.frame = index + 1;
    record.fileFrame = index + 1;
    analysis.take(record);
  });
  analysis.end();
  return flows.sort((a, b) => a.flow - b.flow);
}

export function analyzeFlows(script: readonly ScriptSegment[], choices: ExchangeOptions = {}): FlowRecord[] {
  return analyzeRecords(recordsOf(script, choices), choices);
}

/** The one flow of a script. */
export function analyzeExchange(script: readonly ScriptSegment[], choices: ExchangeOptions = {}): FlowRecord {
  const flows = analyzeFlows(script, choices);
  if (flows.length !== 1) throw new Error(`${flows.length} flows, not one`);
  return flows[0]!;
}

/** The segments of a script, as a timeline has them but without lines. */
export function timelineOf(script: readonly ScriptSegment[], choices: ExchangeOptions = {}): SegmentRecord[] {
  return timelineOfRecords(recordsOf(script, choices), choices);
}

export function timelineOfRecords(records: readonly RecordView[], choices: AnalysisOptions = {}): SegmentRecord[] {
  const segments: SegmentRecord[] = [];
  const analysis: Analysis = new Analysis({
    ...choices,
    onSegment: (verdict, segment, result) => {
      cursor.move(verdict, segment, result);
      segments.push(recordObject(SEGMENT_FIELDS, cursor) as unknown as SegmentRecord);
    },
  });
  const flow = new FlowCursor(analysis.flowContext([]));
  const cursor = new SegmentCursor(flow, analysis.tracker.verdict, new SegmentView(), () => {});
  records.forEach((record, index) => {
    record.frame = index + 1;
    record.fileFrame = index + 1;
    analysis.take(record);
  });
  return segments;
}

/** `3: lost-segment duplicate-ack`, for each segment with events, by frame. */
export function eventsOf(script: readonly ScriptSegment[], choices: ExchangeOptions = {}): string[] {
  return timelineOf(script, choices)
    .filter((segment) => segment.events.length > 0)
    .map((segment) => `${segment.frame}: ${segment.events.join(' ')}`);
}

/** `3 acks 2 after 10`, in milliseconds, for each segment that acknowledges another. */
export function roundTripsOf(script: readonly ScriptSegment[], choices: ExchangeOptions = {}): string[] {
  return timelineOf(script, choices)
    .filter((segment) => segment.acks !== null)
    .map((segment) => `${segment.frame} acks ${segment.acks} after ${segment.rttMs}`);
}

/** The names of an endpoint's states, in order. */
export function path(states: readonly { readonly state: (typeof STATES)[number] }[]): string {
  return states.map((entry) => entry.state).join(' ');
}

/** The same with the frame at which each state was entered: `SYN_SENT@1`; `@-` is before the capture shows. */
export function framed(states: readonly { readonly state: string; readonly frame: number | null }[]): string {
  return states.map((entry) => `${entry.state}@${entry.frame ?? '-'}`).join(' ');
}

function frameOf(
  segment: ScriptSegment,
  isn: number,
  peerIsn: number,
  sourcePort: number,
  destinationPort: number,
  id: number,
): Uint8Array {
  const headerLength = 20 + segment.options.length;
  const tcpLength = headerLength + segment.length;
  const bytes = new Uint8Array(14 + 20 + tcpLength);
  const view = new DataView(bytes.buffer);
  view.setUint16(12, 0x0800);
  bytes.set([0x45, 0], 14);
  view.setUint16(16, 20 + tcpLength);
  view.setUint16(18, id);
  bytes.set([0x40, 0, segment.ttl, 6], 20);
  bytes.set(segment.fromClient ? [10, 0, 0, 1, 10, 0, 0, 2] : [10, 0, 0, 2, 10, 0, 0, 1], 26);
  view.setUint16(34, sourcePort);
  view.setUint16(36, destinationPort);
  view.setUint32(38, (isn + segment.seq) >>> 0);
  view.setUint32(42, segment.ack === undefined ? 0 : (peerIsn + segment.ack) >>> 0);
  view.setUint16(46, (headerLength << 10) | segment.flags);
  view.setUint16(48, segment.win);
  bytes.set(segment.options, 54);
  moveSacks(view, 54, 34 + headerLength, peerIsn);
  bytes.fill(segment.octet, 34 + headerLength);
  view.setUint16(24, checksum(view, 14, 34, 0));
  const pseudo = sum(view, 26, 34) + 6 + tcpLength;
  if (segment.partialChecksum) view.setUint16(50, fold(pseudo));
  else view.setUint16(50, checksum(view, 34, bytes.length, pseudo) ^ (segment.badChecksum ? 0x5555 : 0));
  return bytes;
}

/** Edges of SACK blocks are relative in a script. */
function moveSacks(view: DataView, from: number, to: number, peerIsn: number): void {
  for (let at = from; at < to; at += view.getUint8(at) <= 1 ? 1 : view.getUint8(at + 1)) {
    if (view.getUint8(at) !== 5) continue;
    for (let edge = at + 2; edge < at + view.getUint8(at + 1); edge += 4)
      view.setUint32(edge, (view.getUint32(edge) + peerIsn) >>> 0);
  }
}

function sum(view: DataView, from: number, to: number): number {
  let total = 0;
  for (let at = from; at < to; at += 2) total += at + 1 < to ? view.getUint16(at) : view.getUint8(at) << 8;
  return total;
}

function checksum(view: DataView, from: number, to: number, start: number): number {
  return fold(start + sum(view, from, to)) ^ 0xffff;
}

function fold(sum: number): number {
  let total = sum;
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return total;
}

function word(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255];
}
