import { CaptureDecoder, longestPacket } from './decoder.ts';
import type { InterfaceDescription } from './interface.ts';
import type { RecordView } from './record.ts';

/**
 * Decodes a classic capture file (pcap savefile format, draft-ietf-opsawg-pcap), of every kind that libpcap 1.10 reads:
 * micro- and nanoseconds, both byte orders, Kuznetzov's modified record headers, and the older versions whose length
 * fields stand the other way round.
 */
export class PcapDecoder extends CaptureDecoder {
  readonly format = 'pcap';
  private little = true;
  /** Octets of a record's header; past any window until the file header has been read. */
  private headerLength = NOT_YET;
  /** Nanoseconds in a unit of the timestamp's fraction. */
  private fractionUnit = 1000;
  /** Units of the fraction in a second: a fraction of as many or more carries into the seconds. */
  private secondUnits = 1_000_000;
  private linkType = 0;
  private fcsLength = 0;
  /** A packet may keep so many octets and need no second look; -1 when every record needs one. */
  private easyLength = -1;
  /** A packet is cut to so many octets, as libpcap does, even if the file kept more. */
  private snapshotLength = 0;
  private longest = 0;
  private description: InterfaceDescription | null = null;
  /** Which way the two length fields stand. */
  private lengths: Lengths = LENGTHS.keptFirst;

  override get open(): boolean {
    return this.headerLength !== NOT_YET;
  }

  /** A pcap file does not say what was lost. */
  override get dropped(): number {
    return 0;
  }

  override interfaceOf(): InterfaceDescription {
    this.description ??= {
      linkType: this.linkType,
      snapshotLength: this.snapshotLength,
      fcsLength: this.fcsLength,
      digits: this.fractionUnit === 1 ? 9 : 6,
      offset: 0,
      name: '',
      description: '',
      dropped: 0,
    };
    return this.description;
  }

  override next(record: RecordView): boolean {
    const at = this.at;
    const packetAt = at + this.headerLength;
    if (packetAt > this.limit) return !this.open && this.readFileHeader() ? this.next(record) : false;
    const view = this.view;
    const little = this.little;
    const kept = view.getUint32(at + KEPT_LENGTH, little);
    if (kept > this.easyLength) return this.nextHard(record);
    const end = packetAt + kept;
    if (end > this.limit) return false;
    const fraction = view.getUint32(at + FRACTION, little);
    if (fraction >= this.secondUnits) return this.nextHard(record);
    record.bytes = this.bytes;
    record.view = view;
    record.at = packetAt;
    record.end = end;
    record.originalLength = view.getUint32(at + ORIGINAL_LENGTH, little);
    record.seconds = view.getUint32(at + SECONDS, little);
    record.nanoseconds = fraction * this.fractionUnit;
    record.carriedSeconds = 0;
    record.linkType = this.linkType;
    record.fcsLength = this.fcsLength;
    record.interfaceIndex = 0;
    record.bigEndian = little ? 0 : 1;
    record.file = this.file;
    record.fileFrame = record.frame = ++this.records;
    record.offset = this.base + at;
    this.at = end;
    return true;
  }

  /** `next` for records whose lengths or time are not as they should be. */
  private nextHard(record: RecordView): boolean {
    if (this.failed) return false;
    const at = this.at;
    let kept = this.view.getUint32(at + KEPT_LENGTH, this.little);
    let original = this.view.getUint32(at + ORIGINAL_LENGTH, this.little);
    if (this.lengths === LENGTHS.originalFirst || (this.lengths === LENGTHS.either && kept > original)) {
      [kept, original] = [original, kept];
    }
    if (kept > this.longest) return this.fail(`record of ${kept} octets`);
    const packetAt = at + this.headerLength;
    if (packetAt + kept > this.limit) return false;
    const fraction = this.view.getUint32(at + FRACTION, this.little);
    record.bytes = this.bytes;
    record.view = this.view;
    record.at = packetAt;
    record.end = packetAt + Math.min(kept, this.snapshotLength);
    record.originalLength = original;
    record.carriedSeconds = Math.floor(fraction / this.secondUnits);
    record.seconds = this.view.getUint32(at + SECONDS, this.little) + record.carriedSeconds;
    record.nanoseconds = (fraction % this.secondUnits) * this.fractionUnit;
    record.linkType = this.linkType;
    record.fcsLength = this.fcsLength;
    record.interfaceIndex = 0;
    record.bigEndian = this.little ? 0 : 1;
    record.file = this.file;
    record.fileFrame = record.frame = ++this.records;
    record.offset = this.base + at;
    this.at = packetAt + kept;
    return true;
  }

