import { gzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { verifyCapture } from '../../src/input/verify.ts';
import { packets } from '../capture/arbitrary.ts';
import { NANOSECONDS, type Packet, Pcapng, pcap } from '../capture/build.ts';
import { file } from './files.ts';

const PACKETS: readonly Packet[] = [1, 2, 3].map((octet) => ({
  seconds: octet,
  nanoseconds: 0,
  data: Uint8Array.of(octet, octet),
}));

test('both decoders agree on every classic capture', async () => {
  await fc.assert(
    fc.asyncProperty(packets(), fc.boolean(), async (content, bigEndian) => {
      expect(await verifyCapture(file(pcap(content, { bigEndian })))).toMatchObject({
        records: content.length,
        secondRecords: content.length,
        disagreementCount: 0,
        unsupported: '',
        problem: null,
      });
    }),
    { numRuns: 30 },
  );
});

test('an interruption ends it where it is, and is no disagreement', async () => {
  const whole = pcap(Array.from({ length: 50_000 }, () => PACKETS[0]!));
  let fills = 0;
  const stop = {
    happened: false,
    async or<T>(work: Promise<T>): Promise<T | false> {
      // Each decoder fills its window, and one of them wants more.
      stop.happened = ++fills > 2;
      return stop.happened ? false : await work;
    },
  };
  const { records, secondRecords, disagreements, complete } = await verifyCapture(file(whole), stop);
  expect({ disagreements, complete }).toEqual({ disagreements: [], complete: false });
  expect(records).toBeGreaterThan(0);
  expect(Math.abs(records - secondRecords!)).toBeLessThanOrEqual(1);
});

test('both find the end of a capture that is cut short', async () => {
  const whole = pcap(PACKETS);
  const { records, disagreementCount, problem } = await verifyCapture(file(whole.subarray(0, whole.length - 1)));
  expect([records, disagreementCount, problem?.code]).toEqual([2, 0, 'damaged-capture']);
});

test('each disagreement names record, field and both values', async () => {
  // The second decoder knows nothing of the snapshot length, nor of the order of lengths before version 2.3.
  const cut = await verifyCapture(file(pcap(PACKETS, { snapshotLength: 1 })));
  expect(cut.disagreementCount).toBe(3);
  expect(cut.disagreements[0]).toEqual({ record: 1, offset: 24, field: 'keptLength', ours: 1, second: 2 });
  const old = await verifyCapture(file(pcap([{ ...PACKETS[0]!, originalLength: 60 }], { version: [2, 2] })));
  expect(old.disagreements.map(({ field }) => field)).toContain('end');
});

test('how long frame check sequences are stands in the field of the link type, and is none', async () => {
  const { disagreements, secondRecords } = await verifyCapture(file(pcap(PACKETS, { linkType: 0x3400_0001 })));
  expect([disagreements, secondRecords]).toEqual([[], 3]);
});

test('a time that no clock shows is a disagreement', async () => {
  const capture = pcap([{ seconds: 5, nanoseconds: 2_000_000_000, data: Uint8Array.of() }]);
  expect((await verifyCapture(file(capture))).disagreements.map(({ field }) => field)).toEqual([
    'seconds',
    'nanoseconds',
  ]);
});

test.each([
  ['a nanosecond file', pcap(PACKETS, { magic: NANOSECONDS })],
  ['pcapng', new Pcapng().section().interface().packet(1n, Uint8Array.of(1)).done()],
  ['gzip', gzipSync(pcap(PACKETS))],
])('%s cannot be read by the second decoder, which is said so', async (_, octets) => {
  const report = await verifyCapture(file(octets));
  expect(report).toMatchObject({ secondRecords: null, disagreementCount: 0, problem: null });
  expect(report.unsupported).not.toBe('');
  expect(report.records).toBeGreaterThan(0);
});

test('a second decoder that would wait for ever is stopped', async () => {
  const capture = Buffer.concat([pcap(PACKETS), new Uint8Array(3_000_000).fill(0xff)]);
  const { records, secondRecords, problem } = await verifyCapture(file(capture));
  expect([records, secondRecords, problem?.code]).toEqual([3, 3, 'damaged-capture']);
});

test('what is no capture is refused', async () => {
  await expect(verifyCapture(file(Uint8Array.of(1, 2, 3, 4, 5)))).rejects.toMatchObject({ code: 'unreadable-input' });
});
