import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decoderFor } from '../src/capture/format.ts';
import { RecordView } from '../src/capture/record.ts';

/** The folder of the recordings. */
export const SAMPLES: string = join(import.meta.dirname, '../samples');

/** The paths of all recordings in SAMPLES, sorted. */
export const RECORDINGS: readonly string[] = readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.pcap(ng)?$/.test(path))
  .sort();

/** Gives a recording's records to an analysis or the like. The view is filled anew for each. */
export function giveRecording(path: string, taker: { take(record: RecordView): void; end(): void }): void {
  eachRecord(path, new RecordView(), (record) => {
    taker.take(record);
    return record;
  });
  taker.end();
}

/** A recording's records. */
export function recordsOfRecording(path: string): RecordView[] {
  const records: RecordView[] = [];
  eachRecord(path, new RecordView(), (record) => {
    records.push(record);
    return new RecordView();
  });
  return records;
}

/** Calls `take` with each record; what it answers is filled next. */
function eachRecord(path: string, first: RecordView, take: (record: RecordView) => RecordView): void {
  const octets = new Uint8Array(readFileSync(join(SAMPLES, path)));
  const decoder = decoderFor(octets, path)!;
  decoder.feed(octets);
  for (let record = first; decoder.next(record); ) record = take(record);
}
