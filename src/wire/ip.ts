import type { Datagram } from './fragments.ts';
import { LAYER } from './layers.ts';
import { CHECKSUM, WIRE } from './segment.ts';
import { MIN_TCP_HEADER, readTcp, verifyTcp4, verifyTcp6 } from './tcp.ts';
import { NEXT, type Next, type PacketWalk } from './walk.ts';

/** IP protocol numbers (IANA). */
export const IP_PROTOCOL = {
  hopByHop: 0,
  icmp: 1,
  ipv4: 4,
  tcp: 6,
  udp: 17,
  ipv6: 41,
  routing: 43,
  fragment: 44,
  gre: 47,
  authentication: 51,
  icmpv6: 58,
  destination: 60,
  mobility: 135,
  mplsInIp: 137,
  hostIdentity: 139,
  shim6: 140,
} as const;

const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;

/** IPv4 or IPv6, by the version that the header itself claims. */
export function ip(walk: PacketWalk): Next {
  if (walk.kept() < 1) return walk.stop(WIRE.other);
  const version = walk.view.getUint8(walk.at) >> 4;
  if (version === 4) return NEXT.ipv4;
  return version === 6 ? NEXT.ipv6 : walk.stop(WIRE.other);
}

/** An IPv4 header with its options (RFC 791 3.1). */
export function ipv4(walk: PacketWalk): Next {
  const { view, at, out } = walk;
  if (walk.kept() < 20) return walk.stop(WIRE.other);
  const first = view.getUint8(at);
  const headerLength = (first & 15) * 4;
  if (first >> 4 !== 4 || headerLength < 20) return walk.stop(WIRE.other);
  let length = view.getUint16(at + 2);
  if (length === 0) {
    // Segmentation offload: the host's own capture has no length yet. The frame is the packet.
    length = walk.wireEnd - at;
    walk.odd = true;
  }
  if (length < headerLength) return walk.stop(WIRE.other);
  enterIp(walk, length);
  out.ipVersion = 4;
  out.sourceAt = at + 12;
  out.destinationAt = at + 16;
  out.ttl = view.getUint8(at + 8);
  out.ipId = view.getUint16(at + 4);
  walk.finalSourceAt = at + 12;
  walk.finalDestinationAt = at + 16;
  walk.push(LAYER.ip);
  if (!walk.skip(headerLength)) return walk.stop(WIRE.other);
  walk.protocol = view.getUint8(at + 9);
  const fragment = view.getUint16(at + 6);
  if ((fragment & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) === 0) return NEXT.ipProtocol;
  const key = `4 ${textOf(walk, at + 12, 8)}${textOf(walk, at + 4, 2)}${walk.protocol}`;
  return takeFragment(walk, key, at, (fragment & FRAGMENT_OFFSET) * 8, (fragment & MORE_FRAGMENTS) !== 0);
}

/** An IPv6 header (RFC 8200 3). Its extension headers follow, each of them an `ipProtocol`. */
export function ipv6(walk: PacketWalk): Next {
  const { view, at, out } = walk;
  if (walk.kept() < 40 || view.getUint8(at) >> 4 !== 6) return walk.stop(WIRE.other);
  const payloadLength = view.getUint16(at + 4);
  walk.protocol = view.getUint8(at + 6);
  // 0 is a jumbogram (RFC 2675), whose option then tells its length, or segmentation offload.
  if (payloadLength > 0) enterIp(walk, 40 + payloadLength);
  else {
    enterIp(walk, walk.wireEnd - at);
    walk.odd = true;
  }
  out.ipVersion = 6;
  out.sourceAt = at + 8;
  out.destinationAt = at + 24;
  out.ttl = view.getUint8(at + 7);
  out.ipId = -1;
  walk.finalSourceAt = at + 8;
  walk.finalDestinationAt = at + 24;
  walk.push(LAYER.ip6);
  walk.skip(40);
  return NEXT.ipProtocol;
}

/** The packet is `length` octets long, whatever the frame says: padding is cut off, and a frame can be too short. */
function enterIp(walk: PacketWalk, length: number): void {
  const end = walk.at + length;
  if (end > walk.wireEnd) walk.odd = true;
  walk.wireEnd = end;
  if (walk.roomEnd > end) walk.roomEnd = end;
  if (walk.end > end) walk.end = end;
  walk.out.ipAt = walk.at;
}

