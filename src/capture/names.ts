/**
 * Names that a capture gives to addresses (pcapng's name resolution blocks), up to a bound.
 * The first name of an address stands. Names are the file's own words: escape them for where they go.
 */
export class NameTable {
  private readonly ip4 = new Map<number, string>();
  private readonly ip6 = new Map<string, string>();

  /** How many addresses have a name. */
  get size(): number {
    return this.ip4.size + this.ip6.size;
  }

  /** Names the address of `length` (4 or 16) octets at `bytes[at]`. Past the bound, and for an empty name, does nothing. */
  add(bytes: Uint8Array, at: number, length: number, name: string): void {
    if (name === '' || this.size >= NAME_LIMIT) return;
    if (length === 4) {
      const key = ip4Key(bytes, at);
      if (!this.ip4.has(key)) this.ip4.set(key, name);
    } else if (length === 16) {
      const key = ip6Key(bytes, at);
      if (!this.ip6.has(key)) this.ip6.set(key, name);
    }
  }

  /** Takes over the names of another table, but for addresses that have one here. */
  addAll(other: NameTable): void {
    for (const [key, name] of other.ip4) if (this.size < NAME_LIMIT && !this.ip4.has(key)) this.ip4.set(key, name);
    for (const [key, name] of other.ip6) if (this.size < NAME_LIMIT && !this.ip6.has(key)) this.ip6.set(key, name);
  }

  /** The name of the address of `length` (4 or 16) octets at `bytes[at]`, if it has one. */
  nameOf(bytes: Uint8Array, at: number, length: number): string | undefined {
    if (length === 4) return this.ip4.size === 0 ? undefined : this.ip4.get(ip4Key(bytes, at));
    return this.ip6.size === 0 ? undefined : this.ip6.get(ip6Key(bytes, at));
  }
}

/** Addresses kept, and octets kept of a name (a host name has at most 255: RFC 1035 2.3.4). */
const NAME_LIMIT = 65_536;
export const NAME_OCTETS = 255;

function ip4Key(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!;
}

function ip6Key(bytes: Uint8Array, at: number): string {
  let key = '';
  for (let i = 0; i < 16; i += 2) key += String.fromCharCode((bytes[at + i]! << 8) | bytes[at + i + 1]!);
  return key;
}
