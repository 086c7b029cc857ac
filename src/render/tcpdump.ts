import type { ByteWriter } from '../bytes/writer.ts';
import { ACK, FIN, RST, type SegmentView, SYN, URG, WIRE, type WireResult } from '../wire/segment.ts';
import { writeIcmp } from './icmp-line.ts';
import { LineAddresses } from './line-address.ts';
import { type InterfaceName, LinePrefix } from './line-prefix.ts';
import { LineTime, type TimeStyle } from './line-time.ts';
import type { NameLookup } from './names.ts';
import { ascii, putIpv4, putText, putUnsigned } from './put.ts';
import { SequenceBases } from './sequence-base.ts';
import { OPTIONS_ROOM, TcpOptions } from './tcp-options.ts';

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
 * Lines as `tcpdump -nn` 4.99 prints them, up to and including `length N`: what it says of application protocols is
 * left out. Numbers are relative by tcpdump's own rule (SequenceBases).
 */
export class TcpdumpLine implements LineWriter {
  private readonly time: LineTime;
  private readonly addresses: LineAddresses;
  private readonly prefix: LinePrefix;
  private readonly options: TcpOptions = new TcpOptions();
  private readonly bases: SequenceBases = new SequenceBases();
  private readonly absolute: boolean;
  private readonly named: boolean;

  constructor(options: LineOptions = {}) {
    this.time = new LineTime(options.timeStyle ?? 0, options.zoneOffset ?? utc, options.nano ?? false);
    this.addresses = new LineAddresses(options.names);
    this.prefix = new LinePrefix(this.addresses, options.interfaceName ?? noName);
    this.absolute = options.absoluteSequence ?? false;
    this.named = options.names !== undefined;
  }

  write(out: ByteWriter, segment: SegmentView, result: WireResult): void {
    this.time.write(out, segment.seconds, segment.nanoseconds);
    if (result === WIRE.icmpQuote) {
      this.prefix.write(out, segment, segment.outerIpAt);
      writeIcmp(out, segment, this.addresses);
      return;
    }
    if (result === WIRE.segment && segment.plain === 1 && segment.ipVersion === 4 && !this.named) {
      out.reserve(PLAIN_ROOM);
      this.writePlainEnds(out, segment);
    } else if (!this.writeEnds(out, segment)) return;
    this.writeTcp(out, segment);
  }

