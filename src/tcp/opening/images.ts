import { type LoneOpenings, MARK, OPENING } from '../../flow/lone-openings.ts';
import { CLIENT, END, FLOW, LOG, ROW_WORDS, SERVER } from '../../flow/rows.ts';
import { ACK, SYN } from '../../wire/segment.ts';
import { shapeOfNumbers } from '../copies.ts';

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

/** Whether the entry's numbers call for nothing but to be written into a row; what its forms call for is not looked at. */
export function isUsual(openings: LoneOpenings, place: number): boolean {
  const page = openings.page(place);
  const at = openings.startOf(place);
  const { seq, window, answerFrame, answerSeq, answerWindow, timeF64 } = OPENING;
  if (!isUsualNumber(page[at + seq]!) || page[at + window]! >>> 16 === 0) return false;
  if (!(openings.doublesOf(place)[at / 2 + timeF64]! > 0) || openings.isRepeated(place)) return false;
  if ((openings.marksAt(place) & MARK.ack) !== 0) return false;
  return (
    page[at + answerFrame] === 0 || (isUsualNumber(page[at + answerSeq]!) && page[at + answerWindow]! >>> 16 !== 0)
  );
}

/** Wireshark takes 0 for none, and so does what comes of -1. */
function isUsualNumber(seq: number): boolean {
  return seq !== 0 && seq !== -1;
}

/** Writes into a copy of an image what an entry of the same forms says. */
export function writeOpening(
  i32: Int32Array,
  f64: Float64Array,
  row: number,
  openings: LoneOpenings,
  place: number,
): void {
  const page = openings.page(place);
  const at = openings.startOf(place);
  const form = page[at + OPENING.form]!;
  const frame = page[at + OPENING.frame]!;
  const seq = page[at + OPENING.seq]!;
  const time = openings.doublesOf(place)[at / 2 + OPENING.timeF64]!;
  const half = row >> 1;
  const client = row + FLOW.client;
  const clientHalf = client >> 1;
  const isV6 = openings.forms.isV6(form >>> 16);
  const until = f64[half + FLOW.historyUntilF64]!;
  if (until !== 0) f64[half + FLOW.historyUntilF64] = until - f64[half + FLOW.synTimeF64]! + time;
  i32[row + FLOW.number] = page[at + OPENING.number]!;
  i32[row + FLOW.firstFrame] = frame;
  i32[row + FLOW.lastFrame] = frame;
  i32[row + FLOW.synFrame] = frame;
  i32[row + FLOW.lastSynFrame] = frame;
  const isElsewhere = (openings.forms.markOf(form >>> 16) & MARK.origin) !== 0;
  i32[row + FLOW.firstFile] = isElsewhere ? openings.file(place) : 0;
  i32[row + FLOW.firstFileFrame] = isElsewhere ? openings.fileFrame(place) : frame;
  f64[half + FLOW.firstTimeF64] = time;
  f64[half + FLOW.lastTimeF64] = time;
  f64[half + FLOW.synTimeF64] = time;
  f64[half + FLOW.lastSynTimeF64] = time;
  f64[half + FLOW.eventRoundTripF64] = time;
  i32[row + FLOW.historyStart] = seq;
  i32[row + FLOW.eventBase] = seq;
  writeEnd(i32, client, frame, seq, page[at + OPENING.window]!, SYN | openings.forms.congestionOf(form >>> 16));
  i32[client + END.lastIpId] = isV6 ? -1 : form & 0xffff;
  f64[clientHalf + END.oldestTimeF64] = time;
  f64[clientHalf + END.lastTimeF64] = time;
  f64[clientHalf + END.eventNextTimeF64] = time;
  const log = row + FLOW.log + ENTRY.synSent * LOG.words;
  i32[log + LOG.frame] = frame;
  f64[(log >> 1) + LOG.timeF64] = time;
  if (openings.forms.hasTimestamps(form >>> 16)) i32[client + END.tsVal] = openings.firstTimestamp(place, CLIENT);
  if (page[at + OPENING.answerFrame] === 0) return;

  const answerForm = page[at + OPENING.answerForm]!;
  const answerFrame = page[at + OPENING.answerFrame]!;
  const answerSeq = page[at + OPENING.answerSeq]!;
  const roundTrip = page[at + OPENING.later]! >>> 0;
  const answerTime = time + roundTrip;
  const server = row + FLOW.server;
  const serverHalf = server >> 1;
  i32[row + FLOW.lastFrame] = answerFrame;
  i32[row + FLOW.synAckFrame] = answerFrame;
  f64[half + FLOW.lastTimeF64] = answerTime;
  f64[half + FLOW.synAckTimeF64] = answerTime;
  f64[half + FLOW.longestSilenceF64] = answerTime - time;
  i32[row + FLOW.historyStart + 1] = answerSeq;
  i32[row + FLOW.eventBase + 1] = answerSeq;
  const answerFlags = SYN | ACK | openings.forms.congestionOf(answerForm >>> 16);
  writeEnd(i32, server, answerFrame, answerSeq, page[at + OPENING.answerWindow]!, answerFlags);
  i32[server + END.lastIpId] = isV6 ? -1 : answerForm & 0xffff;
  f64[serverHalf + END.oldestTimeF64] = answerTime;
  f64[serverHalf + END.lastTimeF64] = answerTime;
  f64[serverHalf + END.eventNextTimeF64] = answerTime;
  if (openings.forms.hasTimestamps(answerForm >>> 16)) i32[server + END.tsVal] = openings.firstTimestamp(place, SERVER);
  i32[server + END.eventAck] = seq + 1;
  // The SYN is acknowledged: nothing of the client waits.
  i32[client + END.sndUna] = seq + 1;
  i32[client + END.oldestEnd] = seq;
  i32[client + END.ackedStart] = seq;
  i32[client + END.ackedFrame] = frame;
  f64[clientHalf + END.rttMinF64] = answerTime - time;
  f64[clientHalf + END.rttMaxF64] = answerTime - time;
  f64[clientHalf + END.rttSumF64] = answerTime - time;
  const received = row + FLOW.log + ENTRY.synReceived * LOG.words;
  i32[received + LOG.frame] = frame;
  f64[(received >> 1) + LOG.timeF64] = time;
  const established = row + FLOW.log + ENTRY.established * LOG.words;
  i32[established + LOG.frame] = answerFrame;
  f64[(established >> 1) + LOG.timeF64] = answerTime;
}

/** What an end holds of the only segment that it sent, but for times. */
function writeEnd(i32: Int32Array, end: number, frame: number, seq: number, window: number, flags: number): void {
  const next = (seq + 1) | 0;
  i32[end + END.sndNxt] = next;
  i32[end + END.seenNxt] = next;
  i32[end + END.oldestStart] = seq;
  i32[end + END.oldestEnd] = next;
  i32[end + END.oldestFrame] = frame;
  i32[end + END.lastFrame] = frame;
  i32[end + END.isn] = seq;
  i32[end + END.lastSeq] = seq;
  i32[end + END.lastShape] = shapeOfNumbers(window, 0, flags);
  i32[end + END.eventNext] = next;
  i32[end + END.eventBound] = next;
  i32[end + END.eventWindow] = (window >>> 16) + 1;
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
