import { expect, test } from 'vitest';
import { analyzeRecords } from '../exchange.ts';
import { RECORDINGS, recordsOfRecording } from '../samples.ts';

/** Where each flow of a recording seems to have been captured, without those that do not tell. */
function vantages(path: string): string[] {
  return analyzeRecords(recordsOfRecording(path)).flatMap((flow) => flow.vantage ?? []);
}

test.each(['client', 'server'])('no recording made at the %s seems to be made elsewhere, and most tell', (end) => {
  const told = RECORDINGS.filter((path) => path.includes(`/${end}.pcap`)).map((path) => vantages(path));
  expect([...new Set(told.flat())]).toEqual([end]);
  expect(told.filter((flows) => flows.length > 0).length).toBeGreaterThan(told.length / 2);
});
