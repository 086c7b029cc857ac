import { addressHash, ENDPOINT_WORDS, EndpointTable, endpointText, readEndpoint } from '../flow/endpoints.ts';
import { CLIENT, FLOW, FLOW_BITS, ROW_WORDS, SERVER } from '../flow/rows.ts';
import { STATE } from '../tcp/machine.ts';
import type { Tracker } from '../tcp/tracker.ts';
import { Distinct } from './distinct.ts';

/** Nanoseconds that Linux keeps a request in SYN_RECV: five repeats of the SYN+ACK, the last after 31 s. */
const LIFE = 63e9;
/** Half-open flows of a listener at once that may be a flood, and so few that it is over. */
const FLOOD = 100;
const CALM = 50;
/** From so many on the sources are counted, in case more come; and so few that it came to nothing. */
const PRELUDE = 16;
const NOTHING = 8;
/** A handshake that waits less than this when the capture ends may still complete. */
const PATIENCE = 3e9;
const LISTENERS = 4096;

/** A row's flow is not in SYN_RECV; else its word holds its listener, and whether its 63 s are over. */
const OUT = 0;
const EXPIRED = 1;

/** Half-open flows of one listener while there were very many. Times are nanoseconds as in rows. */
export interface Episode {
  readonly server: string;
  /** The most at once, and when; when it began and when it was over (or the last record). */
  peak: number;
  peakTime: number;
  peakFrame: number;
  readonly from: number;
  to: number;
  readonly firstFrame: number;
  /** Handshakes begun, those completed, and those that still could be when they were last seen. */
  entered: number;
  completed: number;
  undecided: number;
  /** Of those never completed: how often the server repeated its SYN+ACK, and how many it never repeated. */
  synAckRepeats: number;
  neverRepeated: number;
  readonly sources: Distinct;
  /** Clients that had to send their SYN again, and those of them that were never answered. */
  delayed: number;
  starved: number;
}

/**
 * How full the listeners were: which flows are in SYN_RECV, from the SYN+ACK until the handshake completes, is aborted,
 * or Linux would have given it up.
 */
export class Backlog {
  /** Flows in SYN_RECV now and at most, and when that was. */
  current = 0;
  peak = 0;
  peakTime: number = Number.NaN;
  peakFrame = 0;
  /** The worst time of each listener that had one. */
  readonly episodes: Episode[] = [];
  private readonly tracker: Tracker;
  private readonly listeners = new EndpointTable(LISTENERS);
  private counts: Int32Array = new Int32Array(64);
  /** The episode that a listener is in, and all of its episodes. */
  private readonly now: Map<number, Episode> = new Map();
  private readonly all: Map<number, Episode[]> = new Map();
  /** By row number: OUT, or the listener's number + 2, twice, with EXPIRED. A flow without a row has it aside. */
  private held: Int32Array = new Int32Array(1024);
  private readonly queue = new Queue();
  /** Until then the oldest in the queue has its time. */
  private calmUntil = Number.NEGATIVE_INFINITY;
  private readonly scratch = new Int32Array(ENDPOINT_WORDS);
  /** The ends of a flow without a row, as they would be in a row. */
  private readonly opening = new Int32Array(ROW_WORDS);

  constructor(tracker: Tracker) {
    this.tracker = tracker;
    tracker.lone.onRow = (place, row) => this.follow(place, row);
  }

  /** The opening at a place was answered: its flow is in SYN_RECV. */
  takeOpening(place: number, frame: number, time: number): void {
    const { openings } = this.tracker.table;
    openings.readEnds(place, this.opening);
    this.expire(time);
    this.queue.pushOpening(place, openings.numberAt(place));
    openings.setAside(place, this.count(this.opening, 0, frame, time));
  }

  /** The opening at a place has a row now. */
  private follow(place: number, row: number): void {
    const held = this.tracker.table.openings.aside(place);
    if (held === OUT) return;
    const number = row / this.tracker.rows.words;
    if (number >= this.held.length) this.held = larger(this.held, number);
    this.held[number] = held;
  }

  /** The row's flow after a segment that changed a state or repeated a SYN+ACK. */
  take(row: number, frame: number, time: number): void {
    const { i32, words } = this.tracker.rows;
    const number = row / words;
    const inside = i32[row + FLOW.state + SERVER] === STATE.SYN_RECV;
    const held = number < this.held.length ? this.held[number]! : OUT;
    if (inside && held === OUT) this.enter(row, number, frame, time);
    else if (!inside && held !== OUT) this.leave(row, number, held, time);
  }