  /** Reads the file's header once the window holds it. False when it does not, or when it is not one we can read. */
  private readFileHeader(): boolean {
    if (this.failed || this.limit - this.at < FILE_HEADER) return false;
    const view = this.view;
    const kind = pcapKind(view.getUint32(this.at));
    if (!kind) return this.refuse('not a capture: no pcap magic number');
    const little = kind.little;
    const major = view.getUint16(this.at + VERSION_MAJOR, little);
    const minor = view.getUint16(this.at + VERSION_MINOR, little);
    if (major < 2) return this.refuse(`pcap version ${major}.${minor} can't be read`);

    // Of the 32 bits, libpcap takes 26 for the link type and 6 for the frame check sequence: its length in units of two
    // octets, and a bit which says that the length is there.
    const link = view.getUint32(this.at + LINK_TYPE, little);
    this.linkType = link & 0x03ff_ffff;
    this.fcsLength = link & 0x0400_0000 ? (link >>> 28) * 2 : 0;
    this.longest = longestPacket(this.linkType);
    const snapshot = view.getUint32(this.at + SNAPSHOT_LENGTH, little);
    this.snapshotLength = snapshot === 0 || snapshot > 0x7fff_ffff ? this.longest : snapshot;
    // A modified libpcap in cooked mode put an Ethernet header before what the snapshot length allowed.
    if (kind.modified && this.linkType === LINKTYPE_ETHERNET) this.snapshotLength += ETHERNET_HEADER;

    // Versions before 2.3, and DG/UX's 543.0, have the original length first; some files of 2.3 have, too.
    this.lengths = major === 543 || (major === 2 && minor < 3) ? LENGTHS.originalFirst : LENGTHS.keptFirst;
    if (major === 2 && minor === 3) this.lengths = LENGTHS.either;
    this.easyLength = this.lengths === LENGTHS.keptFirst ? Math.min(this.snapshotLength, this.longest) : -1;

    this.little = little;
    this.secondUnits = kind.nanoseconds ? 1_000_000_000 : 1_000_000;
    this.fractionUnit = kind.nanoseconds ? 1 : 1000;
    this.variant = kind.modified ? 'modified' : kind.nanoseconds ? 'nanosecond' : '';
    this.headerLength = kind.modified ? MODIFIED_RECORD_HEADER : RECORD_HEADER;
    this.addLinkType(this.linkType);
    this.at += FILE_HEADER;
    return true;
  }
}

/** What a magic number, read as big-endian, says of a pcap file; undefined when it is none. */
export function pcapKind(magic: number): PcapKind | undefined {
  switch (magic) {
    case 0xa1b2c3d4:
      return { little: false, nanoseconds: false, modified: false };
    case 0xd4c3b2a1:
      return { little: true, nanoseconds: false, modified: false };
    case 0xa1b23c4d:
      return { little: false, nanoseconds: true, modified: false };
    case 0x4d3cb2a1:
      return { little: true, nanoseconds: true, modified: false };
    case 0xa1b2cd34:
      return { little: false, nanoseconds: false, modified: true };
    case 0x34cdb2a1:
      return { little: true, nanoseconds: false, modified: true };
    default:
      return undefined;
  }
}

export interface PcapKind {
  readonly little: boolean;
  readonly nanoseconds: boolean;
  /** Kuznetzov's record headers, with interface, protocol and packet type after the usual fields. */
  readonly modified: boolean;
}

const LENGTHS = { keptFirst: 0, originalFirst: 1, either: 2 } as const;
type Lengths = (typeof LENGTHS)[keyof typeof LENGTHS];

/** File header: field offsets in octets, and its length. */
const VERSION_MAJOR = 4;
const VERSION_MINOR = 6;
const SNAPSHOT_LENGTH = 16;
const LINK_TYPE = 20;
const FILE_HEADER = 24;

/** Record header: field offsets in octets, and its length. */
const SECONDS = 0;
const FRACTION = 4;
const KEPT_LENGTH = 8;
const ORIGINAL_LENGTH = 12;
const RECORD_HEADER = 16;
const MODIFIED_RECORD_HEADER = 24;
const NOT_YET = 0x7fff_ffff;

const LINKTYPE_ETHERNET = 1;
const ETHERNET_HEADER = 14;
