import { ASCII } from '../bytes/ascii.ts';
import type { ByteWriter, Constant } from '../bytes/writer.ts';
import { ACK, FIN, RST, type SegmentView, SYN, URG, type WireResult } from '../wire/segment.ts';
import { LineHead, type LineOptions, type LineWriter, writeFirstFragment } from './line.ts';
import { constant, eight, putText, putUnsigned } from './put.ts';
import { TcpOptions } from './tcp-options.ts';

export type { LineOptions } from './line.ts';

/**
 * Lines as `tcpdump -nn` 4.99 prints them, up to and including `length N`: what it says of application protocols is
 * left out. Numbers are relative by tcpdump's own rule (SequenceBases).
 */
export class TcpdumpLine implements LineWriter {
  private readonly head: LineHead;
  private readonly options: TcpOptions = new TcpOptions();

  constructor(options: LineOptions = {}) {
    this.head = new LineHead(options, ' [|tcp]');
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
      out.ascii(`Flags [${flagLetters(flags)}] [bad hdr length ${headerLength} - too long, > ${segment.tcpLength}]`);
      return;
    }
    const to = out.view;
    const numbered = length > 0 || (flags & (SYN | FIN | RST)) !== 0;
    const start = numbered ? flags | NUMBERED : flags;
    let at = out.length;
    to.setFloat64(at, STARTS[start * 3]!, true);
    to.setFloat64(at + 8, STARTS[start * 3 + 1]!, true);
    to.setFloat64(at + 16, STARTS[start * 3 + 2]!, true);
    at += START_LENGTHS[start]!;
    if (numbered) {
      const seq = (view.getInt32(tcpAt + SEQUENCE) - head.seqBase) | 0;
      at = putUnsigned(to, at, seq);
      if (length > 0) {
        to.setUint8(at, ASCII.colon);
        at = putUnsigned(to, at + 1, (seq + length) | 0);
      }
    }
    if ((flags & ACK) !== 0) {
      to.setFloat64(at, ACK_TEXT, true);
      at = putUnsigned(to, at + 6, (view.getInt32(tcpAt + ACKNOWLEDGMENT) - head.ackBase) | 0);
    }
    to.setFloat64(at, WIN, true);
    at = putUnsigned(to, at + 6, word & 0xffff);
    if ((flags & URG) !== 0) at = putUnsigned(to, putText(to, at, URG_TEXT), view.getUint16(tcpAt + URGENT));
    if (headerLength > MIN_HEADER) {
      const from = tcpAt + MIN_HEADER;
      const end = segment.tcpEnd;
      if (headerLength === 32 && end - from >= 12 && view.getInt32(from) === TIMESTAMPS_ALONE) {
        at = putTimestamps(to, putText(to, at, TIMESTAMPS), view, from + 4);
      } else if (headerLength === 40 && end - from >= 20 && isUsualSyn(view, from)) {
        at = putUnsigned(to, putText(to, at, USUAL_SYN), view.getUint16(from + 2));
        at = putTimestamps(to, putText(to, at, USUAL_SYN_TIMESTAMPS), view, from + 8);
        at = putUnsigned(to, putText(to, at, USUAL_SYN_SCALE), view.getUint8(from + 19));
      } else {
        const options = this.options;
        options.dataKept = end - tcpAt >= segment.tcpLength;
        at = putText(to, at, OPTIONS);
        const room = headerLength - MIN_HEADER;
        const whole = options.write(to, at, segment.bytes, view, from, room, end, head.sackBase, flags);
        at = options.at;
        if (!whole) {
          out.length = at;
          return;
        }
      }
      to.setUint8(at++, ASCII.closeBracket);
    }
    to.setFloat64(at, LENGTH, true);
    to.setUint8(at + 8, ASCII.space);
    out.length = putUnsigned(to, at + 9, length);
  }
}

function putTimestamps(to: DataView, start: number, view: DataView, from: number): number {
  const at = putUnsigned(to, start, view.getInt32(from));
  to.setFloat64(at, ECHOED, true);
  return putUnsigned(to, at + 5, view.getInt32(from + 4));
}

/** Whether the options are those of most SYNs, in Linux's order: MSS, SACK permitted, timestamps, NOP, window scale. */
function isUsualSyn(view: DataView, from: number): boolean {
  return (
    view.getUint16(from) === MSS &&
    view.getInt32(from + 4) === SACK_PERMITTED_TIMESTAMPS &&
    view.getInt32(from + 16) >>> 8 === NOP_WINDOW_SCALE
  );
}

/** Octets from the start of the TCP header (RFC 9293 3.1). */
const SEQUENCE = 4;
const ACKNOWLEDGMENT = 8;
const DATA_OFFSET = 12;
const URGENT = 18;
const MIN_HEADER = 20;
/** The options of most segments: NOP, NOP, kind 8, length 10 (RFC 7323 appendix A). */
const TIMESTAMPS_ALONE = 0x0101080a;
/** Kinds and lengths in the options of most SYNs. */
const MSS = 0x0204;
const SACK_PERMITTED_TIMESTAMPS = 0x0402080a;
const NOP_WINDOW_SCALE = 0x010303;

const ACK_TEXT = eight(', ack ');
const WIN = eight(', win ');
const URG_TEXT = constant(', urg ');
const OPTIONS = constant(', options [');
const TIMESTAMPS = constant(', options [nop,nop,TS val ');
const USUAL_SYN = constant(', options [mss ');
const USUAL_SYN_TIMESTAMPS = constant(',sackOK,TS val ');
const USUAL_SYN_SCALE = constant(',nop,wscale ');
const ECHOED = eight(' ecr ');
const LENGTH = eight(', length');

/** With the octet of flags: a sequence number follows. */
const NUMBERED = 0x100;
/**
 * `Flags […]` for each octet of flags (tcpdump 4.99 knows no ninth), and `, seq ` where it has NUMBERED: three eights each,
 * and how long it is.
 */
const START_TEXTS: readonly Constant[] = Array.from({ length: 512 }, (_, flags) =>
  constant(`Flags [${flagLetters(flags)}]${flags < NUMBERED ? '' : ', seq '}`),
);
const STARTS: Float64Array = Float64Array.from(
  { length: 3 * 512 },
  (_, i) => START_TEXTS[(i / 3) | 0]!.eights[i % 3] ?? 0,
);
const START_LENGTHS: Uint8Array = Uint8Array.from(START_TEXTS, (text) => text.length);

function flagLetters(flags: number): string {
  const letters = [...'FSRP.UEW'].filter((_, bit) => (flags & (1 << bit)) !== 0).join('');
  return letters === '' ? 'none' : letters;
}
