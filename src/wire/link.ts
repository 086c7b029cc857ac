import { ETHERTYPE, pppoe } from './ethernet.ts';
import { LAYER, type Layer } from './layers.ts';
import { WIRE } from './segment.ts';
import { NEXT, type Next, type PacketWalk } from './walk.ts';
import { atm, classicalIp, juniper, multilinkFrameRelay, serial, sunAtm } from './wan.ts';
import { avs, ppi, prism, radiotap } from './wireless.ts';

/** The link layer header of a record, by its LINKTYPE_ value (tcpdump.org's registry of link-layer header types). */
export function link(walk: PacketWalk): Next {
  switch (walk.protocol) {
    case 0: // NULL
    case 108: // LOOP
      return loopback(walk);
    case 1: // ETHERNET
      return NEXT.ethernet;
    case 6: // IEEE802_5
      return tokenRing(walk);
    case 7: // ARCNET_BSD
      return arcnet(walk, 2);
    case 8: // SLIP
      return behind(walk, LAYER.slip, 16, NEXT.ip);
    case 9: // PPP
    case 50: // PPP_HDLC
      return serial(walk);
    case 166: // PPP_PPPD
      return NEXT.ppp;
    case 10: // FDDI
      return fddi(walk);
    case 11:
    case 100: // ATM_RFC1483
      return atm(walk);
    case 12:
    case 14:
    case 101: // RAW
    case 228: // IPV4
    case 229: // IPV6
      return behind(walk, LAYER.raw, 0, NEXT.ip);
    case 15: // SLIP_BSDOS
      return behind(walk, LAYER.slip, 24, NEXT.ip);
    case 19: // ATM_CLIP
      return classicalIp(walk);
    case 51: // PPP_ETHER
      return pppoe(walk);
    case 104: // C_HDLC
      return NEXT.chdlc;
    case 105: // IEEE802_11
      return NEXT.wlan;
    case 107: // FRELAY
      return NEXT.frameRelay;
    case 109: // ENC
      return behind(walk, LAYER.enc, 12, NEXT.ip);
    case 113: // LINUX_SLL
      return cooked(walk);
    case 117: // PFLOG
      return pflog(walk);
    case 119: // IEEE802_11_PRISM
      return prism(walk);
    case 123: // SUNATM
      return sunAtm(walk);
    case 127: // IEEE802_11_RADIOTAP
      return radiotap(walk);
    case 129: // ARCNET_LINUX
      return arcnet(walk, 4);
    case 130: // JUNIPER_MLPPP
      return juniper(walk, NEXT.ppp, 2);
    case 131: // JUNIPER_MLFR
    case 134: // JUNIPER_MFR
      return juniper(walk, NEXT.llc, 4);
    case 132: // JUNIPER_ES
      return juniper(walk, NEXT.ip, 6);
    case 135: // JUNIPER_ATM2
      return juniper(walk, NEXT.llc, 8);
    case 137: // JUNIPER_ATM1
      return juniper(walk, NEXT.llc, 4);
    case 138: // APPLE_IP_OVER_IEEE1394
      return typeLast(walk, LAYER.firewire, 18);
    case 149: // USER2, which macOS uses for PKTAP
    case 258: // PKTAP
      return pktap(walk);
    case 163: // IEEE802_11_AVS
      return avs(walk);
    case 178: // JUNIPER_ETHER
      return juniper(walk, NEXT.ethernet, 0);
    case 179: // JUNIPER_PPP
      return juniper(walk, NEXT.ppp, 0);
    case 180: // JUNIPER_FRELAY
      return juniper(walk, NEXT.frameRelay, 0);
    case 181: // JUNIPER_CHDLC
      return juniper(walk, NEXT.chdlc, 0);
    case 182: // MFR
      return multilinkFrameRelay(walk);
    case 192: // PPI
      return ppi(walk);
    case 204: // PPP_WITH_DIR
      return walk.skip(1) ? NEXT.ppp : walk.stop(WIRE.other);
    case 219: // MPLS
      return NEXT.mpls;
    case 226: // IPNET
      return behind(walk, LAYER.ipnet, 24, NEXT.ip);
    case 239: // NFLOG
      return nflog(walk);
    case 242: // IPOIB
      return ipoib(walk);
    case 274: // ETHERNET_MPACKET: seven octets of preamble and a delimiter
      return walk.skip(8) ? NEXT.ethernet : walk.stop(WIRE.other);
    case 276: // LINUX_SLL2
      return cooked2(walk);
    case 281: // DSA_TAG_BRCM
    case 284: // DSA_TAG_DSA
      return switchTag(walk, 4);
    case 282: // DSA_TAG_BRCM_PREPEND
      return walk.skip(4) ? NEXT.ethernet : walk.stop(WIRE.other);
    case 285: // DSA_TAG_EDSA
      return switchTag(walk, 8);
    default:
      return walk.stop(WIRE.unknownLink);
  }
}

