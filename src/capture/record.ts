/**
 * One record of a capture: where its octets lie and what the file says about it.
 *
 * The decoder that fills it owns it and everything it points at: the view is overwritten, and its chunk may be moved,
 * by the next call of `next`. Who wants to keep a value copies the value.
 */
export class RecordView {
  /** The chunk that holds the record's octets; `at` and `end` index it. */
  bytes: Uint8Array = NO_BYTES;
  /** The same chunk, for reading numbers. One DataView a chunk, never a record. */
  view: DataView = NO_VIEW;
  /** First octet of the packet as kept. */
  at = 0;
  /** First octet past what was kept. */
  end = 0;
  /** Octets the packet had on the wire; hostile like all else, and may be less than what was kept. */
  originalLength = 0;
  /** Whole seconds since 1970-01-01T00:00Z; may be negative (pcapng's if_tsoffset). */
  seconds = 0;
  /** Nanoseconds past `seconds`, 0 to 999,999,999. Timestamps of records without time are 0. */
  nanoseconds = 0;
  /**
   * Of `seconds`, those that come from a fraction of a second or more, which only a damaged or careless file has; else 0.
   * tcpdump 4.99 prints such a fraction as it stands.
   */
  carriedSeconds = 0;
  /** LINKTYPE_ value (link-layer header type registry of tcpdump.org). */
  linkType = 0;
  /** Octets of frame check sequence at the end of each packet, where the file says so; else 0. */
  fcsLength = 0;
  /** Number of the interface in its section (pcapng); 0 in pcap. */
  interfaceIndex = 0;
  /** 1 when the file (or its section) is big-endian: pseudo headers in the capturing host's byte order are, too. */
  bigEndian = 0;
  /** Input the record came from: 0-based position in the order of the inputs' paths. */
  file = 0;
  /** 1-based number of the record in its file. */
  fileFrame = 0;
  /** 1-based number of the record in the (merged) capture, as Wireshark counts: every record counts. */
  frame = 0;
  /** Octet offset of the record's header in its (decompressed) file. Exact up to 2^53. */
  offset = 0;

  /** Makes this a view of the same record as `other`, in the same chunk. */
  copy(other: RecordView): void {
    this.bytes = other.bytes;
    this.view = other.view;
    this.at = other.at;
    this.end = other.end;
    this.originalLength = other.originalLength;
    this.seconds = other.seconds;
    this.nanoseconds = other.nanoseconds;
    this.carriedSeconds = other.carriedSeconds;
    this.linkType = other.linkType;
    this.fcsLength = other.fcsLength;
    this.interfaceIndex = other.interfaceIndex;
    this.bigEndian = other.bigEndian;
    this.file = other.file;
    this.fileFrame = other.fileFrame;
    this.frame = other.frame;
    this.offset = other.offset;
  }
}

const NO_BYTES: Uint8Array = new Uint8Array(0);
const NO_VIEW: DataView = new DataView(NO_BYTES.buffer);
