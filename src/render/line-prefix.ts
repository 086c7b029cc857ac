import { ByteWriter } from '../bytes/writer.ts';
import { ETHERTYPE } from '../wire/ethernet.ts';
import { IP_PROTOCOL } from '../wire/ip.ts';
import type { SegmentView } from '../wire/segment.ts';
import { ExtensionPrefix } from './extension-prefix.ts';
import { L2tpPrefix } from './l2tp-prefix.ts';
import type { LineAddresses } from './line-address.ts';
import { writeEnc, writeLinuxSll2, writeMpls, writePppoe } from './link-prefix.ts';
import { writeGeneve, writeGre, writeVxlan, writeVxlanGpe } from './tunnel-prefix.ts';
import { WLAN_LINKTYPE, WlanPrefix } from './wlan-prefix.ts';

/** Name of the interface with a number, for Linux cooked captures v2; tcpdump asks the machine it runs on. */
export type InterfaceName = (index: number) => string | undefined;

/**
 * What tcpdump prints between the time and `a.p > b.q`: `IP `, and before it whatever the layers around it leave.
 *
 * Walks the frame from the link layer again, by the segment's link type, up to the IP header whose TCP or ICMP the line
 * is about. Where tcpdump would print something that this walk doesn't know, the prefix is that of the innermost IP
 * header alone.
 */
export class LinePrefix {
  private readonly addresses: LineAddresses;
  private readonly interfaceName: InterfaceName;
  private readonly wlanPrefix: WlanPrefix = new WlanPrefix();
  private readonly l2tpPrefix: L2tpPrefix = new L2tpPrefix();
  private readonly extensions: ExtensionPrefix;

  private out: ByteWriter = NO_WRITER;
  private octets: Uint8Array = new Uint8Array(0);
  private view: DataView = new DataView(new ArrayBuffer(0));
  /** First octet past what was kept of the frame. */
  private end = 0;
  /** The IP header at which the walk ends. */
  private target = 0;
  private depth = 0;

  constructor(addresses: LineAddresses, interfaceName: InterfaceName) {
    this.addresses = addresses;
    this.interfaceName = interfaceName;
    this.extensions = new ExtensionPrefix(addresses);
  }

  /**
   * Writes the prefix.
   *
   * @param target offset of the IP header next to the TCP or ICMP header of the line
   */
  write(out: ByteWriter, segment: SegmentView, target: number): void {
    this.out = out;
    this.octets = segment.bytes;
    this.view = segment.view;
    this.target = target;
    this.depth = 0;
    const start = out.length;
    if (segment.bytes === segment.linkBytes && segment.reassembled === 0) {
      this.end = segment.linkEnd;
      // A frame of unknown length is not said to be cut.
      const length = segment.linkLength > 0 ? segment.linkLength : Number.MAX_SAFE_INTEGER;
      if (this.link(segment.linkType, segment.linkAt, segment.linkAt + length)) return;
      out.length = start;
      this.depth = 0;
    } else this.end = segment.bytes.length;
    if (!this.ip(target, Number.MAX_SAFE_INTEGER)) {
      out.length = start;
      this.ends(target);
    }
  }

  /** What leads to the target is nothing that tcpdump would print a TCP header behind: who speaks with whom is all. */
  private ends(target: number): void {
    const isSix = this.octets[target]! >> 4 === 6;
    this.out.ascii(isSix ? 'IP6 ' : 'IP ');
    if (this.octets[target + (isSix ? 6 : 9)] === IP_PROTOCOL.tcp) return;
    const at = target + (isSix ? 8 : 12);
    this.addresses.writePair(this.out, this.octets, this.view, isSix ? 6 : 4, at, at + (isSix ? 16 : 4));
    this.out.ascii(': ');
  }

