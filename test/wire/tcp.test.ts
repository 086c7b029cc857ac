import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addWords } from '../../src/bytes/checksum.ts';
import { SegmentDecoder } from '../../src/wire/decode.ts';
import { CHECKSUM, NO_OPTION, SegmentView, WIRE } from '../../src/wire/segment.ts';
// biome-ignore format: one line
import { checksum, decode, ETHERNET, ethernet, hex, IPV4, ipv4, type Octets, RAW, record, TCP, type TcpFields, tcp } from './octets.ts';

function segmentOf(fields: TcpFields) {
  return decode(new SegmentDecoder(), ethernet(IPV4, ipv4(TCP, tcp(fields))));
}

test('a header as it stands', () => {
  const { result, segment } = segmentOf({ seq: -2, ack: 7, flags: 0x1ff, window: 65535, payload: [1] });
  expect(result).toBe(WIRE.segment);
  expect(segment).toMatchObject({
    sourcePort: 40000,
    destinationPort: 80,
    seq: -2,
    ack: 7,
    flags: 0x1ff,
    window: 65535,
  });
  expect(segment).toMatchObject({ headerLength: 20, payloadLength: 1, tcpLength: 21, checksum: CHECKSUM.good });
  expect(segment).toMatchObject({
    mss: NO_OPTION,
    windowScale: NO_OPTION,
    hasTimestamps: 0,
    sackPermitted: 0,
    fastOpenCookie: NO_OPTION,
    multipath: 0,
  });
});

describe('options', () => {
  test('those of a SYN', () => {
    const options = hex('020405b4 0402 080a 00000064 00000000 01 030307');
    expect(segmentOf({ options }).segment).toMatchObject({
      mss: 1460,
      sackPermitted: 1,
      hasTimestamps: 1,
      tsVal: 100,
      windowScale: 7,
    });
  });

  test('timestamps alone', () => {
    const { segment } = segmentOf({ options: hex('0101080a fffffffe 00000009') });
    expect(segment).toMatchObject({ hasTimestamps: 1, tsVal: -2, tsEcr: 9 });
  });

  test('SACK blocks, whole ones', () => {
    const { segment } = segmentOf({ options: hex('0101 0512 00000001 00000002 00000003 00000004') });
    expect(segment.sackCount).toBe(2);
    expect(segment.view.getInt32(segment.sackAt + 8)).toBe(3);
  });

  test('Multipath TCP: the subtypes of all its options', () => {
    const options = hex('1e08 2001 00000001 1e08 3401 0a000009');
    expect(segmentOf({ options }).segment.multipath).toBe((1 << 2) | (1 << 3));
    expect(segmentOf({ options: hex('1e02 0101') }).segment.multipath).toBe(0);
  });

  test('Fast Open: a request, a cookie, and the experiment', () => {
    expect(segmentOf({ options: hex('2202 0101') }).segment.fastOpenCookie).toBe(0);
    expect(segmentOf({ options: hex('2206 01020304 0101') }).segment.fastOpenCookie).toBe(4);
    expect(segmentOf({ options: hex('fe08 f989 01020304') }).segment.fastOpenCookie).toBe(4);
    expect(segmentOf({ options: hex('fe08 0348 01020304') }).segment.fastOpenCookie).toBe(NO_OPTION);
  });

  test('one of the wrong length is passed over, one that overruns ends them', () => {
    expect(segmentOf({ options: hex('0203ff 030307 0101') }).segment).toMatchObject({ mss: NO_OPTION, windowScale: 7 });
    expect(segmentOf({ options: hex('0220ff 030307 0101') }).segment).toMatchObject({
      mss: NO_OPTION,
      windowScale: NO_OPTION,
    });
    expect(segmentOf({ options: hex('0200 030307 010101') }).segment).toMatchObject({ windowScale: NO_OPTION });
  });

  test('are forgotten at the next segment', () => {
    const decoder = new SegmentDecoder();
    const out = new SegmentView();
    const syn = ethernet(IPV4, ipv4(TCP, tcp({ options: hex('020405b4 0402 080a 00000064 00000000 01 030307') })));
    decoder.decode(record(syn), out);
    decoder.decode(record(ethernet(IPV4, ipv4(TCP, tcp()))), out);
    expect(out).toMatchObject({
      mss: NO_OPTION,
      windowScale: NO_OPTION,
      hasTimestamps: 0,
      sackPermitted: 0,
      sackCount: 0,
    });
  });
});

