import { addWords } from '../bytes/checksum.ts';
import { FAST_OPEN_EXPERIMENT, KIND } from './option-kinds.ts';
import { CHECKSUM, CHECKSUM_FIELD, NO_OPTION, type SegmentView, WIRE, type WireResult } from './segment.ts';

/** Octets from the start of the TCP header (RFC 9293 3.1). */
const ACKNOWLEDGMENT = 8;
const SEQUENCE = 4;
const DATA_OFFSET = 12;
const WINDOW = 14;
const URGENT = 18;
export const MIN_TCP_HEADER = 20;

/** An options field that holds timestamps alone: NOP, NOP, kind 8, length 10 (RFC 7323 appendix A). */
const TIMESTAMPS_ALONE = 0x0101080a;

/**
 * Reads the TCP header at `at` into `out`, options included; the checksum is left alone.
 *
 * @param end first octet past what was kept of this segment, at most `at + length`
 * @param length octets of header and payload by the IP header
 * @returns `WIRE.segment`, or `WIRE.brokenTcp` with as many fields as `end` allows (the rest are 0)
 */
export function readTcp(view: DataView, at: number, end: number, length: number, out: SegmentView): WireResult {
  out.tcpAt = at;
  out.tcpEnd = end;
  out.tcpLength = length;
  out.mss = NO_OPTION;
  out.windowScale = NO_OPTION;
  out.sackPermitted = 0;
  out.hasTimestamps = 0;
  out.sackCount = 0;
  out.fastOpenCookie = NO_OPTION;
  out.multipath = 0;
  if (end - at < MIN_TCP_HEADER) return readCutTcp(view, at, end, length, out);
  const ports = view.getInt32(at);
  out.sourcePort = ports >>> 16;
  out.destinationPort = ports & 0xffff;
  out.seq = view.getInt32(at + SEQUENCE);
  out.ack = view.getInt32(at + ACKNOWLEDGMENT);
  const word = view.getInt32(at + DATA_OFFSET);
  out.flags = (word >>> 16) & 0x1ff;
  out.window = word & 0xffff;
  out.urgent = view.getUint16(at + URGENT);
  const headerLength = (word >>> 28) * 4;
  out.headerLength = headerLength;
  if (headerLength < MIN_TCP_HEADER || headerLength > length) return noPayload(out);
  out.payloadLength = length - headerLength;
  out.roomLength = length - headerLength;
  if (headerLength > MIN_TCP_HEADER) {
    if (headerLength === 32 && end - at >= 32 && view.getInt32(at + 20) === TIMESTAMPS_ALONE) {
      out.hasTimestamps = 1;
      out.tsVal = view.getInt32(at + 24);
      out.tsEcr = view.getInt32(at + 28);
    } else readOptions(view, at + MIN_TCP_HEADER, Math.min(end, at + headerLength), out);
  }
  return WIRE.segment;
}

function noPayload(out: SegmentView): WireResult {
  out.payloadLength = 0;
  out.roomLength = 0;
  return WIRE.brokenTcp;
}

/**
 * Less than 20 octets were kept, or the packet has no more: what is there, and zeros. Up to the window it is a segment
 * like any other (Wireshark follows it too); checksum, urgent pointer and options do not matter to what it means.
 */
function readCutTcp(view: DataView, at: number, end: number, length: number, out: SegmentView): WireResult {
  const kept = end - at;
  out.sourcePort = kept >= 2 ? view.getUint16(at) : 0;
  out.destinationPort = kept >= 4 ? view.getUint16(at + 2) : 0;
  out.seq = kept >= 8 ? view.getInt32(at + SEQUENCE) : 0;
  out.ack = kept >= 12 ? view.getInt32(at + ACKNOWLEDGMENT) : 0;
  out.headerLength = kept > DATA_OFFSET ? (view.getUint8(at + DATA_OFFSET) >> 4) * 4 : 0;
  out.flags = kept >= 14 ? view.getUint16(at + DATA_OFFSET) & 0x1ff : 0;
  out.window = kept >= 16 ? view.getUint16(at + WINDOW) : 0;
  out.urgent = 0;
  if (kept < WINDOW + 2 || out.headerLength < MIN_TCP_HEADER || out.headerLength > length) return noPayload(out);
  out.payloadLength = length - out.headerLength;
  out.roomLength = out.payloadLength;
  return WIRE.segment;
}

