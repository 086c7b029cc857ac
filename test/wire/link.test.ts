import { describe, expect, test } from 'vitest';
import { SegmentDecoder } from '../../src/wire/decode.ts';
import { WIRE } from '../../src/wire/segment.ts';
import { decode, ethernet, hex, IPV4, ipv4, ipv6, type Octets, payloadOf, TCP, tcp, u16, u32 } from './octets.ts';

const SEGMENT = tcp({ payload: [1, 2, 3, 4, 5] });
const PACKET = ipv4(TCP, SEGMENT);
const PACKET6 = ipv6(TCP, SEGMENT);
const SNAP = hex('aaaa03 000000 0800');
const WLAN = hex('0801 0000 020000000001 020000000002 020000000003 0000');
const QOS_WLAN = hex('8801 0000 020000000001 020000000002 020000000003 0000 0000');

type Case = readonly [what: string, linkType: number, octets: Octets, layers: string];

// biome-ignore format: a table is read by its columns
const CASES: readonly Case[] = [
  ['BSD loopback, little-endian', 0, [...hex('02000000'), ...PACKET], 'null ip tcp'],
  ['BSD loopback, big-endian', 0, [...hex('00000002'), ...PACKET], 'null ip tcp'],
  ['FreeBSD loopback with IPv6', 0, [...hex('1c000000'), ...PACKET6], 'null ip6 tcp'],
  ['OpenBSD loopback with IPv6', 108, [...hex('00000018'), ...PACKET6], 'null ip6 tcp'],
  ['Ethernet', 1, ethernet(IPV4, PACKET), 'eth ip tcp'],
  ['Ethernet with IPv6', 1, ethernet(0x86dd, PACKET6), 'eth ip6 tcp'],
  ['a VLAN tag', 1, ethernet(0x8100, [...hex('200a 0800'), ...PACKET]), 'eth vlan 10 ip tcp'],
  ['a VLAN tag and IPv6', 1, ethernet(0x8100, [...hex('200a 86dd'), ...PACKET6]), 'eth vlan 10 ip6 tcp'],
  ['802.1ad', 1, ethernet(0x88a8, [...hex('000a 8100 000b 0800'), ...PACKET]), 'eth vlan 10 vlan 11 ip tcp'],
  ['QinQ of old', 1, ethernet(0x9100, [...hex('000a 8100 000b 0800'), ...PACKET]), 'eth vlan 10 vlan 11 ip tcp'],
  ['two MPLS labels', 1, ethernet(0x8847, [...hex('00064040 00065140'), ...PACKET]), 'eth mpls 100 mpls 101 ip tcp'],
  ['PPPoE', 1, ethernet(0x8864, [...hex('1100 002a'), ...u16(PACKET.length + 2), ...hex('0021'), ...PACKET]), 'eth pppoe 42 ppp ip tcp'],
  ['802.3 with SNAP', 1, ethernet(PACKET.length + 8, [...SNAP, ...PACKET]), 'eth llc ip tcp'],
  ['a backbone bridge', 1, ethernet(0x88e7, [...hex('0000002a'), ...ethernet(IPV4, PACKET)]), 'eth pbb 42 eth ip tcp'],
  ['a VN-Tag', 1, ethernet(0x8926, [...hex('00000000 0800'), ...PACKET]), 'eth vntag ip tcp'],
  ['FabricPath', 1, ethernet(0x8903, [...hex('0001'), ...ethernet(IPV4, PACKET)]), 'eth eth ip tcp'],
  ['a service header', 1, ethernet(0x894f, [...hex('0fc6 0101 00002aff'), ...Array(16).fill(0), ...PACKET]), 'eth nsh ip tcp'],
  ['Token Ring with a source route', 6, [...hex('1040 020000000002 820000000001 0650 0010 0020'), ...SNAP, ...PACKET], 'token-ring llc ip tcp'],
  ['ARCNET', 7, [...hex('0102 d4 00 0001'), ...PACKET], 'arcnet ip tcp'],
  ['SLIP', 8, [...hex('0040'), ...Array(14).fill(0), ...PACKET], 'slip ip tcp'],
  ['PPP', 9, [...hex('ff03 0021'), ...PACKET], 'ppp ip tcp'],
  ['Cisco HDLC in a capture of PPP', 9, [...hex('0f00 0800'), ...PACKET], 'chdlc ip tcp'],
  ['PPP with both compressions', 9, [...hex('21'), ...PACKET], 'ppp ip tcp'],
  ['FDDI', 10, [...hex('50 020000000002 020000000001'), ...SNAP, ...PACKET], 'fddi llc ip tcp'],
  ['ATM with LLC', 100, [...SNAP, ...PACKET], 'atm llc ip tcp'],
  ['ATM with bridged Ethernet', 11, [...hex('aaaa03 0080c2 0007 0000'), ...ethernet(IPV4, PACKET)], 'atm llc eth ip tcp'],
  ['bare IP', 101, PACKET, 'raw ip tcp'],
  ['bare IPv6', 229, PACKET6, 'raw ip6 tcp'],
  ['classical IP over ATM with LLC', 19, [...SNAP, ...PACKET], 'atm llc ip tcp'],
  ['classical IP over ATM without', 19, PACKET, 'atm ip tcp'],
  ['PPP on a serial line', 50, [...hex('ff03 0057'), ...PACKET6], 'ppp ip6 tcp'],
  ['Cisco HDLC on a serial line', 50, [...hex('0f00 0800'), ...PACKET], 'chdlc ip tcp'],
  ['PPPoE without Ethernet', 51, [...hex('1100 002a'), ...u16(PACKET.length + 2), ...hex('0021'), ...PACKET], 'pppoe 42 ppp ip tcp'],
  ['Cisco HDLC', 104, [...hex('0f00 0800'), ...PACKET], 'chdlc ip tcp'],
  ['802.11', 105, [...WLAN, ...SNAP, ...PACKET], 'wlan llc ip tcp'],
  ['802.11 with QoS', 105, [...QOS_WLAN, ...SNAP, ...PACKET], 'wlan llc ip tcp'],
  ['802.11 with four addresses', 105, [...hex('0803'), ...WLAN.slice(2), ...hex('020000000004'), ...SNAP, ...PACKET], 'wlan llc ip tcp'],
  ['an aggregate of 802.11', 105, [...QOS_WLAN.slice(0, 24), ...hex('8000 020000000001 020000000002'), ...u16(PACKET.length + 8), ...SNAP, ...PACKET], 'wlan llc ip tcp'],
  ['Frame Relay', 107, [...hex('1841 03 cc'), ...PACKET], 'frame-relay ip tcp'],
  ['Frame Relay with SNAP', 107, [...hex('1841 03 00 80 000000 0800'), ...PACKET], 'frame-relay ip tcp'],
  ['Frame Relay as Cisco does it', 107, [...hex('1841 0800'), ...PACKET], 'frame-relay ip tcp'],
  ['ENC', 109, [...Array(12).fill(0), ...PACKET], 'enc ip tcp'],
  ['Linux cooked', 113, [...Array(14).fill(0), ...u16(IPV4), ...PACKET], 'sll ip tcp'],
  ['Linux cooked with a VLAN tag', 113, [...Array(14).fill(0), ...hex('8100 000a 0800'), ...PACKET], 'sll vlan 10 ip tcp'],
  ['PFLOG', 117, [61, ...Array(63).fill(0), ...PACKET], 'pflog ip tcp'],
  ['Prism', 119, [...hex('00000044 00000090'), ...Array(136).fill(0), ...WLAN, ...SNAP, ...PACKET], 'prism wlan llc ip tcp'],
  ['AVS under Prism\'s number', 119, [...hex('80211001 00000040'), ...Array(56).fill(0), ...WLAN, ...SNAP, ...PACKET], 'avs wlan llc ip tcp'],
  ['SunATM', 123, [...hex('02 00 0020'), ...SNAP, ...PACKET], 'atm llc ip tcp'],
  ['radiotap', 127, [...hex('0000 0800 00000000'), ...WLAN, ...SNAP, ...PACKET], 'radiotap wlan llc ip tcp'],
  ['radiotap that pads the header', 127, [...hex('0000 0900 02000000 20'), ...QOS_WLAN, ...hex('0000'), ...SNAP, ...PACKET], 'radiotap wlan llc ip tcp'],
  ['Linux ARCNET', 129, [...hex('0102 0000 d4 00 0001'), ...PACKET], 'arcnet ip tcp'],
  ['IP over FireWire', 138, [...Array(16).fill(0), ...u16(IPV4), ...PACKET], 'ieee1394 ip tcp'],
  ['AVS', 163, [...hex('80211001 00000040'), ...Array(56).fill(0), ...WLAN, ...SNAP, ...PACKET], 'avs wlan llc ip tcp'],
  ['Juniper Ethernet', 178, [...hex('4d4743 01'), ...ethernet(IPV4, PACKET)], 'juniper eth ip tcp'],
  ['Juniper without link layer', 178, [...hex('4d4743 83 0002 0000 02000000'), ...PACKET], 'juniper ip tcp'],
  ['PPI with Ethernet', 192, [...hex('0000 0800 01000000'), ...ethernet(IPV4, PACKET)], 'ppi eth ip tcp'],
  ['PPP with direction', 204, [...hex('00 ff03 0021'), ...PACKET], 'ppp ip tcp'],
  ['MPLS alone', 219, [...hex('00064140'), ...PACKET], 'mpls 100 ip tcp'],
  ['IPNET', 226, [...hex('0102'), ...Array(22).fill(0), ...PACKET], 'ipnet ip tcp'],
  ['NFLOG', 239, [...hex('0200 0000 0800 0100 00000000 0500 0a00 61000000'), PACKET.length + 4, 0, ...hex('0900'), ...PACKET], 'nflog ip tcp'],
  ['IP over InfiniBand', 242, [...Array(40).fill(0), ...hex('0800 0000'), ...PACKET], 'ipoib ip tcp'],
  ['PKTAP', 258, [...hex('10000000 01000000 01000000 00000000'), ...ethernet(IPV4, PACKET)], 'pktap eth ip tcp'],
  ['Linux cooked, version 2', 276, [...u16(IPV4), ...Array(18).fill(0), ...PACKET], 'sll2 ip tcp'],
  ['a switch\'s tag', 284, [...ethernet(0xc000, hex('0000 0800')), ...PACKET], 'eth dsa ip tcp'],
  ['a switch\'s tag with EtherType', 285, [...ethernet(0xdada, hex('0000 c0000000 0800')), ...PACKET], 'eth dsa ip tcp'],
];

