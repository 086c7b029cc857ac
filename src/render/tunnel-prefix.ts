import type { ByteWriter } from '../bytes/writer.ts';

// What tcpdump 4.99 prints of the headers of tunnels. Each function writes the text of the header at `at` and answers where
// what is within begins: -1 where tcpdump would not go on. The octets that they read were kept: 20 of GRE, 8 of the others.

/**
 * GRE (RFC 2784, RFC 2890), or that of PPTP (RFC 2637 4.1), which is its version 1. The EtherType of what is within stands at
 * `at + 2`.
 *
 * @param limit the packet's end on the wire
 */
export function writeGre(out: ByteWriter, view: DataView, at: number, limit: number): number {
  const flags = view.getUint16(at);
  const version = flags & GRE.version;
  if (version > 1) return -1;
  let next = at + 4;
  out.ascii(`GREv${version}`);
  if (version === 0 && (flags & (GRE.checksum | GRE.routing)) !== 0) {
    out.ascii(`, off 0x${hex(view.getUint16(next + 2))}`);
    next += 4;
  }
  if ((flags & GRE.key) !== 0) {
    out.ascii(version === 0 ? `, key=0x${hex(view.getUint32(next))}` : `, call ${view.getUint16(next + 2)}`);
    next += 4;
  }
  if ((flags & GRE.sequence) !== 0) {
    out.ascii(`, seq ${view.getUint32(next)}`);
    next += 4;
  }
  if (version === 1 && (flags & GRE.acknowledgment) !== 0) {
    out.ascii(`, ack ${view.getUint32(next)}`);
    next += 4;
  }
  // Source routes are printed in ways that nobody has met in thirty years.
  if (version === 0 && (flags & GRE.routing) !== 0) return -1;
  out.ascii(`, length ${Math.max(limit - at, 0)}: `);
  return next;
}

/** VXLAN (RFC 7348 5), around Ethernet. tcpdump begins a new line after it; here it is a space. */
export function writeVxlan(out: ByteWriter, view: DataView, at: number): number {
  const flags = view.getUint8(at);
  const letter = (flags & VXLAN.instance) !== 0 ? 'I' : '.';
  out.ascii(`VXLAN, flags [${letter}] (0x${hex(flags).padStart(2, '0')}), vni ${view.getUint32(at + 4) >>> 8} `);
  return at + 8;
}

/** VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe). What is within stands at `at + 3`. */
export function writeVxlanGpe(out: ByteWriter, view: DataView, at: number): number {
  const flags = view.getUint8(at);
  const letters = `${(flags & VXLAN.instance) !== 0 ? 'I' : ''}${(flags & VXLAN.protocol) !== 0 ? 'P' : ''}${(flags & VXLAN.oam) !== 0 ? 'O' : ''}`;
  out.ascii(`VXLAN-GPE, flags [${letters || 'none'}], vni ${view.getUint32(at + 4) >>> 8}: `);
  return at + 8;
}

/** Geneve (RFC 8926 3.4). The EtherType of what is within stands at `at + 2`. */
export function writeGeneve(out: ByteWriter, view: DataView, at: number): number {
  const first = view.getUint8(at);
  if (first >> 6 !== 0) return -1;
  const flags = view.getUint8(at + 1);
  const names = GENEVE_FLAGS.filter((_, i) => (flags & (0x80 >> i)) !== 0);
  out.ascii(`Geneve, Flags [${names.join('') || 'none'}], vni 0x${hex(view.getUint32(at + 4) >>> 8)}`);
  const reserved = view.getUint8(at + 7);
  if (reserved !== 0) out.ascii(`, rsvd 0x${hex(reserved)}`);
  const options = (first & 0x3f) * 4;
  if (options > 0) out.ascii(`, options [${options} bytes]`);
  out.ascii(': ');
  return at + 8 + options;
}

/** Lower case, without leading zeros. */
function hex(value: number): string {
  return value.toString(16);
}

/** Bits of GRE's first two octets. */
const GRE = {
  checksum: 0x8000,
  routing: 0x4000,
  key: 0x2000,
  sequence: 0x1000,
  acknowledgment: 0x0080,
  version: 0x0007,
} as const;

/** Bits of VXLAN's first octet; the last two are GPE's. */
const VXLAN = { instance: 0x08, protocol: 0x04, oam: 0x01 } as const;

/** tcpdump's names of the flags, the highest bit first. */
const GENEVE_FLAGS: readonly string[] = ['O', 'C', 'R1', 'R2', 'R3', 'R4', 'R5', 'R6'];
