import { expect, test } from 'vitest';
import { type Option, Pcapng } from './build.ts';
import { decode } from './decode.ts';

const DATA = Uint8Array.of(1, 2, 3, 4, 5);
const START = 1_700_000_000_123_456n;

test('an enhanced packet is read in either byte order', () => {
  for (const bigEndian of [false, true]) {
    const file = new Pcapng(bigEndian).section().interface(113).packet(START, DATA, [], 0, 60).done();
    const { records, problem, decoder } = decode([file]);
    expect(problem).toBeNull();
    expect(decoder.linkTypes).toEqual([113]);
    expect(records).toMatchObject([
      {
        frame: 1,
        seconds: 1_700_000_000,
        nanoseconds: 123_456_000,
        data: [...DATA],
        originalLength: 60,
        linkType: 113,
      },
    ]);
  }
});

/** if_tsresol, a timestamp, and the time it stands for. */
test.each([
  ['seconds', 0x00, 1_700_000_000n, 1_700_000_000, 0],
  ['milliseconds', 0x03, 1_700_000_000_123n, 1_700_000_000, 123_000_000],
  ['microseconds', 0x06, START, 1_700_000_000, 123_456_000],
  ['nanoseconds', 0x09, 1_700_000_000_123_456_789n, 1_700_000_000, 123_456_789],
  ['tenths of nanoseconds', 0x0a, 17_000_000_001_234_567_899n, 1_700_000_000, 123_456_789],
  ['10^-19 of a second', 0x13, 18_446_744_073_709_551_615n, 1, 844_674_407],
  ['10^-127 of a second', 0x7f, 18_446_744_073_709_551_615n, 0, 0],
  ['whole seconds as a power of two', 0x80, 1_700_000_000n, 1_700_000_000, 0],
  ['1/2^20 of a second', 0x94, (1_700_000_000n << 20n) + 1n, 1_700_000_000, 953],
  ['1/2^30 of a second', 0x9e, (1_700_000_000n << 30n) + (1n << 29n), 1_700_000_000, 500_000_000],
  ['1/2^63 of a second', 0xbf, (1n << 63n) + (1n << 62n), 1, 500_000_000],
  ['1/2^127 of a second', 0xff, 18_446_744_073_709_551_615n, 0, 0],
])('time is exact in %s', (_, resolution, units, seconds, nanoseconds) => {
  const file = new Pcapng()
    .section()
    .interface(1, [[9, Uint8Array.of(resolution)]])
    .packet(units, DATA)
    .done();
  expect(decode([file]).records[0]).toMatchObject({ seconds, nanoseconds });
});

test('time is exact where the upper half of the timestamp changes', () => {
  const file = new Pcapng().section().interface(1, [[9, Uint8Array.of(9)]]);
  const units = [0xffff_ffffn, 0x1_0000_0000n, 0x1234_5678_9abc_def0n, 1n, 0xffff_ffff_ffff_ffffn];
  for (const unit of units) file.packet(unit, DATA);
  const { records } = decode([file.done()]);
  const times = records.map(({ seconds, nanoseconds }) => BigInt(seconds) * 1_000_000_000n + BigInt(nanoseconds));
  expect(times).toEqual(units);
});

test('if_tsoffset is added to every time, and may lead before 1970', () => {
  const at = (offset: bigint, units: bigint) =>
    decode([
      new Pcapng()
        .section()
        .interface(1, [[14, offset]])
        .packet(units, DATA)
        .done(),
    ]).records[0];
  expect(at(1000n, START)).toMatchObject({ seconds: 1_700_001_000, nanoseconds: 123_456_000 });
  expect(at(-10n, 1_500_000n)).toMatchObject({ seconds: -9, nanoseconds: 500_000_000 });
});

test('each interface has its own link type and clock; sections begin anew', () => {
  const file = new Pcapng()
    .section()
    .interface(1)
    .interface(101, [[9, Uint8Array.of(9)]])
    .packet(1_000_000n, DATA, [], 0)
    .packet(1_000_000_000n, DATA, [], 1)
    .section()
    .interface(113)
    .packet(1_000_000n, DATA)
    .done();
  const { records, decoder } = decode([file]);
  expect(records.map(({ linkType, interfaceIndex, seconds }) => [linkType, interfaceIndex, seconds])).toEqual([
    [1, 0, 1],
    [101, 1, 1],
    [113, 0, 1],
  ]);
  expect(decoder.linkTypes).toEqual([1, 101, 113]);
});

test('sections may differ in byte order', () => {
  const section = (bigEndian: boolean) => new Pcapng(bigEndian).section().interface().packet(START, DATA).done();
  const { records, problem } = decode([Buffer.concat([section(false), section(true)])]);
  expect(problem).toBeNull();
  expect(records.map((record) => record.seconds)).toEqual([1_700_000_000, 1_700_000_000]);
});

