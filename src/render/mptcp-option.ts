import { ACK, SYN } from '../wire/segment.ts';
import {
  ascii,
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
  bytes: Uint8Array,
  start: number,
  octets: Uint8Array,
  view: DataView,
  option: number,
  length: number,
  flags: number,
): number {
  if (length < 3) return ~start;
  bytes[start] = SPACE;
  let at = putShort(bytes, start + 1, length);
  bytes[at++] = SPACE;
  const subtype = Math.min(octets[option + 2]! >> 4, UNKNOWN);
  at = putText(bytes, at, SUBTYPES[subtype]!);
  switch (subtype) {
    case CAPABLE:
      return putCapable(bytes, at, octets, view, option, length, flags);
    case JOIN:
      return putJoin(bytes, at, octets, view, option, length, flags);
    case DATA_SEQUENCE:
      return putDataSequence(bytes, at, octets, view, option, length, flags);
    case ADD_ADDRESS:
      return putAddAddress(bytes, at, octets, view, option, length);
    case REMOVE_ADDRESS:
      return putRemoveAddress(bytes, at, octets, option, length);
    case PRIORITY:
      return putPriority(bytes, at, octets, option, length);
    case FAIL:
      if (length !== 12) return ~at;
      at = putText(bytes, at, SEQUENCE);
      return putUnsigned64(bytes, at, view.getInt32(option + 4), view.getInt32(option + 8));
    case FAST_CLOSE:
      if (length !== 12) return ~at;
      return putLongHex(bytes, putText(bytes, at, KEY), view, option + 4);
    default:
      return at;
  }
}

function putCapable(
  bytes: Uint8Array,
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
    const at = putShort(bytes, putText(bytes, start, UNKNOWN_VERSION), version);
    bytes[at] = CLOSE_PARENTHESIS;
    return at + 1;
  }
  let at = putShort(bytes, putText(bytes, start, VERSION), version);
  if ((octets[option + 3]! & CHECKSUM_REQUIRED) !== 0) at = putText(bytes, at, CHECKSUM);
  if (length === 4) return at;
  at = putLongHex(bytes, putText(bytes, at, OPEN_KEYS), view, option + 4);
  if (length >= 20) {
    bytes[at++] = COMMA;
    at = putLongHex(bytes, putText(bytes, at, HEXADECIMAL), view, option + 12);
  }
  bytes[at] = CLOSE_BRACE;
  return at + 1;
}

function putJoin(
  bytes: Uint8Array,
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
    return putHexOctets(bytes, putText(bytes, start, HMAC), octets, option + 4, option + 24);
  }
  let at = start;
  if ((octets[option + 2]! & BACKUP_BIT) !== 0) at = putText(bytes, at, BACKUP);
  at = putShort(bytes, putText(bytes, at, ID), octets[option + 3]!);
  if (length === 12) at = putHex(bytes, putText(bytes, at, TOKEN), view.getInt32(option + 4));
  else at = putLongHex(bytes, putText(bytes, at, HMAC), view, option + 4);
  return putHex(bytes, putText(bytes, at, NONCE), view.getInt32(option + length - 4));
}

/** DSS (RFC 8684 3.3): acknowledgment and mapping, each of 4 or 8 octets by the flags. */
function putDataSequence(
  bytes: Uint8Array,
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
  if ((bits & DATA_FIN) !== 0) at = putText(bytes, at, FIN);
  if ((bits & ACK_PRESENT) !== 0) {
    at = putText(bytes, at, ACKNOWLEDGMENT);
    const size = (bits & ACK_IS_LONG) !== 0 ? 8 : 4;
    if (end - next < size) return ~at;
    at = putNumber(bytes, at, view, next, size);
    next += size;
  }
  if ((bits & MAPPING_PRESENT) !== 0) {
    at = putText(bytes, at, SEQUENCE);
    const size = (bits & SEQUENCE_IS_LONG) !== 0 ? 8 : 4;
    if (end - next < size) return ~at;
    at = putNumber(bytes, at, view, next, size);
    next += size;
    if (end - next < 4) return ~at;
    at = putUnsigned(bytes, putText(bytes, at, SUBFLOW_SEQUENCE), view.getInt32(next));
    next += 4;
    if (end - next < 2) return ~at;
    at = putUnsigned(bytes, putText(bytes, at, LENGTH), view.getUint16(next));
    next += 2;
    if (end - next >= 2) {
      at = putHex(bytes, putText(bytes, at, MAPPING_CHECKSUM), view.getUint16(next));
      next += 2;
    }
  }
  return next === end ? at : ~at;
}

