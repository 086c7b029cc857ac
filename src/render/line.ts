import { ASCII } from '../bytes/ascii.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import { ACK, type SegmentView, SYN, WIRE, type WireResult } from '../wire/segment.ts';
import { BASES_EPOCH, EndsCache, OTHER_BASE, OWN_BASE, TEXT_ROOM } from './ends-cache.ts';
import { writeIcmp } from './icmp-line.ts';
import { LineAddresses } from './line-address.ts';
import { type InterfaceName, LinePrefix } from './line-prefix.ts';
import { LineTime, type TimeStyle } from './line-time.ts';
import type { NameLookup } from './names.ts';
import { constant, putIpv4, putText, putUnsigned } from './put.ts';
import { isUnprinted, SequenceBases } from './sequence-base.ts';
import { OPTIONS_ROOM } from './tcp-options.ts';

/** How the lines of a timeline are written, in either style. */
export interface LineOptions {
  /** tcpdump's -t to -ttttt; the time of day by default. */
  readonly timeStyle?: TimeStyle | undefined;
  /** tcpdump's -S: sequence numbers as they are. */
  readonly absoluteSequence?: boolean | undefined;
  /** Names in the place of addresses. */
  readonly names?: NameLookup | undefined;
  /** Seconds east of UTC at a time given in seconds since 1970; UTC by default. */
  readonly zoneOffset?: ((epochSeconds: number) => number) | undefined;
  /** Nine digits of a second's fraction instead of six. */
  readonly nano?: boolean | undefined;
  /** Name of the interface with a number, for Linux cooked captures v2; `?` by default. */
  readonly interfaceName?: InterfaceName | undefined;
}

/** A segment's line of text, in some style. */
export interface LineWriter {
  /**
   * Appends the line of what the decoder answered with `segment`, `firstFragment`, `brokenTcp` or `icmpQuote`, without
   * an end of line. To be called once for each, in the capture's order: sequence numbers and -ttt depend on what came
   * before.
   */
  write(out: ByteWriter, segment: SegmentView, result: WireResult): void;
}

/**
 * What the lines of both styles begin with: time, layers, and both ends of the segment; and what its numbers are relative
 * to.
 */
export class LineHead {
  /** To be subtracted from the segment's sequence number, its acknowledgment number, and the edges of SACK blocks. */
  seqBase = 0;
  ackBase = 0;
  sackBase = 0;

  private readonly time: LineTime;
  private readonly addresses: LineAddresses;
  private readonly prefix: LinePrefix;
  private readonly named: boolean;
  private readonly absolute: boolean;
  private readonly cut: string;
  private readonly ends: EndsCache = new EndsCache();
  private readonly bases: SequenceBases = new SequenceBases();

  /** @param cut what tells that less than a fixed TCP header was kept */
  constructor(options: LineOptions, cut: string) {
    this.time = new LineTime(options.timeStyle ?? 0, options.zoneOffset ?? utc, options.nano ?? false);
    this.addresses = new LineAddresses(options.names);
    this.prefix = new LinePrefix(this.addresses, options.interfaceName ?? noName);
    this.named = options.names !== undefined;
    this.absolute = options.absoluteSequence ?? false;
    this.cut = cut;
  }

  /**
   * Writes the line up to `a.p > b.q: `; the whole line where nothing can follow, as for an ICMP error.
   *
   * @returns whether TCP's part follows: its fixed header was kept and its data offset is no less. `out` then has
   * TCP_ROOM, and the bases are set.
   */
  write(out: ByteWriter, segment: SegmentView, result: WireResult): boolean {
    this.time.write(out, segment.seconds, segment.nanoseconds, segment.carriedSeconds);
    if (result === WIRE.icmpQuote) {
      this.prefix.write(out, segment, segment.outerIpAt);
      writeIcmp(out, segment, this.addresses);
      return false;
    }
    const whole = result === WIRE.segment && segment.tcpEnd - segment.tcpAt >= MIN_HEADER;
    if (!whole || segment.plain === 0 || segment.ipVersion === 6 || this.named) {
      if (!this.writeEnds(out, segment)) return false;
      this.findBases(segment);
      return true;
    }
    out.reserve(TEXT_ROOM + TCP_ROOM);
    this.writePlainEnds(out, segment);
    return true;
  }

  /** `IP a.p > b.q: ` of a whole packet without anything around it. */
  private writePlainEnds(out: ByteWriter, segment: SegmentView): void {
    const view = segment.view;
    const tcpAt = segment.tcpAt;
    const source = view.getInt32(segment.sourceAt);
    const destination = view.getInt32(segment.destinationAt);
    const ports = view.getInt32(tcpAt);
    const to = out.view;
    const start = out.length;
    const ends = this.ends;
    const place = ends.place(source, destination, ports);
    if (!ends.holds(place, source, destination, ports)) {
      const end = putPlainEnds(to, start, source, destination, ports);
      ends.keep(to, start, end, place, source, destination, ports);
      out.length = end;
    } else out.length = ends.put(to, start, place);
    const { words } = ends;
    if (
      words[place + BASES_EPOCH] === this.bases.epoch &&
      (view.getUint8(tcpAt + FLAGS) & (SYN | ACK)) === ACK &&
      !isUnprinted(segment)
    ) {
      this.seqBase = words[place + OWN_BASE]!;
      this.ackBase = this.sackBase = words[place + OTHER_BASE]!;
    } else this.findBases(segment);
  }

