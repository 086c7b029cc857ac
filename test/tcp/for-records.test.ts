import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { decoderFor } from '../../src/capture/format.ts';
import { RecordView } from '../../src/capture/record.ts';
import { END, FLOW } from '../../src/flow/rows.ts';
import { FlowCursor } from '../../src/record/cursor.ts';

const SAMPLES = join(import.meta.dirname, '../../samples');

/** Words of a row that only records are made of. */
const FOR_RECORDS = new Set([
  FLOW.history,
  FLOW.historySeen,
  FLOW.historyLetters,
  FLOW.historyLetters + 1,
  FLOW.historyExtra,
  FLOW.timing,
  FLOW.historyStart,
  FLOW.historyStart + 1,
  FLOW.historyUntilF64 * 2,
  FLOW.historyUntilF64 * 2 + 1,
  FLOW.client + END.resetSeq,
  FLOW.server + END.resetSeq,
  FLOW.client + END.roundTrips,
  FLOW.server + END.roundTrips,
]);

/** Every flow's other words and what was found of it; every segment's verdict; and how many rows had words for records. */
function everything(forRecords: boolean, octets: Uint8Array, path: string): { told: string[]; kept: number } {
  const told: string[] = [];
  let kept = 0;
  const analysis: Analysis = new Analysis({
    forRecords,
    onFlow: (row) => {
      cursor.move(row);
      const words = analysis.rows.i32.subarray(row, row + analysis.rows.words);
      const { findings, cause, confidence } = cursor.judgement;
      told.push(words.filter((_, i) => !FOR_RECORDS.has(i)).join(), JSON.stringify({ findings, cause, confidence }));
      if (words[FLOW.history] !== 0) kept++;
    },
    onSegment: (verdict) => told.push(JSON.stringify(verdict)),
  });
  const cursor = new FlowCursor(analysis.flowContext([]));
  const decoder = decoderFor(octets, path)!;
  const record = new RecordView();
  decoder.feed(octets);
  while (decoder.next(record)) analysis.take(record);
  analysis.end();
  return { told, kept };
}

test('what only records tell changes nothing else when it is not gathered', () => {
  let flows = 0;
  for (const path of readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' })) {
    if (!/\.pcap(ng)?$/.test(path)) continue;
    const octets = new Uint8Array(readFileSync(join(SAMPLES, path)));
    const asked = everything(true, octets, path);
    const spared = everything(false, octets, path);
    expect(spared.told, path).toEqual(asked.told);
    expect(spared.kept).toBe(0);
    flows += asked.kept;
  }
  expect(flows).toBeGreaterThan(1000);
});
