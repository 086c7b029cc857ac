import { nextProtocol } from './ethernet.ts';
import { IP_PROTOCOL } from './ip.ts';
import { LAYER, NO_ID } from './layers.ts';
import { WIRE } from './segment.ts';
import { NEXT, type Next, type PacketWalk } from './walk.ts';

/** An authentication header (RFC 4302 2): next header, length in words less two. What it protects can be read. */
export function authenticationHeader(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (walk.kept() < 12) return walk.stop(WIRE.other);
  const length = (view.getUint8(at + 1) + 2) * 4;
  if (length < 12 || !walk.skip(length)) return walk.stop(WIRE.other);
  walk.odd = true;
  walk.push(LAYER.ah);
  return walk.by(NEXT.ipProtocol, view.getUint8(at));
}

/** IPv4 or IPv6 directly in an IP packet (RFC 2003, RFC 4213, RFC 2473). */
export function ipInIp(walk: PacketWalk): Next {
  if (walk.quoted) return walk.stop(WIRE.other);
  const open = walk.options.decapsulate;
  const outer = walk.out.ipVersion;
  const inner = walk.protocol === IP_PROTOCOL.ipv4 ? 4 : 6;
  const switchedOn = outer === 6 ? open.inSix : inner === 6 ? open.sixInFour : open.ipip;
  if (!switchedOn) return walk.stop(WIRE.other);
  if (walk.options.splitBy === 'tunnel') walk.fold(outer, inner);
  return inner === 4 ? NEXT.ipv4 : NEXT.ipv6;
}

/** Flags of a GRE header (RFC 2784 2.1, RFC 2890 2, RFC 1701, RFC 2637 4.1). */
const CHECKSUM = 0x8000;
const ROUTING = 0x4000;
const KEY = 0x2000;
const SEQUENCE = 0x1000;
const ACKNOWLEDGMENT = 0x0080;
const VERSION = 0x0007;
/** Protocols that only GRE carries. */
const WCCP = 0x883e;
const ERSPAN = 0x88be;
const ERSPAN_III = 0x22eb;
/** Aruba access points send 802.11 frames to their controller; the number says for which radio. */
const ARUBA_FIRST = 0x8200;
const ARUBA_LAST = 0x8370;

/** GRE of both versions: what the flags say is there, then an EtherType's packet. */
export function gre(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (walk.quoted || !walk.options.decapsulate.gre || !walk.skip(4)) return walk.stop(WIRE.other);
  const flags = view.getUint16(at);
  const protocol = view.getUint16(at + 2);
  const version = flags & VERSION;
  if (version > 1 || (flags & ROUTING) !== 0) return walk.stop(WIRE.other);
  let optional = (flags & KEY) !== 0 ? 4 : 0;
  if ((flags & SEQUENCE) !== 0) optional += 4;
  if (version === 0 && (flags & CHECKSUM) !== 0) optional += 4;
  if (version === 1 && (flags & ACKNOWLEDGMENT) !== 0) optional += 4;
  if (!walk.skip(optional)) return walk.stop(WIRE.other);
  const keyAt = version === 0 && (flags & CHECKSUM) !== 0 ? at + 8 : at + 4;
  // Version 1 has its payload's length and a call number in place of a key, which differs by direction.
  const key = version === 0 && (flags & KEY) !== 0 ? view.getInt32(keyAt) : NO_ID;
  walk.pushTunnel(LAYER.gre, key);
  if (protocol === ERSPAN || protocol === ERSPAN_III) return erspan(walk, protocol, (flags & SEQUENCE) !== 0);
  if (protocol === WCCP) return redirected(walk);
  if (protocol >= ARUBA_FIRST && protocol <= ARUBA_LAST) return NEXT.wlan;
  return walk.by(NEXT.etherType, protocol);
}

/** A mirrored frame: bare (type I, no sequence number), behind 8 octets (II) or 12 and perhaps 8 more (III). */
function erspan(walk: PacketWalk, protocol: number, sequenced: boolean): Next {
  const { view, at } = walk;
  if (!walk.options.decapsulate.erspan) return walk.stop(WIRE.other);
  if (protocol === ERSPAN && !sequenced) return NEXT.ethernet;
  if (!walk.skip(protocol === ERSPAN ? 8 : 12)) return walk.stop(WIRE.other);
  const more = protocol === ERSPAN_III && (view.getUint8(at + 11) & 1) !== 0;
  if (more && !walk.skip(8)) return walk.stop(WIRE.other);
  walk.pushTunnel(LAYER.erspan, view.getUint16(at + 2) & 0x3ff);
  return NEXT.ethernet;
}

