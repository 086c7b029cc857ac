import * as fc from 'fast-check';
import { MICROSECONDS, MODIFIED, NANOSECONDS, type Packet, Pcapng, pcap } from './build.ts';

/** Tries a property that needs no waiting. */
export const holds: <T>(property: fc.IProperty<T>, parameters?: fc.Parameters<T>) => void = fc.assert;

/** Packets of any content and time. */
export function packets(maxLength: number = 12): fc.Arbitrary<Packet[]> {
  return fc.array(
    fc.record({
      seconds: fc.nat(0xffffffff),
      nanoseconds: fc.nat(999_999).map((micro) => micro * 1000),
      data: fc.uint8Array({ maxLength: 200, size: 'max' }),
    }),
    { maxLength },
  );
}

/** Whole pcap files of every kind. */
export function pcaps(): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(packets(), fc.constantFrom(MICROSECONDS, NANOSECONDS, MODIFIED), fc.boolean())
    .map(([content, magic, bigEndian]) => pcap(content, { magic, bigEndian }));
}

/** Whole pcapng files with blocks of all kinds. */
export function pcapngs(): fc.Arbitrary<Uint8Array> {
  return fc
    .tuple(packets(), fc.boolean(), fc.array(fc.nat(6), { minLength: 12, maxLength: 12 }))
    .map(([content, bigEndian, kinds]) => {
      const file = new Pcapng(bigEndian).section([[1, 'a section']]).interface();
      content.forEach(({ seconds, nanoseconds, data }, i) => {
        const units = BigInt(seconds) * 1_000_000n + BigInt(nanoseconds / 1000);
        const kind = kinds[i] ?? 0;
        if (kind === 1) file.simplePacket(data);
        else if (kind === 2) file.obsoletePacket(units, data);
        else if (kind === 3) file.packet(units, data, [[1, 'a packet']]);
        else file.packet(units, data);
        if (kind === 4) file.block(0xbad, (body) => body.u32(32473).octets(data));
        if (kind === 5) file.names([[10, 0, 0, 1], 'host']);
        if (kind === 6) file.section().interface(1);
      });
      return file.done();
    });
}