function putAddAddress(
  bytes: Uint8Array,
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
  let at = putText(bytes, start, echo < ADDRESS_KINDS.length ? ADDRESS_KINDS[echo]! : BAD_ECHO);
  at = putShort(bytes, putText(bytes, at, ID), octets[option + 3]!);
  bytes[at++] = SPACE;
  let next = option + 4;
  if (ipv4) at = putIpv4(bytes, at, view.getInt32(next));
  else at = putIpv6(bytes, at, view, next);
  next += ipv4 ? 4 : 16;
  const rest = option + length - next;
  if (rest === 2 || rest === 10) {
    bytes[at++] = COLON;
    at = putUnsigned(bytes, at, view.getUint16(next));
    next += 2;
  }
  return rest >= 8 ? putLongHex(bytes, putText(bytes, at, HMAC), view, next) : at;
}

function putRemoveAddress(
  bytes: Uint8Array,
  start: number,
  octets: Uint8Array,
  option: number,
  length: number,
): number {
  if (length < 4) return ~start;
  let at = putText(bytes, start, IDS);
  for (let i = option + 3; i < option + length; i++) {
    bytes[at++] = SPACE;
    at = putShort(bytes, at, octets[i]!);
  }
  return at;
}

function putPriority(bytes: Uint8Array, start: number, octets: Uint8Array, option: number, length: number): number {
  if (length !== 3 && length !== 4) return ~start;
  const at = putText(bytes, start, (octets[option + 2]! & BACKUP_BIT) !== 0 ? BACKUP : NOT_BACKUP);
  return length === 4 ? putShort(bytes, putText(bytes, at, ID), octets[option + 3]!) : at;
}

function putNumber(bytes: Uint8Array, at: number, view: DataView, from: number, size: number): number {
  if (size === 4) return putUnsigned(bytes, at, view.getInt32(from));
  return putUnsigned64(bytes, at, view.getInt32(from), view.getInt32(from + 4));
}

function putLongHex(bytes: Uint8Array, at: number, view: DataView, from: number): number {
  return putHex64(bytes, at, view.getInt32(from), view.getInt32(from + 4));
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
const SUBTYPES: readonly Uint8Array[] = [
  'capable',
  'join',
  'dss',
  'add-addr',
  'rem-addr',
  'prio',
  'fail',
  'fast-close',
  'unknown',
].map(ascii);

/** Bits of MP_CAPABLE, MP_JOIN and MP_PRIO, and of DSS (RFC 8684 3.1, 3.2, 3.3). */
const CHECKSUM_REQUIRED = 0x80;
const BACKUP_BIT = 0x01;
const ACK_PRESENT = 0x01;
const ACK_IS_LONG = 0x02;
const MAPPING_PRESENT = 0x04;
const SEQUENCE_IS_LONG = 0x08;
const DATA_FIN = 0x10;

const SPACE = 0x20;
const CLOSE_PARENTHESIS = 0x29;
const COMMA = 0x2c;
const COLON = 0x3a;
const CLOSE_BRACE = 0x7d;

const UNKNOWN_VERSION = ascii(' Unknown Version (');
const VERSION = ascii(' v');
const CHECKSUM = ascii(' csum');
const OPEN_KEYS = ascii(' {0x');
const HEXADECIMAL = ascii('0x');
const HMAC = ascii(' hmac 0x');
const BACKUP = ascii(' backup');
const NOT_BACKUP = ascii(' non-backup');
const ID = ascii(' id ');
const IDS = ascii(' id');
const TOKEN = ascii(' token 0x');
const NONCE = ascii(' nonce 0x');
const FIN = ascii(' fin');
const ACKNOWLEDGMENT = ascii(' ack ');
const SEQUENCE = ascii(' seq ');
const SUBFLOW_SEQUENCE = ascii(' subseq ');
const LENGTH = ascii(' len ');
const MAPPING_CHECKSUM = ascii(' csum 0x');
const KEY = ascii(' key 0x');

/** What the low half of ADD_ADDR's third octet says (RFC 6824: the address's version; RFC 8684: the echo bit). */
const ADDRESS_KINDS: readonly Uint8Array[] = [
  ' v1',
  ' v1-echo',
  ' [bad version/echo]',
  ' [bad version/echo]',
  ' v0-ip4',
  ' [bad version/echo]',
  ' v0-ip6',
].map(ascii);
const BAD_ECHO = ascii(' [bad version/echo]');
