import { RecordView } from '../../src/capture/record.ts';
import type { SegmentDecoder } from '../../src/wire/decode.ts';
import { SegmentView, type WireResult } from '../../src/wire/segment.ts';

/** Octets of headers, as tests write them. */
export type Octets = readonly number[];

export const ETHERNET = 1;
export const RAW = 101;
export const IPV4 = 0x0800;
export const IPV6 = 0x86dd;
export const TCP = 6;

/** Octets from hexadecimal digits; blanks are for the reader. */
export function hex(digits: string): Octets {
  const pairs = digits.replaceAll(' ', '').match(/../g) ?? [];
  return pairs.map((pair) => Number.parseInt(pair, 16));
}

export function u16(value: number): Octets {
  return [(value >> 8) & 255, value & 255];
}

export function u32(value: number): Octets {
  return [...u16(value >>> 16), ...u16(value & 0xffff)];
}

/** The Internet checksum (RFC 1071), written the slow and plain way. */
export function checksum(octets: Octets): number {
  let sum = 0;
  for (let i = 0; i < octets.length; i += 2) sum += (octets[i] ?? 0) * 256 + (octets[i + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

export function ethernet(type: number, payload: Octets): Octets {
  return [...hex('020000000002 020000000001'), ...u16(type), ...payload];
}

export interface TcpFields {
  sourcePort?: number;
  destinationPort?: number;
  seq?: number;
  ack?: number;
  flags?: number;
  window?: number;
  options?: Octets;
  payload?: Octets;
  /** In place of the right one. */
  checksum?: number;
  /** In 32-bit words, in place of the right one. */
  dataOffset?: number;
}

export const CLIENT4: Octets = [10, 0, 0, 1];
export const SERVER4: Octets = [10, 0, 0, 2];
export const CLIENT6: Octets = hex('20010db8000000000000000000000001');
export const SERVER6: Octets = hex('20010db8000000000000000000000002');

/** A TCP segment with a checksum for the addresses that it is sent between. */
export function tcp(fields: TcpFields = {}, source: Octets = CLIENT4, destination: Octets = SERVER4): Octets {
  const options = fields.options ?? [];
  const words = fields.dataOffset ?? 5 + options.length / 4;
  const head = [
    ...u16(fields.sourcePort ?? 40000),
    ...u16(fields.destinationPort ?? 80),
    ...u32(fields.seq ?? 0x89abcdef),
    ...u32(fields.ack ?? 0xfedcba98),
    ...u16((words << 12) | (fields.flags ?? 0x10)),
    ...u16(fields.window ?? 64240),
  ];
  const tail = [...u16(0), ...options, ...(fields.payload ?? [])];
  const length = head.length + 2 + tail.length;
  const sum = checksum([...source, ...destination, 0, TCP, ...u16(length), ...head, 0, 0, ...tail]);
  return [...head, ...u16(fields.checksum ?? sum), ...tail];
}

export interface Ipv4Fields {
  source?: Octets;
  destination?: Octets;
  options?: Octets;
  /** In place of the right one. */
  totalLength?: number;
  id?: number;
  /** Flags and offset, as they stand in the header. */
  fragment?: number;
  ttl?: number;
}

export function ipv4(protocol: number, payload: Octets, fields: Ipv4Fields = {}): Octets {
  const options = fields.options ?? [];
  const length = 20 + options.length + payload.length;
  return [
    0x45 + options.length / 4,
    0,
    ...u16(fields.totalLength ?? length),
    ...u16(fields.id ?? 0x1234),
    ...u16(fields.fragment ?? 0x4000),
    fields.ttl ?? 64,
    protocol,
    ...u16(0),
    ...(fields.source ?? CLIENT4),
    ...(fields.destination ?? SERVER4),
    ...options,
    ...payload,
  ];
}

export function ipv6(next: number, payload: Octets, payloadLength: number = payload.length): Octets {
  return [...hex('60000000'), ...u16(payloadLength), next, 64, ...CLIENT6, ...SERVER6, ...payload];
}

/** A UDP datagram. */
export function udp(port: number, payload: Octets): Octets {
  return [...u16(50000), ...u16(port), ...u16(payload.length + 8), ...u16(0), ...payload];
}

export interface RecordFields {
  linkType?: number;
  originalLength?: number;
  frame?: number;
  seconds?: number;
  fcsLength?: number;
  bigEndian?: number;
}

/** A record that holds `octets`, somewhere in a larger chunk. */
export function record(octets: Octets, fields: RecordFields = {}): RecordView {
  const view = new RecordView();
  const bytes = new Uint8Array(octets.length + 27).fill(0x45);
  bytes.set(octets, 13);
  view.bytes = bytes;
  view.view = new DataView(bytes.buffer);
  view.at = 13;
  view.end = 13 + octets.length;
  view.originalLength = fields.originalLength ?? octets.length;
  view.linkType = fields.linkType ?? ETHERNET;
  view.frame = fields.frame ?? 1;
  view.fileFrame = view.frame;
  view.seconds = fields.seconds ?? 1_700_000_000;
  view.fcsLength = fields.fcsLength ?? 0;
  view.bigEndian = fields.bigEndian ?? 0;
  return view;
}

/** What a decoder says of a record that holds `octets`. */
export interface Decoded {
  result: WireResult;
  segment: SegmentView;
  layers: string;
}

export function decode(decoder: SegmentDecoder, octets: Octets, fields: RecordFields = {}): Decoded {
  const segment = new SegmentView();
  const result = decoder.decode(record(octets, fields), segment);
  return { result, segment, layers: decoder.layerNames(segment.layers).join(' ') };
}

/** The payload of a segment as far as it was kept. */
export function payloadOf(segment: SegmentView): Octets {
  return [...segment.bytes.subarray(segment.tcpAt + segment.headerLength, segment.tcpEnd)];
}
