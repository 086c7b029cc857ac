import {
  ALWAYS,
  both,
  type Condition,
  either,
  masked,
  NEVER,
  not,
  number,
  octets,
  octetsEqual,
  operation,
  type Place,
  test,
  type Value,
} from './condition.ts';
import { type LinkLayout, linkLayout } from './links.ts';

/** How an EtherType is written within an expression: ETHERTYPE.ip, a service access point below 1536, or any number. */
export const ETHERTYPE = {
  ip: 0x0800,
  arp: 0x0806,
  reverseArp: 0x8035,
  appleTalk: 0x809b,
  appleArp: 0x80f3,
  vlan: 0x8100,
  ipx: 0x8137,
  ip6: 0x86dd,
  mpls: 0x8847,
  pppoeDiscovery: 0x8863,
  pppoeSession: 0x8864,
  providerBridge: 0x88a8,
  qinq: 0x9100,
} as const;
const SAP = { ip: 0x06, stp: 0x42, ipx: 0xe0, netbeui: 0xf0, iso: 0xfe } as const;
const PPP = { ip: 0x21, iso: 0x23, appleTalk: 0x29, ipx: 0x2b, vjCompressed: 0x2d, vjUncompressed: 0x2f } as const;
const PPP_IP6 = 0x57;
const PPP_MPLS = 0x281;
/** The largest number that is a length in Ethernet's type field. */
const LONGEST_8023 = 1500;

/**
 * Where the headers lie at this point of an expression. `vlan`, `mpls` and `pppoes` move them for all that follows, in
 * the order in which the expression is written.
 */
export class Layers {
  layout: LinkLayout;
  /** The link layer's header. */
  header: Place;
  /** Its type field; null where it has none. */
  type: Place | null;
  /** What follows it. */
  payload: Place;
  /** From there to the network layer's header, over 802.2's; and without SNAP. */
  network: number;
  noSnap: number;
  /** MPLS labels so far. */
  private labels = 0;

  constructor(linkType: number, bigEndian: boolean) {
    this.layout = linkLayout(linkType, bigEndian);
    const { header, type, payload, network, noSnap } = this.layout;
    this.header = header;
    this.type = type;
    this.payload = payload;
    this.network = network;
    this.noSnap = noSnap;
  }

  /** Octets of the network layer's header and on. */
  networkOctets(size: number, at: number): Value {
    return octets(size, this.payload.at + this.network + at, this.payload.index);
  }

  /** Octets behind the link layer's header. */
  private llc(size: number, at: number): Value {
    return octets(size, this.payload.at + at, this.payload.index);
  }

  /** Octets behind an 802.2 header without SNAP. */
  noSnapOctets(size: number, at: number): Value {
    return octets(size, this.payload.at + this.noSnap + at, this.payload.index);
  }

  headerOctets(size: number, at: number): Value {
    return octets(size, this.header.at + at, this.header.index);
  }

  typeField(): Value {
    return octets(2, this.type!.at, this.type!.index);
  }

  /** Octets of IPv4's payload. */
  transport4(size: number, at: number): Value {
    return octets(size, this.payload.at + this.network + at, this.ipHeaderLength());
  }

  /** IPv4's header length, added to what the payload is past. */
  ipHeaderLength(): Value {
    const { index } = this.payload;
    const length = operation(operation(this.networkOctets(1, 0), '&', number(0xf)), '*', number(4));
    return index === null ? length : operation(index, '+', length);
  }