describe('TCP is found behind', () => {
  test.each(CASES)('%s', (_what, linkType, octets, layers) => {
    const decoded = decode(new SegmentDecoder(), octets, { linkType });
    expect(decoded.result).toBe(WIRE.segment);
    expect(decoded.layers).toBe(layers);
    expect(decoded.segment).toMatchObject({ sourcePort: 40000, destinationPort: 80, payloadLength: 5, roomLength: 5 });
    expect(payloadOf(decoded.segment)).toEqual([1, 2, 3, 4, 5]);
  });

  test.each(CASES)('%s, cut anywhere, without reading past what was kept', (_what, linkType, octets) => {
    const decoder = new SegmentDecoder();
    for (let kept = 0; kept < octets.length; kept++) {
      const { result, segment } = decode(decoder, octets.slice(0, kept), { linkType, originalLength: octets.length });
      if (result === WIRE.segment) expect(segment.tcpEnd - segment.tcpAt).toBeGreaterThanOrEqual(16);
    }
    expect(decoder.undecodedLinkTypes.size).toBe(0);
  });
});

test("the byte order of a capturing host is the file's", () => {
  const octets = [...hex('00000010 00000001 00000001 00000000'), ...ethernet(IPV4, PACKET)];
  expect(decode(new SegmentDecoder(), octets, { linkType: 258, bigEndian: 1 }).result).toBe(WIRE.segment);
});

