import { grown } from '../bytes/grown.ts';
import { EVENT_NAMES } from './events.ts';

/** How often each event occurred in a direction. Most directions have none: counters are made when the first occurs. */
export class EventCounts {
  private counts: Int32Array = new Int32Array(64 * EVENT_NAMES.length);
  private readonly free: number[] = [];
  private made = 0;

  /** Counters of zero; answers their number. */
  take(): number {
    const number = this.free.pop() ?? this.made++;
    const at = number * EVENT_NAMES.length;
    if (at + EVENT_NAMES.length > this.counts.length) this.counts = grown(this.counts);
    this.counts.fill(0, at, at + EVENT_NAMES.length);
    return number;
  }

  give(number: number): void {
    this.free.push(number);
  }

  /** Adds one to each event of the bits. */
  count(number: number, events: number): void {
    const at = number * EVENT_NAMES.length;
    // Nearly always there is one.
    for (let left = events; left !== 0; left &= left - 1) {
      const i = 31 - Math.clz32(left & -left);
      this.counts[at + i] = this.counts[at + i]! + 1;
    }
  }

  /** Takes `times` off the event with that bit. */
  uncount(number: number, event: number, times: number): void {
    const at = number * EVENT_NAMES.length + 31 - Math.clz32(event);
    this.counts[at] = Math.max(0, this.counts[at]! - times);
  }

  /** Whether no event occurred but this one. */
  isOnly(number: number, event: number): boolean {
    const at = number * EVENT_NAMES.length;
    for (let i = 0; i < EVENT_NAMES.length; i++) if (this.counts[at + i] !== 0 && event !== 1 << i) return false;
    return true;
  }

  /** The place in EVENT_NAMES of the first event after `after` that occurred; -1 when there is none. */
  next(number: number, after: number): number {
    for (let i = after + 1; i < EVENT_NAMES.length; i++) if (this.of(number, i) !== 0) return i;
    return -1;
  }

  /** How often the event of that place in EVENT_NAMES occurred. */
  of(number: number, event: number): number {
    return this.counts[number * EVENT_NAMES.length + event] ?? 0;
  }
}
