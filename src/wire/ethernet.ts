import { LAYER } from './layers.ts';
import { WIRE } from './segment.ts';
import { NEXT, type Next, type PacketWalk } from './walk.ts';

/** EtherTypes (IEEE 802 numbers). Below 0x600 the field is a length, and LLC follows. */
export const ETHERTYPE = {
  ipv4: 0x0800,
  ipv6: 0x86dd,
  bridging: 0x6558,
  cvlan: 0x8100,
  mplsUnicast: 0x8847,
  mplsMulticast: 0x8848,
  pppoeSession: 0x8864,
  ppp: 0x880b,
  jumboLlc: 0x8870,
  svlan: 0x88a8,
  pbb: 0x88e7,
  fabricPath: 0x8903,
  vntag: 0x8926,
  nsh: 0x894f,
  qinq: 0x9100,
  qinq9200: 0x9200,
} as const;
const FIRST_TYPE = 0x600;

/** Two addresses, then an EtherType or a length (IEEE 802.3 3.2). */
export function ethernet(walk: PacketWalk): Next {
  if (!walk.skip(14)) return walk.stop(WIRE.other);
  walk.push(LAYER.eth);
  return walk.by(NEXT.etherType, walk.view.getUint16(walk.at - 2));
}

/** What an EtherType says that follows. */
export function etherType(walk: PacketWalk): Next {
  switch (walk.protocol) {
    case ETHERTYPE.ipv4:
    case ETHERTYPE.ipv6:
      return NEXT.ip;
    case ETHERTYPE.cvlan:
    case ETHERTYPE.svlan:
    case ETHERTYPE.qinq:
    case ETHERTYPE.qinq9200:
      return vlan(walk);
    case ETHERTYPE.mplsUnicast:
    case ETHERTYPE.mplsMulticast:
      return NEXT.mpls;
    case ETHERTYPE.pppoeSession:
      return pppoe(walk);
    case ETHERTYPE.ppp:
      return NEXT.ppp;
    case ETHERTYPE.bridging:
      return NEXT.ethernet;
    case ETHERTYPE.pbb:
      return backbone(walk);
    case ETHERTYPE.fabricPath:
      // A forwarding tag and time to live, then the frame that crosses the fabric.
      return walk.skip(2) ? NEXT.ethernet : walk.stop(WIRE.other);
    case ETHERTYPE.vntag:
      return vntag(walk);
    case ETHERTYPE.nsh:
      return serviceHeader(walk);
    case ETHERTYPE.jumboLlc:
      return NEXT.llc;
    default:
      if (walk.protocol >= FIRST_TYPE) return walk.stop(WIRE.other);
      // A length (802.3 3.2.6); 0 where the capture comes from a host that leaves it to the network card.
      if (walk.protocol > 0) walk.limit(walk.at + walk.protocol);
      return NEXT.llc;
  }
}

/** A VLAN tag (IEEE 802.1Q 9.6): its identifier, then another EtherType. */
function vlan(walk: PacketWalk): Next {
  if (!walk.skip(4)) return walk.stop(WIRE.other);
  walk.pushVlan(walk.view.getUint16(walk.at - 4) & 0xfff);
  return walk.by(NEXT.etherType, walk.view.getUint16(walk.at - 2));
}

/** A backbone service instance tag (IEEE 802.1Q 9.7), and the customer's frame behind it. */
function backbone(walk: PacketWalk): Next {
  if (!walk.skip(4)) return walk.stop(WIRE.other);
  walk.push(LAYER.pbb, walk.view.getUint32(walk.at - 4) & 0xffffff);
  return NEXT.ethernet;
}

/** A VN-Tag (802.1BR's forerunner): four octets, then another EtherType. */
function vntag(walk: PacketWalk): Next {
  if (!walk.skip(6)) return walk.stop(WIRE.other);
  walk.push(LAYER.vntag);
  return walk.by(NEXT.etherType, walk.view.getUint16(walk.at - 2));
}

