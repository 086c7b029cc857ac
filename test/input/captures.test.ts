import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openCaptures } from '../../src/input/captures.ts';
import { NANOSECONDS, type Packet, Pcapng, pcap } from '../capture/build.ts';
import { directory, file, read } from './files.ts';

const PACKETS: readonly Packet[] = Array.from({ length: 50 }, (_, i) => ({
  seconds: 100 + i,
  nanoseconds: i * 1000,
  data: new Uint8Array(20 + i).fill(i),
}));
const CAPTURE = pcap(PACKETS);

test('one capture gives its records and says what it is', async () => {
  const path = file(CAPTURE);
  const { records, codes, source } = await read([path]);
  expect(records).toHaveLength(50);
  expect(records[49]).toMatchObject({ frame: 50, file: 0, fileFrame: 50, seconds: 149 });
  expect(codes).toEqual([]);
  expect(source.inputs).toEqual([
    {
      path,
      format: 'pcap',
      variant: '',
      compression: 'none',
      linkTypes: [1],
      bytes: CAPTURE.length,
      records: 50,
      sha256: null,
    },
  ]);
  expect([source.position, source.totalBytes]).toEqual([CAPTURE.length, CAPTURE.length]);
});

test('one capture keeps its own order even where its time goes back', async () => {
  const { records } = await read([file(pcap(PACKETS.toReversed()))]);
  expect(records.map((record) => record.seconds)).toEqual(PACKETS.map((packet) => packet.seconds).toReversed());
});

test('the format is told by content, not by name', async () => {
  const pcapng = new Pcapng().section().interface().packet(1n, Uint8Array.of(1)).done();
  const first = await read([file(pcapng, 'capture.pcap')]);
  expect(first.source.inputs[0]).toMatchObject({ format: 'pcapng', records: 1 });
  const second = await read([file(pcap(PACKETS, { magic: NANOSECONDS }), 'capture.txt')]);
  expect(second.source.inputs[0]).toMatchObject({ format: 'pcap', variant: 'nanosecond' });
});

test('the digest is that of the whole file, even behind damage', async () => {
  const damaged = Buffer.concat([CAPTURE, new Uint8Array(600_000).fill(0xff)]);
  for (const octets of [CAPTURE, damaged]) {
    const { source } = await read([file(octets)], { digest: true });
    expect(source.inputs[0]?.sha256).toBe(createHash('sha256').update(octets).digest('hex'));
  }
});

test.each([
  ['empty', new Uint8Array(0)],
  ['text', new TextEncoder().encode('no capture at all\n')],
  ['three octets long', CAPTURE.subarray(0, 3)],
  ['only part of a file header', CAPTURE.subarray(0, 20)],
])('a file that is %s is unreadable', async (_, octets) => {
  const { codes, records, source } = await read([file(octets)]);
  expect(codes).toEqual(['unreadable-input']);
  expect([records, source.inputs]).toEqual([[], []]);
});

test('a file that is missing is unreadable, and the others are read', async () => {
  const { codes, records } = await read(['/does/not/exist.pcap', file(CAPTURE)]);
  expect(codes).toEqual(['unreadable-input']);
  expect(records).toHaveLength(50);
});

test('a damaged capture gives what stands before the damage, and the place', async () => {
  const { records, source } = await read([file(CAPTURE.subarray(0, CAPTURE.length - 1))]);
  expect(records).toHaveLength(49);
  expect(source.problems[0]).toMatchObject({ code: 'damaged-capture', place: { record: 50 } });
});

test('a capture larger than the window is read whole', async () => {
  const many: Packet[] = Array.from({ length: 300 }, (_, i) => ({
    seconds: i,
    nanoseconds: 0,
    data: new Uint8Array(1400).fill(i),
  }));
  const { records } = await read([file(pcap(many))]);
  expect(records.map(({ seconds, data }) => [seconds, data.length, data[0]])).toEqual(
    many.map(({ seconds, data }) => [seconds, 1400, data[0]]),
  );
});