/** Options from `at` to `end`. An option that is cut or has an impossible length ends them (RFC 9293 3.1). */
function readOptions(view: DataView, at: number, end: number, out: SegmentView): void {
  let next = at;
  while (next < end) {
    const kind = view.getUint8(next);
    if (kind === KIND.end) return;
    if (kind === KIND.noOperation) {
      next++;
      continue;
    }
    if (end - next < 2) return;
    const length = view.getUint8(next + 1);
    if (length < 2 || length > end - next) return;
    readOption(view, next, kind, length, out);
    next += length;
  }
}

/** One option of `length` octets, all of them kept. One of the wrong length is ignored; of several, the last counts. */
function readOption(view: DataView, at: number, kind: number, length: number, out: SegmentView): void {
  if (kind === KIND.mss && length === 4) out.mss = view.getUint16(at + 2);
  else if (kind === KIND.windowScale && length === 3) out.windowScale = view.getUint8(at + 2);
  else if (kind === KIND.sackPermitted && length === 2) out.sackPermitted = 1;
  else if (kind === KIND.sack) {
    out.sackAt = at + 2;
    out.sackCount = (length - 2) >> 3;
  } else if (kind === KIND.timestamps && length === 10) {
    out.hasTimestamps = 1;
    out.tsVal = view.getInt32(at + 2);
    out.tsEcr = view.getInt32(at + 6);
  } else if (kind === KIND.fastOpen) out.fastOpenCookie = length - 2;
  else if (kind === KIND.experiment && length >= 4 && view.getUint16(at + 2) === FAST_OPEN_EXPERIMENT) {
    out.fastOpenCookie = length - 4;
  } else if (kind === KIND.multipath && length >= 3) out.multipath |= 1 << (view.getUint8(at + 2) >> 4);
}

const TCP = 6;

/**
 * Verifies the checksum over IPv4's pseudo header and the segment (RFC 9293 3.1); a segment that was not wholly kept
 * stays unverified. The addresses are at `sourceAt` and `destinationAt` in the same view.
 */
export function verifyTcp4(view: DataView, out: SegmentView, sourceAt: number, destinationAt: number): void {
  const at = out.tcpAt;
  const length = out.tcpLength;
  if (out.tcpEnd - at < length) {
    out.checksum = CHECKSUM.unverified;
    return;
  }
  const source = view.getInt32(sourceAt);
  const destination = view.getInt32(destinationAt);
  const addresses = (source & 0xffff) + (source >>> 16) + (destination & 0xffff) + (destination >>> 16);
  const pseudo = TCP + (length & 0xffff) + (length >>> 16) + addresses;
  const sum = addWords(view, at, at + length, pseudo);
  if (sum % 0xffff === 0) out.checksum = CHECKSUM.good;
  else badOrPartial(view, out, pseudo, sum);
}

/** A host that offloads leaves the sum of the pseudo header in the field, with the length or (for a large send) without. */
function badOrPartial(view: DataView, out: SegmentView, pseudo: number, sum: number): void {
  const field = view.getUint16(out.tcpAt + CHECKSUM_FIELD);
  const left = (pseudo - field) % 0xffff;
  out.checksum = left === 0 || left === out.tcpLength % 0xffff ? CHECKSUM.partial : CHECKSUM.bad;
  if (out.checksum === CHECKSUM.partial) {
    const rest = (sum + 0xffff - field) % 0xffff;
    out.finishedChecksum = rest === 0 ? 0 : 0xffff - rest;
  }
}

/** As `verifyTcp4`, with IPv6's pseudo header (RFC 8200 8.1). Extension headers may hold the addresses that count. */
export function verifyTcp6(view: DataView, out: SegmentView, sourceAt: number, destinationAt: number): void {
  const at = out.tcpAt;
  const length = out.tcpLength;
  if (out.tcpEnd - at < length) {
    out.checksum = CHECKSUM.unverified;
    return;
  }
  let sum = TCP + (length & 0xffff) + (length >>> 16);
  const adjacent = destinationAt === sourceAt + 16;
  sum = addWords(view, sourceAt, adjacent ? sourceAt + 32 : sourceAt + 16, sum);
  if (!adjacent) sum = addWords(view, destinationAt, destinationAt + 16, sum);
  const whole = addWords(view, at, at + length, sum);
  if (whole % 0xffff === 0) out.checksum = CHECKSUM.good;
  else badOrPartial(view, out, sum, whole);
}
