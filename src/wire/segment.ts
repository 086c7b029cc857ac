/** What a record turned out to be. A number and not an exception: bad packets are data. */
export const WIRE = {
  /** No TCP in it (or in a tunnel whose decapsulation is switched off). */
  other: 0,
  /** One TCP segment; all of SegmentView is filled. */
  segment: 1,
  /** ICMP or ICMPv6 error that quotes a TCP segment: the view describes the quoted segment, and `icmp…` the error. */
  icmpQuote: 2,
  /** The first fragment of a TCP datagram that is not whole yet: worth a line, but no segment until the rest is here. */
  firstFragment: 3,
  /** A TCP header that is cut short by the capture or has an impossible length: worth a line, but no segment. */
  brokenTcp: 4,
  /** The record's link type is one that lastack cannot decode. */
  unknownLink: 5,
} as const;
export type WireResult = (typeof WIRE)[keyof typeof WIRE];

/** TCP's flag bits (RFC 9293 3.1), as they stand in octets 12 and 13 of the header. */
export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;
export const URG = 0x20;
export const ECE = 0x40;
export const CWR = 0x80;
export const AE = 0x100;

/** What the TCP checksum says. */
export const CHECKSUM = {
  /** Not verified: the packet is cut, a fragment, quoted, or verification is off. */
  unverified: 0,
  good: 1,
  bad: 2,
  /** The pseudo header's alone: the host left the rest to its network card, and the capture was taken before that. */
  partial: 3,
  /** Wrong, and not held against the segment when it came: no decoder says so, but who replays it (tcp/opening/lone-flows.ts). */
  forgiven: 4,
} as const;

/** Octets from the start of the TCP header to its checksum. */
export const CHECKSUM_FIELD = 16;

/** The checksum that the segment has on the wire, or 0 where that was not kept. */
export function checksumOnWire(segment: SegmentView): number {
  if (segment.checksum === CHECKSUM.partial) return segment.finishedChecksum;
  return segment.tcpEnd - segment.tcpAt < CHECKSUM_FIELD + 2
    ? 0
    : segment.view.getUint16(segment.tcpAt + CHECKSUM_FIELD);
}

/** `SegmentView.windowScale` and `.mss` when the option is absent. */
export const NO_OPTION = -1;

/**
 * One TCP segment as it stands in a record.
 *
 * The decoder that fills it owns it and overwrites it at the next record; who wants to keep a value copies the value.
 * Offsets (`…At`, `…End`) index `bytes`/`view`, which are the record's chunk or, for a datagram put together from
 * fragments, the decoder's own buffer. All fields start as the kind of number that they will hold, so that
 * the object keeps one shape (and what was compiled for it stays valid).
 */
