import type { PcapFile } from './pcap-file.ts';

/** What lies between Ethernet and the addresses of a connection. */
export type Encapsulation = 'ipv4' | 'vlan-ipv6' | 'vxlan';

export const FIN = 0x01;
export const SYN = 0x02;
export const RST = 0x04;
export const PSH = 0x08;
export const ACK = 0x10;

/** Which TCP options a segment carries. */
export const OPTIONS = {
  none: 0,
  /** MSS alone: what a SYN cookie's answer has. */
  mss: 1,
  /** NOP, NOP, timestamps. */
  timestamps: 2,
  /** MSS, SACK permitted, timestamps, window scale, as Linux sends them in a SYN. */
  opening: 3,
  /** NOP, NOP, timestamps, NOP, NOP and the blocks of `sack`. */
  sack: 4,
} as const;

/** One segment to write; reused for every frame. Numbers are int32, addresses too. */
export class OutgoingSegment {
  source = 0;
  destination = 0;
  sourcePort = 0;
  destinationPort = 0;
  seq = 0;
  ack = 0;
  flags = 0;
  window = 0;
  payloadLength = 0;
  options = 0;
  tsVal = 0;
  tsEcr = 0;
  /** Blocks for `OPTIONS.sack`: left and right edge of each, 1 to 3 of them. */
  readonly sack: Int32Array = new Int32Array(6);
  sackCount = 0;
  ipId = 0;
  /** 1 when the frame travels towards the server: chooses the MAC addresses. */
  towardsServer = 0;
}

/** 'x': a payload of one byte has a sum that needs no loop. */
const PAYLOAD = 0x78;
const PAYLOAD_WORD = 0x7878;
const ETHERNET_HEADER = 14;
const TCP = 6;
const UDP = 17;
const VXLAN_PORT = 4789;

/** Appends the segment as a whole Ethernet frame with right checksums; the file keeps as much as its snap length says. */
export function writeFrame(
  file: PcapFile,
  microseconds: number,
  segment: OutgoingSegment,
  encapsulation: Encapsulation,
): void {
  const headerLength = 20 + optionsLength(segment);
  const tcpLength = headerLength + segment.payloadLength;
  const ipLength = (encapsulation === 'vlan-ipv6' ? 40 : 20) + tcpLength;
  const linkLength = encapsulation === 'ipv4' ? 14 : encapsulation === 'vlan-ipv6' ? 18 : 64;
  const originalLength = linkLength + ipLength;
  const start = file.begin(microseconds, originalLength, originalLength);
  const ipAt = start + linkLength;
  if (encapsulation === 'ipv4') writeEthernet(file.view, start, segment.towardsServer, 0x0800);
  else if (encapsulation === 'vlan-ipv6') writeVlan(file.view, start, segment);
  else writeVxlan(file.view, start, segment, ipLength);
  const tcpAt =
    encapsulation === 'vlan-ipv6'
      ? writeIpv6(file.view, ipAt, segment, tcpLength)
      : writeIpv4(file.view, ipAt, segment, ipLength);
  writeTcp(file.view, tcpAt, segment, headerLength);
  const payloadAt = tcpAt + headerLength;
  const payloadEnd = Math.min(payloadAt + segment.payloadLength, start + file.snapLength);
  if (payloadEnd > payloadAt) file.bytes.fill(PAYLOAD, payloadAt, payloadEnd);
  // The addresses of the pseudo header lie right before TCP, in IPv4 as in IPv6.
  const addressesAt = tcpAt - (encapsulation === 'vlan-ipv6' ? 32 : 8);
  const payloadSum = (segment.payloadLength >> 1) * PAYLOAD_WORD + (segment.payloadLength & 1) * (PAYLOAD << 8);
  const sum = sumWords(file.view, addressesAt, payloadAt) + TCP + tcpLength + payloadSum;
  file.view.setUint16(tcpAt + 16, checksum(sum));
}

function optionsLength(segment: OutgoingSegment): number {
  switch (segment.options) {
    case OPTIONS.mss:
      return 4;
    case OPTIONS.timestamps:
      return 12;
    case OPTIONS.opening:
      return 20;
    case OPTIONS.sack:
      return 16 + 8 * segment.sackCount;
    default:
      return 0;
  }
}

function writeEthernet(view: DataView, at: number, towardsServer: number, etherType: number): void {
  // Locally administered addresses: 02:00:00:00:00:0c is the client's side, :05 the server's.
  view.setUint16(at, 0x0200);
  view.setUint32(at + 2, towardsServer ? 0x05 : 0x0c);
  view.setUint16(at + 6, 0x0200);
  view.setUint32(at + 8, towardsServer ? 0x0c : 0x05);
  view.setUint16(at + 12, etherType);
}

function writeVlan(view: DataView, at: number, segment: OutgoingSegment): void {
  writeEthernet(view, at, segment.towardsServer, 0x8100);
  view.setUint16(at + 14, 10);
  view.setUint16(at + 16, 0x86dd);
}

