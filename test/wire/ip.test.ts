import { describe, expect, test } from 'vitest';
import { SegmentDecoder } from '../../src/wire/decode.ts';
import { CHECKSUM, WIRE } from '../../src/wire/segment.ts';
// biome-ignore format: one line
import { CLIENT6, decode, ethernet, hex, IPV4, IPV6, ipv4, ipv6, type Octets, payloadOf, RAW, SERVER6, TCP, tcp } from './octets.ts';

const SEGMENT = tcp({ payload: [1, 2, 3, 4, 5] });
const SEGMENT6 = tcp({ payload: [1, 2, 3, 4, 5] }, CLIENT6, SERVER6);

function raw(octets: Octets, originalLength: number = octets.length) {
  return decode(new SegmentDecoder(), octets, { linkType: RAW, originalLength });
}

describe('IPv4', () => {
  test('the straight way and the long way see the same segment', () => {
    for (const type of [IPV4, IPV6]) {
      const packet = type === IPV4 ? ipv4(TCP, SEGMENT, { ttl: 17, id: 0xfffe }) : ipv6(TCP, SEGMENT6);
      const straight = decode(new SegmentDecoder(), ethernet(type, packet)).segment;
      const long = decode(
        new SegmentDecoder(),
        ethernet(0x8100, [...hex('0001 8100 0002'), ...[type >> 8, type & 255], ...packet]),
      ).segment;
      const { sourcePort, seq, ack, flags, window, checksum, ttl, ipId, payloadLength, tcpLength } = straight;
      expect(long).toMatchObject({
        sourcePort,
        seq,
        ack,
        flags,
        window,
        checksum,
        ttl,
        ipId,
        payloadLength,
        tcpLength,
      });
      expect([straight.plain, long.plain]).toEqual([1, 0]);
      expect(long.tcpAt - straight.tcpAt).toBe(8);
    }
  });

  test('options are passed over', () => {
    const { result, segment } = decode(
      new SegmentDecoder(),
      ethernet(IPV4, ipv4(TCP, SEGMENT, { options: hex('94040000') })),
    );
    expect(result).toBe(WIRE.segment);
    expect(segment).toMatchObject({ payloadLength: 5, checksum: CHECKSUM.good, plain: 1 });
  });

  test('a total length of 0 is that of a host that leaves it to the network card: the rest of the frame', () => {
    const { segment } = raw(ipv4(TCP, SEGMENT, { totalLength: 0 }));
    expect(segment).toMatchObject({ payloadLength: 5, checksum: CHECKSUM.good });
  });

  test('a total length beyond the frame is what tcpdump prints, and the frame had room for less', () => {
    const { result, segment } = raw(ipv4(TCP, SEGMENT, { totalLength: 1000 }));
    expect(result).toBe(WIRE.segment);
    expect(segment).toMatchObject({ payloadLength: 960, roomLength: 5, checksum: CHECKSUM.unverified });
  });

  test('what the snapshot cut off counts by the headers', () => {
    const packet = ipv4(TCP, tcp({ payload: Array(100).fill(7) }));
    const { result, segment } = raw(packet.slice(0, 50), packet.length);
    expect(result).toBe(WIRE.segment);
    expect(segment).toMatchObject({ payloadLength: 100, roomLength: 100, checksum: CHECKSUM.unverified });
    expect(payloadOf(segment)).toHaveLength(10);
  });

  test.each([
    ['a header of 16 octets', [0x44, ...ipv4(TCP, SEGMENT).slice(1)]],
    ['a total length below the header', ipv4(TCP, SEGMENT, { totalLength: 19 })],
    ['version 5', [0x55, ...ipv4(TCP, SEGMENT).slice(1)]],
    ['another protocol', ipv4(132, SEGMENT)],
    ['no room for ports', ipv4(TCP, SEGMENT, { totalLength: 23 })],
  ])('%s is no TCP', (_what, octets) => {
    expect(raw(octets).result).toBe(WIRE.other);
    expect(decode(new SegmentDecoder(), ethernet(IPV4, octets)).result).toBe(WIRE.other);
  });
});

