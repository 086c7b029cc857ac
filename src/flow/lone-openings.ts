import { ACK, CHECKSUM, CHECKSUM_FIELD, checksumOnWire, type SegmentView, SYN } from '../wire/segment.ts';
import { RareWords } from './rare-words.ts';
import { RepeatedOpenings } from './repeated-openings.ts';
import { CLIENT, FLOW, FLOW_BITS, SERVER, type Side } from './rows.ts';
import { CONGESTION, SegmentForms } from './segment-forms.ts';

/** A flow's key as the table makes it of a segment, and which end sent that. */
export interface FlowKey {
  keyLow: number;
  keyHigh: number;
  ports: number;
  split: number;
  v6: number;
  senderIsHigh: number;
  readonly wide: Int32Array;
}

/**
 * Flows of nothing but a SYN and perhaps its SYN+ACK, which may have been sent again, each in 64 octets (and 32 for each
 * time) where a row takes over a thousand: a flood has millions of them. An entry holds its segments so that they can be
 * replayed into a row as soon as anything else comes (tcp/opening/lone-flows.ts); nothing is concluded from them here.
 *
 * Entries are found by the flow's place (flow/places.ts) and lie in pages, which are made when they are first needed.
 * Every method takes the page and the entry's start itself: through a method that reads one word, analysing a flood takes
 * 7 % longer. That is why this file is as long as it is.
 */
export class LoneOpenings {
  /** How many flows are kept here now. */
  count = 0;
  readonly forms: SegmentForms = new SegmentForms();
  private readonly pages: Int32Array[] = [];
  private readonly doubles: Float64Array[] = [];
  /** The SYN's acknowledgment number, which most leave 0. */
  private readonly acks = new RareWords(PAGE_SHIFT, 1);
  /** The timestamps of SYN and SYN+ACK. */
  private readonly stamps = new RareWords(PAGE_SHIFT, 2);
  /** File and record number of the SYN, where there are several files. */
  private readonly origins = new RareWords(PAGE_SHIFT, 2);
  /** IPv6 addresses of both ends. */
  private readonly addresses = new RareWords(PAGE_SHIFT, 8);
  /** The last of the flow's repeated segments. */
  private readonly lastRepeats = new RareWords(PAGE_SHIFT, 1);
  private readonly repeats = new RepeatedOpenings();

  /** Keeps a flow that a SYN begins; answers false, having changed nothing, when it is no plain one. */
  begin(place: number, number: number, key: FlowKey, segment: SegmentView): boolean {
    const { frame, file, fileFrame } = segment;
    if ((segment.flags & ~CONGESTION) !== SYN || !isPlain(segment)) return false;
    const form = this.forms.numberOf(segment, marksOf(key, segment), 0);
    if (form === 0) return false;
    const page = this.pageFor(place);
    const at = (place & PLACE_MASK) * WORDS;
    page[at + OPENING.keyLow] = key.keyLow;
    page[at + OPENING.keyHigh] = key.keyHigh;
    page[at + OPENING.ports] = key.ports;
    page[at + OPENING.number] = number;
    this.doubles[place >> PAGE_SHIFT]![at / 2 + OPENING.timeF64] = segment.time;
    page[at + OPENING.frame] = frame;
    page[at + OPENING.seq] = segment.seq;
    page[at + OPENING.window] = windowAndChecksum(segment);
    page[at + OPENING.form] = (form << 16) | (segment.ipId & 0xffff);
    page[at + OPENING.answerFrame] = 0;
    page[at + OPENING.aside] = 0;
    this.count++;
    if (segment.ack !== 0) this.acks.set(place, 0, segment.ack);
    if (segment.hasTimestamps !== 0) this.stamps.set(place, CLIENT, segment.tsVal);
    if (file !== 0 || fileFrame !== frame) {
      this.origins.set(place, 0, file);
      this.origins.set(place, 1, fileFrame);
    }
    if (key.v6 !== 0) for (let i = 0; i < 8; i++) this.addresses.set(place, i, key.wide[i]!);
    return true;
  }

