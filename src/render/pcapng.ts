import type { ByteWriter } from '../bytes/writer.ts';
import type { InterfaceDescription } from '../capture/interface.ts';
import { eachPacketOption } from '../capture/pcapng.ts';
import type { RecordView } from '../capture/record.ts';

/**
 * Writes records as pcapng (draft-ietf-opsawg-pcapng), little-endian, one section: call `section`, then `packet` for
 * each record, then `end`. Octets, lengths, times and interfaces are the records' own; an interface is described before
 * its first packet, or by `idle`.
 */
export class PcapngWriter {
  private readonly application: string;
  /** Snapshot length to state for every interface; see `commonSnapshotLength`. */
  private readonly snapshotLength: number | null;
  private readonly interfaces: Map<InterfaceDescription, Interface> = new Map();
  private out!: ByteWriter;
  /** Where the block that is being written begins. */
  private start = 0;

  /**
   * @param application who writes, with version
   * @param snapshotLength what to state instead of each interface's own, or null
   */
  constructor(application: string, snapshotLength: number | null = null) {
    this.application = application;
    this.snapshotLength = snapshotLength;
  }

  /** What stands before everything else. */
  section(out: ByteWriter, comment: string): void {
    this.begin(out, SECTION_HEADER);
    this.u32(BYTE_ORDER);
    this.u32(VERSION_1_0);
    this.u32(-1);
    this.u32(-1);
    this.text(OPTION_COMMENT, comment);
    this.text(SHB_USER_APPLICATION, this.application);
    this.u32(OPTION_END);
    this.finish();
  }

  /**
   * A record, with the options that it had.
   *
   * @param source the record's interface: the same object for each record of the same interface
   * @param format of the record's file: options are those of an enhanced packet block
   * @param comments to be added
   */
  packet(
    out: ByteWriter,
    record: RecordView,
    source: InterfaceDescription,
    format: 'pcap' | 'pcapng',
    comments: readonly string[],
  ): void {
    const known = this.interfaces.get(source) ?? this.describe(out, source);
    const ticks = ticksOf(record, known);
    this.begin(out, ENHANCED_PACKET);
    known.lastTicks = ticks;
    this.u32(known.index);
    this.time(ticks);
    this.u32(record.end - record.at);
    this.u32(record.originalLength);
    out.copy(record.bytes, record.at, record.end);
    this.pad();
    const options = out.length;
    if (format === 'pcapng') this.copyOptions(record);
    for (const comment of comments) this.text(OPTION_COMMENT, comment);
    if (out.length > options) this.u32(OPTION_END);
    this.finish();
  }

  /** Describes an interface that has no packet: libpcap refuses a file without any interface. */
  idle(out: ByteWriter, source: InterfaceDescription): void {
    if (!this.interfaces.has(source)) this.describe(out, source);
  }

  /** What stands after the packets: how many packets were lost, where that is known. */
  end(out: ByteWriter): void {
    for (const [source, { index, lastTicks }] of this.interfaces) {
      if (source.dropped <= 0) continue;
      this.begin(out, INTERFACE_STATISTICS);
      this.u32(index);
      this.time(lastTicks);
      this.text(OPTION_COMMENT, 'of the whole capture');
      this.option(ISB_IF_DROP, 8);
      this.u64(BigInt(source.dropped));
      this.u32(OPTION_END);
      this.finish();
    }
  }

  private describe(out: ByteWriter, source: InterfaceDescription): Interface {
    const { digits, offset } = source;
    const known = { index: this.interfaces.size, units: 10 ** digits, offset, lastTicks: 0n };
    this.interfaces.set(source, known);
    this.begin(out, INTERFACE_DESCRIPTION);
    this.u32(source.linkType & 0xffff);
    this.u32(this.snapshotLength ?? source.snapshotLength);
    if (source.name !== '') this.text(IF_NAME, source.name);
    if (source.description !== '') this.text(IF_DESCRIPTION, source.description);
    this.octet(IF_TIME_RESOLUTION, digits);
    if (source.fcsLength > 0) this.octet(IF_FCS_LENGTH, source.fcsLength);
    if (offset !== 0) {
      this.option(IF_TIME_OFFSET, 8);
      this.u64(BigInt(offset));
    }
    this.u32(OPTION_END);
    this.finish();
    return known;
  }

