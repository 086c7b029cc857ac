import { type ExchangeOptions, exchange, recordsOf, type ScriptSegment } from '../exchange.ts';

/** A whole connection: opened, one request, one answer, closed three ways. */
export const THREE_WAY: ScriptSegment[] = exchange`
  +0     > S  0:0(0) <mss 1460>
  +0.010 < S. 0:0(0) ack 1 <mss 1460>
  +0.001 > .  1:1(0) ack 1
  +0.001 > P. 1:101(100) ack 1
  +0.010 < P. 1:301(300) ack 101
  +0.001 > F. 101:101(0) ack 301
  +0.010 < F. 301:301(0) ack 102
  +0.001 > .  102:102(0) ack 302
`;

/** A SYN that is answered with RST. */
export const REFUSED: ScriptSegment[] = exchange`
  +0     > S  0:0(0)
  +0.001 < R. 0:0(0) ack 1
`;

/** A classic pcap file, little-endian, microseconds, Ethernet, of scripts' frames: each script begins a second after the one before. */
export function pcapOf(
  ...scripts: readonly [script: readonly ScriptSegment[], options?: ExchangeOptions][]
): Uint8Array {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(262_144, 16);
  header.writeUInt32LE(1, 20);
  const parts: Uint8Array[] = [header];
  for (const [index, [script, options]] of scripts.entries()) {
    for (const record of recordsOf(script, options)) {
      const length = record.end - record.at;
      const head = Buffer.alloc(16);
      head.writeUInt32LE(record.seconds + index, 0);
      head.writeUInt32LE(record.nanoseconds / 1000, 4);
      head.writeUInt32LE(length, 8);
      head.writeUInt32LE(record.originalLength, 12);
      parts.push(head, record.bytes.subarray(record.at, record.end));
    }
  }
  return Buffer.concat(parts);
}