  /** Keeps the SYN+ACK that answers the SYN within four seconds; answers false when it is no plain one. */
  answer(place: number, key: FlowKey, segment: SegmentView): boolean {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    if ((segment.flags & ~CONGESTION) !== (SYN | ACK) || page[at + OPENING.answerFrame] !== 0) return false;
    if (!isPlain(segment) || this.sideOf(place, key) !== SERVER) return false;
    const later = segment.time - this.synTime(place);
    if (((segment.ack - page[at + OPENING.seq]!) | 0) !== 1 || !(later >= 0 && later <= LATEST)) return false;
    const form = this.forms.numberOf(segment, 0, 1);
    if (form === 0) return false;
    page[at + OPENING.answerFrame] = segment.frame;
    page[at + OPENING.answerSeq] = segment.seq;
    page[at + OPENING.answerWindow] = windowAndChecksum(segment);
    page[at + OPENING.answerForm] = (form << 16) | (segment.ipId & 0xffff);
    page[at + OPENING.later] = later;
    if (segment.hasTimestamps !== 0) this.stamps.set(place, SERVER, segment.tsVal);
    return true;
  }

  /** Keeps a SYN or SYN+ACK that is the same as the first; answers false when it differs. */
  repeat(place: number, key: FlowKey, segment: SegmentView): boolean {
    if (!isPlain(segment)) return false;
    const side = this.sideOf(place, key);
    if (!(side === CLIENT ? this.repeatsSyn(place, key, segment) : this.repeatsAnswer(place, segment))) return false;
    this.lastRepeats.set(place, 0, this.repeats.add(this.lastRepeat(place), segment, windowAndChecksum(segment)));
    return true;
  }

  private repeatsSyn(place: number, key: FlowKey, segment: SegmentView): boolean {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    const form = page[at + OPENING.form]! >>> 16;
    if ((segment.flags & ~CONGESTION) !== SYN || segment.seq !== page[at + OPENING.seq]) return false;
    if (segment.ack !== this.synAck(place)) return false;
    // Of the repeats' files nothing is kept: that they are of another one makes no other form of them.
    const marks = (marksOf(key, segment) & ~MARK.origin) | (this.forms.markOf(form) & MARK.origin);
    return this.forms.numberOf(segment, marks, 0) === form;
  }

  private repeatsAnswer(place: number, segment: SegmentView): boolean {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    return (
      page[at + OPENING.answerFrame] !== 0 &&
      (segment.flags & ~CONGESTION) === (SYN | ACK) &&
      segment.seq === page[at + OPENING.answerSeq] &&
      ((segment.ack - page[at + OPENING.seq]!) | 0) === 1 &&
      this.forms.numberOf(segment, 0, 1) === page[at + OPENING.answerForm]! >>> 16
    );
  }

  /** Which side the sender of the segment that made the key is. */
  private sideOf(place: number, key: FlowKey): Side {
    return (key.senderIsHigh !== 0 ? 1 : 0) === this.clientIsHigh(place) ? CLIENT : SERVER;
  }

  /**
   * Calls `visit` for each of the flow's segments after its first SYN, in order: with `syn` or `answer`, whichever it is
   * one of, made it. They were filled with the first ones.
   */
  eachAfterSyn(
    place: number,
    syn: SegmentView,
    answer: SegmentView,
    visit: (segment: SegmentView, side: Side) => void,
  ): void {
    let answerFrame = this.pages[place >> PAGE_SHIFT]![(place & PLACE_MASK) * WORDS + OPENING.answerFrame]!;
    const last = this.lastRepeat(place);
    for (let entry = last; entry !== 0; ) {
      entry = this.repeats.after(entry);
      if (answerFrame !== 0 && this.repeats.frame(entry) > answerFrame) {
        visit(answer, SERVER);
        answerFrame = 0;
      }
      const side = this.repeats.side(entry);
      const segment = side === CLIENT ? syn : answer;
      writeWindow(segment, this.repeats.read(entry, segment));
      visit(segment, side);
      if (entry === last) break;
    }
    if (answerFrame !== 0) visit(answer, SERVER);
  }