  /** Whether the packet holds this protocol: an EtherType, or an 802.2 service access point. Null: it can't be told. */
  holds(protocol: number): Condition | null {
    if (this.labels > 0) return this.holdsUnderLabels(protocol);
    const { layout } = this;
    switch (layout.kind) {
      case 'ethernet':
        return this.ethernetHolds(protocol);
      case 'hdlc':
        return test(this.typeField(), 'equal', protocol === SAP.iso ? (SAP.iso << 8) | SAP.iso : protocol);
      case 'wlan': {
        const control = this.headerOctets(1, 0);
        const data = both(not(test(control, 'any bit', 4)), test(control, 'any bit', 8));
        return both(data, this.llcHolds(protocol));
      }
      case 'llc':
        return this.llcHolds(protocol);
      case 'sunatm':
        return both(test(masked(octets(1, 0, null), 0x0f), 'equal', 2), this.llcHolds(protocol));
      case 'cooked':
        return this.cookedHolds(protocol);
      case 'raw':
        if (protocol !== ETHERTYPE.ip && protocol !== ETHERTYPE.ip6) return NEVER;
        return test(masked(this.headerOctets(1, 0), 0xf0), 'equal', protocol === ETHERTYPE.ip ? 0x40 : 0x60);
      case 'only':
        return protocol === layout.only ? ALWAYS : NEVER;
      case 'ppp':
        return test(this.typeField(), 'equal', pppProtocol(protocol));
      case 'bsd-ppp':
        if (protocol !== ETHERTYPE.ip) return test(this.typeField(), 'equal', pppProtocol(protocol));
        return either(
          either(test(this.typeField(), 'equal', PPP.ip), test(this.typeField(), 'equal', PPP.vjCompressed)),
          test(this.typeField(), 'equal', PPP.vjUncompressed),
        );
      case 'families':
        return this.familyIs(layout.families!.get(protocol));
      case 'juniper':
        return test(masked(this.headerOctets(4, 0), 0xffffff00), 'equal', 0x4d474300);
      case 'typed':
        return test(this.typeField(), 'equal', protocol);
      case 'untyped':
        return null;
    }
  }

  private ethernetHolds(protocol: number): Condition {
    const type = this.typeField();
    const isLength = not(test(type, 'greater', LONGEST_8023));
    switch (protocol) {
      case SAP.iso:
      case SAP.ip:
      case SAP.netbeui:
        return both(isLength, test(this.llc(2, 0), 'equal', (protocol << 8) | protocol));
      case SAP.ipx: {
        const raw = either(test(this.llc(1, 0), 'equal', SAP.ipx), test(this.llc(2, 0), 'equal', 0xffff));
        const behindLength = both(isLength, either(this.snap(0, ETHERTYPE.ipx), raw));
        return either(test(type, 'equal', ETHERTYPE.ipx), behindLength);
      }
      case ETHERTYPE.appleTalk:
      case ETHERTYPE.appleArp:
        return either(test(type, 'equal', protocol), both(isLength, this.appleSnap(protocol)));
      default:
        if (isBeyond(protocol, LONGEST_8023)) return test(type, 'equal', protocol);
        return both(isLength, test(this.llc(1, 0), 'equal', protocol));
    }
  }

  private cookedHolds(protocol: number): Condition {
    const type = this.typeField();
    const llc = test(type, 'equal', COOKED_8022);
    switch (protocol) {
      case SAP.iso:
      case SAP.ip:
      case SAP.netbeui:
        return both(llc, test(this.llc(2, 0), 'equal', (protocol << 8) | protocol));
      case SAP.ipx: {
        const behindLlc = both(llc, either(test(this.llc(1, 0), 'equal', SAP.ipx), this.snap(0, ETHERTYPE.ipx)));
        return either(test(type, 'equal', ETHERTYPE.ipx), either(test(type, 'equal', COOKED_8023), behindLlc));
      }
      case ETHERTYPE.appleTalk:
      case ETHERTYPE.appleArp:
        return either(test(type, 'equal', protocol), both(llc, this.appleSnap(protocol)));
      default:
        if (isBeyond(protocol, LONGEST_8023)) return test(type, 'equal', protocol);
        return both(llc, test(this.llc(1, 0), 'equal', protocol));
    }
  }

  private llcHolds(protocol: number): Condition {
    switch (protocol) {
      case SAP.iso:
      case SAP.ip:
      case SAP.netbeui:
        return test(this.llc(2, 0), 'equal', (protocol << 8) | protocol);
      case SAP.ipx:
        return test(this.llc(1, 0), 'equal', SAP.ipx);
      case ETHERTYPE.appleTalk:
        return this.snap(0x080007, ETHERTYPE.appleTalk);
      default:
        if (isBeyond(protocol, LONGEST_8023)) return test(this.llc(2, 6), 'equal', protocol);
        return test(this.llc(1, 0), 'equal', protocol);
    }
  }

