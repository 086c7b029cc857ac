import { snap } from './ethernet.ts';
import { LAYER } from './layers.ts';
import { WIRE } from './segment.ts';
import { NEXT, type Next, type PacketWalk } from './walk.ts';

/** PPP protocol numbers (IANA). */
const PPP = { ipv4: 0x0021, bridging: 0x0031, ipv6: 0x0057, mplsUnicast: 0x0281, mplsMulticast: 0x0283 } as const;

/** PPP: address and control unless compressed away, then the protocol (RFC 1661 2, 6.5, 6.6; RFC 1662 3.1). */
export function ppp(walk: PacketWalk): Next {
  const view = walk.view;
  if (walk.kept() >= 2 && view.getUint16(walk.at) === 0xff03) walk.at += 2;
  if (walk.kept() < 2) return walk.stop(WIRE.other);
  walk.push(LAYER.ppp);
  const first = view.getUint8(walk.at);
  // An odd first octet is the last of the protocol: its zero was compressed away.
  const compressed = (first & 1) !== 0;
  const protocol = compressed ? first : view.getUint16(walk.at);
  walk.at += compressed ? 1 : 2;
  return walk.by(NEXT.pppProtocol, protocol);
}

/** What a PPP protocol number says that follows. */
export function pppProtocol(walk: PacketWalk): Next {
  switch (walk.protocol) {
    case PPP.ipv4:
    case PPP.ipv6:
      return NEXT.ip;
    case PPP.mplsUnicast:
    case PPP.mplsMulticast:
      return NEXT.mpls;
    case PPP.bridging:
      // Flags and MAC type (RFC 3518 4.2); 1 is Ethernet.
      if (!walk.skip(2) || walk.view.getUint8(walk.at - 1) !== 1) return walk.stop(WIRE.other);
      return NEXT.ethernet;
    default:
      return walk.stop(WIRE.other);
  }
}

/**
 * PPP or Cisco HDLC on a serial line, told by the first octet: no PPP protocol has the numbers of Cisco's addresses. Routers
 * write either as PPP; Wireshark looks at the octet, too, tcpdump for link type 50 only.
 */
export function serial(walk: PacketWalk): Next {
  if (walk.kept() < 4) return walk.stop(WIRE.other);
  const first = walk.view.getUint8(walk.at);
  return first === 0x0f || first === 0x8f ? NEXT.chdlc : NEXT.ppp;
}

/** Cisco HDLC: address, control, an EtherType. */
export function chdlc(walk: PacketWalk): Next {
  if (!walk.skip(4)) return walk.stop(WIRE.other);
  walk.push(LAYER.chdlc);
  const protocol = walk.view.getUint16(walk.at - 2);
  // OSI: one or two octets of 802.2 before the network layer's identifier.
  if (protocol === 0xfefe)
    return walk.skip(2) ? walk.by(NEXT.nlpid, walk.view.getUint8(walk.at - 1)) : walk.stop(WIRE.other);
  return protocol < 0x600 ? walk.stop(WIRE.other) : walk.by(NEXT.etherType, protocol);
}

/** Network layer protocol identifiers (ISO TR 9577). */
const NLPID = { snap: 0x80, ipv6: 0x8e, ipv4: 0xcc, ppp: 0xcf } as const;

/** What a network layer protocol identifier says that follows. */
export function nlpid(walk: PacketWalk): Next {
  if (walk.protocol === NLPID.ipv4 || walk.protocol === NLPID.ipv6) return NEXT.ip;
  if (walk.protocol === NLPID.ppp) return NEXT.ppp;
  if (walk.protocol !== NLPID.snap || !walk.skip(5)) return walk.stop(WIRE.other);
  const view = walk.view;
  const at = walk.at - 5;
  return snap(walk, view.getUint8(at) * 65536 + view.getUint16(at + 1), view.getUint16(at + 3));
}

/** Frame Relay: two to four octets of address, then Q.922 control and NLPID (RFC 2427 3), or an EtherType (Cisco). */
export function frameRelay(walk: PacketWalk): Next {
  const { view, at } = walk;
  let length = 0;
  while (length < 4 && length < walk.kept() && (view.getUint8(at + length) & 1) === 0) length++;
  length++;
  if (length < 2 || length > 4 || !walk.skip(length + 2)) return walk.stop(WIRE.other);
  walk.push(LAYER.frameRelay);
  const control = at + length;
  if (view.getUint8(control) !== 0x03) {
    const protocol = view.getUint16(control);
    return protocol < 0x600 ? walk.stop(WIRE.other) : walk.by(NEXT.etherType, protocol);
  }
  let identifier = view.getUint8(control + 1);
  if (identifier === 0) {
    if (!walk.skip(1)) return walk.stop(WIRE.other);
    identifier = view.getUint8(control + 2);
  }
  return walk.by(NEXT.nlpid, identifier);
}

/** Multilink Frame Relay (FRF.16): two octets of header before a frame that is in one piece. */
export function multilinkFrameRelay(walk: PacketWalk): Next {
  if (walk.kept() < 4) return walk.stop(WIRE.other);
  const first = walk.view.getUint8(walk.at);
  // Begin and end bits set, and no control frame.
  if ((first & 0xe0) !== 0xc0) return walk.stop(WIRE.other);
  walk.skip(2);
  walk.push(LAYER.mfr);
  return NEXT.frameRelay;
}

/** ATM's payload by RFC 2684: LLC. */
export function atm(walk: PacketWalk): Next {
  walk.push(LAYER.atm);
  return NEXT.llc;
}

/** Classical IP over ATM: LLC where it says so, else bare IP. */
export function classicalIp(walk: PacketWalk): Next {
  walk.push(LAYER.atm);
  const bare = walk.kept() < 4 || walk.view.getInt32(walk.at) >> 8 !== 0xaaaa03 - 0x1000000;
  return bare ? NEXT.ip : NEXT.llc;
}

/** SunATM: flags with the traffic's type, virtual path, virtual channel. */
export function sunAtm(walk: PacketWalk): Next {
  if (!walk.skip(4)) return walk.stop(WIRE.other);
  walk.push(LAYER.atm);
  const type = walk.view.getUint8(walk.at - 4) & 15;
  if (type === 2) return NEXT.llc;
  // LAN emulation: two octets of its own before the Ethernet frame.
  return type === 1 && walk.skip(2) ? NEXT.ethernet : walk.stop(WIRE.other);
}

const JUNIPER_MAGIC = 0x4d4743;
const NO_LINK_LAYER = 0x02;
const EXTENSIONS = 0x80;

/** Juniper's header before a frame: magic, flags, extensions. `next` is the frame's link layer, after its cookie. */
export function juniper(walk: PacketWalk, next: Next, cookie: number): Next {
  const { view, at } = walk;
  if (!walk.skip(4) || view.getUint32(at) >>> 8 !== JUNIPER_MAGIC) return walk.stop(WIRE.other);
  const flags = view.getUint8(at + 3);
  walk.push(LAYER.juniper);
  if ((flags & EXTENSIONS) !== 0) {
    if (!walk.skip(2) || !walk.skip(view.getUint16(at + 4))) return walk.stop(WIRE.other);
  }
  // The packet alone, after four octets of which the first is its family: 2 IPv4, 6 MPLS, 28 IPv6 …
  if ((flags & NO_LINK_LAYER) !== 0) return walk.skip(4) ? NEXT.ip : walk.stop(WIRE.other);
  return walk.skip(cookie) ? next : walk.stop(WIRE.other);
}
