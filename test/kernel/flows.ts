import { readFileSync } from 'node:fs';
import { Analysis } from '../../src/analyze.ts';
import { decoderFor } from '../../src/capture/format.ts';
import { RecordView } from '../../src/capture/record.ts';
import { FlowCursor } from '../../src/record/cursor.ts';
import { FLOW_FIELDS, type FlowRecord } from '../../src/record/flow.ts';
import { recordObject } from '../../src/record/object.ts';

/** Every flow of a capture, in order of their first segments. */
export async function flowsOf(path: string): Promise<FlowRecord[]> {
  const file = readFileSync(path);
  const decoder = decoderFor(file.subarray(0, 4), path);
  if (decoder === undefined) throw new Error(`${path} is no capture`);
  const flows: FlowRecord[] = [];
  const analysis: Analysis = new Analysis({
    onFlow: (row) => {
      cursor.baseSeconds = analysis.baseSeconds;
      cursor.move(row);
      flows.push(recordObject(FLOW_FIELDS, cursor) as unknown as FlowRecord);
    },
  });
  const layerNames = (layers: number): readonly string[] => analysis.wire.layerNames(layers);
  const cursor = new FlowCursor({ rows: analysis.rows, layerNames, files: [path], msl: 30 });
  const record = new RecordView();
  decoder.feed(file);
  while (decoder.next(record)) analysis.take(record);
  decoder.end();
  analysis.end();
  return flows.sort((one, other) => one.flow - other.flow);
}