  /** Labels say nothing of what follows: the first bits of it must. */
  private holdsUnderLabels(protocol: number): Condition | null {
    if (protocol !== ETHERTYPE.ip && protocol !== ETHERTYPE.ip6) return null;
    return both(
      test(masked(this.networkOctets(1, -2), 1), 'equal', 1),
      test(masked(this.networkOctets(1, 0), 0xf0), 'equal', protocol === ETHERTYPE.ip ? 0x40 : 0x60),
    );
  }

  private appleSnap(protocol: number): Condition {
    return this.snap(protocol === ETHERTYPE.appleTalk ? 0x080007 : 0, protocol);
  }

  private snap(organisation: number, protocol: number): Condition {
    const organisationOctets = [organisation >> 16, (organisation >> 8) & 0xff, organisation & 0xff];
    const expected = [0xaa, 0xaa, 0x03, ...organisationOctets, protocol >> 8, protocol & 0xff];
    return octetsEqual(this.payload.at, this.payload.index, expected);
  }

  private familyIs(families: readonly number[] | undefined): Condition {
    if (families === undefined) return NEVER;
    const { familyAt, familySize } = this.layout;
    const field = (): Value => this.headerOctets(familySize, familyAt);
    return families.map((family) => test(field(), 'equal', family)).reduce(either);
  }

  /** A VLAN tag, of this number if one is given; what follows in the expression is behind it. Null: none on this link. */
  vlan(id: number | null): Condition | null {
    if (this.layout.kind !== 'ethernet' && this.layout.kind !== 'wlan') return null;
    const tagged = either(
      either(this.holds(ETHERTYPE.vlan)!, this.holds(ETHERTYPE.providerBridge)!),
      this.holds(ETHERTYPE.qinq)!,
    );
    const condition = id === null ? tagged : both(tagged, test(masked(this.networkOctets(2, 0), 0xfff), 'equal', id));
    this.payload = { at: this.payload.at + 4, index: this.payload.index };
    if (this.type !== null) this.type = { at: this.type.at + 4, index: this.type.index };
    return condition;
  }

  get underLabels(): boolean {
    return this.labels > 0;
  }

  /** An MPLS label. Null: none on this link. */
  mpls(label: number | null): Condition | null {
    let found: Condition | null = null;
    if (this.labels > 0) found = test(masked(this.networkOctets(1, -2), 1), 'equal', 0);
    else if (this.layout.kind === 'ethernet' || this.layout.kind === 'hdlc') found = this.holds(ETHERTYPE.mpls);
    else if (this.layout.mpls === true) found = test(this.typeField(), 'equal', PPP_MPLS);
    if (found === null) return null;
    if (label !== null) found = both(found, test(masked(this.networkOctets(4, 0), 0xfffff000), 'equal', label << 12));
    this.network += 4;
    this.noSnap += 4;
    this.labels++;
    return found;
  }

  /** A PPPoE session packet; what follows in the expression is within its PPP. Null: it can't be told. */
  pppoes(session: number | null): Condition | null {
    let found = this.holds(ETHERTYPE.pppoeSession);
    if (found === null) return null;
    if (session !== null) found = both(found, test(masked(this.networkOctets(4, 0), 0xffff), 'equal', session));
    const { index } = this.payload;
    const at = this.payload.at + this.network + 6;
    this.layout = linkLayout(LINKTYPE_PPP, false);
    this.header = { at, index };
    this.type = { at, index };
    this.payload = { at: at + 2, index };
    this.network = 0;
    this.noSnap = 0;
    return found;
  }
}

const LINKTYPE_PPP = 9;
const COOKED_8023 = 1;
const COOKED_8022 = 4;

function isBeyond(protocol: number, limit: number): boolean {
  return protocol >>> 0 > limit;
}

/** What PPP calls an EtherType. */
function pppProtocol(protocol: number): number {
  switch (protocol) {
    case ETHERTYPE.ip:
      return PPP.ip;
    case ETHERTYPE.ip6:
      return PPP_IP6;
    case 0x6003:
      return 0x27;
    case ETHERTYPE.appleTalk:
      return PPP.appleTalk;
    case 0x0600:
      return 0x25;
    case SAP.iso:
      return PPP.iso;
    case SAP.stp:
      return 0x31;
    case SAP.ipx:
      return PPP.ipx;
    default:
      return protocol;
  }
}
