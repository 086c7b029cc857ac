import { ACK, CHECKSUM, type SegmentView, SYN } from '../wire/segment.ts';
import { RepeatedAnswers } from './repeated-answers.ts';
import { FLOW, FLOW_BITS } from './rows.ts';
import { SegmentForms } from './segment-forms.ts';

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
 * time) where a row takes over a thousand: a flood has millions of them. An entry holds its segments so that they can be replayed into a row as soon as anything else
 * comes (tcp/lone-flows.ts); nothing is concluded from them here.
 *
 * Entries are found by the flow's place (flow/places.ts) and lie in pages, which are made when they are first needed.
 */
export class LoneOpenings {
  /** How many flows are kept here now. */
  count = 0;
  private readonly pages: Int32Array[] = [];
  private readonly doubles: Float64Array[] = [];
  /** What few captures need: IPv6 addresses, timestamps, more than one file. */
  private readonly extras: (Int32Array | undefined)[] = [];
  readonly forms: SegmentForms = new SegmentForms();
  /** By place, where any on its page has some: the last of the flow's repeated SYN+ACKs. */
  private readonly lastRepeats: (Int32Array | undefined)[] = [];
  private readonly repeats = new RepeatedAnswers();

  /** Keeps a flow that a SYN begins; answers false, having changed nothing, when it is no plain one. */
  begin(place: number, number: number, key: FlowKey, segment: SegmentView): boolean {
    const { frame, file, fileFrame } = segment;
    if (segment.flags !== SYN || !isPlain(segment)) return false;
    const isOdd = key.v6 !== 0 || segment.hasTimestamps !== 0 || segment.ack !== 0 || file !== 0 || fileFrame !== frame;
    const form = this.forms.numberOf(segment, (isOdd ? MARK.extra : 0) | (key.senderIsHigh !== 0 ? MARK.high : 0), 0);
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
    if (!isOdd) return true;
    const extra = this.extraPage(place);
    const from = (place & PLACE_MASK) * EXTRA.words;
    extra[from + EXTRA.ack] = segment.ack;
    extra[from + EXTRA.file] = file;
    extra[from + EXTRA.fileFrame] = fileFrame;
    extra[from + EXTRA.tsVal] = segment.tsVal;
    if (key.v6 !== 0) for (let i = 0; i < 8; i++) extra[from + EXTRA.addresses + i] = key.wide[i]!;
    return true;
  }

  /** Keeps the SYN+ACK that answers the SYN within four seconds; answers false when it is no plain one. */
  answer(place: number, key: FlowKey, segment: SegmentView): boolean {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    if (segment.flags !== (SYN | ACK) || page[at + OPENING.answerFrame] !== 0 || !isPlain(segment)) return false;
    const later = segment.time - this.synTime(place);
    if (((segment.ack - page[at + OPENING.seq]!) | 0) !== 1 || !(later >= 0 && later <= LATEST)) return false;
    if ((this.forms.markOf(page[at + OPENING.form]! >>> 16) & MARK.high) !== (key.senderIsHigh !== 0 ? 0 : MARK.high))
      return false;
    const form = this.forms.numberOf(segment, 0, 1);
    if (form === 0) return false;
    page[at + OPENING.answerFrame] = segment.frame;
    page[at + OPENING.answerSeq] = segment.seq;
    page[at + OPENING.answerWindow] = windowAndChecksum(segment);
    page[at + OPENING.answerForm] = (form << 16) | (segment.ipId & 0xffff);
    page[at + OPENING.later] = later;
    if (segment.hasTimestamps !== 0)
      this.extraPage(place)[(place & PLACE_MASK) * EXTRA.words + EXTRA.answerTsVal] = segment.tsVal;
    return true;
  }

  /** Keeps a SYN+ACK that is the same as the first; answers false when it differs. */
  repeat(place: number, key: FlowKey, segment: SegmentView): boolean {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    if (segment.flags !== (SYN | ACK) || !isPlain(segment) || segment.seq !== page[at + OPENING.answerSeq])
      return false;
    if (((segment.ack - page[at + OPENING.seq]!) | 0) !== 1) return false;
    if ((this.forms.markOf(page[at + OPENING.form]! >>> 16) & MARK.high) !== (key.senderIsHigh !== 0 ? 0 : MARK.high))
      return false;
    if (this.forms.numberOf(segment, 0, 1) !== page[at + OPENING.answerForm]! >>> 16) return false;
    let last = this.lastRepeats[place >> PAGE_SHIFT];
    if (last === undefined) {
      last = new Int32Array(PLACES);
      this.lastRepeats[place >> PAGE_SHIFT] = last;
    }
    last[place & PLACE_MASK] = this.repeats.add(last[place & PLACE_MASK]!, segment, windowAndChecksum(segment));
    return true;
  }