  /** Gives back the flow's repeated segments. */
  forgetRepeats(place: number): void {
    const last = this.lastRepeat(place);
    if (last === 0) return;
    this.repeats.give(last);
    this.lastRepeats.set(place, 0, 0);
  }

  /** Whether the SYN or the SYN+ACK was sent again. */
  isRepeated(place: number): boolean {
    return this.lastRepeat(place) !== 0;
  }

  private lastRepeat(place: number): number {
    return this.lastRepeats.get(place, 0);
  }

  /** Number of the flow that is or was kept at the place; 0 if there is none. */
  numberAt(place: number): number {
    const page = this.pages[place >> PAGE_SHIFT];
    return page === undefined ? 0 : page[(place & PLACE_MASK) * WORDS + OPENING.number]!;
  }

  /** The row that the flow has now; -1 while it has none. */
  rowAt(place: number): number {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    return page[at + OPENING.form]! >>> 16 === HAS_ROW ? page[at + OPENING.row]! : -1;
  }

  /** Whether a flow is kept at the place, and has no row. */
  isKept(place: number): boolean {
    return this.numberAt(place) !== 0 && this.rowAt(place) < 0;
  }

  /** Whether the flow kept at the place is that of the key. */
  holds(place: number, key: FlowKey): boolean {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    if (page[at + OPENING.ports] !== key.ports || page[at + OPENING.keyLow] !== key.keyLow) return false;
    const form = page[at + OPENING.form]! >>> 16;
    if (page[at + OPENING.keyHigh] !== key.keyHigh || this.forms.splitOf(form) !== key.split) return false;
    if (this.forms.isV6(form) !== (key.v6 !== 0)) return false;
    if (key.v6 === 0) return true;
    for (let i = 0; i < 8; i++) if (this.addresses.get(place, i) !== key.wide[i]) return false;
    return true;
  }

  /** Writes the flow's key, as a segment of its client makes it. */
  readKey(place: number, key: FlowKey): void {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    const form = page[at + OPENING.form]! >>> 16;
    key.keyLow = page[at + OPENING.keyLow]!;
    key.keyHigh = page[at + OPENING.keyHigh]!;
    key.ports = page[at + OPENING.ports]!;
    key.split = this.forms.splitOf(form);
    key.senderIsHigh = this.clientIsHigh(place);
    key.v6 = this.forms.isV6(form) ? FLOW_BITS.v6 : 0;
    if (key.v6 === 0) return;
    for (let i = 0; i < 8; i++) key.wide[i] = this.addresses.get(place, i);
  }

  /** Writes to `row` what tells the flow's ends: the fields that a row has for them. */
  readEnds(place: number, row: Int32Array): void {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    const isV6 = this.forms.isV6(page[at + OPENING.form]! >>> 16);
    row[FLOW.keyLow] = page[at + OPENING.keyLow]!;
    row[FLOW.keyHigh] = page[at + OPENING.keyHigh]!;
    row[FLOW.ports] = page[at + OPENING.ports]!;
    row[FLOW.bits] = (isV6 ? FLOW_BITS.v6 : 0) | (this.clientIsHigh(place) !== 0 ? FLOW_BITS.clientIsHigh : 0);
    if (!isV6) return;
    for (let i = 0; i < 8; i++) row[FLOW.addressLow + i] = this.addresses.get(place, i);
  }

