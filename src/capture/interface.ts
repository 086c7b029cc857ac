import type { RecordView } from './record.ts';

/** What a file says of one of its interfaces. Texts are the file's own: escape them for where they go. */
export interface InterfaceDescription {
  /** LINKTYPE_ number. */
  readonly linkType: number;
  /** Octets that a packet was cut to when captured; 0 when it was not cut. */
  readonly snapshotLength: number;
  /** Octets of frame check sequence at the end of each packet; 0 when the file does not say. */
  readonly fcsLength: number;
  /** Decimal digits of a second's fraction in its timestamps, 0 to 9; 9 also stands for finer and for binary ones. */
  readonly digits: number;
  /** Seconds that its timestamps leave out (if_tsoffset). */
  readonly offset: number;
  /** Empty where the file does not say. */
  readonly name: string;
  readonly description: string;
  /** Packets lost, by what was read so far. */
  readonly dropped: number;
}

/** One interface of a pcapng section: what its description says, and how its timestamps are read. */
export class CaptureInterface implements InterfaceDescription {
  /** LINKTYPE_ number. */
  readonly linkType: number;
  /** Octets that a packet was cut to when captured; 0 when it was not cut. */
  readonly snapshotLength: number;
  /** Octets of frame check sequence at the end of each packet; 0 when the file does not say. */
  fcsLength = 0;
  name = '';
  description = '';
  /** Octets that a packet may have before it is taken for damage. */
  longest = 0;
  /** Packets lost, by the last statistics block; -1 while there was none that says so. */
  droppedByStatistics = -1;
  /** Packets lost, by the sum of what packets say was lost before them. */
  droppedByPackets = 0;

  /** Units of a timestamp in a second (if_tsresol), where the quick way can handle them; else 0. */
  private units = 1_000_000;
  /** Nanoseconds in a unit: a power of ten. */
  private nanosecondsPerUnit = 1000;
  /** Units in a second, for the slow way. */
  private slowUnits = 0n;
  digits = 6;
  /** Seconds to add to every time (if_tsoffset). */
  offset = 0;
  private slowOffset = 0n;
  /** The upper half of the last timestamp, and its 2^32 units as whole seconds and the units left over. */
  private high = -1;
  private highSeconds = 0;
  private highUnits = 0;

  constructor(linkType: number, snapshotLength: number) {
    this.linkType = linkType;
    this.snapshotLength = snapshotLength;
  }

  get dropped(): number {
    return this.droppedByStatistics >= 0 ? this.droppedByStatistics : this.droppedByPackets;
  }

  /** if_tsresol: the exponent of ten, or of two where the top bit is set, of a second's units. */
  setResolution(option: number): void {
    const exponent = option & 0x7f;
    const decimal = (option & 0x80) === 0;
    this.high = -1;
    this.units = decimal && exponent <= 9 ? 10 ** exponent : 0;
    this.digits = this.units > 0 ? exponent : 9;
    this.nanosecondsPerUnit = this.units > 0 ? 1_000_000_000 / this.units : 0;
    this.slowUnits = (decimal ? 10n : 2n) ** BigInt(exponent);
  }

  /** if_tsoffset: seconds, signed. */
  setOffset(seconds: bigint): void {
    this.slowOffset = seconds;
    this.offset = clampSeconds(Number(seconds));
  }

  /**
   * Writes the time of the 64-bit timestamp at `at` (upper half first) into `record`, exact to the nanosecond; finer units
   * are cut off. It reads the timestamp itself because a number past 2^31 that is handed over may be boxed.
   */
  readTime(record: RecordView, view: DataView, at: number, little: boolean): void {
    const high = view.getUint32(at, little);
    if (this.units === 0) {
      this.readSlowTime(record, high, view.getUint32(at + 4, little));
      return;
    }
    if (high !== this.high) this.setHigh(high);
    const units = this.highUnits + view.getUint32(at + 4, little);
    const seconds = Math.floor(units / this.units);
    record.nanoseconds = (units - seconds * this.units) * this.nanosecondsPerUnit;
    record.seconds = clampSeconds(this.highSeconds + seconds + this.offset);
  }

  /**
   * Divides the upper half once for all timestamps that share it (71 minutes of microseconds, 4.3 seconds of
   * nanoseconds), 16 bits at a time so that every step is exact in a double.
   */
  private setHigh(high: number): void {
    const units = this.units;
    const first = Math.floor(high / units);
    let rest = (high - first * units) * 65_536;
    const second = Math.floor(rest / units);
    rest = (rest - second * units) * 65_536;
    const third = Math.floor(rest / units);
    this.high = high;
    this.highSeconds = first * 4_294_967_296 + second * 65_536 + third;
    this.highUnits = rest - third * units;
  }

  /** Units of less than a nanosecond, or a power of two: rare, and worth exact integers. */
  private readSlowTime(record: RecordView, high: number, low: number): void {
    const units = (BigInt(high) << 32n) | BigInt(low);
    const seconds = units / this.slowUnits;
    record.nanoseconds = Number(((units - seconds * this.slowUnits) * 1_000_000_000n) / this.slowUnits);
    record.seconds = clampSeconds(Number(seconds + this.slowOffset));
  }
}

/** Keeps whole seconds within what a double holds exactly: a time beyond that is damage, but no reason to stop. */
function clampSeconds(seconds: number): number {
  return Math.max(-SECONDS_LIMIT, Math.min(SECONDS_LIMIT, seconds));
}

const SECONDS_LIMIT = Number.MAX_SAFE_INTEGER;
