import { END, FLOW, LOG, ROW_WORDS } from '../flow/rows.ts';
import { CHECKSUM, type SegmentView, SYN } from '../wire/segment.ts';
import { shapeOf } from './copies.ts';

/**
 * Rows of openings that were replayed. Millions of openings of a flood differ in addresses, frames, times and sequence
 * numbers only: a row of the next one is a copy of the last one's of the same forms (flow/segment-forms.ts) with those
 * written in. That is four times as fast as replaying its segments, and says the same: test/tcp/lone-flows.test.ts
 * compares the rows word by word.
 */
export class OpeningImages {
  private readonly forms = new Int32Array(IMAGES);
  private readonly images: Int32Array[] = [];

  /** The row of an opening of these forms. */
  of(forms: number): Int32Array | undefined {
    return this.forms[placeOf(forms)] === forms ? this.images[placeOf(forms)] : undefined;
  }

  /** Keeps the row of an opening, of which nothing must lie beside the row. */
  keep(forms: number, i32: Int32Array, row: number): void {
    for (const field of BESIDE) if (i32[row + field] !== 0) return;
    this.forms[placeOf(forms)] = forms;
    this.images[placeOf(forms)] = i32.slice(row, row + ROW_WORDS);
  }
}

/** Whether a SYN or SYN+ACK says nothing that calls for more than its numbers in a row. */
export function isUsual({ seq, window, checksum, time, flags, ack }: SegmentView): boolean {
  return seq !== 0 && seq !== -1 && window !== 0 && checksum < CHECKSUM.bad && time > 0 && (flags !== SYN || ack === 0);
}

/** Writes into a copy of an image what its flow's SYN says; `answered` when there is a SYN+ACK, too. */
export function writeSyn(
  i32: Int32Array,
  f64: Float64Array,
  row: number,
  number: number,
  syn: SegmentView,
  answered: boolean,
): void {
  const { frame, time, seq } = syn;
  const half = row >> 1;
  const client = row + FLOW.client;
  const until = f64[half + FLOW.historyUntilF64]!;
  if (until !== 0) f64[half + FLOW.historyUntilF64] = until - f64[half + FLOW.synTimeF64]! + time;
  i32[row + FLOW.number] = number;
  i32[row + FLOW.firstFrame] = frame;
  i32[row + FLOW.lastFrame] = frame;
  i32[row + FLOW.synFrame] = frame;
  i32[row + FLOW.lastSynFrame] = frame;
  i32[row + FLOW.firstFile] = syn.file;
  i32[row + FLOW.firstFileFrame] = syn.fileFrame;
  f64[half + FLOW.firstTimeF64] = time;
  f64[half + FLOW.lastTimeF64] = time;
  f64[half + FLOW.synTimeF64] = time;
  f64[half + FLOW.lastSynTimeF64] = time;
  f64[half + FLOW.eventRoundTripF64] = time;
  i32[row + FLOW.historyStart] = seq;
  i32[row + FLOW.eventBase] = seq;
  writeEnd(i32, f64, client, syn);
  writeLog(i32, f64, row, ENTRY.synSent, syn);
  if (answered) writeLog(i32, f64, row, ENTRY.synReceived, syn);
}

/** Writes what the SYN+ACK says, after the SYN. */
export function writeSynAck(i32: Int32Array, f64: Float64Array, row: number, synAck: SegmentView): void {
  const { frame, time, seq, ack } = synAck;
  const half = row >> 1;
  const client = row + FLOW.client;
  const server = row + FLOW.server;
  const roundTrip = time - f64[half + FLOW.synTimeF64]!;
  i32[row + FLOW.lastFrame] = frame;
  i32[row + FLOW.synAckFrame] = frame;
  f64[half + FLOW.lastTimeF64] = time;
  f64[half + FLOW.synAckTimeF64] = time;
  f64[half + FLOW.longestSilenceF64] = roundTrip;
  i32[row + FLOW.historyStart + 1] = seq;
  i32[row + FLOW.eventBase + 1] = seq;
  writeEnd(i32, f64, server, synAck);
  i32[server + END.eventAck] = ack;
  // The SYN is acknowledged: nothing of the client waits.
  i32[client + END.sndUna] = ack;
  i32[client + END.oldestEnd] = i32[client + END.oldestStart]!;
  i32[client + END.ackedStart] = i32[client + END.oldestStart]!;
  i32[client + END.ackedFrame] = i32[client + END.oldestFrame]!;
  f64[(client >> 1) + END.rttMinF64] = roundTrip;
  f64[(client >> 1) + END.rttMaxF64] = roundTrip;
  f64[(client >> 1) + END.rttSumF64] = roundTrip;
  writeLog(i32, f64, row, ENTRY.established, synAck);
}

/** What an end holds of the only segment that it sent. */
function writeEnd(i32: Int32Array, f64: Float64Array, end: number, segment: SegmentView): void {
  const { frame, time, seq } = segment;
  const next = (seq + 1) | 0;
  i32[end + END.sndNxt] = next;
  i32[end + END.seenNxt] = next;
  i32[end + END.oldestStart] = seq;
  i32[end + END.oldestEnd] = next;
  i32[end + END.oldestFrame] = frame;
  i32[end + END.lastFrame] = frame;
  i32[end + END.isn] = seq;
  i32[end + END.lastSeq] = seq;
  i32[end + END.lastIpId] = segment.ipId;
  i32[end + END.lastShape] = shapeOf(segment);
  i32[end + END.eventNext] = next;
  i32[end + END.eventBound] = next;
  i32[end + END.eventWindow] = segment.window + 1;
  if (segment.hasTimestamps !== 0) i32[end + END.tsVal] = segment.tsVal;
  f64[(end >> 1) + END.oldestTimeF64] = time;
  f64[(end >> 1) + END.lastTimeF64] = time;
  f64[(end >> 1) + END.eventNextTimeF64] = time;
}

function writeLog(i32: Int32Array, f64: Float64Array, row: number, entry: number, { frame, time }: SegmentView): void {
  const at = row + FLOW.log + entry * LOG.words;
  i32[at + LOG.frame] = frame;
  f64[(at >> 1) + LOG.timeF64] = time;
}

/** The entries of the state log that a segment brought: each in its turn, and LISTEN, which none did, is the second. */
const ENTRY = { synSent: 0, synReceived: 2, established: 3 } as const;

/** Images that are kept: as many as the top six bits of a hash tell apart. */
const IMAGES = 64;

function placeOf(forms: number): number {
  return Math.imul(forms, 0x9e3779b1) >>> 26;
}

/** What says that something of the flow lies beside its row. */
const BESIDE = [
  FLOW.evidence,
  FLOW.timing,
  FLOW.historyExtra,
  FLOW.client + END.eventCounts,
  FLOW.server + END.eventCounts,
  FLOW.client + END.outstanding,
  FLOW.server + END.outstanding,
  FLOW.client + END.roundTrips,
  FLOW.server + END.roundTrips,
];
