import { CaptureDecoder, longestPacket } from './decoder.ts';
import { CaptureInterface, type InterfaceDescription } from './interface.ts';
import { NAME_OCTETS } from './names.ts';
import type { RecordView } from './record.ts';

/**
 * Decodes a pcapng file (draft-ietf-opsawg-pcapng): several sections in either byte order, several interfaces, enhanced,
 * simple and obsolete packet blocks, names, statistics, comments. Other blocks are skipped; those that Wireshark takes
 * for records without a packet (custom, journal, system events) are counted, so that frame numbers are Wireshark's.
 */
export class PcapngDecoder extends CaptureDecoder {
  readonly format = 'pcapng';
  private little = true;
  private sections = 0;
  /** Interfaces of this section. */
  private interfaces: CaptureInterface[] = [];
  private droppedBefore = 0;

  override get open(): boolean {
    return this.sections > 0;
  }

  /** By the interfaces' statistics where there are some, else by what the packets say was lost before them. */
  override get dropped(): number {
    let sum = this.droppedBefore;
    for (const source of this.interfaces) sum += source.dropped;
    return sum;
  }

  override interfaceOf(record: RecordView): InterfaceDescription {
    return this.interfaces[record.interfaceIndex]!;
  }

  override next(record: RecordView): boolean {
    for (;;) {
      const at = this.at;
      if (at + BLOCK_OVERHEAD > this.limit || this.failed) return false;
      const view = this.view;
      const type = view.getUint32(at, this.little);
      if (type === SECTION_HEADER && !this.readByteOrder(at)) return false;
      const length = view.getUint32(at + TOTAL_LENGTH, this.little);
      if (length < BLOCK_OVERHEAD || length > BLOCK_LIMIT || length % 4 !== 0) return this.badLength(length);
      const after = at + length;
      if (after > this.limit) return false;
      if (view.getUint32(after - TRAILER, this.little) !== length) {
        return this.fail(`block of ${length} octets does not end with its length`);
      }
      const isPacket = type === ENHANCED_PACKET || type === SIMPLE_PACKET || type === OBSOLETE_PACKET;
      if (isPacket ? !this.readPacket(type, record, at, after) : !this.readOtherBlock(type, at, after)) return false;
      this.at = after;
      if (isPacket) return true;
    }
  }

  private readPacket(type: number, record: RecordView, at: number, after: number): boolean {
    if (type === ENHANCED_PACKET) return this.readEnhancedPacket(record, at, after);
    return type === SIMPLE_PACKET
      ? this.readSimplePacket(record, at, after)
      : this.readObsoletePacket(record, at, after);
  }

  /** The block that nearly every packet is in: one straight line. */
  private readEnhancedPacket(record: RecordView, at: number, after: number): boolean {
    if (after - at < PACKET_BLOCK_MIN) return this.fail('packet block is too short');
    const view = this.view;
    const little = this.little;
    const index = view.getUint32(at + INTERFACE, little);
    const kept = view.getUint32(at + KEPT_LENGTH, little);
    const source = this.interfaces[index];
    const end = at + PACKET_DATA + kept;
    if (source === undefined || end > after - TRAILER || kept > source.longest)
      return this.refusePacket(index, kept, at, after);
    source.readTime(record, view, at + TIME, little);
    record.bytes = this.bytes;
    record.view = view;
    record.at = at + PACKET_DATA;
    record.end = end;
    record.originalLength = view.getUint32(at + ORIGINAL_LENGTH, little);
    record.carriedSeconds = 0;
    record.linkType = source.linkType;
    record.fcsLength = source.fcsLength;
    record.interfaceIndex = index;
    record.bigEndian = little ? 0 : 1;
    record.file = this.file;
    record.fileFrame = record.frame = ++this.records;
    record.offset = this.base + at;
    const optionsAt = (end - at + 3) & ~3;
    if (optionsAt < after - at - TRAILER) this.readPacketOptions(source, at + optionsAt, after - TRAILER);
    return true;
  }