/** Ethernet, IPv4 between two tunnel ends, UDP without checksum (RFC 7348 4.1), VXLAN, Ethernet. */
function writeVxlan(view: DataView, at: number, segment: OutgoingSegment, innerIpLength: number): void {
  const udpLength = 8 + 8 + ETHERNET_HEADER + innerIpLength;
  writeEthernet(view, at, segment.towardsServer, 0x0800);
  const ipAt = at + ETHERNET_HEADER;
  writeIpv4Header(
    view,
    ipAt,
    UDP,
    20 + udpLength,
    segment.ipId,
    segment.towardsServer ? 0x0a_ff_00_01 : 0x0a_ff_00_02,
    segment.towardsServer ? 0x0a_ff_00_02 : 0x0a_ff_00_01,
  );
  const udpAt = ipAt + 20;
  const clientPort = segment.towardsServer ? segment.sourcePort : segment.destinationPort;
  view.setUint16(udpAt, 0xe000 | (clientPort & 0x1fff));
  view.setUint16(udpAt + 2, VXLAN_PORT);
  view.setUint16(udpAt + 4, udpLength);
  view.setUint16(udpAt + 6, 0);
  view.setUint32(udpAt + 8, 0x0800_0000);
  view.setUint32(udpAt + 12, 100 << 8);
  writeEthernet(view, udpAt + 16, segment.towardsServer, 0x0800);
}

function writeIpv4(view: DataView, at: number, segment: OutgoingSegment, ipLength: number): number {
  writeIpv4Header(view, at, TCP, ipLength, segment.ipId, segment.source, segment.destination);
  return at + 20;
}

function writeIpv4Header(
  view: DataView,
  at: number,
  protocol: number,
  ipLength: number,
  ipId: number,
  source: number,
  destination: number,
): void {
  view.setUint16(at, 0x4500);
  view.setUint16(at + 2, ipLength);
  view.setUint16(at + 4, ipId);
  view.setUint16(at + 6, 0x4000);
  view.setUint16(at + 8, (64 << 8) | protocol);
  view.setUint16(at + 10, 0);
  view.setInt32(at + 12, source);
  view.setInt32(at + 16, destination);
  view.setUint16(at + 10, checksum(sumWords(view, at, at + 20)));
}

/** 2001:db8::/96 and the connection's IPv4 address. */
function writeIpv6(view: DataView, at: number, segment: OutgoingSegment, tcpLength: number): number {
  view.setUint32(at, 0x6000_0000);
  view.setUint16(at + 4, tcpLength);
  view.setUint16(at + 6, (TCP << 8) | 64);
  writeIpv6Address(view, at + 8, segment.source);
  writeIpv6Address(view, at + 24, segment.destination);
  return at + 40;
}

function writeIpv6Address(view: DataView, at: number, host: number): void {
  view.setUint32(at, 0x2001_0db8);
  view.setUint32(at + 4, 0);
  view.setUint32(at + 8, 0);
  view.setInt32(at + 12, host);
}

function writeTcp(view: DataView, at: number, segment: OutgoingSegment, headerLength: number): void {
  view.setUint16(at, segment.sourcePort);
  view.setUint16(at + 2, segment.destinationPort);
  view.setInt32(at + 4, segment.seq);
  view.setInt32(at + 8, segment.flags & ACK ? segment.ack : 0);
  view.setUint16(at + 12, (headerLength << 10) | segment.flags);
  view.setUint16(at + 14, segment.window);
  view.setUint32(at + 16, 0);
  const optionsAt = at + 20;
  switch (segment.options) {
    case OPTIONS.mss:
      view.setUint32(optionsAt, 0x0204_05b4);
      return;
    case OPTIONS.timestamps:
      writeTimestamps(view, optionsAt, segment);
      return;
    case OPTIONS.opening:
      view.setUint32(optionsAt, 0x0204_05b4);
      view.setUint32(optionsAt + 4, 0x0402_080a);
      view.setInt32(optionsAt + 8, segment.tsVal);
      view.setInt32(optionsAt + 12, segment.tsEcr);
      view.setUint32(optionsAt + 16, 0x0103_0307);
      return;
    case OPTIONS.sack:
      writeTimestamps(view, optionsAt, segment);
      view.setUint32(optionsAt + 12, 0x0101_0502 + 8 * segment.sackCount);
      for (let i = 0; i < 2 * segment.sackCount; i++) view.setInt32(optionsAt + 16 + 4 * i, segment.sack[i]!);
  }
}

function writeTimestamps(view: DataView, at: number, segment: OutgoingSegment): void {
  view.setUint32(at, 0x0101_080a);
  view.setInt32(at + 4, segment.tsVal);
  view.setInt32(at + 8, segment.tsEcr);
}

function sumWords(view: DataView, at: number, end: number): number {
  let sum = 0;
  for (let i = at; i < end; i += 2) sum += view.getUint16(i);
  return sum;
}

function checksum(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return ~(once + (once >>> 16)) & 0xffff;
}
