/** Small captures, written octet by octet as the format documents say. */

/** One packet to be put into a file. */
export interface Packet {
  readonly seconds: number;
  /** Nanoseconds past `seconds`; cut off where the format holds less. */
  readonly nanoseconds: number;
  readonly data: Uint8Array;
  /** Octets on the wire; those in the file when not said. */
  readonly originalLength?: number;
}

export interface PcapOptions {
  readonly magic?: number;
  readonly bigEndian?: boolean;
  readonly version?: readonly [number, number];
  readonly snapshotLength?: number;
  /** The whole 32-bit field. */
  readonly linkType?: number;
}

export const MICROSECONDS = 0xa1b2c3d4;
export const NANOSECONDS = 0xa1b23c4d;
export const MODIFIED = 0xa1b2cd34;

export function pcap(packets: readonly Packet[], options: PcapOptions = {}): Uint8Array {
  const { magic = MICROSECONDS, bigEndian = false, version = [2, 4], snapshotLength = 262_144, linkType = 1 } = options;
  const file = new Octets(!bigEndian);
  file.u32(magic).u16(version[0]).u16(version[1]).u32(0).u32(0).u32(snapshotLength).u32(linkType);
  const swapped = version[0] === 543 || (version[0] === 2 && version[1] < 3);
  for (const packet of packets) {
    const kept = packet.data.length;
    const original = packet.originalLength ?? kept;
    file.u32(packet.seconds).u32(magic === NANOSECONDS ? packet.nanoseconds : Math.floor(packet.nanoseconds / 1000));
    if (swapped) file.u32(original).u32(kept);
    else file.u32(kept).u32(original);
    if (magic === MODIFIED) file.u32(2).u16(0x800).u8(0).u8(0);
    file.octets(packet.data);
  }
  return file.done();
}

/** pcapng, block by block, in one byte order. */
export class Pcapng {
  private readonly file: Octets;
  private readonly little: boolean;

  constructor(bigEndian: boolean = false) {
    this.little = !bigEndian;
    this.file = new Octets(this.little);
  }

  /** Any block: `body` without type and lengths, padded here. */
  block(type: number, body: (octets: Octets) => void): this {
    const inner = new Octets(this.little);
    body(inner);
    inner.pad();
    const octets = inner.done();
    this.file
      .u32(type)
      .u32(octets.length + 12)
      .octets(octets)
      .u32(octets.length + 12);
    return this;
  }

  section(options: readonly Option[] = [], version: readonly [number, number] = [1, 0]): this {
    return this.block(0x0a0d0d0a, (body) =>
      body.u32(0x1a2b3c4d).u16(version[0]).u16(version[1]).u32(0xffffffff).u32(0xffffffff).options(options),
    );
  }

  interface(linkType: number = 1, options: readonly Option[] = [], snapshotLength: number = 0): this {
    return this.block(1, (body) => body.u16(linkType).u16(0).u32(snapshotLength).options(options));
  }

  /** An enhanced packet block whose timestamp counts `units`. */
  packet(units: bigint, data: Uint8Array, options: readonly Option[] = [], index: number = 0, original?: number): this {
    return this.block(6, (body) =>
      body
        .u32(index)
        .u64(units)
        .u32(data.length)
        .u32(original ?? data.length)
        .octets(data)
        .pad()
        .options(options),
    );
  }

  simplePacket(data: Uint8Array, original: number = data.length): this {
    return this.block(3, (body) => body.u32(original).octets(data));
  }

  obsoletePacket(units: bigint, data: Uint8Array, index: number = 0, drops: number = 0xffff): this {
    return this.block(2, (body) =>
      body.u16(index).u16(drops).u64(units).u32(data.length).u32(data.length).octets(data),
    );
  }

  /** A name resolution block: addresses as octets. */
  names(...entries: readonly (readonly [address: readonly number[], ...names: readonly string[]])[]): this {
    return this.block(4, (body) => {
      for (const [address, ...names] of entries) {
        const text = new TextEncoder().encode(`${names.join('\0')}\0`);
        body.u16(address.length === 4 ? 1 : 2).u16(address.length + text.length);
        body.octets(Uint8Array.from(address)).octets(text).pad();
      }
      body.u32(0);
    });
  }

  statistics(index: number, options: readonly Option[]): this {
    return this.block(5, (body) => body.u32(index).u64(0n).options(options));
  }

  done(): Uint8Array {
    return this.file.done();
  }
}

/** An option: its code and its value; numbers of 64 bits are written in the section's byte order. */
export type Option = readonly [code: number, value: Uint8Array | string | bigint];

/** Octets that are written one field after the other. */
export class Octets {
  private readonly values: number[] = [];
  private readonly little: boolean;

  constructor(little: boolean) {
    this.little = little;
  }

  private number(value: bigint, length: number): this {
    const start = this.values.length;
    for (let i = 0; i < length; i++) this.values.push(Number((value >> BigInt(8 * i)) & 0xffn));
    if (!this.little) this.values.push(...this.values.splice(start).reverse());
    return this;
  }

  u8(value: number): this {
    return this.number(BigInt(value), 1);
  }

  u16(value: number): this {
    return this.number(BigInt(value), 2);
  }

  u32(value: number): this {
    return this.number(BigInt(value), 4);
  }

  /** As pcapng writes timestamps: the upper half first, whatever the byte order. */
  u64(value: bigint): this {
    return this.number((value >> 32n) & 0xffff_ffffn, 4).number(value & 0xffff_ffffn, 4);
  }

  octets(octets: Uint8Array): this {
    for (const octet of octets) this.values.push(octet);
    return this;
  }

  /** Zeros up to a multiple of four. */
  pad(): this {
    while (this.values.length % 4 !== 0) this.values.push(0);
    return this;
  }

  options(options: readonly Option[]): this {
    for (const [code, value] of options) {
      if (typeof value === 'bigint') this.u16(code).u16(8).number(BigInt.asUintN(64, value), 8);
      else {
        const octets = typeof value === 'string' ? new TextEncoder().encode(value) : value;
        this.u16(code).u16(octets.length).octets(octets).pad();
      }
    }
    return options.length > 0 ? this.u32(0) : this;
  }

  done(): Uint8Array {
    return Uint8Array.from(this.values);
  }
}
