import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter } from '../../src/bytes/writer.ts';
import { decoderFor } from '../../src/capture/format.ts';
import { RecordView } from '../../src/capture/record.ts';
import { commonSnapshotLength, PcapngWriter } from '../../src/render/pcapng.ts';
import { holds, pcapngs, pcaps } from '../capture/arbitrary.ts';
import { Pcapng } from '../capture/build.ts';
import { decode } from '../capture/decode.ts';

/** The file, written anew record by record, each with the comments that `comment` has for its number. */
function rewritten(file: Uint8Array, comment: (frame: number) => readonly string[] = () => []): Uint8Array {
  const decoder = decoderFor(file, 'test.pcap', 64)!;
  const writer = new PcapngWriter('lastack test');
  const out = new ByteWriter(16);
  const record = new RecordView();
  writer.section(out, 'what it is');
  decoder.feed(file);
  while (decoder.next(record))
    writer.packet(out, record, decoder.interfaceOf(record), decoder.format, comment(record.frame));
  writer.end(out);
  return out.copied();
}

function whatMatters(file: Uint8Array) {
  const { records, problem } = decode([file]);
  expect(problem).toBeNull();
  return records.map(({ seconds, nanoseconds, data, originalLength, linkType }) => ({
    seconds,
    nanoseconds,
    data,
    originalLength,
    linkType,
  }));
}

describe('a capture that is written anew', () => {
  test('keeps octets, lengths, times and link types of every record, from pcap', () => {
    holds(
      fc.property(pcaps(), (file) => {
        expect(whatMatters(rewritten(file))).toEqual(whatMatters(file));
      }),
    );
  });

  test('… and from pcapng, with every kind of packet block, in either byte order', () => {
    holds(
      fc.property(pcapngs(), (file) => {
        expect(whatMatters(rewritten(file))).toEqual(whatMatters(file));
      }),
    );
  });

  test('written twice is written the same', () => {
    holds(
      fc.property(pcapngs(), (file) => {
        const once = rewritten(file);
        expect(rewritten(once)).toEqual(once);
      }),
    );
  });

  test('keeps nanoseconds, snapshot length, frame check sequence, time offset and names of its interfaces', () => {
    const options = [
      [2, 'eth7'],
      [3, 'uplink'],
      [9, Uint8Array.of(9)],
      [13, Uint8Array.of(4)],
      [14, -5_000_000_000n],
    ] as const;
    const file = new Pcapng(true)
      .section()
      .interface(1, options, 96)
      .interface(113)
      .packet(1_234_567_891n, Uint8Array.of(1, 2, 3), [], 0, 1500)
      .packet(7n, Uint8Array.of(4), [], 1)
      .done();
    const again = rewritten(file);
    expect(whatMatters(again)).toEqual(whatMatters(file));
    expect(whatMatters(again)[0]).toMatchObject({ seconds: -4_999_999_999, nanoseconds: 234_567_891 });
    const decoder = decoderFor(again, 'again')!;
    const record = new RecordView();
    decoder.feed(again);
    decoder.next(record);
    expect(decoder.interfaceOf(record)).toMatchObject({
      name: 'eth7',
      description: 'uplink',
      snapshotLength: 96,
      fcsLength: 4,
      digits: 9,
      offset: -5_000_000_000,
    });
  });

  test('keeps a packet’s own comments and adds ours', () => {
    const file = new Pcapng()
      .section()
      .interface()
      .packet(0n, Uint8Array.of(1), [[1, 'theirs']])
      .done();
    const { decoder } = decode([rewritten(file, () => ['ours ✓', 'and more'])]);
    expect(decoder.comments.map(({ record, text }) => [record, text])).toEqual([
      [0, 'what it is'],
      [1, 'theirs'],
      [1, 'ours ✓'],
      [1, 'and more'],
    ]);
  });

  test('keeps how many packets were lost', () => {
    const statistics = new Pcapng()
      .section()
      .interface()
      .packet(0n, Uint8Array.of(1))
      .statistics(0, [[5, 41n]])
      .done();
    expect(decode([rewritten(statistics)]).decoder.dropped).toBe(41);
    const packets = new Pcapng(true)
      .section()
      .interface()
      .packet(0n, Uint8Array.of(1), [[4, 7n]])
      .done();
    expect(decode([rewritten(packets)]).decoder.dropped).toBe(7);
  });

  test('cuts a comment that no option can hold, between characters', () => {
    const file = new Pcapng().section().interface().packet(0n, Uint8Array.of(1)).done();
    const again = Buffer.from(rewritten(file, () => [`a${'é'.repeat(40_000)}`]));
    expect(whatMatters(again)).toHaveLength(1);
    expect(again.length).toBeLessThan(66_000);
    const at = again.indexOf('aé');
    const comment = again.subarray(at, at + again.readUInt16LE(at - 2));
    expect(new TextDecoder('utf-8', { fatal: true }).decode(comment)).toMatch(/^aé{32765}$/);
  });
});

test('interfaces state one snapshot length where they differ, since libpcap reads nothing else', () => {
  expect(commonSnapshotLength(new Set([96]))).toBeNull();
  expect(commonSnapshotLength(new Set([96, 262_144]))).toBe(262_144);
  expect(commonSnapshotLength(new Set([96, 0]))).toBe(0);
});
