import type { ByteWriter } from '../bytes/writer.ts';
import type { CaptureRecord } from '../record/capture.ts';
import type { FlowCursor } from '../record/cursor.ts';
import { FLOW_FIELDS } from '../record/flow.ts';
import type { FlowRenderer } from './flow-renderer.ts';
import { JsonRecord } from './record-json.ts';

/** One JSON document: the inputs, the capture, then a flow a line. Its head needs the capture's record. */
export class JsonDocument implements FlowRenderer {
  readonly separator = ',\n';
  private readonly record = new JsonRecord(FLOW_FIELDS);
  private readonly version: string;

  /** @param version of lastack */
  constructor(version: string) {
    this.version = version;
  }

  head(out: ByteWriter, capture: CaptureRecord | null): void {
    out.text(`{"lastack":${JSON.stringify(this.version)},\n`);
    out.text(`"inputs":${JSON.stringify(capture?.inputs ?? [])},\n`);
    out.text(`"capture":${JSON.stringify(capture?.capture ?? null)},\n"flows":[\n`);
  }

  flow(out: ByteWriter, flow: FlowCursor): void {
    this.record.write(flow, out);
  }

  tail(out: ByteWriter): void {
    out.ascii('\n]}\n');
  }
}
