import { percentileOf } from './percentile.ts';

/** A number about all flows that a rule selects, gathered flow by flow. */
export interface Aggregate {
  /** As it is written: `percentile(handshake.totalMs, 95)`. */
  readonly text: string;
  /** @param value the flow's number, NaN when unknown; 1 or 0 for a condition */
  take(value: number): void;
  /**
   * The number for `selected` flows in a capture of `seconds`; NaN when no flow has a value.
   */
  result(selected: number, seconds: number): number;
  /** Why there are too few flows to tell; null when there are enough. */
  shortage(): string | null;
}

/** Which numbers there are, and what their argument is. */
export const AGGREGATES: Readonly<Record<string, 'condition' | 'number' | 'percentile'>> = {
  count: 'condition',
  share: 'condition',
  rate: 'condition',
  sum: 'number',
  mean: 'number',
  min: 'number',
  max: 'number',
  median: 'number',
  percentile: 'percentile',
};

/** @param part 0 to 100, for a percentile */
export function aggregateOf(name: string, text: string, part: number): Aggregate {
  switch (name) {
    case 'median':
      return new Percentile(text, 50);
    case 'percentile':
      return new Percentile(text, part);
    default:
      return new Running(text, name);
  }
}

/** What a running sum and its like can tell. */
class Running implements Aggregate {
  readonly text: string;
  private readonly name: string;
  private count = 0;
  private sum = 0;
  private min = Number.NaN;
  private max = Number.NaN;

  constructor(text: string, name: string) {
    this.text = text;
    this.name = name;
  }

  take(value: number): void {
    if (Number.isNaN(value)) return;
    this.count++;
    this.sum += value;
    if (!(value >= this.min)) this.min = value;
    if (!(value <= this.max)) this.max = value;
  }

  result(selected: number, seconds: number): number {
    switch (this.name) {
      case 'share':
        return this.sum / selected;
      case 'rate':
        return seconds > 0 ? this.sum / seconds : Number.NaN;
      case 'mean':
        return this.sum / this.count;
      case 'min':
        return this.min;
      case 'max':
        return this.max;
      default:
        return this.sum;
    }
  }

  shortage(): string | null {
    const needsValue = this.name === 'mean' || this.name === 'min' || this.name === 'max';
    return needsValue && this.count === 0 ? `${this.text}: no flow has a value` : null;
  }
}

class Percentile implements Aggregate {
  readonly text: string;
  private readonly part: number;
  private values = new Float64Array(64);
  private count = 0;

  constructor(text: string, part: number) {
    this.text = text;
    this.part = part;
  }

  take(value: number): void {
    if (Number.isNaN(value)) return;
    if (this.count === this.values.length) {
      const values = new Float64Array(this.count * 2);
      values.set(this.values);
      this.values = values;
    }
    this.values[this.count++] = value;
  }

  result(): number {
    return percentileOf(this.values.subarray(0, this.count).sort(), this.part / 100);
  }

  /** A percentile of so few that it is their maximum (or minimum) says nothing about the rest. */
  shortage(): string | null {
    if (this.count === 0) return `${this.text}: no flow has a value`;
    const tail = Math.min(this.part, 100 - this.part) / 100;
    const needed = tail === 0 ? 1 : Math.ceil(1 / tail - 1e-9);
    if (this.count >= needed || this.part === 50) return null;
    return `${this.text} needs ${needed} flows with a value; there ${this.count === 1 ? 'is' : 'are'} ${this.count}`;
  }
}
