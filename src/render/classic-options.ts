import { ASCII } from '../bytes/ascii.ts';
import type { Constant } from '../bytes/writer.ts';
import { KIND } from '../wire/option-kinds.ts';
import { constant, putHexOctets, putShort, putText, putUnsigned } from './put.ts';

/**
 * The options of a TCP header as tcpdump and WinDump 3.9 print them, from `<` to `>`: 1 KiB at most.
 *
 * @param from first octet of the options
 * @param length octets of options by the data offset, more than 0
 * @param end first octet past what was kept of the segment
 * @param ackBase what the edges of KIND.sack blocks are told relative to
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
  to.setUint8(at++, ASCII.less);
  while (left > 0) {
    if (next > from) to.setUint8(at++, ASCII.comma);
    if (next >= end) return putText(to, at, CUT);
    const kind = octets[next++]!;
    left--;
    if (kind <= KIND.noOperation) {
      at = putText(to, at, kind === KIND.noOperation ? NOP_TEXT : EOL_TEXT);
      if (kind === KIND.noOperation) continue;
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
      to.setUint8(at++, ASCII.closeBracket);
    }
  }
  to.setUint8(at, ASCII.greater);
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
  to.setUint8(at, ASCII.colon);
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
    case KIND.sackPermitted:
      return at;
    case KIND.mss:
      to.setUint8(at, ASCII.space);
      return putUnsigned(to, at + 1, view.getUint16(from));
    case KIND.windowScale:
      to.setUint8(at, ASCII.space);
      return putShort(to, at + 1, octets[from]!);
    case KIND.timestamps:
      to.setUint8(at, ASCII.space);
      at = putUnsigned(to, at + 1, view.getInt32(from));
      to.setUint8(at, ASCII.space);
      return putUnsigned(to, at + 1, view.getInt32(from + 4));
    case KIND.echo:
    case KIND.echoReply:
    case KIND.cc:
    case KIND.ccNew:
    case KIND.ccEcho:
      to.setUint8(at, ASCII.space);
      return putUnsigned(to, at + 1, view.getInt32(from));
    case KIND.sack:
      return putSack(to, at, view, from, size, ackBase);
    default:
      return putHexOctets(to, at, octets, from, from + size);
  }
}

function putSack(to: DataView, start: number, view: DataView, from: number, size: number, ackBase: number): number {
  if (size % 8 !== 0) return putText(to, start, MALFORMED_SACK);
  let at = putShort(to, putText(to, start, SACK_TEXT), size / 8);
  to.setUint8(at++, ASCII.space);
  for (let i = 0; i < size; i += 8) {
    to.setUint8(at, ASCII.openBrace);
    at = putUnsigned(to, at + 1, (view.getInt32(from + i) - ackBase) | 0);
    to.setUint8(at, ASCII.colon);
    at = putUnsigned(to, at + 1, (view.getInt32(from + i + 4) - ackBase) | 0);
    to.setUint8(at++, ASCII.closeBrace);
  }
  return at;
}

const FIXED_SIZE: ReadonlyMap<number, number> = new Map([
  [KIND.mss, 2],
  [KIND.windowScale, 1],
  [KIND.sackPermitted, 0],
  [KIND.echo, 4],
  [KIND.echoReply, 4],
  [KIND.timestamps, 8],
  [KIND.cc, 4],
  [KIND.ccNew, 4],
  [KIND.ccEcho, 4],
  [KIND.md5, 16],
]);

/** KIND.sack writes its own, after its shape was looked at. */
const NAMES: ReadonlyMap<number, Constant> = new Map([
  [KIND.mss, constant('mss')],
  [KIND.windowScale, constant('wscale')],
  [KIND.sackPermitted, constant('sackOK')],
  [KIND.sack, constant('')],
  [KIND.echo, constant('echo')],
  [KIND.echoReply, constant('echoreply')],
  [KIND.timestamps, constant('timestamp')],
  [KIND.cc, constant('cc')],
  [KIND.ccNew, constant('ccnew')],
  [KIND.ccEcho, constant('ccecho')],
  [KIND.md5, constant('md5:')],
]);

const NOP_TEXT = constant('nop');
const EOL_TEXT = constant('eol');
const OPTION = constant('opt-');
const SACK_TEXT = constant('sack ');
const MALFORMED_SACK = constant('malformed sack');
const WITH_LENGTH = constant('[len ');
const BAD = constant('[bad opt]>');
const CUT = constant('[|tcp]>');
