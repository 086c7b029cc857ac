import { ByteWriter } from '../bytes/writer.ts';
import type { SegmentView } from '../wire/segment.ts';
import { L2tpPrefix } from './l2tp-prefix.ts';
import type { LineAddresses } from './line-address.ts';
import { putHex, putHexOctets, putHexWord, SLACK } from './put.ts';
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
    if (this.octets[target + (isSix ? 6 : 9)] === TCP) return;
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
    if (protocol === ETHERTYPE_IPV4 || protocol === ETHERTYPE_IPV6) return this.ip(next, limit);
    if (protocol <= MAX_802_3_LENGTH) return this.snap(next, limit);
    switch (protocol) {
      case ETHERTYPE_MPLS:
      case ETHERTYPE_MPLS_UPSTREAM:
        return this.mpls(next, limit);
      case ETHERTYPE_PPPOE_SESSION:
        return this.pppoe(next, limit);
      case ETHERTYPE_BRIDGED:
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
    if (!this.holds(at, 20)) return false;
    const name = this.interfaceName(this.view.getUint32(at + 4)) ?? '?';
    this.out.text(`${name.padEnd(5)} ${(COOKED_DIRECTIONS[this.octets[at + 10]!] ?? '?').padEnd(3)} `);
    return this.cooked(this.view.getUint16(at), at + 20, limit);
  }

  /** OpenBSD's IPsec interface: address family, SPI, and flags in the byte order of the machine. */
  private enc(at: number, limit: number): boolean {
    if (!this.holds(at, 12)) return false;
    const flags = this.view.getUint32(at + 8, true);
    const kinds = [];
    if ((flags & ENC_AUTHENTIC) !== 0) kinds.push('authentic');
    if ((flags & ENC_CONFIDENTIAL) !== 0) kinds.push('confidential');
    this.out.ascii(`(${flags === 0 ? 'unprotected' : kinds.join(',')}): SPI 0x`);
    this.hexWord(this.view.getInt32(at + 4));
    this.out.ascii(': ');
    return this.ip(at + 12, limit);
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
    if (this.octets[at] !== 0xff) return this.ip(this.target, limit);
    if (protocol === PPP_IPV4) this.out.ascii('IP: ');
    else if (protocol === PPP_IPV6) this.out.ascii('IP6: ');
    return this.pppProtocol(protocol, at + 4, limit);
  }

  private pppProtocol(protocol: number, at: number, limit: number): boolean {
    if (protocol === PPP_MPLS) return this.mpls(at, limit);
    return protocol === PPP_IPV4 || protocol === PPP_IPV6 ? this.ip(at, limit) : false;
  }

  /** RFC 2516 4. */
  private pppoe(at: number, limit: number): boolean {
    if (!this.holds(at, 6)) return false;
    const out = this.out;
    const first = this.octets[at]!;
    if (first >> 4 !== 1) out.ascii(` [ver ${first >> 4}]`);
    if ((first & 0xf) !== 1) out.ascii(` [type ${first & 0xf}]`);
    out.ascii('PPPoE ');
    const session = this.view.getUint16(at + 2);
    const length = this.view.getUint16(at + 4);
    const left = limit - at - 6;
    if (length > left) out.ascii(` [len ${length} > ${left}!]`);
    if (session !== 0) {
      out.ascii(' [ses 0x');
      this.hex(session);
      out.ascii(']');
    }
    out.ascii(' ');
    return this.ppp(at + 6, at + 6 + Math.min(length, left));
  }

  /** RFC 3032 2.1. */
  private mpls(at: number, limit: number): boolean {
    const out = this.out;
    out.ascii('MPLS');
    for (let next = at; this.holds(next, 4); next += 4) {
      const entry = this.view.getInt32(next);
      out.ascii(' (label ');
      out.unsigned(entry >>> 12);
      out.ascii(', tc ');
      out.unsigned((entry >>> 9) & 7);
      const bottom = (entry & 0x100) !== 0;
      if (bottom) out.ascii(', [S]');
      out.ascii(', ttl ');
      out.unsigned(entry & 0xff);
      out.ascii(')');
      if (!bottom) continue;
      out.ascii(' ');
      return this.ip(next + 4, limit);
    }
    return false;
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
    if (protocol === TCP) return at === this.target;
    if (protocol === UDP) return this.udp(at, 4, true, next, end);
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
    if (protocol === TCP) return at === this.target;
    if (protocol === UDP) return this.udp(at, 6, true, at + 40, end);
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
    let protocol = first;
    let at = from;
    for (;;) {
      if (protocol === TCP || protocol === ICMP || protocol === ICMPV6) return ipAt === this.target;
      if (!this.holds(at, 8)) return false;
      switch (protocol) {
        case HOP_BY_HOP:
        case DESTINATION_OPTIONS:
          this.out.ascii(protocol === HOP_BY_HOP ? 'HBH ' : 'DSTOPT ');
          protocol = this.octets[at]!;
          at += (this.octets[at + 1]! + 1) * 8;
          break;
        case FRAGMENT:
          this.out.ascii('frag (0|');
          this.out.unsigned(Math.max(limit - at - 8, 0));
          this.out.ascii(') ');
          protocol = this.octets[at]!;
          at += 8;
          break;
        case ROUTING: {
          const size = this.routing(at);
          if (size < 0) return false;
          protocol = this.octets[at]!;
          at += size;
          break;
        }
        case AUTHENTICATION: {
          const size = this.authentication(at);
          if (size < 0) return false;
          protocol = this.octets[at]!;
          at += size;
          break;
        }
        case IN_IPV4:
        case IN_IPV6:
          return this.ip(at, limit);
        case GRE:
          return this.gre(at, limit);
        case UDP:
          return this.udp(ipAt, version, false, at, limit);
        default:
          return false;
      }
    }
  }

  /** RFC 8200 4.4, RFC 8754 2. Answers with the header's size, or -1. */
  private routing(at: number): number {
    const out = this.out;
    const length = this.octets[at + 1]!;
    const type = this.octets[at + 2]!;
    if ((type !== 0 && type !== 2 && type !== 4) || length % 2 === 1 || !this.holds(at, (length + 1) * 8)) return -1;
    out.ascii(`RT6 (len=${length}, type=${type}${type === 0 ? ' [Deprecated]' : ''}, segleft=${this.octets[at + 3]!}`);
    if (type === 4) {
      const flags = this.octets[at + 5]!;
      out.ascii(`, last-entry=${this.octets[at + 4]!}`);
      if (flags !== 0) out.ascii(`, flags=0x${flags.toString(16)}`);
      out.ascii(`, tag=${this.view.getUint16(at + 6).toString(16)}`);
    } else if (this.view.getInt32(at + 4) !== 0) {
      out.ascii(', rsv=0x');
      this.hex(this.view.getInt32(at + 4));
    }
    for (let i = 0; i < length / 2; i++) {
      out.ascii(`, [${i}]`);
      this.addresses.write(out, this.octets, this.view, 6, at + 8 + i * 16);
    }
    out.ascii(') ');
    return (length + 1) * 8;
  }

  /** RFC 4302 2. Answers with the header's size, or -1. */
  private authentication(at: number): number {
    const size = (this.octets[at + 1]! + 2) * 4;
    if (size < 12 || !this.holds(at, size)) return -1;
    this.out.ascii('AH(spi=0x');
    this.hexWord(this.view.getInt32(at + 4));
    this.out.ascii(',seq=0x');
    this.hex(this.view.getInt32(at + 8));
    this.out.ascii(',icv=0x');
    this.out.reserve(size * 2 + SLACK);
    this.out.length = putHexOctets(this.out.view, this.out.length, this.octets, at + 12, at + size);
    this.out.ascii('): ');
    return size;
  }

  /** RFC 2784, RFC 2890; version 1 is PPTP's (RFC 2637 4.1). */
  private gre(at: number, limit: number): boolean {
    const out = this.out;
    const flags = this.view.getUint16(at);
    const protocol = this.view.getUint16(at + 2);
    const version = flags & 7;
    let next = at + 4;
    if (version > 1 || !this.holds(at, 24)) return false;
    out.ascii(version === 0 ? 'GREv0' : 'GREv1');
    if (version === 0 && (flags & (GRE_CHECKSUM | GRE_ROUTING)) !== 0) {
      out.ascii(', off 0x');
      this.hex(this.view.getUint16(next + 2));
      next += 4;
    }
    if ((flags & GRE_KEY) !== 0) {
      out.ascii(version === 0 ? ', key=0x' : ', call ');
      if (version === 0) this.hex(this.view.getInt32(next));
      else out.unsigned(this.view.getUint16(next + 2));
      next += 4;
    }
    if ((flags & GRE_SEQUENCE) !== 0) {
      out.ascii(', seq ');
      out.unsigned(this.view.getUint32(next));
      next += 4;
    }
    if (version === 1 && (flags & GRE_ACKNOWLEDGMENT) !== 0) {
      out.ascii(', ack ');
      out.unsigned(this.view.getUint32(next));
      next += 4;
    }
    // Source routes are printed in ways that nobody has met in thirty years.
    if (version === 0 && (flags & GRE_ROUTING) !== 0) return false;
    out.ascii(', length ');
    out.unsigned(Math.max(limit - at, 0));
    out.ascii(': ');
    if (protocol === GRE_PPP) return this.ppp(next, limit);
    return this.etherType(protocol, next, limit);
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

  /** RFC 7348 5. tcpdump begins a new line after it; here it is a space. */
  private vxlan(at: number, limit: number): boolean {
    const flags = this.octets[at]!;
    const hex = flags.toString(16).padStart(2, '0');
    this.out.ascii(
      `VXLAN, flags [${(flags & 8) !== 0 ? 'I' : '.'}] (0x${hex}), vni ${this.view.getUint32(at + 4) >>> 8} `,
    );
    return this.deeper() && this.ethernet(at + 8, limit);
  }

  private vxlanGpe(at: number, limit: number): boolean {
    const flags = this.octets[at]!;
    const names = `${(flags & 8) !== 0 ? 'I' : ''}${(flags & 4) !== 0 ? 'P' : ''}${(flags & 1) !== 0 ? 'O' : ''}`;
    this.out.ascii(`VXLAN-GPE, flags [${names === '' ? 'none' : names}], vni ${this.view.getUint32(at + 4) >>> 8}: `);
    const protocol = this.octets[at + 3]!;
    if (protocol === 1 || protocol === 2) return this.ip(at + 8, limit);
    return protocol === 3 && this.deeper() && this.ethernet(at + 8, limit);
  }

  /** RFC 8926 3.4. */
  private geneve(at: number, limit: number): boolean {
    const out = this.out;
    const first = this.octets[at]!;
    if (first >> 6 !== 0) return false;
    const flags = this.octets[at + 1]!;
    out.ascii('Geneve, Flags [');
    if (flags === 0) out.ascii('none');
    for (let i = 0; i < GENEVE_FLAGS.length; i++) if ((flags & (0x80 >> i)) !== 0) out.ascii(GENEVE_FLAGS[i]!);
    out.ascii('], vni 0x');
    this.hex(this.view.getInt32(at + 4) >>> 8);
    if (this.octets[at + 7] !== 0) {
      out.ascii(', rsvd 0x');
      this.hex(this.octets[at + 7]!);
    }
    const options = (first & 0x3f) * 4;
    if (options > 0) {
      out.ascii(', options [');
      out.unsigned(options);
      out.ascii(' bytes]');
    }
    out.ascii(': ');
    return this.etherType(this.view.getUint16(at + 2), at + 8 + options, limit);
  }

  private deeper(): boolean {
    return this.depth++ < MAX_DEPTH;
  }

  private hex(value: number): void {
    this.out.reserve(8 + SLACK);
    this.out.length = putHex(this.out.view, this.out.length, value);
  }

  private hexWord(value: number): void {
    this.out.reserve(8 + SLACK);
    this.out.length = putHexWord(this.out.view, this.out.length, value);
  }
}

