import { ASCII } from '../bytes/ascii.ts';
import type { Constant } from '../bytes/writer.ts';
import { ACK, SYN } from '../wire/segment.ts';
import {
  constant,
  putHex,
  putHex64,
  putHexOctets,
  putIpv4,
  putIpv6,
  putShort,
  putText,
  putUnsigned,
  putUnsigned64,
} from './put.ts';

/**
 * A Multipath TCP option (RFC 6824, RFC 8684) as tcpdump 4.99 prints it after `mptcp`.
 *
 * @param option the option's first octet, its kind; all its `length` octets were kept
 * @returns where the next octet goes, or the complement of that (`~at`) when the option is a bad one
 */
export function putMptcp(
  to: DataView,
  start: number,
  octets: Uint8Array,
  view: DataView,
  option: number,
  length: number,
  flags: number,
): number {
  if (length < 3) return ~start;
  to.setUint8(start, ASCII.space);
  let at = putShort(to, start + 1, length);
  to.setUint8(at++, ASCII.space);
  const subtype = Math.min(octets[option + 2]! >> 4, UNKNOWN);
  at = putText(to, at, SUBTYPES[subtype]!);
  switch (subtype) {
    case CAPABLE:
      return putCapable(to, at, octets, view, option, length, flags);
    case JOIN:
      return putJoin(to, at, octets, view, option, length, flags);
    case DATA_SEQUENCE:
      return putDataSequence(to, at, octets, view, option, length, flags);
    case ADD_ADDRESS:
      return putAddAddress(to, at, octets, view, option, length);
    case REMOVE_ADDRESS:
      return putRemoveAddress(to, at, octets, option, length);
    case PRIORITY:
      return putPriority(to, at, octets, option, length);
    case FAIL:
      if (length !== 12) return ~at;
      at = putText(to, at, SEQUENCE);
      return putUnsigned64(to, at, view.getInt32(option + 4), view.getInt32(option + 8));
    case FAST_CLOSE:
      if (length !== 12) return ~at;
      return putLongHex(to, putText(to, at, KEY), view, option + 4);
    default:
      return at;
  }
}

function putCapable(
  to: DataView,
  start: number,
  octets: Uint8Array,
  view: DataView,
  option: number,
  length: number,
  flags: number,
): number {
  const opening = (length === 12 || length === 4) && (flags & SYN) !== 0;
  const closing = (length === 20 || length === 22) && (flags & (SYN | ACK)) === ACK;
  if (!opening && !closing) return ~start;
  const version = octets[option + 2]! & 0xf;
  if (version > 1) {
    const at = putShort(to, putText(to, start, UNKNOWN_VERSION), version);
    to.setUint8(at, ASCII.closeParenthesis);
    return at + 1;
  }
  let at = putShort(to, putText(to, start, VERSION), version);
  if ((octets[option + 3]! & CHECKSUM_REQUIRED) !== 0) at = putText(to, at, CHECKSUM);
  if (length === 4) return at;
  at = putLongHex(to, putText(to, at, OPEN_KEYS), view, option + 4);
  if (length >= 20) {
    to.setUint8(at++, ASCII.comma);
    at = putLongHex(to, putText(to, at, HEXADECIMAL), view, option + 12);
  }
  to.setUint8(at, ASCII.closeBrace);
  return at + 1;
}

function putJoin(
  to: DataView,
  start: number,
  octets: Uint8Array,
  view: DataView,
  option: number,
  length: number,
  flags: number,
): number {
  const syn = length === 12 && (flags & SYN) !== 0;
  const synAck = length === 16 && (flags & (SYN | ACK)) === (SYN | ACK);
  const ack = length === 24 && (flags & ACK) !== 0;
  if (!syn && !synAck && !ack) return ~start;
  if (length === 24) {
    return putHexOctets(to, putText(to, start, HMAC), octets, option + 4, option + 24);
  }
  let at = start;
  if ((octets[option + 2]! & BACKUP_BIT) !== 0) at = putText(to, at, BACKUP);
  at = putShort(to, putText(to, at, ID), octets[option + 3]!);
  if (length === 12) at = putHex(to, putText(to, at, TOKEN), view.getInt32(option + 4));
  else at = putLongHex(to, putText(to, at, HMAC), view, option + 4);
  return putHex(to, putText(to, at, NONCE), view.getInt32(option + length - 4));
}

/** DSS (RFC 8684 3.3): acknowledgment and mapping, each of 4 or 8 octets by the flags. */
function putDataSequence(
  to: DataView,
  start: number,
  octets: Uint8Array,
  view: DataView,
  option: number,
  length: number,
  flags: number,
): number {
  if (length < 4 || (flags & SYN) !== 0) return ~start;
  const bits = octets[option + 3]!;
  let at = start;
  let next = option + 4;
  const end = option + length;
  if ((bits & DATA_FIN) !== 0) at = putText(to, at, FIN);
  if ((bits & ACK_PRESENT) !== 0) {
    at = putText(to, at, ACKNOWLEDGMENT);
    const size = (bits & ACK_IS_LONG) !== 0 ? 8 : 4;
    if (end - next < size) return ~at;
    at = putNumber(to, at, view, next, size);
    next += size;
  }
  if ((bits & MAPPING_PRESENT) !== 0) {
    at = putText(to, at, SEQUENCE);
    const size = (bits & SEQUENCE_IS_LONG) !== 0 ? 8 : 4;
    if (end - next < size) return ~at;
    at = putNumber(to, at, view, next, size);
    next += size;
    if (end - next < 4) return ~at;
    at = putUnsigned(to, putText(to, at, SUBFLOW_SEQUENCE), view.getInt32(next));
    next += 4;
    if (end - next < 2) return ~at;
    at = putUnsigned(to, putText(to, at, LENGTH), view.getUint16(next));
    next += 2;
    if (end - next >= 2) {
      at = putHex(to, putText(to, at, MAPPING_CHECKSUM), view.getUint16(next));
      next += 2;
    }
  }
  return next === end ? at : ~at;
}