  /** The row's flow is finished; `time` is that of the last record. */
  finish(row: number, time: number): void {
    const { i32, f64, words } = this.tracker.rows;
    const number = row / words;
    const held = number < this.held.length ? this.held[number]! : OUT;
    if (held !== OUT) {
      this.noteRepeats(held, f64[row / 2 + FLOW.synAckTimeF64]!, i32[row + FLOW.synAckRetransmissions]!, time);
      this.leave(row, number, held, time);
    }
    if (i32[row + FLOW.synRetransmissions]! > 0 && this.episodes.length > 0) this.noteVictim(row);
  }

  /** The answered opening at a place is finished, as `finish` would do it. */
  finishOpening(place: number, time: number): void {
    const { openings } = this.tracker.table;
    const held = openings.aside(place);
    if (held === OUT) return;
    this.noteRepeats(held, openings.answerTime(place), 0, time);
    if ((held & EXPIRED) === 0) this.lower((held >> 1) - 2, time);
  }

  private noteRepeats(held: number, since: number, repeats: number, time: number): void {
    const episode = this.episodeAt((held >> 1) - 2, since);
    if (episode === undefined) return;
    if (repeats > 0) episode.synAckRepeats += repeats;
    else if (time - since < PATIENCE) episode.undecided++;
    else episode.neverRepeated++;
  }

  /** All flows are finished. */
  end(time: number): void {
    for (const episode of this.now.values()) episode.to = time;
    this.now.clear();
  }

  private enter(row: number, number: number, frame: number, time: number): void {
    const { i32 } = this.tracker.rows;
    this.expire(time);
    if (number >= this.held.length) this.held = larger(this.held, number);
    this.queue.push(row, i32[row + FLOW.number]!, time);
    this.held[number] = this.count(i32, row, frame, time);
  }

  /** Counts a flow that enters SYN_RECV; answers what is held of it. */
  private count(i32: Int32Array, row: number, frame: number, time: number): number {
    if (++this.current > this.peak) {
      this.peak = this.current;
      this.peakTime = time;
      this.peakFrame = frame;
    }
    const listener = this.listeners.take(i32, row, SERVER, true);
    const held = (listener + 2) << 1;
    if (listener < 0) return held;
    if (listener >= this.counts.length) this.counts = larger(this.counts, listener);
    const count = this.counts[listener]! + 1;
    this.counts[listener] = count;
    let episode = this.now.get(listener);
    if (episode === undefined) {
      if (count < PRELUDE) return held;
      episode = this.begin(listener, frame, time);
    } else episode.entered++;
    if (count === FLOOD) this.confirm(listener, episode);
    readEndpoint(i32, row, CLIENT, this.scratch, 0);
    episode.sources.add(addressHash(this.scratch, 0));
    if (count <= episode.peak) return held;
    episode.peak = count;
    episode.peakTime = time;
    episode.peakFrame = frame;
    return held;
  }

  private begin(listener: number, frame: number, time: number): Episode {
    const episode: Episode = {
      server: endpointText(this.listeners.words, listener * ENDPOINT_WORDS),
      peak: 0,
      peakTime: time,
      peakFrame: frame,
      from: time,
      to: time,
      firstFrame: frame,
      entered: PRELUDE,
      completed: 0,
      undecided: 0,
      synAckRepeats: 0,
      neverRepeated: 0,
      sources: new Distinct(),
      delayed: 0,
      starved: 0,
    };
    this.now.set(listener, episode);
    return episode;
  }

  /** It may be a flood: what began is kept. */
  private confirm(listener: number, episode: Episode): void {
    const known = this.all.get(listener) ?? [];
    if (known.includes(episode) || this.episodes.length === EPISODES) return;
    this.episodes.push(episode);
    this.all.set(listener, [...known, episode]);
  }

  /** No longer in SYN_RECV, or no longer kept there. */
  private leave(row: number, number: number, held: number, time: number): void {
    this.held[number] = OUT;
    const listener = (held >> 1) - 2;
    const state = this.tracker.rows.i32[row + FLOW.state + SERVER]!;
    if (this.now.size > 0 && state !== STATE.SYN_RECV && state !== STATE.CLOSED) {
      const episode = this.now.get(listener);
      if (episode !== undefined) episode.completed++;
    }
    if ((held & EXPIRED) === 0) this.lower(listener, time);
  }

  private lower(listener: number, time: number): void {
    this.current--;
    if (listener < 0) return;
    const count = this.counts[listener]! - 1;
    this.counts[listener] = count;
    if (count >= CALM || this.now.size === 0) return;
    const episode = this.now.get(listener);
    if (episode === undefined || (episode.peak < FLOOD && count >= NOTHING)) return;
    episode.to = time;
    this.now.delete(listener);
  }

