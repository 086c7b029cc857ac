import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { RecordView } from '../../src/capture/record.ts';
import { openCaptures } from '../../src/input/captures.ts';
import { pcapngs, pcaps } from '../capture/arbitrary.ts';
import { type Packet, Pcapng, pcap } from '../capture/build.ts';
import { directory, type Read, read } from './files.ts';

const at = (seconds: number, ...data: number[]): Packet => ({ seconds, nanoseconds: 0, data: Uint8Array.from(data) });

test('several captures are one: by time, with the place of each record', async () => {
  const path = directory({
    'a.pcap': pcap([at(1, 1), at(4, 4), at(5, 5)]),
    'b.pcap': pcap([at(2, 2), at(3, 3), at(6, 6)]),
  });
  const { records } = await read([join(path, 'a.pcap'), join(path, 'b.pcap')]);
  expect(records.map(({ frame, file, fileFrame, data }) => [frame, file, fileFrame, ...data])).toEqual([
    [1, 0, 1, 1],
    [2, 1, 1, 2],
    [3, 1, 2, 3],
    [4, 0, 2, 4],
    [5, 0, 3, 5],
    [6, 1, 3, 6],
  ]);
});

test('the order in which captures are named changes nothing', async () => {
  const small = fc.oneof(
    fc
      .array(fc.record({ seconds: fc.nat(3), nanoseconds: fc.constant(0), data: fc.uint8Array({ maxLength: 2 }) }))
      .map((packets) => pcap(packets)),
    pcaps(),
    pcapngs(),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(small, { minLength: 2, maxLength: 5 }), fc.nat(), async (files, turn) => {
      const path = directory(Object.fromEntries(files.map((octets, i) => [`${i}.pcap`, octets])));
      const paths = files.map((_, i) => join(path, `${i}.pcap`));
      const turned = [...paths.slice(turn % paths.length), ...paths.slice(0, turn % paths.length)];
      const expected = facts(await read(paths));
      expect(facts(await read(turned))).toEqual(expected);
      expect(facts(await read(turned.toReversed()))).toEqual(expected);
      expect(facts(await read([path]))).toEqual(expected);
    }),
    { numRuns: 40 },
  );
});

function facts({ records, codes, source }: Read): unknown {
  return [records, codes, source.inputs];
}

test('records of the same time are told apart by their content', async () => {
  const path = directory({ 'a.pcap': pcap([at(1, 9), at(1, 1)]), 'b.pcap': pcap([at(1, 5)]) });
  const { records } = await read([path]);
  expect(records.map((record) => record.data[0])).toEqual([5, 9, 1]);
});

test('a record that is late within its file comes when its file comes to it', async () => {
  const path = directory({ 'a.pcap': pcap([at(5, 5), at(1, 1), at(7, 7)]), 'b.pcap': pcap([at(4, 4), at(6, 6)]) });
  const { records } = await read([path]);
  expect(records.map((record) => record.seconds)).toEqual([4, 5, 1, 6, 7]);
});

test('captures of different formats and link types are merged', async () => {
  const pcapng = new Pcapng().section().interface(101).packet(1_500_000n, Uint8Array.of(2)).done();
  const path = directory({ 'a.pcap': pcap([at(1, 1), at(2, 3)]), 'b.pcapng': pcapng });
  const { records, source } = await read([path]);
  expect(records.map(({ data, linkType }) => [data[0], linkType])).toEqual([
    [1, 1],
    [2, 101],
    [3, 1],
  ]);
  expect(source.inputs.map((input) => input.linkTypes)).toEqual([[1], [101]]);
});

test('records without a packet count in the merged capture too', async () => {
  const custom = (file: Pcapng) => file.block(0xbad, (body) => body.u32(1));
  const one = custom(new Pcapng().section().interface()).packet(1_000_000n, Uint8Array.of(1));
  const path = directory({ 'a.pcapng': custom(one).done(), 'b.pcap': pcap([at(2, 2)]) });
  const { records } = await read([path]);
  expect(records.map((record) => record.frame)).toEqual([2, 4]);
});

test('a damaged capture among others ends alone', async () => {
  const damaged = pcap([at(1, 1), at(2, 2)]);
  const path = directory({ 'a.pcap': damaged.subarray(0, damaged.length - 1), 'b.pcap': pcap([at(3, 3)]) });
  const { records, codes } = await read([path]);
  expect(records.map((record) => record.seconds)).toEqual([1, 3]);
  expect(codes).toEqual(['damaged-capture']);
});

test('a directory of many rotated captures is read with few files open', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 300 }, (_, i) => [`${1000 + i}.pcap`, pcap([at(i, 1), at(i, 2)])]),
  );
  const source = await openCaptures([directory(files)]);
  const record = new RecordView();
  let records = 0;
  let open = 0;
  do {
    while (source.next(record)) {
      records++;
      if (records % 50 === 0) open = Math.max(open, openFiles());
    }
  } while (await source.fill());
  expect(records).toBe(600);
  expect(open).toBeLessThan(100);
});

test('many captures of the same time are read with few files open', async () => {
  const files = Object.fromEntries(Array.from({ length: 300 }, (_, i) => [`${i}.pcap`, pcap([at(1, i), at(2, i)])]));
  const source = await openCaptures([directory(files)]);
  const record = new RecordView();
  let records = 0;
  let open = 0;
  do {
    while (source.next(record)) {
      records++;
      if (records % 100 === 0) open = Math.max(open, openFiles());
    }
  } while (await source.fill());
  expect(records).toBe(600);
  expect(open).toBeLessThan(100);
});

/** Open descriptors of this process; 0 where the system does not tell. */
function openFiles(): number {
  try {
    return readdirSync('/proc/self/fd').length;
  } catch {
    return 0;
  }
}
