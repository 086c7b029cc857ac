import type { ByteWriter } from '../bytes/writer.ts';
import type { CaptureRecord } from '../record/capture.ts';
import type { FlowCursor } from '../record/cursor.ts';

/** A format writes flows, through `record/`'s table, into octets; whoever called it owns the file. */
export interface FlowRenderer {
  /** What stands between two flows. */
  readonly separator: string;
  /** What stands before the flows. `capture` is null when it is not over yet, which a streaming format must bear. */
  head(out: ByteWriter, capture: CaptureRecord | null): void;
  flow(out: ByteWriter, flow: FlowCursor): void;
  /** What stands after the flows. */
  tail(out: ByteWriter, capture: CaptureRecord): void;
}