  /** Sets the bases by looking them up, where there are any. */
  private findBases(segment: SegmentView): void {
    const { view, tcpAt } = segment;
    const flags = view.getUint8(tcpAt + FLAGS);
    this.seqBase = this.ackBase = this.sackBase = 0;
    if ((flags & ACK) === 0 || this.absolute) return;
    const { bases } = this;
    const seq = view.getInt32(tcpAt + SEQUENCE);
    const ack = view.getInt32(tcpAt + ACKNOWLEDGMENT);
    const known = bases.look(segment, seq, ack, (flags & SYN) !== 0);
    if (known) {
      this.seqBase = bases.seqBase;
      this.ackBase = bases.ackBase;
    }
    this.sackBase = bases.ackBase;
    // Behind a tag or in a tunnel nothing is kept: only what changes the bases of the same ends without one matters.
    if (segment.ipVersion === 6 || (known && segment.plain === 0) || isUnprinted(segment)) return;
    const source = view.getInt32(segment.sourceAt);
    const destination = view.getInt32(segment.destinationAt);
    this.ends.keepBases(source, destination, view.getInt32(tcpAt), bases.seqBase, bases.ackBase, bases.epoch);
  }

  /** The prefix and both ends of any packet. Answers whether a whole fixed header follows. */
  private writeEnds(out: ByteWriter, segment: SegmentView): boolean {
    const { bytes, view, ipAt, ipVersion, tcpAt } = segment;
    this.prefix.write(out, segment, ipAt);
    const kept = segment.tcpEnd - tcpAt;
    const source = ipAt + (ipVersion === 6 ? 8 : 12);
    const destination = ipAt + (ipVersion === 6 ? 24 : 16);
    if (kept < 4) {
      this.addresses.writePair(out, bytes, view, ipVersion, source, destination);
      out.ascii(': [|tcp]');
      return false;
    }
    // With extension headers between, the addresses were said before them.
    if (bytes[ipAt + (ipVersion === 6 ? 6 : 9)] === TCP) {
      this.addresses.writeEnds(out, bytes, view, ipVersion, source, destination, tcpAt);
    } else {
      out.unsigned(view.getUint16(tcpAt));
      out.ascii(' > ');
      out.unsigned(view.getUint16(tcpAt + 2));
    }
    out.ascii(': ');
    if (kept < MIN_HEADER) {
      out.ascii(this.cut);
      return false;
    }
    const headerLength = (bytes[tcpAt + DATA_OFFSET]! >> 4) * 4;
    if (headerLength < MIN_HEADER) {
      out.ascii(' tcp ');
      out.unsigned((segment.tcpLength - headerLength) >>> 0);
      out.ascii(` [bad hdr length ${headerLength} - too short, < 20]`);
      return false;
    }
    out.reserve(TCP_ROOM);
    return true;
  }
}

function putPlainEnds(to: DataView, start: number, source: number, destination: number, ports: number): number {
  let at = putIpv4(to, putText(to, start, IP), source);
  to.setUint8(at, ASCII.dot);
  at = putUnsigned(to, at + 1, ports >>> 16);
  at = putIpv4(to, putText(to, at, ARROW), destination);
  to.setUint8(at, ASCII.dot);
  return putText(to, putUnsigned(to, at + 1, ports & 0xffff), AFTER_ENDS);
}

/**
 * Where a segment was put together by its first fragment, which came last, writes the line of that fragment: what is in
 * it alone. Answers whether that was so.
 */
export function writeFirstFragment(
  lines: LineWriter,
  out: ByteWriter,
  segment: SegmentView,
  result: WireResult,
): boolean {
  if (result !== WIRE.segment || segment.firstFragmentFrame !== segment.frame) return false;
  const { tcpLength, tcpEnd } = segment;
  segment.tcpLength = segment.headerLength + segment.fragmentPayloadLength;
  segment.tcpEnd = Math.min(tcpEnd, segment.tcpAt + segment.tcpLength);
  segment.reassembled = 0;
  lines.write(out, segment, result);
  segment.tcpLength = tcpLength;
  segment.tcpEnd = tcpEnd;
  segment.reassembled = 1;
  return true;
}

/** Octets that a line can take after both ends. */
export const TCP_ROOM: number = 256 + OPTIONS_ROOM;

function utc(): number {
  return 0;
}

function noName(): undefined {
  return undefined;
}

/** Octets from the start of the TCP header (RFC 9293 3.1). */
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const DATA_OFFSET = 12;
const FLAGS = 13;
const MIN_HEADER = 20;
const TCP = 6;

const IP = constant('IP ');
const ARROW = constant(' > ');
const AFTER_ENDS = constant(': ');