function isVlan(type: number): boolean {
  return type === 0x8100 || type === 0x88a8 || type === 0x9100 || type === 0x9200;
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
  frameRelay: 107,
  loop: 108,
  enc: 109,
  linuxSll: 113,
  ipv4: 228,
  ipv6: 229,
  linuxSll2: 276,
} as const;

const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_BRIDGED = 0x6558;
const ETHERTYPE_MPLS = 0x8847;
const ETHERTYPE_MPLS_UPSTREAM = 0x8848;
const ETHERTYPE_PPPOE_SESSION = 0x8864;
const MAX_802_3_LENGTH = 1500;
/** DSAP and SSAP of SNAP, unnumbered information. */
const SNAP_UI = 0xaaaa03;
const ETHERTYPE_NAMES: ReadonlyMap<number, string> = new Map([
  [ETHERTYPE_IPV4, 'IPv4'],
  [ETHERTYPE_IPV6, 'IPv6'],
  [0x8100, '802.1Q'],
  [0x88a8, '802.1Q-QinQ'],
  [0x9100, '802.1Q-9100'],
  [0x9200, '802.1Q-9200'],
  [ETHERTYPE_MPLS, 'MPLS unicast'],
  [ETHERTYPE_MPLS_UPSTREAM, 'MPLS multicast'],
  [ETHERTYPE_PPPOE_SESSION, 'PPPoE S'],
]);