  /** Whether the server is that of a row whose client's end is as high or as low, both IPv4. */
  hasServerOf(place: number, i32: Int32Array, row: number): boolean {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    if ((i32[row + FLOW.bits]! & FLOW_BITS.v6) !== 0) return false;
    const ports = page[at + OPENING.ports]! ^ i32[row + FLOW.ports]!;
    if ((this.forms.markOf(page[at + OPENING.form]! >>> 16) & MARK.high) !== 0)
      return page[at + OPENING.keyLow] === i32[row + FLOW.keyLow] && ports >>> 16 === 0;
    return page[at + OPENING.keyHigh] === i32[row + FLOW.keyHigh] && (ports & 0xffff) === 0;
  }

  /** The client's IPv4 address. */
  clientAddress(place: number): number {
    const page = this.pages[place >> PAGE_SHIFT]!;
    return page[(place & PLACE_MASK) * WORDS + (this.clientIsHigh(place) !== 0 ? OPENING.keyHigh : OPENING.keyLow)]!;
  }

  /** 1 when the client is the higher end. */
  clientIsHigh(place: number): number {
    const form = this.pages[place >> PAGE_SHIFT]![(place & PLACE_MASK) * WORDS + OPENING.form]! >>> 16;
    return (this.forms.markOf(form) & MARK.high) !== 0 ? 1 : 0;
  }

  /** Whether the SYN+ACK was captured. */
  isAnswered(place: number): boolean {
    return this.pages[place >> PAGE_SHIFT]![(place & PLACE_MASK) * WORDS + OPENING.answerFrame] !== 0;
  }

  synTime(place: number): number {
    return this.doubles[place >> PAGE_SHIFT]![(place & PLACE_MASK) * (WORDS / 2) + OPENING.timeF64]!;
  }

  /** The forms of both segments, as one number. */
  formsAt(place: number): number {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    const form = page[at + OPENING.form]! & ~0xffff;
    return page[at + OPENING.answerFrame] === 0 ? form : form | (page[at + OPENING.answerForm]! >>> 16);
  }

  /** When the flow's last segment came. */
  lastTime(place: number): number {
    const last = this.lastRepeat(place);
    const page = this.pages[place >> PAGE_SHIFT]!;
    if (last === 0 || this.repeats.frame(last) < page[(place & PLACE_MASK) * WORDS + OPENING.answerFrame]!)
      return this.answerTime(place);
    return this.repeats.time(last);
  }

  /** When the flow's SYN+ACK came for the first time; where there is none, its SYN. */
  answerTime(place: number): number {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    return page[at + OPENING.answerFrame] === 0
      ? this.synTime(place)
      : this.synTime(place) + (page[at + OPENING.later]! >>> 0);
  }

  /** The newest timestamp that a side sent, and when its last segment came; undefined when it sent none. */
  timestamp(place: number, side: Side): { tsVal: number; time: number } | undefined {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    if (side === SERVER && page[at + OPENING.answerFrame] === 0) return undefined;
    const form = page[at + (side === CLIENT ? OPENING.form : OPENING.answerForm)]! >>> 16;
    if (!this.forms.hasTimestamps(form)) return undefined;
    let tsVal = this.stamps.get(place, side);
    let time = side === CLIENT ? this.synTime(place) : this.answerTime(place);
    const last = this.lastRepeat(place);
    for (let entry = last; entry !== 0; ) {
      entry = this.repeats.after(entry);
      if (this.repeats.side(entry) === side) {
        time = this.repeats.time(entry);
        if (((this.repeats.tsVal(entry) - tsVal) | 0) > 0) tsVal = this.repeats.tsVal(entry);
      }
      if (entry === last) break;
    }
    return { tsVal, time };
  }

  /** Timestamp of the first segment that a side sent, where its form has one. */
  firstTimestamp(place: number, side: Side): number {
    return this.stamps.get(place, side);
  }

  /** The SYN's acknowledgment number. */
  private synAck(place: number): number {
    return (this.marksAt(place) & MARK.ack) === 0 ? 0 : this.acks.get(place, 0);
  }

  /** Bits of MARK. */
  marksAt(place: number): number {
    return this.forms.markOf(this.pages[place >> PAGE_SHIFT]![(place & PLACE_MASK) * WORDS + OPENING.form]! >>> 16);
  }

