import { CLIENT, FLOW, FLOW_BITS, SERVER } from '../flow/rows.ts';
import { STATE } from '../tcp/machine.ts';
import type { Tracker } from '../tcp/tracker.ts';
import { Distinct } from './distinct.ts';
import { addressHash, ENDPOINT_WORDS, EndpointTable, endpointText, readEndpoint } from './endpoints.ts';

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
  /** By row number: OUT, or the listener's number + 2, twice, with EXPIRED. */
  private held: Int32Array = new Int32Array(1024);
  private readonly queue = new Queue();
  private readonly scratch = new Int32Array(ENDPOINT_WORDS);

  constructor(tracker: Tracker) {
    this.tracker = tracker;
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
      const since = f64[row / 2 + FLOW.synAckTimeF64]!;
      const repeats = i32[row + FLOW.synAckRetransmissions]!;
      const episode = this.episodeAt((held >> 1) - 2, since);
      if (episode !== undefined) {
        if (repeats > 0) episode.synAckRepeats += repeats;
        else if (time - since < PATIENCE) episode.undecided++;
        else episode.neverRepeated++;
      }
      this.leave(row, number, held, time);
    }
    if (i32[row + FLOW.synRetransmissions]! > 0 && this.episodes.length > 0) this.noteVictim(row);
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
    if (++this.current > this.peak) {
      this.peak = this.current;
      this.peakTime = time;
      this.peakFrame = frame;
    }
    const listener = this.listeners.take(i32, row, SERVER, true);
    this.held[number] = (listener + 2) << 1;
    if (listener < 0) return;
    if (listener >= this.counts.length) this.counts = larger(this.counts, listener);
    const count = this.counts[listener]! + 1;
    this.counts[listener] = count;
    let episode = this.now.get(listener);
    if (episode === undefined) {
      if (count < PRELUDE) return;
      episode = this.begin(listener, frame, time);
    } else episode.entered++;
    if (count === FLOOD) this.confirm(listener, episode);
    readEndpoint(i32, row, CLIENT, this.scratch, 0);
    episode.sources.add(addressHash(this.scratch, 0));
    if (count <= episode.peak) return;
    episode.peak = count;
    episode.peakTime = time;
    episode.peakFrame = frame;
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
    const { i32, words } = this.tracker.rows;
    for (
      let oldest = this.queue.oldest;
      oldest >= 0 && now - this.queue.time(oldest) > LIFE;
      oldest = this.queue.oldest
    ) {
      const row = this.queue.row(oldest);
      const held = this.held[row / words]!;
      if (i32[row + FLOW.number] === this.queue.number(oldest) && held !== OUT && (held & EXPIRED) === 0) {
        this.held[row / words] = held | EXPIRED;
        this.lower((held >> 1) - 2, now);
      }
      this.queue.shift();
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

/** Who entered SYN_RECV, in order of time, for as long as 63 s. */
class Queue {
  private rows = new Int32Array(1024);
  private numbers = new Int32Array(1024);
  private times = new Float64Array(1024);
  private head = 0;
  private count = 0;

  push(row: number, number: number, time: number): void {
    if (this.count === this.rows.length) this.grow();
    const at = (this.head + this.count++) & (this.rows.length - 1);
    this.rows[at] = row;
    this.numbers[at] = number;
    this.times[at] = time;
  }

  /** The place of the oldest, or -1. */
  get oldest(): number {
    return this.count === 0 ? -1 : this.head;
  }

  row(at: number): number {
    return this.rows[at]!;
  }

  number(at: number): number {
    return this.numbers[at]!;
  }

  time(at: number): number {
    return this.times[at]!;
  }

  shift(): void {
    this.head = (this.head + 1) & (this.rows.length - 1);
    this.count--;
  }

  private grow(): void {
    const { rows, numbers, times, head } = this;
    const { length } = rows;
    this.rows = new Int32Array(length * 2);
    this.numbers = new Int32Array(length * 2);
    this.times = new Float64Array(length * 2);
    for (let i = 0; i < length; i++) {
      const at = (head + i) & (length - 1);
      this.rows[i] = rows[at]!;
      this.numbers[i] = numbers[at]!;
      this.times[i] = times[at]!;
    }
    this.head = 0;
  }
}

function larger(old: Int32Array, number: number): Int32Array {
  const more = new Int32Array(Math.max(old.length * 2, number + 1));
  more.set(old);
  return more;
}