test('a directory stands for the captures in it; other files and directories are passed over', async () => {
  const path = directory({
    'b.pcap': pcap(PACKETS.slice(25)),
    'a.pcap': pcap(PACKETS.slice(0, 25)),
    'notes.txt': new TextEncoder().encode('notes'),
    'empty.pcap': new Uint8Array(0),
  });
  mkdirSync(join(path, 'deeper'));
  writeFileSync(join(path, 'deeper', 'c.pcap'), CAPTURE);
  const { records, codes, source } = await read([path]);
  expect(codes).toEqual([]);
  expect(records.map((record) => record.seconds)).toEqual(PACKETS.map((packet) => packet.seconds));
  expect(source.inputs.map((input) => input.path)).toEqual([join(path, 'a.pcap'), join(path, 'b.pcap')]);
  expect(source.skipped.toSorted()).toEqual([join(path, 'empty.pcap'), join(path, 'notes.txt')]);
});

// Other systems have no such names.
test.runIf(process.platform === 'linux')('a name that is not UTF-8 is that of a file, too', async () => {
  const path = directory({ 'a.pcap': CAPTURE });
  const named = (name: string): Buffer => Buffer.concat([Buffer.from(`${path}/`), Buffer.from(name, 'latin1')]);
  writeFileSync(named('b\xff.pcap'), CAPTURE);
  expect((await read([`${path}/b\ufffd.pcap`])).records).toHaveLength(50);
  const both = await read([path]);
  expect([both.records.length, both.codes]).toEqual([100, []]);
  expect(both.source.inputs.map((input) => input.path)).toEqual([`${path}/a.pcap`, `${path}/b\ufffd.pcap`]);
  writeFileSync(named('b\xfe.pcap'), CAPTURE);
  const alike = await read([path]);
  expect([alike.records.length, alike.codes]).toEqual([50, ['unreadable-input', 'unreadable-input']]);
  expect((await read([`${path}/b\ufffd.pcap`])).codes).toEqual(['unreadable-input']);
});

test('a directory without captures is unreadable', async () => {
  expect((await read([directory({ 'notes.txt': Uint8Array.of(65) })])).codes).toEqual(['unreadable-input']);
  expect((await read([directory({})])).codes).toEqual(['unreadable-input']);
});

test('a directory without captures is unreadable beside captures, too, and those are read', async () => {
  const [empty, notes, good] = [
    directory({}),
    directory({ 'notes.txt': Uint8Array.of(65) }),
    directory({ 'a.pcap': CAPTURE }),
  ];
  const { records, source } = await read([empty, join(good, 'a.pcap'), notes, good]);
  expect(records.length).toBeGreaterThan(0);
  expect(source.problems.map(({ message }) => message)).toEqual([
    `${empty}: holds no captures`,
    `${notes}: holds no captures`,
  ]);
});

test.skipIf(process.getuid?.() === 0)('a file of a directory that may not be read is a problem', async () => {
  const path = directory({ 'a.pcap': CAPTURE, 'b.pcap': CAPTURE });
  chmodSync(join(path, 'b.pcap'), 0);
  expect((await read([path])).codes).toEqual(['unreadable-input']);
});

test('names, comments and drops of all captures come together', async () => {
  const capture = (name: string, last: number) =>
    new Pcapng()
      .section([[1, `comment of ${name}`]])
      .interface()
      .names([[10, 0, 0, last], name])
      .packet(BigInt(last), Uint8Array.of(last), [[4, 3n]])
      .done();
  const path = directory({ 'a.pcapng': capture('one', 1), 'b.pcapng': capture('two', 2) });
  const { source } = await read([path]);
  expect(source.dropped).toBe(6);
  expect(source.names.nameOf(Uint8Array.of(10, 0, 0, 1), 0, 4)).toBe('one');
  expect(source.names.nameOf(Uint8Array.of(10, 0, 0, 2), 0, 4)).toBe('two');
  expect(source.comments.map(({ file, text }) => [file, text])).toEqual([
    [0, 'comment of one'],
    [1, 'comment of two'],
  ]);
});

test('reading can be given up half-way', async () => {
  for (const paths of [[file(CAPTURE)], [file(CAPTURE), file(CAPTURE)]]) {
    const source = await openCaptures(paths);
    await source.fill();
    source.close();
    source.close();
    expect(await source.fill()).toBe(false);
  }
});