/** Packet types of Linux cooked captures (LINKTYPE_LINUX_SLL2). */
const COOKED_DIRECTIONS: readonly string[] = ['In', 'B', 'M', 'P', 'Out'];
/** Flags of OpenBSD's enc header. */
const ENC_CONFIDENTIAL = 0x0400;
const ENC_AUTHENTIC = 0x0800;

/** PPP protocol numbers (RFC 1661 2), and its address and control octets. */
const PPP_ADDRESS_CONTROL = 0xff03;
const PPP_IPV4 = 0x0021;
const PPP_IPV6 = 0x0057;
const PPP_MPLS = 0x0281;

/** IP protocol numbers. */
const HOP_BY_HOP = 0;
const ICMP = 1;
const IN_IPV4 = 4;
const TCP = 6;
const UDP = 17;
const IN_IPV6 = 41;
const ROUTING = 43;
const FRAGMENT = 44;
const GRE = 47;
const AUTHENTICATION = 51;
const ICMPV6 = 58;
const DESTINATION_OPTIONS = 60;

/** Bits of GRE's first two octets, and PPP's protocol in it. */
const GRE_CHECKSUM = 0x8000;
const GRE_ROUTING = 0x4000;
const GRE_KEY = 0x2000;
const GRE_SEQUENCE = 0x1000;
const GRE_ACKNOWLEDGMENT = 0x0080;
const GRE_PPP = 0x880b;

const PORT_L2TP = 1701;
const PORT_VXLAN = 4789;
const PORT_VXLAN_GPE = 4790;
const PORT_GENEVE = 6081;
/** tcpdump's names of the flags, the highest bit first. */
const GENEVE_FLAGS: readonly string[] = ['O', 'C', 'R1', 'R2', 'R3', 'R4', 'R5', 'R6'];
