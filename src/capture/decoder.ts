import { vectorMemory } from '../bytes/vector-sum.ts';
import { DamagedCaptureError, type LastackError, UnreadableInputError } from '../errors.ts';
import type { InterfaceDescription } from './interface.ts';
import { NameTable } from './names.ts';
import type { RecordView } from './record.ts';

/**
 * What pcap and pcapng decoders share: one window of octets that slides over the file.
 *
 * Whoever has octets puts them into `room()` and says how many by `filled`; whoever wants records calls `next` until it
 * answers false, which means that the window holds no whole record (or `failed` says why there will be none). After the
 * last octet, `end` throws what was wrong with the file, if anything was. The window is reused and grows only when one
 * record does not fit it, up to the largest record that the format allows.
 */
export abstract class CaptureDecoder {
  abstract readonly format: 'pcap' | 'pcapng';
  /** What is special about the format, for a person: `nanosecond`, `modified`; empty when nothing is. */
  variant = '';
  /** The file's path, for messages. */
  readonly path: string;
  /** What `RecordView.file` becomes: position of the file among the inputs. */
  file = 0;
  /** Records so far, as Wireshark counts them (pcapng's custom blocks count too). */
  records = 0;
  /** Why there are no more records; null while there may be. Every record before it was given. */
  failed: LastackError | null = null;
  /** LINKTYPE_ numbers of the file's interfaces, each once, in order of appearance. */
  readonly linkTypes: number[] = [];
  /** Names that the capture gives to addresses. */
  names: NameTable = new NameTable();
  /** Comments of the file, its interfaces and its packets: the first `COMMENT_LIMIT` of them. */
  comments: CaptureComment[] = [];

  /** Window: `bytes[at]` is the first octet not yet decoded, `bytes[limit]` the first not yet filled. */
  protected bytes: Uint8Array;
  protected view: DataView;
  protected at = 0;
  protected limit = 0;
  /** Octet offset of `bytes[0]` in the file. Exact up to 2^53. */
  protected base = 0;

  /** @param capacity octets of the window to begin with; it grows when a record needs it */
  constructor(path: string, capacity: number = WINDOW) {
    this.path = path;
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /**
   * Fills the caller's view with the next record, or answers false when more octets are needed (or none will help).
   * The view points into the window: it holds until the next call of `next` or `room`.
   */
  abstract next(record: RecordView): boolean;

  /** Packets that the capturing program says it lost, by what was read so far. */
  abstract get dropped(): number;

  /** The interface of the record that `next` gave last; one object for each interface, whose counts grow. */
  abstract interfaceOf(record: RecordView): InterfaceDescription;

  /** Whether the file's own header has been read and understood, so that records may follow. */
  abstract get open(): boolean;

  /** Free space at the end of the window, for the file's next octets. Moves what is left to the front. */
  room(): Uint8Array {
    const left = this.limit - this.at;
    if (this.at > 0) {
      this.bytes.copyWithin(0, this.at, this.limit);
      this.base += this.at;
      this.at = 0;
      this.limit = left;
    }
    if (left > this.bytes.length - (this.bytes.length >> 2)) {
      this.moveWindow(new DataView(new ArrayBuffer(this.bytes.length * 2)));
    }
    return this.bytes.subarray(this.limit);
  }

  /**
   * Moves the window to where checksums are summed by vector instructions, if there is such a place. It takes a
   * millisecond, and is taken from the capture that had it before.
   */
  speedSums(): void {
    const window = vectorMemory(WINDOW);
    if (window) this.moveWindow(window);
  }

  private moveWindow(to: DataView): void {
    const bytes = new Uint8Array(to.buffer);
    bytes.set(this.bytes.subarray(0, this.limit));
    this.bytes = bytes;
    this.view = to;
  }

  /** Says that the first `count` octets of what `room` answered are now the file's. */
  filled(count: number): void {
    this.limit += count;
  }

  /**
   * Takes octets that are somewhere else. Call `next` until it answers false before feeding again, or the window grows
   * with what it is fed.
   */
  feed(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; ) {
      const room = this.room();
      const count = Math.min(room.length, chunk.length - from);
      room.set(chunk.subarray(from, from + count));
      this.filled(count);
      from += count;
    }
  }

  /** Says that the file is over. Throws DamagedCaptureError or UnreadableInputError when it was not a whole capture. */
  end(): void {
    this.finish();
    if (this.failed) throw this.failed;
  }

  /** Marks the file as over, without throwing: `failed` says what was wrong. */
  finish(): void {
    if (this.failed) return;
    if (!this.open) this.refuse(this.limit === 0 && this.base === 0 ? 'empty file' : 'cut short in its file header');
    else if (this.limit > this.at) this.fail('cut short');
  }

  /** Ends the file here: nothing from `at` on can be trusted. */
  fail(problem: string): false {
    this.failed ??= this.open
      ? new DamagedCaptureError(problem, { file: this.path, record: this.records + 1, offset: this.base + this.at })
      : new UnreadableInputError(this.path, `not a capture: ${problem}`);
    return false;
  }

  /** Ends the file because its header is not that of a capture which can be read. */
  protected refuse(problem: string): false {
    this.failed ??= new UnreadableInputError(this.path, problem);
    return false;
  }

  /** Keeps a comment, if there is still room for it. `record` is 0 for a comment on the file itself. */
  protected comment(record: number, at: number, length: number): void {
    if (this.comments.length >= COMMENT_LIMIT) return;
    const kept = this.bytes.subarray(at, at + Math.min(length, COMMENT_OCTETS));
    this.comments.push({ file: this.file, record, text: new TextDecoder().decode(kept) });
  }

  protected addLinkType(linkType: number): void {
    if (!this.linkTypes.includes(linkType)) this.linkTypes.push(linkType);
  }
}

/** A comment that somebody left in a pcapng. Its text is the file's: escape it for where it goes. */
export interface CaptureComment {
  /** Position of the file among the inputs. */
  readonly file: number;
  /** 1-based number of the record in its file, or 0 for a comment on a section, an interface or another block. */
  readonly record: number;
  readonly text: string;
}

/** Comments kept of a file, and octets kept of each. */
export const COMMENT_LIMIT = 1000;
const COMMENT_OCTETS = 4096;

/** Octets of a window to begin with: within the second-level cache, and few system calls. */
export const WINDOW: number = 1 << 18;

/**
 * The longest packet that a record of `linkType` may hold, in octets; a longer one is damage. libpcap 1.10's and
 * Wireshark 4's limits: 256 KiB, and 128 or 8 MiB for buses whose records are that long.
 */
export function longestPacket(linkType: number): number {
  if (linkType === LINKTYPE_DBUS || linkType === LINKTYPE_USBPCAP || linkType === LINKTYPE_USB_LINUX_MMAPPED)
    return 1 << 27;
  if (linkType === LINKTYPE_EBHSCR) return 1 << 23;
  return 1 << 18;
}

const LINKTYPE_USB_LINUX_MMAPPED = 220;
const LINKTYPE_DBUS = 231;
const LINKTYPE_USBPCAP = 249;
const LINKTYPE_EBHSCR = 279;
