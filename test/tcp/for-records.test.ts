import { expect, test } from 'vitest';
import { Analysis } from '../../src/analyze.ts';
import { END, FLOW } from '../../src/flow/rows.ts';
import { FlowCursor } from '../../src/record/cursor.ts';
import { giveRecording, RECORDINGS } from '../samples.ts';

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
function everything(forRecords: boolean, path: string): { told: string[]; kept: number } {
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
  giveRecording(path, analysis);
  return { told, kept };
}

test('what only records tell changes nothing else when it is not gathered', () => {
  let flows = 0;
  for (const path of RECORDINGS) {
    const asked = everything(true, path);
    const spared = everything(false, path);
    expect(spared.told, path).toEqual(asked.told);
    expect(spared.kept).toBe(0);
    flows += asked.kept;
  }
  expect(flows).toBeGreaterThan(1000);
});