  private copyOptions(record: RecordView): void {
    const little = record.bigEndian === 0;
    eachPacketOption(record, (code, at, length) => {
      const word = NUMBERS.get(code);
      if (word === undefined && !OCTETS.has(code)) return;
      if (word !== undefined && word !== length) return;
      this.option(code, length);
      if (word === 4) this.u32(record.view.getInt32(at, little));
      else if (word === 8) this.u64(record.view.getBigUint64(at, little));
      else this.out.copy(record.bytes, at, at + length);
      this.pad();
    });
  }

  private begin(out: ByteWriter, type: number): void {
    this.out = out;
    this.start = out.length;
    this.u32(type);
    this.u32(0);
  }

  private finish(): void {
    const length = this.out.length + 4 - this.start;
    this.u32(length);
    this.out.view.setUint32(this.start + 4, length, true);
  }

  /** An option of text; one that is too long for its length field is cut. */
  private text(code: number, text: string): void {
    const octets = ENCODER.encode(text);
    let length = Math.min(octets.length, LONGEST_TEXT);
    // Never within a character: its further octets are 10xxxxxx.
    while (length < octets.length && (octets[length]! & 0xc0) === 0x80) length--;
    this.option(code, length);
    this.out.copy(octets, 0, length);
    this.pad();
  }

  private octet(code: number, value: number): void {
    this.option(code, 1);
    this.out.byte(value);
    this.pad();
  }

  private option(code: number, length: number): void {
    this.u32(code | (length << 16));
  }

  private time(ticks: bigint): void {
    this.u32(Number(ticks >> 32n));
    this.u32(Number(ticks & 0xffff_ffffn));
  }

  private u64(value: bigint): void {
    this.out.reserve(8);
    this.out.view.setBigInt64(this.out.length, value, true);
    this.out.length += 8;
  }

  private u32(value: number): void {
    this.out.reserve(4);
    this.out.view.setInt32(this.out.length, value, true);
    this.out.length += 4;
  }

  /** Blocks and options end on four octets, counted from where the block begins. */
  private pad(): void {
    while (((this.out.length - this.start) & 3) !== 0) this.out.byte(0);
  }
}

/**
 * The snapshot length to state where interfaces differ in theirs, or null where they do not: libpcap reads no file whose
 * interfaces state different ones. 0 is no limit.
 */
export function commonSnapshotLength(lengths: ReadonlySet<number>): number | null {
  if (lengths.size <= 1) return null;
  return lengths.has(0) ? 0 : Math.max(...lengths);
}

/** An interface that was described. */
interface Interface {
  readonly index: number;
  /** Of a timestamp in a second. */
  readonly units: number;
  readonly offset: number;
  lastTicks: bigint;
}

/** The record's time in units of its interface; what no timestamp can say is put to the nearest that can be said. */
function ticksOf(record: RecordView, source: Interface): bigint {
  const fraction = Math.floor(record.nanoseconds / (1e9 / source.units));
  const ticks = BigInt(record.seconds - source.offset) * BigInt(source.units) + BigInt(fraction);
  return ticks < 0n ? 0n : ticks > MOST_TICKS ? MOST_TICKS : ticks;
}

const MOST_TICKS = 0xffff_ffff_ffff_ffffn;
const ENCODER = new TextEncoder();
const LONGEST_TEXT = 65_532;

/** Block types. */
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;
const BYTE_ORDER = 0x1a2b3c4d;
const VERSION_1_0 = 1;

/** Options. */
const OPTION_END = 0;
const OPTION_COMMENT = 1;
const SHB_USER_APPLICATION = 4;
const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const IF_TIME_RESOLUTION = 9;
const IF_FCS_LENGTH = 13;
const IF_TIME_OFFSET = 14;
const ISB_IF_DROP = 5;
/** A packet's options that are one number, by how many octets: epb_flags, _dropcount, _packetid, _queue. */
const NUMBERS: ReadonlyMap<number, number> = new Map([
  [2, 4],
  [4, 8],
  [5, 8],
  [6, 4],
]);
/** A packet's options that are octets in no byte order: comment, epb_hash. */
const OCTETS: ReadonlySet<number> = new Set([OPTION_COMMENT, 3]);