test('a simple packet has no time, and was cut to the snapshot length of the first interface', () => {
  const { records } = decode([new Pcapng().section().interface(1, [], 5).simplePacket(DATA, 60).done()]);
  expect(records).toMatchObject([{ seconds: 0, nanoseconds: 0, data: [...DATA], originalLength: 60 }]);
});

test('an obsolete packet is read, and its drops are counted', () => {
  const file = new Pcapng().section().interface().obsoletePacket(START, DATA, 0, 7).obsoletePacket(START, DATA).done();
  const { records, decoder } = decode([file]);
  expect(records).toMatchObject([{ seconds: 1_700_000_000, data: [...DATA] }, { frame: 2 }]);
  expect(decoder.dropped).toBe(7);
});

test('drops are those of the last statistics of each interface, else the sum of what packets tell', () => {
  const drops = (count: bigint): Option => [4, count];
  const file = new Pcapng()
    .section()
    .interface()
    .interface()
    .packet(START, DATA, [drops(2n)], 0)
    .packet(START, DATA, [drops(3n)], 1)
    .packet(START, DATA, [drops(4n)], 1)
    .statistics(0, [
      [5, 10n],
      [7, 1n],
    ])
    .statistics(0, [
      [5, 20n],
      [7, 1n],
    ]);
  expect(decode([file.done()]).decoder.dropped).toBe(28);
});

test('names are kept: the first of each address', () => {
  const ip6 = [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
  const file = new Pcapng()
    .section()
    .names([[10, 0, 0, 1], 'one', 'alias'], [ip6, 'six'])
    .names([[10, 0, 0, 1], 'late']);
  const { names } = decode([file.done()]).decoder;
  expect(names.size).toBe(2);
  expect(names.nameOf(Uint8Array.of(10, 0, 0, 1), 0, 4)).toBe('one');
  expect(names.nameOf(Uint8Array.from(ip6), 0, 16)).toBe('six');
  expect(names.nameOf(Uint8Array.of(10, 0, 0, 2), 0, 4)).toBeUndefined();
});

test('comments are kept, with the record they stand at', () => {
  const file = new Pcapng()
    .section([[1, 'of the file']])
    .interface()
    .packet(START, DATA)
    .packet(START, DATA, [[1, 'here']]);
  expect(decode([file.done()]).decoder.comments).toEqual([
    { file: 0, record: 0, text: 'of the file' },
    { file: 0, record: 2, text: 'here' },
  ]);
});

test('unknown blocks are skipped; those that Wireshark numbers count as records', () => {
  const file = new Pcapng().section().interface();
  for (const type of [0x7777, 0xbad, 0x40000bad, 9, 0x204]) file.block(type, (body) => body.u32(1));
  const { records, decoder } = decode([file.packet(START, DATA).done()]);
  expect(records.map((record) => record.frame)).toEqual([5]);
  expect(decoder.records).toBe(5);
});

test.each([
  ['a block of 0 octets', (view: DataView, at: number) => view.setUint32(at + 4, 0, true)],
  ['a block of 4 GiB', (view: DataView, at: number) => view.setUint32(at + 4, 0xffff_fffc, true)],
  ['a block whose two lengths differ', (view: DataView, at: number) => view.setUint32(at + 36, 44, true)],
  ['a packet longer than its block', (view: DataView, at: number) => view.setUint32(at + 20, 9, true)],
  ['a packet of an interface that is not described', (view: DataView, at: number) => view.setUint32(at + 8, 1, true)],
])('%s is damage, and what stands before it is given', (_, damage) => {
  const file = new Pcapng().section().interface().packet(START, DATA).packet(START, DATA).done();
  const at = file.length - 40;
  damage(new DataView(file.buffer), at);
  const { records, problem } = decode([file]);
  expect(records).toHaveLength(1);
  expect(problem).toEqual({ code: 'damaged-capture', record: 2, offset: at });
});

test('options that claim more than their block holds are passed over', () => {
  const file = new Pcapng().section().interface(1).packet(START, DATA).done();
  const view = new DataView(file.buffer);
  const broken = new Pcapng()
    .section()
    .interface(1, [[1, 'x']])
    .packet(START, DATA)
    .done();
  new DataView(broken.buffer).setUint16(28 + 16 + 2, 0xffff, true);
  expect(view.byteLength).toBeLessThan(broken.length);
  expect(decode([broken])).toMatchObject({ problem: null, records: [{ frame: 1 }] });
});

test.each([
  ['ends in its section header', 10],
  ['ends before its section header does', 27],
])('a file that %s is not a capture', (_, length) => {
  expect(decode([new Pcapng().section().done().subarray(0, length)]).problem).toEqual({ code: 'unreadable-input' });
});

test('a version other than 1.0 and 1.2 cannot be read; in a later section that is damage', () => {
  expect(decode([new Pcapng().section([], [2, 0]).done()]).problem).toEqual({ code: 'unreadable-input' });
  expect(decode([new Pcapng().section([], [1, 2]).done()]).problem).toBeNull();
  expect(decode([new Pcapng().section().section([], [2, 0]).done()]).problem).toMatchObject({
    code: 'damaged-capture',
  });
});
