import { expect, test } from 'vitest';
import { MICROSECONDS, MODIFIED, NANOSECONDS, type Packet, pcap } from './build.ts';
import { decode } from './decode.ts';

const PACKETS: readonly Packet[] = [
  { seconds: 1_700_000_000, nanoseconds: 123_456_789, data: Uint8Array.of(1, 2, 3), originalLength: 60 },
  { seconds: 4_102_444_800, nanoseconds: 999_999_999, data: Uint8Array.of() },
];

test.each([
  ['microseconds', MICROSECONDS, [123_456_000, 999_999_000], ''],
  ['nanoseconds', NANOSECONDS, [123_456_789, 999_999_999], 'nanosecond'],
  ["Kuznetzov's modified", MODIFIED, [123_456_000, 999_999_000], 'modified'],
])('a file of %s is read in either byte order', (_, magic, nanoseconds, variant) => {
  for (const bigEndian of [false, true]) {
    const { records, problem, decoder } = decode([pcap(PACKETS, { magic, bigEndian })]);
    expect(problem).toBeNull();
    expect(decoder.variant).toBe(variant);
    expect(records.map((record) => record.seconds)).toEqual([1_700_000_000, 4_102_444_800]);
    expect(records.map((record) => record.nanoseconds)).toEqual(nanoseconds);
    expect(records[0]).toMatchObject({ data: [1, 2, 3], originalLength: 60, linkType: 1, frame: 1, offset: 24 });
  }
});

test('the upper bits of the link type field tell of a frame check sequence', () => {
  const { decoder, records } = decode([pcap(PACKETS, { linkType: 0x2400_0001 })]);
  expect(decoder.linkTypes).toEqual([1]);
  expect(records[0]?.linkType).toBe(1);
});

test.each([
  ['2.2', [2, 2]],
  ['543.0 (DG/UX)', [543, 0]],
] as const)('version %s has the original length first', (_, version) => {
  const { records } = decode([pcap(PACKETS, { version })]);
  expect(records[0]).toMatchObject({ data: [1, 2, 3], originalLength: 60 });
});

test('version 2.3 may have either length first, and the smaller one is what was kept', () => {
  const swapped = pcap(PACKETS, { version: [2, 2] });
  swapped[6] = 3;
  for (const file of [swapped, pcap(PACKETS, { version: [2, 3] })]) {
    expect(decode([file]).records[0]).toMatchObject({ data: [1, 2, 3], originalLength: 60 });
  }
});

test('a version before 2 cannot be read', () => {
  expect(decode([pcap(PACKETS, { version: [1, 4] })]).problem).toEqual({ code: 'unreadable-input' });
});

test('a packet is cut to the snapshot length of the file, as libpcap does', () => {
  const { records } = decode([pcap(PACKETS, { snapshotLength: 2 })]);
  expect(records.map((record) => record.data)).toEqual([[1, 2], []]);
});

test('a snapshot length of 0 cuts nothing', () => {
  expect(decode([pcap(PACKETS, { snapshotLength: 0 })]).records[0]?.data).toEqual([1, 2, 3]);
});

test('a packet may be longer in the file than on the wire', () => {
  const { records, problem } = decode([pcap([{ ...PACKETS[0]!, originalLength: 1 }])]);
  expect(records[0]).toMatchObject({ data: [1, 2, 3], originalLength: 1 });
  expect(problem).toBeNull();
});

test('a fraction of a second or more is carried', () => {
  const file = pcap([{ seconds: 5, nanoseconds: 2_500_000_000, data: Uint8Array.of() }]);
  expect(decode([file]).records[0]).toMatchObject({ seconds: 7, nanoseconds: 500_000_000, carriedSeconds: 2 });
});

test.each([262_145, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff])('a record of %d octets is damage', (length) => {
  const file = pcap([PACKETS[0]!, PACKETS[0]!]);
  new DataView(file.buffer).setUint32(24 + 19 + 8, length, true);
  const { records, problem } = decode([file]);
  expect(records).toHaveLength(1);
  expect(problem).toEqual({ code: 'damaged-capture', record: 2, offset: 43 });
});

test('a record of 262144 octets is read, whatever the window began with', () => {
  const data = new Uint8Array(262_144).map((_, i) => i);
  const { records } = decode([Buffer.concat([pcap([PACKETS[0]!]), header(data.length), data])], 64);
  expect(records).toHaveLength(2);
  expect(records[1]?.data.length).toBe(262_144);
});

test.each([
  [0, 'unreadable-input'],
  [23, 'unreadable-input'],
  [25, 'damaged-capture'],
  [39, 'damaged-capture'],
  [42, 'damaged-capture'],
])('a file that ends after %d octets is %s', (length, code) => {
  const file = pcap([PACKETS[0]!]).subarray(0, Math.max(4, length));
  expect(decode([file]).problem?.code).toBe(code);
});

test('a file without records is whole', () => {
  expect(decode([pcap([])])).toMatchObject({ records: [], problem: null });
});

/** A record header of little-endian microsecond files. */
function header(length: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint32(8, length, true);
  view.setUint32(12, length, true);
  return new Uint8Array(view.buffer);
}
