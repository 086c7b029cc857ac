import type { CaptureDecoder } from './decoder.ts';
import { PcapDecoder, pcapKind } from './pcap.ts';
import { PcapngDecoder } from './pcapng.ts';

/** Octets that tell a capture's format. */
export const MAGIC_LENGTH = 4;

/**
 * The decoder for a file that begins with `head`, or undefined when that is no capture. At least `MAGIC_LENGTH` octets
 * are needed to tell.
 *
 * @param capacity octets of the decoder's window to begin with
 */
export function decoderFor(head: Uint8Array, path: string, capacity?: number): CaptureDecoder | undefined {
  if (head.length < MAGIC_LENGTH) return undefined;
  const magic = new DataView(head.buffer, head.byteOffset, MAGIC_LENGTH).getUint32(0);
  if (magic === PCAPNG_MAGIC) return new PcapngDecoder(path, capacity);
  return pcapKind(magic) ? new PcapDecoder(path, capacity) : undefined;
}

/** Type of a section header block: a palindrome, the same in either byte order. */
const PCAPNG_MAGIC = 0x0a0d0d0a;