describe('a header that cannot be', () => {
  test.each([0, 4])('%i words long is broken', (dataOffset) => {
    const { result, segment } = segmentOf({ dataOffset, payload: [1, 2, 3] });
    expect(result).toBe(WIRE.brokenTcp);
    expect(segment).toMatchObject({ sourcePort: 40000, headerLength: dataOffset * 4, payloadLength: 0 });
  });

  test('is broken when it is longer than its segment', () => {
    expect(segmentOf({ dataOffset: 15, payload: [1, 2, 3] }).result).toBe(WIRE.brokenTcp);
  });

  test('is broken when it was cut before the window, and has the fields that were kept', () => {
    const octets = ipv4(TCP, tcp());
    const cut = (kept: number) =>
      decode(new SegmentDecoder(), octets.slice(0, kept), { linkType: RAW, originalLength: octets.length });
    expect(cut(36)).toMatchObject({
      result: WIRE.segment,
      segment: { destinationPort: 80, flags: 0x10, window: 64240, checksum: CHECKSUM.unverified },
    });
    expect(cut(35)).toMatchObject({ result: WIRE.brokenTcp, segment: { destinationPort: 80, flags: 0x10, window: 0 } });
    expect(cut(24)).toMatchObject({ result: WIRE.brokenTcp, segment: { destinationPort: 80, seq: 0, flags: 0 } });
    expect(cut(23).result).toBe(WIRE.other);
  });
});

describe('the checksum', () => {
  test('is good, bad, or not told', () => {
    expect(segmentOf({ payload: [1, 2, 3] }).segment.checksum).toBe(CHECKSUM.good);
    expect(segmentOf({ payload: [1, 2, 3], checksum: 0 }).segment.checksum).toBe(CHECKSUM.bad);
    const octets = ethernet(IPV4, ipv4(TCP, tcp({ checksum: 0 })));
    expect(decode(new SegmentDecoder({ verifyChecksums: false }), octets).segment.checksum).toBe(CHECKSUM.unverified);
  });

  test('is that of RFC 1071, wherever the octets lie', () => {
    const octets = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 1, maxLength: 200, size: 'max' });
    fc.assert(
      fc.property(octets, fc.integer({ min: 0, max: 7 }), (list, at) => {
        const bytes = new Uint8Array(list.length + at + 5).fill(0xa5);
        bytes.set(list, at);
        const sum = addWords(new DataView(bytes.buffer), at, at + list.length, 0);
        expect(sum % 0xffff).toBe((~checksum(list) & 0xffff) % 0xffff);
      }),
    );
  });

  test('of 64 KiB of ones is summed exactly', () => {
    const bytes = new Uint8Array(200_000).fill(255);
    const sum = addWords(new DataView(bytes.buffer), 0, bytes.length, 0);
    expect(sum).toBeLessThan(2 ** 31);
    expect(sum % 0xffff).toBe(0);
  });
});