  /** Each of these answers whether the target was reached; `limit` is the frame's or the layer's end on the wire. */
  private link(type: number, at: number, limit: number): boolean {
    switch (type) {
      case LINKTYPE.ethernet:
        return this.ethernet(at, limit);
      case LINKTYPE.null:
      case LINKTYPE.loop:
        return this.ip(at + 4, limit);
      case LINKTYPE.raw12:
      case LINKTYPE.raw14:
      case LINKTYPE.raw:
      case LINKTYPE.ipv4:
      case LINKTYPE.ipv6:
        return this.ip(at, limit);
      case LINKTYPE.ppp:
        return this.ppp(at, limit);
      case LINKTYPE.pppHdlc:
        return this.pppHdlc(at, limit);
      case LINKTYPE.pppEther:
        return this.pppoe(at, limit);
      case LINKTYPE.chdlc:
        return this.chdlc(at, limit);
      case LINKTYPE.linuxSll:
        return this.holds(at, 16) && this.cooked(this.view.getUint16(at + 14), at + 16, limit);
      case LINKTYPE.linuxSll2:
        return this.linuxSll2(at, limit);
      case LINKTYPE.frameRelay:
        if (this.holds(at, 4) && this.octets[at + 2] === 0x03 && this.octets[at + 3] === 0) this.out.ascii('Pad! ');
        return this.ip(this.target, limit);
      case LINKTYPE.enc:
        return this.enc(at, limit);
      case WLAN_LINKTYPE.wlan:
      case WLAN_LINKTYPE.prism:
      case WLAN_LINKTYPE.radiotap:
      case WLAN_LINKTYPE.avs:
      case WLAN_LINKTYPE.ppi:
        return this.wireless(type, at, limit);
      default:
        return this.ip(this.target, limit);
    }
  }

  private holds(at: number, size: number): boolean {
    return at + size <= this.end;
  }

  private ethernet(at: number, limit: number): boolean {
    if (!this.holds(at, 14)) return false;
    return this.etherType(this.view.getUint16(at + 12), at + 14, limit);
  }

  private etherType(type: number, at: number, limit: number): boolean {
    let next = at;
    let protocol = type;
    while (isVlan(protocol)) {
      if (!this.holds(next, 4)) return false;
      protocol = this.view.getUint16(next + 2);
      next += 4;
    }
    if (protocol === ETHERTYPE.ipv4 || protocol === ETHERTYPE.ipv6) return this.ip(next, limit);
    if (protocol <= MAX_802_3_LENGTH) return this.snap(next, limit);
    switch (protocol) {
      case ETHERTYPE.mplsUnicast:
      case ETHERTYPE.mplsMulticast:
        return this.mpls(next, limit);
      case ETHERTYPE.pppoeSession:
        return this.pppoe(next, limit);
      case ETHERTYPE.bridging:
        return this.deeper() && this.ethernet(next, limit);
      default:
        // A layer without a text of its own, as far as this walk knows.
        return this.ip(this.target, limit);
    }
  }

  /** LLC with SNAP and an EtherType (IEEE 802); of other kinds nothing is printed either. */
  private snap(at: number, limit: number): boolean {
    if (!this.holds(at, 8)) return false;
    if (this.view.getInt32(at) >>> 8 !== SNAP_UI || this.view.getUint16(at + 4) !== 0)
      return this.ip(this.target, limit);
    return this.etherType(this.view.getUint16(at + 6), at + 8, limit);
  }

  /** Linux cooked captures tell a tagged packet's type by name. */
  private cooked(type: number, at: number, limit: number): boolean {
    let next = at;
    let protocol = type;
    while (isVlan(protocol)) {
      if (!this.holds(next, 4)) return false;
      protocol = this.view.getUint16(next + 2);
      next += 4;
      this.out.ascii(`ethertype ${ETHERTYPE_NAMES.get(protocol) ?? 'Unknown'}, `);
    }
    return this.etherType(protocol, next, limit);
  }

  private linuxSll2(at: number, limit: number): boolean {
    const next = writeLinuxSll2(this.out, this.view, at, this.end, this.interfaceName);
    return next >= 0 && this.cooked(this.view.getUint16(at), next, limit);
  }

  private enc(at: number, limit: number): boolean {
    const next = writeEnc(this.out, this.view, at, this.end);
    return next >= 0 && this.ip(next, limit);
  }

  private wireless(type: number, at: number, limit: number): boolean {
    const wlan = this.wlanPrefix;
    if (!this.deeper() || !wlan.write(this.out, this.view, type, at, this.end, limit)) return false;
    if (wlan.linkType === WLAN_LINKTYPE.wlan) return this.snap(wlan.next, wlan.limit);
    return this.link(wlan.linkType, wlan.next, wlan.limit);
  }

  private ppp(at: number, limit: number): boolean {
    let next = at;
    if (!this.holds(next, 4)) return false;
    if (this.view.getUint16(next) === PPP_ADDRESS_CONTROL) next += 2;
    const short = this.octets[next]! & 1;
    const protocol = short === 1 ? this.octets[next]! : this.view.getUint16(next);
    return this.pppProtocol(protocol, next + 2 - short, limit);
  }

