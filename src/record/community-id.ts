import { ShortSha1 } from '../bytes/sha1.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import { FLOW, FLOW_BITS } from '../flow/rows.ts';
import type { FlowCursor } from './cursor.ts';

/**
 * Writes a flow's Community ID (version 1, seed 0), as Zeek, Suricata and Wireshark print it: base64 of SHA-1 over seed,
 * the lower and the higher address, protocol, a zero, the lower and the higher endpoint's port. "Lower" is the order
 * of a row's key (github.com/corelight/community-id-spec).
 */
export function writeCommunityId(flow: FlowCursor, out: ByteWriter): void {
  const { message, words } = SHA1;
  message.setUint16(0, 0);
  let at = 2;
  if ((flow.bits() & FLOW_BITS.v6) === 0) {
    message.setInt32(2, flow.word(FLOW.keyLow));
    message.setInt32(6, flow.word(FLOW.keyHigh));
    at = 10;
  } else {
    for (let i = 0; i < 8; i++, at += 4) message.setInt32(at, flow.word(FLOW.addressLow + i));
  }
  message.setUint16(at, PROTOCOL_TCP << 8);
  message.setInt32(at + 2, flow.word(FLOW.ports));
  SHA1.digest(at + 6);
  out.ascii('1:');
  writeBase64(out, words);
}

const PROTOCOL_TCP = 6;
/** Scratch space: every digest overwrites all of it. */
const SHA1 = new ShortSha1();
const BASE64: Uint8Array = Uint8Array.from(
  'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
  (letter) => letter.charCodeAt(0),
);

/** Five words, which are 20 octets: six groups of three, and one of two. */
function writeBase64(out: ByteWriter, words: Int32Array): void {
  out.reserve(28);
  const bytes = out.bytes;
  let at = out.length;
  for (let i = 0; i < 20; i += 3) {
    const group = (octet(words, i) << 16) | (octet(words, i + 1) << 8) | octet(words, i + 2);
    bytes[at++] = BASE64[group >> 18]!;
    bytes[at++] = BASE64[(group >> 12) & 63]!;
    bytes[at++] = BASE64[(group >> 6) & 63]!;
    bytes[at++] = i < 18 ? BASE64[group & 63]! : 0x3d;
  }
  out.length = at;
}

function octet(words: Int32Array, index: number): number {
  return index < 20 ? (words[index >> 2]! >>> (24 - (index & 3) * 8)) & 0xff : 0;
}
