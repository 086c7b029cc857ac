import { seqDelta } from '../../bytes/seq.ts';
import { CLIENT, END, FLOW, type FlowRows, SERVER } from '../../flow/rows.ts';
import { ACK, CHECKSUM, FIN, RST, type SegmentView, SYN } from '../../wire/segment.ts';
import { hasSeen, LETTER } from './letters.ts';
import { HISTORY, stateOf, ZEEK } from './word.ts';

/** Whether a segment can bring nothing new to `history` and `connState`: asked before it is counted. */
export function isQuiet(
  i32: Int32Array,
  row: number,
  side: number,
  sender: number,
  receiver: number,
  segment: SegmentView,
): boolean {
  const { flags, roomLength } = segment;
  if ((flags & (SYN | FIN | RST)) !== 0 || segment.window === 0) return false;
  const word = i32[row + FLOW.history]!;
  if (roomLength === 0) {
    if ((word & ((HISTORY.quietAck << (side * 2)) | HISTORY.truncated)) !== HISTORY.quietAck << (side * 2))
      return false;
  } else {
    if ((word & ((HISTORY.quietData << (side * 2)) | HISTORY.truncated)) !== HISTORY.quietData << (side * 2))
      return false;
    if (seqDelta(i32[sender + END.sndNxt]!, (segment.seq + roomLength) | 0) <= 0) return false;
    if (segment.checksum === CHECKSUM.unverified && keptOctets(segment) < roomLength) return false;
  }
  return (flags & ACK) === 0 || seqDelta(i32[receiver + END.seenNxt]!, segment.ack) <= 0;
}

/** Whether a segment's letter is there and the states can't change, though it is not quiet. */
export function isPlain(word: number, side: number, segment: SegmentView): boolean {
  const quiet = (segment.roomLength === 0 ? HISTORY.quietAck : HISTORY.quietData) << (side * 2);
  if ((word & (quiet | HISTORY.truncated | HISTORY.over)) !== (quiet | HISTORY.truncated)) return false;
  return (
    (segment.flags & (SYN | FIN | RST)) === 0 &&
    segment.window !== 0 &&
    segment.tcpAt + segment.headerLength <= segment.tcpEnd
  );
}

/** Finds out which segments are quiet from now on. */
export function settle(rows: FlowRows, row: number): void {
  const { i32, f64 } = rows;
  let word = i32[row + FLOW.history]!;
  const client = stateOf(i32, row, CLIENT);
  const server = stateOf(i32, row, SERVER);
  if ((word & HISTORY.attempt) !== 0 && client !== ZEEK.inactive && server !== ZEEK.inactive) {
    word &= ~HISTORY.attempt;
    f64[row / 2 + FLOW.historyUntilF64] = 0;
  }
  word &= ~HISTORY.quiet;
  const open = client >= ZEEK.partial && server >= ZEEK.partial && (word & HISTORY.doubtful) === 0;
  if (open && f64[row / 2 + FLOW.historyUntilF64] === 0) {
    for (let side = CLIENT; side <= SERVER; side++) {
      if (hasSeen(i32, row, side, LETTER.data)) word |= HISTORY.quietData << (side * 2);
      if (hasSeen(i32, row, side, LETTER.ack)) word |= HISTORY.quietAck << (side * 2);
    }
  }
  i32[row + FLOW.history] = word;
}

/** Octets of payload that the capture kept; below 0 where it cut the header. */
export function keptOctets(segment: SegmentView): number {
  return segment.tcpEnd - segment.tcpAt - segment.headerLength;
}
