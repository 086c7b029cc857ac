import type { RecordView } from '../capture/record.ts';
import { FragmentTable } from './fragments.ts';
import { LAYER, LayerTable, NO_ID, NO_LAYERS } from './layers.ts';
import { walkPacket } from './packet.ts';
import { CHECKSUM, type SegmentView, WIRE, type WireResult } from './segment.ts';
import { readTcp, verifyTcp4, verifyTcp6 } from './tcp.ts';
import { type Decapsulation, PacketWalk, type WireOptions } from './walk.ts';

const ETHERNET = 1;
const ETHERNET_HEADER = 14;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_VLAN = 0x8100;
const TCP = 6;
/** Octets of Ethernet, a VLAN tag and the part of an IPv4 header that is looked at before its length is. */
const SHORTEST = 30;

/** Link types that can't be decoded and are told apart, whatever names them. */
const MOST_INNER = 16;

/** What `SegmentDecoder` does unless told otherwise. */
export const WIRE_DEFAULTS: WireOptions = {
  verifyChecksums: true,
  decapsulate: {
    ipip: true,
    sixInFour: true,
    inSix: true,
    gre: true,
    erspan: true,
    vxlan: true,
    geneve: true,
    gtpu: true,
    teredo: true,
    ayiya: true,
    l2tp: true,
    capwap: true,
  },
  splitBy: 'none',
  fragmentMemory: 16 << 20,
};

/** `WireOptions` as a caller gives them: whatever is absent is as in WIRE_DEFAULTS. */
export interface WireChoices extends Partial<Omit<WireOptions, 'decapsulate'>> {
  readonly decapsulate?: Partial<Decapsulation>;
}

/**
 * Records in, TCP segments out.
 *
 * `decode` has a straight way of its own for what most captures hold (Ethernet, one VLAN tag at most, IPv4 without
 * options or IPv6, TCP) and hands everything else to `walkPacket`, layer by layer. It allocates nothing a packet, apart
 * from fragments that wait, and never throws on account of a packet.
 */
export class SegmentDecoder {
  readonly options: WireOptions;
  /** Records whose link type lastack can't decode, by LINKTYPE_ value. */
  readonly undecodedLinkTypes: Map<number, number> = new Map();
  /** IP fragments: how many there were, and what became of them. */
  readonly fragments: FragmentTable;
  private readonly table: LayerTable = new LayerTable();
  private readonly walk: PacketWalk;
  private readonly ipv4Layers: number;
  private readonly ipv6Layers: number;
  /** Stacks with one VLAN tag by its identifier, IPv4's in the first half; 0 for those not met yet. */
  private readonly vlanLayers = new Int32Array(2 * 4096);
  private readonly splitVlan: boolean;
  private readonly verify: boolean;
  /** What `straightIpv6` came to. */
  private result: WireResult = WIRE.other;

  constructor(choices: WireChoices = {}) {
    this.options = {
      ...WIRE_DEFAULTS,
      ...choices,
      decapsulate: { ...WIRE_DEFAULTS.decapsulate, ...choices.decapsulate },
    };
    this.fragments = new FragmentTable(this.options.fragmentMemory);
    this.walk = new PacketWalk(this.options, this.table, this.fragments);
    const eth = this.table.push(NO_LAYERS, LAYER.eth, NO_ID);
    this.ipv4Layers = this.table.push(this.table.push(eth, LAYER.ip, NO_ID), LAYER.tcp, NO_ID);
    this.ipv6Layers = this.table.push(this.table.push(eth, LAYER.ip6, NO_ID), LAYER.tcp, NO_ID);
    this.verify = this.options.verifyChecksums;
    this.splitVlan = this.options.splitBy === 'vlan';
  }

  /** Packets with more headers than are gone through: what is in them is not known. */
  get unfollowed(): number {
    return this.walk.unfollowed;
  }

  /** The layers of a segment, outermost first, by `SegmentView.layers`: `['eth', 'vlan 10', 'ip', 'tcp']`. */
  layerNames(id: number): readonly string[] {
    return this.table.names(id);
  }

