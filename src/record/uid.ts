import { ShortSha1 } from '../bytes/sha1.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import { FLOW, FLOW_BITS } from '../flow/rows.ts';
import type { FlowCursor } from './cursor.ts';

/**
 * Writes an identifier of the flow in the form of Zeek's `uid`: C and 17 digits of base 62. Zeek draws it at random; this
 * one comes of addresses, ports, the time of the first segment and both ends' sequence numbers, so that a capture has
 * the same ones in every run.
 */
export function writeUid(flow: FlowCursor, out: ByteWriter): void {
  const { message, words } = SHA1;
  let at = 0;
  if ((flow.bits() & FLOW_BITS.v6) === 0) {
    message.setInt32(0, flow.word(FLOW.keyLow));
    message.setInt32(4, flow.word(FLOW.keyHigh));
    at = 8;
  } else {
    for (let i = 0; i < 8; i++, at += 4) message.setInt32(at, flow.word(FLOW.addressLow + i));
  }
  message.setInt32(at, flow.word(FLOW.ports));
  message.setFloat64(at + 4, flow.baseSeconds * 1e3 + Math.floor(flow.double(FLOW.firstTimeF64) / 1e6));
  message.setInt32(at + 12, flow.double(FLOW.firstTimeF64) % 1e6);
  message.setInt32(at + 16, flow.word(FLOW.historyStart) ^ flow.word(FLOW.split));
  SHA1.digest(at + 20);
  out.byte(LETTER_C);
  for (let i = 0; i < DIGITS; i++) out.byte(BASE62[divide(words)]!);
}

/** Divides a number of five words by 62, in place; answers the rest. */
function divide(words: Int32Array): number {
  let rest = 0;
  for (let i = 0; i < words.length; i++) {
    const value = rest * 2 ** 32 + (words[i]! >>> 0);
    words[i] = Math.floor(value / 62);
    rest = value % 62;
  }
  return rest;
}

const DIGITS = 17;
const LETTER_C = 0x43;
/** Scratch space: every digest overwrites all of it. */
const SHA1 = new ShortSha1();
const BASE62: Uint8Array = Uint8Array.from('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz', (letter) =>
  letter.charCodeAt(0),
);