  /** Calls `visit` for each of the flow's repeated SYN+ACKs, with `segment`, which was filled with the first, made it. */
  eachRepeat(place: number, segment: SegmentView, visit: () => void): void {
    const last = this.lastRepeat(place);
    for (let entry = last; entry !== 0; ) {
      entry = this.repeats.after(entry);
      const windowWord = this.repeats.read(entry, segment);
      writeWindow(segment, windowWord);
      visit();
      if (entry === last) return;
    }
  }

  /** Gives back the flow's repeated SYN+ACKs. */
  forgetRepeats(place: number): void {
    const last = this.lastRepeat(place);
    if (last === 0) return;
    this.repeats.give(last);
    this.lastRepeats[place >> PAGE_SHIFT]![place & PLACE_MASK] = 0;
  }

  /** Whether the SYN+ACK was sent again. */
  isRepeated(place: number): boolean {
    return this.lastRepeat(place) !== 0;
  }

  private lastRepeat(place: number): number {
    return this.lastRepeats[place >> PAGE_SHIFT]?.[place & PLACE_MASK] ?? 0;
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
    const extra = this.extras[place >> PAGE_SHIFT]!;
    const from = (place & PLACE_MASK) * EXTRA.words + EXTRA.addresses;
    for (let i = 0; i < 8; i++) if (extra[from + i] !== key.wide[i]) return false;
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
    const extra = this.extras[place >> PAGE_SHIFT]!;
    const from = (place & PLACE_MASK) * EXTRA.words + EXTRA.addresses;
    for (let i = 0; i < 8; i++) key.wide[i] = extra[from + i]!;
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
    const extra = this.extras[place >> PAGE_SHIFT]!;
    const from = (place & PLACE_MASK) * EXTRA.words + EXTRA.addresses;
    for (let i = 0; i < 8; i++) row[FLOW.addressLow + i] = extra[from + i]!;
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
    return last === 0 ? this.answerTime(place) : this.repeats.time(last);
  }

  /** When the flow's SYN+ACK came for the first time; where there is none, its SYN. */
  answerTime(place: number): number {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    return page[at + OPENING.answerFrame] === 0
      ? this.synTime(place)
      : this.synTime(place) + (page[at + OPENING.later]! >>> 0);
  }

  /** The newest timestamp that a side sent; undefined when it sent none. */
  timestamp(place: number, side: 0 | 1): number | undefined {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    if (side === 1 && page[at + OPENING.answerFrame] === 0) return undefined;
    const form = page[at + (side === 0 ? OPENING.form : OPENING.answerForm)]! >>> 16;
    if (!this.forms.hasTimestamps(form)) return undefined;
    const from = (place & PLACE_MASK) * EXTRA.words;
    const extra = this.extras[place >> PAGE_SHIFT]!;
    if (side === 0) return extra[from + EXTRA.tsVal]!;
    let newest = extra[from + EXTRA.answerTsVal]!;
    const last = this.lastRepeat(place);
    for (let entry = last; entry !== 0; ) {
      entry = this.repeats.after(entry);
      if (((this.repeats.tsVal(entry) - newest) | 0) > 0) newest = this.repeats.tsVal(entry);
      if (entry === last) break;
    }
    return newest;
  }

  /** Fills `segment` with what was kept of the SYN. Addresses and ports come from the key. */
  readSyn(place: number, key: FlowKey, segment: SegmentView): void {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    const word = page[at + OPENING.form]!;
    this.forms.apply(word >>> 16, segment);
    segment.flags = SYN;
    segment.frame = page[at + OPENING.frame]!;
    segment.time = this.synTime(place);
    segment.seq = page[at + OPENING.seq]!;
    segment.ack = 0;
    segment.file = 0;
    segment.fileFrame = segment.frame;
    writeRest(segment, key, page[at + OPENING.window]!, word);
    if ((this.forms.markOf(word >>> 16) & MARK.extra) === 0) return;
    const extra = this.extras[place >> PAGE_SHIFT]!;
    const from = (place & PLACE_MASK) * EXTRA.words;
    segment.ack = extra[from + EXTRA.ack]!;
    segment.file = extra[from + EXTRA.file]!;
    segment.fileFrame = extra[from + EXTRA.fileFrame]!;
    segment.tsVal = extra[from + EXTRA.tsVal]!;
  }