/** WCCP's redirected IPv4: version 2 puts four octets before it, version 1 none. */
function redirected(walk: PacketWalk): Next {
  if (walk.kept() < 5) return walk.stop(WIRE.other);
  if (walk.view.getUint8(walk.at) >> 4 !== 4) walk.skip(4);
  return NEXT.ipv4;
}

// biome-ignore format: a table
const PORT = {
  l2tp: 1701, gtpu: 2152, teredo: 3544, vxlan: 4789, vxlanGpe: 4790, ayiya: 5072, capwap: 5247, geneve: 6081,
  mpls: 6635, vxlanLinux: 8472, lwapp: 12222,
} as const;

/** UDP, for the tunnels in it: told by either port. */
export function udp(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (walk.quoted || !walk.skip(8)) return walk.stop(WIRE.other);
  const length = view.getUint16(at + 4);
  if (length >= 8) walk.limit(at + length);
  const next = tunnel(walk, view.getUint16(at + 2));
  return next !== NEXT.link ? next : known(walk, tunnel(walk, view.getUint16(at)));
}

function known(walk: PacketWalk, next: Next): Next {
  return next === NEXT.link ? walk.stop(WIRE.other) : next;
}

/** The tunnel of a port; NEXT.link when the port is none's. */
function tunnel(walk: PacketWalk, port: number): Next {
  const open = walk.options.decapsulate;
  switch (port) {
    case PORT.vxlan:
    case PORT.vxlanLinux:
      return open.vxlan ? vxlan(walk) : walk.stop(WIRE.other);
    case PORT.vxlanGpe:
      return open.vxlan ? vxlanGpe(walk) : walk.stop(WIRE.other);
    case PORT.geneve:
      return open.geneve ? geneve(walk) : walk.stop(WIRE.other);
    case PORT.gtpu:
      return open.gtpu ? gtpu(walk) : walk.stop(WIRE.other);
    case PORT.teredo:
      return open.teredo ? teredo(walk) : walk.stop(WIRE.other);
    case PORT.ayiya:
      return open.ayiya ? ayiya(walk) : walk.stop(WIRE.other);
    case PORT.l2tp:
      return open.l2tp ? l2tp(walk) : walk.stop(WIRE.other);
    case PORT.lwapp:
      return open.capwap ? lwapp(walk) : walk.stop(WIRE.other);
    case PORT.capwap:
      return open.capwap ? capwap(walk) : walk.stop(WIRE.other);
    case PORT.mpls:
      return NEXT.mpls;
    default:
      return NEXT.link;
  }
}

/** VXLAN (RFC 7348 5): the I flag must be set. */
function vxlan(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (!walk.skip(8) || (view.getUint8(at) & 0x08) === 0) return walk.stop(WIRE.other);
  walk.pushTunnel(LAYER.vxlan, view.getUint32(at + 4) >>> 8);
  return NEXT.ethernet;
}

/** VXLAN-GPE: as VXLAN, with the payload's protocol where the P flag is set. */
function vxlanGpe(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (!walk.skip(8)) return walk.stop(WIRE.other);
  walk.pushTunnel(LAYER.vxlan, view.getUint32(at + 4) >>> 8);
  return (view.getUint8(at) & 0x04) === 0 ? NEXT.ethernet : nextProtocol(walk, view.getUint8(at + 3));
}

/** GENEVE (RFC 8926 3.4): version 0, options, an EtherType. */
function geneve(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (!walk.skip(8) || view.getUint8(at) >> 6 !== 0) return walk.stop(WIRE.other);
  walk.pushTunnel(LAYER.geneve, view.getUint32(at + 4) >>> 8);
  if (!walk.skip((view.getUint8(at) & 0x3f) * 4)) return walk.stop(WIRE.other);
  return walk.by(NEXT.etherType, view.getUint16(at + 2));
}

const GTP_VERSION_1 = 0x30;
const GTP_EXTENSION = 0x04;
/** A message that carries a user's packet. */
const G_PDU = 255;

