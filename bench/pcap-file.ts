import { closeSync, openSync, renameSync, writeSync } from 'node:fs';

const BUFFER_OCTETS = 4 << 20;
const FILE_HEADER_OCTETS = 24;
const RECORD_HEADER_OCTETS = 16;
const ETHERNET = 1;
/** 2023-11-14T22:13:20Z: every generated capture begins here. */
const START_SECONDS = 1_700_000_000;

/**
 * A classic pcap file (microseconds, little-endian, Ethernet) that is written through one big buffer.
 *
 * The file appears under its name only when it is whole: a run that is interrupted leaves no half capture behind.
 */
export class PcapFile {
  /** Where frames are written; `begin` says at which octet. */
  readonly bytes: Uint8Array = new Uint8Array(BUFFER_OCTETS);
  readonly view: DataView = new DataView(this.bytes.buffer);
  /** Records begun so far. */
  records = 0;
  readonly snapLength: number;
  readonly #path: string;
  readonly #file: number;
  #at = 0;

  /** @param snapLength how many octets of a frame are kept at most */
  constructor(path: string, snapLength: number) {
    this.snapLength = snapLength;
    this.#path = path;
    this.#file = openSync(partial(path), 'w');
    this.view.setUint32(0, 0xa1b2c3d4, true);
    this.view.setUint16(4, 2, true);
    this.view.setUint16(6, 4, true);
    this.view.setUint32(16, snapLength, true);
    this.view.setUint32(20, ETHERNET, true);
    this.#at = FILE_HEADER_OCTETS;
  }

  /**
   * Writes a record's header and answers where its frame goes.
   *
   * @param microseconds since the capture's start
   * @param room octets the caller will write; may exceed what is kept, the excess is overwritten
   * @param originalLength octets of the frame on the wire
   */
  begin(microseconds: number, room: number, originalLength: number): number {
    if (this.#at + RECORD_HEADER_OCTETS + room > BUFFER_OCTETS) this.#flush();
    const at = this.#at;
    const kept = Math.min(originalLength, this.snapLength);
    const seconds = Math.floor(microseconds / 1e6);
    this.view.setUint32(at, START_SECONDS + seconds, true);
    this.view.setUint32(at + 4, microseconds - seconds * 1e6, true);
    this.view.setUint32(at + 8, kept, true);
    this.view.setUint32(at + 12, originalLength, true);
    this.#at = at + RECORD_HEADER_OCTETS + kept;
    this.records++;
    return at + RECORD_HEADER_OCTETS;
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
    renameSync(partial(this.#path), this.#path);
  }

  #flush(): void {
    for (let at = 0; at < this.#at; ) at += writeSync(this.#file, this.bytes, at, this.#at - at);
    this.#at = 0;
  }
}

function partial(path: string): string {
  return `${path}.part`;
}