  private pppHdlc(at: number, limit: number): boolean {
    if (!this.holds(at, 4)) return false;
    const protocol = this.view.getUint16(at + 2);
    const first = this.octets[at];
    if (first === 0x0f || first === 0x8f) return this.chdlc(at, limit);
    if (first !== 0xff) return this.ip(this.target, limit);
    if (protocol === PPP_IPV4) this.out.ascii('IP: ');
    else if (protocol === PPP_IPV6) this.out.ascii('IP6: ');
    return this.pppProtocol(protocol, at + 4, limit);
  }

  private chdlc(at: number, limit: number): boolean {
    if (!this.holds(at, 4)) return false;
    const type = this.view.getUint16(at + 2);
    const isMpls = type === ETHERTYPE.mplsUnicast || type === ETHERTYPE.mplsMulticast;
    return isMpls ? this.mpls(at + 4, limit) : this.ip(this.target, limit);
  }

  private pppProtocol(protocol: number, at: number, limit: number): boolean {
    if (protocol === PPP_MPLS) return this.mpls(at, limit);
    return protocol === PPP_IPV4 || protocol === PPP_IPV6 ? this.ip(at, limit) : false;
  }

  private pppoe(at: number, limit: number): boolean {
    const next = writePppoe(this.out, this.view, at, this.end, limit);
    return next >= 0 && this.ppp(next, Math.min(limit, next + this.view.getUint16(at + 4)));
  }

  private mpls(at: number, limit: number): boolean {
    const next = writeMpls(this.out, this.view, at, this.end);
    return next >= 0 && this.ip(next, limit);
  }

  private ip(at: number, limit: number): boolean {
    if (!this.holds(at, 20) || !this.deeper()) return false;
    const version = this.octets[at]! >> 4;
    if (version === 4) return this.ipv4(at, limit);
    return version === 6 && this.holds(at, 40) && this.ipv6(at, limit);
  }

  private ipv4(at: number, limit: number): boolean {
    const total = this.view.getUint16(at + 2);
    const protocol = this.octets[at + 9]!;
    this.out.ascii('IP ');
    if (total > limit - at) this.missing('truncated-ip - ', total - (limit - at), ' bytes missing! ');
    const next = at + (this.octets[at]! & 0xf) * 4;
    const end = total === 0 ? limit : at + total;
    if (protocol === IP_PROTOCOL.tcp) return at === this.target;
    if (protocol === IP_PROTOCOL.udp) return this.udp(at, 4, true, next, end);
    this.addresses.writePair(this.out, this.octets, this.view, 4, at + 12, at + 16);
    this.out.ascii(': ');
    return this.upper(at, 4, protocol, next, end);
  }

  private ipv6(at: number, limit: number): boolean {
    const payload = this.view.getUint16(at + 4);
    const protocol = this.octets[at + 6]!;
    this.out.ascii('IP6 ');
    // tcpdump leaves no space here.
    if (payload + 40 > limit - at) this.missing('truncated-ip6 - ', payload + 40 - (limit - at), ' bytes missing!');
    const end = payload === 0 ? limit : at + 40 + payload;
    if (protocol === IP_PROTOCOL.tcp) return at === this.target;
    if (protocol === IP_PROTOCOL.udp) return this.udp(at, 6, true, at + 40, end);
    this.addresses.writePair(this.out, this.octets, this.view, 6, at + 8, at + 24);
    this.out.ascii(': ');
    return this.upper(at, 6, protocol, at + 40, end);
  }

  private missing(before: string, count: number, after: string): void {
    this.out.ascii(before);
    this.out.unsigned(count);
    this.out.ascii(after);
  }

  /** What follows the IP header at `ipAt`: extension headers, another IP header, a tunnel, or what the line is about. */
  private upper(ipAt: number, version: number, first: number, from: number, limit: number): boolean {
    const { extensions } = this;
    if (!extensions.write(this.out, this.octets, this.view, first, from, this.end, limit)) return false;
    const { protocol, next } = extensions;
    if (isAbout(protocol)) return ipAt === this.target;
    if (!this.holds(next, 8)) return false;
    switch (protocol) {
      case IP_PROTOCOL.ipv4:
      case IP_PROTOCOL.ipv6:
        return this.ip(next, limit);
      case IP_PROTOCOL.gre:
        return this.gre(next, limit);
      case IP_PROTOCOL.udp:
        return this.udp(ipAt, version, false, next, limit);
      default:
        return false;
    }
  }

  private gre(at: number, limit: number): boolean {
    if (!this.holds(at, 24)) return false;
    const next = writeGre(this.out, this.view, at, limit);
    if (next < 0) return false;
    const type = this.view.getUint16(at + 2);
    return type === ETHERTYPE.ppp ? this.ppp(next, limit) : this.etherType(type, next, limit);
  }

