import { type CaptureDecoder, WINDOW } from '../capture/decoder.ts';
import { RecordView } from '../capture/record.ts';
import type { LastackError } from '../errors.ts';
import { CaptureFile } from './capture-file.ts';
import { SecondDecoder } from './second-decoder.ts';
import { comesOnce } from './stored.ts';

/** What two decoders that know nothing of each other say of one file. */
export interface Verification {
  readonly path: string;
  /** Records by our own decoder. */
  readonly records: number;
  /** Records by the second decoder; null when it can't read such a file, and then `unsupported` says why. */
  readonly secondRecords: number | null;
  readonly unsupported: string;
  /** The first `DISAGREEMENT_LIMIT` disagreements, in file order, and how many there are in all. */
  readonly disagreements: readonly Disagreement[];
  readonly disagreementCount: number;
  /** Damage found by our own decoder. */
  readonly problem: LastackError | null;
  /** False when it was interrupted: the rest of the file was not looked at. */
  readonly complete: boolean;
}

/** Lets go of a wait when somebody wants no more: `or` answers false from then on. */
export interface Stop {
  readonly happened: boolean;
  or<T>(work: Promise<T>): Promise<T | false>;
}

/** One thing on which the decoders differ. */
export interface Disagreement {
  /** 1-based number of the record; 0 when it concerns the file. */
  readonly record: number;
  /** Octet offset of the record by our own decoder. */
  readonly offset: number;
  readonly field: DisagreementField;
  readonly ours: number | string;
  readonly second: number | string;
}

/** `octets` differ when the lengths agree and the packets do not; `end` is where one decoder goes on alone. */
export type DisagreementField =
  | 'linkType'
  | 'seconds'
  | 'nanoseconds'
  | 'keptLength'
  | 'originalLength'
  | 'octets'
  | 'end';

/** Disagreements listed; the rest are counted. */
export const DISAGREEMENT_LIMIT = 100;

/**
 * Reads a capture with both decoders, side by side, and reports every disagreement. Throws UnreadableInputError when the
 * capture can't be opened; whatever befalls the second decoder is part of the report. Where `stop` happens, the report is of
 * what was read until then.
 */
export async function verifyCapture(path: string, stop: Stop = NEVER): Promise<Verification> {
  const file = await CaptureFile.open(path, { digest: false, sparing: false, window: WINDOW });
  try {
    const unsupported = whyUnsupported(path, file);
    if (unsupported) return await readAlone(path, file, unsupported, stop);
    const second = new SecondDecoder(path);
    try {
      return await compare(path, file, second, stop);
    } finally {
      second.close();
    }
  } finally {
    file.close();
  }
}

/** Why pcap-parser can't read this file at all; empty when it may try. */
function whyUnsupported(path: string, file: CaptureFile): string {
  const { compression, format } = file.summary();
  if (comesOnce(path)) return `${path === '-' ? 'standard input' : 'a pipe'} can be read once only`;
  if (compression !== 'none') return `it reads no ${compression}`;
  if (format === 'pcapng') return 'it reads no pcapng';
  return '';
}

const NEVER: Stop = { happened: false, or: (work) => work };

async function readAlone(path: string, file: CaptureFile, unsupported: string, stop: Stop): Promise<Verification> {
  await finish(file, new RecordView(), stop);
  return report(path, file.decoder, null, unsupported, new Differences(), stop);
}

async function compare(path: string, file: CaptureFile, second: SecondDecoder, stop: Stop): Promise<Verification> {
  const ours = new RecordView();
  const theirs = new RecordView();
  const differences = new Differences();
  let secondRecords = 0;
  for (;;) {
    const here = await advance(file.decoder, file, ours, stop);
    const there = await advance(second, second, theirs, stop);
    if (there) secondRecords++;
    // pcap-parser refuses other magic numbers than the two of microsecond files.
    if (second.failure && secondRecords === 0) {
      await finish(file, ours, stop);
      return report(path, file.decoder, null, second.failure, differences, stop);
    }
    if (here && file.decoder.records === 1 && ours.linkType !== second.linkType) {
      differences.add(0, 0, 'linkType', ours.linkType, second.linkType);
    }
    if (stop.happened) return report(path, file.decoder, secondRecords, '', differences, stop);
    if (!here || !there) {
      compareEnds(here, there, ours, theirs, file.decoder, second, differences);
      break;
    }
    compareRecord(ours, theirs, differences);
  }
  await finish(file, ours, stop);
  while (await advance(second, second, theirs, stop)) secondRecords++;
  return report(path, file.decoder, secondRecords, '', differences, stop);
}

