import type { ByteWriter } from '../bytes/writer.ts';

// What tcpdump 4.99 prints of headers of the link layer. Each function writes the text of the header at `at` and answers
// where what is within begins: -1 where too little was kept. `end` is the first octet past what was kept.

/** A stack of MPLS labels (RFC 3032 2.1). */
export function writeMpls(out: ByteWriter, view: DataView, at: number, end: number): number {
  out.ascii('MPLS');
  for (let next = at; next + 4 <= end; next += 4) {
    const entry = view.getInt32(next);
    const bottom = (entry & 0x100) !== 0;
    out.ascii(` (label ${entry >>> 12}, tc ${(entry >>> 9) & 7}${bottom ? ', [S]' : ''}, ttl ${entry & 0xff})`);
    if (!bottom) continue;
    out.ascii(' ');
    return next + 4;
  }
  return -1;
}

/**
 * PPPoE (RFC 2516 4). The length of what is within stands at `at + 4`.
 *
 * @param limit the frame's end on the wire
 */
export function writePppoe(out: ByteWriter, view: DataView, at: number, end: number, limit: number): number {
  if (at + 6 > end) return -1;
  const version = view.getUint8(at) >> 4;
  const type = view.getUint8(at) & 0xf;
  const session = view.getUint16(at + 2);
  const length = view.getUint16(at + 4);
  const left = limit - at - 6;
  if (version !== 1) out.ascii(` [ver ${version}]`);
  if (type !== 1) out.ascii(` [type ${type}]`);
  out.ascii('PPPoE ');
  if (length > left) out.ascii(` [len ${length} > ${left}!]`);
  if (session !== 0) out.ascii(` [ses 0x${session.toString(16)}]`);
  out.ascii(' ');
  return at + 6;
}

/**
 * A Linux cooked capture of the second kind (LINKTYPE_LINUX_SLL2). The EtherType of what is within stands at `at`.
 *
 * @param nameOf the name of an interface
 */
export function writeLinuxSll2(
  out: ByteWriter,
  view: DataView,
  at: number,
  end: number,
  nameOf: (index: number) => string | undefined,
): number {
  if (at + 20 > end) return -1;
  const name = nameOf(view.getUint32(at + 4)) ?? '?';
  out.text(`${name.padEnd(5)} ${(COOKED_DIRECTIONS[view.getUint8(at + 10)] ?? '?').padEnd(3)} `);
  return at + 20;
}

/** Packet types of Linux cooked captures. */
const COOKED_DIRECTIONS: readonly string[] = ['In', 'B', 'M', 'P', 'Out'];

/** OpenBSD's IPsec interface: address family, SPI, and flags in the byte order of the machine. */
export function writeEnc(out: ByteWriter, view: DataView, at: number, end: number): number {
  if (at + 12 > end) return -1;
  const flags = view.getUint32(at + 8, true);
  const kinds = [];
  if ((flags & ENC_AUTHENTIC) !== 0) kinds.push('authentic');
  if ((flags & ENC_CONFIDENTIAL) !== 0) kinds.push('confidential');
  const spi = view
    .getUint32(at + 4)
    .toString(16)
    .padStart(8, '0');
  out.ascii(`(${flags === 0 ? 'unprotected' : kinds.join(',')}): SPI 0x${spi}: `);
  return at + 12;
}

const ENC_CONFIDENTIAL = 0x0400;
const ENC_AUTHENTIC = 0x0800;