  /** Frames of the first SYN, and of the first SYN+ACK; 0 while there is none. */
  frame(place: number): number {
    return this.pages[place >> PAGE_SHIFT]![(place & PLACE_MASK) * WORDS + OPENING.frame]!;
  }

  answerFrame(place: number): number {
    return this.pages[place >> PAGE_SHIFT]![(place & PLACE_MASK) * WORDS + OPENING.answerFrame]!;
  }

  /** File and record number of the SYN, as RecordView has them. */
  file(place: number): number {
    return (this.marksAt(place) & MARK.origin) === 0 ? 0 : this.origins.get(place, 0);
  }

  fileFrame(place: number): number {
    return (this.marksAt(place) & MARK.origin) === 0 ? this.frame(place) : this.origins.get(place, 1);
  }

  /** How many of the flow's first segments have a wrong checksum. */
  wrongChecksums(place: number): number {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    const syn = this.forms.checksumOf(page[at + OPENING.form]! >>> 16) >= CHECKSUM.bad ? 1 : 0;
    if (page[at + OPENING.answerFrame] === 0) return syn;
    return syn + (this.forms.checksumOf(page[at + OPENING.answerForm]! >>> 16) >= CHECKSUM.bad ? 1 : 0);
  }

  /** Fills `segment` with what was kept of the SYN. Addresses and ports come from the key. */
  readSyn(place: number, key: FlowKey, segment: SegmentView): void {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    const word = page[at + OPENING.form]!;
    this.forms.apply(word >>> 16, segment);
    segment.flags |= SYN;
    segment.frame = page[at + OPENING.frame]!;
    segment.time = this.synTime(place);
    segment.seq = page[at + OPENING.seq]!;
    segment.ack = this.synAck(place);
    segment.file = this.file(place);
    segment.fileFrame = this.fileFrame(place);
    segment.tsVal = this.stamps.get(place, CLIENT);
    writeRest(segment, key, page[at + OPENING.window]!, word);
  }

  /** Fills `segment` with what was kept of the SYN+ACK. Of its file nothing is kept: nobody asks for it. */
  readAnswer(place: number, key: FlowKey, segment: SegmentView): void {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    const word = page[at + OPENING.answerForm]!;
    this.forms.apply(word >>> 16, segment);
    segment.flags |= SYN | ACK;
    segment.frame = page[at + OPENING.answerFrame]!;
    segment.time = this.answerTime(place);
    segment.seq = page[at + OPENING.answerSeq]!;
    segment.ack = (page[at + OPENING.seq]! + 1) | 0;
    writeRest(segment, key, page[at + OPENING.answerWindow]!, word);
    segment.tsVal = this.stamps.get(place, SERVER);
  }

  /** A word of the entry that is its reader's own: 0 at first. */
  aside(place: number): number {
    return this.pages[place >> PAGE_SHIFT]![(place & PLACE_MASK) * WORDS + OPENING.aside]!;
  }

  setAside(place: number, word: number): void {
    this.pages[place >> PAGE_SHIFT]![(place & PLACE_MASK) * WORDS + OPENING.aside] = word;
  }

  /** The flow has a row now. Its number and times stay until the place is given back. */
  moveTo(place: number, row: number): void {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    page[at + OPENING.row] = row;
    page[at + OPENING.form] = HAS_ROW << 16;
    this.count--;
  }

  /** The flow at the place, if it was ever kept here, is finished. */
  forget(place: number): void {
    const page = this.pages[place >> PAGE_SHIFT];
    if (page !== undefined) page[(place & PLACE_MASK) * WORDS + OPENING.number] = 0;
  }

  /** The page that holds the place's entry, and the same as doubles. */
  page(place: number): Int32Array {
    return this.pages[place >> PAGE_SHIFT]!;
  }

  doublesOf(place: number): Float64Array {
    return this.doubles[place >> PAGE_SHIFT]!;
  }