/** A header of `length` octets of which nothing need be read. */
function behind(walk: PacketWalk, layer: Layer, length: number, next: Next): Next {
  if (!walk.skip(length)) return walk.stop(WIRE.other);
  walk.push(layer);
  return next;
}

/** A header of `length` octets that ends in an EtherType. */
function typeLast(walk: PacketWalk, layer: Layer, length: number): Next {
  if (!walk.skip(length)) return walk.stop(WIRE.other);
  walk.push(layer);
  return walk.by(NEXT.etherType, walk.view.getUint16(walk.at - 2));
}

/** BSD loopback: an address family in either byte order. AF_INET is 2 everywhere, AF_INET6 not: the packet tells. */
function loopback(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (!walk.skip(4)) return walk.stop(WIRE.other);
  walk.push(LAYER.null);
  const family = view.getUint32(at);
  const small = family > 0xffff ? view.getUint32(at, true) : family;
  // Some drivers write an EtherType, as Linux did.
  if (small >= 0x600) return walk.by(NEXT.etherType, small);
  return small > 0 ? NEXT.ip : walk.stop(WIRE.other);
}

/** Token Ring (IEEE 802.5): access and frame control, addresses, a source route when the source's first bit is set. */
function tokenRing(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (!walk.skip(14)) return walk.stop(WIRE.other);
  if ((view.getUint8(at + 1) & 0xc0) !== 0x40) return walk.stop(WIRE.other);
  if ((view.getUint8(at + 8) & 0x80) !== 0) {
    if (walk.kept() < 2 || !walk.skip(view.getUint8(walk.at) & 0x1e)) return walk.stop(WIRE.other);
  }
  walk.push(LAYER.tokenRing);
  return NEXT.llc;
}

/** FDDI: frame control, addresses. */
function fddi(walk: PacketWalk): Next {
  const control = walk.kept() >= 1 ? walk.view.getUint8(walk.at) : 0;
  if ((control & 0xf0) !== 0x50 || !walk.skip(13)) return walk.stop(WIRE.other);
  walk.push(LAYER.fddi);
  return NEXT.llc;
}

/** ARCNET protocol types (RFC 1201, RFC 1051, RFC 2497). */
const ARCNET = { oldIp: 0xf0, ipv6: 0xc4, ip: 0xd4 } as const;

/** ARCNET; `typeAt` is 2, or 4 behind the offset that Linux leaves in. */
function arcnet(walk: PacketWalk, typeAt: number): Next {
  const { view, at } = walk;
  if (!walk.skip(typeAt + 1)) return walk.stop(WIRE.other);
  walk.push(LAYER.arcnet);
  const type = view.getUint8(at + typeAt);
  if (type === ARCNET.oldIp) return NEXT.ip;
  if ((type !== ARCNET.ip && type !== ARCNET.ipv6) || !walk.skip(3)) return walk.stop(WIRE.other);
  // An exception packet has a padded header of four more octets; a split one that is not the first holds no header.
  const flag = view.getUint8(walk.at - 3);
  if (flag === 0xff) return walk.skip(4) ? NEXT.ip : walk.stop(WIRE.other);
  return flag !== 0 && (flag & 1) === 0 ? walk.stop(WIRE.other) : NEXT.ip;
}