/** Reads the next record, however many fills it takes. */
async function advance(
  records: { next(record: RecordView): boolean },
  octets: { fill(): Promise<boolean> },
  record: RecordView,
  stop: Stop,
): Promise<boolean> {
  while (!records.next(record)) if (!(await stop.or(octets.fill()))) return false;
  return true;
}

/** Reads what is left, for the count. */
async function finish(file: CaptureFile, record: RecordView, stop: Stop): Promise<void> {
  while (await advance(file.decoder, file, record, stop));
}

function compareRecord(ours: RecordView, theirs: RecordView, differences: Differences): void {
  const { fileFrame, offset } = ours;
  const kept = ours.end - ours.at;
  const theirKept = theirs.end - theirs.at;
  if (ours.seconds !== theirs.seconds) differences.add(fileFrame, offset, 'seconds', ours.seconds, theirs.seconds);
  if (ours.nanoseconds !== theirs.nanoseconds) {
    differences.add(fileFrame, offset, 'nanoseconds', ours.nanoseconds, theirs.nanoseconds);
  }
  if (ours.originalLength !== theirs.originalLength) {
    differences.add(fileFrame, offset, 'originalLength', ours.originalLength, theirs.originalLength);
  }
  if (kept !== theirKept) differences.add(fileFrame, offset, 'keptLength', kept, theirKept);
  else {
    const place = firstDifference(ours, theirs, kept);
    if (place >= 0) {
      const [octet, theirOctet] = [ours.bytes[ours.at + place]!, theirs.bytes[theirs.at + place]!];
      differences.add(fileFrame, offset, 'octets', `${octet} at ${place}`, `${theirOctet} at ${place}`);
    }
  }
}

function firstDifference(ours: RecordView, theirs: RecordView, length: number): number {
  for (let i = 0; i < length; i++) if (ours.bytes[ours.at + i] !== theirs.bytes[theirs.at + i]) return i;
  return -1;
}

/** Both may have ended: then they agree when both found the last record whole, or both found something after it. */
function compareEnds(
  here: boolean,
  there: boolean,
  ours: RecordView,
  theirs: RecordView,
  decoder: CaptureDecoder,
  second: SecondDecoder,
  differences: Differences,
): void {
  const damaged = decoder.failed?.message ?? 'end of file';
  const theirEnd = second.failure || (second.rest > 0 ? `${second.rest} octets after the last record` : 'end of file');
  if (here) differences.add(ours.fileFrame, ours.offset, 'end', 'a record', theirEnd);
  else if (there) differences.add(theirs.fileFrame, theirs.offset, 'end', damaged, 'a record');
  else if ((decoder.failed !== null) !== (second.failure !== '' || second.rest > 0)) {
    differences.add(decoder.records + 1, 0, 'end', damaged, theirEnd);
  }
}

/** The first disagreements, and the number of all. */
class Differences {
  readonly list: Disagreement[] = [];
  count = 0;

  add(record: number, offset: number, field: DisagreementField, ours: number | string, second: number | string): void {
    this.count++;
    if (this.list.length < DISAGREEMENT_LIMIT) this.list.push({ record, offset, field, ours, second });
  }
}

function report(
  path: string,
  decoder: CaptureDecoder,
  secondRecords: number | null,
  unsupported: string,
  { list, count }: Differences,
  stop: Stop,
): Verification {
  return {
    path,
    records: decoder.records,
    secondRecords,
    unsupported,
    disagreements: list,
    disagreementCount: count,
    problem: decoder.failed,
    complete: !stop.happened,
  };
}
