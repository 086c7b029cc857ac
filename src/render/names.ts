/** Names of addresses, as `--names` shows them: those that the capture itself brings. */
export interface NameLookup {
  /** The name of the address at `bytes[at]`, of 4 or 16 octets, or undefined. */
  name(bytes: Uint8Array, at: number, length: number): string | undefined;
}

/**
 * Names as octets that are fit for a terminal and a log. A capture is hostile, and so are its names: whatever is not
 * printable, turns text around, could pass for the end of the name, or is the escape itself is written as `\x1b` or
 * `\u202e`; what goes past 253 letters (RFC 1035 2.3.4) is dropped.
 */
export class EscapedNames {
  private readonly known: Map<string, Uint8Array> = new Map();

  /** The octets of a name, kept for the next time. */
  octets(name: string): Uint8Array {
    const known = this.known.get(name);
    if (known !== undefined) return known;
    if (this.known.size >= MAX_NAMES) this.known.clear();
    const octets = ENCODER.encode(escapeName(name));
    this.known.set(name, octets);
    return octets;
  }
}

/** A name with everything escaped that does not belong into a line of text. */
export function escapeName(name: string): string {
  return name.slice(0, MAX_NAME).replace(UNFIT, (letter) => {
    const code = letter.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16).padStart(4, '0')}`;
  });
}

const MAX_NAME = 253;
const MAX_NAMES = 4096;
const ENCODER = new TextEncoder();
/** Control characters, spaces, the backslash, marks of direction and format, and halves of surrogate pairs. */
const UNFIT =
  /[\0-\x20\\\x7f-\xa0\xad\u061c\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\ufff9-\uffff]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
