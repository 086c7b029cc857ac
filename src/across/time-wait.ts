import { grown } from '../bytes/grown.ts';
import { addressText, ENDPOINT_WORDS, EndpointTable } from '../flow/endpoints.ts';
import { CLIENT, FLOW, FLOW_BITS, SERVER } from '../flow/rows.ts';
import { STATE } from '../tcp/machine.ts';
import type { Tracker } from '../tcp/tracker.ts';
import type { Verdict } from '../tcp/verdict.ts';

const HOLDERS = 4096;
/** Linux holds TIME_WAIT so long, whatever the settings. */
const LINUX = 60e9;

/** The most that one address held in TIME_WAIT at once. */
export interface Burden {
  readonly address: string;
  readonly peak: number;
  readonly time: number;
}

/** Who holds how many connections in TIME_WAIT, by 2 MSL and by Linux' 60 s. */
export class TimeWaits {
  private readonly tracker: Tracker;
  private readonly holders = new EndpointTable(HOLDERS);
  private readonly byMsl: Counter;
  private readonly byLinux: Counter;
  /** When each began, and who holds it: in order of time, from the oldest that still counts. */
  private times = new Float64Array(256);
  private who = new Int32Array(256);
  private count = 0;

  /** @param wait two MSL, nanoseconds */
  constructor(tracker: Tracker, wait: number) {
    this.tracker = tracker;
    this.byMsl = new Counter(wait);
    this.byLinux = new Counter(LINUX);
  }

  /** A segment brought an end of its flow into TIME_WAIT, or brought another change. */
  take(verdict: Verdict, row: number, time: number): void {
    for (let i = 0; i < verdict.transitionCount; i++) {
      const transition = verdict.transitions[i]!;
      if ((transition & 15) === STATE.TIME_WAIT) this.enter(row, transition >> 8 === CLIENT ? CLIENT : SERVER, time);
    }
  }

  private enter(row: number, side: 0 | 1, time: number): void {
    const { i32 } = this.tracker.rows;
    if ((i32[row + FLOW.bits]! & FLOW_BITS.reset) !== 0) return;
    const holder = this.holders.take(i32, row, side, false);
    if (holder < 0) return;
    if (this.count === this.times.length) this.makeRoom();
    this.times[this.count] = time;
    this.who[this.count++] = holder;
    this.byMsl.enter(this.times, this.who, this.count, holder, time);
    this.byLinux.enter(this.times, this.who, this.count, holder, time);
  }

  /** Forgets those that nobody counts any more. */
  private makeRoom(): void {
    const over = Math.min(this.byMsl.over, this.byLinux.over);
    if (over < this.count / 2) {
      this.times = grown(this.times);
      this.who = grown(this.who);
      return;
    }
    this.times.copyWithin(0, over, this.count);
    this.who.copyWithin(0, over, this.count);
    this.count -= over;
    this.byMsl.over -= over;
    this.byLinux.over -= over;
  }

  /** The address that held most at once, by 2 MSL; and how many it held at most by 60 s. */
  worst(): (Burden & { readonly linuxPeak: number }) | null {
    let worst = -1;
    for (let holder = 0; holder < this.holders.count; holder++)
      if (this.byMsl.peakOf(holder) > this.byMsl.peakOf(worst)) worst = holder;
    if (worst < 0) return null;
    return {
      address: addressText(this.holders.words, worst * ENDPOINT_WORDS),
      peak: this.byMsl.peakOf(worst),
      time: this.byMsl.timeOf(worst),
      linuxPeak: this.byLinux.peakOf(worst),
    };
  }
}

/** How many each holder has, when each of them counts for a while. */
class Counter {
  /** Those before this place are over. */
  over = 0;
  private readonly wait: number;
  private current: Int32Array = new Int32Array(64);
  private peak: Int32Array = new Int32Array(64);
  private peakTime: Float64Array = new Float64Array(64);

  constructor(wait: number) {
    this.wait = wait;
  }

  enter(times: Float64Array, who: Int32Array, count: number, holder: number, time: number): void {
    while (this.over < count - 1 && time - times[this.over]! >= this.wait) {
      const gone = who[this.over++]!;
      this.current[gone] = this.current[gone]! - 1;
    }
    if (holder >= this.current.length) this.grow(holder);
    const now = this.current[holder]! + 1;
    this.current[holder] = now;
    if (now <= this.peak[holder]!) return;
    this.peak[holder] = now;
    this.peakTime[holder] = time;
  }

  peakOf(holder: number): number {
    return this.peak[holder] ?? 0;
  }

  timeOf(holder: number): number {
    return this.peakTime[holder] ?? Number.NaN;
  }

  private grow(holder: number): void {
    const length = Math.max(this.current.length * 2, holder + 1);
    const { current, peak, peakTime } = this;
    this.current = new Int32Array(length);
    this.current.set(current);
    this.peak = new Int32Array(length);
    this.peak.set(peak);
    this.peakTime = new Float64Array(length);
    this.peakTime.set(peakTime);
  }
}
