import type { ByteWriter } from '../bytes/writer.ts';
import { IP_PROTOCOL } from '../wire/ip.ts';
import type { LineAddresses } from './line-address.ts';
import { putHexOctets, SLACK } from './put.ts';

/** What tcpdump 4.99 prints of the extension headers of an IP packet: IPv6's own, and authentication in both versions. */
export class ExtensionPrefix {
  /** What follows the headers written last (IP_PROTOCOL), and where. */
  protocol = 0;
  next = 0;
  private readonly addresses: LineAddresses;

  constructor(addresses: LineAddresses) {
    this.addresses = addresses;
  }

  /**
   * Writes the texts of the extension headers from `at` on, which may be none. Answers whether they lead on to something: not
   * where they are cut, or none that tcpdump reads.
   *
   * @param protocol what IP says is at `at`
   * @param end first octet past what was kept
   * @param limit the packet's end on the wire
   */
  write(
    out: ByteWriter,
    octets: Uint8Array,
    view: DataView,
    protocol: number,
    at: number,
    end: number,
    limit: number,
  ): boolean {
    this.protocol = protocol;
    this.next = at;
    while (isExtension(this.protocol)) {
      const header = this.next;
      if (header + 8 > end) return false;
      const size = this.header(out, octets, view, header, end, limit);
      if (size < 0) return false;
      this.protocol = octets[header]!;
      this.next = header + size;
    }
    return true;
  }

  /** One header, of which 8 octets were kept: answers with its size, or -1. */
  private header(out: ByteWriter, octets: Uint8Array, view: DataView, at: number, end: number, limit: number): number {
    switch (this.protocol) {
      case IP_PROTOCOL.hopByHop:
        out.ascii('HBH ');
        return (octets[at + 1]! + 1) * 8;
      case IP_PROTOCOL.destination:
        out.ascii('DSTOPT ');
        return (octets[at + 1]! + 1) * 8;
      case IP_PROTOCOL.fragment:
        out.ascii(`frag (0|${Math.max(limit - at - 8, 0)}) `);
        return 8;
      case IP_PROTOCOL.routing:
        return this.routing(out, octets, view, at, end);
      default:
        return authentication(out, octets, view, at, end);
    }
  }

  /** RFC 8200 4.4, RFC 8754 2. */
  private routing(out: ByteWriter, octets: Uint8Array, view: DataView, at: number, end: number): number {
    const length = octets[at + 1]!;
    const type = octets[at + 2]!;
    const size = (length + 1) * 8;
    if ((type !== 0 && type !== 2 && type !== SEGMENT_ROUTING) || length % 2 === 1 || at + size > end) return -1;
    out.ascii(`RT6 (len=${length}, type=${type}${type === 0 ? ' [Deprecated]' : ''}, segleft=${octets[at + 3]!}`);
    if (type === SEGMENT_ROUTING) {
      const flags = octets[at + 5]!;
      out.ascii(`, last-entry=${octets[at + 4]!}`);
      if (flags !== 0) out.ascii(`, flags=0x${flags.toString(16)}`);
      out.ascii(`, tag=${view.getUint16(at + 6).toString(16)}`);
    } else if (view.getUint32(at + 4) !== 0) out.ascii(`, rsv=0x${view.getUint32(at + 4).toString(16)}`);
    for (let i = 0; i < length / 2; i++) {
      out.ascii(`, [${i}]`);
      this.addresses.write(out, octets, view, 6, at + 8 + i * 16);
    }
    out.ascii(') ');
    return size;
  }
}

const SEGMENT_ROUTING = 4;

function isExtension(protocol: number): boolean {
  return (
    protocol === IP_PROTOCOL.hopByHop ||
    protocol === IP_PROTOCOL.destination ||
    protocol === IP_PROTOCOL.fragment ||
    protocol === IP_PROTOCOL.routing ||
    protocol === IP_PROTOCOL.authentication
  );
}

/** RFC 4302 2: answers with the header's size, or -1. */
function authentication(out: ByteWriter, octets: Uint8Array, view: DataView, at: number, end: number): number {
  const size = (octets[at + 1]! + 2) * 4;
  if (size < 12 || at + size > end) return -1;
  const spi = view
    .getUint32(at + 4)
    .toString(16)
    .padStart(8, '0');
  out.ascii(`AH(spi=0x${spi},seq=0x${view.getUint32(at + 8).toString(16)},icv=0x`);
  out.reserve((size - 12) * 2 + SLACK);
  out.length = putHexOctets(out.view, out.length, octets, at + 12, at + size);
  out.ascii('): ');
  return size;
}