/** Hop-by-hop and destination options, mobility, HIP and shim6 headers: next header, length in 8 octets less one. */
export function extensionHeader(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (walk.kept() < 8) return walk.stop(WIRE.other);
  const kind = walk.protocol;
  const length = (view.getUint8(at + 1) + 1) * 8;
  walk.odd = true;
  if (!walk.skip(length)) return walk.stop(WIRE.other);
  if (kind === IP_PROTOCOL.hopByHop || kind === IP_PROTOCOL.destination) readOptions(walk, at + 2, at + length);
  walk.protocol = view.getUint8(at);
  return NEXT.ipProtocol;
}

/** Kinds of the jumbo payload option (RFC 2675 2) and the home address option (RFC 6275 6.3). */
const JUMBO = 0xc2;
const HOME_ADDRESS = 0xc9;

function readOptions(walk: PacketWalk, at: number, end: number): void {
  const view = walk.view;
  let option = at;
  while (option + 2 <= end) {
    const kind = view.getUint8(option);
    if (kind === 0) {
      option++;
      continue;
    }
    const length = view.getUint8(option + 1) + 2;
    if (kind === JUMBO && length === 6 && option + 6 <= end) {
      const payloadLength = view.getUint32(option + 2);
      const past = walk.out.ipAt + 40 + payloadLength;
      if (past >= walk.at) walk.limit(past);
    }
    if (kind === HOME_ADDRESS && length === 18 && option + 18 <= end) walk.finalSourceAt = option + 2;
    option += length;
  }
}

/** A routing header: with segments left, its last address is the destination that TCP's checksum covers. */
export function routingHeader(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (walk.kept() < 8) return walk.stop(WIRE.other);
  const length = (view.getUint8(at + 1) + 1) * 8;
  const type = view.getUint8(at + 2);
  const left = view.getUint8(at + 3);
  walk.odd = true;
  if (!walk.skip(length)) return walk.stop(WIRE.other);
  // Types 0 and 2 list addresses in the order of travel, type 4 (RFC 8754) in reverse.
  if (left > 0 && length >= 24) {
    if (type === 0 || type === 2) walk.finalDestinationAt = at + length - 16;
    else if (type === 4) walk.finalDestinationAt = at + 8;
  }
  walk.protocol = view.getUint8(at);
  return NEXT.ipProtocol;
}

/** A fragment header (RFC 8200 4.5). One that holds the whole packet (RFC 6946) is no fragment. */
export function fragmentHeader(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (walk.out.ipVersion !== 6 || !walk.skip(8)) return walk.stop(WIRE.other);
  walk.odd = true;
  walk.protocol = view.getUint8(at);
  const word = view.getUint16(at + 2);
  const more = (word & 1) !== 0;
  const offset = word & 0xfff8;
  if (offset === 0 && !more) return NEXT.ipProtocol;
  const ipAt = walk.out.ipAt;
  return takeFragment(walk, `6 ${textOf(walk, ipAt + 8, 32)}${textOf(walk, at + 4, 4)}`, ipAt, offset, more);
}

/** Octets as a string, to look up a datagram. */
function textOf(walk: PacketWalk, at: number, length: number): string {
  return String.fromCharCode.apply(null, walk.bytes.subarray(at, at + length) as unknown as number[]);
}

/** Hands a fragment over; goes on with the datagram when it is whole, and else with the first fragment only. */
function takeFragment(walk: PacketWalk, key: string, ipAt: number, offset: number, more: boolean): Next {
  walk.odd = true;
  if (!walk.quoted && !walk.partial) {
    const datagram = walk.fragments.add(walk, key, ipAt, offset, more);
    if (offset === 0) walk.out.firstFragmentFrame = walk.out.frame;
    if (datagram?.whole) return enterDatagram(walk, datagram);
  }
  if (offset > 0) return walk.stop(WIRE.other);
  walk.partial = true;
  return NEXT.ipProtocol;
}

