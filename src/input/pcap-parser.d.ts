/** pcap-parser 0.2.1 has no types of its own; this is the part of it that is used. */
declare module 'pcap-parser' {
  import type { EventEmitter } from 'node:events';

  interface FileHeader {
    readonly linkLayerType: number;
  }

  interface Packet {
    readonly header: {
      readonly timestampSeconds: number;
      readonly timestampMicroseconds: number;
      readonly capturedLength: number;
      readonly originalLength: number;
    };
    readonly data: Buffer;
  }

  /** Emits `globalHeader`, `packet`, `end` and `error`. */
  interface Parser extends EventEmitter<{ globalHeader: [FileHeader]; packet: [Packet]; end: []; error: [Error] }> {
    /** What it has not yet understood. */
    readonly buffer: Buffer | null;
  }

  /** Listens to `data`, `end` and `error` of a readable stream, and calls its `pause` and `resume`. */
  export function parse(stream: EventEmitter): Parser;
}
