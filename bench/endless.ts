import { readFileSync, writeSync } from 'node:fs';

/**
 * Writes a generated web capture to standard output again and again, as one long stream: each pass later, from other
 * addresses, with other sequence numbers. Arguments: FILE PASSES.
 */
const [path, passes] = process.argv.slice(2);
if (path === undefined || !(Number(passes) > 0))
  throw new Error('endless takes a capture of IPv4 and a number of passes');

const octets = readFileSync(path);
const view = new DataView(octets.buffer, octets.byteOffset, octets.length);
const FILE_HEADER = 24;
const RECORD_HEADER = 16;
const ETHERNET_HEADER = 14;
const ACK = 0x10;
const SEQUENCE_STEP = 0x01234567;
/** Clients and servers are told apart by the second octet of their addresses: two numbers a pass. */
const ADDRESS_STEP = 2;

const seconds = secondsOf();
for (let pass = 0; pass < Number(passes); pass++) {
  if (pass > 0) eachRecord(shift);
  for (let at = pass === 0 ? 0 : FILE_HEADER; at < octets.length; )
    at += writeSync(1, octets, at, Math.min(1 << 20, octets.length - at));
}

function eachRecord(visit: (at: number) => void): void {
  for (let at = FILE_HEADER; at < octets.length; at += RECORD_HEADER + view.getUint32(at + 8, true)) visit(at);
}

/** How long the capture lasts, and a second. */
function secondsOf(): number {
  let last = 0;
  eachRecord((at) => {
    last = view.getUint32(at, true);
  });
  return last - view.getUint32(FILE_HEADER, true) + 2;
}

function shift(at: number): void {
  view.setUint32(at, view.getUint32(at, true) + seconds, true);
  const ip = at + RECORD_HEADER + ETHERNET_HEADER;
  const tcp = ip + (view.getUint8(ip) & 15) * 4;
  let change = 0;
  const set = (word: number, value: number): void => {
    change += (~view.getUint16(word) & 0xffff) + value;
    view.setUint16(word, value);
  };
  for (const address of [ip + 12, ip + 16]) set(address, view.getUint16(address) + ADDRESS_STEP);
  update(ip + 10, change);
  for (const number of (view.getUint8(tcp + 13) & ACK) === 0 ? [tcp + 4] : [tcp + 4, tcp + 8]) {
    const next = (view.getUint32(number) + SEQUENCE_STEP) >>> 0;
    set(number, next >>> 16);
    set(number + 2, next & 0xffff);
  }
  update(tcp + 16, change);
}

/** RFC 1624: a checksum after some of what it sums has changed. */
function update(at: number, change: number): void {
  let sum = (~view.getUint16(at) & 0xffff) + change;
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  view.setUint16(at, ~sum & 0xffff);
}