/** Goes on behind the IP header of a datagram that was put together, in its own buffer. */
function enterDatagram(walk: PacketWalk, datagram: Datagram): Next {
  const out = walk.out;
  const ipAt = datagram.ipAt;
  walk.bytes = datagram.bytes;
  walk.view = datagram.view;
  walk.at = datagram.payloadAt;
  walk.wireEnd = walk.at + datagram.total;
  walk.roomEnd = walk.wireEnd;
  walk.end = walk.at + Math.min(datagram.total, datagram.keptEnd);
  walk.protocol = datagram.protocol;
  walk.firstFragmentEnd = walk.at + datagram.firstLength;
  walk.finalSourceAt = ipAt + datagram.finalSource;
  walk.finalDestinationAt = ipAt + datagram.finalDestination;
  out.bytes = datagram.bytes;
  out.view = datagram.view;
  out.ipAt = ipAt;
  out.sourceAt = ipAt + (out.ipVersion === 4 ? 12 : 8);
  out.destinationAt = ipAt + (out.ipVersion === 4 ? 16 : 24);
  out.reassembled = 1;
  out.firstFragmentFrame = datagram.firstFrame;
  return NEXT.ipProtocol;
}

const ETHERNET = 1;
/** Ethernet, IP, TCP. */
const PLAIN_DEPTH = 3;

/** The TCP header that a packet led to. */
export function tcp(walk: PacketWalk): Next {
  const { view, out } = walk;
  // Without ports it is nobody's.
  if (walk.kept() < 4) return walk.stop(WIRE.other);
  const result = readTcp(view, walk.at, walk.end, walk.wireEnd - walk.at, out);
  const room = walk.roomEnd - walk.at - out.headerLength;
  if (room < out.payloadLength) out.roomLength = Math.max(room, 0);
  walk.push(LAYER.tcp);
  out.layers = walk.layers;
  out.split = walk.split;
  out.plain = out.linkType === ETHERNET && walk.depth === PLAIN_DEPTH && !walk.odd ? 1 : 0;
  out.checksum = CHECKSUM.unverified;
  if (walk.quoted) return quotedTcp(walk);
  if (walk.partial) {
    out.fragmentPayloadLength = out.payloadLength;
    return walk.stop(result === WIRE.segment ? WIRE.firstFragment : WIRE.other);
  }
  out.firstFragmentFrame = out.reassembled === 1 ? out.firstFragmentFrame : 0;
  if (out.reassembled === 1) out.fragmentPayloadLength = walk.firstFragmentEnd - walk.at - out.headerLength;
  if (result === WIRE.segment && walk.options.verifyChecksums) {
    const verify = out.ipVersion === 4 ? verifyTcp4 : verifyTcp6;
    verify(view, out, walk.finalSourceAt, walk.finalDestinationAt);
  }
  return walk.stop(result);
}

/** TCP that an ICMP error quotes: at least ports and sequence number (RFC 792: 64 bits). */
function quotedTcp(walk: PacketWalk): Next {
  const out = walk.out;
  const kept = walk.end - walk.at;
  if (kept < MIN_QUOTED) return walk.stop(WIRE.other);
  const headerLength = Math.max(out.headerLength, MIN_TCP_HEADER);
  out.quotedLength = Math.min(kept, headerLength);
  out.payloadLength = Math.max(0, out.tcpLength - headerLength);
  return walk.stop(WIRE.icmpQuote);
}

const MIN_QUOTED = 8;

/** ICMP errors, which quote the packet they are about: 3, 4, 5, 11, 12 (RFC 792), and 1 to 4 (RFC 4443). */
export function icmp(walk: PacketWalk): Next {
  const { view, at, out } = walk;
  if (walk.quoted || walk.partial || walk.kept() < 8) return walk.stop(WIRE.other);
  const type = view.getUint8(at);
  const quotes =
    walk.protocol === IP_PROTOCOL.icmpv6
      ? type >= 1 && type <= 4
      : type === 3 || type === 4 || type === 5 || type === 11 || type === 12;
  if (!quotes) return walk.stop(WIRE.other);
  out.icmpType = type;
  out.icmpCode = view.getUint8(at + 1);
  out.icmpAt = at;
  out.outerIpAt = out.ipAt;
  out.outerIpVersion = out.ipVersion;
  walk.push(LAYER.icmp);
  walk.skip(8);
  walk.quoted = true;
  return NEXT.ip;
}