/** PFLOG: its length in the first octet, padded to a multiple of four. */
function pflog(walk: PacketWalk): Next {
  if (walk.kept() < 4) return walk.stop(WIRE.other);
  const length = (walk.view.getUint8(walk.at) + 3) & ~3;
  return length < 4 ? walk.stop(WIRE.other) : behind(walk, LAYER.pflog, length, NEXT.ip);
}

/** Values of Linux's hardware and protocol fields that are no EtherTypes. */
const ARPHRD_GRE = 778;
const LLC_FRAME = 0x0004;

/** Linux cooked capture: packet type, hardware type, address, protocol. */
function cooked(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (!walk.skip(16)) return walk.stop(WIRE.other);
  walk.push(LAYER.sll);
  return cookedProtocol(walk, view.getUint16(at + 2), view.getUint16(at + 14));
}

/** Linux cooked capture, version 2: protocol first, interface, hardware type, packet type, address. */
function cooked2(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (!walk.skip(20)) return walk.stop(WIRE.other);
  walk.push(LAYER.sll2);
  return cookedProtocol(walk, view.getUint16(at + 8), view.getUint16(at));
}

function cookedProtocol(walk: PacketWalk, hardware: number, protocol: number): Next {
  if (protocol === LLC_FRAME) return NEXT.llc;
  if (protocol < 0x600) return walk.stop(WIRE.other);
  if (hardware === ARPHRD_GRE && protocol === ETHERTYPE.bridging) return NEXT.ethernet;
  return walk.by(NEXT.etherType, protocol);
}

const NFLOG_PAYLOAD = 9;

/** NFLOG: family, version, resource, then type-length-value in the byte order of the host that captured. */
function nflog(walk: PacketWalk): Next {
  const view = walk.view;
  if (!walk.skip(4)) return walk.stop(WIRE.other);
  walk.push(LAYER.nflog);
  const little = walk.littleEndian;
  while (walk.kept() >= 4) {
    const length = view.getUint16(walk.at, little);
    const type = view.getUint16(walk.at + 2, little) & 0x7fff;
    if (length < 4) break;
    if (type === NFLOG_PAYLOAD) {
      walk.limit(walk.at + length);
      walk.skip(4);
      return NEXT.ip;
    }
    if (!walk.skip((length + 3) & ~3)) break;
  }
  return walk.stop(WIRE.other);
}

/** PKTAP: its length, what the record is (1: a packet), the link type behind it; in the byte order of the host. */
function pktap(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (walk.kept() < 12) return walk.stop(WIRE.other);
  const little = walk.littleEndian;
  const length = view.getUint32(at, little);
  if (length < 12 || view.getUint32(at + 4, little) !== 1 || !walk.skip(length)) return walk.stop(WIRE.other);
  walk.push(LAYER.pktap);
  return walk.by(NEXT.link, view.getUint32(at + 8, little));
}

/** IP over InfiniBand: the global route header's octets, an EtherType, two octets reserved (RFC 4391 6). */
function ipoib(walk: PacketWalk): Next {
  if (!walk.skip(44)) return walk.stop(WIRE.other);
  walk.push(LAYER.ipoib);
  return walk.by(NEXT.etherType, walk.view.getUint16(walk.at - 4));
}

/** Ethernet with a switch's tag of `length` octets between addresses and EtherType. */
function switchTag(walk: PacketWalk, length: number): Next {
  if (!walk.skip(14 + length)) return walk.stop(WIRE.other);
  walk.push(LAYER.eth);
  walk.push(LAYER.dsa);
  return walk.by(NEXT.etherType, walk.view.getUint16(walk.at - 2));
}
