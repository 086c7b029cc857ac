import { ByteWriter } from '../../src/bytes/writer.ts';
import type { LineWriter } from '../../src/render/line.ts';
import { SegmentDecoder } from '../../src/wire/decode.ts';
import { SegmentView } from '../../src/wire/segment.ts';
import { type Octets, type RecordFields, record } from '../wire/octets.ts';

/** A frame, or a frame and what its record says besides. */
export type Frame = Octets | ({ octets: Octets; nanoseconds?: number } & RecordFields);

/** The lines that a writer makes of frames that follow each other. */
export function linesOf(writer: LineWriter, frames: readonly Frame[]): string[] {
  const decoder = new SegmentDecoder();
  const segment = new SegmentView();
  const out = new ByteWriter(16);
  return frames.map((frame) => {
    const fields = 'octets' in frame ? frame : { octets: frame };
    const view = record(fields.octets, fields);
    view.nanoseconds = 'nanoseconds' in fields ? fields.nanoseconds : 123_456_789;
    const result = decoder.decode(view, segment);
    out.length = 0;
    writer.write(out, segment, result);
    return out.toString();
  });
}
