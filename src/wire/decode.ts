import type { RecordView } from '../capture/record.ts';
import { FragmentTable } from './fragments.ts';
import { LAYER, LayerTable, NO_ID, NO_LAYERS } from './layers.ts';
import { walkPacket } from './packet.ts';
import { CHECKSUM, type SegmentView, WIRE, type WireResult } from './segment.ts';
import { readTcp, verifyTcp } from './tcp.ts';
import { type Decapsulation, PacketWalk, type WireOptions } from './walk.ts';

const ETHERNET = 1;
const ETHERNET_HEADER = 14;
const ETHERTYPE_IPV4 = 0x0800;
const ETHERTYPE_IPV6 = 0x86dd;
const ETHERTYPE_VLAN = 0x8100;
const TCP = 6;
/** The straight way's answer to a packet that is not for it. */
const RARE = -1;

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

  /** The layers of a segment, outermost first, by `SegmentView.layers`: `['eth', 'vlan 10', 'ip', 'tcp']`. */
  layerNames(id: number): readonly string[] {
    return this.table.names(id);
  }

  /** Decodes one record into `out`, whose fields mean something as far as the answer says. */
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
    out.frame = record.frame;
    out.file = record.file;
    out.fileFrame = record.fileFrame;
    out.seconds = record.seconds;
    out.nanoseconds = record.nanoseconds;
    out.linkAt = at;
    out.linkEnd = record.end;
    out.linkType = record.linkType;
    out.linkLength = record.originalLength;
    if (record.linkType === ETHERNET && record.end - at >= ETHERNET_HEADER + 4) {
      const result = this.straight(record, view, at, out);
      if (result !== RARE) return result;
    }
    return this.walkRecord(record, out);
  }

  /** Ethernet with one VLAN tag at most. Frame check sequences lie behind the IP packet, where nobody looks. */
  private straight(record: RecordView, view: DataView, at: number, out: SegmentView): WireResult | typeof RARE {
    const type = view.getUint16(at + 12);
    if (type === ETHERTYPE_IPV4) {
      out.layers = this.ipv4Layers;
      out.plain = 1;
      out.split = 0;
      return this.straightIpv4(record, view, at + ETHERNET_HEADER, out);
    }
    if (type === ETHERTYPE_IPV6) {
      out.layers = this.ipv6Layers;
      out.plain = 1;
      out.split = 0;
      return this.straightIpv6(record, view, at + ETHERNET_HEADER, out);
    }
    if (type !== ETHERTYPE_VLAN || this.splitVlan) return RARE;
    const tag = view.getInt32(at + ETHERNET_HEADER);
    const ipv6 = (tag & 0xffff) === ETHERTYPE_IPV6;
    if (!ipv6 && (tag & 0xffff) !== ETHERTYPE_IPV4) return RARE;
    const id = (tag >>> 16) & 0xfff;
    const layers = this.vlanLayers[ipv6 ? id + 4096 : id]!;
    out.layers = layers !== 0 ? layers : this.vlanStack(id, ipv6);
    out.plain = 0;
    out.split = 0;
    return ipv6
      ? this.straightIpv6(record, view, at + ETHERNET_HEADER + 4, out)
      : this.straightIpv4(record, view, at + ETHERNET_HEADER + 4, out);
  }

  private vlanStack(id: number, ipv6: boolean): number {
    const vlan = this.table.push(this.table.push(NO_LAYERS, LAYER.eth, NO_ID), LAYER.vlan, id);
    const ip = this.table.push(vlan, ipv6 ? LAYER.ip6 : LAYER.ip, NO_ID);
    const layers = this.table.push(ip, LAYER.tcp, NO_ID);
    this.vlanLayers[ipv6 ? id + 4096 : id] = layers;
    return layers;
  }

  /** IPv4 without options and fragments, of a length that the frame has room for; then TCP. */
  private straightIpv4(record: RecordView, view: DataView, at: number, out: SegmentView): WireResult | typeof RARE {
    const end = record.end;
    if (end - at < 40) return RARE;
    const first = view.getInt32(at);
    const length = first & 0xffff;
    if (first >>> 24 !== 0x45 || length < 40 || length > record.at + record.originalLength - at) return RARE;
    const second = view.getInt32(at + 4);
    const third = view.getInt32(at + 8);
    if ((second & 0x3fff) !== 0 || ((third >>> 16) & 0xff) !== TCP) return RARE;
    out.ipAt = at;
    out.ipVersion = 4;
    out.sourceAt = at + 12;
    out.destinationAt = at + 16;
    out.ttl = third >>> 24;
    out.ipId = second >>> 16;
    return this.straightTcp(view, at + 20, Math.min(end, at + length), length - 20, out);
  }

  /** IPv6 without extension headers; then TCP. */
  private straightIpv6(record: RecordView, view: DataView, at: number, out: SegmentView): WireResult | typeof RARE {
    const end = record.end;
    if (end - at < 60 || view.getUint8(at) >> 4 !== 6) return RARE;
    const word = view.getInt32(at + 4);
    const length = word >>> 16;
    if (((word >>> 8) & 0xff) !== TCP || length < 20 || length + 40 > record.at + record.originalLength - at)
      return RARE;
    out.ipAt = at;
    out.ipVersion = 6;
    out.sourceAt = at + 8;
    out.destinationAt = at + 24;
    out.ttl = word & 0xff;
    out.ipId = -1;
    return this.straightTcp(view, at + 40, Math.min(end, at + 40 + length), length, out);
  }

  private straightTcp(view: DataView, at: number, end: number, length: number, out: SegmentView): WireResult {
    out.reassembled = 0;
    out.firstFragmentFrame = 0;
    const result = readTcp(view, at, end, length, out);
    if (this.verify && result === WIRE.segment) verifyTcp(view, out, out.sourceAt, out.destinationAt);
    else out.checksum = CHECKSUM.unverified;
    return result;
  }

  private walkRecord(record: RecordView, out: SegmentView): WireResult {
    const walk = this.walk;
    walk.begin(record, out);
    const result = walkPacket(walk);
    if (result === WIRE.unknownLink) {
      const known = this.undecodedLinkTypes.get(record.linkType) ?? 0;
      this.undecodedLinkTypes.set(record.linkType, known + 1);
    }
    return result;
  }
}
