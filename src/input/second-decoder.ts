import { EventEmitter } from 'node:events';
import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { type Packet, type Parser, parse } from 'pcap-parser';
import type { RecordView } from '../capture/record.ts';
import type { RecordSource } from '../capture/source.ts';
import { systemPath } from './system-path.ts';

/**
 * pcap-parser behind the interface of our own reader: an independent opinion on classic captures.
 *
 * It knows neither pcapng nor nanosecond or modified files, holds every packet as an object and copies what is left of
 * each chunk, so it is never the main path. What goes wrong in it is in `failure`; it never throws, and where it would
 * wait for ever it is stopped.
 */
export class SecondDecoder implements RecordSource {
  /** Why it stopped before the end of the file; empty while all is well. */
  failure = '';
  /** Octets that stand after the last whole record. Final once `fill` answered false. */
  rest = 0;
  /** The link type of the file header. The field also tells of frame check sequences, which pcap-parser does not know. */
  linkType = 0;
  private readonly descriptor: number;
  private readonly stream = new PushedStream();
  private readonly parser: Parser;
  private packets: Packet[] = [];
  private taken = 0;
  private records = 0;
  private offset = FILE_HEADER;
  private over = false;

  /** @param path a file that is not compressed. Throws what the system says when it can't be opened. */
  constructor(path: string) {
    this.descriptor = openSync(systemPath(path), 'r');
    this.parser = parse(this.stream);
    this.parser.on('globalHeader', (header) => {
      this.linkType = header.linkLayerType & LINK_TYPE;
    });
    this.parser.on('packet', (packet) => this.packets.push(packet));
    this.parser.on('error', (error) => this.fail(error.message));
  }

  next(record: RecordView): boolean {
    const packet = this.packets[this.taken];
    if (packet === undefined) return false;
    this.taken++;
    const { header, data } = packet;
    record.bytes = data;
    record.view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    record.at = 0;
    record.end = data.length;
    record.originalLength = header.originalLength;
    record.seconds = header.timestampSeconds;
    record.nanoseconds = header.timestampMicroseconds * 1000;
    record.linkType = this.linkType;
    record.fileFrame = record.frame = ++this.records;
    record.offset = this.offset;
    this.offset += RECORD_HEADER + data.length;
    return true;
  }

  async fill(): Promise<boolean> {
    if (this.over) return false;
    this.packets = [];
    this.taken = 0;
    await setImmediate();
    if (this.over) return false; // closed by somebody who waits no more
    // It keeps slices of the chunk, so every chunk is a new one.
    const chunk = Buffer.alloc(CHUNK);
    try {
      const count = readSync(this.descriptor, chunk);
      if (count === 0) this.close();
      else this.stream.emit('data', chunk.subarray(0, count));
    } catch (error) {
      this.fail(error instanceof Error ? error.message : String(error));
    }
    if ((this.parser.buffer?.length ?? 0) > LONGEST_WAIT)
      this.fail(`it waits for a record longer than ${LONGEST_WAIT} octets`);
    return !this.over || this.packets.length > 0;
  }

  close(): void {
    if (this.over) return;
    this.over = true;
    this.rest = this.parser.buffer?.length ?? 0;
    closeSync(this.descriptor);
  }

  private fail(problem: string): void {
    this.failure ||= problem;
    this.close();
  }
}

/** The bits of the field that libpcap takes for the link type. */
const LINK_TYPE = 0x03ff_ffff;
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const CHUNK = 1 << 16;
/** Octets without a whole record, after which it has taken damage for a length. */
const LONGEST_WAIT = 1 << 20;

/** As much of a stream as pcap-parser needs: it is told `data` and cannot hold it up. */
class PushedStream extends EventEmitter {
  pause(): void {}
  resume(): void {}
}