  /** Where in the page the place's entry starts. */
  startOf(place: number): number {
    return (place & PLACE_MASK) * WORDS;
  }

  /** Number of the page that a place is on. */
  pageOf(place: number): number {
    return place >> PAGE_SHIFT;
  }

  /** Gives back a page's memory: nothing on it is asked for again. */
  dropPage(number: number): void {
    if (this.pages[number] === undefined) return;
    this.pages[number] = NOTHING;
    this.doubles[number] = NO_DOUBLES;
    for (const rare of [this.acks, this.stamps, this.origins, this.addresses, this.lastRepeats]) rare.dropPage(number);
  }

  private pageFor(place: number): Int32Array {
    const number = place >> PAGE_SHIFT;
    const page = this.pages[number];
    if (page !== undefined) return page;
    // Pages are made in the order of places, but the first ones may be those of flows that have rows.
    for (let i = this.pages.length; i <= number; i++) {
      const fresh = new Int32Array(PLACES * WORDS);
      this.pages.push(fresh);
      this.doubles.push(new Float64Array(fresh.buffer));
    }
    return this.pages[number]!;
  }
}

/** Where an entry's fields lie, from its start in its page; a name that ends in F64 indexes doubles. */
export const OPENING = {
  keyLow: 0,
  keyHigh: 1,
  ports: 2,
  /** 0: nothing is kept here. */
  number: 3,
  timeF64: 2,
  frame: 6,
  seq: 7,
  /** Window in the upper half, checksum (on the wire) in the lower. */
  window: 8,
  /** Form in the upper half, IPv4 identification in the lower. */
  form: 9,
  answerFrame: 10,
  answerSeq: 11,
  answerWindow: 12,
  answerForm: 13,
  /** Nanoseconds from SYN to SYN+ACK, unsigned. */
  later: 14,
  aside: 15,
  /** In the place of the key, when the flow has a row. */
  row: 0,
} as const;
const WORDS = 16;
const PAGE_SHIFT = 14;
const PLACES = 1 << PAGE_SHIFT;
const PLACE_MASK = PLACES - 1;
/** In place of a form: the flow has a row. */
const HAS_ROW = 0xffff;
const LATEST = 0xffff_ffff;
const NOTHING = new Int32Array(0);
const NO_DOUBLES = new Float64Array(0);

/** Bits that a SYN's form has beside: what lies beside its entry, and that the client is the higher end. */
export const MARK = { ack: 1, high: 2, origin: 4 } as const;

function marksOf(key: FlowKey, segment: SegmentView): number {
  return (
    (segment.ack !== 0 ? MARK.ack : 0) |
    (key.senderIsHigh !== 0 ? MARK.high : 0) |
    (segment.file !== 0 || segment.fileFrame !== segment.frame ? MARK.origin : 0)
  );
}

/** Header only, kept whole, no option but the usual ones. */
function isPlain(segment: SegmentView): boolean {
  return (
    segment.roomLength === 0 &&
    segment.tcpLength === segment.headerLength &&
    segment.tcpEnd - segment.tcpAt === segment.headerLength &&
    segment.fastOpenCookie < 0 &&
    segment.multipath === 0 &&
    segment.sackCount === 0
  );
}

function windowAndChecksum(segment: SegmentView): number {
  return (segment.window << 16) | checksumOnWire(segment);
}

/** Puts into `segment` what does not depend on which of the two it is. */
function writeRest(segment: SegmentView, key: FlowKey, windowWord: number, formWord: number): void {
  segment.ipId = key.v6 !== 0 ? -1 : formWord & 0xffff;
  writeWindow(segment, windowWord);
}

function writeWindow(segment: SegmentView, windowWord: number): void {
  segment.window = windowWord >>> 16;
  segment.view.setUint16(segment.tcpAt + CHECKSUM_FIELD, windowWord & 0xffff);
  segment.finishedChecksum = windowWord & 0xffff;
}
