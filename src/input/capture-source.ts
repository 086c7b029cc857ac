import type { CaptureComment } from '../capture/decoder.ts';
import type { InterfaceDescription } from '../capture/interface.ts';
import type { NameTable } from '../capture/names.ts';
import type { RecordView } from '../capture/record.ts';
import type { RecordSource } from '../capture/source.ts';
import type { LastackError } from '../errors.ts';
import type { InputSummary } from './capture-file.ts';

/** Captures as one: their records in order, and what is known about the files besides. */
export interface CaptureSource extends RecordSource {
  /** The interface of the record that `next` gave last; one object for each interface of each file. */
  interfaceOf(record: RecordView): InterfaceDescription;
  /** The captures that could be read; `RecordView.file` indexes them. Counts grow until the end. */
  readonly inputs: readonly InputSummary[];
  /** What could not be read, and what was damaged, so far. */
  readonly problems: readonly LastackError[];
  /** Files of a directory that are no captures. */
  readonly skipped: readonly string[];
  /** Names that the captures give to addresses, so far. */
  readonly names: NameTable;
  /** Comments found so far, up to a bound. */
  readonly comments: readonly CaptureComment[];
  /** Packets that the capturing programs say they lost, so far. */
  readonly dropped: number;
  /** Octets read so far, and in all, of the files as they stand on disk; in all is null when one is a pipe. */
  readonly position: number;
  readonly totalBytes: number | null;
  /** Stops reading. What was read stays known. */
  close(): void;
  /** Stops reading because of this, which is a problem from then on. */
  stop(problem: LastackError): void;
}