  private udp(ipAt: number, version: number, first: boolean, at: number, limit: number): boolean {
    const out = this.out;
    if (!this.holds(at, 16)) return false;
    const source = ipAt + (version === 6 ? 8 : 12);
    const destination = ipAt + (version === 6 ? 24 : 16);
    const sourcePort = this.view.getUint16(at);
    const port = this.view.getUint16(at + 2);
    if (first) this.addresses.writeEnds(out, this.octets, this.view, version, source, destination, at);
    else out.ascii(`${sourcePort} > ${port}`);
    out.ascii(': ');
    if (port === PORT_VXLAN) return this.vxlan(at + 8, limit);
    if (port === PORT_VXLAN_GPE) return this.vxlanGpe(at + 8, limit);
    if (port === PORT_GENEVE) return this.geneve(at + 8, limit);
    const isL2tp = port === PORT_L2TP || sourcePort === PORT_L2TP;
    return isL2tp && this.l2tp(at + 8, Math.min(limit, at + this.view.getUint16(at + 4)));
  }

  private l2tp(at: number, limit: number): boolean {
    const l2tp = this.l2tpPrefix;
    return l2tp.write(this.out, this.view, at, this.end, limit) && this.ppp(l2tp.next, l2tp.limit);
  }

  private vxlan(at: number, limit: number): boolean {
    const next = writeVxlan(this.out, this.view, at);
    return this.deeper() && this.ethernet(next, limit);
  }

  private vxlanGpe(at: number, limit: number): boolean {
    const next = writeVxlanGpe(this.out, this.view, at);
    const protocol = this.octets[at + 3]!;
    if (protocol === GPE.ipv4 || protocol === GPE.ipv6) return this.ip(next, limit);
    return protocol === GPE.ethernet && this.deeper() && this.ethernet(next, limit);
  }

  private geneve(at: number, limit: number): boolean {
    const next = writeGeneve(this.out, this.view, at);
    return next >= 0 && this.etherType(this.view.getUint16(at + 2), next, limit);
  }

  private deeper(): boolean {
    return this.depth++ < MAX_DEPTH;
  }
}

function isVlan(type: number): boolean {
  return type === ETHERTYPE.cvlan || type === ETHERTYPE.svlan || type === ETHERTYPE.qinq || type === ETHERTYPE.qinq9200;
}

/** Whether a line can be about it. */
function isAbout(protocol: number): boolean {
  return protocol === IP_PROTOCOL.tcp || protocol === IP_PROTOCOL.icmp || protocol === IP_PROTOCOL.icmpv6;
}

const NO_WRITER = new ByteWriter(0);
/** Layers within layers that the walk follows, far more than a packet that is no attack has. */
const MAX_DEPTH = 32;

/** LINKTYPE_ values (tcpdump.org/linktypes) before whose IP header tcpdump prints something, or where it lies. */
const LINKTYPE = {
  null: 0,
  ethernet: 1,
  ppp: 9,
  raw12: 12,
  raw14: 14,
  pppHdlc: 50,
  pppEther: 51,
  raw: 101,
  chdlc: 104,
  frameRelay: 107,
  loop: 108,
  enc: 109,
  linuxSll: 113,
  ipv4: 228,
  ipv6: 229,
  linuxSll2: 276,
} as const;

const MAX_802_3_LENGTH = 1500;
/** DSAP and SSAP of SNAP, unnumbered information. */
const SNAP_UI = 0xaaaa03;
const ETHERTYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [ETHERTYPE.ipv4, 'IPv4'],
  [ETHERTYPE.ipv6, 'IPv6'],
  [ETHERTYPE.cvlan, '802.1Q'],
  [ETHERTYPE.svlan, '802.1Q-QinQ'],
  [ETHERTYPE.qinq, '802.1Q-9100'],
  [ETHERTYPE.qinq9200, '802.1Q-9200'],
  [ETHERTYPE.mplsUnicast, 'MPLS unicast'],
  [ETHERTYPE.mplsMulticast, 'MPLS multicast'],
  [ETHERTYPE.pppoeSession, 'PPPoE S'],
]);

/** PPP protocol numbers (RFC 1661 2), and its address and control octets. */
const PPP_ADDRESS_CONTROL = 0xff03;
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;
const PPP_MPLS = 0x0281;

const PORT_L2TP = 1701;
const PORT_VXLAN = 4789;
const PORT_VXLAN_GPE = 4790;
const PORT_GENEVE = 6081;

/** What is within VXLAN-GPE. */
const GPE = { ipv4: 1, ipv6: 2, ethernet: 3 } as const;