describe('hostile octets', () => {
  const octets = (maxLength: number) => fc.array(fc.integer({ min: 0, max: 255 }), { maxLength, size: 'max' });
  const LINKS = [
    0, 1, 6, 7, 8, 9, 10, 11, 19, 50, 51, 101, 104, 105, 107, 113, 117, 119, 123, 127, 129, 130, 135, 138, 149, 163,
  ];
  /** PKTAP and PPI say in their header of what link type the rest is: any, in such octets. */
  const NAMING_ANOTHER = [149, 192, 258];
  const MORE_LINKS = [178, 180, 181, 182, 192, 204, 219, 226, 239, 242, 258, 274, 276, 284, 285];

  test('as options are walked to an end and never past what was kept', () => {
    const list = fc.array(fc.integer({ min: 0, max: 255 }), { minLength: 40, maxLength: 40 });
    fc.assert(
      fc.property(list, fc.integer({ min: 0, max: 40 }), (options, kept) => {
        const packet = ethernet(IPV4, ipv4(TCP, tcp({ options })));
        const cut = packet.slice(0, packet.length - 40 + kept);
        const { result, segment } = decode(new SegmentDecoder(), cut, { originalLength: packet.length });
        expect(result).toBe(WIRE.segment);
        if (segment.sackCount > 0) expect(segment.sackAt + segment.sackCount * 8).toBeLessThanOrEqual(segment.tcpEnd);
      }),
      { numRuns: 2000 },
    );
  });

  test('as packets of any link type never throw', () => {
    const decoder = new SegmentDecoder({ fragmentMemory: 1 << 20 });
    fc.assert(
      fc.property(
        fc.constantFrom(...LINKS, ...MORE_LINKS),
        octets(120),
        fc.nat(2000),
        (linkType, list, originalLength) => {
          const { result, segment } = decode(decoder, list, { linkType, originalLength });
          if (result === WIRE.segment) expect(segment.tcpEnd).toBeLessThanOrEqual(segment.bytes.length);
        },
      ),
      { numRuns: 5000 },
    );
    const known = [...LINKS, ...MORE_LINKS].filter((linkType) => !NAMING_ANOTHER.includes(linkType));
    for (const linkType of decoder.undecodedLinkTypes.keys()) expect(known).not.toContain(linkType);
  });

  test('in a good packet never make a segment that lies outside what was kept', () => {
    const good: readonly Octets[] = [
      ethernet(IPV4, ipv4(TCP, tcp({ options: hex('0101080a 00000001 00000002'), payload: [1, 2, 3] }))),
      ethernet(IPV4, ipv4(47, [...hex('2000 0800 00000001'), ...ipv4(TCP, tcp())])),
      ethernet(IPV4, ipv4(1, [3, 1, ...Array(6).fill(0), ...ipv4(TCP, tcp())])),
      ethernet(IPV4, ipv4(TCP, tcp({ payload: [1, 2, 3] }), { fragment: 0x2000 })),
    ];
    const decoder = new SegmentDecoder();
    const change = fc.tuple(fc.nat(120), fc.integer({ min: 0, max: 255 }));
    fc.assert(
      fc.property(fc.constantFrom(...good), fc.array(change, { maxLength: 4 }), (packet, changes) => {
        const list = [...packet];
        for (const [at, value] of changes) list[at % list.length] = value;
        const { result, segment } = decode(decoder, list, { linkType: ETHERNET });
        if (result !== WIRE.segment) return;
        expect(segment.tcpAt + 16).toBeLessThanOrEqual(segment.tcpEnd);
        expect(segment.tcpEnd).toBeLessThanOrEqual(segment.bytes.length);
        expect(segment.payloadLength).toBeGreaterThanOrEqual(segment.roomLength);
      }),
      { numRuns: 5000 },
    );
  });
});

test('decoding 200,000 segments leaves the heap where it was', () => {
  const decoder = new SegmentDecoder();
  const out = new SegmentView();
  const packets = [
    record(ethernet(IPV4, ipv4(TCP, tcp({ payload: [1, 2, 3] })))),
    record(ethernet(0x8100, [0, 10, 8, 0, ...ipv4(TCP, tcp())])),
    record(ethernet(IPV4, ipv4(47, [...hex('0000 0800'), ...ipv4(TCP, tcp())]))),
  ];
  const run = (count: number) => {
    for (let i = 0; i < count; i++) decoder.decode(packets[i % packets.length]!, out);
  };
  run(100_000);
  const before = process.memoryUsage().heapUsed;
  run(200_000);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 << 20);
  expect(out.payloadLength).toBe(0);
});