export class SegmentView {
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));

  /** Frame number of the record; for a reassembled datagram, that of the fragment which completed it. */
  frame = 0;
  /** Where the frame stands: input and 1-based record number in it (RecordView.file, .fileFrame). */
  file = 0;
  fileFrame = 0;
  /** RecordView.seconds and .nanoseconds: exact, for printing. */
  seconds = 0;
  nanoseconds = 0;
  /** RecordView.carriedSeconds: what tcpdump prints within the fraction. */
  carriedSeconds = 0;
  /** Nanoseconds since the capture's first whole second: a double, exact within 104 days. Set by the pipeline. */
  time: number = Number.NaN;

  /** First and past-the-last octet of the record's link-layer frame, in `linkBytes`, and its LINKTYPE_ value. */
  linkBytes: Uint8Array = new Uint8Array(0);
  linkView: DataView = new DataView(new ArrayBuffer(0));
  linkAt = 0;
  linkEnd = 0;
  linkType = 0;
  /** Octets the frame had on the wire (RecordView.originalLength): tcpdump says how many an IP length claims beyond it. */
  linkLength = 0;

  /** 1 when the packet is plain Ethernet, IPv4 or IPv6 without extension headers, TCP; no tag, tunnel or fragment. */
  plain = 0;
  /** Identity of the stack of layers, an index into the decoder's table of names (`layerNames`). */
  layers = 0;
  /** What `--split-by` asked for: VLAN or tunnel identifiers folded to one number; 0 when not asked. */
  split = 0;
  /** 1 when the segment was put together from IP fragments. */
  reassembled = 0;
  /** For `firstFragment` and `reassembled`: the frame of the fragment with offset 0. Else 0. */
  firstFragmentFrame = 0;
  /**
   * For `firstFragment` and `reassembled`: octets of payload in the fragment with offset 0, as tcpdump prints them. Less
   * than 0 by as many octets as the TCP header has in other fragments.
   */
  fragmentPayloadLength = 0;

  /** The IP header next to TCP (innermost). */
  ipAt = 0;
  /** 4 or 6. */
  ipVersion = 4;
  /** Offsets of the addresses, 4 or 16 octets each. */
  sourceAt = 0;
  destinationAt = 0;
  /** Time to live or hop limit. */
  ttl = 0;
  /** IPv4 identification, or -1 in IPv6. */
  ipId = 0;

  /** The TCP header. */
  tcpAt = 0;
  /** Octets of header and payload by the IP header (not by what was kept). */
  tcpLength = 0;
  /** Octets of the TCP header, 20 to 60. */
  headerLength = 0;
  /** First octet past what was kept of this TCP segment. */
  tcpEnd = 0;
  sourcePort = 0;
  destinationPort = 0;
  /** Sequence and acknowledgment numbers, int32 (see bytes/seq.ts). `ack` is what the field holds, ACK flag or not. */
  seq = 0;
  ack = 0;
  /** Nine flag bits, AE (0x100) to FIN (0x001). */
  flags = 0;
  /** The window field, not scaled, 0 to 65535. */
  window = 0;
  urgent = 0;
  /** Octets of payload by the IP header; what was kept may be less (`tcpEnd - tcpAt - headerLength`). */
  payloadLength = 0;
  /**
   * Octets of payload that the frame had room for on the wire: less than `payloadLength` where an IP header claims more
   * than its frame could carry. tcpdump prints `payloadLength`, Wireshark counts this.
   */
  roomLength = 0;
  /** One of CHECKSUM. */
  checksum = 0;
  /** What the network card makes of a checksum that is `partial`; of any other, nothing in particular. */
  finishedChecksum = 0;

  /** Options that TCP's meaning needs. `renderers` walk the rest from `tcpAt + 20`. */
  mss: number = NO_OPTION;
  windowScale: number = NO_OPTION;
  /** 0 or 1. */
  sackPermitted = 0;
  /** 0 or 1: whether `tsVal`, `tsEcr` (int32) are there. */
  hasTimestamps = 0;
  tsVal = 0;
  tsEcr = 0;
  /** SACK blocks: how many whole ones, and the offset of the first one's left edge. */
  sackCount = 0;
  sackAt = 0;
  /** TCP Fast Open cookie octets (option 34, or experimental 254 with magic F989): -1 absent, 0 a request for a cookie. */
  fastOpenCookie: number = NO_OPTION;
  /** Multipath TCP: a bit for the subtype of each of its options (RFC 8684 3), 1 << subtype. */
  multipath = 0;

  /** For `icmpQuote`: type, code, and where the ICMP header and the IP header around it lie. */
  icmpType = 0;
  icmpCode = 0;
  icmpAt = 0;
  outerIpAt = 0;
  outerIpVersion = 4;
  /** How many octets of the quoted TCP header are there: 8 hold ports and sequence number only. */
  quotedLength = 0;
}

/**
 * Whether a record has a line in a timeline. A segment that was put together from fragments has its line at the first
 * one, as in tcpdump: at this record only where that one came last.
 */
export function hasLine(segment: SegmentView, result: WireResult): boolean {
  return segment.reassembled === 0 || result !== WIRE.segment || segment.firstFragmentFrame === segment.frame;
}

/** Octets of a segment's IP packet, header included, as the IP header says. */
export function ipLengthOf(segment: SegmentView): number {
  return segment.tcpAt - segment.ipAt + segment.tcpLength;
}
