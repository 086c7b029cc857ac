import { describe, expect, test } from 'vitest';
import { SegmentDecoder } from '../../src/wire/decode.ts';
import { WIRE } from '../../src/wire/segment.ts';
import type { Decapsulation } from '../../src/wire/walk.ts';
import { decode, ethernet, hex, IPV4, ipv4, ipv6, type Octets, payloadOf, RAW, TCP, tcp, udp } from './octets.ts';

const PACKET = ipv4(TCP, tcp({ payload: [1, 2, 3] }));
const PACKET6 = ipv6(TCP, tcp({ payload: [1, 2, 3] }));
const FRAME = ethernet(IPV4, PACKET);
const GRE = 47;

// biome-ignore format: a table is read by its columns
const TUNNELS: readonly (readonly [string, keyof Decapsulation, Octets, string])[] = [
  ['IP in IP', 'ipip', ipv4(4, PACKET), 'raw ip ip tcp'],
  ['6in4', 'sixInFour', ipv4(41, PACKET6), 'raw ip ip6 tcp'],
  ['4in6', 'inSix', ipv6(4, PACKET), 'raw ip6 ip tcp'],
  ['6in6', 'inSix', ipv6(41, PACKET6), 'raw ip6 ip6 tcp'],
  ['GRE', 'gre', ipv4(GRE, [...hex('0000 0800'), ...PACKET]), 'raw ip gre ip tcp'],
  ['GRE with checksum, key and sequence number', 'gre', ipv4(GRE, [...hex('b000 86dd 00000000 0000002a 00000001'), ...PACKET6]), 'raw ip gre 42 ip6 tcp'],
  ['Ethernet in GRE', 'gre', ipv4(GRE, [...hex('0000 6558'), ...FRAME]), 'raw ip gre eth ip tcp'],
  ['PPTP', 'gre', ipv4(GRE, [...hex('3081 880b 002f 0001 00000001 00000002 21'), ...PACKET]), 'raw ip gre ppp ip tcp'],
  ['WCCP 2', 'gre', ipv4(GRE, [...hex('0000 883e 00000000'), ...PACKET]), 'raw ip gre ip tcp'],
  ['WCCP 1', 'gre', ipv4(GRE, [...hex('0000 883e'), ...PACKET]), 'raw ip gre ip tcp'],
  ['MPLS in GRE', 'gre', ipv4(GRE, [...hex('0000 8847 00064140'), ...PACKET]), 'raw ip gre mpls 100 ip tcp'],
  ['ERSPAN type I', 'erspan', ipv4(GRE, [...hex('0000 88be'), ...FRAME]), 'raw ip gre eth ip tcp'],
  ['ERSPAN type II', 'erspan', ipv4(GRE, [...hex('1000 88be 00000001 1000 0007 00000000'), ...FRAME]), 'raw ip gre erspan 7 eth ip tcp'],
  ['ERSPAN type III', 'erspan', ipv4(GRE, [...hex('1000 22eb 00000001 2000 0007 00000000 00000001 0000000000000000'), ...FRAME]), 'raw ip gre erspan 7 eth ip tcp'],
  ['VXLAN', 'vxlan', ipv4(17, udp(4789, [...hex('08000000 00002a00'), ...FRAME])), 'raw ip vxlan 42 eth ip tcp'],
  ['VXLAN on the port that Linux had first', 'vxlan', ipv4(17, udp(8472, [...hex('08000000 00002a00'), ...FRAME])), 'raw ip vxlan 42 eth ip tcp'],
  ['VXLAN-GPE', 'vxlan', ipv4(17, udp(4790, [...hex('0c000001 00002a00'), ...PACKET])), 'raw ip vxlan 42 ip tcp'],
  ['GENEVE with options', 'geneve', ipv4(17, udp(6081, [...hex('01006558 00002a00 01020304'), ...FRAME])), 'raw ip geneve 42 eth ip tcp'],
  ['GTP-U', 'gtpu', ipv4(17, udp(2152, [...hex('30ff 0033 00000001'), ...PACKET])), 'raw ip gtp ip tcp'],
  ['GTP-U with an extension header', 'gtpu', ipv4(17, udp(2152, [...hex('34ff 0033 00000001 00000085 01100000'), ...PACKET6])), 'raw ip gtp ip6 tcp'],
  ['Teredo', 'teredo', ipv4(17, udp(3544, PACKET6)), 'raw ip teredo ip6 tcp'],
  ['Teredo with authentication and origin', 'teredo', ipv4(17, udp(3544, [...hex('0001 0000 0000000000000000 00 0000 ffff ffffffff'), ...PACKET6])), 'raw ip teredo ip6 tcp'],
  ['AYIYA', 'ayiya', ipv4(17, udp(5072, [...hex('44 52 11 29 00000000'), ...Array(36).fill(0), ...PACKET6])), 'raw ip ayiya ip6 tcp'],
  ['L2TP', 'l2tp', ipv4(17, udp(1701, [...hex('4002 0000 0001 0002 ff03 0021'), ...PACKET])), 'raw ip l2tp ppp ip tcp'],
  ['CAPWAP with Ethernet', 'capwap', ipv4(17, udp(5247, [...hex('00100000 00000000'), ...FRAME])), 'raw ip capwap eth ip tcp'],
];