  /** The obsolete packet block: an enhanced one whose interface number and drop count are 16 bits. */
  private readObsoletePacket(record: RecordView, at: number, after: number): boolean {
    if (after - at < PACKET_BLOCK_MIN) return this.fail('packet block is too short');
    const view = this.view;
    const little = this.little;
    const index = view.getUint16(at + INTERFACE, little);
    const kept = view.getUint32(at + KEPT_LENGTH, little);
    if (!this.placePacket(record, at, after, at + PACKET_DATA, index, kept)) return false;
    const source = this.interfaces[index]!;
    source.readTime(record, view, at + TIME, little);
    record.originalLength = view.getUint32(at + ORIGINAL_LENGTH, little);
    const drops = view.getUint16(at + OBSOLETE_DROPS, little);
    if (drops !== DROPS_UNKNOWN) source.droppedByPackets += drops;
    return true;
  }

  /** A simple packet has no time, and its kept length is told by the original one and the interface's snapshot length. */
  private readSimplePacket(record: RecordView, at: number, after: number): boolean {
    if (after - at < SIMPLE_BLOCK_MIN) return this.fail('packet block is too short');
    const original = this.view.getUint32(at + SIMPLE_LENGTH, this.little);
    const first = this.interfaces[0];
    const kept = first && first.snapshotLength > 0 ? Math.min(original, first.snapshotLength) : original;
    if (!this.placePacket(record, at, after, at + SIMPLE_DATA, 0, kept)) return false;
    record.seconds = 0;
    record.nanoseconds = 0;
    record.originalLength = original;
    return true;
  }

  /** Fills in what all packet blocks share, once the interface and the kept length have proved possible. */
  private placePacket(
    record: RecordView,
    at: number,
    after: number,
    dataAt: number,
    index: number,
    kept: number,
  ): boolean {
    const source = this.interfaces[index];
    if (source === undefined || kept > after - TRAILER - dataAt || kept > source.longest) {
      return this.refusePacket(index, kept, at, after);
    }
    record.bytes = this.bytes;
    record.view = this.view;
    record.at = dataAt;
    record.end = dataAt + kept;
    record.linkType = source.linkType;
    record.fcsLength = source.fcsLength;
    record.interfaceIndex = index;
    record.bigEndian = this.little ? 0 : 1;
    record.carriedSeconds = 0;
    record.file = this.file;
    record.fileFrame = record.frame = ++this.records;
    record.offset = this.base + at;
    return true;
  }

  private refusePacket(index: number, kept: number, at: number, after: number): false {
    if (index >= this.interfaces.length) return this.fail(`packet of interface ${index}, which is not described`);
    return this.fail(`packet of ${kept} octets in a block of ${after - at}`);
  }

  /** A section header is read in the byte order that it states itself. */
  private readByteOrder(at: number): boolean {
    const magic = this.view.getUint32(at + BYTE_ORDER);
    if (magic !== BYTE_ORDER_BIG && magic !== BYTE_ORDER_LITTLE) {
      return this.fail('section header without a byte-order magic number');
    }
    this.little = magic === BYTE_ORDER_LITTLE;
    return true;
  }

  private badLength(length: number): false {
    if (!this.open && this.view.getUint32(this.at) !== SECTION_HEADER) return this.fail('no section header');
    return this.fail(`block of ${length} octets`);
  }

  /** Blocks without a packet. False when the file can't be read on. */
  private readOtherBlock(type: number, at: number, after: number): boolean {
    if (type === SECTION_HEADER) return this.readSectionHeader(at, after);
    if (!this.open) return this.fail('no section header');
    if (type === INTERFACE_DESCRIPTION) return this.readInterface(at, after);
    if (type === NAME_RESOLUTION) this.readNames(at + BLOCK_BODY, after - TRAILER);
    else if (type === INTERFACE_STATISTICS) this.readStatistics(at, after);
    else if (isPacketlessRecord(type)) this.records++;
    return true;
  }

  private readSectionHeader(at: number, after: number): boolean {
    if (after - at < SECTION_BLOCK_MIN) return this.fail('section header is too short');
    const major = this.view.getUint16(at + SECTION_MAJOR, this.little);
    const minor = this.view.getUint16(at + SECTION_MINOR, this.little);
    // "minor version 2 … SHOULD be treated as if it had a minor version number of 0"
    if (major !== 1 || (minor !== 0 && minor !== 2)) return this.fail(`pcapng version ${major}.${minor} can't be read`);
    this.droppedBefore = this.dropped;
    this.interfaces = [];
    this.sections++;
    this.eachOption(at + SECTION_OPTIONS, after - TRAILER, (code, valueAt, length) => {
      if (code === OPTION_COMMENT) this.comment(0, valueAt, length);
    });
    return true;
  }