/** GTP-U (3GPP TS 29.281 5): version 1, a user's packet, extension headers until there is none. */
function gtpu(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (!walk.skip(8)) return walk.stop(WIRE.other);
  const flags = view.getUint8(at);
  if ((flags & 0xf0) !== GTP_VERSION_1 || view.getUint8(at + 1) !== G_PDU) return walk.stop(WIRE.other);
  // Each direction has an endpoint identifier of its own, so it tells no tunnel from another.
  walk.pushTunnel(LAYER.gtp);
  if ((flags & 0x07) === 0) return NEXT.ip;
  if (!walk.skip(4)) return walk.stop(WIRE.other);
  let extension = (flags & GTP_EXTENSION) !== 0 ? view.getUint8(walk.at - 1) : 0;
  while (extension !== 0) {
    const length = walk.kept() > 0 ? view.getUint8(walk.at) * 4 : 0;
    if (length === 0 || !walk.skip(length)) return walk.stop(WIRE.other);
    extension = view.getUint8(walk.at - 1);
  }
  return NEXT.ip;
}

/** Teredo (RFC 4380 5.1.1): authentication and origin may stand before the IPv6 packet. */
function teredo(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (walk.kept() >= 4 && view.getUint16(at) === 1) {
    if (!walk.skip(13 + view.getUint8(at + 2) + view.getUint8(at + 3))) return walk.stop(WIRE.other);
  }
  if (walk.kept() >= 2 && view.getUint16(walk.at) === 0 && !walk.skip(8)) return walk.stop(WIRE.other);
  if (walk.kept() < 40 || view.getUint8(walk.at) >> 4 !== 6) return walk.stop(WIRE.other);
  walk.pushTunnel(LAYER.teredo);
  return NEXT.ipv6;
}

/** AYIYA (draft-massar-v6ops-ayiya 3): lengths of identity and signature, operation, next header. */
function ayiya(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (!walk.skip(8)) return walk.stop(WIRE.other);
  const identity = 1 << (view.getUint8(at) >> 4);
  const signature = (view.getUint8(at + 1) >> 4) * 4;
  const forwards = (view.getUint8(at + 2) & 15) === 1;
  if (!forwards || view.getUint8(at + 3) !== IP_PROTOCOL.ipv6) return walk.stop(WIRE.other);
  if (!walk.skip(identity + signature)) return walk.stop(WIRE.other);
  walk.pushTunnel(LAYER.ayiya);
  return NEXT.ipv6;
}

/** Bits of an L2TP header (RFC 2661 3.1): control message, and which fields are there. */
const L2TP = { control: 0x8000, length: 0x4000, sequence: 0x0800, offset: 0x0200, version: 0x000f } as const;

/** L2TP version 2, a data message: PPP behind the fields that the flags say are there. */
function l2tp(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (!walk.skip(2)) return walk.stop(WIRE.other);
  const flags = view.getUint16(at);
  if ((flags & L2TP.control) !== 0 || (flags & L2TP.version) !== 2) return walk.stop(WIRE.other);
  if ((flags & L2TP.length) !== 0 && !walk.skip(2)) return walk.stop(WIRE.other);
  if (!walk.skip(4)) return walk.stop(WIRE.other);
  if ((flags & L2TP.sequence) !== 0 && !walk.skip(4)) return walk.stop(WIRE.other);
  if ((flags & L2TP.offset) !== 0) {
    if (!walk.skip(2) || !walk.skip(view.getUint16(walk.at - 2))) return walk.stop(WIRE.other);
  }
  walk.pushTunnel(LAYER.l2tp);
  return NEXT.ppp;
}

/** LWAPP (RFC 5412 3): six octets, then a wireless frame whose frame control stands in swapped order. */
function lwapp(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (!walk.skip(6)) return walk.stop(WIRE.other);
  // A control message, or a fragment.
  if ((view.getUint8(at) & 0x06) !== 0) return walk.stop(WIRE.other);
  walk.pushTunnel(LAYER.lwapp);
  walk.controlSwapped = true;
  return NEXT.wlan;
}

/** CAPWAP's data channel (RFC 5415 4.3): its header's length in words; the T flag says 802.11, else 802.3. */
function capwap(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (walk.kept() < 8 || view.getUint8(at) !== 0) return walk.stop(WIRE.other);
  const word = view.getUint32(at);
  const length = ((word >>> 19) & 0x1f) * 4;
  const fragment = (word & 0x80) !== 0;
  if (length < 8 || fragment || !walk.skip(length)) return walk.stop(WIRE.other);
  walk.pushTunnel(LAYER.capwap);
  if ((word & 0x100) === 0) return NEXT.ethernet;
  walk.controlSwapped = true;
  return NEXT.wlan;
}