describe('a tunnel', () => {
  test.each(TUNNELS)('%s is opened', (_what, _switch, octets, layers) => {
    const decoded = decode(new SegmentDecoder(), octets, { linkType: RAW });
    expect(decoded.result).toBe(WIRE.segment);
    expect(decoded.layers).toBe(layers);
    expect(payloadOf(decoded.segment)).toEqual([1, 2, 3]);
  });

  test.each(TUNNELS)('%s stays closed when it is switched off', (_what, key, octets) => {
    const decoder = new SegmentDecoder({ decapsulate: { [key]: false } });
    expect(decode(decoder, octets, { linkType: RAW }).result).toBe(WIRE.other);
    expect(decode(decoder, PACKET, { linkType: RAW }).result).toBe(WIRE.segment);
  });

  test.each(TUNNELS)('%s may be cut anywhere', (_what, _switch, octets) => {
    const decoder = new SegmentDecoder();
    for (let kept = 0; kept < octets.length - 24; kept++) {
      const { result } = decode(decoder, octets.slice(0, kept), { linkType: RAW, originalLength: octets.length });
      expect([WIRE.other, WIRE.brokenTcp]).toContain(result);
    }
  });

  test('tunnels in tunnels end somewhere, and that is counted', () => {
    let octets = PACKET;
    for (let i = 0; i < 200; i++) octets = ipv4(4, octets);
    const decoder = new SegmentDecoder();
    expect(decode(decoder, octets, { linkType: RAW }).result).toBe(WIRE.other);
    expect(decoder.unfollowed).toBe(1);
  });
});

describe('what a flow is told apart by', () => {
  const inVlan = (id: number) => ethernet(0x8100, [0, id, 8, 0, ...PACKET]);
  const inTunnel = (id: number) => ipv4(17, udp(4789, [...hex('08000000 0000'), id, 0, ...FRAME]));

  test('nothing but addresses and ports, unless asked', () => {
    const decoder = new SegmentDecoder();
    expect(decode(decoder, inVlan(1)).segment.split).toBe(0);
    expect(decode(decoder, inTunnel(1), { linkType: RAW }).segment.split).toBe(0);
  });

  test('its VLAN', () => {
    const decoder = new SegmentDecoder({ splitBy: 'vlan' });
    const [one, two, again, none] = [inVlan(1), inVlan(2), inVlan(1), FRAME].map(
      (octets) => decode(decoder, octets).segment.split,
    );
    expect(one).not.toBe(two);
    expect(again).toBe(one);
    expect(none).toBe(0);
  });

  test('its tunnel', () => {
    const decoder = new SegmentDecoder({ splitBy: 'tunnel' });
    const splits = [inTunnel(1), inTunnel(2), inTunnel(1), PACKET].map(
      (octets) => decode(decoder, octets, { linkType: RAW }).segment.split,
    );
    expect(splits[0]).not.toBe(splits[1]);
    expect(splits[2]).toBe(splits[0]);
    expect(splits[3]).toBe(0);
  });
});
