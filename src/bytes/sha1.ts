/**
 * SHA-1 (RFC 3174) of a message of at most 55 octets, which is one block: all that a Community ID needs.
 * Write the message into `message`, call `digest`, read `words`.
 */
export class ShortSha1 {
  /** The block; the message stands at its start. `digest` overwrites the five octets that follow it. */
  readonly message: DataView = new DataView(new ArrayBuffer(64));
  /** The digest, five big-endian words as int32. */
  readonly words: Int32Array = new Int32Array(5);
  private readonly schedule: Int32Array = new Int32Array(80);

  /** @param length octets of message, 0 to 55 */
  digest(length: number): void {
    const { message, words, schedule } = this;
    message.setUint8(length, 0x80);
    // A whole word of zeros: what of it lies past the message's last word is not read.
    message.setInt32(length + 1, 0);
    const last = length >> 2;
    for (let i = 0; i <= last; i++) schedule[i] = message.getInt32(i * 4);
    for (let i = last + 1; i < 15; i++) schedule[i] = 0;
    schedule[15] = length * 8;
    for (let i = 16; i < 80; i++) {
      schedule[i] = rotate(schedule[i - 3]! ^ schedule[i - 8]! ^ schedule[i - 14]! ^ schedule[i - 16]!, 1);
    }
    // The names are RFC 3174's (6.1).
    let a = 0x67452301;
    let b = 0xefcdab89 | 0;
    let c = 0x98badcfe | 0;
    let d = 0x10325476;
    let e = 0xc3d2e1f0 | 0;
    for (let i = 0; i < 20; i++) {
      const next = (rotate(a, 5) + (((b & c) | (~b & d)) + 0x5a827999) + e + schedule[i]!) | 0;
      e = d;
      d = c;
      c = rotate(b, 30);
      b = a;
      a = next;
    }
    for (let i = 20; i < 40; i++) {
      const next = (rotate(a, 5) + ((b ^ c ^ d) + 0x6ed9eba1) + e + schedule[i]!) | 0;
      e = d;
      d = c;
      c = rotate(b, 30);
      b = a;
      a = next;
    }
    for (let i = 40; i < 60; i++) {
      const next = (rotate(a, 5) + (((b & c) | (b & d) | (c & d)) - 0x70e44324) + e + schedule[i]!) | 0;
      e = d;
      d = c;
      c = rotate(b, 30);
      b = a;
      a = next;
    }
    for (let i = 60; i < 80; i++) {
      const next = (rotate(a, 5) + ((b ^ c ^ d) - 0x359d3e2a) + e + schedule[i]!) | 0;
      e = d;
      d = c;
      c = rotate(b, 30);
      b = a;
      a = next;
    }
    words[0] = a + 0x67452301;
    words[1] = b + 0xefcdab89;
    words[2] = c + 0x98badcfe;
    words[3] = d + 0x10325476;
    words[4] = e + 0xc3d2e1f0;
  }
}

function rotate(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