  /** Those that came 63 s ago or more and are still there. */
  private expire(now: number): void {
    if (now <= this.calmUntil) return;
    const { queue, tracker } = this;
    const { i32, words } = tracker.rows;
    const { openings } = tracker.table;
    for (; !queue.isEmpty; queue.shift()) {
      const { number, place } = queue;
      let { row, time } = queue;
      if (place >= 0) {
        if (openings.numberAt(place) !== number) continue;
        row = openings.rowAt(place);
        time = openings.answerTime(place);
      }
      if (now - time <= LIFE) {
        this.calmUntil = time + LIFE;
        return;
      }
      if (row >= 0 && i32[row + FLOW.number] !== number) continue;
      const held = row >= 0 ? this.held[row / words]! : openings.aside(place);
      if (held === OUT || (held & EXPIRED) !== 0) continue;
      if (row >= 0) this.held[row / words] = held | EXPIRED;
      else openings.setAside(place, held | EXPIRED);
      this.lower((held >> 1) - 2, now);
    }
  }

  /** A client whose SYN was sent again while its listener was in trouble. */
  private noteVictim(row: number): void {
    const { i32, f64 } = this.tracker.rows;
    const episode = this.episodeAt(this.listeners.take(i32, row, SERVER, true), f64[row / 2 + FLOW.synTimeF64]!);
    if (episode === undefined) return;
    if ((i32[row + FLOW.bits]! & FLOW_BITS.synAckSeen) === 0) episode.starved++;
    else if ((i32[row + FLOW.bits]! & FLOW_BITS.ackSeen) !== 0) episode.delayed++;
  }

  /** The listener's episode at that time. */
  private episodeAt(listener: number, time: number): Episode | undefined {
    return this.all
      .get(listener)
      ?.find((one) => one.from - LIFE <= time && (time <= one.to || one === this.now.get(listener)));
  }
}

/** Times of trouble that are told apart. */
const EPISODES = 256;

/**
 * Who entered SYN_RECV, in order of time, for as long as 63 s: of a flow without a row two words, place and number;
 * of others four: row, number and the time. A flood has millions of the former, so that they lie in pages.
 */
class Queue {
  private readonly pages: Int32Array[] = [];
  /** The page that was emptied last: those left to the collector would lie there until the memory of the process grows. */
  private spare: Int32Array | undefined;
  /** The first word, counted from the first page on, and past the last. */
  private head = 0;
  private end = 0;
  private readonly time64 = new Float64Array(1);
  private readonly time32 = new Int32Array(this.time64.buffer);

  push(row: number, number: number, time: number): void {
    this.time64[0] = time;
    this.append(row);
    this.append(number);
    this.append(this.time32[0]!);
    this.append(this.time32[1]!);
  }

  pushOpening(place: number, number: number): void {
    this.append(-1 - place);
    this.append(number);
  }

  get isEmpty(): boolean {
    return this.head === this.end;
  }

  /** Of the oldest: its row, or -1; the place of one that had no row, or -1; its flow; when it came, where it had a row. */
  get row(): number {
    return Math.max(this.word(0), -1);
  }

  get place(): number {
    return Math.max(-1 - this.word(0), -1);
  }

  get number(): number {
    return this.word(1);
  }

  get time(): number {
    if (this.word(0) < 0) return Number.NaN;
    this.time32[0] = this.word(2);
    this.time32[1] = this.word(3);
    return this.time64[0]!;
  }

  shift(): void {
    this.head += this.word(0) < 0 ? 2 : 4;
    while (this.head >= PAGE_WORDS) {
      this.spare = this.pages.shift();
      this.head -= PAGE_WORDS;
      this.end -= PAGE_WORDS;
    }
  }

  private word(at: number): number {
    const index = this.head + at;
    return this.pages[index >> PAGE_SHIFT]![index & (PAGE_WORDS - 1)]!;
  }

  private append(word: number): void {
    const index = this.end++;
    let page = this.pages[index >> PAGE_SHIFT];
    if (page === undefined) {
      page = this.spare ?? new Int32Array(PAGE_WORDS);
      this.spare = undefined;
      this.pages.push(page);
    }
    page[index & (PAGE_WORDS - 1)] = word;
  }
}

const PAGE_SHIFT = 14;
const PAGE_WORDS = 1 << PAGE_SHIFT;

function larger(old: Int32Array, number: number): Int32Array {
  const more = new Int32Array(Math.max(old.length * 2, number + 1));
  more.set(old);
  return more;
}
