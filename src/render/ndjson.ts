import { ASCII } from '../bytes/ascii.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import type { CaptureRecord } from '../record/capture.ts';
import type { FlowCursor } from '../record/cursor.ts';
import { FLOW_FIELDS } from '../record/flow.ts';
import type { FlowRenderer } from './flow-renderer.ts';
import { JsonRecord } from './record-json.ts';

/** Newline-delimited JSON: a flow a line and, if asked, the capture's record on the last one. */
export class NdjsonFlows implements FlowRenderer {
  readonly separator = '';
  private readonly record = new JsonRecord(FLOW_FIELDS);
  private readonly captureRecord: boolean;

  constructor(captureRecord: boolean) {
    this.captureRecord = captureRecord;
  }

  head(): void {}

  flow(out: ByteWriter, flow: FlowCursor): void {
    this.record.write(flow, out);
    out.byte(ASCII.newline);
  }

  tail(out: ByteWriter, capture: CaptureRecord): void {
    if (!this.captureRecord) return;
    out.text(JSON.stringify(capture));
    out.byte(ASCII.newline);
  }
}