  /**
   * Decodes one record into `out`, whose fields mean something as far as the answer says.
   *
   * This is the straight way for IPv4 without options and fragments, of a length that the frame has room for. It is one
   * function on purpose, too long to be inlined by its caller and with room for `readTcp` and `verifyTcp4` in it: a
   * call that the compiler leaves costs more than reading the header itself.
   */
  decode(record: RecordView, out: SegmentView): WireResult {
    const view = record.view;
    if (out.linkView !== view) {
      out.linkView = view;
      out.linkBytes = record.bytes;
    }
    if (out.view !== view) {
      out.view = view;
      out.bytes = record.bytes;
    }
    const at = record.at;
    const end = record.end;
    out.frame = record.frame;
    out.file = record.file;
    out.fileFrame = record.fileFrame;
    out.seconds = record.seconds;
    out.nanoseconds = record.nanoseconds;
    out.carriedSeconds = record.carriedSeconds;
    out.linkAt = at;
    out.linkEnd = end;
    out.linkType = record.linkType;
    out.linkLength = record.originalLength;
    if (record.linkType !== ETHERNET || end - at < SHORTEST) return this.walkRecord(record, out);

    let type = view.getUint16(at + 12);
    let ipAt = at + ETHERNET_HEADER;
    let layers = this.ipv4Layers;
    out.plain = 1;
    if (type === ETHERTYPE_VLAN) {
      const tag = view.getInt32(ipAt);
      type = tag & 0xffff;
      layers = this.vlanLayers[type === ETHERTYPE_IPV6 ? ((tag >>> 16) & 0xfff) + 4096 : (tag >>> 16) & 0xfff]!;
      if (layers === 0) return this.firstOfVlan(record, out);
      ipAt += 4;
      out.plain = 0;
    } else if (type === ETHERTYPE_IPV6) layers = this.ipv6Layers;
    out.layers = layers;
    out.split = 0;
    out.reassembled = 0;
    out.firstFragmentFrame = 0;
    out.ipAt = ipAt;
    const room = at + record.originalLength - ipAt;
    if (type !== ETHERTYPE_IPV4) {
      const known = type === ETHERTYPE_IPV6 && this.straightIpv6(view, ipAt, end, room, out);
      return known ? this.result : this.walkRecord(record, out);
    }

    const first = view.getInt32(ipAt);
    const length = first & 0xffff;
    const second = view.getInt32(ipAt + 4);
    const third = view.getInt32(ipAt + 8);
    const odd = first >>> 24 !== 0x45 || length < 40 || length > room || ipAt + 40 > end;
    if (odd || (second & 0x3fff) !== 0 || ((third >>> 16) & 0xff) !== TCP) return this.walkRecord(record, out);
    out.ipVersion = 4;
    out.sourceAt = ipAt + 12;
    out.destinationAt = ipAt + 16;
    out.ttl = third >>> 24;
    out.ipId = second >>> 16;
    const result = readTcp(view, ipAt + 20, Math.min(end, ipAt + length), length - 20, out);
    if (this.verify && result === WIRE.segment) verifyTcp4(view, out, ipAt + 12, ipAt + 16);
    else out.checksum = CHECKSUM.unverified;
    return result;
  }

  /** The first packet of a VLAN goes the long way; its stack of layers is found for those that follow. */
  private firstOfVlan(record: RecordView, out: SegmentView): WireResult {
    const tag = record.view.getInt32(record.at + ETHERNET_HEADER);
    const ipv6 = (tag & 0xffff) === ETHERTYPE_IPV6;
    const id = (tag >>> 16) & 0xfff;
    if (!this.splitVlan && (ipv6 || (tag & 0xffff) === ETHERTYPE_IPV4)) {
      const vlan = this.table.push(this.table.push(NO_LAYERS, LAYER.eth, NO_ID), LAYER.vlan, id);
      const ip = this.table.push(vlan, ipv6 ? LAYER.ip6 : LAYER.ip, NO_ID);
      this.vlanLayers[ipv6 ? id + 4096 : id] = this.table.push(ip, LAYER.tcp, NO_ID);
    }
    return this.walkRecord(record, out);
  }

  /** IPv6 without extension headers; then TCP. `result` says how it went, unless this is not for the straight way. */
  private straightIpv6(view: DataView, at: number, end: number, room: number, out: SegmentView): boolean {
    if (end - at < 60 || view.getUint8(at) >> 4 !== 6) return false;
    const word = view.getInt32(at + 4);
    const length = word >>> 16;
    if (((word >>> 8) & 0xff) !== TCP || length < 20 || length + 40 > room) return false;
    out.ipVersion = 6;
    out.sourceAt = at + 8;
    out.destinationAt = at + 24;
    out.ttl = word & 0xff;
    out.ipId = -1;
    const tcpAt = at + 40;
    const result = readTcp(view, tcpAt, Math.min(end, tcpAt + length), length, out);
    if (this.verify && result === WIRE.segment) verifyTcp6(view, out, at + 8, at + 24);
    else out.checksum = CHECKSUM.unverified;
    this.result = result;
    return true;
  }

  private walkRecord(record: RecordView, out: SegmentView): WireResult {
    const walk = this.walk;
    walk.begin(record, out);
    const result = walkPacket(walk);
    if (result === WIRE.unknownLink) this.countUndecoded(record.linkType, walk.protocol);
    return result;
  }

  /** PKTAP and PPI name the link type of what they hold, which may be any number: past a few it is theirs that counts. */
  private countUndecoded(outer: number, inner: number): void {
    const counts = this.undecodedLinkTypes;
    const linkType = counts.has(inner) || counts.size < MOST_INNER ? inner : outer;
    counts.set(linkType, (counts.get(linkType) ?? 0) + 1);
  }
}
