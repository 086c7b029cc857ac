import { ASCII } from '../bytes/ascii.ts';
import type { ByteWriter } from '../bytes/writer.ts';
import { ACK, CWR, ECE, FIN, PSH, RST, type SegmentView, SYN, URG, type WireResult } from '../wire/segment.ts';
import { putClassicOptions } from './classic-options.ts';
import { LineHead, type LineOptions, type LineWriter, writeFirstFragment } from './line.ts';
import { constant, eight, putText, putUnsigned } from './put.ts';

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

  constructor(options: LineOptions = {}) {
    this.head = new LineHead(options, '[|tcp]');
  }

  /** One function: what it calls for each line are numbers, and a call costs as much as some of them. */
  write(out: ByteWriter, segment: SegmentView, result: WireResult): void {
    if (segment.reassembled === 1 && writeFirstFragment(this, out, segment, result)) return;
    const head = this.head;
    if (!head.write(out, segment, result)) return;
    const view = segment.view;
    const tcpAt = segment.tcpAt;
    const word = view.getInt32(tcpAt + DATA_OFFSET);
    const flags = (word >>> 16) & 0xff;
    const headerLength = (word >>> 28) * 4;
    const length = segment.tcpLength - headerLength;
    if (length < 0) {
      out.ascii(`${flagLetters(flags)} [bad hdr length ${headerLength} - too long, > ${segment.tcpLength}]`);
      return;
    }
    const to = out.view;
    let at = out.length;
    to.setFloat64(at, FLAGS[flags]!, true);
    at += FLAGS_LENGTHS[flags]!;
    if (length > 0 || (flags & (SYN | FIN | RST)) !== 0) {
      const seq = (view.getInt32(tcpAt + SEQUENCE) - head.seqBase) | 0;
      to.setUint8(at, ASCII.space);
      at = putUnsigned(to, at + 1, seq);
      to.setUint8(at, ASCII.colon);
      at = putUnsigned(to, at + 1, (seq + length) | 0);
      to.setUint8(at, ASCII.openParenthesis);
      at = putUnsigned(to, at + 1, length);
      to.setUint8(at++, ASCII.closeParenthesis);
    }
    if ((flags & ACK) !== 0) {
      to.setFloat64(at, ACK_TEXT, true);
      at = putUnsigned(to, at + 5, (view.getInt32(tcpAt + ACKNOWLEDGMENT) - head.ackBase) | 0);
    }
    to.setFloat64(at, WIN, true);
    at = putUnsigned(to, at + 5, word & 0xffff);
    if ((flags & URG) !== 0) at = putUnsigned(to, putText(to, at, URG_TEXT), view.getUint16(tcpAt + URGENT));
    if (headerLength > MIN_HEADER) {
      to.setUint8(at++, ASCII.space);
      const from = tcpAt + MIN_HEADER;
      const room = headerLength - MIN_HEADER;
      at = putClassicOptions(to, at, segment.bytes, view, from, room, segment.tcpEnd, head.sackBase);
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

const ACK_TEXT = eight(' ack ');
const WIN = eight(' win ');
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
/** The letters of each octet of flags, six at most, and how many. */
const FLAGS: Float64Array = Float64Array.from({ length: 256 }, (_, flags) => eight(flagLetters(flags)));
const FLAGS_LENGTHS: Uint8Array = Uint8Array.from({ length: 256 }, (_, flags) => flagLetters(flags).length);

function flagLetters(flags: number): string {
  const letters = LETTERS.map(([flag, letter]) => ((flags & flag) === 0 ? '' : letter)).join('');
  return letters === '' ? '.' : letters;
}
