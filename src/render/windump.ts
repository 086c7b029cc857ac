import type { ByteWriter, Constant } from '../bytes/writer.ts';
import { ACK, CWR, ECE, FIN, PSH, RST, type SegmentView, SYN, URG, type WireResult } from '../wire/segment.ts';
import { putClassicOptions } from './classic-options.ts';
import { LineHead, type LineOptions, type LineWriter } from './line.ts';
import { constant, putText, putUnsigned } from './put.ts';
import { SequenceBases } from './sequence-base.ts';

/**
 * Lines in the classic form of tcpdump 3.9 and WinDump 3.9.5:
 *
 *     14:00:38.819856 IP 10.1.1.5.1748 > 10.2.2.80.80: F 1:1(0) ack 1 win 65535
 *
 * Flags come first (`.` when there is none but ACK and URG), then `seq:end(length)` when there is a payload, SYN, FIN or
 * RST, then ack, win, urg and options. Numbers are relative by the same rule as in TcpdumpLine.
 */
export class WindumpLine implements LineWriter {
  private readonly head: LineHead;
  private readonly bases: SequenceBases = new SequenceBases();
  private readonly absolute: boolean;

  constructor(options: LineOptions = {}) {
    this.head = new LineHead(options, '[|tcp]');
    this.absolute = options.absoluteSequence ?? false;
  }

  write(out: ByteWriter, segment: SegmentView, result: WireResult): void {
    if (this.head.write(out, segment, result)) this.writeTcp(out, segment);
  }

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
      to.setUint8(at, SPACE);
      at = putUnsigned(to, at + 1, seq);
      to.setUint8(at, COLON);
      at = putUnsigned(to, at + 1, (seq + length) | 0);
      to.setUint8(at, OPEN_PARENTHESIS);
      at = putUnsigned(to, at + 1, length);
      to.setUint8(at++, CLOSE_PARENTHESIS);
    }
    if ((flags & ACK) !== 0) at = putUnsigned(to, putText(to, at, ACK_TEXT), ack);
    at = putUnsigned(to, putText(to, at, WIN), word & 0xffff);
    if ((flags & URG) !== 0) at = putUnsigned(to, putText(to, at, URG_TEXT), view.getUint16(tcpAt + URGENT));
    if (headerLength > MIN_HEADER) {
      to.setUint8(at++, SPACE);
      const from = tcpAt + MIN_HEADER;
      const room = headerLength - MIN_HEADER;
      at = putClassicOptions(to, at, segment.bytes, view, from, room, segment.tcpEnd, ackBase);
    }
    out.length = at;
  }
}

/** Octets from the start of the TCP header (RFC 9293 3.1). */
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const DATA_OFFSET = 12;
const URGENT = 18;
const MIN_HEADER = 20;

const SPACE = 0x20;
const OPEN_PARENTHESIS = 0x28;
const CLOSE_PARENTHESIS = 0x29;
const COLON = 0x3a;

const ACK_TEXT = constant(' ack ');
const WIN = constant(' win ');
const URG_TEXT = constant(' urg ');

/** The flags that have a letter, in tcpdump 3.9's order. */
const LETTERS: readonly (readonly [flag: number, letter: string])[] = [
  [SYN, 'S'],
  [FIN, 'F'],
  [RST, 'R'],
  [PSH, 'P'],
  [CWR, 'W'],
  [ECE, 'E'],
];
const FLAGS: readonly Constant[] = Array.from({ length: 256 }, (_, flags) => constant(flagLetters(flags)));

function flagLetters(flags: number): string {
  const letters = LETTERS.map(([flag, letter]) => ((flags & flag) === 0 ? '' : letter)).join('');
  return letters === '' ? '.' : letters;
}
