import type { RecordView } from '../capture/record.ts';
import type { FragmentTable } from './fragments.ts';
import { LAYER, type Layer, type LayerTable, NO_ID, NO_LAYERS } from './layers.ts';
import { SegmentView, WIRE, type WireResult } from './segment.ts';

/**
 * What the next header of a packet is. A layer's function moves `PacketWalk.at` past its header and answers with one
 * of these; `stop` says that `PacketWalk.result` is final.
 */
export const NEXT = {
  stop: 0,
  /** A link layer header by `walk.protocol`, a LINKTYPE_ value. */
  link: 1,
  ethernet: 2,
  /** What `walk.protocol`, an EtherType or an 802.3 length, says. */
  etherType: 3,
  llc: 4,
  /** PPP from its address or protocol field on. */
  ppp: 5,
  /** What `walk.protocol`, a PPP protocol number, says. */
  pppProtocol: 6,
  /** IPv4 or IPv6, by the version in its first octet. */
  ip: 7,
  ipv4: 8,
  ipv6: 9,
  /** What `walk.protocol`, an IP protocol number, says. */
  ipProtocol: 10,
  mpls: 11,
  wlan: 12,
  /** What `walk.protocol`, a network layer protocol identifier (ISO TR 9577), says. */
  nlpid: 13,
  frameRelay: 14,
  chdlc: 15,
} as const;
export type Next = (typeof NEXT)[keyof typeof NEXT];

/** Which tunnels are opened. */
export interface Decapsulation {
  /** IPv4 or IPv6 directly in IPv4 (4in4, 6in4). */
  readonly ipip: boolean;
  /** IPv6 in IPv4. */
  readonly sixInFour: boolean;
  /** IPv4 or IPv6 directly in IPv6. */
  readonly inSix: boolean;
  readonly gre: boolean;
  readonly erspan: boolean;
  readonly vxlan: boolean;
  readonly geneve: boolean;
  readonly gtpu: boolean;
  readonly teredo: boolean;
  readonly ayiya: boolean;
  readonly l2tp: boolean;
  /** LWAPP and CAPWAP: 802.11 between access points and their controller. */
  readonly capwap: boolean;
}

/** What the identity of a flow holds besides its addresses. */
export type SplitBy = 'none' | 'vlan' | 'tunnel';

/** How packets are decoded. */
export interface WireOptions {
  readonly verifyChecksums: boolean;
  readonly decapsulate: Decapsulation;
  readonly splitBy: SplitBy;
  /** Octets of IP fragments that wait for the rest of their datagram, at most. */
  readonly fragmentMemory: number;
}

/**
 * One packet on its way from the link layer to TCP: where we are in it, and what was met so far. One object for all
 * packets that the straight way does not take; each layer's function reads and moves it.
 */
export class PacketWalk {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  /** The next header. */
  at = 0;
  /** First octet past what was kept of this layer's payload; `at` may be at it, never past it. */
  end = 0;
  /** First octet past this layer's payload by the enclosing headers: at least `end` unless a header lies. */
  wireEnd = 0;
  /** First octet past what the frame had room for: never moved out by a header that claims more. */
  roomEnd = 0;
  /** The number that says what the next header is: an EtherType, an IP protocol, a LINKTYPE_ value … */
  protocol = 0;
  result: WireResult = WIRE.other;
  out: SegmentView = new SegmentView();

  /** Stack of layers so far (LayerTable). */
  layers: number = NO_LAYERS;
  /** How many layers that is. */
  depth = 0;
  /** Whether something was met that lets tcpdump's line begin otherwise than `IP a.p > b.q:`. */
  odd = false;
  /** Identifiers that `splitBy` asked for, folded. */
  split = 0;
  /** The packet, or the one around it, is a first fragment: TCP in it is no whole segment. */
  partial = false;
  /** The packet is one that an ICMP error quotes. */
  quoted = false;
  /** 802.11: the header is padded to a multiple of four (radiotap says so); frame control's octets are swapped. */
  headerPadded = false;
  controlSwapped = false;
  /** Pseudo headers of the capturing host are little-endian (RecordView.bigEndian). */
  littleEndian = true;
  /** In a datagram that was put together: where the payload of its first fragment ends. */
  firstFragmentEnd = 0;
  /**
   * Where the addresses lie that TCP's checksum covers: those of the IP header, unless a home address option or the last
   * address of a routing header takes their place.
   */
  finalSourceAt = 0;
  finalDestinationAt = 0;

  /** Packets with more headers than are gone through. */
  unfollowed = 0;

  readonly options: WireOptions;
  readonly table: LayerTable;
  readonly fragments: FragmentTable;

  constructor(options: WireOptions, table: LayerTable, fragments: FragmentTable) {
    this.options = options;
    this.table = table;
    this.fragments = fragments;
  }

  /** Starts at a record's link layer. A frame check sequence is cut off. */
  begin(record: RecordView, out: SegmentView): void {
    this.bytes = record.bytes;
    this.view = record.view;
    this.at = record.at;
    this.end = record.end;
    this.wireEnd = Math.max(record.end, record.at + record.originalLength);
    this.roomEnd = this.wireEnd;
    if (record.fcsLength > 0) this.limit(this.wireEnd - record.fcsLength);
    this.protocol = record.linkType;
    this.result = WIRE.other;
    this.out = out;
    this.layers = NO_LAYERS;
    this.depth = 0;
    this.odd = false;
    this.split = 0;
    this.partial = false;
    this.quoted = false;
    this.littleEndian = record.bigEndian === 0;
    this.headerPadded = false;
    this.controlSwapped = false;
    out.reassembled = 0;
    out.firstFragmentFrame = 0;
    out.fragmentPayloadLength = 0;
  }

  /** Octets of the current layer that were kept. */
  kept(): number {
    return this.end - this.at;
  }

  /** Moves past `length` octets; false, and no move, when they were not all kept. */
  skip(length: number): boolean {
    if (length < 0 || length > this.end - this.at) return false;
    this.at += length;
    return true;
  }

  /** The payload ends `wireEnd` octets into the view at most: padding, trailers and check sequences fall away. */
  limit(wireEnd: number): void {
    if (wireEnd < this.wireEnd) this.wireEnd = wireEnd;
    if (wireEnd < this.roomEnd) this.roomEnd = wireEnd;
    if (wireEnd < this.end) this.end = wireEnd;
    if (this.end < this.at) this.end = this.at;
  }

  /** Notes that a layer was met. */
  push(layer: Layer, id: number = NO_ID): void {
    this.depth++;
    this.layers = this.table.push(this.layers, layer, id);
  }

  /** Notes a VLAN tag. */
  pushVlan(id: number): void {
    this.push(LAYER.vlan, id);
    if (this.options.splitBy === 'vlan') this.fold(LAYER.vlan, id);
  }

  /** Notes a tunnel, with an identifier that both directions share. */
  pushTunnel(layer: Layer, id: number = NO_ID): void {
    this.push(layer, id);
    if (this.options.splitBy === 'tunnel') this.fold(layer, id);
  }

  /** Makes the identity of a tunnel part of `split`. */
  fold(layer: number, id: number): void {
    this.split = (Math.imul(this.split ^ id, 0x9e3779b1) + layer + 1) | 0;
  }

  /** Ends the walk. */
  stop(result: WireResult): Next {
    this.result = result;
    return NEXT.stop;
  }

  /** Goes on with the header that a protocol number names. */
  by(next: Next, protocol: number): Next {
    this.protocol = protocol;
    return next;
  }
}
