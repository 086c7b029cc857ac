import { readFileSync } from 'node:fs';

/** One TCP segment of a recording. `at` is in milliseconds since the recording's first whole second. */
export interface Packet {
  readonly at: number;
  readonly from: string;
  readonly to: string;
  readonly flags: number;
  readonly payload: number;
}

export const FIN = 1;
export const SYN = 2;
export const RST = 4;
export const ACK = 16;

/**
 * The TCP segments of a pcap or pcapng file of Ethernet frames, read without lastack: what judges it shares no code
 * with it. `base` is in Unix seconds; an end is written `address port`, the address in the form of kernel.tsv.
 */
export function readPackets(path: string, base: number): Packet[] {
  const view = new DataView(new Uint8Array(readFileSync(path)).buffer);
  const records = view.getUint32(0) === 0x0a0d0d0a ? pcapngRecords(view) : pcapRecords(view);
  const packets: Packet[] = [];
  for (const { nanoseconds, frame } of records) {
    const packet = tcpOf(frame, Number(nanoseconds - BigInt(base) * 1_000_000_000n) / 1e6);
    if (packet !== undefined) packets.push(packet);
  }
  return packets;
}

interface Frame {
  readonly nanoseconds: bigint;
  readonly frame: DataView;
}

function* pcapRecords(view: DataView): Generator<Frame> {
  const unit = view.getUint32(0, true) === 0xa1b23c4d ? 1n : 1000n;
  for (let at = 24; at < view.byteLength; ) {
    const seconds = BigInt(view.getUint32(at, true));
    const fraction = BigInt(view.getUint32(at + 4, true));
    const length = view.getUint32(at + 8, true);
    yield { nanoseconds: seconds * 1_000_000_000n + fraction * unit, frame: part(view, at + 16, length) };
    at += 16 + length;
  }
}

function* pcapngRecords(view: DataView): Generator<Frame> {
  let unit = 1000n;
  for (let at = 0; at < view.byteLength; at += view.getUint32(at + 4, true)) {
    const kind = view.getUint32(at, true);
    if (kind === 1) unit = 10n ** BigInt(9 - resolution(view, at));
    if (kind !== 6) continue;
    const time = (BigInt(view.getUint32(at + 12, true)) << 32n) | BigInt(view.getUint32(at + 16, true));
    yield { nanoseconds: time * unit, frame: part(view, at + 28, view.getUint32(at + 20, true)) };
  }
}

/** if_tsresol of an interface block, which both capture programs write in powers of ten. */
function resolution(view: DataView, block: number): number {
  const end = block + view.getUint32(block + 4, true) - 4;
  for (let at = block + 16; at < end; at += 4 + ((view.getUint16(at + 2, true) + 3) & ~3)) {
    if (view.getUint16(at, true) === 9) return view.getUint8(at + 4);
  }
  return 6;
}

function tcpOf(frame: DataView, at: number): Packet | undefined {
  const tagged = frame.getUint16(12) === 0x8100;
  const ip = tagged ? 18 : 14;
  const kind = frame.getUint16(ip - 2);
  if (kind === 0x800 && frame.getUint8(ip + 9) === 6) {
    const tcp = ip + (frame.getUint8(ip) & 15) * 4;
    const end = ip + frame.getUint16(ip + 2);
    return segment(frame, at, tcp, end, dotted(frame, ip + 12), dotted(frame, ip + 16));
  }
  if (kind === 0x86dd && frame.getUint8(ip + 6) === 6) {
    const tcp = ip + 40;
    return segment(frame, at, tcp, tcp + frame.getUint16(ip + 4), colons(frame, ip + 8), colons(frame, ip + 24));
  }
  return undefined;
}

function segment(frame: DataView, at: number, tcp: number, end: number, source: string, destination: string): Packet {
  return {
    at,
    from: `${source} ${frame.getUint16(tcp)}`,
    to: `${destination} ${frame.getUint16(tcp + 2)}`,
    flags: frame.getUint8(tcp + 13),
    payload: end - tcp - (frame.getUint8(tcp + 12) >> 4) * 4,
  };
}

function dotted(frame: DataView, at: number): string {
  return [0, 1, 2, 3].map((i) => frame.getUint8(at + i)).join('.');
}

/** RFC 5952: the recordings' addresses have one run of zero groups. */
function colons(frame: DataView, at: number): string {
  const groups = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => frame.getUint16(at + i * 2).toString(16));
  return groups.join(':').replace(/(^|:)0(:0)+(:|$)/, '::');
}

function part(view: DataView, at: number, length: number): DataView {
  return new DataView(view.buffer, view.byteOffset + at, length);
}
