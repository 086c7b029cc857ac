import { ASCII } from '../bytes/ascii.ts';
import { type ByteWriter, Constant } from '../bytes/writer.ts';
import { EscapedNames, type NameLookup } from './names.ts';
import { putIpv4, putIpv6, putUnsigned, SLACK } from './put.ts';

/** Addresses as a line has them: numbers with dots or colons, or names where a lookup knows them. */
export class LineAddresses {
  private readonly lookup: NameLookup | undefined;
  private readonly escaped: EscapedNames = new EscapedNames();

  constructor(lookup: NameLookup | undefined) {
    this.lookup = lookup;
  }

  /** `a > b`, from an IP header's `sourceAt`, `destinationAt`. */
  writePair(
    out: ByteWriter,
    octets: Uint8Array,
    view: DataView,
    version: number,
    source: number,
    destination: number,
  ): void {
    this.write(out, octets, view, version, source);
    writeArrow(out);
    this.write(out, octets, view, version, destination);
  }

  /** `a.p > b.q`; ports stand at `portsAt`. */
  writeEnds(
    out: ByteWriter,
    octets: Uint8Array,
    view: DataView,
    version: number,
    source: number,
    destination: number,
    portsAt: number,
  ): void {
    this.write(out, octets, view, version, source);
    writePort(out, view.getUint16(portsAt));
    writeArrow(out);
    this.write(out, octets, view, version, destination);
    writePort(out, view.getUint16(portsAt + 2));
  }

  /** One address. */
  write(out: ByteWriter, octets: Uint8Array, view: DataView, version: number, at: number): void {
    if (this.lookup !== undefined && this.writeName(out, octets, version, at)) return;
    out.reserve(ADDRESS_ROOM);
    if (version === 6) out.length = putIpv6(out.view, out.length, view, at);
    else out.length = putIpv4(out.view, out.length, view.getInt32(at));
  }

  private writeName(out: ByteWriter, octets: Uint8Array, version: number, at: number): boolean {
    const name = this.lookup?.name(octets, at, version === 6 ? 16 : 4);
    if (name === undefined || name === '') return false;
    out.copy(this.escaped.octets(name));
    return true;
  }
}

/** Octets of the longest address, its port and an arrow. */
const ADDRESS_ROOM = 64;
const ARROW: Constant = new Constant(' > ');

function writeArrow(out: ByteWriter): void {
  out.constant(ARROW);
}

function writePort(out: ByteWriter, port: number): void {
  out.reserve(6 + SLACK);
  out.view.setUint8(out.length, ASCII.dot);
  out.length = putUnsigned(out.view, out.length + 1, port);
}
