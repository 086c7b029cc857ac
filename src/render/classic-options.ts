import { ascii, putHexOctets, putShort, putText, putUnsigned } from './put.ts';

/**
 * The options of a TCP header as tcpdump and WinDump 3.9 print them, from `<` to `>`: 1 KiB at most.
 *
 * @param from first octet of the options
 * @param length octets of options by the data offset, more than 0
 * @param end first octet past what was kept of the segment
 * @param ackBase what the edges of SACK blocks are told relative to
 * @returns where the next octet goes
 */
export function putClassicOptions(
  bytes: Uint8Array,
  start: number,
  octets: Uint8Array,
  view: DataView,
  from: number,
  length: number,
  end: number,
  ackBase: number,
): number {
  let at = start;
  let next = from;
  let left = length;
  bytes[at++] = LESS;
  while (left > 0) {
    if (next > from) bytes[at++] = COMMA;
    if (next >= end) return putText(bytes, at, CUT);
    const kind = octets[next++]!;
    left--;
    if (kind <= NOP) {
      at = putText(bytes, at, kind === NOP ? NOP_TEXT : EOL_TEXT);
      if (kind === NOP) continue;
      break;
    }
    if (next >= end) return putText(bytes, at, CUT);
    const size = octets[next++]!;
    if (size < 2 || size > left + 1) return putText(bytes, at, BAD);
    left--;
    at = putName(bytes, at, kind);
    const data = dataOf(kind, size - 2);
    if (data > left) return putText(bytes, at, BAD);
    if (next + data > end) return putText(bytes, at, CUT);
    at = putData(bytes, at, kind, octets, view, next, data, ackBase);
    next += data;
    left -= data;
    if (data + 2 !== size) {
      at = putShort(bytes, putText(bytes, at, WITH_LENGTH), size);
      bytes[at++] = CLOSE;
    }
  }
  bytes[at] = GREATER;
  return at + 1;
}

/** Octets of data that belong to an option by its kind, whatever its length says; without a kind's own, `size`. */
function dataOf(kind: number, size: number): number {
  const fixed = FIXED_SIZE.get(kind);
  return fixed === undefined ? size : fixed;
}

function putName(bytes: Uint8Array, start: number, kind: number): number {
  const name = NAMES.get(kind);
  if (name !== undefined) return putText(bytes, start, name);
  const at = putShort(bytes, putText(bytes, start, OPTION), kind);
  bytes[at] = COLON;
  return at + 1;
}

function putData(
  bytes: Uint8Array,
  start: number,
  kind: number,
  octets: Uint8Array,
  view: DataView,
  from: number,
  size: number,
  ackBase: number,
): number {
  let at = start;
  switch (kind) {
    case SACK_PERMITTED:
      return at;
    case MSS:
      bytes[at] = SPACE;
      return putUnsigned(bytes, at + 1, view.getUint16(from));
    case WINDOW_SCALE:
      bytes[at] = SPACE;
      return putShort(bytes, at + 1, octets[from]!);
    case TIMESTAMPS:
      bytes[at] = SPACE;
      at = putUnsigned(bytes, at + 1, view.getInt32(from));
      bytes[at] = SPACE;
      return putUnsigned(bytes, at + 1, view.getInt32(from + 4));
    case ECHO:
    case ECHO_REPLY:
    case CC:
    case CC_NEW:
    case CC_ECHO:
      bytes[at] = SPACE;
      return putUnsigned(bytes, at + 1, view.getInt32(from));
    case SACK:
      return putSack(bytes, at, view, from, size, ackBase);
    default:
      return putHexOctets(bytes, at, octets, from, from + size);
  }
}

function putSack(
  bytes: Uint8Array,
  start: number,
  view: DataView,
  from: number,
  size: number,
  ackBase: number,
): number {
  if (size % 8 !== 0) return putText(bytes, start, MALFORMED_SACK);
  let at = putShort(bytes, putText(bytes, start, SACK_TEXT), size / 8);
  bytes[at++] = SPACE;
  for (let i = 0; i < size; i += 8) {
    bytes[at] = OPEN_BRACE;
    at = putUnsigned(bytes, at + 1, (view.getInt32(from + i) - ackBase) | 0);
    bytes[at] = COLON;
    at = putUnsigned(bytes, at + 1, (view.getInt32(from + i + 4) - ackBase) | 0);
    bytes[at++] = CLOSE_BRACE;
  }
  return at;
}

/** Option kinds (IANA TCP parameters). */
const NOP = 1;
const MSS = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const ECHO = 6;
const ECHO_REPLY = 7;
const TIMESTAMPS = 8;
const CC = 11;
const CC_NEW = 12;
const CC_ECHO = 13;
const MD5 = 19;

const FIXED_SIZE: ReadonlyMap<number, number> = new Map([
  [MSS, 2],
  [WINDOW_SCALE, 1],
  [SACK_PERMITTED, 0],
  [ECHO, 4],
  [ECHO_REPLY, 4],
  [TIMESTAMPS, 8],
  [CC, 4],
  [CC_NEW, 4],
  [CC_ECHO, 4],
  [MD5, 16],
]);

/** SACK writes its own, after its shape was looked at. */
const NAMES: ReadonlyMap<number, Uint8Array> = new Map([
  [MSS, ascii('mss')],
  [WINDOW_SCALE, ascii('wscale')],
  [SACK_PERMITTED, ascii('sackOK')],
  [SACK, ascii('')],
  [ECHO, ascii('echo')],
  [ECHO_REPLY, ascii('echoreply')],
  [TIMESTAMPS, ascii('timestamp')],
  [CC, ascii('cc')],
  [CC_NEW, ascii('ccnew')],
  [CC_ECHO, ascii('ccecho')],
  [MD5, ascii('md5:')],
]);

const SPACE = 0x20;
const COMMA = 0x2c;
const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;
const CLOSE = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const NOP_TEXT = ascii('nop');
const EOL_TEXT = ascii('eol');
const OPTION = ascii('opt-');
const SACK_TEXT = ascii('sack ');
const MALFORMED_SACK = ascii('malformed sack');
const WITH_LENGTH = ascii('[len ');
const BAD = ascii('[bad opt]>');
const CUT = ascii('[|tcp]>');