  /** `IP a.p > b.q: ` of a whole packet without anything around it. */
  private writePlainEnds(out: ByteWriter, segment: SegmentView): void {
    const bytes = out.bytes;
    const view = segment.view;
    const ports = view.getInt32(segment.tcpAt);
    let at = out.length;
    bytes[at] = LETTER_I;
    bytes[at + 1] = LETTER_P;
    bytes[at + 2] = SPACE;
    at = putIpv4(bytes, at + 3, view.getInt32(segment.sourceAt));
    bytes[at] = DOT;
    at = putUnsigned(bytes, at + 1, ports >>> 16);
    bytes[at] = SPACE;
    bytes[at + 1] = GREATER;
    bytes[at + 2] = SPACE;
    at = putIpv4(bytes, at + 3, view.getInt32(segment.destinationAt));
    bytes[at] = DOT;
    at = putUnsigned(bytes, at + 1, ports & 0xffff);
    bytes[at] = COLON;
    bytes[at + 1] = SPACE;
    out.length = at + 2;
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
      out.ascii(' [|tcp]');
      return false;
    }
    const headerLength = (bytes[tcpAt + DATA_OFFSET]! >> 4) * 4;
    if (headerLength < MIN_HEADER) {
      out.ascii(' tcp ');
      out.unsigned((segment.tcpLength - headerLength) >>> 0);
      out.ascii(` [bad hdr length ${headerLength} - too short, < 20]`);
      return false;
    }
    out.reserve(PLAIN_ROOM);
    return true;
  }

  /** From `Flags [` on. The fixed header was kept. */
  private writeTcp(out: ByteWriter, segment: SegmentView): void {
    const view = segment.view;
    const tcpAt = segment.tcpAt;
    const word = view.getInt32(tcpAt + DATA_OFFSET);
    const flags = (word >>> 16) & 0xff;
    const headerLength = (word >>> 28) * 4;
    let seq = view.getInt32(tcpAt + SEQUENCE);
    let ack = view.getInt32(tcpAt + ACKNOWLEDGMENT);
    let ackBase = 0;
    if ((flags & ACK) !== 0 && !this.absolute) {
      const bases = this.bases;
      if (bases.look(segment, seq, ack, (flags & SYN) !== 0)) {
        seq = (seq - bases.seqBase) | 0;
        ack = (ack - bases.ackBase) | 0;
      }
      ackBase = bases.ackBase;
    }
    const bytes = out.bytes;
    let at = putText(bytes, out.length, FLAGS[flags]!);
    const length = segment.tcpLength - headerLength;
    if (length < 0) {
      out.length = at;
      out.ascii(` [bad hdr length ${headerLength} - too long, > ${segment.tcpLength}]`);
      return;
    }
    if (length > 0 || (flags & (SYN | FIN | RST)) !== 0) {
      at = putUnsigned(bytes, putText(bytes, at, SEQ), seq);
      if (length > 0) {
        bytes[at] = COLON;
        at = putUnsigned(bytes, at + 1, (seq + length) | 0);
      }
    }
    if ((flags & ACK) !== 0) at = putUnsigned(bytes, putText(bytes, at, ACK_TEXT), ack);
    at = putUnsigned(bytes, putText(bytes, at, WIN), word & 0xffff);
    if ((flags & URG) !== 0) at = putUnsigned(bytes, putText(bytes, at, URG_TEXT), view.getUint16(tcpAt + URGENT));
    if (headerLength > MIN_HEADER) {
      at = putText(bytes, at, OPTIONS);
      const options = this.options;
      options.dataKept = segment.tcpEnd - tcpAt >= segment.tcpLength;
      const end = segment.tcpEnd;
      const from = tcpAt + MIN_HEADER;
      const whole = options.write(bytes, at, segment.bytes, view, from, headerLength - MIN_HEADER, end, ackBase, flags);
      at = options.at;
      if (!whole) {
        out.length = at;
        return;
      }
      bytes[at++] = CLOSE;
    }
    out.length = putUnsigned(bytes, putText(bytes, at, LENGTH), length);
  }
}

function utc(): number {
  return 0;
}

function noName(): undefined {
  return undefined;
}

/** Octets of everything from the addresses on. */
const PLAIN_ROOM = 256 + OPTIONS_ROOM;

/** Octets from the start of the TCP header (RFC 9293 3.1). */
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const DATA_OFFSET = 12;
const URGENT = 18;
const MIN_HEADER = 20;
const TCP = 6;

const SPACE = 0x20;
const DOT = 0x2e;
const COLON = 0x3a;
const GREATER = 0x3e;
const LETTER_I = 0x49;
const LETTER_P = 0x50;
const CLOSE = 0x5d;

const SEQ = ascii(', seq ');
const ACK_TEXT = ascii(', ack ');
const WIN = ascii(', win ');
const URG_TEXT = ascii(', urg ');
const OPTIONS = ascii(', options [');
const LENGTH = ascii(', length ');

/** `Flags […]` for each octet of flags; tcpdump 4.99 knows no ninth. */
const FLAGS: readonly Uint8Array[] = Array.from({ length: 256 }, (_, flags) => ascii(`Flags [${flagLetters(flags)}]`));

function flagLetters(flags: number): string {
  const letters = [...'FSRP.UEW'].filter((_, bit) => (flags & (1 << bit)) !== 0).join('');
  return letters === '' ? 'none' : letters;
}
