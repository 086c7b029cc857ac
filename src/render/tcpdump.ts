import type { ByteWriter, Constant } from '../bytes/writer.ts';
import { ACK, FIN, RST, type SegmentView, SYN, URG, type WireResult } from '../wire/segment.ts';
import { LineHead, type LineOptions, type LineWriter } from './line.ts';
import { constant, putText, putUnsigned } from './put.ts';
import { SequenceBases } from './sequence-base.ts';
import { TcpOptions } from './tcp-options.ts';

export type { LineOptions } from './line.ts';

/**
 * Lines as `tcpdump -nn` 4.99 prints them, up to and including `length N`: what it says of application protocols is
 * left out. Numbers are relative by tcpdump's own rule (SequenceBases).
 */
export class TcpdumpLine implements LineWriter {
  private readonly head: LineHead;
  private readonly options: TcpOptions = new TcpOptions();
  private readonly bases: SequenceBases = new SequenceBases();
  private readonly absolute: boolean;

  constructor(options: LineOptions = {}) {
    this.head = new LineHead(options, ' [|tcp]');
    this.absolute = options.absoluteSequence ?? false;
  }

  write(out: ByteWriter, segment: SegmentView, result: WireResult): void {
    if (this.head.write(out, segment, result)) this.writeTcp(out, segment);
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
    const to = out.view;
    let at = putText(to, out.length, FLAGS[flags]!);
    const length = segment.tcpLength - headerLength;
    if (length < 0) {
      out.length = at;
      out.ascii(` [bad hdr length ${headerLength} - too long, > ${segment.tcpLength}]`);
      return;
    }
    if (length > 0 || (flags & (SYN | FIN | RST)) !== 0) {
      at = putUnsigned(to, putText(to, at, SEQ), seq);
      if (length > 0) {
        to.setUint8(at, COLON);
        at = putUnsigned(to, at + 1, (seq + length) | 0);
      }
    }
    if ((flags & ACK) !== 0) at = putUnsigned(to, putText(to, at, ACK_TEXT), ack);
    at = putUnsigned(to, putText(to, at, WIN), word & 0xffff);
    if ((flags & URG) !== 0) at = putUnsigned(to, putText(to, at, URG_TEXT), view.getUint16(tcpAt + URGENT));
    if (headerLength > MIN_HEADER) {
      const from = tcpAt + MIN_HEADER;
      const end = segment.tcpEnd;
      if (headerLength === 32 && end - from >= 12 && view.getInt32(from) === TIMESTAMPS_ALONE) {
        at = putUnsigned(to, putText(to, at, TIMESTAMPS), view.getInt32(from + 4));
        at = putUnsigned(to, putText(to, at, ECHOED), view.getInt32(from + 8));
      } else {
        const options = this.options;
        options.dataKept = end - tcpAt >= segment.tcpLength;
        at = putText(to, at, OPTIONS);
        const room = headerLength - MIN_HEADER;
        const whole = options.write(to, at, segment.bytes, view, from, room, end, ackBase, flags);
        at = options.at;
        if (!whole) {
          out.length = at;
          return;
        }
      }
      to.setUint8(at++, CLOSE);
    }
    out.length = putUnsigned(to, putText(to, at, LENGTH), length);
  }
}

/** Octets from the start of the TCP header (RFC 9293 3.1). */
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const DATA_OFFSET = 12;
const URGENT = 18;
const MIN_HEADER = 20;
/** The options of most segments: NOP, NOP, kind 8, length 10 (RFC 7323 appendix A). */
const TIMESTAMPS_ALONE = 0x0101080a;

const COLON = 0x3a;
const CLOSE = 0x5d;

const SEQ = constant(', seq ');
const ACK_TEXT = constant(', ack ');
const WIN = constant(', win ');
const URG_TEXT = constant(', urg ');
const OPTIONS = constant(', options [');
const TIMESTAMPS = constant(', options [nop,nop,TS val ');
const ECHOED = constant(' ecr ');
const LENGTH = constant(', length ');

/** `Flags […]` for each octet of flags; tcpdump 4.99 knows no ninth. */
const FLAGS: readonly Constant[] = Array.from({ length: 256 }, (_, flags) => constant(`Flags [${flagLetters(flags)}]`));

function flagLetters(flags: number): string {
  const letters = [...'FSRP.UEW'].filter((_, bit) => (flags & (1 << bit)) !== 0).join('');
  return letters === '' ? 'none' : letters;
}