  private readInterface(at: number, after: number): boolean {
    if (after - at < INTERFACE_BLOCK_MIN) return this.fail('interface description is too short');
    if (this.interfaces.length >= INTERFACE_LIMIT) return this.fail(`more than ${INTERFACE_LIMIT} interfaces`);
    const view = this.view;
    const linkType = view.getUint16(at + INTERFACE_LINK_TYPE, this.little);
    const source = new CaptureInterface(linkType, view.getUint32(at + INTERFACE_SNAPSHOT, this.little));
    source.longest = longestPacket(linkType);
    this.eachOption(at + INTERFACE_OPTIONS, after - TRAILER, (code, valueAt, length) => {
      if (code === OPTION_COMMENT) this.comment(0, valueAt, length);
      else if (code === IF_NAME) source.name = this.text(valueAt, length);
      else if (code === IF_DESCRIPTION) source.description = this.text(valueAt, length);
      else if (code === IF_TIME_RESOLUTION && length === 1) source.setResolution(view.getUint8(valueAt));
      else if (code === IF_TIME_OFFSET && length === 8) source.setOffset(view.getBigInt64(valueAt, this.little));
      else if (code === IF_FCS_LENGTH && length === 1) source.fcsLength = view.getUint8(valueAt);
    });
    this.interfaces.push(source);
    this.addLinkType(linkType);
    return true;
  }

  private readNames(from: number, end: number): void {
    for (let at = from; at + 4 <= end; ) {
      const type = this.view.getUint16(at, this.little);
      const length = this.view.getUint16(at + 2, this.little);
      const next = at + 4 + ((length + 3) & ~3);
      if (type === NAMES_END || next > end) return;
      const address = type === NAMES_IP4 ? 4 : type === NAMES_IP6 ? 16 : 0;
      if (address > 0 && length > address) {
        const nameAt = at + 4 + address;
        // Several names may follow one another, each ended by a zero octet; the first is the one to show.
        const zero = this.bytes.subarray(nameAt, Math.min(at + 4 + length, nameAt + NAME_OCTETS)).indexOf(0);
        const nameEnd = zero < 0 ? Math.min(at + 4 + length, nameAt + NAME_OCTETS) : nameAt + zero;
        this.names.add(this.bytes, at + 4, address, new TextDecoder().decode(this.bytes.subarray(nameAt, nameEnd)));
      }
      at = next;
    }
  }

  /** Statistics are totals since the capture began: the last block of an interface is the one that counts. */
  private readStatistics(at: number, after: number): void {
    if (after - at < STATISTICS_BLOCK_MIN) return;
    const source = this.interfaces[this.view.getUint32(at + INTERFACE, this.little)];
    if (!source) return;
    let drops = 0;
    let told = false;
    this.eachOption(at + STATISTICS_OPTIONS, after - TRAILER, (code, valueAt, length) => {
      if (code === OPTION_COMMENT) this.comment(0, valueAt, length);
      if ((code !== ISB_IF_DROP && code !== ISB_OS_DROP) || length !== 8) return;
      told = true;
      drops += this.count64(valueAt);
    });
    if (told) source.droppedByStatistics = drops;
  }

  /** As `eachOption`, written out: many programs write options with every packet, and a closure for each costs. */
  private readPacketOptions(source: CaptureInterface, from: number, end: number): void {
    for (let at = from; at + 4 <= end; ) {
      const code = this.view.getUint16(at, this.little);
      const length = this.view.getUint16(at + 2, this.little);
      if (code === OPTION_END || at + 4 + length > end) return;
      if (code === OPTION_COMMENT) this.comment(this.records, at + 4, length);
      else if (code === EPB_DROP_COUNT && length === 8) source.droppedByPackets += this.count64(at + 4);
      at += 4 + ((length + 3) & ~3);
    }
  }

  private eachOption(from: number, end: number, take: TakeOption): void {
    eachOption(this.view, this.little, from, end, take);
  }

  private text(at: number, length: number): string {
    return new TextDecoder().decode(this.bytes.subarray(at, at + Math.min(length, NAME_OCTETS)));
  }

  /** A 64-bit count; past 2^53 it is a made-up number and counts as nothing. */
  private count64(at: number): number {
    const count = Number(this.view.getBigUint64(at, this.little));
    return count <= Number.MAX_SAFE_INTEGER ? count : 0;
  }
}