  /** Fills `segment` with what was kept of the SYN+ACK. Of its file nothing is kept: nobody asks for it. */
  readAnswer(place: number, key: FlowKey, segment: SegmentView): void {
    const page = this.pages[place >> PAGE_SHIFT]!;
    const at = (place & PLACE_MASK) * WORDS;
    const word = page[at + OPENING.answerForm]!;
    this.forms.apply(word >>> 16, segment);
    segment.flags = SYN | ACK;
    segment.frame = page[at + OPENING.answerFrame]!;
    segment.time = this.answerTime(place);
    segment.seq = page[at + OPENING.answerSeq]!;
    segment.ack = (page[at + OPENING.seq]! + 1) | 0;
    writeRest(segment, key, page[at + OPENING.answerWindow]!, word);
    if (segment.hasTimestamps !== 0)
      segment.tsVal = this.extras[place >> PAGE_SHIFT]![(place & PLACE_MASK) * EXTRA.words + EXTRA.answerTsVal]!;
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

  /** The page that holds the place's entry, the same as doubles, and extras of all its entries, if any has some. */
  page(place: number): Int32Array {
    return this.pages[place >> PAGE_SHIFT]!;
  }

  doublesOf(place: number): Float64Array {
    return this.doubles[place >> PAGE_SHIFT]!;
  }

  extrasOf(place: number): Int32Array | undefined {
    return this.extras[place >> PAGE_SHIFT];
  }

  /** Where in the page the place's entry starts, and where its extras do. */
  startOf(place: number): number {
    return (place & PLACE_MASK) * WORDS;
  }

  extraStartOf(place: number): number {
    return (place & PLACE_MASK) * EXTRA.words;
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
    this.extras[number] = undefined;
    this.lastRepeats[number] = undefined;
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
      this.extras.push(undefined);
    }
    return this.pages[number]!;
  }

  private extraPage(place: number): Int32Array {
    const number = place >> PAGE_SHIFT;
    const page = this.extras[number] ?? new Int32Array(PLACES * EXTRA.words);
    this.extras[number] = page;
    return page;
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
  /** Window in the upper half, checksum in the lower. */
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

/** Bits that a SYN's form has beside: its entry has extras; the client is the higher end. */
export const MARK = { extra: 1, high: 2 } as const;

/** Where an entry's extras lie: the SYN's acknowledgment number, file, timestamp; both addresses of IPv6. */
export const EXTRA = { ack: 0, file: 1, fileFrame: 2, tsVal: 3, answerTsVal: 4, addresses: 5, words: 13 } as const;

/** Header only, kept whole, nothing wrong with its checksum, no option but the usual ones. */
function isPlain(segment: SegmentView): boolean {
  return (
    segment.roomLength === 0 &&
    segment.tcpLength === segment.headerLength &&
    segment.tcpEnd - segment.tcpAt === segment.headerLength &&
    segment.checksum !== CHECKSUM.bad &&
    segment.fastOpenCookie < 0 &&
    segment.multipath === 0 &&
    segment.sackCount === 0
  );
}

function windowAndChecksum({ window, view, tcpAt }: SegmentView): number {
  return (window << 16) | view.getUint16(tcpAt + CHECKSUM_AT);
}

/** Puts into `segment` what does not depend on which of the two it is. */
function writeRest(segment: SegmentView, key: FlowKey, windowWord: number, formWord: number): void {
  segment.ipId = key.v6 !== 0 ? -1 : formWord & 0xffff;
  writeWindow(segment, windowWord);
}

function writeWindow(segment: SegmentView, windowWord: number): void {
  segment.window = windowWord >>> 16;
  segment.view.setUint16(segment.tcpAt + CHECKSUM_AT, windowWord & 0xffff);
}

const CHECKSUM_AT = 16;
