import type { RecordView } from './capture/record.ts';
import type { PacketFilter } from './filter/packet-filter.ts';
import { SegmentDecoder, type WireChoices } from './wire/decode.ts';
import { SegmentView, WIRE, type WireResult } from './wire/segment.ts';

/** An instant: whole seconds since the epoch, and nanoseconds past them. */
export interface Instant {
  readonly seconds: number;
  readonly nanoseconds: number;
}

/** Which records are wanted. */
export interface RecordChoices {
  /** Records before `from`, or at `to` and after, are counted but not decoded. */
  readonly from?: Instant;
  readonly to?: Instant;
  /** Records that it does not accept are counted but not decoded. */
  readonly filter?: PacketFilter;
}

/** Tells which records are wanted, and counts those that their time and the filter leave out. */
export class WantedRecords {
  readonly filter: PacketFilter | undefined;
  filteredOut = 0;
  outsideTime = 0;
  private readonly from: Instant | undefined;
  private readonly to: Instant | undefined;

  constructor(choices: RecordChoices) {
    this.from = choices.from;
    this.to = choices.to;
    this.filter = choices.filter;
  }

  /** Whether the record's time is within `from` and `to`, and the filter accepts it. */
  has(record: RecordView): boolean {
    if (
      (this.from !== undefined && isBefore(record, this.from)) ||
      (this.to !== undefined && !isBefore(record, this.to))
    ) {
      this.outsideTime++;
      return false;
    }
    if (this.filter === undefined || this.filter.accepts(record)) return true;
    this.filteredOut++;
    return false;
  }
}

/** What to decode and whom to tell. */
export interface DecodingOptions extends RecordChoices {
  /** How packets are decoded. Checksums are not verified: nothing here depends on them. */
  readonly wire?: WireChoices;
  /** A record with TCP. The view is overwritten by the next one. */
  readonly onSegment: (segment: SegmentView, result: WireResult) => void;
}

/**
 * Segments as they stand in the records, without flows: for lines that say nothing of what a segment meant. Tells the same
 * segments, in the same order, as `Analysis` does.
 */
export class Decoding {
  /** Records given. */
  records = 0;
  private readonly wanted: WantedRecords;
  private readonly wire: SegmentDecoder;
  private readonly onSegment: DecodingOptions['onSegment'];
  private readonly segment = new SegmentView();

  constructor(options: DecodingOptions) {
    this.wanted = new WantedRecords(options);
    this.wire = new SegmentDecoder({ ...options.wire, verifyChecksums: false });
    this.onSegment = options.onSegment;
  }

  take(record: RecordView): void {
    this.records++;
    if (!this.wanted.has(record)) return;
    const result = this.wire.decode(record, this.segment);
    if (result !== WIRE.other && result !== WIRE.unknownLink) this.onSegment(this.segment, result);
  }

  /** The capture is over. Nothing waits for that. */
  end(): void {}
}

function isBefore(record: RecordView, instant: Instant): boolean {
  return (
    record.seconds < instant.seconds || (record.seconds === instant.seconds && record.nanoseconds < instant.nanoseconds)
  );
}
