import { expect, test } from 'vitest';
import { Analysis } from '../src/analyze.ts';
import { ByteWriter } from '../src/bytes/writer.ts';
import type { RecordView } from '../src/capture/record.ts';
import { Decoding, type RecordChoices } from '../src/decoding.ts';
import { PacketFilter } from '../src/filter/packet-filter.ts';
import { TcpdumpLine } from '../src/render/tcpdump.ts';
import type { SegmentView, WireResult } from '../src/wire/segment.ts';
import { giveRecording, RECORDINGS } from './samples.ts';

interface Taker {
  take(record: RecordView): void;
  end(): void;
}

/** The lines of a capture, as told to whoever `subscribe` makes. */
function linesOf(path: string, subscribe: (told: (segment: SegmentView, result: WireResult) => void) => Taker): string {
  const out = new ByteWriter(1 << 16);
  const lines = new TcpdumpLine();
  const taker = subscribe((segment, result) => {
    lines.write(out, segment, result);
    out.ascii('\n');
  });
  giveRecording(path, taker);
  return out.toString();
}

test.each<[string, RecordChoices]>([
  ['all records', {}],
  ['those of a filter', { filter: new PacketFilter('tcp[tcpflags] & (tcp-syn|tcp-fin) != 0') }],
  ['those of a time', { from: { seconds: 1_700_000_000, nanoseconds: 0 } }],
])('segments without their flows are the same segments: %s', (_, choices) => {
  let all = 0;
  for (const path of RECORDINGS) {
    const bare = linesOf(path, (onSegment) => new Decoding({ ...choices, onSegment }));
    const tracked = linesOf(
      path,
      (told) => new Analysis({ ...choices, onSegment: (_verdict, segment, result) => told(segment, result) }),
    );
    expect(bare).toBe(tracked);
    all += bare.length;
  }
  expect(all).toBeGreaterThan(10_000);
});
