import { describe, expect, test } from 'vitest';
import { SegmentDecoder } from '../../src/wire/decode.ts';
import { CHECKSUM, hasLine, WIRE } from '../../src/wire/segment.ts';
// biome-ignore format: one line
import { CLIENT6, decode, hex, ipv4, ipv6, type Octets, payloadOf, RAW, SERVER6, TCP, tcp, u16, u32, udp } from './octets.ts';

const PAYLOAD: Octets = Array.from({ length: 100 }, (_, i) => i);
const SEGMENT = tcp({ payload: PAYLOAD });
const MORE = 0x2000;

/** The part of `octets` from `from` to `to` as an IPv4 fragment. */
function part(octets: Octets, from: number, to: number, id = 1, protocol = TCP): Octets {
  return ipv4(protocol, octets.slice(from, to), { id, fragment: (to < octets.length ? MORE : 0) + from / 8 });
}

function feed(decoder: SegmentDecoder, packets: readonly Octets[], seconds: readonly number[] = []) {
  return packets.map((octets, i) =>
    decode(decoder, octets, { linkType: RAW, frame: i + 1, seconds: seconds[i] ?? 1_700_000_000 }),
  );
}

describe('a datagram in fragments', () => {
  test('the first one has a line, the last one the segment', () => {
    const [first, middle, last] = feed(new SegmentDecoder(), [
      part(SEGMENT, 0, 40),
      part(SEGMENT, 40, 80),
      part(SEGMENT, 80, 120),
    ]);
    expect([first!.result, middle!.result, last!.result]).toEqual([WIRE.firstFragment, WIRE.other, WIRE.segment]);
    expect(first!.segment).toMatchObject({ payloadLength: 20, firstFragmentFrame: 1, fragmentPayloadLength: 20 });
    expect(last!.segment).toMatchObject({
      payloadLength: 100,
      frame: 3,
      firstFragmentFrame: 1,
      fragmentPayloadLength: 20,
    });
    expect(last!.segment).toMatchObject({
      reassembled: 1,
      checksum: CHECKSUM.good,
      sourcePort: 40000,
      ipId: 1,
      plain: 0,
    });
    expect(payloadOf(last!.segment)).toEqual(PAYLOAD);
    const { bytes, sourceAt } = last!.segment;
    expect([...bytes.subarray(sourceAt, sourceAt + 8)]).toEqual([10, 0, 0, 1, 10, 0, 0, 2]);
  });

  test('any order will do', () => {
    const decoded = feed(new SegmentDecoder(), [part(SEGMENT, 80, 120), part(SEGMENT, 40, 80), part(SEGMENT, 0, 40)]);
    expect(decoded.map(({ result }) => result)).toEqual([WIRE.other, WIRE.other, WIRE.segment]);
    expect(decoded[2]!.segment).toMatchObject({
      firstFragmentFrame: 3,
      fragmentPayloadLength: 20,
      checksum: CHECKSUM.good,
    });
  });

  test('its line is at the first fragment, wherever that comes', () => {
    const parts = [part(SEGMENT, 0, 40), part(SEGMENT, 40, 80), part(SEGMENT, 80, 120)] as const;
    const framesWithLines = (order: readonly Octets[]) =>
      feed(new SegmentDecoder(), order)
        .filter(({ result, segment }) => result !== WIRE.other && hasLine(segment, result))
        .map(({ segment }) => segment.frame);
    expect(framesWithLines(parts)).toEqual([1]);
    expect(framesWithLines([parts[1], parts[0], parts[2]])).toEqual([2]);
    expect(framesWithLines([parts[2], parts[1], parts[0]])).toEqual([3]);
  });

  test('where fragments overlap the first octets win', () => {
    const liar = SEGMENT.map((octet, i) => (i >= 40 ? 0xee : octet));
    const decoded = feed(new SegmentDecoder(), [part(SEGMENT, 0, 48), part(SEGMENT, 72, 120), part(liar, 40, 88)]);
    const payload = payloadOf(decoded[2]!.segment);
    expect(payload.slice(0, 28)).toEqual(PAYLOAD.slice(0, 28));
    expect(payload.slice(28, 52)).toEqual(Array(24).fill(0xee));
    expect(payload.slice(52)).toEqual(PAYLOAD.slice(52));
  });

  test('a repeat changes nothing', () => {
    const packets = [part(SEGMENT, 0, 40), part(SEGMENT, 0, 40), part(SEGMENT, 40, 120)];
    expect(feed(new SegmentDecoder(), packets)[2]!.segment).toMatchObject({
      checksum: CHECKSUM.good,
      firstFragmentFrame: 1,
    });
  });

  test('datagrams with other numbers, addresses or protocols are others', () => {
    const decoded = feed(new SegmentDecoder(), [
      part(SEGMENT, 0, 40, 1),
      part(SEGMENT, 40, 120, 2),
      part(SEGMENT, 40, 120, 1, 17),
    ]);
    expect(decoded.map(({ result }) => result)).toEqual([WIRE.firstFragment, WIRE.other, WIRE.other]);
  });

  test('a short snapshot leaves the end of its payload unknown, not its length', () => {
    const decoder = new SegmentDecoder();
    feed(decoder, [part(SEGMENT, 0, 40)]);
    const octets = part(SEGMENT, 40, 120);
    const { result, segment } = decode(decoder, octets.slice(0, 60), { linkType: RAW, originalLength: octets.length });
    expect(result).toBe(WIRE.segment);
    expect(segment).toMatchObject({ payloadLength: 100, checksum: CHECKSUM.unverified });
    expect(payloadOf(segment)).toEqual(PAYLOAD.slice(0, 60));
  });

  test('IPv6 fragments are put together by their header', () => {
    const segment = tcp({ payload: PAYLOAD }, CLIENT6, SERVER6);
    const fragment = (from: number, to: number) =>
      ipv6(44, [TCP, 0, ...u16(from | (to < segment.length ? 1 : 0)), ...u32(77), ...segment.slice(from, to)]);
    const [first, last] = feed(new SegmentDecoder(), [fragment(0, 80), fragment(80, 120)]);
    expect(first!.result).toBe(WIRE.firstFragment);
    expect(last!.segment).toMatchObject({ reassembled: 1, checksum: CHECKSUM.good, ipVersion: 6, payloadLength: 100 });
    expect(payloadOf(last!.segment)).toEqual(PAYLOAD);
  });

  test('a tunnel in fragments is opened when it is whole', () => {
    const inner = [...hex('0800000000002a00'), ...hex('020000000002 020000000001 0800'), ...ipv4(TCP, SEGMENT)];
    const datagram = udp(4789, inner);
    const [first, last] = feed(new SegmentDecoder(), [
      part(datagram, 0, 80, 1, 17),
      part(datagram, 80, datagram.length, 1, 17),
    ]);
    expect(first!.result).toBe(WIRE.firstFragment);
    expect(last!.segment).toMatchObject({ reassembled: 1, checksum: CHECKSUM.good, payloadLength: 100 });
    expect(payloadOf(last!.segment)).toEqual(PAYLOAD);
  });
});