describe('IPv6', () => {
  // biome-ignore format: a table is read by its columns
  const EXTENSIONS: readonly (readonly [string, number, Octets])[] = [
    ['hop-by-hop options', 0, hex('06 00 0104 00000000')],
    ['destination options', 60, hex('06 00 0104 00000000')],
    ['several headers', 0, hex('3c 00 0104 00000000  06 00 0104 00000000')],
    ['a fragment header of a whole packet', 44, hex('06 00 0000 00000001')],
    ['an authentication header', 51, hex('06 04 0000 00000001 00000001 000000000000000000000000')],
    ['a routing header that has been followed', 43, [...hex('06 02 00 00 00000000'), ...CLIENT6]],
    ['a mobility header', 135, hex('06 00 0000 00000000')],
  ];

  test.each(EXTENSIONS)('%s', (_what, next, headers) => {
    const { result, segment } = decode(new SegmentDecoder(), ethernet(IPV6, ipv6(next, [...headers, ...SEGMENT6])));
    expect(result).toBe(WIRE.segment);
    expect(segment).toMatchObject({ payloadLength: 5, checksum: CHECKSUM.good, plain: 0, reassembled: 0 });
  });

  test('a routing header on its way: the checksum is that of the final destination', () => {
    const final = hex('20010db80000000000000000000000ff');
    const segment6 = tcp({}, CLIENT6, final);
    expect(raw(ipv6(43, [...hex('06 02 00 01 00000000'), ...final, ...segment6])).segment.checksum).toBe(CHECKSUM.good);
    const list = [...hex('06 04 04 01 01000000'), ...final, ...SERVER6];
    expect(raw(ipv6(43, [...list, ...segment6])).segment.checksum).toBe(CHECKSUM.good);
  });

  test('a home address takes the place of the source in the checksum', () => {
    const home = hex('20010db80000000000000000000000aa');
    const options = [...hex('06 02 0102 0000 c910'), ...home];
    expect(raw(ipv6(60, [...options, ...tcp({}, home, SERVER6)])).segment.checksum).toBe(CHECKSUM.good);
  });

  test('a jumbogram has its length in an option', () => {
    const jumbo = hex('06 00 c204 0000 0021');
    const { segment } = raw([...ipv6(0, [...jumbo, ...SEGMENT6], 0), 9, 9, 9]);
    expect(segment).toMatchObject({ payloadLength: 5, checksum: CHECKSUM.good });
  });

  test('a payload length of 0 without that option is the rest of the frame', () => {
    expect(raw(ipv6(TCP, SEGMENT6, 0)).segment.payloadLength).toBe(5);
  });

  test.each([
    ['ESP', 50],
    ['no next header', 59],
  ])('%s ends the packet', (_what, next) => {
    expect(raw(ipv6(next, SEGMENT6)).result).toBe(WIRE.other);
  });
});

describe('ICMP errors', () => {
  const quoted = ipv4(TCP, tcp({ seq: -5, payload: Array(100).fill(1) }), { ttl: 1 });
  const outer = { source: [192, 0, 2, 1], destination: [10, 0, 0, 1] };

  test.each([
    [3, 1],
    [4, 0],
    [5, 1],
    [11, 0],
    [12, 0],
  ])('type %i code %i quotes the segment it is about', (type, code) => {
    const octets = ipv4(1, [type, code, ...Array(6).fill(0), ...quoted.slice(0, 28)], outer);
    const { result, segment, layers } = decode(new SegmentDecoder(), ethernet(IPV4, octets));
    expect(result).toBe(WIRE.icmpQuote);
    expect(segment).toMatchObject({
      icmpType: type,
      icmpCode: code,
      icmpAt: 13 + 34,
      outerIpAt: 13 + 14,
      outerIpVersion: 4,
    });
    expect(segment).toMatchObject({
      ipAt: 13 + 42,
      sourcePort: 40000,
      destinationPort: 80,
      seq: -5,
      quotedLength: 8,
      ttl: 1,
    });
    expect(segment).toMatchObject({ payloadLength: 100, checksum: CHECKSUM.unverified });
    expect(layers).toBe('eth ip icmp ip tcp');
  });

  test('ICMPv6 too, and a whole header is read', () => {
    const octets = ipv6(58, [2, 0, ...Array(6).fill(0), ...ipv6(TCP, SEGMENT6)]);
    const { result, segment } = raw(octets);
    expect(result).toBe(WIRE.icmpQuote);
    expect(segment).toMatchObject({ icmpType: 2, ipVersion: 6, quotedLength: 20, flags: 0x10, payloadLength: 5 });
  });

  test('a quote of fewer than 8 octets, of another protocol, or an echo tells nothing of TCP', () => {
    const about = (octets: Octets, type = 3) => raw(ipv4(1, [type, 0, ...Array(6).fill(0), ...octets])).result;
    expect(about(quoted.slice(0, 27))).toBe(WIRE.other);
    expect(about(ipv4(17, SEGMENT))).toBe(WIRE.other);
    expect(about(quoted, 8)).toBe(WIRE.other);
    expect(about(ipv4(TCP, SEGMENT, { fragment: 5 }))).toBe(WIRE.other);
  });
});
