import type { Constant } from '../bytes/writer.ts';
import { constant, putHexOctets, putShort, putText, putUnsigned } from './put.ts';

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
  to: DataView,
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
  to.setUint8(at++, LESS);
  while (left > 0) {
    if (next > from) to.setUint8(at++, COMMA);
    if (next >= end) return putText(to, at, CUT);
    const kind = octets[next++]!;
    left--;
    if (kind <= NOP) {
      at = putText(to, at, kind === NOP ? NOP_TEXT : EOL_TEXT);
      if (kind === NOP) continue;
      break;
    }
    if (next >= end) return putText(to, at, CUT);
    const size = octets[next++]!;
    if (size < 2 || size > left + 1) return putText(to, at, BAD);
    left--;
    at = putName(to, at, kind);
    const data = dataOf(kind, size - 2);
    if (data > left) return putText(to, at, BAD);
    if (next + data > end) return putText(to, at, CUT);
    at = putData(to, at, kind, octets, view, next, data, ackBase);
    next += data;
    left -= data;
    if (data + 2 !== size) {
      at = putShort(to, putText(to, at, WITH_LENGTH), size);
      to.setUint8(at++, CLOSE);
    }
  }
  to.setUint8(at, GREATER);
  return at + 1;
}

/** Octets of data that belong to an option by its kind, whatever its length says; without a kind's own, `size`. */
function dataOf(kind: number, size: number): number {
  const fixed = FIXED_SIZE.get(kind);
  return fixed === undefined ? size : fixed;
}

function putName(to: DataView, start: number, kind: number): number {
  const name = NAMES.get(kind);
  if (name !== undefined) return putText(to, start, name);
  const at = putShort(to, putText(to, start, OPTION), kind);
  to.setUint8(at, COLON);
  return at + 1;
}

function putData(
  to: DataView,
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
      to.setUint8(at, SPACE);
      return putUnsigned(to, at + 1, view.getUint16(from));
    case WINDOW_SCALE:
      to.setUint8(at, SPACE);
      return putShort(to, at + 1, octets[from]!);
    case TIMESTAMPS:
      to.setUint8(at, SPACE);
      at = putUnsigned(to, at + 1, view.getInt32(from));
      to.setUint8(at, SPACE);
      return putUnsigned(to, at + 1, view.getInt32(from + 4));
    case ECHO:
    case ECHO_REPLY:
    case CC:
    case CC_NEW:
    case CC_ECHO:
      to.setUint8(at, SPACE);
      return putUnsigned(to, at + 1, view.getInt32(from));
    case SACK:
      return putSack(to, at, view, from, size, ackBase);
    default:
      return putHexOctets(to, at, octets, from, from + size);
  }
}

function putSack(to: DataView, start: number, view: DataView, from: number, size: number, ackBase: number): number {
  if (size % 8 !== 0) return putText(to, start, MALFORMED_SACK);
  let at = putShort(to, putText(to, start, SACK_TEXT), size / 8);
  to.setUint8(at++, SPACE);
  for (let i = 0; i < size; i += 8) {
    to.setUint8(at, OPEN_BRACE);
    at = putUnsigned(to, at + 1, (view.getInt32(from + i) - ackBase) | 0);
    to.setUint8(at, COLON);
    at = putUnsigned(to, at + 1, (view.getInt32(from + i + 4) - ackBase) | 0);
    to.setUint8(at++, CLOSE_BRACE);
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
const NAMES: ReadonlyMap<number, Constant> = new Map([
  [MSS, constant('mss')],
  [WINDOW_SCALE, constant('wscale')],
  [SACK_PERMITTED, constant('sackOK')],
  [SACK, constant('')],
  [ECHO, constant('echo')],
  [ECHO_REPLY, constant('echoreply')],
  [TIMESTAMPS, constant('timestamp')],
  [CC, constant('cc')],
  [CC_NEW, constant('ccnew')],
  [CC_ECHO, constant('ccecho')],
  [MD5, constant('md5:')],
]);

const SPACE = 0x20;
const COMMA = 0x2c;
const COLON = 0x3a;
const LESS = 0x3c;
const GREATER = 0x3e;
const CLOSE = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

const NOP_TEXT = constant('nop');
const EOL_TEXT = constant('eol');
const OPTION = constant('opt-');
const SACK_TEXT = constant('sack ');
const MALFORMED_SACK = constant('malformed sack');
const WITH_LENGTH = constant('[len ');
const BAD = constant('[bad opt]>');
const CUT = constant('[|tcp]>');
