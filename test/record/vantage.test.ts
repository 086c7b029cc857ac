import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decoderFor } from '../../src/capture/format.ts';
import { RecordView } from '../../src/capture/record.ts';
import { analyzeRecords } from '../exchange.ts';

const SAMPLES = join(import.meta.dirname, '../../samples');

/** Where each flow of a recording seems to have been captured, without those that do not tell. */
function vantages(path: string): string[] {
  const file = readFileSync(path);
  const decoder = decoderFor(file.subarray(0, 4), path)!;
  decoder.feed(file);
  const records: RecordView[] = [];
  for (let record = new RecordView(); decoder.next(record); record = new RecordView()) records.push(record);
  return analyzeRecords(records).flatMap((flow) => flow.vantage ?? []);
}

test.each(['client', 'server'])('no recording made at the %s seems to be made elsewhere, and most tell', (end) => {
  const told = readdirSync(SAMPLES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((folder) => readdirSync(join(SAMPLES, folder.name)).map((name) => join(SAMPLES, folder.name, name)))
    .filter((path) => path.includes(`/${end}.pcap`))
    .map((path) => vantages(path));
  expect([...new Set(told.flat())]).toEqual([end]);
  expect(told.filter((flows) => flows.length > 0).length).toBeGreaterThan(told.length / 2);
});