test('a link type that is not known is counted', () => {
  const decoder = new SegmentDecoder();
  expect(decode(decoder, PACKET, { linkType: 195 }).result).toBe(WIRE.unknownLink);
  decode(decoder, PACKET, { linkType: 195 });
  expect([...decoder.undecodedLinkTypes]).toEqual([[195, 2]]);
});

test('of a link type that PKTAP or PPI names, that one is counted; theirs, when very many are named', () => {
  const decoder = new SegmentDecoder();
  const inPktap = (linkType: number): Octets => [...hex('0c000000 01000000'), linkType & 255, linkType >> 8, 0, 0];
  const inPpi = (linkType: number): Octets => [...hex('00000800'), linkType & 255, linkType >> 8, 0, 0];
  for (const linkType of [195, 195, 146]) decode(decoder, [...inPktap(linkType), ...PACKET], { linkType: 258 });
  decode(decoder, [...inPpi(146), ...PACKET], { linkType: 192 });
  expect([...decoder.undecodedLinkTypes]).toEqual([
    [195, 2],
    [146, 2],
  ]);
  for (let i = 0; i < 100; i++) decode(decoder, [...inPktap(1000 + i), ...PACKET], { linkType: 258 });
  expect(decoder.undecodedLinkTypes.size).toBe(17);
  expect(decoder.undecodedLinkTypes.get(258)).toBe(86);
});

test('padding and trailers are no payload', () => {
  const empty = ethernet(IPV4, ipv4(TCP, tcp()));
  const { segment } = decode(new SegmentDecoder(), [...empty, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4]);
  expect(segment).toMatchObject({ payloadLength: 0, plain: 1 });
});

test('radiotap tells of a frame check sequence, and so can the file', () => {
  const unsized = ipv4(TCP, SEGMENT, { totalLength: 0 });
  const frame = [...hex('0000 0900 02000000 10'), ...WLAN, ...SNAP, ...unsized, ...hex('deadbeef')];
  expect(decode(new SegmentDecoder(), frame, { linkType: 127 }).segment.payloadLength).toBe(5);
  const plain = [...ethernet(IPV4, unsized), ...hex('deadbeef')];
  expect(decode(new SegmentDecoder(), plain, { fcsLength: 4 }).segment.payloadLength).toBe(5);
});

test('stacks of layers are bounded: past the bound identifiers are dropped', () => {
  const decoder = new SegmentDecoder();
  let last = '';
  for (let label = 0; label < 5000; label++) {
    const octets = [...u32(label * 4096 + 0x140), ...PACKET];
    last = decode(decoder, octets, { linkType: 219 }).layers;
  }
  expect(last).toBe('mpls ip tcp');
});