function putAddAddress(
  to: DataView,
  start: number,
  octets: Uint8Array,
  view: DataView,
  option: number,
  length: number,
): number {
  const ipv4 = length === 8 || length === 10 || length === 16 || length === 18;
  const ipv6 = length === 20 || length === 22 || length === 28 || length === 30;
  if (!ipv4 && !ipv6) return ~start;
  const echo = octets[option + 2]! & 0xf;
  let at = putText(to, start, echo < ADDRESS_KINDS.length ? ADDRESS_KINDS[echo]! : BAD_ECHO);
  at = putShort(to, putText(to, at, ID), octets[option + 3]!);
  to.setUint8(at++, ASCII.space);
  let next = option + 4;
  if (ipv4) at = putIpv4(to, at, view.getInt32(next));
  else at = putIpv6(to, at, view, next);
  next += ipv4 ? 4 : 16;
  const rest = option + length - next;
  if (rest === 2 || rest === 10) {
    to.setUint8(at++, ASCII.colon);
    at = putUnsigned(to, at, view.getUint16(next));
    next += 2;
  }
  return rest >= 8 ? putLongHex(to, putText(to, at, HMAC), view, next) : at;
}

function putRemoveAddress(to: DataView, start: number, octets: Uint8Array, option: number, length: number): number {
  if (length < 4) return ~start;
  let at = putText(to, start, IDS);
  for (let i = option + 3; i < option + length; i++) {
    to.setUint8(at++, ASCII.space);
    at = putShort(to, at, octets[i]!);
  }
  return at;
}

function putPriority(to: DataView, start: number, octets: Uint8Array, option: number, length: number): number {
  if (length !== 3 && length !== 4) return ~start;
  const at = putText(to, start, (octets[option + 2]! & BACKUP_BIT) !== 0 ? BACKUP : NOT_BACKUP);
  return length === 4 ? putShort(to, putText(to, at, ID), octets[option + 3]!) : at;
}

function putNumber(to: DataView, at: number, view: DataView, from: number, size: number): number {
  if (size === 4) return putUnsigned(to, at, view.getInt32(from));
  return putUnsigned64(to, at, view.getInt32(from), view.getInt32(from + 4));
}

function putLongHex(to: DataView, at: number, view: DataView, from: number): number {
  return putHex64(to, at, view.getInt32(from), view.getInt32(from + 4));
}

/** Subtypes (RFC 8684 8.1); tcpdump 4.99 knows these, and calls every other one unknown. */
const CAPABLE = 0;
const JOIN = 1;
const DATA_SEQUENCE = 2;
const ADD_ADDRESS = 3;
const REMOVE_ADDRESS = 4;
const PRIORITY = 5;
const FAIL = 6;
const FAST_CLOSE = 7;
const UNKNOWN = 8;
const SUBTYPES: readonly Constant[] = [
  'capable',
  'join',
  'dss',
  'add-addr',
  'rem-addr',
  'prio',
  'fail',
  'fast-close',
  'unknown',
].map(constant);

/** Bits of MP_CAPABLE, MP_JOIN and MP_PRIO, and of DSS (RFC 8684 3.1, 3.2, 3.3). */
const CHECKSUM_REQUIRED = 0x80;
const BACKUP_BIT = 0x01;
const ACK_PRESENT = 0x01;
const ACK_IS_LONG = 0x02;
const MAPPING_PRESENT = 0x04;
const SEQUENCE_IS_LONG = 0x08;
const DATA_FIN = 0x10;

const UNKNOWN_VERSION = constant(' Unknown Version (');
const VERSION = constant(' v');
const CHECKSUM = constant(' csum');
const OPEN_KEYS = constant(' {0x');
const HEXADECIMAL = constant('0x');
const HMAC = constant(' hmac 0x');
const BACKUP = constant(' backup');
const NOT_BACKUP = constant(' non-backup');
const ID = constant(' id ');
const IDS = constant(' id');
const TOKEN = constant(' token 0x');
const NONCE = constant(' nonce 0x');
const FIN = constant(' fin');
const ACKNOWLEDGMENT = constant(' ack ');
const SEQUENCE = constant(' seq ');
const SUBFLOW_SEQUENCE = constant(' subseq ');
const LENGTH = constant(' len ');
const MAPPING_CHECKSUM = constant(' csum 0x');
const KEY = constant(' key 0x');

/** What the low half of ADD_ADDR's third octet says (RFC 6824: the address's version; RFC 8684: the echo bit). */
const ADDRESS_KINDS: readonly Constant[] = [
  ' v1',
  ' v1-echo',
  ' [bad version/echo]',
  ' [bad version/echo]',
  ' v0-ip4',
  ' [bad version/echo]',
  ' v0-ip6',
].map(constant);
const BAD_ECHO = constant(' [bad version/echo]');
