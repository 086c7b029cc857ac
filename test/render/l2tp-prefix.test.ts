import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TcpdumpLine } from '../../src/render/tcpdump.ts';
import { ethernet, hex, IPV4, IPV6, ipv4, ipv6, type Octets, TCP, tcp, u16, udp } from '../wire/octets.ts';
import { linesOf } from './lines.ts';

const L2TP = 1701;
const UDP = 17;

const INNER = ipv4(TCP, tcp({ flags: 2, seq: 1000, window: 512 }));
const LINE = 'IP 10.0.0.1.40000 > 10.0.0.2.80: Flags [S], seq 1000, win 512, length 0';
const ENDS = 'IP 10.0.0.1.50000 > 10.0.0.2.1701: ';
const TIME = '22:13:20.123456 ';

function line(octets: Octets): string {
  return linesOf(new TcpdumpLine(), [{ octets }])[0]!.slice(TIME.length);
}

/** A datagram to L2TP's port, with PPP around the packet. */
function tunnelled(header: string, inner: Octets = INNER, protocol: Octets = hex('ff03 0021')): Octets {
  return udp(L2TP, [...hex(header), ...protocol, ...inner]);
}

// Headers of L2TP, and what tcpdump 4.99.3 prints of them.
describe('L2TP', () => {
  test.each([
    ['no flag', '0002 4a32 d35e', ' l2tp:[](18994/54110) {'],
    ['a length', '4002 0034 4a32 d35e', ' l2tp:[L](18994/54110) {'],
    ['numbers', '0802 4a32 d35e 0001 0002', ' l2tp:[S](18994/54110)Ns=1,Nr=2 {'],
    ['an offset', '0202 4a32 d35e 0003 ffffff', ' l2tp:[O](18994/54110) {'],
    ['priority', '0102 4a32 d35e', ' l2tp:[P](18994/54110) {'],
    ['all of them', '4b02 003a 4a32 d35e ffff 0000 0000', ' l2tp:[LSOP](18994/54110)Ns=65535,Nr=0 {'],
    ['bits that mean nothing', '34f2 4a32 d35e', ' l2tp:[](18994/54110) {'],
  ])('with %s', (_, header, text) => {
    expect(line(ethernet(IPV4, ipv4(UDP, tunnelled(header))))).toBe(`${ENDS}${text}${LINE}`);
  });

  test('a packet may be longer than its length says', () => {
    const datagram = tunnelled('4002 0028 4a32 d35e');
    const text = ' l2tp:[L](18994/54110) {IP truncated-ip - 12 bytes missing! ';
    expect(line(ethernet(IPV4, ipv4(UDP, datagram)))).toBe(`${ENDS}${text}${LINE.slice(3)}`);
  });

  test('PPPoE around it, IPv6 in it, and from its port', () => {
    const inner = ipv6(TCP, tcp({ flags: 2, seq: 1000, window: 512 }));
    const datagram = [...u16(L2TP), ...u16(4000), ...tunnelled('0202 4a32 d35e 0000', inner, hex('57')).slice(4)];
    const packet = ipv4(UDP, datagram);
    const octets = ethernet(0x8864, [...hex('1100 3b1a'), ...u16(packet.length + 2), ...hex('0021'), ...packet]);
    expect(line(octets)).toBe(
      'PPPoE  [ses 0x3b1a] IP 10.0.0.1.1701 > 10.0.0.2.4000:  l2tp:[O](18994/54110) ' +
        '{IP6 2001:db8::1.40000 > 2001:db8::2.80: Flags [S], seq 1000, win 512, length 0',
    );
  });

  test('in IPv6', () => {
    expect(line(ethernet(IPV6, ipv6(UDP, tunnelled('0002 4a32 d35e'))))).toBe(
      `IP6 2001:db8::1.50000 > 2001:db8::2.1701:  l2tp:[](18994/54110) {${LINE}`,
    );
  });

  test.each([
    ['a length beyond the datagram', '4002 0400 4a32 d35e'],
    ['a length within the header', '4a02 000b 4a32 d35e 0001 0002 0000'],
  ])('where tcpdump stops, the packet is told alone: %s', (_, header) => {
    expect(line(ethernet(IPV4, ipv4(UDP, tunnelled(header))))).toBe(LINE);
  });

  test('of any octets makes a line, cut anywhere', () => {
    const datagram = fc.tuple(fc.uint8Array({ maxLength: 24 }), fc.nat(140));
    fc.assert(
      fc.property(datagram, ([header, kept]) => {
        const octets = ethernet(IPV4, ipv4(UDP, udp(L2TP, [...header, ...hex('ff03 0021'), ...INNER])));
        const [printed] = linesOf(new TcpdumpLine(), [
          { octets: octets.slice(0, kept), originalLength: octets.length },
        ]);
        expect(printed).toMatch(/^22:13:20\.123456 /);
      }),
      { numRuns: 1000 },
    );
  });
});
