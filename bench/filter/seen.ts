import { writeIpv4, writeIpv6 } from '../../src/bytes/address.ts';
import { ByteWriter } from '../../src/bytes/writer.ts';
import type { RecordView } from '../../src/capture/record.ts';
import { SegmentDecoder } from '../../src/wire/decode.ts';
import { SegmentView, WIRE } from '../../src/wire/segment.ts';
import type { Random } from '../random.ts';
import type { Seen } from './expressions.ts';

/** Values of a few packets of a capture, chosen by the seed. */
export function seenIn(records: readonly RecordView[], random: Random): Seen {
  const decoder = new SegmentDecoder();
  const segment = new SegmentView();
  const ipv4: string[] = [];
  const ipv6: string[] = [];
  const mac: string[] = [];
  const ports: number[] = [];
  const vlans: number[] = [];
  const lengths: number[] = [];
  const packets: Uint8Array[] = [];
  for (let i = 0; i < 6; i++) {
    const record = records[random.below(records.length)]!;
    packets.push(record.bytes);
    lengths.push(record.originalLength);
    if (record.linkType === 1 && record.end >= 18) {
      mac.push(macText(record.bytes, 0), macText(record.bytes, 6));
      if (record.view.getUint16(12) === 0x8100) vlans.push(record.view.getUint16(14) & 0xfff);
    } else if (record.end >= 22) mac.push(macText(record.bytes, 4), macText(record.bytes, 10));
    if (decoder.decode(record, segment) !== WIRE.segment) continue;
    ports.push(segment.sourcePort, segment.destinationPort);
    for (const at of [segment.sourceAt, segment.destinationAt])
      if (segment.ipVersion === 4) ipv4.push(text((out) => writeIpv4(out, segment.view.getInt32(at))));
      else ipv6.push(text((out) => writeIpv6(out, words(segment.view, at), 0)));
  }
  return { ipv4, ipv6, mac, ports, vlans, lengths, packets };
}

function text(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter();
  write(out);
  return new TextDecoder().decode(out.bytes.subarray(0, out.length));
}

function words(view: DataView, at: number): Int32Array {
  return Int32Array.from([0, 4, 8, 12], (i) => view.getInt32(at + i));
}

function macText(bytes: Uint8Array, at: number): string {
  return [...bytes.subarray(at, at + 6)].map((octet) => octet.toString(16).padStart(2, '0')).join(':');
}