describe('fragments that cannot be kept', () => {
  test('after 30 s of capture time they are dropped and counted', () => {
    const decoder = new SegmentDecoder();
    const [, late] = feed(decoder, [part(SEGMENT, 0, 40), part(SEGMENT, 40, 120)], [100, 131]);
    expect(late!.result).toBe(WIRE.other);
    expect(decoder.fragments.timedOut).toBe(1);
  });

  test('they never take more memory than is allowed; the oldest go first', () => {
    const decoder = new SegmentDecoder({ fragmentMemory: 100_000 });
    for (let id = 0; id < 1000; id++) {
      feed(decoder, [part(SEGMENT, 0, 40, id)]);
      expect(decoder.fragments.memory).toBeLessThanOrEqual(100_000);
    }
    expect(decoder.fragments.evicted).toBeGreaterThan(900);
    expect(feed(decoder, [part(SEGMENT, 40, 120, 999)])[0]!.result).toBe(WIRE.segment);
    expect(feed(decoder, [part(SEGMENT, 40, 120, 0)])[0]!.result).toBe(WIRE.other);
  });

  test('those that contradict the last one, or go past 65535 octets, are refused', () => {
    const decoder = new SegmentDecoder();
    feed(decoder, [
      part(SEGMENT, 80, 120),
      part([...SEGMENT, ...SEGMENT], 112, 128),
      ipv4(TCP, PAYLOAD, { fragment: 0x1fff }),
    ]);
    expect(decoder.fragments.refused).toBe(2);
  });
});