/** PPPoE's session stage (RFC 2516 4): version and type 1, code 0, session, length. */
export function pppoe(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (!walk.skip(6) || view.getUint16(at) !== 0x1100) return walk.stop(WIRE.other);
  walk.push(LAYER.pppoe, view.getUint16(at + 2));
  walk.limit(walk.at + view.getUint16(at + 4));
  return NEXT.ppp;
}

/** Network service header (RFC 8300 2.2). */
function serviceHeader(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (walk.kept() < 8) return walk.stop(WIRE.other);
  const length = (view.getUint8(at + 1) & 0x3f) * 4;
  const protocol = view.getUint8(at + 3);
  if (length < 8 || !walk.skip(length)) return walk.stop(WIRE.other);
  walk.push(LAYER.nsh);
  return nextProtocol(walk, protocol);
}

/** The protocol numbers that NSH and VXLAN-GPE share (RFC 8300 13.2.5, draft-ietf-nvo3-vxlan-gpe 3.2). */
export function nextProtocol(walk: PacketWalk, protocol: number): Next {
  if (protocol === 1 || protocol === 2) return NEXT.ip;
  if (protocol === 3) return NEXT.ethernet;
  if (protocol === 4) return walk.by(NEXT.etherType, ETHERTYPE.nsh);
  return protocol === 5 ? NEXT.mpls : walk.stop(WIRE.other);
}

/** MPLS labels down to the bottom of the stack (RFC 3032 2.1); what follows is told by its first octet. */
export function mpls(walk: PacketWalk): Next {
  if (!walk.skip(4)) return walk.stop(WIRE.other);
  const entry = walk.view.getInt32(walk.at - 4);
  walk.push(LAYER.mpls, entry >>> 12);
  if ((entry & 0x100) === 0) return NEXT.mpls;
  if (walk.kept() < 1) return walk.stop(WIRE.other);
  const version = walk.view.getUint8(walk.at) >> 4;
  if (version === 4 || version === 6) return NEXT.ip;
  // A pseudowire's control word (RFC 4385 3), then a frame.
  if (version === 0 && walk.kept() > 18 && walk.skip(4)) return NEXT.ethernet;
  return walk.stop(WIRE.other);
}

/** Service access points of IEEE 802.2. */
const SAP = { ip: 0x06, snap: 0xaa, network: 0xfe } as const;
const UNNUMBERED_INFORMATION = 0x03;

/** An LLC header, with SNAP's organisation and type where it has them. */
export function llc(walk: PacketWalk): Next {
  const { view, at } = walk;
  if (!walk.skip(3)) return walk.stop(WIRE.other);
  const destination = view.getUint8(at);
  if (view.getUint8(at + 2) !== UNNUMBERED_INFORMATION) return walk.stop(WIRE.other);
  if (destination === SAP.snap && walk.skip(5)) {
    walk.push(LAYER.llc);
    return snap(walk, view.getUint8(at + 3) * 65536 + view.getUint16(at + 4), view.getUint16(at + 6));
  }
  walk.push(LAYER.llc);
  if (destination === SAP.ip) return NEXT.ip;
  if (destination !== SAP.network || !walk.skip(1)) return walk.stop(WIRE.other);
  return walk.by(NEXT.nlpid, view.getUint8(at + 3));
}

const ENCAPSULATED_ETHERNET = 0x000000;
const CISCO = 0x00000c;
const BRIDGE_TUNNEL = 0x0000f8;
const BRIDGED = 0x0080c2;

/** What SNAP's organisation and protocol say (RFC 1042; RFC 2684 5.2 for bridged frames). */
export function snap(walk: PacketWalk, organisation: number, protocol: number): Next {
  if (organisation === ENCAPSULATED_ETHERNET || organisation === BRIDGE_TUNNEL || organisation === CISCO) {
    return protocol < FIRST_TYPE ? walk.stop(WIRE.other) : walk.by(NEXT.etherType, protocol);
  }
  // 1 and 7 are Ethernet with and without its check sequence, padded to a multiple of four octets.
  if (organisation === BRIDGED && (protocol === 1 || protocol === 7) && walk.skip(2)) return NEXT.ethernet;
  return walk.stop(WIRE.other);
}