/**
 * Calls `take` for each option of the enhanced packet block that holds `record`, which a `PcapngDecoder` gave just now.
 * Values stand in the section's byte order. Other blocks have none.
 */
export function eachPacketOption(record: RecordView, take: TakeOption): void {
  const { view } = record;
  const little = record.bigEndian === 0;
  const at = record.at - PACKET_DATA;
  if (at < 0 || view.getUint32(at, little) !== ENHANCED_PACKET) return;
  if (view.getUint32(at + KEPT_LENGTH, little) !== record.end - record.at) return;
  const end = at + view.getUint32(at + TOTAL_LENGTH, little) - TRAILER;
  if (end + TRAILER > view.byteLength || view.getUint32(end, little) !== end + TRAILER - at) return;
  eachOption(view, little, record.at + ((record.end - record.at + 3) & ~3), end, take);
}

type TakeOption = (code: number, valueAt: number, length: number) => void;

/** Calls `take` for each whole option; stops at the end of options, or where one claims more than is there. */
function eachOption(view: DataView, little: boolean, from: number, end: number, take: TakeOption): void {
  for (let at = from; at + 4 <= end; ) {
    const code = view.getUint16(at, little);
    const length = view.getUint16(at + 2, little);
    if (code === OPTION_END || at + 4 + length > end) return;
    take(code, at + 4, length);
    at += 4 + ((length + 3) & ~3);
  }
}

/** Blocks that Wireshark 4 gives a frame number though no packet is in them. */
function isPacketlessRecord(type: number): boolean {
  return PACKETLESS_RECORDS.includes(type);
}

/** Block types. */
const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const OBSOLETE_PACKET = 2;
const SIMPLE_PACKET = 3;
const NAME_RESOLUTION = 4;
const INTERFACE_STATISTICS = 5;
const ENHANCED_PACKET = 6;
/** systemd journal; custom blocks; system events of sysdig in their versions. */
const PACKETLESS_RECORDS: readonly number[] = [9, 0xbad, 0x40000bad, 0x204, 0x208, 0x216, 0x217, 0x221, 0x222, 0x223];

/** Every block: type and length before its body, the length again after it. */
const TOTAL_LENGTH = 4;
const BLOCK_BODY = 8;
const TRAILER = 4;
const BLOCK_OVERHEAD = 12;
/** libpcap's and Wireshark's limit, 16 MiB. */
const BLOCK_LIMIT = 1 << 24;

/** Section header block. */
const BYTE_ORDER = 8;
const BYTE_ORDER_BIG = 0x1a2b3c4d;
const BYTE_ORDER_LITTLE = 0x4d3c2b1a;
const SECTION_MAJOR = 12;
const SECTION_MINOR = 14;
const SECTION_OPTIONS = 24;
const SECTION_BLOCK_MIN = 28;

/** Interface description block. */
const INTERFACE_LINK_TYPE = 8;
const INTERFACE_SNAPSHOT = 12;
const INTERFACE_OPTIONS = 16;
const INTERFACE_BLOCK_MIN = 20;
const INTERFACE_LIMIT = 65_536;

/** Packet blocks, and interface statistics where they are alike. */
const INTERFACE = 8;
const OBSOLETE_DROPS = 10;
const DROPS_UNKNOWN = 0xffff;
const TIME = 12;
const KEPT_LENGTH = 20;
const ORIGINAL_LENGTH = 24;
const PACKET_DATA = 28;
const PACKET_BLOCK_MIN = 32;
const SIMPLE_LENGTH = 8;
const SIMPLE_DATA = 12;
const SIMPLE_BLOCK_MIN = 16;
const STATISTICS_OPTIONS = 20;
const STATISTICS_BLOCK_MIN = 24;

/** Options. */
const OPTION_END = 0;
const OPTION_COMMENT = 1;
const EPB_DROP_COUNT = 4;
const IF_NAME = 2;
const IF_DESCRIPTION = 3;
const ISB_IF_DROP = 5;
const ISB_OS_DROP = 7;
const IF_TIME_RESOLUTION = 9;
const IF_FCS_LENGTH = 13;
const IF_TIME_OFFSET = 14;

/** Name resolution records. */
const NAMES_END = 0;
const NAMES_IP4 = 1;
const NAMES_IP6 = 2;
